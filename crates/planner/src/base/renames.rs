//! Guards that name a renamed permission set: they do not apply to its replacement.

use std::collections::BTreeSet;

use rolecall_model::PermissionSetName;
use rolecall_model::config::{Config, Forbid, Protected, RequireUntil, RowFilter};

use super::reach::Sides;
use super::{BaseDifference, Effect, Subject};

/// The permission sets that guards of one kind and name match; `None` for all.
struct Named<'c> {
    what: String,
    sets: Option<BTreeSet<&'c PermissionSetName>>,
}

/// Compares every `renamed-from` with the guards of the base and those that evaluate the plan.
pub(super) fn compare(sides: &Sides<'_>, found: &mut Vec<BaseDifference>) {
    let (head, base) = (sides.head.config(), sides.base.config());
    let judging = sides.guards.map_or(head, |guards| guards.config);
    let holding = named(judging);
    let naming: Vec<Named<'_>> = named(base).into_iter().chain(named(judging)).collect();
    for set in &head.permission_sets {
        let Some(renamed) = &set.renamed_from else { continue };
        let new = &set.permission_set.name;
        let lost = naming.iter().filter(|one| {
            let reached = |other: &&Named<'_>| {
                other.what == one.what && other.sets.as_ref().is_none_or(|sets| sets.contains(new))
            };
            one.sets.as_ref().is_some_and(|sets| sets.contains(&renamed.name))
                && holding.iter().find(reached).is_none()
        });
        let lost: BTreeSet<&str> = lost.map(|one| one.what.as_str()).collect();
        if lost.is_empty() {
            continue;
        }
        let guards = lost.into_iter().collect::<Vec<_>>().join(", ");
        let old = &renamed.name;
        let message = format!(
            "permission set `{new}` replaces `{old}`, and guards that name `{old}` do not apply to it: {guards}"
        );
        found.push(BaseDifference {
            effect: Effect::Loosens,
            subject: Subject::Guard,
            message,
            assignments: Vec::new(),
            place: sides.head.place(renamed.origin),
        });
    }
}

fn named(config: &Config) -> Vec<Named<'_>> {
    let of_filter = |what: String, rows: &RowFilter| {
        // Destructured, so that a new part that names permission sets is not forgotten here.
        let RowFilter {
            permission_sets,
            grants_policies: _,
            groups: _,
            users: _,
            on: _,
            except_groups: _,
            except_users: _,
        } = rows;
        let sets = permission_sets.iter().map(|one| config.permission_set_name(*one)).collect();
        Named { what, sets: (!permission_sets.is_empty()).then_some(sets) }
    };
    let protected = config.guard.protected.iter().map(|Protected { name, origin: _ }| name).collect();
    let protect = Named { what: "protect".to_owned(), sets: Some(protected) };
    let forbids = config.guard.forbids.iter();
    let forbids = forbids.map(|Forbid { name, rows, .. }| of_filter(format!("forbid {name:?}"), rows));
    let require_untils = config.guard.require_untils.iter();
    let require_untils =
        require_untils.map(|RequireUntil { rows, .. }| of_filter("require-until".to_owned(), rows));
    std::iter::once(protect).chain(forbids).chain(require_untils).collect()
}
