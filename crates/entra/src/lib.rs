//! The only caller of Microsoft Graph: [`observe`](observe()) reads a tenant, and [`EntraTarget`] carries out
//! operations.
//!
//! Reads and writes are separate: [`Reader`] cannot change anything, [`Writer`] can. Both share one [`Transport`],
//! one token, one set of rate limits and one retry logic. Throttled requests are retried for as long as it takes and
//! never mistaken for "not found". All delays use tokio's clock, so the crate runs on virtual time when the clock is
//! paused.
//!
//! No `Debug` or `Display` in this crate contains a secret or a token.

mod auth;
mod batch;
mod bodies;
mod client;
mod execute;
mod failure;
mod federation;
mod limits;
mod observe;
mod request;
mod retry;
mod routes;
mod secret;
mod statistics;
mod thumbprint;
mod transport;

pub use auth::{Credential, NoCredentials, TokenFailure};
pub use client::{Connection, Endpoints, Reader, Writer, connect, connect_for_writing};
pub use execute::{EntraTarget, ScimSecrets};
pub use failure::GraphError;
pub use federation::MetadataError;
pub use observe::{ObserveError, Scope, observe, observe_logs};
pub use routes::{Part, ROUTES, Route};
pub use secret::Secret;
pub use statistics::Statistics;
pub use transport::{ConnectionError, Http, Transport};
