//! What import leaves out, told twice: in a warning, and in a comment where it would have stood.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{Code, Diagnostic, Principal, Snapshot};

use crate::accounts::Mask;
use crate::census::{Census, MentionedSet, Rows};
use crate::principals::{Directory, Identity};
use crate::terraform::{Row, Terraform, differences};
use crate::text::{comment, list, quoted};

/// So many principals are listed in a comment one by one.
const MOST_LISTED: usize = 200;

/// A warning of what is left out, with the way out.
pub(crate) fn incomplete(message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(Code::ImportIncomplete, message).help(help)
}

/// What rows of owned sets that no `assign` wants come to.
fn fate(sets: &[MentionedSet<'_>], of: &BTreeSet<usize>) -> String {
    let name = |at: &&usize| sets[**at].live.name.as_str();
    let (adopted, owned): (Vec<&usize>, Vec<&usize>) = of.iter().partition(|at| sets[**at].is_adopted());
    let adopted = (!adopted.is_empty()).then(|| {
        format!(
            "while `adopt` stands in {}, they are reported and not revoked",
            list(adopted.iter().map(name))
        )
    });
    let owned = (!owned.is_empty()).then(|| {
        format!(
            "the next apply revokes them on {}, which is this stack's already",
            list(owned.iter().map(name))
        )
    });
    adopted.into_iter().chain(owned).collect::<Vec<_>>().join("; ")
}

/// A number of rows in words.
pub(crate) fn counted(rows: usize) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}

/// The rows of one kind, by principal.
fn by_principal<'r, 'a>(rows: &'r Rows<'a>) -> BTreeMap<&'a Principal, Vec<(usize, &'r Mask)>> {
    let mut grouped: BTreeMap<&Principal, Vec<(usize, &Mask)>> = BTreeMap::new();
    for ((set, principal), mask) in rows {
        grouped.entry(*principal).or_default().push((*set, mask));
    }
    grouped
}

fn rows_in(parts: &[(usize, &Mask)]) -> usize {
    parts.iter().map(|(_, mask)| mask.count_ones(..)).sum()
}

/// Groups and users that the files cannot tell from another.
pub(crate) fn indistinct(
    census: &Census<'_>,
    sets: &[MentionedSet<'_>],
    directory: &Directory<'_>,
    warnings: &mut Vec<Diagnostic>,
) -> String {
    let mut lines = Vec::new();
    for (principal, parts) in by_principal(&census.indistinct) {
        let (what, way_out) = match principal {
            Principal::Group(_) => (
                "group",
                "rename one of them in Entra, or have provisioning give it an external id; then write its rows",
            ),
            Principal::User(_) => ("user", "assign a group that holds the user"),
        };
        let name = match directory.identity(principal) {
            Identity::Indistinct(name) => name,
            Identity::Group { .. } | Identity::User(_) | Identity::Gone => "",
        };
        let rows = counted(rows_in(&parts));
        let of: BTreeSet<usize> = parts.iter().map(|(set, _)| *set).collect();
        let message = format!(
            "the {what} {} ({}) cannot be told from others by name or id, so its {rows} are left out",
            quoted(name),
            principal.id()
        );
        warnings.push(incomplete(message, format!("{}. {way_out}", fate(sets, &of))));
        let names = list(of.iter().map(|set| sets[*set].live.name.as_str()));
        lines.push(format!("- {what} {} ({}), {rows} of {names}", quoted(name), principal.id()));
    }
    listed("Not imported, since neither a name nor an id tells them from others:", lines)
}

/// Rows of principals that are gone.
pub(crate) fn gone(
    census: &Census<'_>,
    sets: &[MentionedSet<'_>],
    terraform: Option<&Terraform>,
    warnings: &mut Vec<Diagnostic>,
) -> String {
    let mut lines = Vec::new();
    let (mut rows, mut of) = (0, BTreeSet::new());
    for (principal, parts) in by_principal(&census.gone) {
        let known = terraform.and_then(|state| state.name_of(principal.id()));
        let known = known.map(|name| format!(" (Terraform knew {})", quoted(name))).unwrap_or_default();
        let names = list(parts.iter().map(|(set, _)| sets[*set].live.name.as_str()));
        lines.push(format!("- {}{known}, {} of {names}", principal.id(), counted(rows_in(&parts))));
        rows += rows_in(&parts);
        of.extend(parts.iter().map(|(set, _)| *set));
    }
    if rows > 0 {
        let message = format!("rows of principals that are gone are not imported: {}", counted(rows));
        warnings.push(incomplete(message, fate(sets, &of)));
    }
    listed("Groups and users that are gone and whose rows AWS still keeps. They are not imported:", lines)
}

fn listed(head: &str, lines: Vec<String>) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let beyond = lines.len().saturating_sub(MOST_LISTED);
    let mut text = comment(head);
    lines.into_iter().take(MOST_LISTED).for_each(|line| text.push_str(&comment(&line)));
    if beyond > 0 {
        text.push_str(&comment(&format!("- and {beyond} more")));
    }
    text
}

/// What differs between the states and what is live; rows that are live alone are told where they would have stood.
pub(crate) fn differing_states(
    sets: &[MentionedSet<'_>],
    snapshot: &Snapshot,
    terraform: &Terraform,
    warnings: &mut Vec<Diagnostic>,
) {
    let by_arn: BTreeMap<&str, &MentionedSet<'_>> =
        sets.iter().map(|set| (set.live.arn.as_str(), set)).collect();
    for (arn, state) in terraform.sets() {
        let Some(set) = by_arn.get(arn.as_str()) else {
            let message = format!(
                "Terraform manages the permission set {} ({}), which this project cannot hold: it does not exist, or belongs to another stack",
                quoted(&state.name),
                state.address
            );
            warnings.push(incomplete(
                message,
                "refresh the state; if somebody deleted the set by hand, declare it anew",
            ));
            continue;
        };
        let found = set.live.details.as_ref().map(|live| differences(state, live)).unwrap_or_default();
        if !found.is_empty() {
            let message = format!(
                "the permission set {} is not as Terraform's state says: live it has {}",
                quoted(set.live.name.as_str()),
                found.join(", ")
            );
            warnings.push(incomplete(
                message,
                "the project says what is live; correct it there if Terraform is right",
            ));
        }
    }
    for (arn, rows) in terraform.rows() {
        let set = by_arn.get(arn.as_str());
        let is_live = |row: &&Row| {
            set.is_some_and(|set| {
                snapshot
                    .rows_on(&set.live.name, row.account)
                    .iter()
                    .any(|live| live.principal == row.principal)
            })
        };
        let missing = rows.iter().filter(|row| !is_live(row)).count();
        if missing > 0 {
            let name = set.map_or(arn.as_str(), |set| set.live.name.as_str());
            let message = format!(
                "rows of {} that are in Terraform's state are not live, so they are not imported: {}",
                quoted(name),
                counted(missing)
            );
            warnings.push(incomplete(
                message,
                "write an `assign` for those that are wanted; `terraform plan` lists them",
            ));
        }
    }
}
