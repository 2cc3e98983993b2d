//! Provisioning from the tenant to the Identity Store: in cycles and on demand.

use std::time::Duration;

use rolecall_model::entra::{SignIn, SyncState};
use rolecall_model::snapshot::SnapshotFile;
use rolecall_sandbox::{Actor, Change, DirectoryChange, Sandbox, Settings};
use serde_json::{Value, json};

use crate::company::STORE;
use crate::tenant::{
    CLIENT, CYCLE, Graph, JOB, NEW, PAYMENTS, SEARCH, SERVICE_PRINCIPAL, job, object, user, with_tenant,
};
use crate::{Clients, GROUPS};

const SECRETS: &str = "/servicePrincipals/bbbbbbbb-0000-4000-8000-000000000001/synchronization/secrets";

fn secrets(token: &str) -> Value {
    let address = "https://scim.eu-west-1.amazonaws.com/abc/scim/v2/";
    json!([{ "key": "BaseAddress", "value": address }, { "key": "SecretToken", "value": token }])
}

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn a_cycle_brings_assigned_groups_and_their_direct_members() {
    let graph = Graph::new();
    assert_eq!(graph.assign(NEW).await.status, 201);
    pass(CYCLE / 2).await;
    assert_eq!(graph.store_group(NEW), None);
    pass(CYCLE).await;
    let (id, name) = graph.store_group(NEW).unwrap();
    assert!(id.as_str().starts_with("906a0b0c0d-") && name == "new-team");
    // User 7 has no last name, and members of the nested group are not provisioned through it.
    let names: Vec<String> = (1..7).map(|number| format!("user{number}@acme.com")).collect();
    assert_eq!(graph.store_members(NEW), names);
    assert_eq!(
        graph.troubles(),
        [("user7@acme.com".to_owned(), "skipped".to_owned(), "MissingRequiredAttribute".to_owned())]
    );
    // The existing user is kept.
    assert_eq!(graph.store_members(PAYMENTS), ["jane@acme.com", "user1@acme.com"]);
    assert_eq!(graph.sandbox.snapshot().users.len(), 7);
    assert_eq!(graph.store_group(PAYMENTS).unwrap().0.as_str(), GROUPS[0]);
    let status = graph.get(&job("")).await.body["status"].clone();
    assert_eq!((&status["code"], &status["countSuccessiveCompleteFailures"]), (&json!("Active"), &json!(0)));
    assert_eq!(status["lastSuccessfulExecution"]["timeEnded"], json!("2026-01-01T00:40:00Z"));
    assert_eq!(status["steadyStateFirstAchievedTime"], json!("2026-01-01T00:40:00Z"));
}

#[tokio::test(start_paused = true)]
async fn the_identity_store_shows_what_was_provisioned() {
    let graph = Graph::new();
    pass(CYCLE * 2).await;
    let clients = Clients::new(graph.sandbox.clone(), Some(graph.sandbox.http_client()), None);
    let store = &clients.store;
    let members = store.list_group_memberships().identity_store_id(STORE).group_id(GROUPS[0]).max_results(1);
    let page = members.clone().send().await.unwrap();
    let next = members.next_token(page.next_token().unwrap()).send().await.unwrap();
    assert_eq!(next.next_token(), None);
    let member = next.group_memberships()[0].member_id().unwrap().as_user_id().unwrap();
    let read = store.describe_user().identity_store_id(STORE).user_id(member).send().await.unwrap();
    let by_name = graph.sandbox.snapshot().users.into_iter().find(|one| one.id.as_str() == member).unwrap();
    assert_eq!(read.user_name(), Some(by_name.user_name.as_str()));
    assert!(read.external_ids()[0].id().starts_with("dddddddd-"));
    let missing = store
        .list_group_memberships()
        .identity_store_id(STORE)
        .group_id("906a0b0c0d-00000000-0000-4000-8000-000000000000");
    assert!(missing.send().await.unwrap_err().into_service_error().is_resource_not_found_exception());
}

