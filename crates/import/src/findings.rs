//! What import omits. Each omission is reported twice: in a warning, and in a comment where it would have been.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{Code, Diagnostic, Principal, Snapshot};

use crate::accounts::Mask;
use crate::census::{Census, MentionedSet, Rows};
use crate::left_out::LeftOut;
use crate::principals::{Directory, Identity};
use crate::terraform::{Row, Terraform, differences};
use crate::text::{comment, list, quoted};

/// Number of principals that a comment lists one by one.
const MOST_LISTED: usize = 200;
/// Number of resources that a message lists one by one.
const MOST_ADDRESSES: usize = 10;

/// Returns a warning about an omission, with its resolution.
pub(crate) fn incomplete(message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(Code::ImportIncomplete, message).help(help)
}

/// Returns what happens to assignments of owned sets that no `assign` contains. All of these sets have `adopt`.
fn fate(sets: &[MentionedSet<'_>], of: &BTreeSet<usize>) -> String {
    let names = list(of.iter().map(|at| sets[*at].live.name.as_str()));
    format!("as long as `adopt` is there, those of {names} are reported and not revoked")
}

/// Returns a number of assignments in words.
pub(crate) fn counted(rows: usize) -> String {
    if rows == 1 { "1 assignment".to_owned() } else { format!("{rows} assignments") }
}

/// The assignments of one kind, by principal.
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

/// Reports groups and users that the configuration cannot tell from others.
pub(crate) fn indistinct(
    census: &Census<'_>,
    sets: &[MentionedSet<'_>],
    directory: &Directory<'_>,
    warnings: &mut Vec<Diagnostic>,
) -> String {
    let mut lines = Vec::new();
    for (principal, parts) in by_principal(&census.indistinct) {
        let (what, way_out) = match principal {
            Principal::Group(_) | Principal::NewGroup(_) => (
                "group",
                "rename one of them in Entra, or have provisioning set its external ID; then add its assignments",
            ),
            Principal::User(_) => ("user", "assign a group that the user is a member of"),
        };
        let name = match directory.identity(principal) {
            Identity::Indistinct(name) => name,
            Identity::Group { .. } | Identity::User(_) | Identity::Gone => "",
        };
        let rows = counted(rows_in(&parts));
        let of: BTreeSet<usize> = parts.iter().map(|(set, _)| *set).collect();
        let message = format!(
            "neither a name nor an ID distinguishes the {what} {} ({}) from others; omitted: {rows}",
            quoted(name),
            principal.id()
        );
        warnings.push(incomplete(message, format!("{}. {way_out}", fate(sets, &of))));
        let names = list(of.iter().map(|set| sets[*set].live.name.as_str()));
        lines.push(format!("- {what} {} ({}), {rows} of {names}", quoted(name), principal.id()));
    }
    listed("Not imported, because neither a name nor an ID distinguishes them from others:", lines)
}

/// Reports assignments of deleted principals.
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
        let known = known.map(|name| format!(" ({} in Terraform)", quoted(name))).unwrap_or_default();
        let names = list(parts.iter().map(|(set, _)| sets[*set].live.name.as_str()));
        lines.push(format!("- {}{known}, {} of {names}", principal.id(), counted(rows_in(&parts))));
        rows += rows_in(&parts);
        of.extend(parts.iter().map(|(set, _)| *set));
    }
    if rows > 0 {
        let message = format!("assignments of deleted principals are not imported: {}", counted(rows));
        warnings.push(incomplete(message, fate(sets, &of)));
    }
    listed("Deleted groups and users whose assignments still exist in AWS. They are not imported:", lines)
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

/// Reports what the states contain besides that which is imported or compared.
fn noteworthy(terraform: &Terraform, warnings: &mut Vec<Diagnostic>) {
    if !terraform.tainted().is_empty() {
        let message =
            format!("Terraform's state marks resources as tainted: {}", addresses(terraform.tainted()));
        let help = "Terraform would replace them at its next apply. The project describes what is live";
        warnings.push(incomplete(message, help));
    }
    for (kind, resources) in terraform.passed_over() {
        let message = format!("resources of the type {kind} are not imported: {}", addresses(resources));
        warnings.push(incomplete(message, "Rolecall does not manage them; they can stay in Terraform"));
    }
}

fn addresses(addresses: &BTreeSet<String>) -> String {
    let beyond = addresses.len().saturating_sub(MOST_ADDRESSES);
    let mut shown: Vec<String> = addresses.iter().take(MOST_ADDRESSES).cloned().collect();
    shown.extend((beyond > 0).then(|| format!("and {beyond} more")));
    shown.join(", ")
}

/// Reports differences between the states and the live state. Assignments that are only live are reported where they
/// would have been.
pub(crate) fn differing_states(
    sets: &[MentionedSet<'_>],
    left_out: &[LeftOut<'_>],
    snapshot: &Snapshot,
    terraform: &Terraform,
    warnings: &mut Vec<Diagnostic>,
) {
    let by_arn: BTreeMap<&str, &MentionedSet<'_>> =
        sets.iter().map(|set| (set.live.arn.as_str(), set)).collect();
    noteworthy(terraform, warnings);
    // Permission sets that are left out have been reported, and their assignments are not compared.
    let is_left_out = |arn: &&String| left_out.iter().any(|set| set.live.arn == **arn);
    for (arn, state) in terraform.sets().iter().filter(|(arn, _)| !is_left_out(arn)) {
        let Some(set) = by_arn.get(arn.as_str()) else {
            let message = format!(
                "Terraform manages the permission set {} ({}), which this project cannot contain: it does not exist, or another stack owns it",
                quoted(&state.name),
                state.address
            );
            warnings.push(incomplete(
                message,
                "refresh the state; if the permission set was deleted manually, declare it again",
            ));
            continue;
        };
        let found = set.live.details.as_ref().map(|live| differences(state, live)).unwrap_or_default();
        if !found.is_empty() {
            let message = format!(
                "the permission set {} differs from Terraform's state; the live one has {}",
                quoted(set.live.name.as_str()),
                found.join(", ")
            );
            warnings.push(incomplete(
                message,
                "the project describes the live state; change it if Terraform is right",
            ));
        }
    }
    for (arn, rows) in terraform.rows().iter().filter(|(arn, _)| !is_left_out(arn)) {
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
                "assignments of {} that are in Terraform's state but not live are not imported: {}",
                quoted(name),
                counted(missing)
            );
            warnings.push(incomplete(
                message,
                "write an `assign` for those that you need; `terraform plan` lists them",
            ));
        }
    }
}
