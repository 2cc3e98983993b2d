//! Lifecycle words, and whether a permission set is owned or external.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::{DeclaredPermissionSet, Release};
use rolecall_model::{OriginId, PermissionSetName};

use super::reach::Sides;
use super::{BaseDifference, Effect, Subject};

/// Compares every such word.
pub(super) fn compare(sides: &Sides<'_>, found: &mut Vec<BaseDifference>) {
    let mut words = Words { sides, found };
    words.lifecycle();
    words.ownership();
}

/// Returns the permission sets that a guard protects, in the base, in the configuration, or in the checkout of the
/// guards.
pub(super) fn protected<'c>(sides: &Sides<'c>) -> BTreeSet<&'c PermissionSetName> {
    let guards = sides.guards.map(|guards| guards.config);
    let configs = [Some(sides.base.config()), Some(sides.head.config()), guards];
    let protected = configs.into_iter().flatten().flat_map(|config| &config.guard.protected);
    protected.map(|one| &one.name).collect()
}

struct Words<'s, 'a> {
    sides: &'s Sides<'a>,
    found: &'s mut Vec<BaseDifference>,
}

impl Words<'_, '_> {
    fn push(&mut self, effect: Effect, subject: Subject, origin: OriginId, message: String) {
        let place = self.sides.head.place(origin);
        self.found.push(BaseDifference { effect, subject, message, assignments: Vec::new(), place });
    }

    fn lifecycle(&mut self) {
        let old_sets = &self.sides.base.config().permission_sets;
        let before: BTreeMap<&PermissionSetName, &DeclaredPermissionSet> =
            old_sets.iter().map(|set| (&set.permission_set.name, set)).collect();
        for set in &self.sides.head.config().permission_sets {
            let DeclaredPermissionSet { permission_set, adopt, renamed_from, origin: _ } = set;
            let name = &permission_set.name;
            let old = before.get(name);
            if let Some(adopt) = adopt.filter(|_| old.is_none_or(|old| old.adopt.is_none())) {
                let message = format!("`adopt` is added to permission set `{name}`");
                self.push(Effect::Changes, Subject::PermissionSet, adopt, message);
            }
            let old_source = old.and_then(|old| old.renamed_from.as_ref()).map(|renamed| &renamed.name);
            if let Some(renamed) = renamed_from.as_ref().filter(|renamed| Some(&renamed.name) != old_source) {
                let message = format!("permission set `{name}` replaces `{}`", renamed.name);
                self.push(Effect::Changes, Subject::PermissionSet, renamed.origin, message);
            }
        }
        let released = &self.sides.base.config().releases;
        let protected = protected(self.sides);
        for Release { name, origin } in &self.sides.head.config().releases {
            if released.iter().all(|old| old.name != *name) {
                let though = if protected.contains(name) { ", though `protect` names it" } else { "" };
                let message =
                    format!("permission set `{name}` is released{though}: no stack owns it from then on");
                self.push(Effect::Loosens, Subject::PermissionSet, *origin, message);
            }
        }
    }

    fn ownership(&mut self) {
        let (head, base) = (self.sides.head.config(), self.sides.base.config());
        for set in &head.external_permission_sets {
            if base.permission_sets.iter().any(|old| old.permission_set.name == set.name) {
                let message = format!(
                    "permission set `{}` is now external: its policies and the assignments of undeclared groups are unmanaged",
                    set.name
                );
                self.push(Effect::Loosens, Subject::PermissionSet, set.origin, message);
            }
        }
        for set in &head.permission_sets {
            let name = &set.permission_set.name;
            if base.external_permission_sets.iter().any(|old| old.name == *name) {
                let message = format!("permission set `{name}` is now owned (external before)");
                self.push(Effect::Changes, Subject::PermissionSet, set.origin, message);
            }
        }
    }
}
