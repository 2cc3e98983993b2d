//! What AWS limits: requests per second, operations at once, and quotas. A request is judged here before anything
//! else looks at it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::call::Service;

/// Assignment operations that may be outstanding at once (quota page of IAM Identity Center; older pages say 10).
pub(crate) const ASSIGNMENT_OPERATIONS_AT_ONCE: usize = 15;
/// Permission sets that may be being provisioned at once (quota page of IAM Identity Center).
pub(crate) const PROVISIONS_AT_ONCE: usize = 3;
/// Accounts that one provisioning of all accounts may cover.
pub(crate) const ACCOUNTS_PER_PROVISION: usize = 3_500;
/// Permission sets of an instance.
pub(crate) const PERMISSION_SETS: usize = 3_500;
/// Permission sets that may be provisioned in one account.
pub(crate) const PERMISSION_SETS_PER_ACCOUNT: usize = 500;
/// Managed and customer managed policies of a permission set.
pub(crate) const POLICIES_PER_PERMISSION_SET: usize = 25;
/// Groups that may have one permission set in one account.
pub(crate) const GROUPS_PER_PERMISSION_SET_AND_ACCOUNT: usize = 100;
/// Tags of a permission set.
pub(crate) const TAGS: usize = 50;
/// Attributes for access control of an instance (service model of sso-admin, `AccessControlAttributeList`).
pub(crate) const ACCESS_CONTROL_ATTRIBUTES: usize = 50;
/// Characters other than white space in an inline policy.
pub(crate) const INLINE_POLICY_CHARACTERS: usize = 10_240;

/// A rate that AWS documents.
#[derive(Debug, Clone, Copy)]
struct Rate {
    per_second: u32,
    burst: u32,
}

/// Which requests share a bucket: all of sso-admin do, others have one for each operation.
type BucketKey = (Service, Option<&'static str>);

/// The bucket that a request draws from. Operations for which no limit is documented have none.
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
        Service::Sts => None,
    }
}

/// Token buckets, each as the time at which it will be full again.
type Buckets = BTreeMap<BucketKey, Duration>;

/// The buckets that a request draws from.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    /// Those that all clients share.
    shared: Buckets,
    /// What they would be if the client that is at work now were alone, and had begun with full ones.
    alone: Buckets,
}

/// A request that comes too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooSoon {
    /// Whether it would be too soon without other clients, too.
    pub(crate) provoked: bool,
}

impl Limits {
    /// Lets a request in, or refuses it. A request that is refused takes no token.
    pub(crate) fn judge(
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

    /// Another client sends a request to sso-admin. It may take a token in advance, so that it gets its share however
    /// the two fall in with each other.
    pub(crate) fn compete(&mut self, at: Duration) {
        if let Some((key, rate)) = rate_of(Service::SsoAdmin, "") {
            take(&mut self.shared, key, rate, rate.burst, at);
        }
    }

    /// From now on another client is at work, which cannot know what the one before it used up.
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
            limits.judge(Duration::from_millis(now), Service::Organizations, "ListAccounts").is_ok()
        };
        assert_eq!((0..20).filter(|_| passed(1_000)).count(), 12);
        assert_eq!((0..20).filter(|_| passed(1_500)).count(), 4);
        assert_eq!((0..50).filter(|_| passed(60_000)).count(), 12);
    }

    #[test]
    fn all_of_sso_admin_shares_one_bucket_and_each_list_of_the_store_has_its_own() {
        let mut limits = Limits::default();
        let mut passed = |service, operation| limits.judge(Duration::ZERO, service, operation).is_ok();
        assert!((0..10).all(|_| passed(Service::SsoAdmin, "ListInstances")));
        assert!((0..10).all(|_| passed(Service::SsoAdmin, "ListPermissionSets")));
        assert!(!passed(Service::SsoAdmin, "DescribeInstance"));
        assert!((0..20).all(|_| passed(Service::IdentityStore, "ListGroups")));
        assert!(passed(Service::IdentityStore, "ListUsers"));
    }
}
