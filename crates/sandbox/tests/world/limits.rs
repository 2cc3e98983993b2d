//! Limits of requests per second, and of concurrent operations.

use std::time::Duration;

use rolecall_model::Principal;
use rolecall_model::snapshot::Group;
use rolecall_sandbox::{CallRecord, Outcome, Service};

use crate::company::{INSTANCE, code, id};
use crate::{Clients, assign, company, world};

async fn list_in_a_burst(clients: &Clients, requests: usize) -> Vec<bool> {
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..requests {
        let call = clients.sso.list_permission_sets().instance_arn(INSTANCE);
        calls.spawn(async move { call.send().await.is_ok() });
    }
    calls.join_all().await
}

#[tokio::test(start_paused = true)]
async fn the_21st_request_of_a_burst_is_throttled_and_a_second_makes_room_for_20_more() {
    let clients = world(company());
    let passed = list_in_a_burst(&clients, 21).await;
    assert_eq!(passed.iter().filter(|passed| **passed).count(), 20);
    let refused = clients.sso.list_instances().send().await;
    assert!(refused.is_ok(), "one round trip later, there is room for one");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let passed = list_in_a_burst(&clients, 25).await;
    assert_eq!(passed.iter().filter(|passed| **passed).count(), 20);

    let calls = clients.sandbox.calls();
    let throttled = |call: &&CallRecord| call.outcome == Outcome::Failed("ThrottlingException");
    assert_eq!(calls.iter().filter(throttled).count(), 6);
    assert_eq!(clients.sandbox.call_counts()["sso-admin:ListPermissionSets"], 46);
    assert!(calls.iter().all(|call| call.service == Service::SsoAdmin));
}

#[tokio::test(start_paused = true)]
async fn organizations_throttles_by_its_own_name() {
    let clients = world(company());
    for _ in 0..2 {
        clients.organizations.list_roots().send().await.unwrap();
    }
    let error = clients.organizations.list_roots().send().await.unwrap_err().into_service_error();
    assert!(error.is_too_many_requests_exception(), "{}", code(&error));
}

#[tokio::test(start_paused = true)]
async fn of_16_assignments_at_once_one_is_told_to_wait() {
    let mut snapshot = company();
    let last = snapshot.organization.accounts[1].clone();
    snapshot.organization.accounts.extend((10..30).map(|number| {
        let account = last.clone();
        rolecall_model::Account { id: id(&format!("3000000000{number}")), ..account }
    }));
    let clients = world(snapshot);
    for number in 10..25 {
        assign(&clients, "Deploy", crate::GROUPS[0], &format!("3000000000{number}")).await.unwrap();
    }
    let refused = assign(&clients, "Deploy", crate::GROUPS[0], "300000000025").await.unwrap_err();
    assert_eq!(
        refused,
        "ThrottlingException: There are too many requests processing. Please try again later."
    );
    tokio::time::sleep(Duration::from_secs(60)).await;
    assign(&clients, "Deploy", crate::GROUPS[0], "300000000025").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_permission_set_is_given_to_100_groups_of_an_account_and_no_more() {
    let mut snapshot = company();
    let some = snapshot.groups[0].clone();
    let group = |number: u32| format!("906a0b0c0d-11111111-0000-4000-8000-{number:012}");
    snapshot
        .groups
        .extend((0..100).map(|number| Group { id: group(number).parse().unwrap(), ..some.clone() }));
    let row = snapshot.assignments[0].clone();
    snapshot.assignments.extend((0..99).map(|number| rolecall_model::Assignment {
        principal: Principal::Group(group(number).parse().unwrap()),
        ..row.clone()
    }));
    let clients = world(snapshot);
    let refused = assign(&clients, "Deploy", &group(99), crate::ACCOUNTS[1]).await.unwrap_err();
    assert!(refused.starts_with("ServiceQuotaExceededException"), "{refused}");
    assign(&clients, "Deploy", &group(98), crate::ACCOUNTS[1])
        .await
        .expect("a row that exists is no new one");
}
