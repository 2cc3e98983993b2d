//! Attributes for access control of the instance.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ssoadmin::types::{
    AccessControlAttribute, AccessControlAttributeValue, InstanceAccessControlAttributeConfiguration,
    InstanceAccessControlAttributeConfigurationStatus as Status,
};
use rolecall_model::AccessControlState;
use rolecall_model::snapshot::SnapshotFile;
use rolecall_sandbox::faults::{FaultPlan, Moment, RequestFault, Strike};
use rolecall_sandbox::{Actor, Change};

use crate::company::{INSTANCE, code};
use crate::{Clients, company, struck, world};

const COST: &str = "${path:enterprise.costCenter}";
const TITLE: &str = "${path:title}";

fn attribute(key: &str, sources: &[&str]) -> AccessControlAttribute {
    let sources = sources.iter().map(|source| (*source).to_owned()).collect();
    let value = AccessControlAttributeValue::builder().set_source(Some(sources)).build().unwrap();
    AccessControlAttribute::builder().key(key).value(value).build().unwrap()
}

fn configuration(attributes: Vec<AccessControlAttribute>) -> InstanceAccessControlAttributeConfiguration {
    InstanceAccessControlAttributeConfiguration::builder()
        .set_access_control_attributes(Some(attributes))
        .build()
        .unwrap()
}

fn one(key: &str, source: &str) -> InstanceAccessControlAttributeConfiguration {
    configuration(vec![attribute(key, &[source])])
}

fn on(key: &str, source: &str) -> AccessControlState {
    AccessControlState::On(BTreeMap::from([(key.to_owned(), source.to_owned())]))
}

async fn create(
    clients: &Clients,
    configuration: InstanceAccessControlAttributeConfiguration,
) -> Result<(), String> {
    let call = clients.sso.create_instance_access_control_attribute_configuration().instance_arn(INSTANCE);
    let answer = call.instance_access_control_attribute_configuration(configuration).send().await;
    answer.map(|_| ()).map_err(|error| code(&error.into_service_error()))
}

async fn update(
    clients: &Clients,
    configuration: InstanceAccessControlAttributeConfiguration,
) -> Result<(), String> {
    let call = clients.sso.update_instance_access_control_attribute_configuration().instance_arn(INSTANCE);
    let answer = call.instance_access_control_attribute_configuration(configuration).send().await;
    answer.map(|_| ()).map_err(|error| code(&error.into_service_error()))
}

async fn delete(clients: &Clients) -> Result<(), String> {
    let call = clients.sso.delete_instance_access_control_attribute_configuration().instance_arn(INSTANCE);
    call.send().await.map(|_| ()).map_err(|error| code(&error.into_service_error()))
}

/// Returns the status, and each key with its sources.
async fn describe(clients: &Clients) -> Result<(Status, Vec<(String, Vec<String>)>), String> {
    let call = clients.sso.describe_instance_access_control_attribute_configuration().instance_arn(INSTANCE);
    let answer = call.send().await.map_err(|error| code(&error.into_service_error()))?;
    let listed = answer.instance_access_control_attribute_configuration.unwrap().access_control_attributes;
    let listed = listed.into_iter().map(|one| (one.key, one.value.unwrap().source));
    Ok((answer.status.unwrap(), listed.collect()))
}

