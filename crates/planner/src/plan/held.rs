//! What a plan does not change: skipped changes, withheld grants, and kept assignments.

use std::fmt;

use rolecall_model::{AccountState, Date, PermissionSetName};

use super::assignment::NamedAssignment;
use super::written::Written;

/// A change that is skipped for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// The skipped change.
    pub action: BlockedAction,
    /// Why it is skipped.
    pub cause: BlockedCause,
    /// Where the configuration asks for it.
    pub written: Option<Written>,
}

/// The skipped change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockedAction {
    /// A grant.
    Grant(NamedAssignment),
    /// A revoke.
    Revoke(NamedAssignment),
    /// A change to a permission set.
    Update(PermissionSetName),
    /// A provision of a permission set.
    Provision(PermissionSetName),
    /// The release of a permission set.
    Release(PermissionSetName),
    /// The deletion of a permission set.
    Delete(PermissionSetName),
}

/// Why a change is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockedCause {
    /// The account is not active.
    AccountNotActive(AccountState),
    /// The caller is a delegated administrator, which cannot assign in the management account.
    ManagementAccount,
    /// The caller is a delegated administrator, which cannot change a set that is provisioned in the management
    /// account.
    SealedPermissionSet,
    /// The permission set still has assignments that are skipped or withheld.
    AssignmentsRemain,
    /// The grant that replaces the assignment, on the renamed permission set, is skipped or withheld.
    ReplacementWaits,
    /// The group is not in the Identity Store yet, and the caller chose not to wait for it.
    GroupNotProvisioned,
}

impl fmt::Display for BlockedCause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccountNotActive(state) => write!(formatter, "account is {}", state.as_str()),
            Self::ManagementAccount => formatter
                .write_str("management account: a delegated administrator cannot change assignments there"),
            Self::SealedPermissionSet => formatter.write_str(
                "provisioned in the management account: a delegated administrator cannot change it",
            ),
            Self::AssignmentsRemain => {
                formatter.write_str("it still has assignments that are skipped or withheld")
            }
            Self::GroupNotProvisioned => {
                formatter.write_str("the group has not been provisioned to the Identity Store yet")
            }
            Self::ReplacementWaits => {
                formatter.write_str("the grant that replaces it is skipped or withheld")
            }
        }
    }
}

/// A grant that is withheld, and the orphans on the same permission set and account that wait with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebind {
    /// The grant.
    pub grant: NamedAssignment,
    /// The assignments of deleted groups.
    pub orphans: Vec<NamedAssignment>,
    /// Whether those assignments would be revoked, and wait with the grant. On an external permission set they are
    /// unmanaged, and with `adopt` or `keep` they stay.
    pub orphans_are_ours: bool,
    /// Where the grant was asked for.
    pub written: Option<Written>,
}

/// A live assignment that is kept although no `assign` grants it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// The assignment.
    pub assignment: NamedAssignment,
    /// What keeps it.
    pub by: KeptBy,
    /// The last day of the `assign` that granted it, if it has passed.
    pub ended: Option<Date>,
    /// Where that is written.
    pub written: Written,
}

/// What keeps an assignment that no `assign` grants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeptBy {
    /// A `keep`.
    Keep {
        /// Its last day.
        until: Option<Date>,
        /// The text of its `reason`.
        note: Option<String>,
    },
    /// The `adopt` of its permission set.
    Adopt,
}
