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
    format: Option<Format>,
    stream: Stream,
    /// What stands before the names of the project's files.
    directory: String,
    project_file: String,
    collected: Vec<Message>,
}

impl Messages {
    pub(crate) fn new(args: &MessageArgs, project: &ProjectArgs, stream: Stream) -> Self {
        let format = args.message_format.for_machines();
        if format.is_some() && stream == Stream::Error {
            output::leave_stderr_to_a_machine();
        }
        let (path, file) = configuration::directory_and_file(&project.project)
            .unwrap_or_else(|_| (project.project.clone(), configuration::PROJECT_FILE.to_owned()));
        let directory = directory(&path, format != Some(Format::Json));
        let project_file = format!("{directory}{file}");
        Self { format, stream, directory, project_file, collected: Vec::new() }
    }

    pub(crate) fn are_for_people(&self) -> bool {
        self.format.is_none()
    }

    /// Says diagnostics.
    pub(crate) fn add(&mut self, diagnostics: &[Diagnostic], sources: &Sources) {
        if self.are_for_people() {
            return output::print_diagnostics(diagnostics, sources);
        }
        let message = |diagnostic| Message::of(diagnostic, sources, &self.directory);
        self.collected.extend(diagnostics.iter().map(message));
    }

    /// Says what the command ended with, and writes what was collected. What a machine is told is not told again.
    ///
    /// # Errors
    /// The failure itself, if it is for people; or standard output cannot be written.
    pub(crate) fn end(mut self, result: Result<Exit, Failure>) -> Result<Exit, Failure> {
        let Some(format) = self.format else { return result };
        let exit = match &result {
            Ok(exit) => *exit,
            Err(failure) => {
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
                Exit::Error
            }
        };
        let text = render(format, &self.collected, &self.project_file);
        match self.stream {
            Stream::Output => output::print(&text)?,
            Stream::Error => output::print_error(&text),
        }
        Ok(exit)
    }
}

/// A project's directory as messages name it: relative to the repository that holds the current directory, for what a
/// server shows, or else to the current directory; whole if it lies elsewhere. Empty, or with a `/` at its end.
fn directory(project: &Path, of_repository: bool) -> String {
    let here = std::env::current_dir().and_then(fs::canonicalize).unwrap_or_default();
    let repository = here.ancestors().find(|folder| folder.join(".git").exists());
    let root = repository.filter(|_| of_repository).unwrap_or(&here);
    let whole = fs::canonicalize(project).unwrap_or_else(|_| here.join(project));
    let shown: PathBuf = whole.strip_prefix(root).map_or_else(|_| whole.clone(), Path::to_owned);
    let mut shown = shown.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    if !shown.is_empty() && !shown.ends_with('/') {
        shown.push('/');
    }
    shown
}
