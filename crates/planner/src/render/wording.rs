//! Wording shared by all renderers.

use rolecall_model::permission_set::managed_policy_name;
use rolecall_model::{Boundary, Date, Principal};

use super::diff::line_diff;
use crate::document::Counts;
use crate::phrases::count;
use crate::plan::{
    AccessControlChange, Action, AssignmentChange, Change, Difference, KeptBy, NamedAssignment,
    PermissionSetChange, Plan, Provisioning, Reason,
};

/// Describes why an assignment changes; empty if the place is enough.
pub(crate) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Declared { until: None, note: None } => String::new(),
        Reason::Declared { until: Some(until), note: None } => format!("until {until}"),
        Reason::Declared { until: None, note: Some(note) } => note.clone(),
        Reason::Declared { until: Some(until), note: Some(note) } => format!("until {until}: {note}"),
        Reason::Undeclared => "not in the configuration".to_owned(),
        Reason::Expired { until } => format!("expired {until}"),
        Reason::Orphan => "it no longer exists".to_owned(),
        Reason::PermissionSetDropped => "its permission set is deleted".to_owned(),
        Reason::Renamed { to } => format!("renamed to {to}"),
        Reason::Adopted => "no stack owned it".to_owned(),
        Reason::Released => "released".to_owned(),
        Reason::Outdated => "accounts have an older version".to_owned(),
    }
}

/// Describes why an assignment changes, with the complete id of a deleted principal.
pub(crate) fn reason_of_assignment(reason: &Reason, named: &NamedAssignment) -> String {
    match (reason, &named.assignment.principal) {
        (Reason::Orphan, Principal::Group(id)) => format!("group {id} no longer exists"),
        (Reason::Orphan, Principal::User(id)) => format!("user {id} no longer exists"),
        _ => self::reason(reason),
    }
}

/// Describes what keeps an assignment that no `assign` grants.
pub(crate) fn kept_by(by: &KeptBy, ended: Option<Date>) -> String {
    let why = match by {
        KeptBy::Adopt => "its permission set has `adopt`".to_owned(),
        KeptBy::Keep { until: None, note: None } => String::new(),
        KeptBy::Keep { until: None, note: Some(note) } => note.clone(),
        KeptBy::Keep { until: Some(until), note: None } => format!("until {until}"),
        KeptBy::Keep { until: Some(until), note: Some(note) } => format!("until {until}: {note}"),
    };
    let ended = ended.map(|date| format!("ended {date}"));
    ended.into_iter().chain(Some(why).filter(|why| !why.is_empty())).collect::<Vec<_>>().join(", ")
}

/// Returns the lines before and after a difference, marked `-` and `+`, if a few words are not enough.
pub(crate) fn difference_lines(difference: &Difference) -> Vec<String> {
    match difference {
        Difference::Text { attribute: _, before, after } => text_lines(before.as_deref(), after.as_deref()),
        Difference::Boundary { before, after } => {
            text_lines(before.as_ref().map(boundary).as_deref(), after.as_ref().map(boundary).as_deref())
        }
        Difference::InlinePolicy { before, after } => {
            let pretty = |policy: &Option<rolecall_model::Policy>| {
                policy.as_ref().map(rolecall_model::Policy::to_pretty).unwrap_or_default()
            };
            line_diff(&pretty(before), &pretty(after))
        }
        Difference::Session { .. }
        | Difference::ManagedPolicyAttached(_)
        | Difference::ManagedPolicyDetached(_)
        | Difference::CustomerPolicyAttached(_)
        | Difference::CustomerPolicyDetached(_)
        | Difference::Tag { .. } => Vec::new(),
    }
}

fn text_lines(before: Option<&str>, after: Option<&str>) -> Vec<String> {
    let removed = before.map(|text| format!("- {text}"));
    removed.into_iter().chain(after.map(|text| format!("+ {text}"))).collect()
}

fn boundary(boundary: &Boundary) -> String {
    match boundary {
        Boundary::ManagedPolicy(arn) => managed_policy_name(arn).to_owned(),
        Boundary::CustomerPolicy(policy) => format!("customer policy {policy}"),
    }
}

/// Describes where an edited permission set is provisioned; empty if it is not in use.
pub(crate) fn provisioning(provision: &Provisioning) -> String {
    match provision.accounts.len() {
        0 => String::new(),
        accounts => format!("provisions {}", count(accounts, "account")),
    }
}

