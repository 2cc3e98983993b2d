//! AWS Organizations: accounts and organizational units. Requests only read them.

mod tree;

use std::time::Duration;

use rolecall_model::snapshot::Organization;
use rolecall_model::{Account, AccountId, AccountState, OrganizationalUnit, OuId};
use serde_json::{Value, json};

use crate::failure::{Answer, Failure};
use crate::members::Members;
use crate::operation::OfferedOperation;
use crate::paging::Page;
use crate::rules;
use crate::world::World;

pub(crate) use tree::OrganizationTree;

pub(crate) const OPERATIONS: &[OfferedOperation] = &[
    OfferedOperation { name: "DescribeAccount", run: describe_account },
    OfferedOperation { name: "DescribeOrganization", run: describe_organization },
    OfferedOperation { name: "DescribeOrganizationalUnit", run: describe_organizational_unit },
    OfferedOperation { name: "ListAccounts", run: list_accounts },
    OfferedOperation { name: "ListAccountsForParent", run: list_accounts_for_parent },
    OfferedOperation { name: "ListChildren", run: list_children },
    OfferedOperation { name: "ListDelegatedAdministrators", run: list_delegated_administrators },
    OfferedOperation { name: "ListOrganizationalUnitsForParent", run: list_organizational_units_for_parent },
    OfferedOperation { name: "ListParents", run: list_parents },
    OfferedOperation { name: "ListRoots", run: list_roots },
    OfferedOperation { name: "ListTagsForResource", run: list_tags_for_resource },
];

/// The page size of all lists in Organizations.
const PAGE: u64 = 20;

fn describe_organization(world: &mut World, _: &Members<'_>) -> Answer {
    let tree = &world.organization;
    let Organization { id, management_account, .. } = &tree.organization;
    Ok(json!({ "Organization": {
        "Id": id,
        "Arn": format!("arn:aws:organizations::{management_account}:organization/{id}"),
        "FeatureSet": "ALL",
        "MasterAccountArn": tree.arn("account", &management_account.to_string()),
        "MasterAccountId": management_account.to_string(),
        "MasterAccountEmail": email(*management_account),
    } }))
}

fn list_accounts(world: &mut World, input: &Members<'_>) -> Answer {
    let page = Page::read(input, world.pages(PAGE))?;
    if let Some(answer) = rest(world, &page, "Accounts") {
        return Ok(answer);
    }
    let accounts = &world.organization.organization.accounts;
    let after: Option<AccountId> = page.after().and_then(|after| after.parse().ok());
    let start = after.map_or(0, |after| accounts.partition_point(|account| account.id <= after));
    let items = accounts[start..].iter().map(|account| (account.id.to_string(), account));
    Ok(page.fill("Accounts", items, |account| account_members(world, account)))
}

fn list_accounts_for_parent(world: &mut World, input: &Members<'_>) -> Answer {
    let parent = known_parent(world, input)?;
    let page = Page::read(input, world.pages(PAGE))?;
    if let Some(answer) = rest(world, &page, "Accounts") {
        return Ok(answer);
    }
    let items = world.organization.accounts_in(&parent).map(|account| (account.id.to_string(), account));
    Ok(page.fill("Accounts", items, |account| account_members(world, account)))
}

fn list_organizational_units_for_parent(world: &mut World, input: &Members<'_>) -> Answer {
    let parent = known_parent(world, input)?;
    let page = Page::read(input, world.pages(PAGE))?;
    if let Some(answer) = rest(world, &page, "OrganizationalUnits") {
        return Ok(answer);
    }
    let items = world.organization.units_in(&parent).map(|unit| (unit.id.to_string(), unit));
    Ok(page.fill("OrganizationalUnits", items, |unit| unit_members(world, unit)))
}

fn list_children(world: &mut World, input: &Members<'_>) -> Answer {
    let parent = known_parent(world, input)?;
    let kind = input.required_choice("ChildType", &["ACCOUNT", "ORGANIZATIONAL_UNIT"])?;
    let page = Page::read(input, world.pages(PAGE))?;
    if let Some(answer) = rest(world, &page, "Children") {
        return Ok(answer);
    }
    let tree = &world.organization;
    let ids: Vec<String> = if kind == "ACCOUNT" {
        tree.accounts_in(&parent).map(|account| account.id.to_string()).collect()
    } else {
        tree.units_in(&parent).map(|unit| unit.id.to_string()).collect()
    };
    let items = ids.into_iter().map(|id| (id.clone(), id));
    Ok(page.fill("Children", items, |id| json!({ "Id": id, "Type": kind })))
}

fn list_parents(world: &mut World, input: &Members<'_>) -> Answer {
    let child = input.required_text("ChildId", &rules::CHILD_ID)?;
    let page = Page::read(input, world.pages(PAGE))?;
    let tree = &world.organization;
    let parent = match child.parse::<AccountId>() {
        Ok(id) => tree.account(id).map(|account| &account.parent),
        Err(_) => child.parse().ok().and_then(|id| tree.unit(&id)).map(|unit| &unit.parent),
    };
    let parent = parent.ok_or_else(|| Failure::not_in_organization("ChildNotFoundException", child))?;
    let kind = if *parent == tree.organization.root { "ROOT" } else { "ORGANIZATIONAL_UNIT" };
    let items = std::iter::once((parent.to_string(), parent));
    Ok(page.fill("Parents", items, |parent| json!({ "Id": parent.as_str(), "Type": kind })))
}

