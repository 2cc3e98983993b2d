//! What Graph limits: so much in so long, by family of routes.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The families of routes that are limited together.
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
    /// Without a limit: tokens, metadata, synchronization jobs, batches as such.
    Unlimited,
}

/// What a family may use up within a period.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    units: u32,
    period: Duration,
    /// Whether a refusal says when to come again.
    says_when: bool,
}

impl Family {
    /// The directory's is that of the smallest tenants in resource units (throttling limits of "Identity and access");
    /// the other numbers are in the reference pages of the routes.
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

    /// The `Retry-After` of a refusal that no count explains.
    pub(crate) fn usual_wait(self) -> Option<u64> {
        match self {
            Self::ConditionalAccess => None,
            Self::Directory | Self::OnDemand | Self::AuditLogs | Self::Unlimited => Some(10),
        }
    }
}

/// What was used up in the last period of each family.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    used: BTreeMap<Family, VecDeque<(Duration, u32)>>,
}

impl Windows {
    /// Lets a request in, or refuses it with its `Retry-After`. A request that is refused uses nothing up.
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
