//! Phrases that stages and renderers share.

use rolecall_model::entra::PolicyState;
use rolecall_model::permission_set::managed_policy_name;

use crate::plan::{Difference, NamedAssignment};

/// Number of subjects that a finding lists by name.
pub(crate) const NAMED: usize = 3;

/// Formats a rough duration: `under a minute`, `about 2 min`, `about 1 h 5 min`.
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => "under a minute".to_owned(),
        60..3_600 => format!("about {} min", seconds.div_ceil(60)),
        _ => format!("about {} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// Formats a number with its noun: `1 account`, `2 accounts`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Lists the first few names, and how many more there are.
pub(crate) fn some_of<T: ToString>(names: impl ExactSizeIterator<Item = T>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let shown: Vec<String> = names.take(NAMED).map(|name| name.to_string()).collect();
    let shown = shown.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// Formats the account of an assignment: its name and its id.
pub(crate) fn account(named: &NamedAssignment) -> String {
    format!("{} ({})", named.account_name, named.assignment.account)
}

/// Formats an assignment on one line, for reports of its outcome.
pub fn assignment(named: &NamedAssignment) -> String {
    format!("{}  {}  {}", named.principal_name, named.assignment.permission_set, account(named))
}

/// Describes a difference in a few words.
pub(crate) fn difference(difference: &Difference) -> String {
    fn optional<T>(what: &str, before: Option<&T>, after: Option<&T>) -> String {
        match (before, after) {
            (None, _) => format!("adds {what}"),
            (_, None) => format!("removes {what}"),
            (Some(_), Some(_)) => format!("changes {what}"),
        }
    }
    match difference {
        Difference::Text { attribute, before, after } => {
            optional(attribute.name(), before.as_ref(), after.as_ref())
        }
        Difference::Session { before, after } => format!("changes session from {before} to {after}"),
        Difference::ManagedPolicyAttached(arn) => format!("attaches {}", managed_policy_name(arn)),
        Difference::ManagedPolicyDetached(arn) => format!("detaches {}", managed_policy_name(arn)),
        Difference::CustomerPolicyAttached(policy) => format!("attaches customer policy {policy}"),
        Difference::CustomerPolicyDetached(policy) => format!("detaches customer policy {policy}"),
        Difference::Boundary { before, after } => optional("boundary", before.as_ref(), after.as_ref()),
        Difference::InlinePolicy { before, after } => {
            optional("inline policy", before.as_ref(), after.as_ref())
        }
        Difference::Tag { key, before, after } => match before {
            None => format!("adds tag {key}={after}"),
            Some(before) => format!("changes tag {key} from {before} to {after}"),
        },
    }
}

/// Returns the state of a policy as the configuration and the Entra ID portal call it.
pub fn policy_state(state: PolicyState) -> &'static str {
    match state {
        PolicyState::Disabled => "off",
        PolicyState::EnabledForReportingButNotEnforced => "report-only",
        PolicyState::Enabled => "enabled",
    }
}