/// Summarizes the counts: `2 to assign, 1 to revoke; 1 skipped`, `permission sets: 1 to change`, attributes for access
/// control, and Entra ID; each may be empty.
pub(crate) fn counts(plan: &Plan) -> [String; 4] {
    let Counts { assign, revoke, create, adopt, update, provision, release, delete, set_attributes, entra } =
        Counts::of(&plan.changes);
    let join = |parts: &[(usize, &str)]| {
        let parts = parts.iter().filter(|(number, _)| *number > 0);
        parts.map(|(number, what)| format!("{number} {what}")).collect::<Vec<_>>().join(", ")
    };
    let assignments = [join(&[(assign, "to assign"), (revoke, "to revoke")]), not_changed(plan)];
    let assignments: Vec<String> = assignments.into_iter().filter(|part| !part.is_empty()).collect();
    let sets = [
        (create, "to create"),
        (adopt, "to adopt"),
        (update, "to change"),
        (provision, "to provision"),
        (release, "to release"),
        (delete, "to delete"),
    ];
    let sets = match join(&sets) {
        none if none.is_empty() => none,
        some => format!("permission sets: {some}"),
    };
    let attributes = if set_attributes > 0 { "attributes for access control: 1 to set" } else { "" };
    let entra = if entra > 0 { format!("Entra ID: {}", count(entra, "step")) } else { String::new() };
    [assignments.join("; "), sets, attributes.to_owned(), entra]
}

/// Summarizes what is not changed; empty if there is nothing.
pub(crate) fn not_changed(plan: &Plan) -> String {
    let parts =
        [(plan.blocked.len(), "skipped"), (plan.rebinds.len(), "withheld"), (plan.kept.len(), "kept")];
    let shown = parts.iter().filter(|(number, _)| *number > 0);
    shown.map(|(number, what)| format!("{number} {what}")).collect::<Vec<_>>().join(", ")
}

/// Describes a plan without changes; skipped and withheld changes are mentioned.
pub(crate) fn no_changes(plan: &Plan) -> String {
    match not_changed(plan) {
        none if none.is_empty() => {
            "No changes. The live state matches the configuration in everything that was read.".to_owned()
        }
        left => format!("No changes now: {left}."),
    }
}

/// Describes what a fast read skipped; empty if nothing was skipped.
pub(crate) fn not_read(plan: &Plan) -> String {
    match plan.read_by_principal.len() {
        0 => String::new(),
        sets => format!(
            "Fast read: in {}, assignments of users and of deleted groups were not read where another group has \
             access too (`--read thorough` reads them).",
            count(sets, "permission set")
        ),
    }
}

/// Names the operations whose missing lists were accepted as empty; empty if there are none.
pub(crate) fn absent_means_empty(plan: &Plan) -> String {
    if plan.absent_means_empty.is_empty() {
        return String::new();
    }
    let operations = plan.absent_means_empty.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    format!("Missing lists were accepted as empty in responses to {operations} (`--absent-means-empty`).")
}

/// Returns the verb of the change.
pub(crate) fn verb(change: &Change) -> &'static str {
    match &change.action {
        Action::Assignment(AssignmentChange::Grant(_)) => "assign",
        Action::Assignment(AssignmentChange::Revoke { .. }) => "revoke",
        Action::PermissionSet(set) => match set {
            PermissionSetChange::Create { .. } => "create",
            PermissionSetChange::Update { .. } if change.reason == Reason::Adopted => "adopt",
            PermissionSetChange::Update { .. } => "change",
            PermissionSetChange::Provision { .. } => "provision",
            PermissionSetChange::Release { .. } => "release",
            PermissionSetChange::Delete { .. } => "delete",
        },
        Action::AccessControl(AccessControlChange { before: None, .. }) => "turn on",
        Action::AccessControl(AccessControlChange { before: Some(_), .. }) => "change",
        Action::Entra(change) => super::entra::verb(&change.step),
    }
}

/// Returns the mark of a change: `+` adds, `-` removes, `~` changes.
pub(crate) fn mark(action: &Action) -> &'static str {
    match action {
        Action::Assignment(AssignmentChange::Grant(_))
        | Action::PermissionSet(PermissionSetChange::Create { .. })
        | Action::AccessControl(AccessControlChange { before: None, .. }) => "+",
        Action::Assignment(AssignmentChange::Revoke { .. })
        | Action::PermissionSet(PermissionSetChange::Delete { .. }) => "-",
        Action::PermissionSet(
            PermissionSetChange::Update { .. }
            | PermissionSetChange::Provision { .. }
            | PermissionSetChange::Release { .. },
        )
        | Action::AccessControl(AccessControlChange { before: Some(_), .. }) => "~",
        Action::Entra(change) => super::entra::mark(&change.step),
    }
}
