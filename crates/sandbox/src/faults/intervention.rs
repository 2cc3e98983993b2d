//! What others do to the world while a client is at work, as plain data.

use std::collections::BTreeSet;
use std::time::Duration;

use rolecall_model::{AccountId, Assignment, GroupId, ObjectId, PermissionSet, PermissionSetName};

/// Something that happens once, whatever the client does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intervention {
    /// When.
    pub when: When,
    /// What.
    pub deed: Deed,
}

/// When an intervention happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Just before the request of that number, counted over all services from 1.
    Request(u64),
    /// So long after the sandbox's start.
    Time(Duration),
}

/// What is done in an intervention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// This.
    Exactly(AdminChange),
    /// Something of this kind, drawn from what there is by then and from the plan's seed. Nothing, where there is
    /// nothing of the kind to do within the plan's scope.
    Drawn(ChangeKind),
}

/// A change that does not come from the client. It takes effect at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdminChange {
    /// An assignment is made.
    Grant(Assignment),
    /// An assignment ends.
    Revoke(Assignment),
    /// The permission set of this name is from now on what is given here. It is not provisioned, so every account that
    /// has it is outdated.
    Edit(Box<PermissionSet>),
    /// A permission set gets a tag, or another value of it.
    Tag {
        /// Which set.
        permission_set: PermissionSetName,
        /// The tag's key.
        key: String,
        /// Its value.
        value: String,
    },
    /// A permission set loses a tag.
    Untag {
        /// Which set.
        permission_set: PermissionSetName,
        /// The tag's key.
        key: String,
    },
    /// An account is suspended. What is under way in it fails.
    SuspendAccount(AccountId),
    /// A group is deleted. Its rows stay, without a group.
    DeleteGroup(GroupId),
    /// Something in the Entra tenant.
    Directory(DirectoryChange),
}

/// The kinds of changes that can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// A group gets a permission set that it does not have, in an active account.
    Grant,
    /// A group loses what it has.
    Revoke,
    /// A permission set gets another description.
    Edit,
    /// A tag whose key does not start with `rolecall:` is set.
    Tag,
    /// An active account other than the management account is suspended.
    SuspendAccount,
    /// A group is deleted.
    DeleteGroup,
}

/// What drawn changes may concern. An empty list is no restriction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The sets whose rows, attributes and tags change.
    pub permission_sets: BTreeSet<PermissionSetName>,
    /// The groups that are granted something.
    pub granted_groups: BTreeSet<GroupId>,
    /// The groups that lose something.
    pub revoked_groups: BTreeSet<GroupId>,
    /// The groups that are deleted.
    pub deleted_groups: BTreeSet<GroupId>,
    /// The accounts that are suspended.
    pub suspended_accounts: BTreeSet<AccountId>,
}

/// A change of the tenant, or of what it provisions with. What it means to the Identity Store comes with the next cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryChange {
    /// A group gets another name.
    RenameGroup {
        /// Which.
        group: ObjectId,
        /// The name.
        name: String,
    },
    /// A group is deleted, and its assignments with it.
    DeleteGroup(ObjectId),
    /// A group is deleted and made again under its name with its members; it has another id, and is not assigned.
    RecreateGroup {
        /// Which.
        group: ObjectId,
        /// The id of the new one.
        id: ObjectId,
    },
    /// A group becomes a member of another.
    Nest {
        /// Which.
        group: ObjectId,
        /// The one that it is in from now on.
        into: ObjectId,
    },
    /// A user becomes a member of a group.
    AddMember {
        /// Which group.
        group: ObjectId,
        /// Who.
        user: ObjectId,
    },
    /// A user leaves a group.
    RemoveMember {
        /// Which group.
        group: ObjectId,
        /// Who.
        user: ObjectId,
    },
    /// A group is unassigned from every application.
    Unassign(ObjectId),
    /// The SCIM token that Identity Center takes expires, and is replaced there.
    ExpireScimToken {
        /// The one that is taken from now on.
        renewed: String,
    },
    /// All jobs that run go into quarantine.
    Quarantine,
}
