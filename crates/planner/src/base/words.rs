//! Words that act once, how groups are found, and whether a permission set is owned or external.

use std::collections::BTreeMap;

use rolecall_model::config::{DeclaredPermissionSet, Group, Release};
use rolecall_model::{OriginId, PermissionSetName};

use super::{BaseDifference, Effect, Subject, place};
use crate::Inputs;

/// Every such word of the two.
pub(super) fn compare(head: &Inputs<'_>, base: &Inputs<'_>, found: &mut Vec<BaseDifference>) {
    let mut words = Words { head, base, found };
    words.lifecycle();
    words.ownership();
    words.groups();
}

struct Words<'w> {
    head: &'w Inputs<'w>,
    base: &'w Inputs<'w>,
    found: &'w mut Vec<BaseDifference>,
}

impl Words<'_> {
    fn push(&mut self, effect: Effect, subject: Subject, origin: OriginId, message: String) {
        let place = place(self.head, origin, false);
        self.found.push(BaseDifference { effect, subject, message, rows: Vec::new(), place });
    }

    fn lifecycle(&mut self) {
        let old_sets = &self.base.config.permission_sets;
        let before: BTreeMap<&PermissionSetName, &DeclaredPermissionSet> =
            old_sets.iter().map(|set| (&set.permission_set.name, set)).collect();
        for set in &self.head.config.permission_sets {
            let DeclaredPermissionSet { permission_set, adopt, renamed_from, origin: _ } = set;
            let name = &permission_set.name;
            let old = before.get(name);
            if let Some(adopt) = adopt.filter(|_| old.is_none_or(|old| old.adopt.is_none())) {
                let message = format!("adopt is added to permission set `{name}`");
                self.push(Effect::Changes, Subject::PermissionSet, adopt, message);
            }
            let old_source = old.and_then(|old| old.renamed_from.as_ref()).map(|renamed| &renamed.name);
            if let Some(renamed) = renamed_from.as_ref().filter(|renamed| Some(&renamed.name) != old_source) {
                let message = format!("permission set `{name}` takes the place of `{}`", renamed.name);
                self.push(Effect::Changes, Subject::PermissionSet, renamed.origin, message);
            }
        }
        let released = &self.base.config.releases;
        for Release { name, origin } in &self.head.config.releases {
            if released.iter().all(|old| old.name != *name) {
                let message = format!("permission set `{name}` is released: no stack owns it from then on");
                self.push(Effect::Loosens, Subject::PermissionSet, *origin, message);
            }
        }
    }

    fn ownership(&mut self) {
        let (head, base) = (self.head.config, self.base.config);
        for set in &head.external_permission_sets {
            if base.permission_sets.iter().any(|old| old.permission_set.name == set.name) {
                let message = format!(
                    "permission set `{}` is external now: its policies, and rows of undeclared groups, are left alone",
                    set.name
                );
                self.push(Effect::Loosens, Subject::PermissionSet, set.origin, message);
            }
        }
        for set in &head.permission_sets {
            let name = &set.permission_set.name;
            if base.external_permission_sets.iter().any(|old| old.name == *name) {
                let message = format!("permission set `{name}` is owned now, and was external");
                self.push(Effect::Changes, Subject::PermissionSet, set.origin, message);
            }
        }
    }

    fn groups(&mut self) {
        let (head, base) = (self.head.config, self.base.config);
        let by_label: BTreeMap<&str, &Group> =
            head.groups.iter().map(|group| (&*group.label, group)).collect();
        let by_name: BTreeMap<&str, &Group> =
            head.groups.iter().map(|group| (&*group.display_name, group)).collect();
        for old in &base.groups {
            // A group that got another label is the same group, and may have lost its id on the way.
            let same = by_label.get(old.label.as_str()).or_else(|| by_name.get(old.display_name.as_str()));
            let Some(group) = same else { continue };
            let Group { label, display_name, object_id, origin } = *group;
            let change = match (&old.object_id, object_id) {
                (Some(before), None) => Some((
                    Effect::Loosens,
                    format!(
                        "group `{label}` is found by its name `{display_name}` alone now (id {before} before)"
                    ),
                )),
                (None, Some(after)) => {
                    Some((Effect::Tightens, format!("group `{label}` is pinned to id {after}")))
                }
                (Some(before), Some(after)) if before != after => Some((
                    Effect::Changes,
                    format!("group `{label}` is another group: id {after} ({before} before)"),
                )),
                (None, None) if old.display_name != *display_name => Some((
                    Effect::Changes,
                    format!(
                        "group `{label}` is another group: the one named `{display_name}` (`{}` before)",
                        old.display_name
                    ),
                )),
                (Some(_), Some(_)) | (None, None) => None,
            };
            if let Some((effect, message)) = change {
                self.push(effect, Subject::Group, *origin, message);
            }
        }
    }
}
