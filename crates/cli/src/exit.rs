//! Exit codes. `docs/exit-codes.md` tells users of them.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or nothing to do.
    Success,
    /// Something went wrong; what, was said.
    Error,
    /// There are changes, and --detailed-exitcode asked.
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

/// A command line that cannot be read is an error like any other: clap's own 2 would mean "changes" here.
pub(crate) fn of_usage(error: &clap::Error) -> ExitCode {
    // Where even the message cannot be written, the code still tells.
    let _ = error.print();
    if error.use_stderr() { Exit::Error.into() } else { Exit::Success.into() }
}
