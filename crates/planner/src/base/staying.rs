//! Assignments of the base that are no longer in the configuration but stay live: they must not be listed as lost.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{Assignment, Date, Snapshot};

use super::{BaseComparison, BaseDifference, BasePlace, ComparedAssignment, Effect, LineDifference, Subject};
use crate::phrases;
use crate::plan::{BlockedAction, Change, Kept, KeptBy, NamedAssignment, Plan};

/// The fate of a live assignment that is no longer in the configuration and that the plan does not revoke.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// It is no longer managed.
    Unmanaged,
    /// Unmanaged if it is live: the assignments of its permission set were not read.
    Unread,
    /// A `keep` or an `adopt` keeps it. Whether it lasts longer than before, and by what.
    Kept { lasts_longer: bool, by: String },
    /// It should be revoked, but cannot be now.
    Waits,
}

/// Moves such assignments from the lost ones to a difference for each line.
pub(super) fn settle(comparison: &mut BaseComparison, plan: &Plan, snapshot: &Snapshot) {
    let fates = Fates::new(plan, snapshot);
    let BaseComparison { extent: _, lines, differences } = comparison;
    for LineDifference { place, gained: _, lost } in lines.iter_mut() {
        let mut staying: BTreeMap<Fate, Vec<NamedAssignment>> = BTreeMap::new();
        lost.retain(|compared| {
            let Some(fate) = fates.of(compared) else { return true };
            staying.entry(fate).or_default().push(compared.assignment.clone());
            false
        });
        differences.extend(staying.into_iter().map(|(fate, rows)| difference(&fate, rows, place)));
    }
    lines.retain(|line| !(line.gained.is_empty() && line.lost.is_empty()));
}

fn difference(fate: &Fate, mut rows: Vec<NamedAssignment>, place: &BasePlace) -> BaseDifference {
    let many = phrases::count(rows.len(), "assignment");
    let (is, stays) =
        if rows.len() == 1 { ("is", "its access stays") } else { ("are", "their access stays") };
    let (effect, message) = match fate {
        Fate::Unmanaged => (Effect::Loosens, format!("{many} {is} no longer managed, and {stays}")),
        Fate::Unread => (
            Effect::Loosens,
            format!(
                "{many} {is} no longer managed, and may stay: the assignments of the permission set were not read"
            ),
        ),
        Fate::Kept { lasts_longer, by } => {
            let effect = if *lasts_longer { Effect::Loosens } else { Effect::Changes };
            (effect, format!("{many} {is} no longer granted, and kept by {by}"))
        }
        Fate::Waits => (
            Effect::Changes,
            format!("{many} {is} no longer granted, and cannot be revoked yet: {stays} until then"),
        ),
    };
    rows.sort_by(|a, b| super::assignments::order(a).cmp(&super::assignments::order(b)));
    BaseDifference { effect, subject: Subject::Assignment, message, assignments: rows, place: place.clone() }
}

struct Fates<'p> {
    live: BTreeSet<&'p Assignment>,
    revoked: BTreeSet<&'p Assignment>,
    kept: BTreeMap<&'p Assignment, &'p Kept>,
    waiting: BTreeSet<&'p Assignment>,
    snapshot: &'p Snapshot,
}

impl<'p> Fates<'p> {
    fn new(plan: &'p Plan, snapshot: &'p Snapshot) -> Self {
        let revoked = plan.changes.iter().filter_map(Change::revoked).map(|revoked| &revoked.assignment);
        let blocked = plan.blocked.iter().filter_map(|blocked| match &blocked.action {
            BlockedAction::Revoke(named) => Some(&named.assignment),
            BlockedAction::Grant(_)
            | BlockedAction::Update(_)
            | BlockedAction::Provision(_)
            | BlockedAction::Release(_)
            | BlockedAction::Delete(_) => None,
        });
        let withheld = plan.rebinds.iter().filter(|rebind| rebind.orphans_are_ours);
        let withheld = withheld.flat_map(|rebind| &rebind.orphans).map(|named| &named.assignment);
        Self {
            live: snapshot.assignments.iter().collect(),
            revoked: revoked.collect(),
            kept: plan.kept.iter().map(|kept| (&kept.assignment.assignment, kept)).collect(),
            waiting: blocked.chain(withheld).collect(),
            snapshot,
        }
    }

    /// Returns `None` for a lost assignment, which is revoked or was not live.
    fn of(&self, compared: &ComparedAssignment) -> Option<Fate> {
        let row = &compared.assignment.assignment;
        if !self.live.contains(row) {
            let set = &row.permission_set;
            let unread =
                self.snapshot.permission_set(set).is_some() && self.snapshot.coverage.depth(set).is_none();
            return unread.then_some(Fate::Unread);
        }
        if self.revoked.contains(row) {
            return None;
        }
        Some(match self.kept.get(row) {
            Some(kept) => kept_fate(kept, compared.until),
            None if self.waiting.contains(row) => Fate::Waits,
            None => Fate::Unmanaged,
        })
    }
}

/// `end` is the day on which the assignment would have ended: that of the base, or that of the configuration if it has
/// passed.
fn kept_fate(Kept { assignment: _, by, ended: _, written }: &Kept, end: Option<Date>) -> Fate {
    let (word, until) = match by {
        KeptBy::Keep { until, note: _ } => ("`keep`", *until),
        KeptBy::Adopt => ("`adopt`", None),
    };
    let lasts_longer = end.is_some_and(|end| until.is_none_or(|until| until > end));
    let end = until.map(|until| format!(" until {until}")).unwrap_or_default();
    Fate::Kept { lasts_longer, by: format!("{word}{end} ({written})") }
}
