//! Changes in a plan, with their reasons.

use std::collections::BTreeMap;

use rolecall_model::{AccountId, Date, EntraOperation, ObjectId, PermissionSet, PermissionSetName};
use serde_json::Value;

use super::assignment::NamedAssignment;
use super::difference::Difference;
use super::written::Written;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What changes, with before and after.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The file and line that the change comes from. `None` for a permission set that the configuration no longer
    /// names.
    pub written: Option<Written>,
}

impl Change {
    /// The assignment that the change grants.
    pub fn granted(&self) -> Option<&NamedAssignment> {
        match &self.action {
            Action::Assignment(AssignmentChange::Grant(assignment)) => Some(assignment),
            Action::Assignment(AssignmentChange::Revoke { .. })
            | Action::PermissionSet(_)
            | Action::AccessControl(_)
            | Action::Entra(_) => None,
        }
    }

    /// The assignment that the change revokes.
    pub fn revoked(&self) -> Option<&NamedAssignment> {
        match &self.action {
            Action::Assignment(AssignmentChange::Revoke { assignment, order: _ }) => Some(assignment),
            Action::Assignment(AssignmentChange::Grant(_))
            | Action::PermissionSet(_)
            | Action::AccessControl(_)
            | Action::Entra(_) => None,
        }
    }

    /// The assignments that AWS drops with a group that the change unassigns in Entra ID.
    pub fn lost_with_group(&self) -> &[NamedAssignment] {
        match &self.action {
            Action::Entra(change) => &change.lost,
            Action::Assignment(_) | Action::PermissionSet(_) | Action::AccessControl(_) => &[],
        }
    }
}

/// The change, by the kind of its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// An account assignment.
    Assignment(AssignmentChange),
    /// A permission set.
    PermissionSet(PermissionSetChange),
    /// Attributes for access control of the instance.
    AccessControl(AccessControlChange),
    /// Something in Entra ID.
    Entra(Box<EntraChange>),
}

impl Action {
    /// The permission set that the action is about; `None` where it is about the instance itself or about Entra ID.
    pub fn permission_set(&self) -> Option<&PermissionSetName> {
        match self {
            Self::Assignment(change) => Some(&change.assignment().assignment.permission_set),
            Self::PermissionSet(change) => Some(change.name()),
            Self::AccessControl(_) | Self::Entra(_) => None,
        }
    }

    /// Returns the sort key for review: assignments first, by principal, permission set and account, then permission
    /// sets.
    pub(crate) fn sort_key(&self) -> (u8, &str, &str, Option<&NamedAssignment>) {
        match self {
            Self::Assignment(change) => {
                let rank = match change {
                    AssignmentChange::Grant(_) => 0,
                    AssignmentChange::Revoke { .. } => 1,
                };
                let named = change.assignment();
                let set = named.assignment.permission_set.as_str();
                (rank, named.principal_name.sort_text(), set, Some(named))
            }
            Self::PermissionSet(change) => {
                let rank = match change {
                    PermissionSetChange::Create { .. } => 2,
                    PermissionSetChange::Update { .. } => 3,
                    PermissionSetChange::Provision { .. } => 4,
                    PermissionSetChange::Release { .. } => 5,
                    PermissionSetChange::Delete { .. } => 6,
                };
                (rank, change.name().as_str(), "", None)
            }
            Self::AccessControl(_) => (7, "", "", None),
            Self::Entra(change) => {
                (8, change.step.application(), change.step.group().map_or("", |(_, name)| name), None)
            }
        }
    }
}

/// A change of an account assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssignmentChange {
    /// A principal gets a permission set on an account.
    Grant(NamedAssignment),
    /// A principal loses it.
    Revoke {
        /// The assignment.
        assignment: NamedAssignment,
        /// When the call runs.
        order: RevokeOrder,
    },
}

impl AssignmentChange {
    /// The assignment that is granted or revoked.
    pub fn assignment(&self) -> &NamedAssignment {
        match self {
            Self::Grant(assignment) | Self::Revoke { assignment, order: _ } => assignment,
        }
    }
}

