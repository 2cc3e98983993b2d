//! What a run cost in calls.

use std::collections::BTreeMap;

/// How much was asked of AWS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Requests sent, repeated ones included, by `service:Operation`, such as `sso-admin:ListAccountAssignments`.
    pub calls: BTreeMap<String, u64>,
    /// Requests that were sent again, for whatever reason: a throttle, a failure of the service or the connection, a
    /// conflict with another change.
    pub retries: u64,
    /// Answers that were throttles, of either kind.
    pub throttled: u64,
}
