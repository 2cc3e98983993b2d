//! Asynchronous operations: their states, conflicts and effects.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ssoadmin::types::{OperationStatusFilter, ProvisionTargetType, ProvisioningStatus, StatusValues};
use rolecall_model::snapshot::LivePermissionSet;

use crate::company::{INSTANCE, code, follow, id, name, unassign};
use crate::{ACCOUNTS, Clients, GROUPS, assign, company, world};

fn rows(clients: &Clients) -> usize {
    clients.sandbox.snapshot().assignments.len()
}

async fn outdated(clients: &Clients) -> Vec<String> {
    let list = clients.sso.list_accounts_for_provisioned_permission_set().instance_arn(INSTANCE);
    let list = list.permission_set_arn(clients.deploy());
    let list = list.provisioning_status(ProvisioningStatus::LatestPermissionSetNotProvisioned);
    list.send().await.unwrap().account_ids.unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn an_assignment_takes_effect_when_its_operation_succeeds_and_not_before() {
    let clients = world(company());
    let request = assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap();
    let filter = OperationStatusFilter::builder().status(StatusValues::InProgress).build();
    let in_progress =
        clients.sso.list_account_assignment_creation_status().instance_arn(INSTANCE).filter(filter);
    let listed = in_progress.clone().send().await.unwrap().account_assignments_creation_status.unwrap();
    assert_eq!(listed[0].request_id.as_deref(), Some(request.as_str()));
    assert_eq!(rows(&clients), 1);

    let (status, reason, took) = follow(&clients, &request).await;
    assert_eq!((status, reason), (StatusValues::Succeeded, None));
    assert!((4..=56).contains(&took.as_secs()), "{took:?}");
    assert_eq!(rows(&clients), 2);
    assert!(in_progress.send().await.unwrap().account_assignments_creation_status.unwrap().is_empty());
    let set = clients.sandbox.snapshot().permission_set(&name("Deploy")).unwrap().clone();
    assert!(set.provisioned.contains(&id(ACCOUNTS[2])) && set.outdated.is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_role_of_an_account_changes_at_a_time() {
    let clients = world(company());
    let first = assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[1]).await.unwrap();
    let second = unassign(&clients, "Deploy", GROUPS[0], ACCOUNTS[1]).await.unwrap_err();
    assert!(second.starts_with("ConflictException"), "{second}");
    let everywhere = clients.sso.provision_permission_set().instance_arn(INSTANCE);
    let everywhere = everywhere.permission_set_arn(clients.deploy());
    let everywhere = everywhere.target_type(ProvisionTargetType::AllProvisionedAccounts);
    let error = everywhere.clone().send().await.unwrap_err().into_service_error();
    assert!(error.is_conflict_exception(), "{}", code(&error));
    assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.expect("another account is free");
    follow(&clients, &first).await;
    unassign(&clients, "Deploy", GROUPS[0], ACCOUNTS[1]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_row_that_exists_is_created_again_without_effect_and_one_that_does_not_is_not_deleted() {
    let clients = world(company());
    let before = clients.sandbox.snapshot();
    let request = assign(&clients, "Deploy", GROUPS[0], ACCOUNTS[1]).await.unwrap();
    assert_eq!(follow(&clients, &request).await.0, StatusValues::Succeeded);
    assert_eq!(clients.sandbox.snapshot(), before);
    let absent = unassign(&clients, "Deploy", GROUPS[1], ACCOUNTS[1]).await.unwrap_err();
    assert!(absent.starts_with("ResourceNotFoundException"), "{absent}");
}

#[tokio::test(start_paused = true)]
async fn a_suspended_account_fails_later_and_an_unknown_one_at_once() {
    let clients = world(company());
    let request = assign(&clients, "Deploy", GROUPS[0], ACCOUNTS[4]).await.unwrap();
    let (status, reason, _) = follow(&clients, &request).await;
    assert_eq!(status, StatusValues::Failed);
    assert!(reason.unwrap().contains("Obtaining permissions to manage your AWS account '900000000009'"));
    assert_eq!(rows(&clients), 1);
    for (group, account) in
        [(GROUPS[0], "777777777777"), ("00000000-0000-4000-8000-000000000000", ACCOUNTS[1])]
    {
        let unknown = assign(&clients, "Deploy", group, account).await.unwrap_err();
        assert!(unknown.starts_with("ResourceNotFoundException"), "{unknown}");
    }
}

/// AWS reports an account's quota of roles when an operation finishes, not when it starts.
#[tokio::test(start_paused = true)]
async fn a_501st_permission_set_fails_in_its_account() {
    let mut snapshot = company();
    let some = snapshot.permission_sets[0].clone();
    snapshot.permission_sets.extend((0..500).map(|number| LivePermissionSet {
        name: name(&format!("Full{number}")),
        arn: format!("{}{number:03}", &some.arn[..some.arn.len() - 3]).replace("ps-0", "ps-1"),
        provisioned: BTreeSet::from([id(ACCOUNTS[2])]),
        ..some.clone()
    }));
    let clients = world(snapshot);
    let request = assign(&clients, "Deploy", GROUPS[0], ACCOUNTS[2]).await.unwrap();
    let (status, reason, _) = follow(&clients, &request).await;
    assert_eq!(status, StatusValues::Failed);
    assert!(reason.unwrap().contains("maximum number of permission sets (500)"));
    let request = assign(&clients, "Full7", GROUPS[0], ACCOUNTS[2]).await.unwrap();
    assert_eq!(follow(&clients, &request).await.0, StatusValues::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn an_edited_set_is_outdated_until_it_is_provisioned() {
    let clients = world(company());
    let put = clients.sso.put_inline_policy_to_permission_set().instance_arn(INSTANCE);
    let put = put.permission_set_arn(clients.deploy()).inline_policy(r#"{"Statement":[{"Effect":"Deny"}]}"#);
    put.clone().send().await.unwrap();
    assert_eq!(outdated(&clients).await, [ACCOUNTS[1]]);

    let provision = clients.sso.provision_permission_set().instance_arn(INSTANCE);
    let provision = provision.permission_set_arn(clients.deploy());
    let provision = provision.target_type(ProvisionTargetType::AllProvisionedAccounts);
    let started = provision.send().await.unwrap().permission_set_provisioning_status.unwrap();
    assert_eq!(started.status, Some(StatusValues::InProgress));
    tokio::time::sleep(Duration::from_secs(60)).await;
    let describe = clients.sso.describe_permission_set_provisioning_status().instance_arn(INSTANCE);
    let describe = describe.provision_permission_set_request_id(started.request_id.unwrap());
    let ended = describe.send().await.unwrap().permission_set_provisioning_status.unwrap();
    assert_eq!(ended.status, Some(StatusValues::Succeeded));
    assert!(outdated(&clients).await.is_empty());
}

/// An operation uses the version at the time of its request.
#[tokio::test(start_paused = true)]
async fn an_edit_during_a_provision_leaves_the_account_outdated() {
    let clients = world(company());
    let edit =
        clients.sso.update_permission_set().instance_arn(INSTANCE).permission_set_arn(clients.deploy());
    edit.clone().description("one").send().await.unwrap();
    let provision = clients.sso.provision_permission_set().instance_arn(INSTANCE);
    let provision = provision.permission_set_arn(clients.deploy()).target_id(ACCOUNTS[1]);
    provision.target_type(ProvisionTargetType::AwsAccount).send().await.unwrap();
    edit.description("two").send().await.unwrap();
    clients.sandbox.settle();
    assert_eq!(outdated(&clients).await, [ACCOUNTS[1]]);
}

#[tokio::test(start_paused = true)]
async fn a_set_is_deleted_once_it_is_assigned_nowhere_and_has_left_its_accounts() {
    let clients = world(company());
    let delete =
        clients.sso.delete_permission_set().instance_arn(INSTANCE).permission_set_arn(clients.deploy());
    let error = delete.clone().send().await.unwrap_err().into_service_error();
    assert!(error.is_conflict_exception(), "assigned: {}", code(&error));

    unassign(&clients, "Deploy", GROUPS[0], ACCOUNTS[1]).await.unwrap();
    while rows(&clients) > 0 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let error = delete.clone().send().await.unwrap_err().into_service_error();
    assert!(error.is_conflict_exception(), "being deprovisioned: {}", code(&error));
    tokio::time::sleep(Duration::from_secs(120)).await;
    delete.send().await.unwrap();
    assert!(clients.sandbox.snapshot().permission_sets.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_new_row_keeps_a_set_in_an_account_that_it_was_about_to_leave() {
    let clients = world(company());
    unassign(&clients, "Deploy", GROUPS[0], ACCOUNTS[1]).await.unwrap();
    while rows(&clients) > 0 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[1]).await.unwrap();
    clients.sandbox.settle();
    let set = clients.sandbox.snapshot().permission_set(&name("Deploy")).unwrap().clone();
    assert!(set.provisioned.contains(&id(ACCOUNTS[1])));
    assert_eq!(rows(&clients), 1);
}

#[test]
fn settling_ends_what_a_runtime_left_behind() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let clients = runtime.block_on(async {
        let clients = world(company());
        assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap();
        clients
    });
    drop(runtime);
    assert_eq!(rows(&clients), 1);
    clients.sandbox.settle();
    assert_eq!(rows(&clients), 2);
}
