//! Assignments gained and lost, and changed ends. Compares meaning, not text, so a rule that only moved is not
//! reported.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rolecall_model::config::AssignmentRule;
use rolecall_model::{AccountId, Assignment, Date, Diagnostic, PermissionSetName, Principal, Snapshot};

use super::ends::end_moved;
use super::{
    BaseDifference, BasePlace, ComparedAssignment, LineDifference, ResolvedCheckout, Subject, place,
};
use crate::checks;
use crate::desired::keys::{Index as _, Key, PrincipalIx, RuleIx, SetIx, Wanted};
use crate::desired::{Desired, Expansion, expand};
use crate::inputs::Checkout;
use crate::phrases;
use crate::plan::{NamedAssignment, PrincipalName};

/// Returns the assignments that each line gains and loses, and the changed ends.
///
/// # Errors
/// The reasons why one of the two does not fit the snapshot, one sentence each.
pub(super) fn compare(
    head: &ResolvedCheckout<'_>,
    base: &ResolvedCheckout<'_>,
    snapshot: &Snapshot,
    today: Date,
) -> Result<(Vec<LineDifference>, Vec<BaseDifference>), Vec<String>> {
    let unread = checks::snapshot::check_for_assignments(base.files, snapshot, None);
    let unread = errors(&unread, base.files, " of the base");
    if !unread.is_empty() {
        return Err(unread);
    }
    let before = expand_side(base, snapshot, today, " of the base")?;
    let after = expand_side(head, snapshot, today, "")?;
    let after = WantedBy::new(head.files, &after);
    let before = WantedBy::new(base.files, &before);
    Ok(Assignments { after, before, today }.run())
}

fn expand_side<'a>(
    side: &ResolvedCheckout<'a>,
    snapshot: &'a Snapshot,
    today: Date,
    of: &str,
) -> Result<Desired<'a>, Vec<String>> {
    let Expansion { desired, diagnostics } = expand(side.files, snapshot, side.resolution, today);
    desired.ok_or_else(|| errors(&diagnostics, side.files, of))
}

/// Formats errors as sentences with places.
fn errors(found: &[Diagnostic], files: &Checkout<'_>, of: &str) -> Vec<String> {
    let errors = found.iter().filter(|one| one.is_error()).map(|one| match &one.primary {
        Some(label) => format!("{} ({}{of})", one.message, files.sources.file_and_line(label.place)),
        None => one.message.clone(),
    });
    errors.collect()
}

/// The assignments of one side.
struct WantedBy<'d> {
    files: &'d Checkout<'d>,
    desired: &'d Desired<'d>,
    /// Every assignment with a rule, sorted, one per key, whether granted today or past its end.
    assignments: Vec<(Wanted, bool)>,
}

impl<'d> WantedBy<'d> {
    fn new(files: &'d Checkout<'d>, desired: &'d Desired<'d>) -> Self {
        let wanted = desired.wanted.iter().map(|wanted| (*wanted, true));
        let mut assignments: Vec<_> =
            wanted.chain(desired.expired.iter().map(|expired| (*expired, false))).collect();
        assignments.sort_unstable();
        Self { files, desired, assignments }
    }

    fn rule(&self, index: RuleIx) -> &'d AssignmentRule {
        &self.files.config.assignments[index.at()]
    }

    fn end(&self, wanted: Wanted) -> Option<Date> {
        self.desired.end_of(wanted.rule)
    }

    fn compared(&self, wanted: Wanted) -> ComparedAssignment {
        let assignment = self.desired.named(wanted.key);
        ComparedAssignment { assignment, until: self.end(wanted), has_ended: false }
    }

    /// Maps an assignment to its position on the other side. Both sides share account indices; permission sets and
    /// principals have different ones.
    fn position_in(&self, other: &Self) -> impl Fn(Key) -> Option<usize> {
        let (here, there) = (&self.desired.tables, &other.desired.tables);
        let sets: Vec<Option<SetIx>> = here.sets().map(|(_, name)| there.find_set(name)).collect();
        let principals: Vec<Option<PrincipalIx>> =
            here.principals().map(|(_, one)| there.find_principal(one)).collect();
        move |key| {
            let set = sets[key.set.at()]?;
            let principal = principals[key.principal.at()]?;
            let key = Key { set, account: key.account, principal };
            other.assignments.binary_search_by(|(wanted, _)| wanted.key.cmp(&key)).ok()
        }
    }
}

/// Assignments of one rule whose end changed in the same way.
type Moved = BTreeMap<(RuleIx, Option<Date>, Option<Date>), Vec<NamedAssignment>>;

struct Assignments<'d> {
    after: WantedBy<'d>,
    before: WantedBy<'d>,
    today: Date,
}

/// Returns the sort key for lists: names before ids.
pub(super) fn order(named: &NamedAssignment) -> (&PermissionSetName, &PrincipalName, AccountId, &Principal) {
    let Assignment { permission_set, account, principal } = &named.assignment;
    (permission_set, &named.principal_name, *account, principal)
}

