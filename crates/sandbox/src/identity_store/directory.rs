//! The groups and users of the Identity Store, by id and by name.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::entra::Tenant;
use rolecall_model::snapshot::{Group, User};
use rolecall_model::{GroupId, ObjectId, UserId};

/// Who gives the external ids that come by SCIM. Which issuer Entra's carry is not confirmed; the program matches on the
/// id alone.
pub(crate) const SCIM_ISSUER: &str = "https://scim.example.com";

/// What provisioning brings at once.
#[derive(Debug, Default)]
pub(crate) struct Provisioned {
    /// Groups that are new, or that are something else now.
    pub(crate) groups: BTreeMap<GroupId, Group>,
    /// Users, alike.
    pub(crate) users: BTreeMap<UserId, User>,
    /// Which users of Entra they are.
    pub(crate) links: BTreeMap<ObjectId, UserId>,
    /// All members of a group.
    pub(crate) members: BTreeMap<GroupId, BTreeSet<UserId>>,
}

/// All groups and users, by id and by name.
#[derive(Debug)]
pub(crate) struct Directory {
    groups: Vec<Group>,
    users: Vec<User>,
    /// Should two groups share a name, the one with the lesser id.
    group_names: BTreeMap<String, usize>,
    group_external_ids: BTreeMap<(String, String), usize>,
    user_names: BTreeMap<String, usize>,
    /// The members of the groups that have any.
    memberships: BTreeMap<GroupId, BTreeSet<UserId>>,
    /// The users of Entra who were provisioned.
    links: BTreeMap<ObjectId, UserId>,
    /// The same, the other way round.
    objects: BTreeMap<UserId, ObjectId>,
}

impl Directory {
    /// Takes over groups and users that are sorted by id. A snapshot does not say which user of Entra a user is; it is
    /// the one whose user principal name is the user name.
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

    /// Deletes a group; `false` if there is none.
    pub(crate) fn delete_group(&mut self, id: &GroupId) -> bool {
        let Ok(at) = self.groups.binary_search_by(|group| group.id.cmp(id)) else { return false };
        self.rebuild(|groups, _| {
            groups.remove(at);
        });
        self.memberships.remove(id);
        true
    }

    /// Takes over what provisioning brings.
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

    /// Who is in which group.
    pub(crate) fn memberships(&self) -> &BTreeMap<GroupId, BTreeSet<UserId>> {
        &self.memberships
    }

    /// The members of a group.
    pub(crate) fn members(&self, group: &GroupId) -> &BTreeSet<UserId> {
        static NOBODY: BTreeSet<UserId> = BTreeSet::new();
        self.memberships.get(group).unwrap_or(&NOBODY)
    }

    /// The members of a group who are known to have come from Entra, by their ids there.
    pub(crate) fn members_from_entra(&self, group: &GroupId) -> BTreeSet<ObjectId> {
        self.members(group).iter().filter_map(|user| self.objects.get(user).cloned()).collect()
    }

    /// What became of a user of Entra.
    pub(crate) fn user_of_object(&self, id: &ObjectId) -> Option<&UserId> {
        self.links.get(id)
    }

    /// Which user of Entra a user was.
    pub(crate) fn object_of_user(&self, id: &UserId) -> Option<&ObjectId> {
        self.objects.get(id)
    }

    /// The group of that name.
    pub(crate) fn group_named(&self, name: &str) -> Option<&Group> {
        self.group_names.get(name).map(|at| &self.groups[*at])
    }

    /// The group that this identity provider calls so.
    pub(crate) fn group_with_external_id(&self, issuer: &str, id: &str) -> Option<&Group> {
        self.group_external_ids.get(&(issuer.to_owned(), id.to_owned())).map(|at| &self.groups[*at])
    }

    /// The group that an identity provider calls so, whichever it is.
    pub(crate) fn group_of_external_id(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.external_ids.iter().any(|external| external.id == id))
    }

    /// The user of that name.
    pub(crate) fn user_named(&self, name: &str) -> Option<&User> {
        self.user_names.get(name).map(|at| &self.users[*at])
    }

    pub(crate) fn user(&self, id: &UserId) -> Option<&User> {
        self.users.binary_search_by(|user| user.id.cmp(id)).ok().map(|at| &self.users[at])
    }
}
