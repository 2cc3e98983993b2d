//! Changes that do not come from the client: by other administrators, the organization and the directory.

use std::collections::BTreeSet;
use std::time::Duration;

use rolecall_model::{AccountId, Assignment, GroupId, ObjectId, PermissionSet, PermissionSetName};

/// A change that occurs once, regardless of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intervention {
    /// Its time.
    pub when: When,
    /// The change.
    pub deed: Deed,
}

/// The time of an intervention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Just before the request with this number, counted over all services from 1.
    Request(u64),
    /// This long after the sandbox's start.
    Time(Duration),
}

/// The change of an intervention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// This change.
    Exactly(AdminChange),
    /// A change of this kind, drawn with the plan's seed from what is possible in its scope at that time. No change, if none
    /// is possible.
    Drawn(ChangeKind),
}

/// A change that does not come from the client. It takes effect immediately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdminChange {
    /// An assignment is created.
    Grant(Assignment),
    /// An assignment is deleted.
    Revoke(Assignment),
    /// The permission set with this name is replaced. It is not provisioned again, so every account that has it is outdated.
    Edit(Box<PermissionSet>),
    /// A tag of a permission set is set.
    Tag {
        /// The permission set.
        permission_set: PermissionSetName,
        /// The tag's key.
        key: String,
        /// Its value.
        value: String,
    },
    /// A tag of a permission set is removed.
    Untag {
        /// The permission set.
        permission_set: PermissionSetName,
        /// The tag's key.
        key: String,
    },
    /// An account is suspended. Operations in progress there fail.
    SuspendAccount(AccountId),
    /// A group is deleted. Its assignments stay.
    DeleteGroup(GroupId),
    /// A change of the Entra tenant.
    Directory(DirectoryChange),
}

/// A kind of change that can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// An assignment of a group in an active account is created.
    Grant,
    /// An assignment of a group is deleted.
    Revoke,
    /// The description of a permission set is changed.
    Edit,
    /// A tag is set whose key does not start with `rolecall:`.
    Tag,
    /// An active account other than the management account is suspended.
    SuspendAccount,
    /// A group is deleted.
    DeleteGroup,
}

/// The objects that drawn changes may concern. An empty set is no restriction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The permission sets whose assignments, attributes and tags may change.
    pub permission_sets: BTreeSet<PermissionSetName>,
    /// The groups that may gain an assignment.
    pub granted_groups: BTreeSet<GroupId>,
    /// The groups that may lose an assignment.
    pub revoked_groups: BTreeSet<GroupId>,
    /// The groups that may be deleted.
    pub deleted_groups: BTreeSet<GroupId>,
    /// The accounts that may be suspended.
    pub suspended_accounts: BTreeSet<AccountId>,
}

/// A change of the Entra tenant or its provisioning. The next cycle carries it into the Identity Store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryChange {
    /// A group is renamed.
    RenameGroup {
        /// The group.
        group: ObjectId,
        /// Its new name.
        name: String,
    },
    /// A group is deleted, with its assignments.
    DeleteGroup(ObjectId),
    /// A group is deleted and created again with its name and members. It has a new id, and is not assigned.
    RecreateGroup {
        /// The group.
        group: ObjectId,
        /// The new id.
        id: ObjectId,
    },
    /// A group becomes a member of another.
    Nest {
        /// The group.
        group: ObjectId,
        /// The group that it becomes a member of.
        into: ObjectId,
    },
    /// A user becomes a member of a group.
    AddMember {
        /// The group.
        group: ObjectId,
        /// The user.
        user: ObjectId,
    },
    /// A user is removed from a group.
    RemoveMember {
        /// The group.
        group: ObjectId,
        /// The user.
        user: ObjectId,
    },
    /// A group is unassigned from all applications.
    Unassign(ObjectId),
    /// The SCIM token expires, and Identity Center issues a new one.
    ExpireScimToken {
        /// The new token.
        renewed: String,
    },
    /// All active jobs go into quarantine.
    Quarantine,
}
