//! Which permission sets the project mentions, and how.

use std::collections::BTreeSet;

use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::LivePermissionSet;
use rolecall_model::{PermissionSetName, Snapshot, StackName};

use crate::terraform::Terraform;

/// The permission sets that AWS Control Tower manages ("IAM Identity Center groups for AWS Control Tower" in its user
/// guide).
const CONTROL_TOWER_SETS: &[&str] = &[
    "AWSAdministratorAccess",
    "AWSOrganizationsFullAccess",
    "AWSPowerUserAccess",
    "AWSReadOnlyAccess",
    "AWSServiceCatalogAdminFullAccess",
    "AWSServiceCatalogEndUserAccess",
];
/// The groups that it manages. It assigns them those permission sets by itself, also in new accounts.
const CONTROL_TOWER_GROUPS: &[&str] = &[
    "AWSAccountFactory",
    "AWSAuditAccountAdmins",
    "AWSControlTowerAdmins",
    "AWSLogArchiveAdmins",
    "AWSLogArchiveViewers",
    "AWSSecurityAuditPowerUsers",
    "AWSSecurityAuditors",
    "AWSServiceCatalogAdmins",
];

/// How a live permission set is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing<'a> {
    /// As a permission set of the stack; with `adopt` if it has no owner yet.
    Owned {
        /// Whether it has `adopt`.
        is_adopted: bool,
    },
    /// As externally managed.
    External,
    /// Not at all: another stack owns it.
    Foreign(&'a str),
    /// Not at all: Terraform's state, which determines what is imported, does not contain it.
    Unmentioned,
}

/// Returns how a live permission set is written.
pub(crate) fn standing<'a>(
    live: &'a LivePermissionSet,
    stack: &StackName,
    terraform: Option<&Terraform>,
) -> Standing<'a> {
    let owner = live.tags.get(STACK_TAG).map(String::as_str);
    let is_assigned = |state: &Terraform| state.assigns(&live.arn);
    match (owner, terraform) {
        (Some(owner), _) if owner == stack.as_str() => Standing::Owned { is_adopted: false },
        (Some(_), Some(state)) if is_assigned(state) => Standing::External,
        (Some(owner), _) => Standing::Foreign(owner),
        (None, Some(state)) if state.manages(&live.arn) => Standing::Owned { is_adopted: true },
        (None, Some(state)) if is_assigned(state) => Standing::External,
        (None, Some(_)) => Standing::Unmentioned,
        (None, None) if is_control_tower_set(&live.name) => Standing::External,
        (None, None) => Standing::Owned { is_adopted: true },
    }
}

fn is_control_tower_set(name: &PermissionSetName) -> bool {
    CONTROL_TOWER_SETS.contains(&name.as_str())
}

/// Returns whether Control Tower created a group of this name and manages its assignments of external sets.
pub(crate) fn is_control_tower_group(display_name: &str) -> bool {
    CONTROL_TOWER_GROUPS.contains(&display_name)
}

/// Returns the stacks that own permission sets of the instance. A tag whose value is not a valid stack name is ignored.
pub fn stacks(snapshot: &Snapshot) -> BTreeSet<StackName> {
    let owners = snapshot.permission_sets.iter().filter_map(|set| set.tags.get(STACK_TAG));
    owners.filter_map(|owner| owner.parse().ok()).collect()
}
