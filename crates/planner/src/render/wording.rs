//! Words that all renderers share.

use rolecall_model::permission_set::managed_policy_name;
use rolecall_model::{Boundary, Date, Principal};
use similar::TextDiff;

use crate::plan::{Action, Change, Difference, KeptBy, Plan, Provisioning, Reason, Row};

/// A rough duration: `under a minute`, `2 min`, `1 h 5 min`.
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => "under a minute".to_owned(),
        60..3_600 => format!("about {} min", seconds.div_ceil(60)),
        _ => format!("about {} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// `1 account`, `2 accounts`.
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Why a row changes, beyond the file and line; empty where the line says it all.
pub(crate) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Declared { until: None, note: None } => String::new(),
        Reason::Declared { until: Some(until), note: None } => format!("until {until}"),
        Reason::Declared { until: None, note: Some(note) } => note.clone(),
        Reason::Declared { until: Some(until), note: Some(note) } => format!("until {until}: {note}"),
        Reason::Undeclared => "not in the files".to_owned(),
        Reason::Expired { until } => format!("expired {until}"),
        Reason::Orphan => "it no longer exists".to_owned(),
        Reason::PermissionSetDropped => "its permission set goes".to_owned(),
        Reason::Renamed { to } => format!("renamed to {to}"),
        Reason::Adopted => "no stack owned it".to_owned(),
        Reason::Released => "released".to_owned(),
        Reason::Outdated => "accounts hold an older version".to_owned(),
    }
}

/// Why a row changes; of a principal that is gone, its whole id is said.
pub(crate) fn reason_of_row(reason: &Reason, row: &Row) -> String {
    match (reason, &row.assignment.principal) {
        (Reason::Orphan, Principal::Group(id)) => format!("group {id} no longer exists"),
        (Reason::Orphan, Principal::User(id)) => format!("user {id} no longer exists"),
        _ => self::reason(reason),
    }
}

/// What keeps a row that no `assign` wants.
pub(crate) fn kept_by(by: &KeptBy, ended: Option<Date>) -> String {
    let why = match by {
        KeptBy::Adopt => "while its permission set says `adopt`".to_owned(),
        KeptBy::Keep { until: None, note: None } => String::new(),
        KeptBy::Keep { until: None, note: Some(note) } => note.clone(),
        KeptBy::Keep { until: Some(until), note: None } => format!("until {until}"),
        KeptBy::Keep { until: Some(until), note: Some(note) } => format!("until {until}: {note}"),
    };
    let ended = ended.map(|date| format!("ended {date}"));
    ended.into_iter().chain(Some(why).filter(|why| !why.is_empty())).collect::<Vec<_>>().join(", ")
}

/// A row's account: its name and its id.
pub(crate) fn account(row: &Row) -> String {
    format!("{} ({})", row.account_name, row.assignment.account)
}

/// A row in one line, for reports of what came of it.
pub fn row_in_words(row: &Row) -> String {
    format!("{}  {}  {}", row.principal_name, row.assignment.permission_set, account(row))
}

/// One difference in a few words.
pub(crate) fn difference(difference: &Difference) -> String {
    fn optional<T>(what: &str, before: Option<&T>, after: Option<&T>) -> String {
        match (before, after) {
            (None, _) => format!("adds {what}"),
            (_, None) => format!("removes {what}"),
            (Some(_), Some(_)) => what.to_owned(),
        }
    }
    match difference {
        Difference::Description { before, after } => optional("description", before.as_ref(), after.as_ref()),
        Difference::Session { before, after } => format!("session {before} to {after}"),
        Difference::RelayState { before, after } => optional("relay state", before.as_ref(), after.as_ref()),
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
            Some(before) => format!("tag {key} {before} to {after}"),
        },
    }
}

