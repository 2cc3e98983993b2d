//! A plan for programs: flat, versioned, the same bytes for the same plan. It is also the form in which a plan is
//! saved. `docs/plan.schema.json` is made from these types.

use std::collections::BTreeMap;

use rolecall_model::{Diagnostic, PermissionSet, Severity, Sources};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::comparison_document::{self, BaseDocument};
use super::{escape, wording};
use crate::plan::{
    Action, Blocked, BlockedAction, Change, Plan, Provisioning, Reason, Row, Temporary, Violation, Written,
};
use crate::principals::PrincipalName;

/// A plan. Fields are only ever added within a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanDocument {
    /// Always `rolecall-plan`.
    pub format: String,
    /// The version of this form: 1.
    pub version: u32,
    /// The stack whose files were planned.
    pub stack: String,
    /// The ARN of the Identity Center instance.
    pub instance_arn: String,
    /// The instance's primary Region.
    pub region: String,
    /// What the plan was made from: `live`, `sandbox` or `snapshot`. Only a plan of the same source can be applied.
    pub source: String,
    /// The day for which expiry was judged, `YYYY-MM-DD`, UTC.
    pub as_of: String,
    /// Whether that day was given with `--as-of`; such a plan cannot be applied.
    pub as_of_given: bool,
    /// SHA-256 over instance, stack and changes: what `apply --approved` takes.
    pub digest: String,
    /// How many changes of each kind.
    pub counts: Counts,
    /// How long an apply would take at AWS's limits, in seconds.
    pub estimate_seconds: u64,
    /// What would change.
    pub changes: Vec<ChangeDocument>,
    /// What is left alone for now.
    pub blocked: Vec<BlockedDocument>,
    /// Grants that are withheld as possible rebinds.
    pub possible_rebinds: Vec<RebindDocument>,
    /// Assignments with an end that stand.
    pub temporary: Vec<TemporaryDocument>,
    /// Accounts that are not active.
    pub skipped_accounts: Vec<SkippedAccountDocument>,
    /// Rows of others on external permission sets.
    pub unmanaged: Vec<UnmanagedDocument>,
    /// Permission sets in which users, and groups that are gone, were not looked for where a group has access too.
    pub read_by_principal: Vec<String>,
    /// How the files differ from those of a base; absent without `--base`. Outside the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseDocument>,
    /// Warnings.
    pub findings: Vec<FindingDocument>,
    /// Guards that stop the plan.
    pub guard_violations: Vec<FindingDocument>,
}

/// How many changes of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Counts {
    /// Account assignments to create.
    pub assign: usize,
    /// Account assignments to delete.
    pub revoke: usize,
    /// Permission sets to create.
    pub create: usize,
    /// Permission sets to change.
    pub update: usize,
    /// Permission sets to carry to accounts that hold an older version.
    pub provision: usize,
    /// Permission sets to delete.
    pub delete: usize,
}

/// One change. Fields that do not concern its kind are absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeDocument {
    /// `assign`, `revoke`, `create`, `update`, `provision` or `delete`.
    pub action: String,
    /// `account-assignment` or `permission-set`.
    pub kind: String,
    /// The permission set's name.
    pub permission_set: String,
    /// The account's 12-digit id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The account's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// `GROUP` or `USER`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_type: Option<String>,
    /// The principal's id in the Identity Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
    /// The group's display name or the user's name; absent for a principal that no longer exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_name: Option<String>,
    /// How the files call the group; absent where they do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_label: Option<String>,
    /// The whole before; `null` where there is none.
    pub before: Value,
    /// The whole after; `null` where there is none.
    pub after: Value,
    /// The accounts to which a permission set is carried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provisions: Vec<String>,
    /// `declared`, `undeclared`, `expired`, `orphan`, `permission-set-dropped` or `outdated`.
    pub reason: String,
    /// The last day of an assignment with an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The text of `reason` in the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The file that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// A change that is left alone for now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockedDocument {
    /// What would have been done; its `before` and `after` are `null` for a permission set.
    pub change: RowDocument,
    /// Why it is not.
    pub cause: String,
}

/// A row or a permission set, without before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowDocument {
    /// As in a change.
    pub action: String,
    /// As in a change.
    pub permission_set: String,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_name: Option<String>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_label: Option<String>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// A possible rebind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RebindDocument {
    /// The grant that is withheld.
    pub grant: RowDocument,
    /// The rows of groups that are gone.
    pub orphans: Vec<RowDocument>,
    /// Whether those rows are the stack's, and wait with the grant; on an external permission set they are others'.
    pub orphans_are_ours: bool,
}

/// An assignment with an end that stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemporaryDocument {
    /// Its last day, `YYYY-MM-DD`, inclusive, UTC.
    pub until: String,
    /// Days left after the plan's day.
    pub days_left: i32,
    /// How many rows it makes.
    pub rows: usize,
    /// Whom it names.
    pub principals: Vec<String>,
    /// Which permission sets.
    pub permission_sets: Vec<String>,
    /// The text of `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Its file.
    pub file: String,
    /// Its line.
    pub line: u32,
}

/// An account that is skipped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SkippedAccountDocument {
    /// Its id.
    pub account_id: String,
    /// Its name.
    pub account_name: String,
    /// Its state, as Organizations spells it.
    pub state: String,
    /// How many live rows of ours stay on it.
    pub rows: usize,
}

