//! `POST /$batch`: up to twenty reads in one request.
//!
//! A batch succeeds even if all of its requests fail. Requests that were throttled or failed transiently are retried
//! individually.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::Reader;
use crate::failure::{GraphError, Kind, seconds};
use crate::request::Read;
use crate::routes::BATCH;

/// Maximum number of requests in a batch (Graph's page on JSON batching).
const MOST: usize = 20;
/// Maximum number of batches in flight.
const AT_A_TIME: usize = 4;

#[derive(Serialize)]
struct Batch<'a> {
    requests: Vec<Step<'a>>,
}

#[derive(Serialize)]
struct Step<'a> {
    id: String,
    method: &'static str,
    url: &'a str,
}

#[derive(Deserialize)]
struct Answers {
    responses: Vec<StepAnswer>,
}

#[derive(Deserialize)]
struct StepAnswer {
    id: String,
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    body: Value,
}

impl Reader {
    /// Sends reads in batches and returns their results in order. The result of a read may be an error; an error of a
    /// batch as a whole ends the call.
    pub(crate) async fn batch<T: DeserializeOwned>(
        &self,
        reads: &[Read],
    ) -> Result<Vec<Result<T, GraphError>>, GraphError> {
        let batches: Vec<Vec<Result<T, GraphError>>> =
            stream::iter(reads.chunks(MOST).map(|chunk| self.one_batch(chunk)))
                .buffered(AT_A_TIME)
                .try_collect()
                .await?;
        Ok(batches.into_iter().flatten().collect())
    }

    async fn one_batch<T: DeserializeOwned>(
        &self,
        reads: &[Read],
    ) -> Result<Vec<Result<T, GraphError>>, GraphError> {
        self.take_places(reads).await;
        let requests = reads.iter().enumerate().map(|(number, read)| Step {
            id: number.to_string(),
            method: read.0.route.method,
            url: read.0.path().unwrap_or_default(),
        });
        let batch = Read::batch(BATCH, &Batch { requests: requests.collect() });
        let Answers { responses } = self.get(&batch).await?;
        let mut answers: BTreeMap<String, StepAnswer> =
            responses.into_iter().map(|answer| (answer.id.clone(), answer)).collect();
        let mut results = Vec::with_capacity(reads.len());
        for (number, read) in reads.iter().enumerate() {
            let answer = answers.remove(&number.to_string());
            let answer = answer
                .ok_or_else(|| GraphError::unreadable(BATCH.0, format!("request {number} is missing")))?;
            results.push(self.open(read, answer).await);
        }
        Ok(results)
    }

    /// Returns the result of a request in a batch, or that of its individual retry.
    async fn open<T: DeserializeOwned>(&self, read: &Read, answer: StepAnswer) -> Result<T, GraphError> {
        let route = read.0.route;
        let StepAnswer { id: _, status, headers, body } = answer;
        if (200..300).contains(&status) {
            return serde_json::from_value(body).map_err(|error| GraphError::unreadable(route, error));
        }
        let mut named = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
        let retry_after = named.find_map(|(_, value)| match value {
            Value::String(text) => seconds(text),
            value => seconds(&value.to_string()),
        });
        let error = GraphError::of_parts(route, status, body.to_string().as_bytes(), retry_after, None);
        match error.kind {
            Kind::Throttled(retry_after) => self.note_throttle(route, retry_after, 1),
            Kind::Transient { .. } | Kind::Token | Kind::Conflict => {}
            Kind::Credentials | Kind::Denied | Kind::NotFound | Kind::Unreadable | Kind::Refused => {
                return Err(error);
            }
        }
        self.get(read).await
    }
}
