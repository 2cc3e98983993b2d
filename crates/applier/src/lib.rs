//! Schedules and runs the operations of a plan within AWS's limits.
//!
//! [`Schedule`] decides which operations may start and knows no clock. [`run`] starts them through the [`Target`] of
//! their service, follows every asynchronous request to its end, and reads changed assignments again. The crate does
//! not know the AWS SDK. Backoff and jitter for all targets are in [`retry`].

mod bound;
mod outcome;
pub mod record;
pub mod retry;
mod run;
mod schedule;
mod target;

pub use bound::{Bound, NotConnected};
pub use outcome::{Outcome, Report};
pub use run::{Event, run};
pub use schedule::{Limits, Schedule, SkipCause};
pub use target::{
    Failure, IdentityCenter, NoDirectory, Refusal, Request, RequestKind, RequestStatus, Started, Target,
};
pub use tokio_util::sync::CancellationToken;
