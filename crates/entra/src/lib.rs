//! The only caller of Microsoft Graph: [`observe`](observe()) reads a tenant, [`EntraTarget`] carries out single steps.
//!
//! Reads and writes are apart: [`Reader`] cannot change anything, [`Writer`] can. Both go through one [`Transport`], one
//! set of rate limits and one way to retry. A throttle is waited out, however long it lasts, and is never mistaken for
//! "not there". All waiting is on tokio's clock, so under a paused clock the crate runs on virtual time.
//!
//! No secret and no token is in the `Debug` or `Display` of anything here.

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
