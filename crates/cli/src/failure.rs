//! What ends a command early, and how it is said.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rolecall_aws::ObserveError;
use rolecall_model::snapshot::SnapshotError;
use rolecall_model::{Code, Diagnostic, Sources};

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Mistakes in the files, or in what they want of the live state.
    #[error("the files cannot be used")]
    Diagnostics {
        /// The mistakes, warnings among them.
        diagnostics: Vec<Diagnostic>,
        /// The texts they point into.
        sources: Box<Sources>,
    },
    /// Mistakes in the files of another checkout, which are named with its directory.
    #[error("the files of another checkout cannot be used")]
    DiagnosticsElsewhere {
        /// The mistakes, warnings among them.
        diagnostics: Vec<Diagnostic>,
        /// The texts they point into.
        sources: Box<Sources>,
    },
    /// The live state could not be read.
    #[error("the live state could not be read")]
    Observe(#[source] Box<ObserveError>),
    /// A snapshot or sandbox file cannot be used.
    #[error("{} cannot be used", .file.display())]
    Snapshot {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: SnapshotError,
    },
    /// A file could not be read or written.
    #[error("{} could not be {verb}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// "read" or "written".
        verb: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A plain sentence with a code and a way out.
    #[error("{message}")]
    Plain {
        /// The code.
        code: Option<Code>,
        /// What is wrong.
        message: String,
        /// The way out.
        help: String,
    },
    /// The runtime could not be started, or the terminal not be read.
    #[error("{what}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
}

impl Failure {
    /// A file that could not be read.
    pub(crate) fn reading(file: &Path, source: std::io::Error) -> Self {
        Self::File { file: file.to_owned(), verb: "read", source }
    }

    /// A file that could not be written.
    pub(crate) fn writing(file: &Path, source: std::io::Error) -> Self {
        Self::File { file: file.to_owned(), verb: "written", source }
    }

    /// A sentence with a code and a way out.
    pub(crate) fn plain(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Plain { code: Some(code), message: message.into(), help: help.into() }
    }

    /// The same as a diagnostic, for whoever goes on all the same.
    pub(crate) fn into_diagnostic(self, otherwise: Code) -> Diagnostic {
        match self.said() {
            Said::Plain { code, message, help } => {
                let found = Diagnostic::error(code.unwrap_or(otherwise), message);
                match help {
                    Some(help) => found.help(help),
                    None => found,
                }
            }
            Said::Diagnostics(..) | Said::DiagnosticsElsewhere(..) => {
                Diagnostic::error(otherwise, self.to_string())
            }
        }
    }

    /// What is to be said.
    pub(crate) fn said(&self) -> Said<'_> {
        let plain = |code, message, help| Said::Plain { code, message, help };
        match self {
            Self::Diagnostics { diagnostics, sources } => Said::Diagnostics(diagnostics, sources),
            Self::DiagnosticsElsewhere { diagnostics, sources } => {
                Said::DiagnosticsElsewhere(diagnostics, sources)
            }
            Self::Observe(error) => {
                plain(Some(error.code()), error_chain(error.as_ref()), Some(error.help()))
            }
            Self::Plain { code, message, help } => plain(*code, message.clone(), Some(help.clone())),
            Self::Snapshot { source: SnapshotError::OtherVersion(_), .. } => {
                let help = "take the snapshot again with this version of rolecall";
                plain(Some(Code::SnapshotUnusable), error_chain(self), Some(help.to_owned()))
            }
            Self::Snapshot { .. } => {
                let help = "it must be a file that `rolecall snapshot` or `rolecall sandbox generate` wrote";
                plain(Some(Code::SnapshotUnusable), error_chain(self), Some(help.to_owned()))
            }
            Self::File { .. } | Self::System { .. } => plain(None, error_chain(self), None),
        }
    }
}

/// What a failure says, in whatever format.
pub(crate) enum Said<'a> {
    /// Diagnostics, and the texts they point into.
    Diagnostics(&'a [Diagnostic], &'a Sources),
    /// Diagnostics of another checkout, whose files are named with its directory.
    DiagnosticsElsewhere(&'a [Diagnostic], &'a Sources),
    /// A sentence.
    Plain {
        /// The code.
        code: Option<Code>,
        /// What is wrong.
        message: String,
        /// The way out.
        help: Option<String>,
    },
}

/// The message of an error and of what caused it. A cause whose text is already in the message is not said twice.
fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            let _ = write!(text, ": {said}");
        }
        cause = inner.source();
    }
    text
}
