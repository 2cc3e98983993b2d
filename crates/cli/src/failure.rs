//! Errors that end a command, and how they are reported.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rolecall_aws::ObserveError;
use rolecall_model::snapshot::SnapshotError;
use rolecall_model::{Code, Diagnostic, Sources};

/// An error that ends a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Errors in the configuration, alone or compared with the live state.
    #[error("the configuration has errors")]
    Diagnostics {
        /// The errors, and any warnings.
        diagnostics: Vec<Diagnostic>,
        /// The files that they point into.
        sources: Box<Sources>,
    },
    /// Errors in the configuration of another checkout, whose files are named with its directory.
    #[error("the configuration of the other checkout has errors")]
    DiagnosticsElsewhere {
        /// The errors, and any warnings.
        diagnostics: Vec<Diagnostic>,
        /// The files that they point into.
        sources: Box<Sources>,
    },
    /// A read of the live state that failed.
    #[error("the live state could not be read")]
    Observe(#[source] Box<ObserveError>),
    /// A snapshot file that cannot be used.
    #[error("{} cannot be used", .file.display())]
    Snapshot {
        /// The file.
        file: PathBuf,
        /// The cause.
        #[source]
        source: SnapshotError,
    },
    /// A file that could not be read or written.
    #[error("{} could not be {verb}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// "read" or "written".
        verb: &'static str,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A message with its fix.
    #[error("{message}")]
    Plain {
        /// The diagnostic code, if it has one.
        code: Option<Code>,
        /// The problem.
        message: String,
        /// The fix.
        help: String,
    },
    /// A failure of the operating system, such as a port that cannot be bound.
    #[error("{what}")]
    System {
        /// The problem.
        what: &'static str,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

impl Failure {
    /// Returns the error for a file that could not be read.
    pub(crate) fn reading(file: &Path, source: std::io::Error) -> Self {
        Self::File { file: file.to_owned(), verb: "read", source }
    }

    /// Returns the error for a file that could not be written.
    pub(crate) fn writing(file: &Path, source: std::io::Error) -> Self {
        Self::File { file: file.to_owned(), verb: "written", source }
    }

    /// Returns an error with a code, a message and its fix.
    pub(crate) fn plain(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Plain { code: Some(code), message: message.into(), help: help.into() }
    }

    /// Converts the error to a diagnostic, for callers that continue. `otherwise` is the code of an error that has none.
    pub(crate) fn into_diagnostic(self, otherwise: Code) -> Diagnostic {
        match self.report() {
            Report::Plain { code, message, help } => {
                let found = Diagnostic::error(code.unwrap_or(otherwise), message);
                match help {
                    Some(help) => found.help(help),
                    None => found,
                }
            }
            Report::Diagnostics(..) | Report::DiagnosticsElsewhere(..) => {
                Diagnostic::error(otherwise, self.to_string())
            }
        }
    }

    /// Returns what to report to the user.
    pub(crate) fn report(&self) -> Report<'_> {
        let plain = |code, message, help| Report::Plain { code, message, help };
        match self {
            Self::Diagnostics { diagnostics, sources } => Report::Diagnostics(diagnostics, sources),
            Self::DiagnosticsElsewhere { diagnostics, sources } => {
                Report::DiagnosticsElsewhere(diagnostics, sources)
            }
            Self::Observe(error) => {
                plain(Some(error.code()), error_chain(error.as_ref()), Some(error.help()))
            }
            Self::Plain { code, message, help } => plain(*code, message.clone(), Some(help.clone())),
            Self::Snapshot { source: SnapshotError::OtherVersion(_), .. } => {
                let help = "take a new snapshot with this version of rolecall";
                plain(Some(Code::SnapshotUnusable), error_chain(self), Some(help.to_owned()))
            }
            Self::Snapshot { .. } => {
                let help = "use a file that `rolecall snapshot` or `rolecall sandbox generate` has written";
                plain(Some(Code::SnapshotUnusable), error_chain(self), Some(help.to_owned()))
            }
            Self::File { .. } | Self::System { .. } => plain(None, error_chain(self), None),
        }
    }
}

/// An error as it is reported, in any format.
pub(crate) enum Report<'a> {
    /// Diagnostics, and the files that they point into.
    Diagnostics(&'a [Diagnostic], &'a Sources),
    /// Diagnostics of another checkout, whose files are named with its directory.
    DiagnosticsElsewhere(&'a [Diagnostic], &'a Sources),
    /// A message.
    Plain {
        /// The diagnostic code, if it has one.
        code: Option<Code>,
        /// The problem.
        message: String,
        /// The fix, if it is known.
        help: Option<String>,
    },
}

/// Returns the messages of an error and its causes, without those that an outer message repeats.
fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let message = inner.to_string();
        if !text.contains(&message) {
            let _ = write!(text, ": {message}");
        }
        cause = inner.source();
    }
    text
}
