//! The only callers of the AWS SDK: [`observe`](observe()) reads what is live, [`AwsTarget`] carries out single
//! operations. Both share one set of [`Clients`], and so one set of rate limits and one way to retry.
//!
//! The SDK's own retries are off. It gives up on a throttle after a few attempts, and it knows nothing of the limit
//! that all calls of sso-admin share; here a throttle is waited out, however long it lasts, and is never mistaken for
//! "not there". A caller that cannot wait for ever wraps a call in a time-out of its own.
//!
//! All waiting is on tokio's clock, so under a paused clock the crate runs on virtual time.

mod access_control;
mod api;
mod calls;
mod client;
mod execute;
mod limits;
mod observe;
mod permission_set;
mod retry;
mod statistics;

pub use api::{Api, Service};
pub use calls::{Access, CALLS, Call, Need};
pub use client::{Clients, Connection, Credentials, connect};
pub use execute::AwsTarget;
pub use observe::{
    ObserveError, Part, Progress, Scope, Size, Step, Strategy, look_closer, memberships, observe,
};
pub use statistics::Statistics;

#[cfg(test)]
mod tests;
