//! Differences from a base, in lines and in table rows.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::Columns;
use super::detail::Detail;
use super::escape::for_terminal;
use crate::phrases;
use crate::plan::NamedAssignment;
use crate::plan::comparison::{
    BaseComparison, BaseDifference, ComparedAssignment, Effect, Extent, LineDifference,
};

/// Minimum number of accounts for which only their number is shown.
const ACCOUNTS_FOLD_FROM: usize = 4;
/// Number of names listed before the rest is only counted.
const NAMES_SHOWN: usize = 5;

/// Summarizes the counts: `12 assignments gained, 2 assignments lost; 1 looser, 3 changed, 1 tighter`.
pub(crate) fn counts(comparison: &BaseComparison) -> String {
    let (gained, lost) = comparison.assignment_counts();
    let number = |effect| comparison.of_effect(effect).count();
    let join = |parts: &[(usize, String)]| {
        let shown = parts.iter().filter(|(number, _)| *number > 0);
        shown.map(|(_, text)| text.clone()).collect::<Vec<_>>().join(", ")
    };
    let rows = join(&[
        (gained, format!("{} gained", phrases::count(gained, "assignment"))),
        (lost, format!("{} lost", phrases::count(lost, "assignment"))),
    ]);
    let [loosens, changes, tightens] = [Effect::Loosens, Effect::Changes, Effect::Tightens].map(number);
    let others = join(&[
        (loosens, format!("{loosens} looser")),
        (changes, format!("{changes} changed")),
        (tightens, format!("{tightens} tighter")),
    ]);
    let unknown = match comparison.extent {
        Extent::WithoutAssignments { .. } => "assignments were not compared",
        Extent::Whole | Extent::Absent { .. } | Extent::Nothing { .. } => "",
    };
    let shown = [unknown.to_owned(), rows, others];
    let shown: Vec<String> = shown.into_iter().filter(|part| !part.is_empty()).collect();
    match shown.is_empty() {
        false => shown.join("; "),
        true => "no differences in assignments, ends, guards, keeps or declarations".to_owned(),
    }
}

/// Returns the sections of a text plan, with titles.
pub(crate) fn sections(comparison: &BaseComparison, detail: Detail) -> Vec<(String, Columns)> {
    let mut sections =
        vec![("Assignments gained and lost, compared with the base:".to_owned(), lines(comparison, detail))];
    for (effect, title) in TITLES {
        let mut columns = Columns::default();
        if let (Effect::Loosens, Extent::WithoutAssignments { reasons }) = (effect, &comparison.extent) {
            columns.row(vec![
                "! assignments".to_owned(),
                "not compared: any of them may be gained or lost".to_owned(),
            ]);
            for reason in reasons {
                columns.under(format!("      {}", for_terminal(reason)));
            }
        }
        for difference in comparison.of_effect(effect) {
            let BaseDifference { effect: _, subject: _, message, assignments: rows, place } = difference;
            let mark = match effect {
                Effect::Loosens => "! ",
                Effect::Changes => "~ ",
                Effect::Tightens => "",
            };
            columns.row(vec![format!("{mark}{place}"), for_terminal(message)]);
            let rows: Vec<ComparedAssignment> = rows.iter().map(without_end).collect();
            push_rows(&rows, detail, &mut columns);
        }
        sections.push((format!("{title}:"), columns));
    }
    sections
}

const TITLES: [(Effect, &str); 3] = [
    (Effect::Loosens, "Looser than the base"),
    (Effect::Changes, "Changed from the base"),
    (Effect::Tightens, "Tighter than the base"),
];

fn lines(comparison: &BaseComparison, detail: Detail) -> Columns {
    let mut columns = Columns::default();
    for LineDifference { place, gained, lost } in &comparison.lines {
        for (mark, rows, what) in [('+', gained, "gained"), ('-', lost, "lost")] {
            if !rows.is_empty() {
                let counted = phrases::count(rows.len(), "assignment");
                columns.row(vec![format!("{mark} {place}"), format!("{counted} {what}")]);
                push_rows(rows, detail, &mut columns);
            }
        }
    }
    columns
}

fn push_rows(rows: &[ComparedAssignment], detail: Detail, columns: &mut Columns) {
    for fold in folds(rows, detail == Detail::Full) {
        let parts = [fold.principals(), fold.sets(), fold.accounts(), fold.end()];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        columns.under(format!("      {}", for_terminal(&parts.join("  "))));
    }
}

