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
    /// The name that AWS's command line uses, or `graph`.
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

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It was answered. An asynchronous operation may still fail later.
    Ok,
    /// It was refused with an error of this type, such as `ThrottlingException`, or with this code of Graph's.
    Failed(&'static str),
}

/// One call that reached the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// When, since the sandbox's start.
    pub at: Duration,
    /// To which service.
    pub service: Service,
    /// Which operation, or which route of Graph's.
    pub operation: &'static str,
    /// What it was about: those of the request's ids and ARNs that tell one call from another, by member name; of a
    /// route of Graph's, what stood in the path for the names in braces.
    pub keys: BTreeMap<&'static str, String>,
    /// How it ended.
    pub outcome: Outcome,
}

/// How many records are kept. Counts go on beyond.
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
