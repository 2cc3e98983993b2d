//! What a run cost in calls.

use std::collections::BTreeMap;

/// How much was asked of Graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests sent, repeated ones included, by method and route, such as `GET /groups/{id}`. A batch counts as one.
    pub calls: BTreeMap<String, u64>,
    /// Requests that were sent again, for whatever reason.
    pub retries: u64,
    /// Answers that were throttles, those inside of batches included.
    pub throttled: u64,
}
