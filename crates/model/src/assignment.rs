//! Account assignments: one principal, one permission set, one account.

use serde::{Deserialize, Serialize};

use crate::identity::{AccountId, GroupId, ObjectId, PermissionSetName, UserId};

/// Who gets access. Groups come before users in every order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Principal {
    /// A group of the Identity Store.
    Group(GroupId),
    /// A group of Entra ID, by its object id, that is not in the Identity Store yet. It is granted access only once
    /// provisioning has brought it there. Live rows never have one.
    NewGroup(ObjectId),
    /// A user of the Identity Store.
    User(UserId),
}

impl Principal {
    /// The raw id, as AWS takes it beside a principal type; of a new group, the object id.
    pub fn id(&self) -> &str {
        match self {
            Self::Group(id) => id.as_str(),
            Self::NewGroup(id) => id.as_str(),
            Self::User(id) => id.as_str(),
        }
    }

    /// Whether it is a group, and not a user.
    pub fn is_group(&self) -> bool {
        match self {
            Self::Group(_) | Self::NewGroup(_) => true,
            Self::User(_) => false,
        }
    }
}

/// One account assignment. Its three parts are its natural key; AWS gives it no id of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Assignment {
    /// The permission set, by its name.
    pub permission_set: PermissionSetName,
    /// The account on which the set is granted.
    pub account: AccountId,
    /// The group or user it is granted to.
    pub principal: Principal,
}
