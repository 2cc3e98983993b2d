//! The limits of a delegated administrator.

use std::collections::BTreeSet;

use aws_sdk_ssoadmin::types::{PrincipalType, ProvisionTargetType};
use rolecall_model::snapshot::Snapshot;

use crate::company::{INSTANCE, code, id, name};
use crate::{ACCOUNTS, GROUPS, assign, company, world};

/// The company as the delegated administrator sees it; `Sealed` is provisioned in the management account.
fn delegated() -> Snapshot {
    let mut snapshot = company();
    snapshot.caller.account = id(ACCOUNTS[3]);
    let mut sealed = snapshot.permission_sets[0].clone();
    sealed.name = name("Sealed");
    sealed.arn = sealed.arn.replace("0001", "0002");
    sealed.details = None;
    sealed.provisioned = BTreeSet::from([id(ACCOUNTS[0])]);
    snapshot.permission_sets.push(sealed);
    snapshot
}

#[tokio::test(start_paused = true)]
async fn it_cannot_assign_in_the_management_account() {
    let clients = world(delegated());
    let refused = assign(&clients, "Deploy", GROUPS[0], ACCOUNTS[0]).await.unwrap_err();
    assert!(refused.starts_with("AccessDeniedException"), "{refused}");
    assign(&clients, "Deploy", GROUPS[0], ACCOUNTS[2]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_cannot_change_a_set_that_is_provisioned_there() {
    let clients = world(delegated());
    let sealed = clients.arn("Sealed");
    let update = clients.sso.update_permission_set().instance_arn(INSTANCE);
    let error = update.clone().permission_set_arn(&sealed).send().await.unwrap_err().into_service_error();
    assert!(error.is_access_denied_exception(), "{}", code(&error));
    update.permission_set_arn(clients.deploy()).send().await.unwrap();
    let provision = clients.sso.provision_permission_set().instance_arn(INSTANCE).permission_set_arn(&sealed);
    let provision = provision.target_type(ProvisionTargetType::AwsAccount).target_id(ACCOUNTS[2]);
    assert!(provision.send().await.unwrap_err().into_service_error().is_access_denied_exception());
    let untag = clients.sso.untag_resource().resource_arn(&sealed).tag_keys("rolecall:stack");
    assert!(untag.send().await.unwrap_err().into_service_error().is_access_denied_exception());
}

#[tokio::test(start_paused = true)]
async fn it_cannot_list_by_principal() {
    let clients = world(delegated());
    let list = clients.sso.list_account_assignments_for_principal().instance_arn(INSTANCE);
    let error = list.principal_type(PrincipalType::Group).principal_id(GROUPS[0]).send().await.unwrap_err();
    assert!(error.into_service_error().is_access_denied_exception());
}
