//! The groups and users of the Identity Store, by id and name.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::entra::Tenant;
use rolecall_model::snapshot::{Group, User};
use rolecall_model::{GroupId, ObjectId, UserId};

/// The issuer of external ids from SCIM. Which issuer those from Entra ID have is not confirmed; Rolecall matches only the
/// id.
pub(crate) const SCIM_ISSUER: &str = "https://scim.example.com";

/// Objects that are provisioned together.
#[derive(Debug, Default)]
pub(crate) struct Provisioned {
    /// New and changed groups.
    pub(crate) groups: BTreeMap<GroupId, Group>,
    /// New and changed users.
    pub(crate) users: BTreeMap<UserId, User>,
    /// The users' object ids in Entra ID.
    pub(crate) links: BTreeMap<ObjectId, UserId>,
    /// The complete members of groups.
    pub(crate) members: BTreeMap<GroupId, BTreeSet<UserId>>,
}

/// All groups and users, by id and name.
#[derive(Debug)]
pub(crate) struct Directory {
    groups: Vec<Group>,
    users: Vec<User>,
    /// If two groups share a name, the one with the lesser id.
    group_names: BTreeMap<String, usize>,
    group_external_ids: BTreeMap<(String, String), usize>,
    user_names: BTreeMap<String, usize>,
    /// The members of the groups that have any.
    memberships: BTreeMap<GroupId, BTreeSet<UserId>>,
    /// The provisioned users, by object id in Entra ID.
    links: BTreeMap<ObjectId, UserId>,
    /// The reverse of `links`.
    objects: BTreeMap<UserId, ObjectId>,
}

impl Directory {
    /// Creates a directory from groups and users sorted by id. A snapshot does not contain the users' object ids in Entra ID;
    /// a user belongs to the one whose user principal name is the user name.
    pub(crate) fn new(
        groups: Vec<Group>,
        users: Vec<User>,
        memberships: BTreeMap<GroupId, BTreeSet<UserId>>,
        tenant: Option<&Tenant>,
    ) -> Self {
        let mut directory = Self::index(groups, users);
        directory.memberships = memberships;
        let links = tenant.into_iter().flat_map(|tenant| &tenant.users).filter_map(|user| {
            Some((user.id.clone(), directory.user_named(&user.user_principal_name)?.id.clone()))
        });
        let links = links.collect();
        directory.link(links);
        directory
    }

    fn link(&mut self, links: BTreeMap<ObjectId, UserId>) {
        self.objects.extend(links.iter().map(|(object, user)| (user.clone(), object.clone())));
        self.links.extend(links);
    }

    fn index(groups: Vec<Group>, users: Vec<User>) -> Self {
        let numbered = || groups.iter().enumerate().rev();
        let group_names = numbered().map(|(number, group)| (group.display_name.clone(), number)).collect();
        let group_external_ids = numbered()
            .flat_map(|(number, group)| {
                group
                    .external_ids
                    .iter()
                    .map(move |external| ((external.issuer.clone(), external.id.clone()), number))
            })
            .collect();
        let user_names =
            users.iter().enumerate().map(|(number, user)| (user.user_name.to_string(), number)).collect();
        Self {
            groups,
            users,
            group_names,
            group_external_ids,
            user_names,
            memberships: BTreeMap::new(),
            links: BTreeMap::new(),
            objects: BTreeMap::new(),
        }
    }

    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    pub(crate) fn users(&self) -> &[User] {
        &self.users
    }

    pub(crate) fn group(&self, id: &GroupId) -> Option<&Group> {
        self.groups.binary_search_by(|group| group.id.cmp(id)).ok().map(|at| &self.groups[at])
    }

    /// Deletes a group; returns `false` if there is none.
    pub(crate) fn delete_group(&mut self, id: &GroupId) -> bool {
        let Ok(at) = self.groups.binary_search_by(|group| group.id.cmp(id)) else { return false };
        self.rebuild(|groups, _| {
            groups.remove(at);
        });
        self.memberships.remove(id);
        true
    }

    /// Adds provisioned objects.
    pub(crate) fn provision(&mut self, provisioned: Provisioned) {
        let Provisioned { groups, users, links, members } = provisioned;
        if !groups.is_empty() || !users.is_empty() {
            self.rebuild(|all_groups, all_users| {
                all_groups.retain(|group| !groups.contains_key(&group.id));
                all_groups.extend(groups.into_values());
                all_groups.sort_by(|a, b| a.id.cmp(&b.id));
                all_users.retain(|user| !users.contains_key(&user.id));
                all_users.extend(users.into_values());
                all_users.sort_by(|a, b| a.id.cmp(&b.id));
            });
        }
        self.link(links);
        for (group, members) in members {
            if members.is_empty() {
                self.memberships.remove(&group);
            } else {
                self.memberships.insert(group, members);
            }
        }
    }

    fn rebuild(&mut self, change: impl FnOnce(&mut Vec<Group>, &mut Vec<User>)) {
        let (mut groups, mut users) = (std::mem::take(&mut self.groups), std::mem::take(&mut self.users));
        change(&mut groups, &mut users);
        let rebuilt = Self::index(groups, users);
        let before = std::mem::replace(self, rebuilt);
        self.memberships = before.memberships;
        self.links = before.links;
        self.objects = before.objects;
    }

    /// Returns the members of all groups.
    pub(crate) fn memberships(&self) -> &BTreeMap<GroupId, BTreeSet<UserId>> {
        &self.memberships
    }

    /// Returns the members of a group.
    pub(crate) fn members(&self, group: &GroupId) -> &BTreeSet<UserId> {
        static NOBODY: BTreeSet<UserId> = BTreeSet::new();
        self.memberships.get(group).unwrap_or(&NOBODY)
    }

    /// Returns the provisioned members of a group, by object id in Entra ID.
    pub(crate) fn members_from_entra(&self, group: &GroupId) -> BTreeSet<ObjectId> {
        self.members(group).iter().filter_map(|user| self.objects.get(user).cloned()).collect()
    }

    /// Returns the user with this object id in Entra ID.
    pub(crate) fn user_of_object(&self, id: &ObjectId) -> Option<&UserId> {
        self.links.get(id)
    }

    /// Returns the object id of a user in Entra ID.
    pub(crate) fn object_of_user(&self, id: &UserId) -> Option<&ObjectId> {
        self.objects.get(id)
    }

    /// Returns the group with this name.
    pub(crate) fn group_named(&self, name: &str) -> Option<&Group> {
        self.group_names.get(name).map(|at| &self.groups[*at])
    }

    /// Returns the group with this external id.
    pub(crate) fn group_with_external_id(&self, issuer: &str, id: &str) -> Option<&Group> {
        self.group_external_ids.get(&(issuer.to_owned(), id.to_owned())).map(|at| &self.groups[*at])
    }

    /// Returns the group with this external id from any issuer.
    pub(crate) fn group_of_external_id(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.external_ids.iter().any(|external| external.id == id))
    }

    /// Returns the user with this name.
    pub(crate) fn user_named(&self, name: &str) -> Option<&User> {
        self.user_names.get(name).map(|at| &self.users[*at])
    }

    pub(crate) fn user(&self, id: &UserId) -> Option<&User> {
        self.users.binary_search_by(|user| user.id.cmp(id)).ok().map(|at| &self.users[at])
    }
}
