//! What happens to a permission set, in words and in lines.

use rolecall_model::permission_set::managed_policy_name;
use rolecall_model::{Boundary, PermissionSet};

use super::wording;
use crate::plan::{Action, Change, Reason};

/// The change of a permission set.
pub(crate) struct SetChange<'p> {
    pub(crate) name: &'p str,
    /// What happens, a few words each.
    pub(crate) words: Vec<String>,
    /// What stands for the words where there is no room for them.
    pub(crate) short: String,
}

/// The permission set of a change and what happens to it; `None` for a row and for what is no permission set.
pub(crate) fn set_change(change: &Change) -> Option<SetChange<'_>> {
    match &change.action {
        Action::Grant(_) | Action::Revoke(_) | Action::SetAccessControl { .. } => None,
        Action::CreatePermissionSet { after } => {
            let words = grants_of(after);
            let short = match words.len() {
                1 => words[0].clone(),
                many => format!("{} and {} more", words[0], many - 1),
            };
            Some(SetChange { name: after.name.as_str(), words, short })
        }
        Action::UpdatePermissionSet { after, differences, provision, .. } => {
            let words = differences.iter().map(wording::difference);
            let words = words.chain(Some(wording::provisioning(provision)).filter(|text| !text.is_empty()));
            let short = wording::count(differences.len(), "difference");
            Some(SetChange { name: after.name.as_str(), words: words.collect(), short })
        }
        Action::ProvisionPermissionSet { permission_set, provision } => {
            let short = format!("{} that hold an older version", wording::provisioning(provision));
            Some(SetChange { name: permission_set.as_str(), words: vec![short.clone()], short })
        }
        Action::ReleasePermissionSet { permission_set } => {
            let short = "takes the tag off; the set and its rows stay".to_owned();
            Some(SetChange { name: permission_set.as_str(), words: vec![short.clone()], short })
        }
        Action::DeletePermissionSet { before } => {
            let short = match &change.reason {
                Reason::Renamed { to } => format!("renamed to {to}"),
                _ => "no longer in the files".to_owned(),
            };
            Some(SetChange { name: before.name.as_str(), words: vec![short.clone()], short })
        }
    }
}

/// What a set grants.
fn grants_of(set: &PermissionSet) -> Vec<String> {
    let managed = set.managed_policies.iter().map(|arn| managed_policy_name(arn).to_owned());
    let customer = set.customer_policies.iter().map(|policy| format!("customer policy {policy}"));
    let inline = set.inline_policy.as_ref().map(|_| "inline policy".to_owned());
    let mut words: Vec<String> = managed.chain(customer).chain(inline).collect();
    if words.is_empty() {
        words.push("grants nothing".to_owned());
    }
    words.extend(set.boundary.as_ref().map(|boundary| match boundary {
        Boundary::ManagedPolicy(arn) => format!("within {}", managed_policy_name(arn)),
        Boundary::CustomerPolicy(policy) => format!("within customer policy {policy}"),
    }));
    words
}

/// What differs: for each difference a few words, and the lines before and after where the words do not say it.
pub(crate) fn differences(change: &Change) -> Vec<(String, Vec<String>)> {
    let Action::UpdatePermissionSet { differences, .. } = &change.action else { return Vec::new() };
    let said = |difference| (wording::difference(difference), wording::difference_lines(difference));
    differences.iter().map(said).collect()
}

/// A set that is made or deleted, whole.
pub(crate) fn whole_lines(change: &Change) -> Vec<String> {
    let (set, mark) = match &change.action {
        Action::CreatePermissionSet { after } => (after, '+'),
        Action::DeletePermissionSet { before } => (before, '-'),
        Action::Grant(_)
        | Action::Revoke(_)
        | Action::UpdatePermissionSet { .. }
        | Action::ProvisionPermissionSet { .. }
        | Action::ReleasePermissionSet { .. }
        | Action::SetAccessControl { .. } => return Vec::new(),
    };
    // Plain data with text keys has no way to fail to become JSON.
    let text = serde_json::to_string_pretty(set).unwrap_or_default();
    text.lines().map(|line| format!("{mark} {line}")).collect()
}
