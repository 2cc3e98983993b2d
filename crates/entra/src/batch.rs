//! `POST /$batch`: up to twenty reads in one request.
//!
//! The answer to a batch is a success even where all of its requests were turned away. What was throttled, or failed in
//! a way that may pass, is asked again alone, in the usual way.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::Reader;
use crate::failure::{GraphError, Kind, seconds};
use crate::request::Read;
use crate::routes::BATCH;

/// The most requests in a batch (Graph's page on JSON batching).
const MOST: usize = 20;
/// How many batches are on their way at a time.
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
    /// Reads several things, in the order of the requests. An error of one of them is its result; an error of a batch
    /// as a whole ends the reading.
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
                .ok_or_else(|| GraphError::unreadable(BATCH.0, format!("it lacks request {number}")))?;
            results.push(self.open(read, answer).await);
        }
        Ok(results)
    }

    /// What one answer of a batch says, or what the request says when it is sent alone.
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
