//! Lists, lookups, and pages.

use std::collections::BTreeSet;

use aws_sdk_identitystore::types::{AlternateIdentifier, ExternalId, UniqueAttribute};
use aws_sdk_organizations::types::{AccountState, ChildType};
use aws_sdk_ssoadmin::types::{ListAccountAssignmentsFilter, PrincipalType, ProvisioningStatus};
use rolecall_model::{Assignment, Principal};
use rolecall_sandbox::{Sandbox, Settings};

use crate::company::{INSTANCE, STORE, USER, id, name};
use crate::{ACCOUNTS, Clients, GROUPS, company, world};

#[tokio::test(start_paused = true)]
async fn the_caller_the_instance_and_its_region() {
    let clients = world(company());
    let caller = clients.sts.get_caller_identity().send().await.unwrap();
    assert_eq!(caller.account(), Some(ACCOUNTS[0]));
    assert_eq!(caller.arn(), Some("arn:aws:sts::100000000001:assumed-role/rolecall/ci"));
    let instances = clients.sso.list_instances().send().await.unwrap().instances.unwrap();
    assert_eq!(instances[0].identity_store_id(), Some(STORE));
    assert_eq!(instances[0].owner_account_id(), Some(ACCOUNTS[0]));
    let instance = clients.sso.describe_instance().instance_arn(INSTANCE).send().await.unwrap();
    assert_eq!(instance.permission_sets_enabled(), Some(true));
    assert_eq!(instance.primary_region(), Some("eu-west-1"));
    let regions = clients.sso.list_regions().instance_arn(INSTANCE).send().await.unwrap().regions.unwrap();
    assert_eq!((regions.len(), regions[0].region_name()), (1, Some("eu-west-1")));
}

#[tokio::test(start_paused = true)]
async fn accounts_say_where_they_are_and_how_they_are() {
    let clients = world(company());
    let listed = clients.organizations.list_accounts().send().await.unwrap().accounts.unwrap();
    assert_eq!(listed.iter().map(|account| account.id().unwrap()).collect::<Vec<_>>(), ACCOUNTS);
    let path = "o-abcdefghij/r-ab12/ou-ab12-aaaaaaaa/ou-ab12-bbbbbbbb/200000000001/";
    assert_eq!(listed[1].paths(), [path]);
    assert_eq!(listed[0].paths(), ["o-abcdefghij/r-ab12/100000000001/"]);
    assert_eq!(listed[4].state(), Some(&AccountState::Suspended));
    let tags = clients.organizations.list_tags_for_resource().resource_id(ACCOUNTS[1]).send().await.unwrap();
    assert_eq!(tags.tags()[0].value, "payments-prod");
    let administrators = clients.organizations.list_delegated_administrators().send().await.unwrap();
    assert_eq!(administrators.delegated_administrators()[0].id(), Some(ACCOUNTS[3]));
    let unknown =
        clients.organizations.describe_account().account_id("777777777777").send().await.unwrap_err();
    assert!(unknown.into_service_error().is_account_not_found_exception());
}

