//! A plan for programs: flat, versioned, the same bytes for the same plan. It is also the form in which a plan is
//! saved.

use std::collections::BTreeMap;

use rolecall_model::{Diagnostic, PermissionSet, Severity, Sources};
use serde_json::{Value, json};

use super::comparison_document;
pub use super::document::{
    BlockedDocument, ChangeDocument, Counts, FindingDocument, KeptDocument, PlanDocument, RebindDocument,
    RowDocument, SkippedAccountDocument, TemporaryDocument, UnmanagedDocument, ViolationDocument,
};
use super::{escape, wording};
use crate::plan::{
    Action, Blocked, BlockedAction, Change, EntraChange, Kept, KeptBy, Plan, Provisioning, Reason, Row,
    Temporary, Violation, Written,
};
use crate::principals::PrincipalName;

/// The document of a plan.
pub fn document(plan: &Plan, sources: &Sources) -> PlanDocument {
    let changes: Vec<ChangeDocument> = plan.changes.iter().map(change).collect();
    let number = |action: &str| changes.iter().filter(|change| change.action == action).count();
    let counts = Counts {
        assign: number("assign"),
        revoke: number("revoke"),
        create: number("create"),
        adopt: number("adopt"),
        update: number("update"),
        provision: number("provision"),
        release: number("release"),
        delete: number("delete"),
        set_attributes: number("set-attributes"),
    };
    PlanDocument {
        format: PlanDocument::FORMAT.to_owned(),
        version: PlanDocument::VERSION,
        stack: plan.stack.to_string(),
        instance_arn: plan.instance.arn.clone(),
        region: plan.instance.region.to_string(),
        source: plan.provenance.as_str().to_owned(),
        as_of: plan.as_of.to_string(),
        as_of_given: plan.as_of_given,
        digest: plan.digest.to_string(),
        counts,
        estimate_seconds: plan.estimate.seconds,
        blocked: plan.blocked.iter().map(blocked).collect(),
        possible_rebinds: plan.rebinds.iter().map(rebind).collect(),
        kept: plan.kept.iter().map(kept).collect(),
        temporary: plan.temporary.iter().map(temporary).collect(),
        skipped_accounts: plan.skipped_accounts.iter().map(skipped).collect(),
        unmanaged: plan
            .unmanaged
            .iter()
            .map(|one| UnmanagedDocument { permission_set: one.permission_set.to_string(), rows: one.rows })
            .collect(),
        read_by_principal: plan.read_by_principal.iter().map(ToString::to_string).collect(),
        base: plan.base.as_ref().map(comparison_document::base),
        findings: plan.findings.iter().map(|one| finding(one, sources)).collect(),
        guard_violations: plan.violations.iter().map(violation).collect(),
        changes,
    }
}

/// Renders a plan as JSON, with a line break at its end.
pub fn render(plan: &Plan, sources: &Sources) -> String {
    // Plain data with text keys has no way to fail to become JSON.
    let mut text = serde_json::to_string_pretty(&document(plan, sources)).unwrap_or_default();
    text.push('\n');
    escape::in_json(&text)
}

/// The JSON Schema of a plan, with a line break at its end.
pub fn schema() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(PlanDocument)).unwrap_or_default();
    text.push('\n');
    text
}

/// How two documents differ in what they would do: a line for each change that only one of them has, and the lines that
/// differ of those that both have. Files, lines and prose are not compared, as the digest does not cover them.
pub fn difference(before: &PlanDocument, after: &PlanDocument) -> Vec<String> {
    let (before, after) = (by_subject(before), by_subject(after));
    let mut lines = Vec::new();
    for (subject, gone) in before.iter().filter(|(subject, _)| !after.contains_key(*subject)) {
        lines.push(format!("- no longer: {} {}", gone.action, subject.3));
    }
    for (subject, new) in &after {
        match before.get(subject) {
            None => lines.push(format!("+ new: {} {}", new.action, subject.3)),
            Some(old) => {
                let (old, new) = (substance(old), substance(new));
                if old != new {
                    lines.push(format!("~ differs: {}", subject.3));
                    lines
                        .extend(wording::line_diff(&old, &new).into_iter().map(|line| format!("    {line}")));
                }
            }
        }
    }
    lines.into_iter().map(|line| escape::for_terminal(&line)).collect()
}

