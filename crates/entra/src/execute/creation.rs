//! Making things: once, whatever is lost on the way.

use tokio::time::{Duration, Instant};

use super::{EntraTarget, Refusal, ended};
use crate::client::Answer;
use crate::failure::GraphError;

/// How long after a lost answer the directory is searched for what the request may have made.
pub(super) const SEARCH: Duration = Duration::from_secs(90);
/// How often a request that makes something is sent, when its answers are lost and nothing is found.
const CREATIONS: u32 = 3;

/// What came of making something.
pub(super) enum Creation<T> {
    /// Graph answered.
    Answered(Answer),
    /// The answer was lost, and this was found.
    Found(T),
}

impl EntraTarget {
    /// Sends a request that makes something. Twice would make two things, so after a lost answer the directory is
    /// searched for the first one before the request is sent again; `search` is told how often it was sent.
    pub(super) async fn create<T, E, S, F>(
        &self,
        send: impl Fn() -> S,
        search: impl Fn(u32) -> F,
    ) -> Result<Creation<T>, Refusal>
    where
        S: Future<Output = Result<Answer, GraphError>>,
        F: Future<Output = Result<Option<T>, E>>,
        E: Into<Refusal>,
    {
        let mut sent = 0;
        loop {
            sent += 1;
            let error = match send().await {
                Ok(answer) => return Ok(Creation::Answered(answer)),
                Err(error) if error.may_have_taken_effect() => error,
                Err(error) => return Err(error.into()),
            };
            match search(sent).await.map_err(Into::into) {
                Ok(Some(found)) => return Ok(Creation::Found(found)),
                Ok(None) if sent >= CREATIONS => return Err(error.into()),
                Ok(None) => {}
                // To begin again could make a second thing.
                Err(Refusal::Call(error)) => return Err(ended(error)),
                Err(refusal) => return Err(refusal),
            }
        }
    }

    /// Looks for something until it is found, or may be taken for not there.
    pub(super) async fn search<T, E, F>(&self, look: impl Fn() -> F) -> Result<Option<T>, E>
    where
        F: Future<Output = Result<Option<T>, E>>,
    {
        let deadline = Instant::now() + SEARCH;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let found = look().await?;
            if found.is_some() || Instant::now() >= deadline {
                return Ok(found);
            }
            self.reader().let_it_settle(attempts).await;
        }
    }
}
