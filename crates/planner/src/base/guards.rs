//! Guards and lint levels: what stopped a plan before and no longer does.

use std::collections::BTreeMap;

use rolecall_model::OriginId;
use rolecall_model::config::{Forbid, Guard, GuardException, MaxDeletions, MaxGrants, RequireUntil};
use rolecall_model::lint::{LINTS, Level};

use super::ends::end_moved;
use super::reach::{Pairs, Reach, Relation, Side, Sides};
use super::{BaseDifference, BasePlace, Effect, Subject};

/// Compares every guard and lint level.
pub(super) fn compare(sides: &Sides<'_>, found: &mut Vec<BaseDifference>) {
    let (before, after) = (&sides.base.config().guard, &sides.head.config().guard);
    // Destructured, so that no new guard is forgotten here.
    let Guard { max_deletions: old_deletions, max_grants: old_grants, protected, forbids, require_untils } =
        before;
    let Guard {
        max_deletions: new_deletions,
        max_grants: new_grants,
        protected: new_protected,
        forbids: new_forbids,
        require_untils: new_require_untils,
    } = after;
    let mut compared = Guards { sides, found };
    compared.deletions(old_deletions, new_deletions);
    compared.grants(old_grants.as_ref(), new_grants.as_ref());
    for gone in protected.iter().filter(|one| new_protected.iter().all(|other| other.name != one.name)) {
        compared.record_removed(gone.origin, format!("`{}` is no longer protected", gone.name));
    }
    for new in new_protected.iter().filter(|one| protected.iter().all(|other| other.name != one.name)) {
        compared.record_added(new.origin, format!("`{}` is protected", new.name));
    }
    compared.forbids(forbids, new_forbids);
    compared.require_untils(require_untils, new_require_untils);
    compared.lints();
}

struct Guards<'s, 'a> {
    sides: &'s Sides<'a>,
    found: &'s mut Vec<BaseDifference>,
}

impl Guards<'_, '_> {
    fn push(&mut self, effect: Effect, place: BasePlace, message: String) {
        self.found.push(BaseDifference {
            effect,
            subject: Subject::Guard,
            message,
            assignments: Vec::new(),
            place,
        });
    }

    /// Records something that applied in the base and was removed.
    fn record_removed(&mut self, origin: OriginId, message: String) {
        self.push(Effect::Loosens, self.sides.base.place(origin), message);
    }

    /// Records something that applies now and did not in the base.
    fn record_added(&mut self, origin: OriginId, message: String) {
        self.push(Effect::Tightens, self.sides.head.place(origin), message);
    }

    fn deletions(&mut self, before: &MaxDeletions, after: &MaxDeletions) {
        let MaxDeletions { count: old_count, percent: old_percent, origin: old_origin } = *before;
        let MaxDeletions { count, percent, origin } = *after;
        let head = origin.map(|origin| self.sides.head.place(origin));
        let base = old_origin.map(|origin| self.sides.base.place(origin));
        // Two defaults are equal.
        let Some(place) = head.or(base) else { return };
        let default = if origin.is_none() { ", the default" } else { "" };
        if count != old_count {
            let effect = if count > old_count { Effect::Loosens } else { Effect::Tightens };
            let message = format!("max-deletions changes from {old_count} to {count}{default}");
            self.push(effect, place.clone(), message);
        }
        if percent != old_percent {
            let effect = if percent > old_percent { Effect::Loosens } else { Effect::Tightens };
            let message =
                format!("the percentage of max-deletions changes from {old_percent} to {percent}{default}");
            self.push(effect, place, message);
        }
    }

    fn grants(&mut self, before: Option<&MaxGrants>, after: Option<&MaxGrants>) {
        match (before, after) {
            (None, None) => {}
            (Some(before), None) => {
                self.record_removed(before.origin, format!("max-grants {} is removed", before.count));
            }
            (None, Some(after)) => {
                self.record_added(after.origin, format!("max-grants {} is added", after.count));
            }
            (Some(before), Some(after)) => {
                let effect = match after.count.cmp(&before.count) {
                    std::cmp::Ordering::Equal => return,
                    std::cmp::Ordering::Greater => Effect::Loosens,
                    std::cmp::Ordering::Less => Effect::Tightens,
                };
                let message = format!("max-grants changes from {} to {}", before.count, after.count);
                self.push(effect, self.sides.head.place(after.origin), message);
            }
        }
    }

    fn forbids(&mut self, before: &[Forbid], after: &[Forbid]) {
        let old: BTreeMap<&str, usize> =
            before.iter().enumerate().map(|(at, one)| (&*one.name, at)).collect();
        let new: BTreeMap<&str, usize> = after.iter().enumerate().map(|(at, one)| (&*one.name, at)).collect();
        for (name, at) in &old {
            if !new.contains_key(name) {
                let text = self.sides.base.forbids[*at].0.summary();
                self.record_removed(before[*at].origin, format!("forbid {name:?} is removed: {text}"));
            }
        }
        for (name, at) in &new {
            let Some(old_at) = old.get(name) else {
                let text = self.sides.head.forbids[*at].0.summary();
                self.record_added(after[*at].origin, format!("forbid {name:?} is added: {text}"));
                continue;
            };
            let sides = self.sides;
            let (own, exceptions) = &sides.head.forbids[*at];
            let (own_before, exceptions_before) = &sides.base.forbids[*old_at];
            let what = format!("forbid {name:?}");
            self.rows(&what, own_before, own, sides.head.place(after[*at].origin));
            let (old, new) = (&before[*old_at].exceptions, &after[*at].exceptions);
            self.exceptions(name, (old, exceptions_before), (new, exceptions));
        }
    }

