//! Tokens for Graph: where they come from, and for how long they are used.

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

/// What every token is for.
const SCOPE: &str = "https://graph.microsoft.com/.default";
/// So long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_secs(300);

/// Why no token came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no token from {source_name}: {message}")]
pub struct TokenFailure {
    /// Where it was asked for, such as `client secret`.
    pub source_name: &'static str,
    /// What the place said. It holds no secret.
    pub message: String,
    /// Whether asking again may help.
    pub(crate) may_pass: bool,
}

/// A token, and how long it is good from now.
struct Fresh {
    secret: Secret,
    lifetime: Duration,
}

/// A token in use. Its number tells it from the ones before it.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) secret: Secret,
    pub(crate) number: u64,
}

/// The token of a client, renewed before its end.
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

    /// The token in use, or a new one. Callers who come while it is being fetched wait for it.
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
        // A token that is good for less than the margin is used once.
        state.renew_at = Instant::now().checked_add(lifetime.saturating_sub(MARGIN));
        state.token = Some(token.clone());
        Ok(token)
    }

    /// Drops the token of that number, which Graph did not take. A newer one stays.
    pub(crate) async fn drop_token(&self, number: u64) {
        let mut state = self.state.lock().await;
        if state.token.as_ref().is_some_and(|token| token.number == number) {
            state.token = None;
        }
    }

    /// Fetches a token. The credential is made anew each time: those of the identity crate keep their token, and one
    /// that Graph does not take must not come back.
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

/// Whether any of the causes of an error is one that may pass: the connection, or what the bridge takes for its failure.
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