/// Rows of others on an external permission set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnmanagedDocument {
    /// The set.
    pub permission_set: String,
    /// How many rows.
    pub rows: usize,
}

/// A warning, or a guard that stops the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindingDocument {
    /// The code that `rolecall explain` knows.
    pub code: String,
    /// `error` or `warning`.
    pub severity: String,
    /// One sentence.
    pub message: String,
    /// The way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl PlanDocument {
    /// The value of `format`.
    pub const FORMAT: &'static str = "rolecall-plan";
    /// The version that this program reads and writes.
    pub const VERSION: u32 = 1;
}

/// The document of a plan.
pub fn document(plan: &Plan, sources: &Sources) -> PlanDocument {
    let changes: Vec<ChangeDocument> = plan.changes.iter().map(change).collect();
    let number = |action: &str| changes.iter().filter(|change| change.action == action).count();
    let counts = Counts {
        assign: number("assign"),
        revoke: number("revoke"),
        create: number("create"),
        update: number("update"),
        provision: number("provision"),
        delete: number("delete"),
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
        let parts = [principal, Some(change.permission_set.clone()), account];
        parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
    };
    let key = |change| -> Subject<'_> {
        let ChangeDocument { permission_set, account_id, principal_id, .. }: &ChangeDocument = change;
        let (account, principal) = (account_id.as_deref(), principal_id.as_deref());
        (permission_set, account.unwrap_or_default(), principal.unwrap_or_default(), subject(change))
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
        Reason::Undeclared | Reason::Orphan | Reason::PermissionSetDropped | Reason::Outdated => (None, None),
    };
    let (before, after) = before_and_after(action);
    let row = row_of(action);
    let names = row.map(row_document_parts).unwrap_or_default();
    ChangeDocument {
        action: action_word(action).to_owned(),
        kind: if row.is_some() { "account-assignment" } else { "permission-set" }.to_owned(),
        permission_set: action.permission_set().to_string(),
        account_id: names.account_id,
        account_name: names.account_name,
        principal_type: row.map(|row| principal_type(row).to_owned()),
        principal_id: names.principal_id,
        principal_name: names.principal_name,
        principal_label: names.principal_label,
        before,
        after,
        provisions: provisions_of(action),
        reason: reason_word(reason).to_owned(),
        until,
        note,
        file: written.as_ref().map(|written| written.file.clone()),
        line: written.as_ref().map(|written| written.line),
    }
}

fn action_word(action: &Action) -> &'static str {
    match action {
        Action::UpdatePermissionSet { .. } => "update",
        Action::Grant(_)
        | Action::Revoke(_)
        | Action::CreatePermissionSet { .. }
        | Action::ProvisionPermissionSet { .. }
        | Action::DeletePermissionSet { .. } => wording::verb(action),
    }
}

fn reason_word(reason: &Reason) -> &'static str {
    match reason {
        Reason::Declared { .. } => "declared",
        Reason::Undeclared => "undeclared",
        Reason::Expired { .. } => "expired",
        Reason::Orphan => "orphan",
        Reason::PermissionSetDropped => "permission-set-dropped",
        Reason::Outdated => "outdated",
    }
}

fn row_of(action: &Action) -> Option<&Row> {
    match action {
        Action::Grant(row) | Action::Revoke(row) => Some(row),
        Action::CreatePermissionSet { .. }
        | Action::UpdatePermissionSet { .. }
        | Action::ProvisionPermissionSet { .. }
        | Action::DeletePermissionSet { .. } => None,
    }
}

fn principal_type(row: &Row) -> &'static str {
    match row.assignment.principal {
        rolecall_model::Principal::Group(_) => "GROUP",
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
        Action::ProvisionPermissionSet { .. } => (Value::Null, Value::Null),
        Action::DeletePermissionSet { before } => (whole(before), Value::Null),
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
        | Action::DeletePermissionSet { .. } => Vec::new(),
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
        file: written.map(|written| written.file.clone()),
        line: written.map(|written| written.line),
    }
}

fn blocked(blocked: &Blocked) -> BlockedDocument {
    let Blocked { action, cause, written } = blocked;
    let (word, set, row) = match action {
        BlockedAction::Grant(row) => ("assign", row.assignment.permission_set.as_str(), Some(row)),
        BlockedAction::Revoke(row) => ("revoke", row.assignment.permission_set.as_str(), Some(row)),
        BlockedAction::Update(name) => ("update", name.as_str(), None),
        BlockedAction::Provision(name) => ("provision", name.as_str(), None),
        BlockedAction::Delete(name) => ("delete", name.as_str(), None),
    };
    BlockedDocument { change: row_document(word, set, row, written.as_ref()), cause: cause.to_string() }
}

fn rebind(rebind: &crate::plan::Rebind) -> RebindDocument {
    let document = |action, row: &Row, written| {
        row_document(action, row.assignment.permission_set.as_str(), Some(row), written)
    };
    RebindDocument {
        grant: document("assign", &rebind.grant, rebind.written.as_ref()),
        orphans: rebind.orphans.iter().map(|row| document("revoke", row, None)).collect(),
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
        file: one.written.file.clone(),
        line: one.written.line,
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

fn violation(violation: &Violation) -> FindingDocument {
    let Violation { code, message, written } = violation;
    FindingDocument {
        code: code.to_string(),
        severity: "error".to_owned(),
        message: message.clone(),
        help: None,
        file: written.as_ref().map(|written| written.file.clone()),
        line: written.as_ref().map(|written| written.line),
    }
}
