//! Contents of declarations: permission sets, account sets and attributes. The live state may already match the
//! configuration, so that the plan does not show the difference.

use std::collections::BTreeMap;

use rolecall_model::config::{AccessControl, AccountSet, AccountSetIx, DeclaredPermissionSet};
use rolecall_model::{OriginId, PermissionSetName};

use super::reach::{Relation, Sides};
use super::words::protected;
use super::{BaseDifference, Effect, Subject, spelling};

use crate::phrases;
use crate::plan::{Difference, differences};

/// Compares every declaration that both have.
pub(super) fn compare(sides: &Sides<'_>, found: &mut Vec<BaseDifference>) {
    let mut contents = Contents { sides, found };
    contents.permission_sets();
    contents.account_sets();
    contents.attributes();
}

struct Contents<'s, 'a> {
    sides: &'s Sides<'a>,
    found: &'s mut Vec<BaseDifference>,
}

impl Contents<'_, '_> {
    fn push(&mut self, effect: Effect, subject: Subject, origin: OriginId, message: String) {
        let place = self.sides.head.place(origin);
        self.found.push(BaseDifference { effect, subject, message, assignments: Vec::new(), place });
    }

    /// A renamed permission set is compared with the one that it replaces.
    fn permission_sets(&mut self) {
        let (head, base) = (self.sides.head.config(), self.sides.base.config());
        let old_sets = base.permission_sets.iter();
        let before: BTreeMap<&PermissionSetName, &DeclaredPermissionSet> =
            old_sets.map(|set| (&set.permission_set.name, set)).collect();
        let protected = protected(self.sides);
        for set in &head.permission_sets {
            let DeclaredPermissionSet { permission_set, adopt: _, renamed_from, origin } = set;
            let name = &permission_set.name;
            let renamed = || renamed_from.as_ref().and_then(|renamed| before.get(&renamed.name));
            let Some(old) = before.get(name).or_else(renamed) else { continue };
            let mut by_effect: BTreeMap<Effect, Vec<String>> = BTreeMap::new();
            for difference in differences(&old.permission_set, permission_set) {
                by_effect.entry(effect(&difference)).or_default().push(phrases::difference(&difference));
            }
            let what = if protected.contains(&old.permission_set.name) {
                "protected permission set"
            } else {
                "permission set"
            };
            for (effect, parts) in by_effect {
                let message = format!("{what} `{name}` changes: {}", parts.join(", "));
                self.push(effect, Subject::PermissionSet, *origin, message);
            }
        }
    }

    /// Account sets that are written differently may contain different accounts tomorrow, even if they contain the same
    /// today. If a set only lists more or fewer accounts, the affected assignments and guards are enough.
    fn account_sets(&mut self) {
        let (head, base) = (self.sides.head.config(), self.sides.base.config());
        let by_name: BTreeMap<&str, (AccountSetIx, &AccountSet)> =
            base.referenced_account_sets().map(|(at, set)| (&*set.name, (at, set))).collect();
        let mut relation = self.sides.relation_of_sets();
        let mut changed = Vec::new();
        for (index, set) in head.referenced_account_sets() {
            let Some((old_index, old)) = by_name.get(&*set.name) else { continue };
            let (new_text, old_text) =
                (spelling::selection(head, &set.selection), spelling::selection(base, &old.selection));
            let (new_parts, old_parts) =
                (spelling::parts(head, &set.selection), spelling::parts(base, &old.selection));
            if new_parts == old_parts {
                continue;
            }
            let only_lists = new_parts.1 == old_parts.1
                && Relation::of_sets(&old_parts.0, &new_parts.0) != Relation::Other;
            let today = relation.as_mut().map(|relation| relation(*old_index, index));
            let today = match today {
                Some(Relation::Same) => ", with the same accounts today",
                Some(_) if only_lists => continue,
                Some(_) => ", with different accounts",
                None => "",
            };
            let (new, old) = (spelling::shorten(&new_text), spelling::shorten(&old_text));
            let message =
                format!("account set `{}` is written differently{today}: {new} (before: {old})", set.name);
            changed.push((set.origin, message));
        }
        for (origin, message) in changed {
            self.push(Effect::Changes, Subject::AccountSet, origin, message);
        }
    }

    fn attributes(&mut self) {
        let (before, after) = (&self.sides.base.config().attributes, &self.sides.head.config().attributes);
        let (before, after) = match (before, after) {
            (None, None) => return,
            (Some(AccessControl { attributes: _, origin }), None) => {
                let place = self.sides.base.place(*origin);
                let message =
                    "attributes for access control are no longer managed, and stay as they are".to_owned();
                let (effect, subject) = (Effect::Loosens, Subject::Attribute);
                self.found.push(BaseDifference { effect, subject, message, assignments: Vec::new(), place });
                return;
            }
            (None, Some(AccessControl { attributes: _, origin })) => {
                let message = "attributes for access control are now managed".to_owned();
                self.push(Effect::Changes, Subject::Attribute, *origin, message);
                return;
            }
            (Some(before), Some(after)) => (before, after),
        };
        let (old, new) = (&before.attributes, &after.attributes);
        for (key, source) in new {
            let message = match old.get(key) {
                Some(before) if before == source => continue,
                Some(before) => format!("attribute `{key}` now comes from `{source}` (`{before}` before)"),
                None => format!("attribute `{key}` is added, from `{source}`"),
            };
            self.push(Effect::Changes, Subject::Attribute, after.origin, message);
        }
        for (key, source) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
            let message = format!("attribute `{key}` is removed (`{source}` before)");
            self.push(Effect::Changes, Subject::Attribute, after.origin, message);
        }
    }
}

/// Returns the effect of a difference of a permission set. A removed policy may have denied something, so removing it
/// does not count as tighter.
fn effect(difference: &Difference) -> Effect {
    match difference {
        Difference::ManagedPolicyAttached(_) | Difference::CustomerPolicyAttached(_) => Effect::Loosens,
        Difference::Boundary { before, after } => match (before, after) {
            (Some(_), None) => Effect::Loosens,
            (None, Some(_)) => Effect::Tightens,
            _ => Effect::Changes,
        },
        Difference::InlinePolicy { before: None, after: Some(_) } => Effect::Loosens,
        Difference::Session { before, after } if after > before => Effect::Loosens,
        Difference::Session { .. } => Effect::Tightens,
        Difference::InlinePolicy { .. }
        | Difference::ManagedPolicyDetached(_)
        | Difference::CustomerPolicyDetached(_)
        | Difference::Text { .. }
        | Difference::Tag { .. } => Effect::Changes,
    }
}