/// The assignments of the base, matched with those of the configuration.
#[derive(Default)]
struct Followed {
    /// By position in the configuration's assignments: the position of the same assignment in the base.
    same: Vec<Option<usize>>,
    /// By rule of the base.
    lost: BTreeMap<RuleIx, Vec<ComparedAssignment>>,
    moved: Moved,
    /// By rule of the base: how many of its assignments each rule of the configuration grants.
    heirs: BTreeMap<RuleIx, BTreeMap<RuleIx, usize>>,
}

impl Assignments<'_> {
    fn run(&self) -> (Vec<LineDifference>, Vec<BaseDifference>) {
        let Followed { same, lost, moved, heirs } = self.follow();
        let mut gained: BTreeMap<RuleIx, Vec<ComparedAssignment>> = BTreeMap::new();
        for ((row, is_wanted), old) in self.after.assignments.iter().zip(same) {
            let was_wanted = old.is_some_and(|old| self.before.assignments[old].1);
            if *is_wanted && !was_wanted {
                gained.entry(row.rule).or_default().push(self.after.compared(*row));
            }
        }
        let mut lines: BTreeMap<BasePlace, [Vec<ComparedAssignment>; 2]> = BTreeMap::new();
        for (rule, rows) in gained {
            let rule = self.after.rule(rule);
            lines.entry(place(self.after.files, rule.origin, false)).or_default()[0].extend(rows);
        }
        for (rule, rows) in lost {
            lines.entry(self.place_of_lost(rule, heirs.get(&rule))).or_default()[1].extend(rows);
        }
        let lines = lines.into_iter().map(|(place, [mut gained, mut lost])| {
            gained.sort_by(|a, b| order(&a.assignment).cmp(&order(&b.assignment)));
            lost.sort_by(|a, b| order(&a.assignment).cmp(&order(&b.assignment)));
            LineDifference { place, gained, lost }
        });
        (lines.collect(), moved.into_iter().filter_map(|(key, rows)| self.end_moved(key, rows)).collect())
    }

    fn follow(&self) -> Followed {
        let Self { after, before, today: _ } = self;
        let position = before.position_in(after);
        let mut followed = Followed { same: vec![None; after.assignments.len()], ..Followed::default() };
        for (at, (old, was_wanted)) in before.assignments.iter().enumerate() {
            let found = position(old.key);
            let is_wanted = found.is_some_and(|found| after.assignments[found].1);
            if *was_wanted && !is_wanted {
                let mut lost = before.compared(*old);
                if let Some(found) = found {
                    lost = ComparedAssignment {
                        until: after.end(after.assignments[found].0),
                        has_ended: true,
                        ..lost
                    };
                }
                followed.lost.entry(old.rule).or_default().push(lost);
            }
            let Some(found) = found else { continue };
            let (new, _) = after.assignments[found];
            followed.same[found] = Some(at);
            *followed.heirs.entry(old.rule).or_default().entry(new.rule).or_default() += 1;
            let (from, to) = (before.end(*old), after.end(new));
            // An end that has passed counts as a loss, not as an earlier end.
            if from != to && is_wanted {
                followed.moved.entry((new.rule, from, to)).or_default().push(after.desired.named(new.key));
            }
        }
        followed
    }

    /// Returns the place of a lost assignment: the rule that now grants most assignments of its old rule, or the old
    /// rule if none does.
    fn place_of_lost(&self, rule: RuleIx, heirs: Option<&BTreeMap<RuleIx, usize>>) -> BasePlace {
        let most = heirs.into_iter().flatten().max_by_key(|(rule, rows)| (**rows, Reverse(**rule)));
        match most {
            Some((heir, _)) => {
                let heir = self.after.rule(*heir);
                place(self.after.files, heir.origin, false)
            }
            None => {
                let rule = self.before.rule(rule);
                place(self.before.files, rule.origin, true)
            }
        }
    }

    fn end_moved(
        &self,
        (rule, from, to): (RuleIx, Option<Date>, Option<Date>),
        mut rows: Vec<NamedAssignment>,
    ) -> Option<BaseDifference> {
        let (effect, how) = end_moved(rows.len(), from, to)?;
        let rule = self.after.rule(rule);
        let origin = rule.until.map_or(rule.origin, |until| until.origin);
        // A passed end is mentioned, because the assignment is granted or revoked today.
        let passed = from.is_some_and(|from| from < self.today);
        let passed = if passed { "; the previous end has passed" } else { "" };
        let message = format!("{} {how}{passed}", phrases::count(rows.len(), "assignment"));
        rows.sort_by(|a, b| order(a).cmp(&order(b)));
        let place = place(self.after.files, origin, false);
        Some(BaseDifference { effect, subject: Subject::End, message, assignments: rows, place })
    }
}