#[tokio::test(start_paused = true)]
async fn a_renamed_group_keeps_its_place_and_its_rows() {
    let graph = Graph::new();
    graph.intervene(DirectoryChange::RenameGroup { group: object(PAYMENTS), name: "payments".to_owned() });
    pass(CYCLE * 2).await;
    let (id, name) = graph.store_group(PAYMENTS).unwrap();
    assert_eq!((id.as_str(), name.as_str()), (GROUPS[0], "payments"));
    assert_eq!(graph.sandbox.snapshot().assignments.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unassigned_group_goes_with_the_next_cycle_and_its_rows_with_it() {
    let graph = Graph::new();
    let path = format!("/servicePrincipals/{SERVICE_PRINCIPAL}/appRoleAssignedTo/assignment-1");
    assert_eq!(graph.delete(&path).await.status, 204);
    pass(CYCLE / 2).await;
    assert_eq!(graph.sandbox.snapshot().assignments.len(), 1);
    pass(CYCLE).await;
    let snapshot = graph.sandbox.snapshot();
    assert_eq!(
        (graph.store_group(PAYMENTS), snapshot.assignments.len(), snapshot.groups.len()),
        (None, 0, 1)
    );
    let journal = graph.sandbox.journal();
    let provisioned: Vec<&Change> =
        journal.iter().filter(|entry| entry.by == Actor::Provisioning).map(|entry| &entry.change).collect();
    assert!(matches!(provisioned[..], [Change::Revoked(_), Change::GroupDeleted(_)]), "{provisioned:?}");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_made_again_is_another_group() {
    let graph = Graph::new();
    let again = "00000000-0000-4000-8000-00000000e00f";
    graph.intervene(DirectoryChange::RecreateGroup { group: object(PAYMENTS), id: object(again) });
    let found = graph.get("/groups?$filter=displayName eq 'payments-devs'&$select=id").await;
    assert_eq!(found.all("id"), [again]);
    assert_eq!(graph.assign(again).await.status, 201);
    pass(CYCLE * 2).await;
    assert_eq!(graph.store_group(PAYMENTS), None);
    let (id, _) = graph.store_group(again).unwrap();
    assert_ne!(id.as_str(), GROUPS[0]);
    assert_eq!(graph.sandbox.snapshot().assignments.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn members_come_and_go_and_others_are_left_alone() {
    let mut snapshot = with_tenant();
    let stranger = "906a0b0c0d-00000000-0000-4000-8000-0000000000fe";
    snapshot.users.push(rolecall_model::snapshot::User {
        id: stranger.parse().unwrap(),
        user_name: "left@acme.com".parse().unwrap(),
    });
    snapshot.memberships = [(GROUPS[0].parse().unwrap(), [stranger.parse().unwrap()].into())].into();
    let graph = Graph::of(snapshot, Settings::default());
    pass(CYCLE * 2).await;
    graph.intervene(DirectoryChange::RemoveMember { group: object(PAYMENTS), user: user(0) });
    graph.intervene(DirectoryChange::AddMember { group: object(PAYMENTS), user: user(3) });
    pass(CYCLE).await;
    assert_eq!(graph.store_members(PAYMENTS), ["left@acme.com", "user1@acme.com", "user3@acme.com"]);
}

#[tokio::test(start_paused = true)]
async fn a_name_with_special_characters_does_not_match() {
    let graph = Graph::new();
    graph.intervene(DirectoryChange::RenameGroup { group: object(NEW), name: "R&D".to_owned() });
    graph.assign(NEW).await;
    let reply = graph.on_demand(NEW, &[]).await;
    let key: Value = serde_json::from_str(reply.body["key"].as_str().unwrap()).unwrap();
    assert_eq!(key["result"], json!("Failure"));
    pass(CYCLE * 2).await;
    assert_eq!(graph.store_group(NEW), None);
    let found =
        graph.get("/auditLogs/provisioning?$filter=provisioningStatusInfo/status eq 'failure'&$top=5").await;
    assert_eq!(found.body["value"][0]["sourceIdentity"]["displayName"], json!("R&D"));
    assert_eq!(found.body["value"][0]["jobId"], json!(JOB));
}

#[tokio::test(start_paused = true)]
async fn a_group_comes_on_demand_in_batches_of_five() {
    let graph = Graph::new();
    let members: Vec<_> = (1..7).map(user).collect();
    let outside = graph.on_demand(NEW, &members[..1]).await;
    let result = |answer: &crate::tenant::Answer| -> Value {
        serde_json::from_str(answer.body["key"].as_str().unwrap_or_else(|| panic!("{}", answer.body)))
            .unwrap()
    };
    assert_eq!(result(&outside)["result"], json!("Skipped"));
    graph.assign(NEW).await;
    assert_eq!(graph.on_demand(NEW, &members).await.status, 400);
    let first = graph.on_demand(NEW, &members[..5]).await;
    assert_eq!((first.status, &result(&first)["result"]), (200, &json!("Success")));
    let value: Value = serde_json::from_str(first.body["value"].as_str().unwrap()).unwrap();
    assert_eq!(value["provisioningSteps"][0]["name"], json!("EntryImport"));
    assert_eq!(graph.store_group(NEW), None);
    pass(Duration::from_secs(30)).await;
    assert_eq!(graph.store_members(NEW).len(), 5);
    graph.on_demand(NEW, &members[5..]).await;
    pass(Duration::from_secs(30)).await;
    assert_eq!(graph.store_members(NEW).len(), 6);
    let again = graph.on_demand(NEW, &members[5..]).await;
    assert_eq!(result(&again)["details"]["errorCode"], json!("RedundantExport"));
}

#[tokio::test(start_paused = true)]
async fn on_demand_takes_five_calls_in_ten_seconds() {
    let graph = Graph::new();
    for _ in 0..5 {
        assert_eq!(graph.on_demand(SEARCH, &[]).await.status, 200);
    }
    let refused = graph.on_demand(SEARCH, &[]).await;
    assert_eq!((refused.status, refused.retry_after()), (429, Some("10")));
    pass(Duration::from_secs(10)).await;
    assert_eq!(graph.on_demand(SEARCH, &[]).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_job_is_made_configured_and_started() {
    let mut snapshot = with_tenant();
    snapshot.entra.as_mut().unwrap().applications[0].jobs.clear();
    let graph = Graph::of(snapshot, Settings::default());
    let path = format!("/servicePrincipals/{SERVICE_PRINCIPAL}/synchronization");
    assert_eq!(graph.get(&format!("{path}/templates")).await.all("id"), ["aws"]);
    let made = graph.post(&format!("{path}/jobs"), json!({ "templateId": "aws" })).await;
    assert_eq!((made.status, &made.body["status"]["code"]), (201, &json!("NotConfigured")));
    assert_eq!(made.body["schedule"]["interval"], json!("PT40M"));
    assert_eq!(graph.post(&format!("{path}/jobs"), json!({ "templateId": "aws" })).await.status, 409);
    let job = format!("{path}/jobs/{}", made.body["id"].as_str().unwrap());
    assert_eq!(graph.post(&format!("{job}/start"), Value::Null).await.status, 400);

    let validate = format!("{job}/validateCredentials");
    let given = |token: &str| json!({ "credentials": secrets(token) });
    assert_eq!(graph.post(&validate, given("wrong")).await.status, 400);
    assert_eq!(graph.post(&validate, given("sandbox-scim-token")).await.status, 204);
    assert_eq!(graph.put(SECRETS, json!({ "value": secrets("sandbox-scim-token") })).await.status, 204);
    let shown = graph.get(SECRETS).await;
    assert_eq!(shown.all("value"), ["*", "*"]);
    assert_eq!(graph.post(&validate, json!({ "useSavedCredentials": true })).await.status, 204);
    assert_eq!(graph.get(&job).await.body["status"]["code"], json!("NotRun"));
    assert_eq!(graph.post(&format!("{job}/start"), Value::Null).await.status, 204);
    pass(Duration::from_secs(90)).await;
    assert_eq!(graph.store_members(SEARCH), ["user2@acme.com"]);

    assert_eq!(graph.post(&format!("{job}/pause"), Value::Null).await.status, 204);
    graph.assign(NEW).await;
    pass(CYCLE * 3).await;
    assert_eq!(graph.store_group(NEW), None);
    let schema = graph.get(&format!("{job}/schema")).await.body;
    let rules = schema["synchronizationRules"].as_array().unwrap();
    let mappings =
        rules.iter().flat_map(|rule| rule["objectMappings"][0]["attributeMappings"].as_array().unwrap());
    let external = mappings.filter(|one| one["targetAttributeName"] == json!("externalId"));
    let sources: Vec<_> = external.map(|one| one["source"]["name"].as_str().unwrap()).collect();
    assert_eq!(sources, ["objectId", "objectId"]);
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_leads_into_quarantine_and_a_restart_out_of_it() {
    let graph = Graph::new();
    graph.intervene(DirectoryChange::ExpireScimToken { renewed: "new".to_owned() });
    graph.assign(NEW).await;
    pass(CYCLE * 2).await;
    let status = graph.get(&job("")).await.body["status"].clone();
    assert_eq!((&status["code"], &status["lastExecution"]["state"]), (&json!("Active"), &json!("Failed")));
    pass(CYCLE * 2).await;
    let status = graph.get(&job("")).await.body["status"].clone();
    assert_eq!(status["code"], json!("Quarantine"));
    assert_eq!(status["quarantine"]["currentBegan"], json!("2026-01-01T02:00:00Z"));
    assert!(status["quarantine"]["error"]["message"].as_str().unwrap().contains("Unauthorized"));
    // Valid secrets alone take effect only a day later.
    graph.put(SECRETS, json!({ "value": secrets("new") })).await;
    pass(CYCLE * 2).await;
    assert_eq!(graph.store_group(NEW), None);
    let restart = json!({ "criteria": { "resetScope": "QuarantineState, Escrows" } });
    assert_eq!(graph.post(&job("/restart"), restart).await.status, 204);
    pass(Duration::from_secs(90)).await;
    assert!(graph.store_group(NEW).is_some());
    let unknown = json!({ "criteria": { "resetScope": "Everything" } });
    assert_eq!(graph.post(&job("/restart"), unknown).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn a_quarantine_is_tried_daily_and_ends_after_four_weeks() {
    let day = Duration::from_secs(24 * 60 * 60);
    let graph = Graph::new();
    graph.intervene(DirectoryChange::Quarantine);
    pass(day * 2).await;
    let state = |graph: &Graph| graph.sandbox.snapshot().entra.unwrap().applications[0].jobs[0].state;
    assert_eq!(state(&graph), SyncState::Active);
    graph.intervene(DirectoryChange::ExpireScimToken { renewed: "new".to_owned() });
    pass(day * 27).await;
    assert_eq!(state(&graph), SyncState::Quarantine);
    let failures = graph.sandbox.snapshot().entra.unwrap().applications[0].jobs[0].failures_in_a_row;
    assert!((28..=31).contains(&failures), "{failures}");
    pass(day * 3).await;
    assert_eq!(state(&graph), SyncState::Paused);
}

#[tokio::test(start_paused = true)]
async fn a_world_that_is_saved_goes_on_where_it_was() {
    let graph = Graph::new();
    graph.assign(NEW).await;
    pass(CYCLE / 2).await;
    graph.sandbox.settle();
    let saved = SnapshotFile::from_snapshot(&graph.sandbox.snapshot()).to_json();
    assert!(graph.store_group(NEW).is_some(), "settling carries what was assigned");
    let again = SnapshotFile::from_json(saved.as_bytes()).unwrap().into_snapshot().unwrap();
    let sandbox = Sandbox::new(again, Settings::default());
    let next = Graph { service: sandbox.graph_service(), sandbox };
    next.intervene(DirectoryChange::DeleteGroup(object(NEW)));
    pass(CYCLE + Duration::from_secs(1)).await;
    assert_eq!(next.store_group(NEW), None);
    let job = next.get(&job("")).await.body;
    // Forty minutes after the cycle that settling ran early.
    assert_eq!(job["status"]["lastSuccessfulExecution"]["timeEnded"], json!("2026-01-01T01:20:00Z"));
}

#[tokio::test(start_paused = true)]
async fn failed_sign_ins_are_read_five_times_in_ten_seconds() {
    let mut snapshot = with_tenant();
    let sign_in = |user: &str, error_code: u32| SignIn {
        at: "2025-12-31T12:00:00Z".parse().unwrap(),
        user: user.to_owned(),
        error_code,
        reason: (error_code != 0)
            .then(|| "The user is not assigned to a role for the application.".to_owned()),
    };
    snapshot.entra.as_mut().unwrap().logs.sign_ins =
        vec![sign_in("jane@acme.com", 50_105), sign_in("user1@acme.com", 0)];
    let graph = Graph::of(snapshot, Settings::default());
    let since = "createdDateTime ge 2025-12-31T00:00:00Z";
    let path =
        format!("/auditLogs/signIns?$filter=appId eq '{CLIENT}' and status/errorCode ne 0 and {since}");
    for _ in 0..5 {
        let found = graph.get(&path).await;
        assert_eq!(found.all("userPrincipalName"), ["jane@acme.com"], "{}", found.body);
        assert_eq!(found.body["value"][0]["status"]["errorCode"], json!(50_105));
    }
    assert_eq!(graph.get("/auditLogs/provisioning").await.status, 429);
    pass(Duration::from_secs(10)).await;
    let other = path.replace(CLIENT, SERVICE_PRINCIPAL);
    assert_eq!(graph.get(&other).await.body["value"], json!([]));
}
