//! The only caller of the AWS SDK: [`observe`](observe()) reads the live state, and [`AwsTarget`] carries out
//! operations. Both share one set of [`Clients`], with its rate limits and its retries.
//!
//! The SDK's own retries are off: it gives up on a throttle after a few attempts, and knows nothing of the limit that
//! all sso-admin calls share. Here, throttled requests are retried for as long as it takes and never mistaken for
//! "not found". A caller that cannot wait indefinitely adds a timeout.
//!
//! All delays use tokio's clock, so the crate runs on virtual time when the clock is paused.

mod access_control;
mod api;
mod calls;
mod client;
mod execute;
mod limits;
mod listings;
mod observe;
mod permission_set;
mod responses;
mod retry;
mod statistics;

pub use api::{Api, Service};
pub use calls::{Access, CALLS, Call, Need};
pub use client::{Clients, Connection, Credentials, connect};
pub use execute::AwsTarget;
pub use observe::{
    ObserveError, Part, Progress, Scope, Size, Step, Strategy, observe, observe_memberships, observe_pairs,
};
pub use responses::{AbsentMeansEmpty, Form, Member, NOT_REQUIRED, RESPONSES, Response, UnknownOperation};
pub use statistics::Statistics;

#[cfg(test)]
mod tests;
