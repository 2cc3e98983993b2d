//! The errors and warnings of a command, in the requested format.

use std::fs;
use std::path::{Path, PathBuf};

use rolecall_model::{Diagnostic, Sources};
use rolecall_parser::messages::{Format, Message, render};

use crate::args::{MessageArgs, ProjectArgs};
use crate::configuration;
use crate::exit::Exit;
use crate::failure::{Failure, Report};
use crate::output;

/// The stream to which messages for programs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output, for a command whose result they are.
    Output,
    /// Standard error, which then contains nothing else.
    Error,
}

/// The messages of one command. Text is printed at once. The other formats are written as one document at the end, even if
/// the command fails.
pub(crate) struct Messages {
    /// `None` for text.
    machine: Option<Machine>,
    stream: Stream,
}

/// The messages for a program, and how they name the project's files.
struct Machine {
    format: Format,
    /// The prefix of the names of the project's files.
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

    /// Prints diagnostics, or collects them for the end.
    pub(crate) fn add(&mut self, diagnostics: &[Diagnostic], sources: &Sources) {
        match &mut self.machine {
            None => output::print_diagnostics(diagnostics, sources),
            Some(machine) => machine.add(diagnostics, sources),
        }
    }

    /// Ends the command: writes the collected messages and, in formats for programs, the error.
    ///
    /// # Errors
    /// The error of the command, if the format is text; or standard output cannot be written.
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
        match failure.report() {
            Report::Diagnostics(diagnostics, sources) => self.add(diagnostics, sources),
            Report::DiagnosticsElsewhere(diagnostics, sources) => {
                let message = |diagnostic| Message::of(diagnostic, sources, "");
                self.collected.extend(diagnostics.iter().map(message));
            }
            Report::Plain { code, message, help } => {
                self.collected.push(Message::failure(code, &message, help.as_deref()));
            }
        }
    }
}

/// Returns the project's directory as messages name it: empty, or with a `/` at its end. JSON is read by editors, which
/// expect paths relative to the current directory. The other formats are read by servers, which expect paths relative to
/// the repository. A directory outside of that is named in full.
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

/// Returns the top directory of the repository that contains a directory.
fn repository(directory: &Path) -> Option<&Path> {
    directory.ancestors().find(|folder| folder.join(".git").exists())
}
