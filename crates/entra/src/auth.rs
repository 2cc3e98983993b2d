//! Access tokens for Graph: their credentials and their lifetime.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;
use futures_util::future::BoxFuture;
use rolecall_applier::retry::error_chain;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::secret::Secret;
use crate::transport::Transport;

mod assertion;
mod bridge;
mod certificate;
mod environment;

pub use environment::{Credential, NoCredentials};

/// The scope of every token.
const SCOPE: &str = "https://graph.microsoft.com/.default";
/// A token is renewed this long before it expires.
const MARGIN: Duration = Duration::from_secs(300);

/// The failure to get a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no token from {source_name}: {message}")]
pub struct TokenFailure {
    /// The credential, such as `client secret`.
    pub source_name: &'static str,
    /// The error message, without secrets.
    pub message: String,
    /// Whether a retry may succeed.
    pub(crate) may_pass: bool,
}

/// A token and its remaining lifetime.
struct Fresh {
    secret: Secret,
    lifetime: Duration,
}

/// A token in use. Its number distinguishes it from earlier ones.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) secret: Secret,
    pub(crate) number: u64,
}

/// The token of a client, renewed before it expires.
pub(crate) struct Tokens {
    credential: Credential,
    transport: Arc<dyn Transport>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    renew_at: Option<Instant>,
    given: u64,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tokens").field("credential", &self.credential).finish_non_exhaustive()
    }
}

impl Tokens {
    pub(crate) fn new(credential: Credential, transport: Arc<dyn Transport>) -> Self {
        Self { credential, transport, state: Mutex::new(State::default()) }
    }

    /// Returns the current token, or a new one. Concurrent callers wait for the same request.
    pub(crate) async fn current(&self) -> Result<Token, TokenFailure> {
        let mut state = self.state.lock().await;
        if let Some(token) = &state.token
            && state.renew_at.is_none_or(|at| Instant::now() < at)
        {
            return Ok(token.clone());
        }
        let Fresh { secret, lifetime } = self.fetch().await?;
        state.given += 1;
        let token = Token { secret, number: state.given };
        // A token with less than the margin left is used once.
        state.renew_at = Instant::now().checked_add(lifetime.saturating_sub(MARGIN));
        state.token = Some(token.clone());
        Ok(token)
    }

    /// Discards the token with this number, which Graph rejected. A newer one is kept.
    pub(crate) async fn drop_token(&self, number: u64) {
        let mut state = self.state.lock().await;
        if state.token.as_ref().is_some_and(|token| token.number == number) {
            state.token = None;
        }
    }

    /// Requests a token. The credential is created for each request: those of the identity crate cache their token,
    /// and a rejected one must not be reused.
    fn fetch(&self) -> BoxFuture<'_, Result<Fresh, TokenFailure>> {
        Box::pin(async move {
            let name = self.credential.name();
            let made = match self.credential.open(&self.transport).map_err(|error| of_azure(name, &error))? {
                environment::Opened::Fixed(secret) => {
                    return Ok(Fresh { secret, lifetime: Duration::MAX });
                }
                environment::Opened::Azure(credential) => credential,
            };
            get_token(name, made.as_ref()).await
        })
    }
}

async fn get_token(name: &'static str, credential: &dyn TokenCredential) -> Result<Fresh, TokenFailure> {
    let token = credential.get_token(&[SCOPE], None).await.map_err(|error| of_azure(name, &error))?;
    let left = token.expires_on.unix_timestamp() - jiff::Timestamp::now().as_second();
    let lifetime = Duration::from_secs(u64::try_from(left).unwrap_or_default());
    Ok(Fresh { secret: Secret::new(token.token.secret().to_owned()), lifetime })
}

fn of_azure(source_name: &'static str, error: &azure_core::Error) -> TokenFailure {
    TokenFailure { source_name, message: error_chain(error), may_pass: may_pass(error) }
}

/// Returns whether a retry may succeed: a cause of the error is a failure of the connection, or what the bridge
/// reports as one.
fn may_pass(error: &azure_core::Error) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<azure_core::Error>()
            && matches!(error.kind(), ErrorKind::Connection | ErrorKind::Io)
        {
            return true;
        }
        next = error.source();
    }
    false
}
