//! Schedules and runs the operations of a plan within AWS's limits.

mod target;

pub use target::{Failure, Request, RequestKind, RequestStatus, Started, Target};