/// What a change is about: permission set, account and principal, and how people call these.
type Subject<'d> = (&'d str, &'d str, &'d str, String);

fn by_subject(document: &PlanDocument) -> BTreeMap<Subject<'_>, &ChangeDocument> {
    let subject = |change: &ChangeDocument| -> String {
        let account = change
            .account_id
            .as_ref()
            .map(|id| format!("{} ({id})", change.account_name.as_deref().unwrap_or_default()));
        let principal = change.principal_label.as_ref().or(change.principal_name.as_ref());
        let principal = principal.or(change.principal_id.as_ref()).cloned();
        let what = match (&change.permission_set, change.kind.as_str()) {
            (Some(set), _) => set.clone(),
            (None, "entra") => format!("{} in Entra ID", change.action),
            (None, _) => "attributes for access control".to_owned(),
        };
        let parts = [principal, Some(what), account];
        parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
    };
    let key = |change| -> Subject<'_> {
        let ChangeDocument { permission_set, account_id, principal_id, .. }: &ChangeDocument = change;
        let (account, principal) = (account_id.as_deref(), principal_id.as_deref());
        let set = permission_set.as_deref().unwrap_or_default();
        (set, account.unwrap_or_default(), principal.unwrap_or_default(), subject(change))
    };
    document.changes.iter().map(|change| (key(change), change)).collect()
}

/// What the digest covers of a change, on many lines.
fn substance(change: &ChangeDocument) -> String {
    let ChangeDocument { action, before, after, provisions, until, .. } = change;
    let covered = json!({
        "action": action, "before": before, "after": after, "provisions": provisions, "until": until,
    });
    format!("{covered:#}")
}

fn change(change: &Change) -> ChangeDocument {
    let Change { action, reason, written } = change;
    let (until, note) = match reason {
        Reason::Declared { until, note } => (until.map(|date| date.to_string()), note.clone()),
        Reason::Expired { until } => (Some(until.to_string()), None),
        Reason::Undeclared
        | Reason::Orphan
        | Reason::PermissionSetDropped
        | Reason::Renamed { .. }
        | Reason::Adopted
        | Reason::Released
        | Reason::Outdated => (None, None),
    };
    let (before, after) = before_and_after(action);
    let row = row_of(action);
    let names = match action {
        Action::Entra(change) => entra_parts(change),
        _ => row.map(row_document_parts).unwrap_or_default(),
    };
    ChangeDocument {
        action: action_word(change).to_owned(),
        kind: kind_word(action).to_owned(),
        permission_set: action.permission_set().map(ToString::to_string),
        account_id: names.account_id,
        account_name: names.account_name,
        principal_type: row.map(|row| principal_type(row).to_owned()),
        principal_id: names.principal_id,
        principal_name: names.principal_name,
        principal_label: names.principal_label,
        before,
        after,
        provisions: provisions_of(action),
        lost: match action {
            Action::Entra(change) => change.rows.iter().map(|row| plain_row("lose", row, None)).collect(),
            _ => Vec::new(),
        },
        reason: reason_word(reason).to_owned(),
        renamed_to: if let Reason::Renamed { to } = reason { Some(to.to_string()) } else { None },
        until,
        note,
        file: written.as_ref().map(|written| written.at.file.clone()),
        line: written.as_ref().map(|written| written.at.line),
        template_file: written.as_ref().and_then(template_file),
        template_line: written.as_ref().and_then(template_line),
    }
}

fn kind_word(action: &Action) -> &'static str {
    match action {
        Action::Grant(_) | Action::Revoke(_) => "account-assignment",
        Action::CreatePermissionSet { .. }
        | Action::UpdatePermissionSet { .. }
        | Action::ProvisionPermissionSet { .. }
        | Action::ReleasePermissionSet { .. }
        | Action::DeletePermissionSet { .. } => "permission-set",
        Action::SetAccessControl { .. } => "access-control-attributes",
        Action::Entra(_) => "entra",
    }
}

fn action_word(change: &Change) -> &'static str {
    match (&change.action, &change.reason) {
        (Action::SetAccessControl { .. }, _) => "set-attributes",
        (Action::Entra(change), _) => change.step.name().trim_start_matches("entra:"),
        (Action::UpdatePermissionSet { .. }, Reason::Declared { .. }) => "update",
        _ => wording::verb(change),
    }
}

