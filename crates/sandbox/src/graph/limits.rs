//! Graph's limits: a cost per period, by family of routes.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The families of routes that share a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    /// Groups, users, applications and service principals.
    Directory,
    /// Provisioning on demand.
    OnDemand,
    /// Conditional access.
    ConditionalAccess,
    /// The audit logs.
    AuditLogs,
    /// No limit: tokens, metadata, synchronization jobs, and batches themselves.
    Unlimited,
}

/// The cost that a family may use within a period.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    units: u32,
    period: Duration,
    /// Whether a refusal has a `Retry-After`.
    says_when: bool,
}

impl Family {
    /// Returns the limit of a family. The directory's is that of the smallest tenants, in resource units (throttling
    /// limits of "Identity and access"); the others are in the reference pages of the routes.
    fn allowance(self) -> Option<Allowance> {
        let allowance = |units, seconds, says_when| {
            Some(Allowance { units, period: Duration::from_secs(seconds), says_when })
        };
        match self {
            Self::Directory => allowance(3_500, 10, true),
            Self::OnDemand | Self::AuditLogs => allowance(5, 10, true),
            Self::ConditionalAccess => allowance(1, 1, false),
            Self::Unlimited => None,
        }
    }

    /// Returns the `Retry-After` of an injected refusal.
    pub(crate) fn usual_wait(self) -> Option<u64> {
        match self {
            Self::ConditionalAccess => None,
            Self::Directory | Self::OnDemand | Self::AuditLogs | Self::Unlimited => Some(10),
        }
    }
}

/// The cost used in the last period of each family.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    used: BTreeMap<Family, VecDeque<(Duration, u32)>>,
}

impl Windows {
    /// Accepts a request, or refuses it with its `Retry-After`. A refused request costs nothing.
    pub(crate) fn admit(&mut self, now: Duration, family: Family, cost: u32) -> Result<(), Option<u64>> {
        let Some(Allowance { units, period, says_when }) = family.allowance() else { return Ok(()) };
        let used = self.used.entry(family).or_default();
        while used.front().is_some_and(|(at, _)| *at + period <= now) {
            used.pop_front();
        }
        let sum: u32 = used.iter().map(|(_, cost)| *cost).sum();
        if sum + cost <= units {
            used.push_back((now, cost));
            return Ok(());
        }
        let mut freed = 0;
        let free_at = used.iter().find_map(|(at, used)| {
            freed += used;
            (sum + cost - freed <= units).then_some(*at + period)
        });
        let wait = free_at.unwrap_or(now + period).saturating_sub(now);
        Err(says_when.then(|| wait.as_secs() + u64::from(wait.subsec_nanos() > 0)))
    }
}
