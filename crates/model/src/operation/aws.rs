//! Operations in IAM Identity Center: one API call each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::assignment::{Assignment, Principal};
use crate::identity::{AccountId, PermissionSetName};
use crate::permission_set::{Boundary, CustomerPolicy, PermissionSet, SessionDuration, managed_policy_name};
use crate::policy::Policy;

/// A change in IAM Identity Center, by one API call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwsOperation {
    /// `CreatePermissionSet`, with its tags, so that a permission set always has an owner.
    CreatePermissionSet {
        /// Its name.
        permission_set: PermissionSetName,
        /// Description, session and relay state.
        attributes: Attributes,
        /// All tags, including the owner's.
        tags: BTreeMap<String, String>,
    },
    /// A change to an existing permission set.
    Edit {
        /// The set.
        permission_set: PermissionSetName,
        /// The change.
        edit: Edit,
    },
    /// `ProvisionPermissionSet`: applies an edited permission set in accounts. Asynchronous.
    Provision {
        /// The set.
        permission_set: PermissionSetName,
        /// The accounts to provision.
        target: ProvisionTarget,
    },
    /// `CreateAccountAssignment`. Asynchronous.
    CreateAssignment(Assignment),
    /// `DeleteAccountAssignment`. Asynchronous.
    DeleteAssignment(Assignment),
    /// `DeletePermissionSet`. AWS rejects it while the permission set is assigned anywhere.
    DeletePermissionSet {
        /// The set.
        permission_set: PermissionSetName,
    },
    /// Replaces the attributes for access control (ABAC) of the instance.
    SetAccessControl {
        /// The source of each attribute, by key; at most 50.
        attributes: BTreeMap<String, String>,
        /// Whether the instance has no configuration yet. It is then created with
        /// `CreateInstanceAccessControlAttributeConfiguration`, which AWS completes asynchronously; otherwise it is
        /// updated with `UpdateInstanceAccessControlAttributeConfiguration`.
        is_new: bool,
    },
}

/// The attributes that `CreatePermissionSet` and `UpdatePermissionSet` take together. An update clears the ones that
/// it omits (hashicorp/terraform-provider-aws#17411), so they are always sent as one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attributes {
    /// 1 to 700 characters, or none.
    pub description: Option<String>,
    /// The session duration.
    pub session: SessionDuration,
    /// 1 to 240 ASCII characters, or none.
    pub relay_state: Option<String>,
}

impl From<&PermissionSet> for Attributes {
    fn from(set: &PermissionSet) -> Self {
        // Destructured in full, so that no new field is forgotten.
        let PermissionSet {
            description,
            session,
            relay_state,
            name: _,
            managed_policies: _,
            customer_policies: _,
            boundary: _,
            inline_policy: _,
            tags: _,
        } = set;
        Self { description: description.clone(), session: *session, relay_state: relay_state.clone() }
    }
}

impl Attributes {
    /// Sets the attributes of a permission set to these.
    pub fn apply_to(self, set: &mut PermissionSet) {
        let Self { description, session, relay_state } = self;
        set.description = description;
        set.session = session;
        set.relay_state = relay_state;
    }
}

/// A change to one aspect of a permission set, by one API call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// `UpdatePermissionSet`.
    SetAttributes(Attributes),
    /// `TagResource`.
    Tag(BTreeMap<String, String>),
    /// `UntagResource`.
    Untag(BTreeSet<String>),
    /// `PutPermissionsBoundaryToPermissionSet`.
    PutBoundary(Boundary),
    /// `DeletePermissionsBoundaryFromPermissionSet`.
    DeleteBoundary,
    /// `DetachManagedPolicyFromPermissionSet`, by ARN.
    DetachManagedPolicy(String),
    /// `DetachCustomerManagedPolicyReferenceFromPermissionSet`.
    DetachCustomerPolicy(CustomerPolicy),
    /// `DeleteInlinePolicyFromPermissionSet`.
    DeleteInlinePolicy,
    /// `AttachManagedPolicyToPermissionSet`, by ARN.
    AttachManagedPolicy(String),
    /// `AttachCustomerManagedPolicyReferenceToPermissionSet`.
    AttachCustomerPolicy(CustomerPolicy),
    /// `PutInlinePolicyToPermissionSet`.
    PutInlinePolicy(Policy),
}

/// The accounts in which to provision a permission set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProvisionTarget {
    /// `ALL_PROVISIONED_ACCOUNTS`. AWS accepts it for up to 3,500 accounts.
    AllProvisionedAccounts,
    /// `AWS_ACCOUNT`: only this account.
    Account(AccountId),
}

impl AwsOperation {
    /// Returns the permission set that the operation concerns; `None` if it concerns the instance itself.
    pub fn permission_set(&self) -> Option<&PermissionSetName> {
        match self {
            Self::CreatePermissionSet { permission_set, .. }
            | Self::Edit { permission_set, .. }
            | Self::Provision { permission_set, .. }
            | Self::DeletePermissionSet { permission_set } => Some(permission_set),
            Self::CreateAssignment(assignment) | Self::DeleteAssignment(assignment) => {
                Some(&assignment.permission_set)
            }
            Self::SetAccessControl { .. } => None,
        }
    }

