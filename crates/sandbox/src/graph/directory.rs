//! Groups, their members, users, and the organization.

use std::collections::{BTreeSet, VecDeque};

use rolecall_model::ObjectId;
use rolecall_model::entra::{DirectoryGroup, DirectoryUser, Tenant};
use serde_json::{Value, json};

use super::ask::Ask;
use super::listing::Entity;
use super::tenancy::Tenancy;
use super::wire::{GraphAnswer, GraphFailure};
use crate::world::World;

const GROUP: Entity = Entity {
    name: "Group",
    context: "groups",
    properties: &["id", "displayName", "description", "groupTypes", "mail", "mailEnabled", "securityEnabled"],
    on_request: &[],
    filterable: &["id", "displayName", "securityEnabled"],
    is_exact: false,
};

/// Graph returns `accountEnabled` only on request.
const USER: Entity = Entity {
    name: "User",
    context: "users",
    properties: &["id", "displayName", "givenName", "surname", "mail", "jobTitle", "userPrincipalName"],
    on_request: &["accountEnabled"],
    filterable: &["id", "displayName", "givenName", "surname", "userPrincipalName", "accountEnabled"],
    is_exact: false,
};

/// Groups and users in one list.
const MEMBER: Entity = Entity {
    name: "DirectoryObject",
    context: "directoryObjects",
    properties: &[
        "id",
        "displayName",
        "description",
        "givenName",
        "groupTypes",
        "jobTitle",
        "mail",
        "mailEnabled",
        "securityEnabled",
        "surname",
        "userPrincipalName",
    ],
    on_request: &["accountEnabled"],
    filterable: &["id", "displayName"],
    is_exact: false,
};

const ORGANIZATION: Entity = Entity {
    name: "Organization",
    context: "organization",
    properties: &["id", "displayName", "tenantType", "verifiedDomains"],
    on_request: &[],
    filterable: &[],
    is_exact: false,
};

/// The members that a list contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cast {
    None,
    Users,
    Groups,
}

pub(super) fn list_groups(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    ask.counts()?;
    let filter = GROUP.filter(ask)?;
    let wanted = filter.wanted("displayName").map(str::to_lowercase);
    let groups = tenancy.tenant().groups.iter();
    let groups =
        groups.filter(|group| wanted.as_ref().is_none_or(|name| group.display_name.to_lowercase() == *name));
    GROUP.page(tenancy, ask, groups.map(|group| (group.id.to_string(), render_group(group))))
}

pub(super) fn get_group(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    GROUP.one(ask, render_group(group(tenancy, ask)?))
}

pub(super) fn list_users(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    ask.counts()?;
    let users = tenancy.tenant().users.iter();
    USER.page(tenancy, ask, users.map(|user| (user.id.to_string(), render_user(user))))
}

/// Returns a user by object id or user principal name.
pub(super) fn get_user(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let wanted = ask.first();
    let found = tenancy.tenant().users.iter().find(|user| {
        user.id.as_str().eq_ignore_ascii_case(wanted) || user.user_principal_name.eq_ignore_ascii_case(wanted)
    });
    USER.one(ask, render_user(found.ok_or_else(|| GraphFailure::not_found(wanted))?))
}

pub(super) fn list_members(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    members(tenancy, ask, false, Cast::None)
}

pub(super) fn list_member_groups(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    members(tenancy, ask, false, Cast::Groups)
}

pub(super) fn list_member_users(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    members(tenancy, ask, false, Cast::Users)
}

pub(super) fn list_transitive_members(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    members(tenancy, ask, true, Cast::None)
}

pub(super) fn list_transitive_groups(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    members(tenancy, ask, true, Cast::Groups)
}

pub(super) fn list_transitive_users(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    members(tenancy, ask, true, Cast::Users)
}

