//! Schedules and runs the operations of a plan within AWS's limits.
//!
//! [`Schedule`] decides what may start and knows no clock; [`run`] starts it through a [`Target`], follows every
//! asynchronous request to its end, and reads each row again. The crate does not know the AWS SDK.

mod outcome;
pub mod record;
mod run;
mod schedule;
mod target;

pub use outcome::{Outcome, Report};
pub use run::{Event, run};
pub use schedule::{Limits, Schedule, SkipCause};
pub use target::{Failure, Request, RequestKind, RequestStatus, Started, Target};
