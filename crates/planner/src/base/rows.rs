//! Rows gained and lost, and ends that moved: what is wanted is compared, not how it is written, so that a rule that
//! only moved is not seen.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::AssignmentRule;
use rolecall_model::{
    AccountId, Assignment, Date, Diagnostic, PermissionSetName, Principal, Snapshot, snapshot,
};

use super::{
    BaseDifference, BasePlace, ComparedRow, Effect, LineDifference, Subject, end_moved, place, spelling,
};
use crate::Inputs;
use crate::compare::Naming;
use crate::expand::{Desired, Key, WantedRow, expand};
use crate::plan::Row;
use crate::principals::PrincipalName;
use crate::render::wording;

/// The rows that each line gains and loses; the ends that moved go into `differences`.
///
/// # Errors
/// Why one of the two does not fit the snapshot, a sentence each.
pub(super) fn compare(
    head: &Inputs<'_>,
    base: &Inputs<'_>,
    today: Date,
    differences: &mut Vec<BaseDifference>,
) -> Result<Vec<LineDifference>, Vec<String>> {
    let snapshot = with_users_of(base);
    let base = Inputs { snapshot: &snapshot, ..*base };
    let unread = errors(&crate::check_snapshot_for_rows(&base), &base, " of the base");
    if !unread.is_empty() {
        return Err(unread);
    }
    let (before, found) = expand(&base, today);
    let before = before.map_err(|()| errors(&found, &base, " of the base"))?;
    let (after, found) = expand(head, today);
    let after = after.map_err(|()| errors(&found, head, ""))?;
    let comparison = Rows { after: Wanted::new(head, &after), before: Wanted::new(&base, &before), today };
    let (lines, moved) = comparison.run();
    differences.extend(moved);
    Ok(lines)
}

/// The snapshot, with a stand-in for each user whom the base names and who was not found. Their rows are lost all the same:
/// whoever takes a user out of the files may have taken them out of the directory too. A stand-in's id is nobody's.
fn with_users_of<'a>(base: &Inputs<'a>) -> Cow<'a, Snapshot> {
    let read: BTreeSet<_> = base.snapshot.users.iter().map(|user| &user.user_name).collect();
    let missing: BTreeSet<_> =
        base.config.users().map(|user| &user.name).filter(|name| !read.contains(name)).collect();
    if missing.is_empty() {
        return Cow::Borrowed(base.snapshot);
    }
    let stand_ins = (0_u64..).zip(missing).filter_map(|(number, name)| {
        let id = format!("00000000-0000-0000-0000-{number:012x}").parse().ok()?;
        Some(snapshot::User { id, user_name: name.clone() })
    });
    let mut snapshot = base.snapshot.clone();
    snapshot.users.extend(stand_ins);
    snapshot.sort();
    Cow::Owned(snapshot)
}

/// The errors as sentences with their places.
fn errors(found: &[Diagnostic], inputs: &Inputs<'_>, of: &str) -> Vec<String> {
    let said = found.iter().filter(|one| one.is_error()).map(|one| match &one.primary {
        Some(label) => format!("{} ({}{of})", one.message, inputs.sources.file_and_line(label.place)),
        None => one.message.clone(),
    });
    said.collect()
}

/// One side.
struct Wanted<'d> {
    inputs: &'d Inputs<'d>,
    desired: &'d Desired<'d>,
    naming: Naming<'d>,
    /// Every row with a rule, sorted, one per key; whether it is wanted today, or its end has passed.
    rows: Vec<(WantedRow, bool)>,
}

impl<'d> Wanted<'d> {
    fn new(inputs: &'d Inputs<'d>, desired: &'d Desired<'d>) -> Self {
        let standing = desired.rows.iter().map(|row| (*row, true));
        let mut rows: Vec<_> = standing.chain(desired.expired.iter().map(|row| (*row, false))).collect();
        rows.sort_unstable();
        Self { inputs, desired, naming: Naming::new(inputs, desired), rows }
    }

