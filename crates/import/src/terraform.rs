//! What Terraform manages: `terraform show -json` of states with ssoadmin resources of the aws provider.
//!
//! The format is "JSON Output Format" in Terraform's documentation, major version 1; attributes are those of the
//! provider's documentation of each resource. Minor versions only add, so unknown fields are ignored.

mod differences;
mod state;

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{AccountId, Assignment, Boundary, CustomerPolicy, GroupId, Policy, Principal, UserId};

pub(crate) use differences::differences;
pub use state::{States, TerraformError};

/// What one or several states manage in one instance; [`States`] reads it.
#[derive(Debug, Clone, Default)]
pub struct Terraform {
    sets: BTreeMap<String, ManagedSet>,
    /// By the ARN of the permission set.
    rows: BTreeMap<String, BTreeSet<Row>>,
    /// Names of groups and users in the states, by ID.
    names: BTreeMap<String, String>,
    /// The sources of each attribute for access control.
    attributes: BTreeMap<String, Vec<String>>,
    /// The addresses of resources that Terraform marked to be replaced.
    tainted: BTreeSet<String>,
    /// The addresses of ssoadmin resources that are not read, by type.
    passed_over: BTreeMap<String, BTreeSet<String>>,
}

/// A permission set that Terraform manages, as described by the states.
#[derive(Debug, Clone)]
pub(crate) struct ManagedSet {
    pub(crate) address: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) relay_state: Option<String>,
    pub(crate) attached: Attached,
}

/// The parts of a permission set that resources of their own describe.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attached {
    pub(crate) managed_policies: BTreeSet<String>,
    pub(crate) customer_policies: BTreeSet<CustomerPolicy>,
    pub(crate) boundary: Option<Boundary>,
    pub(crate) inline_policy: Option<Policy>,
}

/// An account assignment of a known permission set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) account: AccountId,
    pub(crate) principal: Principal,
}

impl Terraform {
    /// Returns whether a state manages the permission set of this ARN.
    pub(crate) fn manages(&self, set: &str) -> bool {
        self.sets.contains_key(set)
    }

    /// Returns whether a state assigns the permission set of this ARN to anyone.
    pub(crate) fn assigns(&self, set: &str) -> bool {
        self.rows.contains_key(set)
    }

    /// Returns whether a state assigns the permission set of this ARN to this principal anywhere.
    pub(crate) fn gives(&self, set: &str, principal: &Principal) -> bool {
        self.rows.get(set).is_some_and(|rows| rows.iter().any(|row| row.principal == *principal))
    }

    /// Returns whether a state contains a live assignment.
    pub(crate) fn holds(&self, set: &str, row: &Assignment) -> bool {
        let wanted = Row { account: row.account, principal: row.principal.clone() };
        self.rows.get(set).is_some_and(|rows| rows.contains(&wanted))
    }

    /// Returns the permission sets that the states manage, by ARN.
    pub(crate) fn sets(&self) -> &BTreeMap<String, ManagedSet> {
        &self.sets
    }

    /// Returns the assignments that the states manage, by the ARN of their permission set.
    pub(crate) fn rows(&self) -> &BTreeMap<String, BTreeSet<Row>> {
        &self.rows
    }

    /// Returns the attributes for access control that the states manage.
    pub(crate) fn attributes(&self) -> &BTreeMap<String, Vec<String>> {
        &self.attributes
    }

    /// Returns the addresses of resources that Terraform marked to be replaced.
    pub(crate) fn tainted(&self) -> &BTreeSet<String> {
        &self.tainted
    }

    /// Returns the addresses of ssoadmin resources that are not read, by type.
    pub(crate) fn passed_over(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.passed_over
    }

    /// Returns the name that a state has for the principal of this ID.
    pub(crate) fn name_of(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }
}

/// Returns the principal of an assignment, by the type that the provider writes.
fn principal(kind: &str, id: &str) -> Option<Principal> {
    match kind {
        "GROUP" => id.parse::<GroupId>().ok().map(Principal::Group),
        "USER" => id.parse::<UserId>().ok().map(Principal::User),
        _ => None,
    }
}