    /// Returns the assignment that the operation creates or deletes, if any.
    pub fn assignment(&self) -> Option<&Assignment> {
        match self {
            Self::CreateAssignment(assignment) | Self::DeleteAssignment(assignment) => Some(assignment),
            Self::CreatePermissionSet { .. }
            | Self::Edit { .. }
            | Self::Provision { .. }
            | Self::DeletePermissionSet { .. }
            | Self::SetAccessControl { .. } => None,
        }
    }

    /// Returns the name of the API call as CloudTrail spells it.
    pub fn api_name(&self) -> &'static str {
        match self {
            Self::CreatePermissionSet { .. } => "CreatePermissionSet",
            Self::Edit { edit, .. } => edit.api_name(),
            Self::Provision { .. } => "ProvisionPermissionSet",
            Self::CreateAssignment(_) => "CreateAccountAssignment",
            Self::DeleteAssignment(_) => "DeleteAccountAssignment",
            Self::DeletePermissionSet { .. } => "DeletePermissionSet",
            Self::SetAccessControl { is_new: true, .. } => {
                "CreateInstanceAccessControlAttributeConfiguration"
            }
            Self::SetAccessControl { is_new: false, .. } => {
                "UpdateInstanceAccessControlAttributeConfiguration"
            }
        }
    }
}

impl Edit {
    /// Returns the name of the API call.
    pub fn api_name(&self) -> &'static str {
        match self {
            Self::SetAttributes(_) => "UpdatePermissionSet",
            Self::Tag(_) => "TagResource",
            Self::Untag(_) => "UntagResource",
            Self::PutBoundary(_) => "PutPermissionsBoundaryToPermissionSet",
            Self::DeleteBoundary => "DeletePermissionsBoundaryFromPermissionSet",
            Self::DetachManagedPolicy(_) => "DetachManagedPolicyFromPermissionSet",
            Self::DetachCustomerPolicy(_) => "DetachCustomerManagedPolicyReferenceFromPermissionSet",
            Self::DeleteInlinePolicy => "DeleteInlinePolicyFromPermissionSet",
            Self::AttachManagedPolicy(_) => "AttachManagedPolicyToPermissionSet",
            Self::AttachCustomerPolicy(_) => "AttachCustomerManagedPolicyReferenceToPermissionSet",
            Self::PutInlinePolicy(_) => "PutInlinePolicyToPermissionSet",
        }
    }
}

impl fmt::Display for AwsOperation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.api_name())?;
        if let Some(name) = self.permission_set() {
            write!(formatter, " {name}")?;
        }
        match self {
            Self::CreatePermissionSet { .. } | Self::DeletePermissionSet { .. } => Ok(()),
            Self::Edit { edit, .. } => match edit {
                Edit::AttachManagedPolicy(arn) | Edit::DetachManagedPolicy(arn) => {
                    write!(formatter, " {}", managed_policy_name(arn))
                }
                Edit::AttachCustomerPolicy(policy) | Edit::DetachCustomerPolicy(policy) => {
                    write!(formatter, " {policy}")
                }
                Edit::PutBoundary(Boundary::ManagedPolicy(arn)) => {
                    write!(formatter, " {}", managed_policy_name(arn))
                }
                Edit::PutBoundary(Boundary::CustomerPolicy(policy)) => write!(formatter, " {policy}"),
                Edit::Tag(tags) => {
                    tags.iter().try_for_each(|(key, value)| write!(formatter, " {key}={value}"))
                }
                Edit::Untag(keys) => keys.iter().try_for_each(|key| write!(formatter, " {key}")),
                Edit::SetAttributes(_)
                | Edit::DeleteBoundary
                | Edit::DeleteInlinePolicy
                | Edit::PutInlinePolicy(_) => Ok(()),
            },
            Self::Provision { target: ProvisionTarget::AllProvisionedAccounts, .. } => {
                formatter.write_str(" everywhere")
            }
            Self::Provision { target: ProvisionTarget::Account(account), .. } => {
                write!(formatter, " {account}")
            }
            Self::CreateAssignment(assignment) | Self::DeleteAssignment(assignment) => {
                match &assignment.principal {
                    Principal::Group(id) => write!(formatter, " {} group {id}", assignment.account),
                    Principal::NewGroup(id) => write!(formatter, " {} new group {id}", assignment.account),
                    Principal::User(id) => write!(formatter, " {} user {id}", assignment.account),
                }
            }
            Self::SetAccessControl { attributes, is_new: _ } => {
                attributes.iter().try_for_each(|(key, source)| write!(formatter, " {key}={source}"))
            }
        }
    }
}
