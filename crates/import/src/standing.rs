//! Which permission sets the project mentions, and how.

use std::collections::BTreeSet;

use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::LivePermissionSet;
use rolecall_model::{PermissionSetName, Snapshot, StackName};

use crate::terraform::Terraform;

/// The permission sets that AWS Control Tower makes and keeps ("IAM Identity Center groups for AWS Control Tower" in
/// its user guide).
const CONTROL_TOWER_SETS: &[&str] = &[
    "AWSAdministratorAccess",
    "AWSOrganizationsFullAccess",
    "AWSPowerUserAccess",
    "AWSReadOnlyAccess",
    "AWSServiceCatalogAdminFullAccess",
    "AWSServiceCatalogEndUserAccess",
];
/// The groups that it makes. It gives them those sets on accounts by itself, new accounts included.
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
    /// As the stack's own; with `adopt`, where it has no owner yet.
    Owned {
        /// Whether it says `adopt`.
        is_adopted: bool,
    },
    /// As made elsewhere.
    External,
    /// Not at all: it belongs to this other stack.
    Foreign(&'a str),
    /// Not at all: Terraform's state, which says what to import, does not speak of it.
    Unmentioned,
}

/// The standing of a live permission set.
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

/// Whether Control Tower made a group of this name and looks after its assignments of external sets.
pub(crate) fn is_control_tower_group(display_name: &str) -> bool {
    CONTROL_TOWER_GROUPS.contains(&display_name)
}

/// The stacks that own permission sets of the instance. A tag whose value could not be a stack's name is passed over.
pub fn stacks(snapshot: &Snapshot) -> BTreeSet<StackName> {
    let owners = snapshot.permission_sets.iter().filter_map(|set| set.tags.get(STACK_TAG));
    owners.filter_map(|owner| owner.parse().ok()).collect()
}
