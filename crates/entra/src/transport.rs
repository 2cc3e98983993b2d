//! Carriers of HTTP requests: the network, or a service in the same process.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use rolecall_applier::retry::error_chain;

/// Carries requests to Graph, to the token endpoint and to the metadata document.
///
/// Implementations do not follow redirects and do not retry; callers decide both.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends one request. Its URI is absolute.
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, ConnectionError>>;
}

/// A request without a response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConnectionError {
    /// The failure of the connection. It contains no URL, whose query may be confidential.
    pub message: String,
    /// Whether the request may have arrived, and so may have taken effect.
    pub may_have_arrived: bool,
}

/// Timeout for establishing a connection, after which the attempt counts as failed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Timeout for a response. Graph's own gateway gives up after about a minute.
const TIMEOUT: Duration = Duration::from_secs(90);

/// The network: HTTP/2 or HTTP/1.1 over rustls, with the machine's trusted certificates and the proxies of the
/// environment (`HTTPS_PROXY`, `NO_PROXY`).
#[derive(Debug, Clone)]
pub struct Http {
    client: reqwest::Client,
}

impl Http {
    /// Creates the client; sends nothing.
    ///
    /// # Errors
    /// Returns an error if the machine's trusted certificates cannot be used.
    pub fn new() -> Result<Self, ConnectionError> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("rolecall/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .build();
        Ok(Self { client: client.map_err(of_reqwest)? })
    }
}

impl Transport for Http {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, ConnectionError>> {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(of_reqwest)?;
            let answer = self.client.execute(request).await.map_err(of_reqwest)?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut response = Response::new(answer.bytes().await.map_err(of_reqwest)?);
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}

fn of_reqwest(error: reqwest::Error) -> ConnectionError {
    let may_have_arrived = !(error.is_connect() || error.is_builder());
    let error = error.without_url();
    ConnectionError { message: error_chain(&error), may_have_arrived }
}