/// When a revocation runs, among the calls of its permission set. One of a renamed permission set also waits for its
/// replacement ([`Reason::Renamed`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeOrder {
    /// Before the set is edited, so that a wider set never reaches people who are being removed.
    BeforeEdits,
    /// After the grants of the same set in the same account: one of them replaces this assignment, and neither the
    /// access nor the role may be missing in between.
    AfterGrants,
}

/// A change of a permission set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermissionSetChange {
    /// It is created, with the owner's tag.
    Create {
        /// What it will be, the owner's tag included.
        after: Box<PermissionSet>,
    },
    /// It is edited, and provisioned where it is in use. One that is adopted gets the owner's tag.
    Update {
        /// What it is; of its tags, those that are managed.
        before: Box<PermissionSet>,
        /// What it will be.
        after: Box<PermissionSet>,
        /// Every difference between the two.
        differences: Vec<Difference>,
        /// Where the edited set is provisioned.
        provision: Provisioning,
    },
    /// It is provisioned in accounts that have an older version of it.
    Provision {
        /// The set.
        permission_set: PermissionSetName,
        /// Where.
        provision: Provisioning,
    },
    /// The stack's tag is removed; the set and its assignments stay.
    Release {
        /// The set.
        permission_set: PermissionSetName,
    },
    /// It belongs to this stack, the configuration no longer names it, and it is deleted.
    Delete {
        /// What it is.
        before: Box<PermissionSet>,
    },
}

impl PermissionSetChange {
    /// The name of the set.
    pub fn name(&self) -> &PermissionSetName {
        match self {
            Self::Create { after } | Self::Update { after, .. } => &after.name,
            Self::Provision { permission_set, .. } | Self::Release { permission_set } => permission_set,
            Self::Delete { before } => &before.name,
        }
    }

    /// Where the set is provisioned by this change.
    pub fn provisioning(&self) -> Option<&Provisioning> {
        match self {
            Self::Update { provision, .. } | Self::Provision { provision, .. } => Some(provision),
            Self::Create { .. } | Self::Release { .. } | Self::Delete { .. } => None,
        }
    }
}

/// A change of the attributes for access control: all of them are set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessControlChange {
    /// The source of each attribute that there is, by key; `None` where the feature is off.
    pub before: Option<BTreeMap<String, String>>,
    /// The source of each attribute that there will be, by key.
    pub after: BTreeMap<String, String>,
}

/// A change in Entra ID: one step, with what was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntraChange {
    /// The directory id of the tenant.
    pub tenant: String,
    /// The application's service principal; `None` where the application is still to be created.
    pub service_principal: Option<ObjectId>,
    /// The step; its fields are the whole after.
    pub step: EntraOperation,
    /// The current state; `null` if there is none.
    pub before: Value,
    /// For an unassigned group: its account assignments, on permission sets of any owner. AWS removes them with it.
    pub lost: Vec<NamedAssignment>,
    /// For a provisioned group: whether grants wait for it.
    pub is_awaited: bool,
}

/// The accounts in which a permission set is provisioned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provisioning {
    /// The accounts that need it, sorted. Where there are none, nothing is provisioned.
    pub accounts: Vec<AccountId>,
    /// The API calls to use.
    pub calls: ProvisionCalls,
}

/// The API calls that provision a permission set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ProvisionCalls {
    /// One call for each account.
    #[default]
    PerAccount,
    /// One call for every account in which the set is provisioned.
    Everywhere {
        /// Those accounts, sorted: AWS provisions all of them, even those with the current version.
        provisioned: Vec<AccountId>,
    },
}

/// Why something changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The configuration declares it.
    Declared {
        /// The last day, for an assignment with an end.
        until: Option<Date>,
        /// The text of `reason`.
        note: Option<String>,
    },
    /// Not in the configuration: no `assign` grants the assignment.
    Undeclared,
    /// The `until` of the assignment has passed.
    Expired {
        /// Its last day.
        until: Date,
    },
    /// The principal no longer exists.
    Orphan,
    /// The permission set is deleted with its assignments.
    PermissionSetDropped,
    /// A permission set with another name replaces it (`renamed-from`).
    Renamed {
        /// The new name.
        to: PermissionSetName,
    },
    /// The stack takes over a set that no stack owns (`adopt`).
    Adopted,
    /// The stack releases a permission set (`release-permission-set`).
    Released,
    /// Some accounts have an older version of the permission set.
    Outdated,
}
