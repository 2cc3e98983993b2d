//! Statistics of requests.

use std::collections::BTreeMap;

/// The number of requests to Graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests sent, including retries, by method and route, such as `GET /groups/{id}`. A batch counts as one.
    pub calls: BTreeMap<String, u64>,
    /// Retries for any reason.
    pub retries: u64,
    /// Throttled requests, including those in batches.
    pub throttled: u64,
}
