//! Statistics of API calls.

use std::collections::BTreeMap;

/// The number of requests to AWS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests sent, including retries, by `service:Operation`, such as `sso-admin:ListAccountAssignments`.
    pub calls: BTreeMap<String, u64>,
    /// Retries for any reason: a throttle, a failure of the service or the connection, a conflict with another
    /// change.
    pub retries: u64,
    /// Throttled requests, of either kind.
    pub throttled: u64,
}
