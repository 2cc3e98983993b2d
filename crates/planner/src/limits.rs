//! AWS's quotas that decide what a plan does.

/// Groups that may have one permission set in one account (IAM Identity Center quotas).
pub(crate) const GROUPS_PER_SET_AND_ACCOUNT: usize = 100;
/// Most provisioned accounts for `ALL_PROVISIONED_ACCOUNTS`; AWS rejects the call for more (IAM Identity Center quotas).
pub(crate) const ACCOUNTS_PER_PROVISIONING: usize = 3_500;
