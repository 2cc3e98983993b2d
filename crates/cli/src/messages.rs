//! What a command has to say beside its result, in the format that was asked for.

use std::fs;
use std::path::{Path, PathBuf};

use rolecall_model::{Diagnostic, Sources};
use rolecall_parser::messages::{Format, Message, render};

use crate::args::{MessageArgs, ProjectArgs};
use crate::configuration;
use crate::exit::Exit;
use crate::failure::{Failure, Said};
use crate::output;

/// Where messages for machines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output, of a command whose result they are.
    Output,
    /// Standard error, which then holds nothing else.
    Error,
}

/// The messages of one command. For people each is told at once; a machine gets all of them as one document at the end,
/// however the command ends.
pub(crate) struct Messages {
    /// `None` where they are for people.
    machine: Option<Machine>,
    stream: Stream,
}

/// What a machine is told, and how the project's files are named to it.
struct Machine {
    format: Format,
    /// What stands before the names of the project's files.
    directory: String,
    project_file: String,
    collected: Vec<Message>,
}

impl Messages {
    pub(crate) fn new(args: &MessageArgs, project: &ProjectArgs, stream: Stream) -> Self {
        let machine = args.message_format.for_machines().map(|format| Machine::new(format, project));
        if machine.is_some() && stream == Stream::Error {
            output::leave_stderr_to_a_machine();
        }
        Self { machine, stream }
    }

    pub(crate) fn are_for_people(&self) -> bool {
        self.machine.is_none()
    }

    /// Says diagnostics.
    pub(crate) fn add(&mut self, diagnostics: &[Diagnostic], sources: &Sources) {
        match &mut self.machine {
            None => output::print_diagnostics(diagnostics, sources),
            Some(machine) => machine.add(diagnostics, sources),
        }
    }

    /// Says what the command ended with, and writes what was collected. What a machine is told is not told again.
    ///
    /// # Errors
    /// The failure itself, if it is for people; or standard output cannot be written.
    pub(crate) fn end(self, result: Result<Exit, Failure>) -> Result<Exit, Failure> {
        let Some(mut machine) = self.machine else { return result };
        let exit = result.unwrap_or_else(|failure| {
            machine.add_failure(&failure);
            Exit::Error
        });
        let text = render(machine.format, &machine.collected, &machine.project_file);
        match self.stream {
            Stream::Output => output::print(&text)?,
            Stream::Error => output::print_error(&text),
        }
        Ok(exit)
    }
}

impl Machine {
    fn new(format: Format, project: &ProjectArgs) -> Self {
        let (path, file) = configuration::directory_and_file(&project.project)
            .unwrap_or_else(|_| (project.project.clone(), configuration::PROJECT_FILE.to_owned()));
        let directory = directory(&path, format);
        let project_file = format!("{directory}{file}");
        Self { format, directory, project_file, collected: Vec::new() }
    }

    fn add(&mut self, diagnostics: &[Diagnostic], sources: &Sources) {
        let message = |diagnostic| Message::of(diagnostic, sources, &self.directory);
        self.collected.extend(diagnostics.iter().map(message));
    }

    fn add_failure(&mut self, failure: &Failure) {
        match failure.said() {
            Said::Diagnostics(diagnostics, sources) => self.add(diagnostics, sources),
            Said::DiagnosticsElsewhere(diagnostics, sources) => {
                let message = |diagnostic| Message::of(diagnostic, sources, "");
                self.collected.extend(diagnostics.iter().map(message));
            }
            Said::Plain { code, message, help } => {
                self.collected.push(Message::failure(code, &message, help.as_deref()));
            }
        }
    }
}

/// The project's directory as messages name it, empty or with a `/` at its end. An editor reads JSON and wants paths from
/// the current directory; a server reads the other formats and wants them from the repository that holds it. A directory
/// that lies elsewhere is named whole.
fn directory(project: &Path, format: Format) -> String {
    let here = std::env::current_dir().and_then(fs::canonicalize).unwrap_or_default();
    let root = match format {
        Format::Json => &here,
        Format::Sarif | Format::Github | Format::Gitlab => repository(&here).unwrap_or(&here),
    };
    let whole = fs::canonicalize(project).unwrap_or_else(|_| here.join(project));
    let shown: PathBuf = whole.strip_prefix(root).map_or_else(|_| whole.clone(), Path::to_owned);
    let mut shown = shown.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    if !shown.is_empty() && !shown.ends_with('/') {
        shown.push('/');
    }
    shown
}

/// The top directory of the repository that holds a directory.
fn repository(directory: &Path) -> Option<&Path> {
    directory.ancestors().find(|folder| folder.join(".git").exists())
}
