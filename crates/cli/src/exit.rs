//! Exit codes, which `docs/exit-codes.md` documents.

use std::process::ExitCode;

/// The result of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Success, including that there was nothing to do.
    Success,
    /// An error, which has been reported.
    Error,
    /// There are changes, and --detailed-exitcode was given.
    Changes,
    /// A guard stops the plan.
    Guard,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => Self::SUCCESS,
            Exit::Error => Self::from(1),
            Exit::Changes => Self::from(2),
            Exit::Guard => Self::from(3),
        }
    }
}

/// Reports invalid arguments. They end with 1 like any other error, since clap's own 2 would mean "changes" here.
pub(crate) fn of_usage(error: &clap::Error) -> ExitCode {
    // If the message cannot be written, the exit code still shows the error.
    let _ = error.print();
    if error.use_stderr() { Exit::Error.into() } else { Exit::Success.into() }
}