    /// Compares the assignments that a guard matches. Matching more is tighter.
    fn rows(&mut self, what: &str, before: &Reach, after: &Reach, place: BasePlace) {
        let (effect, how) = match after.since(before, Relation::Narrower) {
            Relation::Same => return,
            Relation::Wider => (Effect::Tightens, "matches more assignments"),
            Relation::Narrower => (Effect::Loosens, "matches fewer assignments"),
            Relation::Other => (Effect::Changes, "matches different assignments"),
        };
        let message = format!("{what} {how}: {}", describe_change(before, after));
        self.push(effect, place, message);
    }

    fn exceptions(
        &mut self,
        name: &str,
        (before, old): (&[GuardException], &[Reach]),
        (after, new): (&[GuardException], &[Reach]),
    ) {
        let pairs = Pairs::new(old, new, Relation::Wider);
        for at in pairs.gone {
            let message = format!("the exception to {name:?} is removed: {}", old[at].summary());
            self.push(Effect::Tightens, self.sides.base.place(before[at].origin), message);
        }
        for at in pairs.new {
            let GuardException { until, reason, origin, rows: _ } = &after[at];
            let message = format!(
                "an exception to {name:?} is added, until {}: {} ({reason})",
                until.date,
                new[at].summary()
            );
            self.push(Effect::Loosens, self.sides.head.place(*origin), message);
        }
        for (old_at, at, relation) in pairs.both {
            let what = format!("the exception to {name:?}");
            let place = self.sides.head.place(after[at].origin);
            let how = match relation {
                Relation::Same => None,
                Relation::Wider => Some((Effect::Loosens, "exempts more assignments")),
                Relation::Narrower => Some((Effect::Tightens, "exempts fewer assignments")),
                Relation::Other => Some((Effect::Changes, "exempts different assignments")),
            };
            if let Some((effect, how)) = how {
                let message = format!("{what} {how}: {}", describe_change(&old[old_at], &new[at]));
                self.push(effect, place.clone(), message);
            }
            let (old_end, new_end) = (before[old_at].until.date, after[at].until.date);
            if let Some((effect, how)) = end_moved(1, Some(old_end), Some(new_end)) {
                self.push(effect, place, format!("{what} {how}: {}", new[at].summary()));
            }
        }
    }

    fn require_untils(&mut self, before: &[RequireUntil], after: &[RequireUntil]) {
        let sides = self.sides;
        let (old, new) = (&sides.base.require_untils, &sides.head.require_untils);
        let pairs = Pairs::new(old, new, Relation::Narrower);
        for at in pairs.gone {
            self.record_removed(
                before[at].origin,
                format!("require-until is removed: {}", old[at].summary()),
            );
        }
        for at in pairs.new {
            self.record_added(after[at].origin, format!("require-until is added: {}", new[at].summary()));
        }
        for (old_at, at, _) in pairs.both {
            let place = sides.head.place(after[at].origin);
            self.rows("require-until", &old[old_at], &new[at], place.clone());
            let days =
                |days: Option<u32>| days.map_or("any day".to_owned(), |days| format!("within {days} days"));
            let (old_days, new_days) = (before[old_at].within_days, after[at].within_days);
            // Without a number, any end is allowed.
            let most = |days: Option<u32>| days.map_or(u64::MAX, u64::from);
            let effect = match most(new_days).cmp(&most(old_days)) {
                std::cmp::Ordering::Equal => continue,
                std::cmp::Ordering::Greater => Effect::Loosens,
                std::cmp::Ordering::Less => Effect::Tightens,
            };
            let (was, is) = (days(old_days), days(new_days));
            let message = format!("require-until changes from {was} to {is}: {}", new[at].summary());
            self.push(effect, place, message);
        }
    }

    fn lints(&mut self) {
        let Sides { head, base, .. } = self.sides;
        for (name, code) in LINTS {
            let level = |side: &Side<'_>| side.config().lints.level(*code).unwrap_or(Level::Warn);
            let (before, after) = (level(base), level(head));
            let effect = match after.cmp(&before) {
                std::cmp::Ordering::Equal => continue,
                std::cmp::Ordering::Less => Effect::Loosens,
                std::cmp::Ordering::Greater => Effect::Tightens,
            };
            let set_in = |side: &Side<'_>| {
                let set = side.config().lints.levels.get(code);
                set.map(|(_, origin)| side.place(*origin))
            };
            // A level that neither side sets is equal.
            let Some(place) = set_in(head).or_else(|| set_in(base)) else { continue };
            let message =
                format!("lint {name:?} changes from {} to {}", level_word(before), level_word(after));
            self.found.push(BaseDifference {
                effect,
                subject: Subject::Lint,
                message,
                assignments: Vec::new(),
                place,
            });
        }
    }
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::Allow => "allow",
        Level::Warn => "warn",
        Level::Deny => "deny",
    }
}

/// Formats the text before and after, or what changed if the text is the same.
pub(super) fn describe_change(before: &Reach, after: &Reach) -> String {
    if before.text() == after.text() {
        return format!("{}, in which an account set changed", after.summary());
    }
    format!("{} (before: {})", after.summary(), before.summary())
}
