//! The Identity Store: groups and users. It is only read; who is in which group is not simulated.

use std::collections::BTreeMap;

use rolecall_model::snapshot::{Group, User};
use rolecall_model::{GroupId, UserId};
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
    OfferedOperation { name: "ListGroups", run: list_groups },
    OfferedOperation { name: "ListUsers", run: list_users },
];

/// All groups and users, by id and by name.
#[derive(Debug)]
pub(crate) struct Directory {
    groups: Vec<Group>,
    users: Vec<User>,
    /// Should two groups share a name, the one with the lesser id.
    group_names: BTreeMap<String, usize>,
    group_external_ids: BTreeMap<(String, String), usize>,
    user_names: BTreeMap<String, usize>,
}

impl Directory {
    /// Takes over groups and users that are sorted by id.
    pub(crate) fn new(groups: Vec<Group>, users: Vec<User>) -> Self {
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
        Self { groups, users, group_names, group_external_ids, user_names }
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
        let (mut groups, users) = (std::mem::take(&mut self.groups), std::mem::take(&mut self.users));
        groups.remove(at);
        *self = Self::new(groups, users);
        true
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

/// Users have no external ids in a snapshot, so none is found by one.
fn get_user_id(world: &mut World, input: &Members<'_>) -> Answer {
    check_store(world, input)?;
    let Directory { users, user_names, .. } = &world.directory;
    let (found, wanted) = match alternate_identifier(input, "userName")? {
        Alternate::Name(name) => (user_names.get(name), name),
        Alternate::External { issuer: _, id } => (None, id),
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
    json!({
        "UserId": id.as_str(),
        "UserName": user_name.as_str(),
        "IdentityStoreId": world.instance.identity_store_id,
    })
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