/// If accounts have no paths, walking the units finds each account once.
#[tokio::test(start_paused = true)]
async fn units_can_be_walked_without_paths() {
    let sandbox = Sandbox::new(company(), Settings { account_paths: false, ..Settings::default() });
    let http = sandbox.http_client();
    let clients = Clients::new(sandbox, Some(http), None);
    let organizations = &clients.organizations;
    let root = organizations.list_roots().send().await.unwrap().roots()[0].id().unwrap().to_owned();
    let mut parents = vec![root];
    let mut found = Vec::new();
    while let Some(parent) = parents.pop() {
        let pages = organizations.list_accounts_for_parent().parent_id(&parent).into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
        let accounts: Vec<_> = pages.iter().flat_map(|page| page.accounts()).collect();
        assert!(accounts.iter().all(|account| account.paths().is_empty() && account.state().is_none()));
        found.extend(accounts.iter().map(|account| account.id().unwrap().to_owned()));
        let units =
            organizations.list_children().parent_id(&parent).child_type(ChildType::OrganizationalUnit);
        let pages = units.into_paginator().send().collect::<Result<Vec<_>, _>>().await.unwrap();
        parents
            .extend(pages.iter().flat_map(|page| page.children()).map(|unit| unit.id().unwrap().to_owned()));
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    found.sort();
    assert_eq!(found, ACCOUNTS);
}

/// Some pages of Organizations are empty and have a token. A client that continues gets each account once.
#[tokio::test(start_paused = true)]
async fn an_empty_page_is_not_the_end() {
    let mut snapshot = company();
    let some = snapshot.organization.accounts[1].clone();
    snapshot.organization.accounts.extend(
        (0..400).map(|number| rolecall_model::Account { id: id(&format!("3{number:011}")), ..some.clone() }),
    );
    let sandbox = Sandbox::new(snapshot, Settings::default());
    let http = sandbox.http_client();
    let clients = Clients::new(sandbox, Some(http), None);
    let (mut found, mut empty, mut token) = (Vec::new(), 0, None);
    loop {
        let page = clients.organizations.list_accounts().set_next_token(token).send().await.unwrap();
        empty += usize::from(page.accounts().is_empty());
        found.extend(page.accounts().iter().map(|account| account.id().unwrap().to_owned()));
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    assert!(empty > 0);
    assert_eq!(found.len(), 405);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 405);
}

#[tokio::test(start_paused = true)]
async fn pages_go_on_where_they_ended_although_the_list_changes() {
    let mut snapshot = company();
    for number in 1..=5 {
        let mut set = snapshot.permission_sets[0].clone();
        set.name = name(&format!("Set{number}"));
        set.arn = format!("{}{number}", &set.arn[..set.arn.len() - 1]).replace("ps-0", "ps-9");
        set.provisioned.clear();
        snapshot.permission_sets.push(set);
    }
    let clients = world(snapshot);
    let list = clients.sso.list_permission_sets().instance_arn(INSTANCE).max_results(2);
    let first = list.clone().send().await.unwrap();
    let gone = first.permission_sets()[1].clone();
    clients.sso.delete_permission_set().instance_arn(INSTANCE).permission_set_arn(gone).send().await.unwrap();
    let token = first.next_token().unwrap();
    let second = list.clone().next_token(token).send().await.unwrap();
    assert_eq!(second.permission_sets(), [clients.arn("Set2"), clients.arn("Set3")]);
    let elsewhere = clients.sso.list_instances().next_token(token).send().await.unwrap_err();
    assert!(elsewhere.into_service_error().is_validation_exception());
    let last = list.next_token(second.next_token().unwrap()).send().await.unwrap();
    assert_eq!((last.permission_sets().len(), last.next_token()), (2, None));
}

#[tokio::test(start_paused = true)]
async fn rows_by_pair_and_by_principal() {
    let mut snapshot = company();
    let row = |account: &str, principal: Principal| Assignment {
        permission_set: name("Deploy"),
        account: id(account),
        principal,
    };
    let orphan = Principal::Group("906a0b0c0d-dead0000-0000-4000-8000-000000000000".parse().unwrap());
    snapshot.assignments.extend([
        row(ACCOUNTS[1], orphan),
        row(ACCOUNTS[1], Principal::User(USER.parse().unwrap())),
        row(ACCOUNTS[2], Principal::Group(GROUPS[0].parse().unwrap())),
    ]);
    let clients = world(snapshot);
    let pair = clients.sso.list_account_assignments().instance_arn(INSTANCE);
    let pair = pair.permission_set_arn(clients.deploy()).account_id(ACCOUNTS[1]).max_results(1);
    let rows = pair.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.unwrap();
    let types: Vec<_> = rows.iter().map(|row| row.principal_type().unwrap().as_str()).collect();
    assert_eq!(types, ["GROUP", "GROUP", "USER"]);

    let list = clients.sso.list_account_assignments_for_principal().instance_arn(INSTANCE);
    let list = list.principal_type(PrincipalType::Group).principal_id(GROUPS[0]);
    let all = list.clone().send().await.unwrap();
    let accounts: Vec<_> = all.account_assignments().iter().map(|row| row.account_id().unwrap()).collect();
    assert_eq!(accounts, [ACCOUNTS[1], ACCOUNTS[2]]);
    let filter = ListAccountAssignmentsFilter::builder().account_id(ACCOUNTS[2]).build();
    assert_eq!(list.clone().filter(filter).send().await.unwrap().account_assignments().len(), 1);

    // The index of principals, once built, follows the changes.
    crate::assign(&clients, "Deploy", GROUPS[0], ACCOUNTS[3]).await.unwrap();
    clients.sandbox.settle();
    assert_eq!(list.send().await.unwrap().account_assignments().len(), 3);
    let provisioned = clients.sso.list_permission_sets_provisioned_to_account().instance_arn(INSTANCE);
    let provisioned = provisioned.account_id(ACCOUNTS[3]);
    let provisioned = provisioned.provisioning_status(ProvisioningStatus::LatestPermissionSetProvisioned);
    assert_eq!(provisioned.send().await.unwrap().permission_sets(), [clients.deploy()]);
}

#[tokio::test(start_paused = true)]
async fn groups_and_users_are_found_by_name_and_external_id() {
    let clients = world(company());
    let listed = clients.store.list_groups().identity_store_id(STORE).send().await.unwrap();
    assert_eq!(listed.groups()[0].external_ids()[0].id(), "00000000-0000-4000-8000-00000000e000");
    let by_name = |path: &str, value: &str| {
        let attribute = UniqueAttribute::builder().attribute_path(path).attribute_value(value.into());
        AlternateIdentifier::UniqueAttribute(attribute.build().unwrap())
    };
    let group = clients.store.get_group_id().identity_store_id(STORE);
    let found =
        group.clone().alternate_identifier(by_name("displayName", "search-devs")).send().await.unwrap();
    assert_eq!(found.group_id(), GROUPS[1]);
    let external =
        ExternalId::builder().issuer("https://scim.example.com").id("00000000-0000-4000-8000-00000000e000");
    let external = AlternateIdentifier::ExternalId(external.build().unwrap());
    assert_eq!(group.clone().alternate_identifier(external).send().await.unwrap().group_id(), GROUPS[0]);
    let missing = group.alternate_identifier(by_name("displayName", "Search-Devs")).send().await.unwrap_err();
    assert!(missing.into_service_error().is_resource_not_found_exception());
    let user = clients.store.get_user_id().identity_store_id(STORE);
    let found = user.alternate_identifier(by_name("userName", "jane@acme.com")).send().await.unwrap();
    assert_eq!(found.user_id(), USER);
    let described =
        clients.store.describe_user().identity_store_id(STORE).user_id(USER).send().await.unwrap();
    assert_eq!(described.user_name(), Some("jane@acme.com"));
    let other = clients.store.list_groups().identity_store_id("d-0000000000").send().await.unwrap_err();
    assert!(other.into_service_error().is_resource_not_found_exception());
}