pub(super) fn template_file(written: &Written) -> Option<String> {
    written.template.as_ref().map(|line| line.file.clone())
}

pub(super) fn template_line(written: &Written) -> Option<u32> {
    written.template.as_ref().map(|line| line.line)
}

fn reason_word(reason: &Reason) -> &'static str {
    match reason {
        Reason::Declared { .. } => "declared",
        Reason::Undeclared => "undeclared",
        Reason::Expired { .. } => "expired",
        Reason::Orphan => "orphan",
        Reason::PermissionSetDropped => "permission-set-dropped",
        Reason::Renamed { .. } => "renamed",
        Reason::Adopted => "adopted",
        Reason::Released => "released",
        Reason::Outdated => "outdated",
    }
}

fn row_of(action: &Action) -> Option<&Row> {
    match action {
        Action::Grant(row) | Action::Revoke(row) => Some(row),
        Action::CreatePermissionSet { .. }
        | Action::UpdatePermissionSet { .. }
        | Action::ProvisionPermissionSet { .. }
        | Action::ReleasePermissionSet { .. }
        | Action::DeletePermissionSet { .. }
        | Action::SetAccessControl { .. }
        | Action::Entra(_) => None,
    }
}

fn principal_type(row: &Row) -> &'static str {
    match row.assignment.principal {
        rolecall_model::Principal::Group(_) | rolecall_model::Principal::NewGroup(_) => "GROUP",
        rolecall_model::Principal::User(_) => "USER",
    }
}

fn before_and_after(action: &Action) -> (Value, Value) {
    fn whole(set: &PermissionSet) -> Value {
        serde_json::to_value(set).unwrap_or(Value::Null)
    }
    match action {
        Action::Grant(_) => (Value::Null, json!({ "assigned": true })),
        Action::Revoke(_) => (json!({ "assigned": true }), Value::Null),
        Action::CreatePermissionSet { after } => (Value::Null, whole(after)),
        Action::UpdatePermissionSet { before, after, .. } => (whole(before), whole(after)),
        Action::ProvisionPermissionSet { .. } | Action::ReleasePermissionSet { .. } => {
            (Value::Null, Value::Null)
        }
        Action::DeletePermissionSet { before } => (whole(before), Value::Null),
        Action::SetAccessControl { before, after } => (json!(before), json!(after)),
        Action::Entra(change) => (change.before.clone(), json!(change.step)),
    }
}

fn provisions_of(action: &Action) -> Vec<String> {
    match action {
        Action::UpdatePermissionSet { provision, .. } | Action::ProvisionPermissionSet { provision, .. } => {
            let Provisioning { accounts, everywhere: _ } = provision;
            accounts.iter().map(ToString::to_string).collect()
        }
        Action::Grant(_)
        | Action::Revoke(_)
        | Action::CreatePermissionSet { .. }
        | Action::ReleasePermissionSet { .. }
        | Action::DeletePermissionSet { .. }
        | Action::SetAccessControl { .. }
        | Action::Entra(_) => Vec::new(),
    }
}

/// The group that a step in Entra ID is about.
fn entra_parts(change: &EntraChange) -> RowParts {
    let group = change.step.group();
    RowParts {
        principal_id: group.map(|(id, _)| id.to_string()),
        principal_name: group.map(|(_, name)| name.to_owned()),
        ..RowParts::default()
    }
}

#[derive(Default)]
struct RowParts {
    account_id: Option<String>,
    account_name: Option<String>,
    principal_id: Option<String>,
    principal_name: Option<String>,
    principal_label: Option<String>,
}

fn row_document_parts(row: &Row) -> RowParts {
    let Row { assignment, principal_name, account_name } = row;
    let (name, label) = match principal_name {
        PrincipalName::Group { label, live_name } => (Some(live_name.clone()), label.clone()),
        PrincipalName::User(name) => (Some(name.clone()), None),
        PrincipalName::Orphan(_) => (None, None),
    };
    RowParts {
        account_id: Some(assignment.account.to_string()),
        account_name: Some(account_name.clone()),
        principal_id: Some(assignment.principal.id().to_owned()),
        principal_name: name,
        principal_label: label,
    }
}