    fn rule(&self, row: WantedRow) -> &'d AssignmentRule {
        &self.inputs.config.assignments[row.rule as usize]
    }

    fn end(&self, row: WantedRow) -> Option<Date> {
        self.rule(row).until.map(|until| until.date)
    }

    fn compared(&self, row: WantedRow) -> ComparedRow {
        ComparedRow { row: self.naming.row(row.key), until: self.end(row), has_ended: false }
    }

    /// The position of a row of the other side. Both were made from the same accounts; sets and principals have other
    /// numbers there.
    fn position_in(&self, other: &Self) -> impl Fn(Key) -> Option<usize> {
        let (here, there) = (&self.desired.tables, &other.desired.tables);
        let sets: Vec<Option<u32>> = here.sets.iter().map(|name| there.set(name)).collect();
        let principals: Vec<Option<u32>> = here.principals.iter().map(|one| there.principal(one)).collect();
        move |key| {
            let set = sets[key.set as usize]?;
            let principal = principals[key.principal as usize]?;
            let key = Key { set, account: key.account, principal };
            other.rows.binary_search_by(|(row, _)| row.key.cmp(&key)).ok()
        }
    }
}

/// Rows of one rule whose end moved in one way.
type Moved = BTreeMap<(u32, Option<Date>, Option<Date>), Vec<Row>>;

struct Rows<'d> {
    after: Wanted<'d>,
    before: Wanted<'d>,
    today: Date,
}

/// Rows are listed as people look for them: by names before ids.
pub(super) fn order(row: &Row) -> (&PermissionSetName, &PrincipalName, AccountId, &Principal) {
    let Assignment { permission_set, account, principal } = &row.assignment;
    (permission_set, &row.principal_name, *account, principal)
}

/// What became of the rows of the base.
#[derive(Default)]
struct Followed {
    /// By position among the files' rows: the position of the same row among the base's.
    same: Vec<Option<usize>>,
    /// By rule of the base.
    lost: BTreeMap<u32, Vec<ComparedRow>>,
    moved: Moved,
    /// By rule of the base: how many of its rows each rule of the files wants.
    heirs: BTreeMap<u32, BTreeMap<u32, usize>>,
}

