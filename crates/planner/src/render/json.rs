//! Plans as JSON: flat, versioned, with the same bytes for the same plan. Plans are also saved in this form.

use std::collections::BTreeMap;

use rolecall_model::Sources;
use serde::Serialize;
use serde_json::{Value, json};

use super::diff::line_diff;
use super::escape;
use crate::document::{ChangeDocument, Kind, PlanDocument};
use crate::plan::Plan;
use crate::plan::comparison::BaseComparison;

/// Renders a plan, and how its configuration differs from that of a base, as JSON with a line break at its end.
pub fn render(plan: &Plan, base: Option<&BaseComparison>, sources: &Sources) -> String {
    let document = PlanDocument::new(plan, base, sources);
    // Plain data with text keys has no way to fail to become JSON.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    escape::in_json(&text)
}

/// The JSON Schema of a plan, with a line break at its end.
pub fn schema() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(PlanDocument)).unwrap_or_default();
    text.push('\n');
    text
}

/// Compares the changes of two documents: one line for each change that only one of them has, and the differing lines
/// of shared changes. Places and prose are not compared, because the digest does not cover them.
pub fn difference(before: &PlanDocument, after: &PlanDocument) -> Vec<String> {
    let (before, after) = (by_subject(before), by_subject(after));
    let mut lines = Vec::new();
    for (subject, gone) in before.iter().filter(|(subject, _)| !after.contains_key(*subject)) {
        lines.push(format!("- no longer planned: {} {}", word(&gone.action), subject.3));
    }
    for (subject, new) in &after {
        match before.get(subject) {
            None => lines.push(format!("+ newly planned: {} {}", word(&new.action), subject.3)),
            Some(old) => {
                let (old, new) = (substance(old), substance(new));
                if old != new {
                    lines.push(format!("~ changed: {}", subject.3));
                    lines.extend(line_diff(&old, &new).into_iter().map(|line| format!("    {line}")));
                }
            }
        }
    }
    lines.into_iter().map(|line| escape::for_terminal(&line)).collect()
}

/// The subject of a change: permission set, account and principal, with display names.
type Subject<'d> = (&'d str, &'d str, &'d str, String);

fn by_subject(document: &PlanDocument) -> BTreeMap<Subject<'_>, &ChangeDocument> {
    let key = |change| -> Subject<'_> {
        let ChangeDocument { subject, .. }: &ChangeDocument = change;
        (
            subject.permission_set.as_deref().unwrap_or_default(),
            subject.account_id.as_deref().unwrap_or_default(),
            subject.principal_id.as_deref().unwrap_or_default(),
            in_words(change),
        )
    };
    document.changes.iter().map(|change| (key(change), change)).collect()
}

/// Formats the subject of a change for display.
fn in_words(change: &ChangeDocument) -> String {
    let subject = &change.subject;
    let account = subject
        .account_id
        .as_ref()
        .map(|id| format!("{} ({id})", subject.account_name.as_deref().unwrap_or_default()));
    let principal = subject.principal_label.as_ref().or(subject.principal_name.as_ref());
    let principal = principal.or(subject.principal_id.as_ref()).cloned();
    let what = match (&subject.permission_set, change.kind) {
        (Some(set), _) => set.clone(),
        (None, Kind::Entra) => format!("{} in Entra ID", word(&change.action)),
        (None, Kind::AccountAssignment | Kind::PermissionSet | Kind::AccessControlAttributes) => {
            "attributes for access control".to_owned()
        }
    };
    let parts = [principal, Some(what), account];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

/// Returns a word of the document as spelled in JSON.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

/// Formats what the digest covers of a change, on several lines.
fn substance(change: &ChangeDocument) -> String {
    let ChangeDocument { action, before, after, provisions, until, .. } = change;
    let covered = json!({
        "action": action, "before": before, "after": after, "provisions": provisions, "until": until,
    });
    format!("{covered:#}")
}