pub(super) fn row_document(
    action: &str,
    permission_set: &str,
    row: Option<&Row>,
    written: Option<&Written>,
) -> RowDocument {
    let RowParts { account_id, account_name, principal_id, principal_name, principal_label } =
        row.map(row_document_parts).unwrap_or_default();
    RowDocument {
        action: action.to_owned(),
        permission_set: permission_set.to_owned(),
        account_id,
        account_name,
        principal_id,
        principal_name,
        principal_label,
        file: written.map(|written| written.at.file.clone()),
        line: written.map(|written| written.at.line),
        template_file: written.and_then(template_file),
        template_line: written.and_then(template_line),
    }
}

fn blocked(blocked: &Blocked) -> BlockedDocument {
    let Blocked { action, cause, written } = blocked;
    let (word, set, row) = match action {
        BlockedAction::Grant(row) => ("assign", row.assignment.permission_set.as_str(), Some(row)),
        BlockedAction::Revoke(row) => ("revoke", row.assignment.permission_set.as_str(), Some(row)),
        BlockedAction::Update(name) => ("update", name.as_str(), None),
        BlockedAction::Provision(name) => ("provision", name.as_str(), None),
        BlockedAction::Release(name) => ("release", name.as_str(), None),
        BlockedAction::Delete(name) => ("delete", name.as_str(), None),
    };
    BlockedDocument { change: row_document(word, set, row, written.as_ref()), cause: cause.to_string() }
}

fn rebind(rebind: &crate::plan::Rebind) -> RebindDocument {
    RebindDocument {
        grant: plain_row("assign", &rebind.grant, rebind.written.as_ref()),
        orphans: rebind.orphans.iter().map(|row| plain_row("revoke", row, None)).collect(),
        orphans_are_ours: rebind.orphans_are_ours,
    }
}

fn temporary(one: &Temporary) -> TemporaryDocument {
    TemporaryDocument {
        until: one.until.to_string(),
        days_left: one.days_left,
        rows: one.rows,
        principals: one.principals.clone(),
        permission_sets: one.permission_sets.iter().map(ToString::to_string).collect(),
        note: one.note.clone(),
        file: one.written.at.file.clone(),
        line: one.written.at.line,
        template_file: template_file(&one.written),
        template_line: template_line(&one.written),
    }
}

fn skipped(account: &crate::plan::SkippedAccount) -> SkippedAccountDocument {
    SkippedAccountDocument {
        account_id: account.id.to_string(),
        account_name: account.name.clone(),
        state: account.state.as_str().to_owned(),
        rows: account.rows,
    }
}

fn finding(finding: &Diagnostic, sources: &Sources) -> FindingDocument {
    let place = finding.primary.as_ref().map(|label| label.place);
    let file = place.map(|place| sources.get(place.file));
    FindingDocument {
        code: finding.code.to_string(),
        severity: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
        .to_owned(),
        message: finding.message.clone(),
        help: finding.help.clone(),
        file: file.map(|file| file.name.to_string()),
        line: place.zip(file).map(|(place, file)| file.line_and_column(place.start).0),
    }
}

fn kept(kept: &Kept) -> KeptDocument {
    let Kept { row, by, ended, written } = kept;
    let (word, until, note) = match by {
        KeptBy::Keep { until, note } => ("keep", until.map(|until| until.to_string()), note.clone()),
        KeptBy::Adopt => ("adopt", None, None),
    };
    KeptDocument {
        row: plain_row("keep", row, Some(written)),
        by: word.to_owned(),
        until,
        note,
        ended: ended.map(|date| date.to_string()),
    }
}

fn plain_row(action: &str, row: &Row, written: Option<&Written>) -> RowDocument {
    row_document(action, row.assignment.permission_set.as_str(), Some(row), written)
}

fn violation(violation: &Violation) -> ViolationDocument {
    let Violation { code, message, rows, written } = violation;
    ViolationDocument {
        code: code.to_string(),
        message: message.clone(),
        rows: rows.iter().map(|row| plain_row("stop", row, None)).collect(),
        file: written.as_ref().map(|written| written.at.file.clone()),
        line: written.as_ref().map(|written| written.at.line),
    }
}