impl Rows<'_> {
    fn run(&self) -> (Vec<LineDifference>, Vec<BaseDifference>) {
        let Followed { same, lost, moved, heirs } = self.follow();
        let mut gained: BTreeMap<u32, Vec<ComparedRow>> = BTreeMap::new();
        for ((row, is_wanted), old) in self.after.rows.iter().zip(same) {
            let was_wanted = old.is_some_and(|old| self.before.rows[old].1);
            if *is_wanted && !was_wanted {
                gained.entry(row.rule).or_default().push(self.after.compared(*row));
            }
        }
        let mut lines: BTreeMap<BasePlace, [Vec<ComparedRow>; 2]> = BTreeMap::new();
        for (rule, rows) in gained {
            let rule = &self.after.inputs.config.assignments[rule as usize];
            lines.entry(place(self.after.inputs, rule.origin, false)).or_default()[0].extend(rows);
        }
        for (rule, rows) in lost {
            lines.entry(self.place_of_lost(rule, heirs.get(&rule))).or_default()[1].extend(rows);
        }
        let lines = lines.into_iter().map(|(place, [mut gained, mut lost])| {
            gained.sort_by(|a, b| order(&a.row).cmp(&order(&b.row)));
            lost.sort_by(|a, b| order(&a.row).cmp(&order(&b.row)));
            LineDifference { place, gained, lost }
        });
        (lines.collect(), moved.into_iter().filter_map(|(key, rows)| self.end_moved(key, rows)).collect())
    }

    fn follow(&self) -> Followed {
        let Self { after, before, today: _ } = self;
        let position = before.position_in(after);
        let mut followed = Followed { same: vec![None; after.rows.len()], ..Followed::default() };
        for (at, (old, was_wanted)) in before.rows.iter().enumerate() {
            let found = position(old.key);
            let is_wanted = found.is_some_and(|found| after.rows[found].1);
            if *was_wanted && !is_wanted {
                let mut lost = before.compared(*old);
                if let Some(found) = found {
                    lost = ComparedRow { until: after.end(after.rows[found].0), has_ended: true, ..lost };
                }
                followed.lost.entry(old.rule).or_default().push(lost);
            }
            let Some(found) = found else { continue };
            let (new, _) = after.rows[found];
            followed.same[found] = Some(at);
            *followed.heirs.entry(old.rule).or_default().entry(new.rule).or_default() += 1;
            let (from, to) = (before.end(*old), after.end(new));
            // An end that has come by now is no earlier end, but a loss.
            if from != to && is_wanted {
                followed.moved.entry((new.rule, from, to)).or_default().push(after.naming.row(new.key));
            }
        }
        followed
    }

    /// A rule of the base goes on in the rule that wants most of its rows now. One of which no row is left is gone.
    fn place_of_lost(&self, rule: u32, heirs: Option<&BTreeMap<u32, usize>>) -> BasePlace {
        let most = heirs.into_iter().flatten().max_by_key(|(rule, rows)| (**rows, Reverse(**rule)));
        match most {
            Some((heir, _)) => {
                let heir = &self.after.inputs.config.assignments[*heir as usize];
                place(self.after.inputs, heir.origin, false)
            }
            None => {
                let rule = &self.before.inputs.config.assignments[rule as usize];
                place(self.before.inputs, rule.origin, true)
            }
        }
    }

    fn end_moved(
        &self,
        (rule, from, to): (u32, Option<Date>, Option<Date>),
        mut rows: Vec<Row>,
    ) -> Option<BaseDifference> {
        let (effect, how) = end_moved(rows.len(), from, to)?;
        let rule = &self.after.inputs.config.assignments[rule as usize];
        let origin = rule.until.map_or(rule.origin, |until| until.origin);
        // An end that has passed is said: what it moved is granted or revoked today.
        let passed = from.is_some_and(|from| from < self.today);
        let passed = if passed { ", and had ended" } else { "" };
        let message = format!("{} {how}{passed}", wording::count(rows.len(), "assignment"));
        rows.sort_by(|a, b| order(a).cmp(&order(b)));
        let place = place(self.after.inputs, origin, false);
        Some(BaseDifference { effect, subject: Subject::End, message, rows, place })
    }
}

/// Ends that moved, where rows cannot be compared: of the rules that are written alike in both, apart from their ends.
pub(super) fn compare_ends_as_written(
    head: &Inputs<'_>,
    base: &Inputs<'_>,
    today: Date,
    differences: &mut Vec<BaseDifference>,
) {
    let (after, before) = (rules_as_written(head), rules_as_written(base));
    for (text, (rule, to)) in after {
        let Some((_, from)) = before.get(&text) else { continue };
        let Some((effect, how)) = end_moved(1, *from, to) else { continue };
        let origin = rule.until.map_or(rule.origin, |until| until.origin);
        let text = spelling::shortened(&text);
        let stood = from.is_none_or(|from| from >= today);
        let (effect, message) = match to {
            Some(to) if to < today && stood => {
                (Effect::Changes, format!("assign has ended on {to}, and its rows are lost: {text}"))
            }
            _ => (effect, format!("assign {how}: {text}")),
        };
        let place = place(head, origin, false);
        differences.push(BaseDifference { effect, subject: Subject::End, message, rows: Vec::new(), place });
    }
}

/// Rules by their text without ends, each with its end; of several that are written alike, the one that ends last.
fn rules_as_written<'c>(inputs: &Inputs<'c>) -> BTreeMap<String, (&'c AssignmentRule, Option<Date>)> {
    let mut rules: BTreeMap<String, (&AssignmentRule, Option<Date>)> = BTreeMap::new();
    for rule in &inputs.config.assignments {
        let end = rule.until.map(|until| until.date);
        let entry = rules.entry(spelling::rule(inputs.config, rule)).or_insert((rule, end));
        // No end is later than any.
        let is_later = entry.1.is_some_and(|other| end.is_none_or(|end| end > other));
        if is_later {
            *entry = (rule, end);
        }
    }
    rules
}
