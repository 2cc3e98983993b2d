//! The digest that identifies the changes of a plan: a plan reviewed on Monday equals the plan merged on Tuesday unless
//! the changes differ.
//!
//! The digest is defined over the JSON document, so that anyone can compute it from a saved plan. It is the SHA-256 of
//! canonical JSON (keys sorted, no white space, only the escapes that JSON requires) of
//! `{"absentMeansEmpty": […], "changes": […], "instanceArn": …, "stack": …}`, without the first member if it is empty,
//! where each change holds the fields of [`Covered`] as they are in the document, absent ones left out, and the changes
//! are sorted by their own canonical JSON. Display names, places, prose and the date of the plan are not covered.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rolecall_model::{Assignment, StackName};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::document::{
    ActionWord, ChangeDocument, Kind, PlanDocument, SubjectDocument, action_word, before_and_after, kind,
};
use crate::plan::{Action, AssignmentChange, Change, Digest, Provisioning, Reason};

/// The fields of a change that the digest covers, in canonical order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Covered<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<Cow<'a, str>>,
    action: ActionWord,
    /// For a provisioned group, without its members, who may change at any time.
    after: Cow<'a, Value>,
    before: Cow<'a, Value>,
    kind: Kind,
    /// Assignments that AWS removes with an unassigned group.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lost: Vec<CoveredAssignment<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permission_set: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    provisions: Vec<Cow<'a, str>>,
    /// The replacement of an assignment of a renamed set, which is revoked only after its replacement is granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    renamed_to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_principal_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<&'a str>,
    /// For grants only: the end is part of what the approver allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Cow<'a, str>>,
}

/// The natural key of an assignment.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CoveredAssignment<'a> {
    account_id: Cow<'a, str>,
    permission_set: &'a str,
    principal_id: &'a str,
}

/// Computes the digest of changes.
pub(crate) fn digest(
    instance_arn: &str,
    stack: &StackName,
    absent_means_empty: &BTreeSet<String>,
    changes: &[Change],
) -> Digest {
    hash(instance_arn, stack.as_str(), absent_means_empty, changes.iter().map(of_change))
}

impl PlanDocument {
    /// Recomputes the digest of the changes in the document. For an intact document, it equals the digest that the
    /// document states.
    pub fn compute_digest(&self) -> Digest {
        hash(&self.instance_arn, &self.stack, &self.absent_means_empty, self.changes.iter().map(of_document))
    }
}

fn hash<'a>(
    instance_arn: &str,
    stack: &str,
    absent_means_empty: &BTreeSet<String>,
    changes: impl Iterator<Item = Covered<'a>>,
) -> Digest {
    // Serializing plain data with text keys cannot fail.
    let mut changes: Vec<String> =
        changes.map(|covered| serde_json::to_string(&covered).unwrap_or_default()).collect();
    changes.sort();
    let mut hasher = Sha256::new();
    hasher.update("{");
    if !absent_means_empty.is_empty() {
        let operations = serde_json::to_string(absent_means_empty).unwrap_or_default();
        hasher.update(format!("\"absentMeansEmpty\":{operations},"));
    }
    hasher.update("\"changes\":[");
    for (at, change) in changes.iter().enumerate() {
        if at > 0 {
            hasher.update(",");
        }
        hasher.update(change);
    }
    let text = |value: &str| serde_json::to_string(value).unwrap_or_default();
    hasher.update(format!("],\"instanceArn\":{},\"stack\":{}}}", text(instance_arn), text(stack)));
    Digest::of_bytes(hasher.finalize().into())
}

fn of_change(change: &Change) -> Covered<'_> {
    let Change { action, reason, written: _ } = change;
    let (before, after) = before_and_after(action);
    let mut covered = Covered {
        account_id: None,
        action: action_word(change),
        after: Cow::Owned(after),
        before: Cow::Owned(before),
        kind: kind(action),
        lost: change.lost_with_group().iter().map(|lost| key(&lost.assignment)).collect(),
        permission_set: action.permission_set().map(|name| name.as_str()),
        principal_id: None,
        provisions: Vec::new(),
        renamed_to: if let Reason::Renamed { to } = reason { Some(to.as_str()) } else { None },
        service_principal_id: None,
        tenant_id: None,
        until: None,
    };
    match action {
        Action::Assignment(change) => {
            let Assignment { permission_set: _, account, principal } = &change.assignment().assignment;
            covered.account_id = Some(account.to_string().into());
            covered.principal_id = Some(principal.id());
            if let (AssignmentChange::Grant(_), Reason::Declared { until, note: _ }) = (change, reason) {
                covered.until = until.map(|until| until.to_string().into());
            }
        }
        Action::PermissionSet(change) => {
            let accounts = change.provisioning().map(|Provisioning { accounts, calls: _ }| accounts);
            covered.provisions = accounts.into_iter().flatten().map(|id| id.to_string().into()).collect();
        }
        Action::AccessControl(_) => {}
        Action::Entra(change) => {
            covered.principal_id = change.step.group().map(|(id, _)| id.as_str());
            covered.tenant_id = Some(&change.tenant);
            covered.service_principal_id = change.service_principal.as_ref().map(|id| id.as_str());
        }
    }
    covered.without_members()
}

fn of_document(change: &ChangeDocument) -> Covered<'_> {
    let ChangeDocument {
        action,
        kind,
        subject,
        tenant_id,
        service_principal_id,
        before,
        after,
        provisions,
        lost,
        reason: _,
        renamed_to,
        until,
        note: _,
        place: _,
    } = change;
    let SubjectDocument {
        permission_set,
        account_id,
        account_name: _,
        principal_type: _,
        principal_id,
        principal_name: _,
        principal_label: _,
    } = subject;
    let covered = Covered {
        account_id: account_id.as_deref().map(Cow::Borrowed),
        action: *action,
        after: Cow::Borrowed(after),
        before: Cow::Borrowed(before),
        kind: *kind,
        lost: lost.iter().map(|lost| key_of_document(&lost.subject)).collect(),
        permission_set: permission_set.as_deref(),
        principal_id: principal_id.as_deref(),
        provisions: provisions.iter().map(|id| Cow::Borrowed(id.as_str())).collect(),
        renamed_to: renamed_to.as_deref(),
        service_principal_id: service_principal_id.as_deref(),
        tenant_id: tenant_id.as_deref(),
        until: until.as_deref().filter(|_| *action == ActionWord::Assign).map(Cow::Borrowed),
    };
    covered.without_members()
}

impl Covered<'_> {
    fn without_members(mut self) -> Self {
        if self.action == ActionWord::ProvisionGroup
            && let Value::Object(step) = self.after.to_mut()
        {
            step.remove("members");
        }
        self
    }
}

fn key(assignment: &Assignment) -> CoveredAssignment<'_> {
    let Assignment { permission_set, account, principal } = assignment;
    CoveredAssignment {
        account_id: account.to_string().into(),
        permission_set: permission_set.as_str(),
        principal_id: principal.id(),
    }
}

fn key_of_document(subject: &SubjectDocument) -> CoveredAssignment<'_> {
    CoveredAssignment {
        account_id: Cow::Borrowed(subject.account_id.as_deref().unwrap_or_default()),
        permission_set: subject.permission_set.as_deref().unwrap_or_default(),
        principal_id: subject.principal_id.as_deref().unwrap_or_default(),
    }
}
