//! Display names of live principals.

use std::collections::BTreeMap;

use rolecall_model::{Principal, Snapshot, UserName};

use crate::plan::PrincipalName;

/// The names of all principals of a snapshot, and the labels that a configuration gives to some of them.
pub(crate) struct Names {
    groups: BTreeMap<Principal, String>,
    users: BTreeMap<Principal, UserName>,
    labels: BTreeMap<Principal, String>,
}

impl Names {
    /// The names of a snapshot, with these labels.
    pub(crate) fn new(snapshot: &Snapshot, labels: BTreeMap<Principal, String>) -> Self {
        let groups = snapshot.groups.iter();
        let groups = groups.map(|group| (Principal::Group(group.id.clone()), group.display_name.clone()));
        let tenant = snapshot.entra.iter().flat_map(|tenant| &tenant.groups);
        let new_groups =
            tenant.map(|group| (Principal::NewGroup(group.id.clone()), group.display_name.clone()));
        let users = snapshot.users.iter();
        let users = users.map(|user| (Principal::User(user.id.clone()), user.user_name.clone()));
        Self { groups: groups.chain(new_groups).collect(), users: users.collect(), labels }
    }

    /// Adds the name of a user who is not in the snapshot.
    pub(crate) fn add_user(&mut self, user: Principal, name: UserName) {
        self.users.insert(user, name);
    }

    /// The name of a principal.
    pub(crate) fn of(&self, principal: &Principal) -> PrincipalName {
        if let Some(live_name) = self.groups.get(principal) {
            let label = self.labels.get(principal).cloned();
            return PrincipalName::Group { label, live_name: live_name.clone() };
        }
        match self.users.get(principal) {
            Some(name) => PrincipalName::User(name.to_string()),
            None => PrincipalName::Orphan(principal.id().to_owned()),
        }
    }

    /// Whether the principal no longer exists.
    pub(crate) fn is_orphan(&self, principal: &Principal) -> bool {
        !self.groups.contains_key(principal) && !self.users.contains_key(principal)
    }
}
