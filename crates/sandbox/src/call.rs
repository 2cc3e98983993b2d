//! The log of calls.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

/// A simulated service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// AWS Organizations.
    Organizations,
    /// IAM Identity Center.
    SsoAdmin,
    /// The Identity Store.
    IdentityStore,
    /// The Security Token Service.
    Sts,
    /// Microsoft Graph, with the token endpoint and the federation metadata. Its operations are routes, such as
    /// `GET /groups/{id}`.
    Graph,
}

impl Service {
    /// Returns the name that the AWS CLI uses, or `graph`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organizations => "organizations",
            Self::SsoAdmin => "sso-admin",
            Self::IdentityStore => "identitystore",
            Self::Sts => "sts",
            Self::Graph => "graph",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The result of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Success. An asynchronous operation may still fail later.
    Ok,
    /// An error of this type, such as `ThrottlingException`, or with this error code of Graph.
    Failed(&'static str),
}

/// One call that reached the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// When, since the sandbox's start.
    pub at: Duration,
    /// The service.
    pub service: Service,
    /// The operation, or the route of Graph.
    pub operation: &'static str,
    /// The ids and ARNs of the request that identify its subject, by member name; for a route of Graph, the path parameters.
    pub keys: BTreeMap<&'static str, String>,
    /// Its result.
    pub outcome: Outcome,
}

/// The number of records kept. Counts have no limit.
const RECORDS_KEPT: usize = 500_000;

/// The last records, and exact counts of all.
#[derive(Debug, Default)]
pub(crate) struct CallLog {
    records: VecDeque<CallRecord>,
    counts: BTreeMap<(Service, &'static str), u64>,
}

impl CallLog {
    pub(crate) fn add(&mut self, record: CallRecord) {
        *self.counts.entry((record.service, record.operation)).or_default() += 1;
        if self.records.len() == RECORDS_KEPT {
            self.records.pop_front();
        }
        self.records.push_back(record);
    }

    pub(crate) fn records(&self) -> Vec<CallRecord> {
        self.records.iter().cloned().collect()
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts
            .iter()
            .map(|((service, operation), count)| (format!("{service}:{operation}"), *count))
            .collect()
    }
}
