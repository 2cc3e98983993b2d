//! AWS's limits: requests per second, concurrent operations, and quotas. Rates are checked before anything else.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::call::Service;

/// The most concurrent assignment operations (quota page of IAM Identity Center; older pages say 10).
pub(crate) const ASSIGNMENT_OPERATIONS_AT_ONCE: usize = 15;
/// The most permission sets provisioned at once (quota page of IAM Identity Center).
pub(crate) const PROVISIONS_AT_ONCE: usize = 3;
/// The most accounts of one `ALL_PROVISIONED_ACCOUNTS` request.
pub(crate) const ACCOUNTS_PER_PROVISION: usize = 3_500;
/// The most permission sets of an instance.
pub(crate) const PERMISSION_SETS: usize = 3_500;
/// The most permission sets provisioned in one account.
pub(crate) const PERMISSION_SETS_PER_ACCOUNT: usize = 500;
/// The most managed and customer managed policies of a permission set.
pub(crate) const POLICIES_PER_PERMISSION_SET: usize = 25;
/// The most groups assigned one permission set in one account.
pub(crate) const GROUPS_PER_PERMISSION_SET_AND_ACCOUNT: usize = 100;
/// The most tags of a permission set.
pub(crate) const TAGS: usize = 50;
/// The most attributes for access control of an instance (service model of sso-admin, `AccessControlAttributeList`).
pub(crate) const ACCESS_CONTROL_ATTRIBUTES: usize = 50;
/// The most characters other than white space in an inline policy.
pub(crate) const INLINE_POLICY_CHARACTERS: usize = 10_240;

/// A rate that AWS documents.
#[derive(Debug, Clone, Copy)]
struct Rate {
    per_second: u32,
    burst: u32,
}

/// The key of a bucket. All operations of sso-admin share one; each of the others has its own.
type BucketKey = (Service, Option<&'static str>);

/// Returns the bucket of a request. Operations without a documented limit have none.
fn rate_of(service: Service, operation: &'static str) -> Option<(BucketKey, Rate)> {
    let rate = |per_second, burst| Rate { per_second, burst };
    match service {
        Service::SsoAdmin => Some(((service, None), rate(20, 20))),
        Service::IdentityStore => Some(((service, Some(operation)), rate(20, 20))),
        Service::Organizations => {
            let rate = match operation {
                "ListAccounts" => rate(8, 12),
                "ListChildren" => rate(6, 10),
                "ListParents" | "ListAccountsForParent" | "ListOrganizationalUnitsForParent" => rate(5, 8),
                "ListTagsForResource" => rate(10, 15),
                "ListRoots" => rate(1, 2),
                _ => return None,
            };
            Some(((service, Some(operation)), rate))
        }
        // Graph's limits are its own.
        Service::Sts | Service::Graph => None,
    }
}

/// Token buckets, each stored as the time at which it will be full again.
type Buckets = BTreeMap<BucketKey, Duration>;

/// The buckets of all requests.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// The buckets that all clients share.
    shared: Buckets,
    /// The buckets as if the current client were alone and had started with full ones.
    alone: Buckets,
}

/// A request that exceeds the rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooSoon {
    /// Whether it would exceed the rate without other clients, too.
    pub(crate) provoked: bool,
}

impl Limits {
    /// Accepts a request, or refuses it. A refused request takes no token.
    pub(crate) fn admit(
        &mut self,
        now: Duration,
        service: Service,
        operation: &'static str,
    ) -> Result<(), TooSoon> {
        let Some((key, rate)) = rate_of(service, operation) else { return Ok(()) };
        let spare = rate.burst - 1;
        let provoked = !take(&mut self.alone, key, rate, spare, now);
        if take(&mut self.shared, key, rate, spare, now) { Ok(()) } else { Err(TooSoon { provoked }) }
    }

    /// Takes a token for a request of another client to sso-admin, in advance if necessary, so that the client gets its share
    /// regardless of timing.
    pub(crate) fn compete(&mut self, at: Duration) {
        if let Some((key, rate)) = rate_of(Service::SsoAdmin, "") {
            take(&mut self.shared, key, rate, rate.burst, at);
        }
    }

    /// Starts again with a new client, which cannot know how much of the rate is used.
    pub(crate) fn forget_client(&mut self) {
        self.alone.clear();
    }
}

/// Takes a token, unless more than `most` are missing already.
fn take(buckets: &mut Buckets, key: BucketKey, rate: Rate, most: u32, now: Duration) -> bool {
    let token = Duration::from_secs(1) / rate.per_second;
    let full_at = buckets.entry(key).or_default();
    let missing = full_at.saturating_sub(now);
    let passes = missing <= token * most;
    if passes {
        *full_at = now + missing + token;
    }
    passes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut limits = Limits::default();
        let mut passed = |now: u64| {
            limits.admit(Duration::from_millis(now), Service::Organizations, "ListAccounts").is_ok()
        };
        assert_eq!((0..20).filter(|_| passed(1_000)).count(), 12);
        assert_eq!((0..20).filter(|_| passed(1_500)).count(), 4);
        assert_eq!((0..50).filter(|_| passed(60_000)).count(), 12);
    }

    #[test]
    fn all_of_sso_admin_shares_one_bucket_and_each_list_of_the_store_has_its_own() {
        let mut limits = Limits::default();
        let mut passed = |service, operation| limits.admit(Duration::ZERO, service, operation).is_ok();
        assert!((0..10).all(|_| passed(Service::SsoAdmin, "ListInstances")));
        assert!((0..10).all(|_| passed(Service::SsoAdmin, "ListPermissionSets")));
        assert!(!passed(Service::SsoAdmin, "DescribeInstance"));
        assert!((0..20).all(|_| passed(Service::IdentityStore, "ListGroups")));
        assert!(passed(Service::IdentityStore, "ListUsers"));
    }
}
