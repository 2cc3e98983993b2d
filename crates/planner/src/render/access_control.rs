//! Changes of attributes for access control, in words and in lines.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{AccessControlChange, Action, Change};

/// The change of attributes for access control.
pub(crate) struct AttributesChange {
    /// The changes, a few words each.
    pub(crate) words: Vec<String>,
    /// Each attribute that differs, marked `+` and `-`, with its source before and after.
    pub(crate) lines: Vec<String>,
}

/// Describes the change; `None` for other changes.
pub(crate) fn attributes_change(change: &Change) -> Option<AttributesChange> {
    let Action::AccessControl(AccessControlChange { before, after }) = &change.action else { return None };
    let none = BTreeMap::new();
    let live = before.as_ref().unwrap_or(&none);
    let (mut added, mut changed, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    let mut lines = Vec::new();
    let keys: BTreeSet<&str> = live.keys().chain(after.keys()).map(String::as_str).collect();
    for key in keys {
        let (old, new) = (live.get(key), after.get(key));
        if old == new {
            continue;
        }
        match (old, new) {
            (Some(_), Some(_)) => changed.push(key),
            (None, _) => added.push(key),
            (Some(_), None) => removed.push(key),
        }
        lines.extend(old.map(|source| format!("- {key}  {source}")));
        lines.extend(new.map(|source| format!("+ {key}  {source}")));
    }
    let listed = [("adds", added), ("changes", changed), ("removes", removed)];
    let listed = listed.into_iter().filter(|(_, keys)| !keys.is_empty());
    let listed = listed.map(|(what, keys)| format!("{what} {}", keys.join(", ")));
    let mut words: Vec<String> = listed.collect();
    if words.is_empty() {
        // Only enabled: an instance can have the feature without attributes.
        words.push("without any".to_owned());
    }
    Some(AttributesChange { words, lines })
}
