//! The Identity Store: groups, users and memberships. Requests only read it; provisioning changes it.

mod directory;

use rolecall_model::snapshot::{Group, User};
use rolecall_model::{GroupId, ObjectId, UserId};
use serde_json::{Value, json};

use crate::failure::{Answer, Failure};
use crate::members::Members;
use crate::operation::OfferedOperation;
use crate::paging::Page;
use crate::rules;
use crate::world::World;

pub(crate) use directory::{Directory, Provisioned, SCIM_ISSUER};

pub(crate) const OPERATIONS: &[OfferedOperation] = &[
    OfferedOperation { name: "DescribeGroup", run: describe_group },
    OfferedOperation { name: "DescribeUser", run: describe_user },
    OfferedOperation { name: "GetGroupId", run: get_group_id },
    OfferedOperation { name: "GetUserId", run: get_user_id },
    OfferedOperation { name: "ListGroupMemberships", run: list_group_memberships },
    OfferedOperation { name: "ListGroups", run: list_groups },
    OfferedOperation { name: "ListUsers", run: list_users },
];

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
    let directory = &world.directory;
    let (found, wanted) = match alternate_identifier(input, "displayName")? {
        Alternate::Name(name) => (directory.group_named(name), name),
        Alternate::External { issuer, id } => (directory.group_with_external_id(issuer, id), id),
    };
    let group = found.ok_or_else(|| Failure::not_in_store("GROUP", wanted))?;
    Ok(json!({ "GroupId": group.id.as_str(), "IdentityStoreId": world.instance.identity_store_id }))
}

fn get_user_id(world: &mut World, input: &Members<'_>) -> Answer {
    check_store(world, input)?;
    let directory = &world.directory;
    let (found, wanted) = match alternate_identifier(input, "userName")? {
        Alternate::Name(name) => (directory.user_named(name).map(|user| &user.id), name),
        Alternate::External { issuer, id } => {
            let object = id.parse::<ObjectId>().ok().filter(|_| issuer == SCIM_ISSUER);
            (object.and_then(|object| directory.user_of_object(&object)), id)
        }
    };
    let user = found.ok_or_else(|| Failure::not_in_store("USER", wanted))?;
    Ok(json!({ "UserId": user.as_str(), "IdentityStoreId": world.instance.identity_store_id }))
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
    if let Some(object) = world.directory.object_of_user(id) {
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

/// Returns the value of the only filter of a list. AWS has deprecated it and still accepts it.
fn filter<'a>(input: &Members<'a>, attribute: &'static str) -> Result<Option<&'a str>, Failure> {
    let Some(filter) = input.list("Filters", &(0..=1))?.and_then(<[Value]>::first) else { return Ok(None) };
    let filter = input.structure_from("Filters", filter)?;
    let path = filter.required_text("AttributePath", &rules::any_text(1, 255))?;
    if path != attribute {
        return Err(Failure::validation(format!("{path} is not a valid attribute to filter by.")));
    }
    filter.required_text("AttributeValue", &rules::any_text(1, 1_024)).map(Some)
}

/// The alternate identifier of a group or user.
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
