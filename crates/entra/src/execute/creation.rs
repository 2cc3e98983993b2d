//! Creates objects exactly once, even if responses are lost.

use tokio::time::{Duration, Instant};

use super::{EntraTarget, Refusal, ended};
use crate::client::Answer;
use crate::failure::GraphError;

/// How long the directory is searched after a lost response.
pub(super) const SEARCH: Duration = Duration::from_secs(90);
/// Maximum number of attempts to create an object, if responses are lost and nothing is found.
const CREATIONS: u32 = 3;

/// The result of creating an object.
pub(super) enum Creation<T> {
    /// Graph responded.
    Responded(Answer),
    /// The response was lost, and the search found this.
    Found(T),
}

impl EntraTarget {
    /// Sends a request that creates an object. Sent twice, it would create two, so after a lost response the
    /// directory is searched before it is sent again. `search` is passed the number of requests so far.
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
                Ok(answer) => return Ok(Creation::Responded(answer)),
                Err(error) if error.may_have_taken_effect() => error,
                Err(error) => return Err(error.into()),
            };
            match search(sent).await.map_err(Into::into) {
                Ok(Some(found)) => return Ok(Creation::Found(found)),
                Ok(None) if sent >= CREATIONS => return Err(error.into()),
                Ok(None) => {}
                // Starting over could create a second object.
                Err(Refusal::Call(error)) => return Err(ended(error)),
                Err(refusal) => return Err(refusal),
            }
        }
    }

    /// Searches until something is found, or the time is up.
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
