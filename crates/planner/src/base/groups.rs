//! Declared groups: whether a label still refers to the same group of the Identity Store, and how it is identified.

use std::collections::BTreeMap;

use rolecall_model::Principal;
use rolecall_model::config::Group;

use super::reach::Sides;
use super::{BaseDifference, Effect, Subject};
use crate::directory::Directory;

/// Compares every group that both declare.
pub(super) fn compare(sides: &Sides<'_>, directory: &Directory<'_>, found: &mut Vec<BaseDifference>) {
    let (head, base) = (sides.head.files, sides.base.files);
    // Both are looked up according to the configuration's `entra` node.
    let live = |group: &Group, origins| directory.group(group, head.config, origins).principal().cloned();
    let groups = &head.config.groups;
    let by_label: BTreeMap<&str, &Group> = groups.iter().map(|group| (&*group.label, group)).collect();
    let by_name: BTreeMap<&str, &Group> = groups.iter().map(|group| (&*group.display_name, group)).collect();
    for old in &base.config.groups {
        // A group with a new label is the same group, and may have lost its id in the change.
        let same = by_label.get(old.label.as_str()).or_else(|| by_name.get(old.display_name.as_str()));
        let Some(group) = same else { continue };
        let change = change(old, group, (live(old, base.origins), live(group, head.origins)));
        found.extend(change.map(|(effect, message)| BaseDifference {
            effect,
            subject: Subject::Group,
            message,
            assignments: Vec::new(),
            place: sides.head.place(group.origin),
        }));
    }
}

/// Describes a changed group. The group is looked up on both sides: a new `id=` may refer to another group.
fn change(
    old: &Group,
    new: &Group,
    (before, after): (Option<Principal>, Option<Principal>),
) -> Option<(Effect, String)> {
    let Group { label, display_name, object_id, origin: _ } = new;
    let is_written_alike =
        old.object_id == *object_id && (object_id.is_some() || old.display_name == *display_name);
    match (before, after) {
        // The same declaration resolves to the same group.
        _ if is_written_alike => None,
        (Some(before), Some(after)) if before == after => match (&old.object_id, object_id) {
            (Some(before), None) => Some((
                Effect::Loosens,
                format!(
                    "group `{label}` is now identified only by its name `{display_name}` (id {before} before)"
                ),
            )),
            (None, Some(after)) => {
                Some((Effect::Tightens, format!("group `{label}` is pinned to id {after}")))
            }
            (Some(_), Some(_)) | (None, None) => None,
        },
        // Guards that name the label no longer apply to the previous group, even if no assignment changes today.
        (before, after) => {
            let place_in_store = |id: Option<Principal>| {
                id.map_or("not in the Identity Store".to_owned(), |principal| match principal {
                    Principal::NewGroup(id) => format!("{id} in Entra ID, but not in the Identity Store yet"),
                    Principal::Group(_) | Principal::User(_) => {
                        format!("{} in the Identity Store", principal.id())
                    }
                })
            };
            let (was, is) = (describe_declaration(old), describe_declaration(new));
            let (before, after) = (place_in_store(before), place_in_store(after));
            let message =
                format!("group `{label}` is now another group: {is}, {after} (before: {was}, {before})");
            Some((Effect::Loosens, message))
        }
    }
}

fn describe_declaration(group: &Group) -> String {
    match &group.object_id {
        Some(id) => format!("id {id}"),
        None => format!("the one named `{}`", group.display_name),
    }
}
