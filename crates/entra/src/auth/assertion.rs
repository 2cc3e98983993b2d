//! Client assertions: proof of identity from another identity provider, in place of a secret.

use std::sync::Arc;

use azure_core::Result;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use bytes::Bytes;
use http::Request;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::secret::Secret;
use crate::transport::Transport;

/// The audience that Entra's federated credentials expect.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// An id token in the environment, as in GitLab jobs. It is valid for some minutes.
#[derive(Debug)]
pub(super) struct Given(pub(super) Secret);

#[async_trait::async_trait]
impl ClientAssertion for Given {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> Result<String> {
        Ok(self.0.expose().to_owned())
    }
}

/// The id tokens of a GitHub Actions job with `id-token: write`. Each access token gets a new one.
#[derive(Debug)]
pub(super) struct GitHub {
    pub(super) url: String,
    pub(super) request_token: Secret,
    pub(super) transport: Arc<dyn Transport>,
}

#[derive(Deserialize)]
struct IdToken {
    value: String,
}

#[async_trait::async_trait]
impl ClientAssertion for GitHub {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> Result<String> {
        let mark = if self.url.contains('?') { '&' } else { '?' };
        let audience = utf8_percent_encode(AUDIENCE, NON_ALPHANUMERIC);
        let request = Request::get(format!("{}{mark}audience={audience}", self.url))
            .header("authorization", format!("Bearer {}", self.request_token.expose()))
            .header("accept", "application/json; api-version=2.0")
            .body(Bytes::new())
            .map_err(|_| credential("ACTIONS_ID_TOKEN_REQUEST_URL is not a URL".to_owned()))?;
        let answer = self.transport.send(request).await.map_err(|error| Error::new(ErrorKind::Io, error))?;
        let status = answer.status();
        if !status.is_success() {
            let message = format!("GitHub returned no id token (HTTP {})", status.as_u16());
            let kind = if status.is_server_error() { ErrorKind::Io } else { ErrorKind::Credential };
            return Err(Error::with_message(kind, message));
        }
        let token: IdToken = serde_json::from_slice(answer.body())
            .map_err(|_| credential("GitHub's response contains no id token".to_owned()))?;
        Ok(token.value)
    }
}

fn credential(message: String) -> Error {
    Error::with_message(ErrorKind::Credential, message)
}
