//! Groups and users, as far as the configuration can name them.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::snapshot::Group;
use rolecall_model::{GroupId, ObjectId, Principal, Snapshot, UserName};
use rolecall_parser::limits::MAX_DISPLAY_NAME;

use crate::text::{quoted, says_something};

/// How the configuration can name a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity<'a> {
    /// A group, found by its object ID or by its name.
    Group { group: &'a Group, object_id: Option<&'a str> },
    /// A user, found by user name.
    User(&'a UserName),
    /// An existing group or user that neither a name nor an ID distinguishes from others.
    Indistinct(&'a str),
    /// A deleted principal.
    Gone,
}

/// All existing groups and users.
pub(crate) struct Directory<'a> {
    identities: BTreeMap<Principal, Identity<'a>>,
}

impl<'a> Directory<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot) -> Self {
        let mut group_names: BTreeMap<&str, usize> = BTreeMap::new();
        let mut external_ids: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for group in &snapshot.groups {
            *group_names.entry(&group.display_name).or_default() += 1;
            for external in &group.external_ids {
                external_ids.entry(external.id.to_ascii_lowercase()).or_default().insert(group.id.as_str());
            }
        }
        let mut user_names: BTreeMap<&UserName, usize> = BTreeMap::new();
        for user in &snapshot.users {
            *user_names.entry(&user.user_name).or_default() += 1;
        }
        let object_id = |group: &'a Group| {
            let ids = group.external_ids.iter().map(|external| external.id.as_str());
            let own = ids.filter(|id| id.parse::<ObjectId>().is_ok());
            own.filter(|id| external_ids[&id.to_ascii_lowercase()].len() == 1).min()
        };
        let groups = snapshot.groups.iter().map(|group| {
            let name = group.display_name.as_str();
            let object_id = object_id(group);
            let is_found = object_id.is_some() || (group_names[name] == 1 && is_display_name(name));
            let identity =
                if is_found { Identity::Group { group, object_id } } else { Identity::Indistinct(name) };
            (Principal::Group(group.id.clone()), identity)
        });
        let users = snapshot.users.iter().map(|user| {
            let name = &user.user_name;
            let is_found = user_names[name] == 1 && says_something(name.as_str());
            let identity = if is_found { Identity::User(name) } else { Identity::Indistinct(name.as_str()) };
            (Principal::User(user.id.clone()), identity)
        });
        Self { identities: groups.chain(users).collect() }
    }

    pub(crate) fn identity(&self, principal: &Principal) -> Identity<'a> {
        self.identities.get(principal).copied().unwrap_or(Identity::Gone)
    }
}

fn is_display_name(name: &str) -> bool {
    says_something(name) && name.chars().count() <= MAX_DISPLAY_NAME
}

/// A group that the project declares.
pub(crate) struct DeclaredGroup<'a> {
    pub(crate) label: String,
    id: &'a GroupId,
    display_name: &'a str,
    object_id: Option<&'a str>,
}

impl<'a> DeclaredGroup<'a> {
    /// Returns the declarations of these groups, each with its principal, sorted by label. The label is the display name,
    /// unless two groups have the same.
    pub(crate) fn all(
        groups: &BTreeMap<&'a Principal, (&'a Group, Option<&'a str>)>,
    ) -> Vec<(&'a Principal, Self)> {
        Self::beside(groups, &[])
    }

    /// Returns the same for groups that would be declared in addition to others, whose labels they avoid.
    pub(crate) fn beside(
        groups: &BTreeMap<&'a Principal, (&'a Group, Option<&'a str>)>,
        others: &[Self],
    ) -> Vec<(&'a Principal, Self)> {
        let others: BTreeSet<&str> = others.iter().map(|other| other.label.as_str()).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (group, _) in groups.values() {
            *counts.entry(&group.display_name).or_default() += 1;
        }
        let mut taken: BTreeSet<String> =
            counts.keys().chain(&others).map(|name| (*name).to_owned()).collect();
        let mut declared: Vec<(&Principal, Self)> = Vec::new();
        for (principal, (group, object_id)) in groups {
            let name = group.display_name.as_str();
            let is_name = is_display_name(name);
            let label = if counts[name] == 1 && is_name && !others.contains(name) {
                name.to_owned()
            } else {
                let base = if is_name { name } else { "group" };
                // Nobody else has the whole id, so the search ends.
                let id = object_id.unwrap_or(group.id.as_str());
                let lengths = [8, 13, 18, 23, id.len()].into_iter();
                let mut labels = lengths.map(|length| format!("{base} ({})", id.get(..length).unwrap_or(id)));
                let free = labels.clone().find(|label| !taken.contains(label));
                free.or(labels.next_back()).unwrap_or_default()
            };
            taken.insert(label.clone());
            declared
                .push((*principal, Self { label, id: &group.id, display_name: name, object_id: *object_id }));
        }
        declared.sort_by(|a, b| a.1.label.cmp(&b.1.label));
        declared
    }

    /// Returns whether it is this group.
    pub(crate) fn is(&self, group: &Group) -> bool {
        *self.id == group.id
    }

    /// Returns the line that declares it.
    pub(crate) fn line(&self) -> String {
        let mut line = format!("group {}", quoted(&self.label));
        if self.display_name != self.label && is_display_name(self.display_name) {
            line.push_str(&format!(" display-name={}", quoted(self.display_name)));
        }
        if let Some(id) = self.object_id {
            line.push_str(&format!(" id={}", quoted(id)));
        }
        line.push('\n');
        line
    }
}
