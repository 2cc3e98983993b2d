//! Sends the requests of the identity crate through our transport, so that there is one HTTP stack.

use std::sync::Arc;

use azure_core::Result;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{
    AsyncRawResponse, Body, ClientOptions, HttpClient, Request, RetryOptions, StatusCode, Transport,
};
use bytes::Bytes;

use crate::transport;

/// Client options for a transport, without retries: callers retry.
pub(super) fn client_options(transport: &Arc<dyn transport::Transport>) -> ClientOptions {
    ClientOptions {
        transport: Some(Transport::new(Arc::new(Bridge(Arc::clone(transport))))),
        retry: RetryOptions::none(),
        ..ClientOptions::default()
    }
}

#[derive(Debug)]
struct Bridge(Arc<dyn transport::Transport>);

#[async_trait::async_trait]
impl HttpClient for Bridge {
    async fn execute_request(&self, request: &Request) -> Result<AsyncRawResponse> {
        let mut sent = http::Request::builder().method(request.method().as_str()).uri(request.url().as_str());
        for (name, value) in request.headers().iter() {
            sent = sent.header(name.as_str(), value.as_str());
        }
        let body = match request.body() {
            Body::Bytes(bytes) => bytes.clone(),
            // Token requests are small, and no credential streams one.
            Body::SeekableStream(_) => Bytes::new(),
        };
        let sent = sent.body(body).map_err(|error| Error::new(ErrorKind::DataConversion, error))?;
        let answer = self.0.send(sent).await.map_err(|error| {
            let kind = if error.may_have_arrived { ErrorKind::Io } else { ErrorKind::Connection };
            Error::new(kind, error)
        })?;
        // The identity crate expects every response to be JSON, which a gateway's HTML page is not.
        let status = answer.status();
        if status.is_server_error() || status == http::StatusCode::TOO_MANY_REQUESTS {
            let message =
                format!("HTTP {} from {}", status.as_u16(), request.url().host_str().unwrap_or_default());
            return Err(Error::with_message(ErrorKind::Io, message));
        }
        let mut headers = Headers::new();
        for (name, value) in answer.headers() {
            if let Ok(value) = value.to_str() {
                headers
                    .insert(HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned()));
            }
        }
        Ok(AsyncRawResponse::from_bytes(StatusCode::from(status.as_u16()), headers, answer.into_body()))
    }
}
