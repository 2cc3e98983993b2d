//! The Identity Store: groups, users, and who is in which group. Requests only read it; provisioning changes it.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::entra::Tenant;
use rolecall_model::snapshot::{Group, User};
use rolecall_model::{GroupId, ObjectId, UserId};
use serde_json::{Value, json};

use crate::failure::{Answer, Failure};
use crate::members::Members;
use crate::paging::Page;
use crate::rules;
use crate::world::{OfferedOperation, World};

pub(crate) const OPERATIONS: &[OfferedOperation] = &[
    OfferedOperation { name: "DescribeGroup", run: describe_group },
    OfferedOperation { name: "DescribeUser", run: describe_user },
    OfferedOperation { name: "GetGroupId", run: get_group_id },
    OfferedOperation { name: "GetUserId", run: get_user_id },
    OfferedOperation { name: "ListGroupMemberships", run: list_group_memberships },
    OfferedOperation { name: "ListGroups", run: list_groups },
    OfferedOperation { name: "ListUsers", run: list_users },
];

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

    /// The group of that name.
    pub(crate) fn group_named(&self, name: &str) -> Option<&Group> {
        self.group_names.get(name).map(|at| &self.groups[*at])
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

fn list_groups(world: &mut World, input: &Members<'_>) -> Answer {
    check_store(world, input)?;
    let page = Page::read(input, world.pages(100))?;
    let name = filter(input, "DisplayName")?;
    let groups = world.directory.groups();
    let start = page.after().map_or(0, |after| groups.partition_point(|group| group.id.as_str() <= after));
    let items = groups[start..]
        .iter()
        .filter(|group| name.is_none_or(|name| group.display_name == name))
        .map(|group| (group.id.to_string(), group));
    Ok(page.fill("Groups", items, |group| group_members(world, group)))
}

fn list_users(world: &mut World, input: &Members<'_>) -> Answer {
    check_store(world, input)?;
    let page = Page::read(input, world.pages(100))?;
    let name = filter(input, "UserName")?;
    let items = world
        .directory
        .users()
        .iter()
        .filter(|user| name.is_none_or(|name| user.user_name.as_str() == name))
        .map(|user| (user.id.to_string(), user));
    Ok(page.fill("Users", items, |user| user_members(world, user)))
}

fn describe_group(world: &mut World, input: &Members<'_>) -> Answer {
    check_store(world, input)?;
    let id: GroupId = input.required("GroupId", &rules::PRINCIPAL_ID)?;
    let group = world.directory.group(&id).ok_or_else(|| Failure::not_in_store("GROUP", id.as_str()))?;
    Ok(group_members(world, group))
}

fn describe_user(world: &mut World, input: &Members<'_>) -> Answer {
    check_store(world, input)?;
    let id: UserId = input.required("UserId", &rules::PRINCIPAL_ID)?;
    let user = world.directory.user(&id).ok_or_else(|| Failure::not_in_store("USER", id.as_str()))?;
    Ok(user_members(world, user))
}

fn get_group_id(world: &mut World, input: &Members<'_>) -> Answer {
    check_store(world, input)?;
    let Directory { groups, group_names, group_external_ids, .. } = &world.directory;
    let (found, wanted) = match alternate_identifier(input, "displayName")? {
        Alternate::Name(name) => (group_names.get(name), name),
        Alternate::External { issuer, id } => {
            (group_external_ids.get(&(issuer.to_owned(), id.to_owned())), id)
        }
    };
    let number = found.ok_or_else(|| Failure::not_in_store("GROUP", wanted))?;
    Ok(json!({ "GroupId": groups[*number].id.as_str(), "IdentityStoreId": world.instance.identity_store_id }))
}

fn get_user_id(world: &mut World, input: &Members<'_>) -> Answer {
    check_store(world, input)?;
    let Directory { users, user_names, .. } = &world.directory;
    let (found, wanted) = match alternate_identifier(input, "userName")? {
        Alternate::Name(name) => (user_names.get(name), name),
        Alternate::External { issuer, id } => {
            let object = id.parse::<ObjectId>().ok().filter(|_| issuer == SCIM_ISSUER);
            let user = object.and_then(|object| world.directory.links.get(&object));
            let user = user.ok_or_else(|| Failure::not_in_store("USER", id))?;
            let store = &world.instance.identity_store_id;
            return Ok(json!({ "UserId": user.as_str(), "IdentityStoreId": store }));
        }
    };
    let number = found.ok_or_else(|| Failure::not_in_store("USER", wanted))?;
    Ok(json!({ "UserId": users[*number].id.as_str(), "IdentityStoreId": world.instance.identity_store_id }))
}

fn group_members(world: &World, group: &Group) -> Value {
    let Group { id, display_name, external_ids } = group;
    let mut members = json!({
        "GroupId": id.as_str(),
        "DisplayName": display_name,
        "IdentityStoreId": world.instance.identity_store_id,
    });
    if !external_ids.is_empty() {
        members["ExternalIds"] = external_ids
            .iter()
            .map(|external| json!({ "Issuer": external.issuer, "Id": external.id }))
            .collect();
    }
    members
}

fn user_members(world: &World, user: &User) -> Value {
    let User { id, user_name } = user;
    let mut members = json!({
        "UserId": id.as_str(),
        "UserName": user_name.as_str(),
        "IdentityStoreId": world.instance.identity_store_id,
    });
    if let Some(object) = world.directory.objects.get(id) {
        members["ExternalIds"] = json!([{ "Issuer": SCIM_ISSUER, "Id": object.as_str() }]);
    }
    members
}

fn list_group_memberships(world: &mut World, input: &Members<'_>) -> Answer {
    check_store(world, input)?;
    let page = Page::read(input, world.pages(100))?;
    let group: GroupId = input.required("GroupId", &rules::PRINCIPAL_ID)?;
    if world.directory.group(&group).is_none() {
        return Err(Failure::not_in_store("GROUP", group.as_str()));
    }
    let store = &world.instance.identity_store_id;
    let members = world.directory.members(&group).iter();
    Ok(page.fill("GroupMemberships", members.map(|user| (user.to_string(), user)), |user| {
        let id = crate::random::uuid_of(&[group.as_str().as_bytes(), user.as_str().as_bytes()]);
        json!({
            "IdentityStoreId": store,
            "MembershipId": format!("{}-{id}", store.trim_start_matches("d-")),
            "GroupId": group.as_str(),
            "MemberId": { "UserId": user.as_str() },
        })
    }))
}

fn check_store(world: &World, input: &Members<'_>) -> Result<(), Failure> {
    let id = input.required_text("IdentityStoreId", &rules::IDENTITY_STORE_ID)?;
    if id == world.instance.identity_store_id {
        Ok(())
    } else {
        Err(Failure::not_in_store("IDENTITY_STORE", id))
    }
}

/// The value of the one filter that a list takes. AWS has deprecated it and still takes it.
fn filter<'a>(input: &Members<'a>, attribute: &'static str) -> Result<Option<&'a str>, Failure> {
    let Some(filter) = input.list("Filters", &(0..=1))?.and_then(<[Value]>::first) else { return Ok(None) };
    let filter = input.structure_from("Filters", filter)?;
    let path = filter.required_text("AttributePath", &rules::any_text(1, 255))?;
    if path != attribute {
        return Err(Failure::validation(format!("{path} is not a valid attribute to filter by.")));
    }
    filter.required_text("AttributeValue", &rules::any_text(1, 1_024)).map(Some)
}

/// What a group or user is looked up by.
enum Alternate<'a> {
    Name(&'a str),
    External { issuer: &'a str, id: &'a str },
}

fn alternate_identifier<'a>(input: &Members<'a>, attribute: &str) -> Result<Alternate<'a>, Failure> {
    let identifier = input.required_structure("AlternateIdentifier")?;
    let external = identifier.structure("ExternalId")?;
    let unique = identifier.structure("UniqueAttribute")?;
    match (external, unique) {
        (Some(external), None) => Ok(Alternate::External {
            issuer: external.required_text("Issuer", &rules::any_text(1, 256))?,
            id: external.required_text("Id", &rules::any_text(1, 256))?,
        }),
        (None, Some(unique)) => {
            let path = unique.required_text("AttributePath", &rules::any_text(1, 255))?;
            if !path.eq_ignore_ascii_case(attribute) {
                return Err(Failure::validation(format!("{path} is not a unique attribute.")));
            }
            unique.required_text("AttributeValue", &rules::any_text(1, 1_024)).map(Alternate::Name)
        }
        _ => Err(Failure::validation("AlternateIdentifier must have exactly one member.")),
    }
}