/// The lines of a difference's before and after, marked `-` and `+`, where a few words do not say it.
pub(crate) fn difference_lines(difference: &Difference) -> Vec<String> {
    match difference {
        Difference::Description { before, after } | Difference::RelayState { before, after } => {
            text_lines(before.as_deref(), after.as_deref())
        }
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

/// The changed lines with three lines round them.
pub(crate) fn line_diff(before: &str, after: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (at, hunk) in diff.grouped_ops(3).iter().enumerate() {
        if at > 0 {
            lines.push("  …".to_owned());
        }
        for change in hunk.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let line = change.value().trim_end_matches('\n');
            lines.push(format!("{} {line}", change.tag()));
        }
    }
    lines
}

/// Where an edited set is carried to; empty where it is in use nowhere.
pub(crate) fn provisioning(provision: &Provisioning) -> String {
    match provision.accounts.len() {
        0 => String::new(),
        accounts => format!("provisions {}", count(accounts, "account")),
    }
}

/// `2 to assign, 1 to revoke; 1 left alone`, and `permission sets: 1 to change`, and whether attributes for access
/// control are set; any may be empty.
pub(crate) fn counts(plan: &Plan) -> [String; 4] {
    let mut numbers = [0_usize; 9];
    for change in &plan.changes {
        numbers[usize::from(change.action.sort_key().0)] += 1;
    }
    let [grants, revokes, creates, updates, provisions, releases, deletes, attributes, entra] = numbers;
    let adoptions = plan.changes.iter().filter(|change| change.reason == Reason::Adopted).count();
    let join = |parts: &[(usize, &str)]| {
        let said = parts.iter().filter(|(number, _)| *number > 0);
        said.map(|(number, what)| format!("{number} {what}")).collect::<Vec<_>>().join(", ")
    };
    let rows = [join(&[(grants, "to assign"), (revokes, "to revoke")]), left_alone(plan)];
    let rows: Vec<String> = rows.into_iter().filter(|part| !part.is_empty()).collect();
    let sets = [
        (creates, "to create"),
        (adoptions, "to adopt"),
        (updates - adoptions, "to change"),
        (provisions, "to provision"),
        (releases, "to release"),
        (deletes, "to delete"),
    ];
    let sets = match join(&sets) {
        none if none.is_empty() => none,
        some => format!("permission sets: {some}"),
    };
    let attributes = if attributes > 0 { "attributes for access control to set" } else { "" };
    let entra = if entra > 0 { format!("Entra ID: {}", count(entra, "step")) } else { String::new() };
    [rows.join("; "), sets, attributes.to_owned(), entra]
}

/// What is not done, for the line of counts; empty where everything is.
pub(crate) fn left_alone(plan: &Plan) -> String {
    let parts =
        [(plan.blocked.len(), "left alone"), (plan.rebinds.len(), "withheld"), (plan.kept.len(), "kept")];
    let said = parts.iter().filter(|(number, _)| *number > 0);
    said.map(|(number, what)| format!("{number} {what}")).collect::<Vec<_>>().join(", ")
}

/// What a plan without changes says. What was withheld or blocked is not "nothing".
pub(crate) fn nothing_to_do(plan: &Plan) -> String {
    match left_alone(plan) {
        none if none.is_empty() => "Nothing to do in what was read: live is as the files want.".to_owned(),
        left => format!("Nothing to do now; {left}."),
    }
}

/// What was not looked at; empty where everything was.
pub(crate) fn not_looked_at(plan: &Plan) -> String {
    match plan.read_by_principal.len() {
        0 => String::new(),
        sets => format!(
            "Read by group: in {}, users and groups that are gone were not looked for where a group has access too \
             (--read thorough looks).",
            count(sets, "permission set")
        ),
    }
}

/// What happens, in a word.
pub(crate) fn verb(change: &Change) -> &'static str {
    match &change.action {
        Action::Grant(_) => "assign",
        Action::Revoke(_) => "revoke",
        Action::CreatePermissionSet { .. } => "create",
        Action::UpdatePermissionSet { .. } if change.reason == Reason::Adopted => "adopt",
        Action::UpdatePermissionSet { .. } => "change",
        Action::ProvisionPermissionSet { .. } => "provision",
        Action::ReleasePermissionSet { .. } => "release",
        Action::DeletePermissionSet { .. } => "delete",
        Action::Entra(change) => super::entra::verb(&change.step),
        Action::SetAccessControl { before: None, .. } => "turn on",
        Action::SetAccessControl { before: Some(_), .. } => "change",
    }
}

/// The mark before a change: `+` gives, `-` takes, `~` changes.
pub(crate) fn mark(action: &Action) -> &'static str {
    match action {
        Action::Entra(change) => super::entra::mark(&change.step),
        Action::Grant(_)
        | Action::CreatePermissionSet { .. }
        | Action::SetAccessControl { before: None, .. } => "+",
        Action::Revoke(_) | Action::DeletePermissionSet { .. } => "-",
        Action::UpdatePermissionSet { .. }
        | Action::ProvisionPermissionSet { .. }
        | Action::ReleasePermissionSet { .. }
        | Action::SetAccessControl { before: Some(_), .. } => "~",
    }
}