fn list_roots(world: &mut World, input: &Members<'_>) -> Answer {
    let page = Page::read(input, world.pages(PAGE))?;
    let tree = &world.organization;
    let root = &tree.organization.root;
    let items = std::iter::once((root.to_string(), root));
    Ok(page.fill("Roots", items, |root| {
        json!({ "Id": root.as_str(), "Arn": tree.arn("root", root.as_str()), "Name": "Root", "PolicyTypes": [] })
    }))
}

fn describe_account(world: &mut World, input: &Members<'_>) -> Answer {
    let id = input.required_account("AccountId")?;
    let account = world.organization.account(id);
    let account =
        account.ok_or_else(|| Failure::not_in_organization("AccountNotFoundException", &id.to_string()))?;
    Ok(json!({ "Account": account_members(world, account) }))
}

fn describe_organizational_unit(world: &mut World, input: &Members<'_>) -> Answer {
    let id: OuId = input.required("OrganizationalUnitId", &rules::UNIT_ID)?;
    let unit = world
        .organization
        .unit(&id)
        .ok_or_else(|| Failure::not_in_organization("OrganizationalUnitNotFoundException", id.as_str()))?;
    Ok(json!({ "OrganizationalUnit": unit_members(world, unit) }))
}

/// In a snapshot, only accounts have tags; organizational units and the root have none.
fn list_tags_for_resource(world: &mut World, input: &Members<'_>) -> Answer {
    let id = input.required_text("ResourceId", &rules::any_text(1, 130))?;
    let page = Page::read(input, world.pages(PAGE))?;
    let tree = &world.organization;
    let account = id.parse().ok().and_then(|id| tree.account(id));
    let unit: Option<OuId> = id.parse().ok();
    let is_unit = unit.is_some_and(|unit| unit == tree.organization.root || tree.unit(&unit).is_some());
    if account.is_none() && !is_unit {
        return Err(Failure::not_in_organization("TargetNotFoundException", id));
    }
    let tags = account.and_then(|account| account.tags.as_ref());
    let items = tags.into_iter().flatten().map(|(key, value)| (key.clone(), (key, value)));
    Ok(page.fill("Tags", items, |(key, value)| json!({ "Key": key, "Value": value })))
}

/// A snapshot contains only the delegated administrators of Identity Center.
fn list_delegated_administrators(world: &mut World, input: &Members<'_>) -> Answer {
    let principal = input.text("ServicePrincipal", &rules::any_text(1, 128))?;
    let page = Page::read(input, world.pages(PAGE))?;
    let tree = &world.organization;
    let items = tree
        .organization
        .delegated_administrators
        .iter()
        .filter(|_| principal.is_none_or(|principal| principal == "sso.amazonaws.com"))
        .filter_map(|id| tree.account(*id))
        .map(|account| (account.id.to_string(), account));
    Ok(page.fill("DelegatedAdministrators", items, |account| {
        let mut members = account_members(world, account);
        if let Some(members) = members.as_object_mut() {
            members.remove("Paths");
            members.insert("DelegationEnabledDate".to_owned(), world.timestamp(Duration::ZERO));
        }
        members
    }))
}

/// Returns an empty page, if the settings ask for them.
fn rest(world: &World, page: &Page, list: &'static str) -> Option<Value> {
    world.settings.empty_pages.then(|| page.rest(list)).flatten()
}

fn known_parent(world: &World, input: &Members<'_>) -> Result<OuId, Failure> {
    let parent: OuId = input.required("ParentId", &rules::PARENT_ID)?;
    let tree = &world.organization;
    if parent == tree.organization.root || tree.unit(&parent).is_some() {
        Ok(parent)
    } else {
        Err(Failure::not_in_organization("ParentNotFoundException", parent.as_str()))
    }
}

fn account_members(world: &World, account: &Account) -> Value {
    let Account { id, name, state, parent, tags: _ } = account;
    let tree = &world.organization;
    let mut members = json!({
        "Id": id.to_string(),
        "Arn": tree.arn("account", &id.to_string()),
        "Email": email(*id),
        "Name": name,
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": world.timestamp(Duration::ZERO),
    });
    // `Status`, which AWS is retiring, has no value for a new account that is not active yet, and none for a closed one.
    let status = match state {
        AccountState::PendingActivation => None,
        AccountState::Active => Some("ACTIVE"),
        AccountState::Suspended | AccountState::Closed => Some("SUSPENDED"),
        AccountState::PendingClosure => Some("PENDING_CLOSURE"),
    };
    if let Some(status) = status {
        members["Status"] = json!(status);
    }
    if world.settings.account_paths {
        members["State"] = json!(state.as_str());
        members["Paths"] = json!([format!("{}{id}/", tree.path_to(parent))]);
    }
    members
}

fn unit_members(world: &World, unit: &OrganizationalUnit) -> Value {
    let OrganizationalUnit { id, name, parent: _ } = unit;
    let tree = &world.organization;
    let mut members = json!({ "Id": id.as_str(), "Arn": tree.arn("ou", id.as_str()), "Name": name });
    if world.settings.account_paths {
        members["Path"] = json!(tree.path_to(id));
    }
    members
}

fn email(account: AccountId) -> String {
    format!("aws+{account}@example.com")
}
