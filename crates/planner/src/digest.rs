//! What identifies the changes of a plan: what was reviewed on Monday is what is merged on Tuesday, unless the changes
//! themselves differ.

use std::collections::BTreeMap;
use std::fmt;

use rolecall_model::{
    AccountId, Date, EntraOperation, ObjectId, PermissionSet, PermissionSetName, StackName,
};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::plan::{Action, Change, EntraChange, Provisioning, Reason};

/// A whole SHA-256, in lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Digest(String);

impl Digest {
    /// All 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 digits, for people. Approvals compare all of them.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What the digest covers: instance, stack, and each change with all its ids, whole before and whole after. No names
/// that only help reading, no places in files, no prose, no date of the plan.
#[derive(Serialize)]
struct Covered<'a> {
    instance: &'a str,
    stack: &'a StackName,
    changes: Vec<CoveredChange<'a>>,
}

/// A date with an end is covered because it is what the approver allows: access until then.
#[derive(Serialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
enum CoveredChange<'a> {
    Grant {
        set: &'a PermissionSetName,
        account: AccountId,
        principal: &'a str,
        until: Option<Date>,
    },
    /// What takes its place is covered: such a row goes only once the other is there.
    Revoke {
        set: &'a PermissionSetName,
        account: AccountId,
        principal: &'a str,
        replaced_by: Option<&'a PermissionSetName>,
    },
    Create {
        after: &'a PermissionSet,
    },
    Update {
        before: &'a PermissionSet,
        after: &'a PermissionSet,
        accounts: &'a [AccountId],
    },
    Provision {
        set: &'a PermissionSetName,
        accounts: &'a [AccountId],
    },
    Release {
        set: &'a PermissionSetName,
    },
    Delete {
        before: &'a PermissionSet,
    },
    /// The tenant and the application by their ids, whatever they are called; of a group that is provisioned, not its
    /// members, who may change any time; and what goes with one that is unassigned.
    Entra {
        tenant: &'a str,
        service_principal: Option<&'a ObjectId>,
        before: &'a Value,
        step: Box<EntraOperation>,
        rows: Vec<(&'a PermissionSetName, AccountId, &'a str)>,
    },
    SetAccessControl {
        before: Option<&'a BTreeMap<String, String>>,
        after: &'a BTreeMap<String, String>,
    },
}

/// The digest of sorted changes.
pub(crate) fn digest(instance: &str, stack: &StackName, changes: &[Change]) -> Digest {
    let mut covered: Vec<(String, CoveredChange<'_>)> = Vec::with_capacity(changes.len());
    for change in changes {
        let one = covered_change(change);
        covered.push((serde_json::to_string(&one).unwrap_or_default(), one));
    }
    // Sorted by what is covered itself: the order in which a plan is shown follows names, which are not covered.
    covered.sort_by(|(a, _), (b, _)| a.cmp(b));
    let changes = covered.into_iter().map(|(_, change)| change).collect();
    // Plain data with text keys has no way to fail to become JSON.
    let bytes = serde_json::to_vec(&Covered { instance, stack, changes }).unwrap_or_default();
    let hash = Sha256::digest(&bytes);
    Digest(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn covered_step(change: &EntraChange) -> CoveredChange<'_> {
    let EntraChange { tenant, service_principal, step, before, rows, is_awaited: _ } = change;
    let mut step = step.clone();
    if let EntraOperation::ProvisionGroup { members, .. } = &mut step {
        members.clear();
    }
    CoveredChange::Entra {
        tenant,
        service_principal: service_principal.as_ref(),
        before,
        step: Box::new(step),
        rows: rows
            .iter()
            .map(|one| {
                let assignment = &one.assignment;
                (&assignment.permission_set, assignment.account, assignment.principal.id())
            })
            .collect(),
    }
}

fn covered_change(change: &Change) -> CoveredChange<'_> {
    let Change { action, reason, written: _ } = change;
    match action {
        Action::Grant(row) => CoveredChange::Grant {
            set: &row.assignment.permission_set,
            account: row.assignment.account,
            principal: row.assignment.principal.id(),
            until: match reason {
                Reason::Declared { until, note: _ } => *until,
                Reason::Undeclared
                | Reason::Expired { .. }
                | Reason::Orphan
                | Reason::PermissionSetDropped
                | Reason::Renamed { .. }
                | Reason::Adopted
                | Reason::Released
                | Reason::Outdated => None,
            },
        },
        Action::Revoke(row) => CoveredChange::Revoke {
            set: &row.assignment.permission_set,
            account: row.assignment.account,
            principal: row.assignment.principal.id(),
            replaced_by: if let Reason::Renamed { to } = reason { Some(to) } else { None },
        },
        Action::CreatePermissionSet { after } => CoveredChange::Create { after },
        Action::UpdatePermissionSet { before, after, differences: _, provision } => {
            let Provisioning { accounts, everywhere: _ } = provision;
            CoveredChange::Update { before, after, accounts }
        }
        Action::ProvisionPermissionSet { permission_set, provision } => {
            CoveredChange::Provision { set: permission_set, accounts: &provision.accounts }
        }
        Action::ReleasePermissionSet { permission_set } => CoveredChange::Release { set: permission_set },
        Action::DeletePermissionSet { before } => CoveredChange::Delete { before },
        Action::Entra(change) => covered_step(change),
        Action::SetAccessControl { before, after } => {
            CoveredChange::SetAccessControl { before: before.as_ref(), after }
        }
    }
}