#[tokio::test(start_paused = true)]
async fn they_are_there_a_while_after_they_were_created_and_an_update_replaces_them_all() {
    let clients = world(company());
    assert!(describe(&clients).await.unwrap_err().starts_with("ResourceNotFoundException"));
    assert!(update(&clients, one("cost", COST)).await.unwrap_err().starts_with("ResourceNotFoundException"));

    create(&clients, one("cost", COST)).await.unwrap();
    let listed = vec![("cost".to_owned(), vec![COST.to_owned()])];
    assert_eq!(describe(&clients).await.unwrap(), (Status::CreationInProgress, listed.clone()));
    assert_eq!(clients.sandbox.snapshot().access_control, AccessControlState::Off, "not there yet");
    for refused in [create(&clients, one("cost", COST)).await, update(&clients, one("a", TITLE)).await] {
        assert!(refused.unwrap_err().starts_with("ConflictException"));
    }
    assert!(delete(&clients).await.unwrap_err().starts_with("ConflictException"));

    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(describe(&clients).await.unwrap(), (Status::Enabled, listed));
    assert!(create(&clients, one("cost", COST)).await.unwrap_err().contains("already exists"));
    update(&clients, one("title", TITLE)).await.unwrap();
    let listed = vec![("title".to_owned(), vec![TITLE.to_owned()])];
    assert_eq!(describe(&clients).await.unwrap(), (Status::Enabled, listed));

    delete(&clients).await.unwrap();
    assert!(delete(&clients).await.unwrap_err().starts_with("ResourceNotFoundException"));
    let changes: Vec<Change> = clients
        .sandbox
        .journal()
        .into_iter()
        .map(|entry| {
            assert_eq!(entry.by, Actor::Client);
            entry.change
        })
        .collect();
    let changed = |before, after| Change::AccessControlSet { before, after };
    let (cost, title) = (on("cost", COST), on("title", TITLE));
    assert_eq!(
        changes,
        [
            changed(AccessControlState::Off, cost.clone()),
            changed(cost, title.clone()),
            changed(title, AccessControlState::Off)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn attributes_that_break_a_rule_are_refused_and_change_nothing() {
    let mut snapshot = company();
    snapshot.access_control = on("cost", COST);
    let clients = world(snapshot.clone());
    let many = |number: usize| {
        let keys = (0..number).map(|at| format!("key{at:02}"));
        configuration(keys.map(|key| attribute(&key, &[TITLE])).collect())
    };
    let mut refused = Vec::new();
    for wrong in [
        many(51),
        one("", TITLE),
        one(&"k".repeat(129), TITLE),
        one("a#b", TITLE),
        one("key", &"s".repeat(257)),
        one("key", "${path:title};"),
        configuration(vec![attribute("key", &[])]),
        configuration(vec![attribute("key", &[COST, TITLE])]),
        configuration(vec![attribute("key", &[COST]), attribute("key", &[TITLE])]),
    ] {
        refused.push(update(&clients, wrong).await.unwrap_err());
    }
    let bare = clients.sso.update_instance_access_control_attribute_configuration().instance_arn(INSTANCE);
    refused.push(code(&bare.send().await.unwrap_err().into_service_error()));
    insta::assert_snapshot!(refused.join("\n"));
    assert_eq!(clients.sandbox.snapshot(), snapshot);
    tokio::time::sleep(Duration::from_secs(1)).await;
    update(&clients, many(50)).await.unwrap();
    update(&clients, configuration(Vec::new())).await.unwrap();
    assert_eq!(clients.sandbox.snapshot().access_control, AccessControlState::On(BTreeMap::new()));
}

/// A saved world contains them. One whose snapshot did not is saved without them.
#[tokio::test(start_paused = true)]
async fn a_saved_world_keeps_them() {
    let mut snapshot = company();
    snapshot.access_control = AccessControlState::NotRead;
    let clients = world(snapshot);
    assert!(describe(&clients).await.unwrap_err().starts_with("ResourceNotFoundException"));
    let saved = |clients: &Clients| SnapshotFile::from_snapshot(&clients.sandbox.snapshot()).to_json();
    assert!(!saved(&clients).contains("accessControl"));

    create(&clients, one("cost", COST)).await.unwrap();
    clients.sandbox.settle();
    let file = SnapshotFile::from_json(saved(&clients).as_bytes()).unwrap();
    let again = world(file.into_snapshot().unwrap());
    let listed = vec![("cost".to_owned(), vec![COST.to_owned()])];
    assert_eq!(describe(&again).await.unwrap(), (Status::Enabled, listed));
}

#[tokio::test(start_paused = true)]
async fn their_calls_are_struck_and_throttled_as_others_are() {
    let create_call = "CreateInstanceAccessControlAttributeConfiguration";
    let strikes = vec![
        Strike::on(create_call, 1, RequestFault::Conflict),
        Strike::on(create_call, 2, RequestFault::RateExceeded),
        Strike::on(create_call, 3, RequestFault::ConnectionLost(Moment::AfterEffect)),
    ];
    let clients = struck(company(), FaultPlan { strikes, ..FaultPlan::default() });
    assert!(create(&clients, one("cost", COST)).await.unwrap_err().starts_with("ConflictException"));
    assert!(create(&clients, one("cost", COST)).await.unwrap_err().contains("Rate exceeded"));
    create(&clients, one("cost", COST)).await.unwrap_err();
    clients.sandbox.settle();
    assert_eq!(clients.sandbox.snapshot().access_control, on("cost", COST));

    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..25 {
        let call = clients.sso.describe_instance_access_control_attribute_configuration();
        let call = call.instance_arn(INSTANCE);
        calls.spawn(async move { call.send().await.is_ok() });
    }
    let passed = calls.join_all().await.into_iter().filter(|passed| *passed).count();
    assert_eq!(passed, 20, "they share the rate of sso-admin");
}
