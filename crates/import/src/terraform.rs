//! What Terraform manages: `terraform show -json` of states that hold the aws provider's resources of ssoadmin.
//!
//! The form is that of "JSON Output Format" in Terraform's documentation, major version 1; attributes are those of the
//! provider's documentation of each resource. Minor versions only add, so what is not known is passed over.

mod differences;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{AccountId, Assignment, Boundary, CustomerPolicy, GroupId, Policy, Principal, UserId};

pub(crate) use differences::differences;
pub use state::{States, TerraformError};

/// What one or several states manage of one instance; [`States`] reads it.
#[derive(Debug, Clone, Default)]
pub struct Terraform {
    sets: BTreeMap<String, ManagedSet>,
    /// By the ARN of the permission set.
    rows: BTreeMap<String, BTreeSet<Row>>,
    /// Names of groups and users that the states know, by id.
    names: BTreeMap<String, String>,
    /// The sources of each attribute for access control.
    attributes: BTreeMap<String, Vec<String>>,
}

/// A permission set that Terraform manages, as far as the states say.
#[derive(Debug, Clone, Default)]
pub(crate) struct ManagedSet {
    pub(crate) address: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) relay_state: Option<String>,
    pub(crate) managed_policies: BTreeSet<String>,
    pub(crate) customer_policies: BTreeSet<CustomerPolicy>,
    pub(crate) boundary: Option<Boundary>,
    pub(crate) inline_policy: Option<Policy>,
}

/// An account assignment of a permission set that is known from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) account: AccountId,
    pub(crate) principal: Principal,
}

impl Terraform {
    /// Whether a state manages the permission set of this ARN.
    pub(crate) fn manages(&self, set: &str) -> bool {
        self.sets.contains_key(set)
    }

    /// Whether a state assigns the permission set of this ARN to anybody.
    pub(crate) fn assigns(&self, set: &str) -> bool {
        self.rows.contains_key(set)
    }

    /// Whether a state assigns the permission set of this ARN to this principal anywhere.
    pub(crate) fn gives(&self, set: &str, principal: &Principal) -> bool {
        self.rows.get(set).is_some_and(|rows| rows.iter().any(|row| row.principal == *principal))
    }

    /// Whether a state holds a live row.
    pub(crate) fn holds(&self, set: &str, row: &Assignment) -> bool {
        let wanted = Row { account: row.account, principal: row.principal.clone() };
        self.rows.get(set).is_some_and(|rows| rows.contains(&wanted))
    }

    /// The permission sets that the states manage, by ARN.
    pub(crate) fn sets(&self) -> &BTreeMap<String, ManagedSet> {
        &self.sets
    }

    /// The rows that the states manage, by the ARN of their permission set.
    pub(crate) fn rows(&self) -> &BTreeMap<String, BTreeSet<Row>> {
        &self.rows
    }

    /// The attributes for access control that the states manage.
    pub(crate) fn attributes(&self) -> &BTreeMap<String, Vec<String>> {
        &self.attributes
    }

    /// What a state calls the principal of this id.
    pub(crate) fn name_of(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }
}

/// The principal of an assignment, by the type that the provider writes.
fn principal(kind: &str, id: &str) -> Option<Principal> {
    match kind {
        "GROUP" => id.parse::<GroupId>().ok().map(Principal::Group),
        "USER" => id.parse::<UserId>().ok().map(Principal::User),
        _ => None,
    }
}
