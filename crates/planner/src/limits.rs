//! AWS quotas that affect plans.

/// Maximum number of groups per permission set and account (IAM Identity Center quotas).
pub(crate) const GROUPS_PER_SET_AND_ACCOUNT: usize = 100;
/// Most provisioned accounts for `ALL_PROVISIONED_ACCOUNTS`; AWS rejects the call for more (IAM Identity Center quotas).
pub(crate) const ACCOUNTS_PER_PROVISIONING: usize = 3_500;