pub(super) fn list_organizations(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let tenant = tenancy.tenant();
    let domains: Vec<Value> = tenant
        .domains
        .iter()
        .enumerate()
        .map(|(number, name)| {
            json!({
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": number == 0,
                "isInitial": name.ends_with(".onmicrosoft.com"),
                "name": name,
                "type": "Managed",
            })
        })
        .collect();
    let name = tenant.domains.first().map_or("", |domain| domain.split('.').next().unwrap_or_default());
    let organization =
        json!({ "id": tenant.id, "displayName": name, "tenantType": "AAD", "verifiedDomains": domains });
    ORGANIZATION.page(tenancy, ask, std::iter::once((String::new(), organization)))
}

/// Refuses an advanced query without `ConsistencyLevel: eventual` and `$count=true`, which Graph requires for casts,
/// filters and counts of members.
fn members(tenancy: &Tenancy, ask: &Ask<'_>, transitive: bool, cast: Cast) -> GraphAnswer {
    let counts = ask.counts()?;
    let is_advanced = cast != Cast::None || ask.parameter("$filter").is_some();
    if is_advanced && !counts {
        return Err(GraphFailure::unsupported_query(
            "The request uses an advanced query. It needs the header 'ConsistencyLevel: eventual' and '$count=true'.",
        ));
    }
    let tenant = tenancy.tenant();
    let group = group(tenancy, ask)?;
    let (users, groups) =
        if transitive { reached(tenant, group) } else { (group.members.clone(), group.nested.clone()) };
    let mut found = Vec::new();
    if cast != Cast::Groups {
        let users = users.iter().filter_map(|id| tenant.user(id));
        found.extend(users.map(|user| (user.id.to_string(), typed(render_user(user), "user"))));
    }
    if cast != Cast::Users {
        let groups = groups.iter().filter_map(|id| tenant.group(id));
        found.extend(groups.map(|group| (group.id.to_string(), typed(render_group(group), "group"))));
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    let entity = match cast {
        Cast::None => MEMBER,
        Cast::Users => USER,
        Cast::Groups => GROUP,
    };
    entity.page(tenancy, ask, found.into_iter())
}

/// Returns the direct and indirect members of a group. Nested groups may form a cycle.
pub(super) fn reached(tenant: &Tenant, group: &DirectoryGroup) -> (BTreeSet<ObjectId>, BTreeSet<ObjectId>) {
    let (mut users, mut groups) = (group.members.clone(), BTreeSet::new());
    let mut open: VecDeque<&ObjectId> = group.nested.iter().collect();
    while let Some(id) = open.pop_front() {
        if *id == group.id || !groups.insert(id.clone()) {
            continue;
        }
        if let Some(nested) = tenant.group(id) {
            users.extend(nested.members.iter().cloned());
            open.extend(&nested.nested);
        }
    }
    (users, groups)
}

fn group<'a>(tenancy: &'a Tenancy, ask: &Ask<'_>) -> Result<&'a DirectoryGroup, GraphFailure> {
    let text = ask.first();
    let id: ObjectId = text
        .parse()
        .map_err(|_| GraphFailure::bad_request(format!("Invalid object identifier '{text}'.")))?;
    tenancy.tenant().group(&id).ok_or_else(|| GraphFailure::not_found(text))
}

fn typed(mut object: Value, name: &str) -> Value {
    object["@odata.type"] = json!(format!("#microsoft.graph.{name}"));
    object
}

fn render_group(group: &DirectoryGroup) -> Value {
    let DirectoryGroup { id, display_name, security_enabled, members: _, nested: _ } = group;
    // Groups that are not security groups are Microsoft 365 groups.
    json!({
        "id": id.as_str(),
        "displayName": display_name,
        "description": null,
        "groupTypes": if *security_enabled { json!([]) } else { json!(["Unified"]) },
        "mail": null,
        "mailEnabled": !security_enabled,
        "securityEnabled": security_enabled,
    })
}

fn render_user(user: &DirectoryUser) -> Value {
    let DirectoryUser { id, user_principal_name, display_name, given_name, surname, account_enabled } = user;
    json!({
        "id": id.as_str(),
        "displayName": display_name,
        "givenName": given_name,
        "surname": surname,
        "mail": user_principal_name,
        "jobTitle": null,
        "userPrincipalName": user_principal_name,
        "accountEnabled": account_enabled,
    })
}
