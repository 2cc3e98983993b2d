//! Changes of permission sets, in words and in lines.

use rolecall_model::permission_set::managed_policy_name;
use rolecall_model::{Boundary, PermissionSet};

use super::wording;
use crate::phrases;
use crate::plan::{Action, Change, PermissionSetChange, Reason};

/// The change of a permission set.
pub(crate) struct SetChange<'p> {
    pub(crate) name: &'p str,
    /// The changes, a few words each.
    pub(crate) words: Vec<String>,
    /// A shorter text if the words do not fit.
    pub(crate) short: String,
}

/// Describes the change of a permission set; `None` for other changes.
pub(crate) fn set_change(change: &Change) -> Option<SetChange<'_>> {
    let set = changed_set(change)?;
    let name = set.name().as_str();
    Some(match set {
        PermissionSetChange::Create { after } => {
            let words = grants_of(after);
            let short = match words.len() {
                1 => words[0].clone(),
                many => format!("{} and {} more", words[0], many - 1),
            };
            SetChange { name, words, short }
        }
        PermissionSetChange::Update { differences, provision, .. } => {
            let words = differences.iter().map(phrases::difference);
            let words = words.chain(Some(wording::provisioning(provision)).filter(|text| !text.is_empty()));
            let short = phrases::count(differences.len(), "difference");
            SetChange { name, words: words.collect(), short }
        }
        PermissionSetChange::Provision { permission_set: _, provision } => {
            let short = format!("outdated in {}", phrases::count(provision.accounts.len(), "account"));
            SetChange { name, words: vec![short.clone()], short }
        }
        PermissionSetChange::Release { permission_set: _ } => {
            let short = "removes the ownership tag; the permission set and its assignments stay".to_owned();
            SetChange { name, words: vec![short.clone()], short }
        }
        PermissionSetChange::Delete { before: _ } => {
            let short = match &change.reason {
                Reason::Renamed { to } => format!("renamed to {to}"),
                _ => "no longer in the configuration".to_owned(),
            };
            SetChange { name, words: vec![short.clone()], short }
        }
    })
}

fn changed_set(change: &Change) -> Option<&PermissionSetChange> {
    match &change.action {
        Action::PermissionSet(set) => Some(set),
        Action::Assignment(_) | Action::AccessControl(_) | Action::Entra(_) => None,
    }
}

/// Lists what a permission set grants.
fn grants_of(set: &PermissionSet) -> Vec<String> {
    let managed = set.managed_policies.iter().map(|arn| managed_policy_name(arn).to_owned());
    let customer = set.customer_policies.iter().map(|policy| format!("customer policy {policy}"));
    let inline = set.inline_policy.as_ref().map(|_| "inline policy".to_owned());
    let mut words: Vec<String> = managed.chain(customer).chain(inline).collect();
    if words.is_empty() {
        words.push("grants nothing".to_owned());
    }
    words.extend(set.boundary.as_ref().map(|boundary| match boundary {
        Boundary::ManagedPolicy(arn) => format!("boundary {}", managed_policy_name(arn)),
        Boundary::CustomerPolicy(policy) => format!("boundary customer policy {policy}"),
    }));
    words
}

/// Returns the differences: a few words each, and the lines before and after if the words are not enough.
pub(crate) fn differences(change: &Change) -> Vec<(String, Vec<String>)> {
    let Some(PermissionSetChange::Update { differences, .. }) = changed_set(change) else {
        return Vec::new();
    };
    let described = |difference| (phrases::difference(difference), wording::difference_lines(difference));
    differences.iter().map(described).collect()
}

/// Returns the lines of a new or deleted permission set, in full.
pub(crate) fn whole_lines(change: &Change) -> Vec<String> {
    let (set, mark) = match changed_set(change) {
        Some(PermissionSetChange::Create { after }) => (after, '+'),
        Some(PermissionSetChange::Delete { before }) => (before, '-'),
        Some(
            PermissionSetChange::Update { .. }
            | PermissionSetChange::Provision { .. }
            | PermissionSetChange::Release { .. },
        )
        | None => return Vec::new(),
    };
    // Serializing plain data with text keys cannot fail.
    let text = serde_json::to_string_pretty(set).unwrap_or_default();
    text.lines().map(|line| format!("{mark} {line}")).collect()
}