/// Returns the tables of a comment. Looser differences are not among them, because they must not be folded.
pub(crate) fn tables(comparison: &BaseComparison, detail: Detail) -> Vec<Table> {
    let mut rows = Vec::new();
    for LineDifference { place, gained, lost } in &comparison.lines {
        for (mark, compared) in [("+ gained", gained), ("- lost", lost)] {
            for fold in folds(compared, detail == Detail::Full) {
                let who = [mark.to_owned(), fold.principals(), fold.sets(), fold.accounts()];
                rows.push(who.into_iter().chain([fold.end(), place.to_string()]).collect());
            }
        }
    }
    let head: &'static [&'static str] = &["", "Principals", "Permission sets", "Accounts", "End", "Line"];
    let mut tables = vec![Table { title: "Assignments gained and lost, compared with the base", head, rows }];
    for (effect, title) in TITLES.into_iter().filter(|(effect, _)| *effect != Effect::Loosens) {
        let rows = comparison.of_effect(effect).map(|one| vec![describe(one), one.place.to_string()]);
        tables.push(Table { title, head: &["Difference", "Line"], rows: rows.collect() });
    }
    tables
}

/// A table of a comment.
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) head: &'static [&'static str],
    pub(crate) rows: Vec<Vec<String>>,
}

/// Returns the looser differences, one line each, with places.
pub(crate) fn looser(comparison: &BaseComparison) -> Vec<String> {
    comparison.of_effect(Effect::Loosens).map(|one| format!("{} ({})", describe(one), one.place)).collect()
}

/// An assignment of a difference, without its end, which is in the message.
fn without_end(row: &NamedAssignment) -> ComparedAssignment {
    ComparedAssignment { assignment: row.clone(), until: None, has_ended: false }
}

/// Formats a difference with its assignments on one line.
fn describe(difference: &BaseDifference) -> String {
    let rows: Vec<ComparedAssignment> = difference.assignments.iter().map(without_end).collect();
    let mut text = difference.message.clone();
    for fold in folds(&rows, false) {
        text.push_str(&format!("; {}: {} on {}", fold.principals(), fold.sets(), fold.accounts()));
    }
    text
}

/// Assignments that form a product of principals, permission sets and accounts.
struct AssignmentsFold<'r> {
    principals: Vec<String>,
    sets: Vec<String>,
    accounts: Vec<&'r NamedAssignment>,
    end: End,
}

/// A last day, and whether it has passed.
type End = (Option<rolecall_model::Date>, bool);

impl AssignmentsFold<'_> {
    fn principals(&self) -> String {
        list_names(&self.principals)
    }

    fn sets(&self) -> String {
        list_names(&self.sets)
    }

    fn accounts(&self) -> String {
        match self.accounts.len() {
            many if many >= ACCOUNTS_FOLD_FROM => format!("{many} accounts"),
            _ => self.accounts.iter().map(|row| phrases::account(row)).collect::<Vec<_>>().join(", "),
        }
    }

    fn end(&self) -> String {
        match self.end {
            (None, _) => String::new(),
            (Some(end), false) => format!("until {end}"),
            (Some(end), true) => format!("ended {end}"),
        }
    }
}

fn list_names(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMES_SHOWN);
    let shown = names[..names.len() - more].join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// Folds assignments; with `whole`, each becomes its own fold.
fn folds(rows: &[ComparedAssignment], whole: bool) -> Vec<AssignmentsFold<'_>> {
    if whole {
        let single = |one| {
            let ComparedAssignment { assignment: row, until, has_ended }: &ComparedAssignment = one;
            let (principals, sets) = (vec![principal(row)], vec![row.assignment.permission_set.to_string()]);
            AssignmentsFold { principals, sets, accounts: vec![row], end: (*until, *has_ended) }
        };
        return rows.iter().map(single).collect();
    }
    // First group accounts by principal and permission set, then permission sets with the same accounts, then
    // principals with the same permission sets and accounts.
    let mut accounts: BTreeMap<_, Vec<&NamedAssignment>> = BTreeMap::new();
    for ComparedAssignment { assignment: row, until, has_ended } in rows {
        let key = ((*until, *has_ended), principal(row), row.assignment.permission_set.as_str());
        accounts.entry(key).or_default().push(row);
    }
    let mut sets: BTreeMap<_, (BTreeSet<&str>, Vec<&NamedAssignment>)> = BTreeMap::new();
    for ((end, principal, set), on) in accounts {
        let ids: Vec<_> = on.iter().map(|row| row.assignment.account).collect();
        sets.entry((end, principal, ids)).or_insert_with(|| (BTreeSet::new(), on)).0.insert(set);
    }
    let mut folded: BTreeMap<_, (Vec<String>, Vec<&NamedAssignment>)> = BTreeMap::new();
    for ((end, principal, ids), (sets, on)) in sets {
        folded.entry((end, sets, ids)).or_insert_with(|| (Vec::new(), on)).0.push(principal);
    }
    let folded = folded.into_iter().map(|((end, sets, _), (principals, accounts))| {
        let sets = sets.into_iter().map(str::to_owned).collect();
        AssignmentsFold { principals, sets, accounts, end }
    });
    folded.collect()
}

fn principal(row: &NamedAssignment) -> String {
    row.principal_name.to_string()
}
