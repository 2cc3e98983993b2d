//! Faults of requests and operations, one kind at a time.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ssoadmin::error::SdkError;
use aws_sdk_ssoadmin::types::{PrincipalType, ProvisionTargetType, StatusValues, Tag};
use rolecall_model::{CustomerPolicy, PermissionSet};
use rolecall_sandbox::faults::{
    Chance, Competitor, Expiry, FaultPlan, Horizon, Moment, Odds, RequestFault, ServerError, Strike,
};
use rolecall_sandbox::{OperationKind, RefusalCount, Sandbox, Settings, serve};
use tokio::net::TcpListener;

use crate::company::{INSTANCE, STORE, code, follow, id, unassign};
use crate::{ACCOUNTS, Clients, GROUPS, assign, company, struck, world};

fn strike(operation: &str, number: u64, fault: RequestFault) -> FaultPlan {
    FaultPlan { strikes: vec![Strike::on(operation, number, fault)], ..FaultPlan::default() }
}

fn rows(clients: &Clients) -> usize {
    clients.sandbox.snapshot().assignments.len()
}

async fn list_sets(clients: &Clients) -> Result<usize, String> {
    let answer = clients.sso.list_permission_sets().instance_arn(INSTANCE).send().await;
    answer
        .map(|answer| answer.permission_sets.unwrap_or_default().len())
        .map_err(|error| code(&error.into_service_error()))
}

#[tokio::test(start_paused = true)]
async fn both_throttles_are_injected_and_not_held_against_the_client() {
    let strikes = vec![
        Strike::on_request(1, RequestFault::RateExceeded),
        Strike::on("CreateAccountAssignment", 1, RequestFault::TooManyProcessing),
        Strike::on("ListRoots", 1, RequestFault::RateExceeded),
    ];
    let clients = struck(company(), FaultPlan { strikes, ..FaultPlan::default() });
    assert_eq!(list_sets(&clients).await.unwrap_err(), "ThrottlingException: Rate exceeded");
    assert_eq!(list_sets(&clients).await, Ok(1));
    let refused = assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap_err();
    assert!(refused.contains("too many requests processing"), "{refused}");
    let error = clients.organizations.list_roots().send().await.unwrap_err().into_service_error();
    assert!(error.is_too_many_requests_exception());
    let refusals = clients.sandbox.refusals();
    assert_eq!(refusals.rate, RefusalCount { provoked: 0, injected: 2 });
    assert_eq!(refusals.outstanding, RefusalCount { provoked: 0, injected: 1 });
    let struck = clients.sandbox.injected_faults();
    assert_eq!(struck.iter().map(|fault| fault.request).collect::<Vec<_>>(), [1, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn another_client_eats_a_share_of_the_rate_for_a_while() {
    let until = Duration::from_secs(20);
    let competitor = Competitor { from: Duration::ZERO, until, per_second: 15 };
    let clients = struck(company(), FaultPlan { competitors: vec![competitor], ..FaultPlan::default() });
    let mut refused = 0;
    while clients.sandbox.elapsed() < until {
        refused += usize::from(list_sets(&clients).await.is_err());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Ten requests a second where five are accepted.
    assert!((50..=100).contains(&refused), "{refused}");
    assert_eq!(clients.sandbox.refusals().rate, RefusalCount { provoked: 0, injected: refused as u64 });
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..100 {
        list_sets(&clients).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_500s_comes_with_and_without_effect() {
    for (error, status) in
        [(ServerError::Internal, 500), (ServerError::BadGateway, 502), (ServerError::Unavailable, 503)]
    {
        for (moment, rows_after) in [(Moment::BeforeEffect, 1), (Moment::AfterEffect, 2)] {
            let plan = strike("CreateAccountAssignment", 1, RequestFault::Error(error, moment));
            let clients = struck(company(), plan);
            let create = clients.sso.create_account_assignment().instance_arn(INSTANCE);
            let create = create.permission_set_arn(clients.deploy()).principal_type(PrincipalType::Group);
            let create = create.principal_id(GROUPS[1]).target_id(ACCOUNTS[2]);
            let create = create.target_type(aws_sdk_ssoadmin::types::TargetType::AwsAccount);
            let broken = create.send().await.unwrap_err();
            assert_eq!(broken.raw_response().unwrap().status().as_u16(), status);
            if error == ServerError::Internal {
                assert!(broken.into_service_error().is_internal_server_exception());
            }
            clients.sandbox.settle();
            assert_eq!(rows(&clients), rows_after, "{error:?} {moment:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_drops_before_and_after_the_effect() {
    for (moment, rows_after) in [(Moment::BeforeEffect, 1), (Moment::AfterEffect, 2)] {
        let plan = strike("CreateAccountAssignment", 1, RequestFault::ConnectionLost(moment));
        let clients = struck(company(), plan);
        let create = clients.sso.create_account_assignment().instance_arn(INSTANCE);
        let create = create.permission_set_arn(clients.deploy()).principal_type(PrincipalType::Group);
        let create = create.principal_id(GROUPS[1]).target_id(ACCOUNTS[2]);
        let create = create.target_type(aws_sdk_ssoadmin::types::TargetType::AwsAccount);
        match create.send().await.unwrap_err() {
            SdkError::DispatchFailure(failure) => assert!(failure.is_io()),
            other => panic!("{other:?}"),
        }
        let arrived = clients.sandbox.call_counts().contains_key("sso-admin:CreateAccountAssignment");
        assert_eq!(arrived, moment == Moment::AfterEffect);
        clients.sandbox.settle();
        assert_eq!(rows(&clients), rows_after, "{moment:?}");
    }
}

/// The client cannot know of an operation if it never received the answer.
#[tokio::test(start_paused = true)]
async fn running_into_an_operation_whose_answer_was_lost_is_not_the_clients_doing() {
    let lost = RequestFault::ConnectionLost(Moment::AfterEffect);
    let clients = struck(company(), strike("DeleteAccountAssignment", 1, lost));
    let delete = clients.sso.delete_account_assignment().instance_arn(INSTANCE);
    let delete = delete.permission_set_arn(clients.deploy()).principal_type(PrincipalType::Group);
    let delete = delete.principal_id(GROUPS[0]).target_id(ACCOUNTS[1]);
    let delete = delete.target_type(aws_sdk_ssoadmin::types::TargetType::AwsAccount);
    delete.clone().send().await.unwrap_err();
    assert!(delete.send().await.unwrap_err().into_service_error().is_conflict_exception());
    assert_eq!(clients.sandbox.refusals().account_busy, RefusalCount { provoked: 0, injected: 1 });

    assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap();
    unassign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap_err();
    assert_eq!(clients.sandbox.refusals().account_busy, RefusalCount { provoked: 1, injected: 1 });
    clients.sandbox.forget_client();
    unassign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap_err();
    assert_eq!(clients.sandbox.refusals().account_busy, RefusalCount { provoked: 1, injected: 2 });
}

#[tokio::test]
async fn a_served_sandbox_closes_the_connection() {
    let strikes = vec![
        Strike::on_request(1, RequestFault::ConnectionLost(Moment::BeforeEffect)),
        Strike::on_request(2, RequestFault::ConnectionLost(Moment::AfterEffect)),
        Strike::on_request(3, RequestFault::Error(ServerError::BadGateway, Moment::BeforeEffect)),
    ];
    let faults = FaultPlan { strikes, ..FaultPlan::default() };
    let sandbox = Sandbox::new(company(), Settings { faults, ..Settings::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(serve(sandbox.clone(), listener, 1.0, std::future::pending()));
    let clients = Clients::new(sandbox, None, Some(endpoint));
    for _ in 0..2 {
        let lost = clients.sts.get_caller_identity().send().await.unwrap_err();
        assert!(matches!(lost, SdkError::DispatchFailure(_)), "{lost:?}");
    }
    let broken = clients.sts.get_caller_identity().send().await.unwrap_err();
    assert_eq!(broken.raw_response().unwrap().status().as_u16(), 502);
    let caller = clients.sts.get_caller_identity().send().await.unwrap();
    assert_eq!(caller.account(), Some(ACCOUNTS[0]));
    server.abort();
}

#[tokio::test(start_paused = true)]
async fn a_conflict_strikes_writes_only() {
    let odds = Odds { conflict: Chance::ALWAYS, ..Odds::default() };
    let clients = struck(company(), FaultPlan { odds, ..FaultPlan::default() });
    assert_eq!(list_sets(&clients).await, Ok(1));
    let tag = Tag::builder().key("team").value("platform").build().unwrap();
    let error = clients.sso.tag_resource().resource_arn(clients.deploy()).tags(tag).send().await.unwrap_err();
    assert!(error.into_service_error().is_conflict_exception());
    let refused = assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap_err();
    assert!(refused.starts_with("ConflictException"), "{refused}");
    assert!(clients.sandbox.journal().is_empty());
}

/// `Deploy` with a customer managed policy, which takes effect from the start.
fn with_policy() -> (rolecall_model::snapshot::Snapshot, CustomerPolicy) {
    let mut snapshot = company();
    let policy = CustomerPolicy { name: "Limits".to_owned(), path: "/platform/".to_owned() };
    let set = &mut snapshot.permission_sets[0];
    set.details = Some(PermissionSet {
        customer_policies: BTreeSet::from([policy.clone()]),
        ..set.details.clone().unwrap()
    });
    (snapshot, policy)
}

const ROLE_QUOTA: &str = "LimitExceeded: Cannot exceed quota for RolesPerAccount: 1000";
const MISSING_POLICY: &str = "NoSuchEntity: Policy arn:aws:iam::200000000002:policy/platform/Limits does not exist or is not attachable.";

#[tokio::test(start_paused = true)]
async fn an_operation_that_fails_by_chance_succeeds_when_it_is_tried_again() {
    let quota = Odds { role_quota: Chance::ALWAYS, ..Odds::default() };
    let policy = Odds { missing_policy: Chance::ALWAYS, ..Odds::default() };
    for (odds, expected) in [(quota, ROLE_QUOTA), (policy, MISSING_POLICY)] {
        let clients = struck(with_policy().0, FaultPlan { odds, ..FaultPlan::default() });
        let request = assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap();
        let (status, reason, _) = follow(&clients, &request).await;
        assert_eq!((status, reason.as_deref()), (StatusValues::Failed, Some(expected)));
        assert_eq!(rows(&clients), 1);
        let request = assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap();
        assert_eq!(follow(&clients, &request).await.0, StatusValues::Succeeded);
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_account_lacks_it_lacks_for_good() {
    let (snapshot, policy) = with_policy();
    let lacks_policy =
        FaultPlan { missing_policies: BTreeSet::from([(id(ACCOUNTS[2]), policy)]), ..FaultPlan::default() };
    let full = FaultPlan { full_accounts: BTreeSet::from([id(ACCOUNTS[2])]), ..FaultPlan::default() };
    for (plan, expected) in [(lacks_policy, MISSING_POLICY), (full, ROLE_QUOTA)] {
        // Permanent faults have no horizon.
        let plan = FaultPlan { horizon: Horizon { requests: 0, time: Duration::ZERO }, ..plan };
        let clients = struck(snapshot.clone(), plan);
        for _ in 0..2 {
            let request = assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap();
            assert_eq!(follow(&clients, &request).await.1.as_deref(), Some(expected));
        }
        let elsewhere = assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[1]).await.unwrap();
        assert_eq!(follow(&clients, &elsewhere).await.0, StatusValues::Succeeded);
    }
}

#[tokio::test(start_paused = true)]
async fn a_provision_fails_for_a_missing_policy_and_leaves_the_account_outdated() {
    let (mut snapshot, policy) = with_policy();
    snapshot.permission_sets[0].outdated = snapshot.permission_sets[0].provisioned.clone();
    let missing_policies = BTreeSet::from([(id(ACCOUNTS[1]), policy)]);
    let clients = struck(snapshot, FaultPlan { missing_policies, ..FaultPlan::default() });
    let provision = clients.sso.provision_permission_set().instance_arn(INSTANCE);
    let provision = provision.permission_set_arn(clients.deploy());
    provision.target_type(ProvisionTargetType::AllProvisionedAccounts).send().await.unwrap();
    clients.sandbox.settle();
    let operation = clients.sandbox.asynchronous_operations().remove(0);
    assert_eq!(operation.kind, OperationKind::Provision);
    assert_eq!(operation.accounts, BTreeSet::from([id(ACCOUNTS[1])]));
    assert!(operation.outcome.unwrap().unwrap_err().contains("does not exist or is not attachable"));
    assert_eq!(clients.sandbox.snapshot().permission_sets[0].outdated, operation.accounts);
}

#[tokio::test(start_paused = true)]
async fn credentials_expire_and_are_renewed() {
    let expiries = vec![Expiry { request: 2, renewed_after: Duration::from_secs(30) }];
    let clients = struck(company(), FaultPlan { expiries, ..FaultPlan::default() });
    list_sets(&clients).await.unwrap();
    let start = tokio::time::Instant::now();
    let refused = list_sets(&clients).await.unwrap_err();
    assert!(refused.starts_with("ExpiredTokenException"), "{refused}");
    let refused = clients.sts.get_caller_identity().send().await.unwrap_err().into_service_error();
    assert!(code(&refused).starts_with("ExpiredToken:"), "{}", code(&refused));
    let groups = clients.store.list_groups().identity_store_id(STORE);
    groups.clone().send().await.unwrap_err();
    while list_sets(&clients).await.is_err() {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!((30..=31).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    groups.send().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn lists_by_principal_can_be_refused_throughout() {
    let clients = struck(company(), FaultPlan { principal_lists_refused: true, ..FaultPlan::default() });
    let list = clients.sso.list_account_assignments_for_principal().instance_arn(INSTANCE);
    let list = list.principal_type(PrincipalType::Group).principal_id(GROUPS[0]);
    for _ in 0..3 {
        let error = list.clone().send().await.unwrap_err().into_service_error();
        assert!(error.is_access_denied_exception(), "{}", code(&error));
    }
}

#[tokio::test(start_paused = true)]
async fn behind_its_horizon_a_plan_is_over() {
    let odds = Odds { rate_exceeded: Chance::ALWAYS, ..Odds::default() };
    let horizon = Horizon { requests: 3, ..Horizon::default() };
    let clients = struck(company(), FaultPlan { odds, horizon, ..FaultPlan::default() });
    for _ in 0..3 {
        assert!(!clients.sandbox.faults_are_over());
        list_sets(&clients).await.unwrap_err();
    }
    assert!(clients.sandbox.faults_are_over());
    list_sets(&clients).await.unwrap();

    let horizon = Horizon { time: Duration::from_secs(5), ..Horizon::default() };
    let clients = struck(company(), FaultPlan { odds, horizon, ..FaultPlan::default() });
    list_sets(&clients).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(5)).await;
    list_sets(&clients).await.unwrap();

    let clients = struck(company(), FaultPlan { odds, ..FaultPlan::default() });
    list_sets(&clients).await.unwrap_err();
    clients.sandbox.end_faults();
    list_sets(&clients).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_a_plan_every_refusal_was_provoked_and_every_latency_is_on_record() {
    let clients = world(company());
    let request = assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap();
    let accepted = clients.sandbox.elapsed();
    unassign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap_err();
    let refusals = clients.sandbox.refusals();
    assert_eq!(refusals.account_busy, RefusalCount { provoked: 1, injected: 0 });
    let operation = clients.sandbox.asynchronous_operations().remove(0);
    assert_eq!((operation.id, operation.outcome), (request, None));
    tokio::time::sleep(operation.latency.saturating_sub(clients.sandbox.elapsed() - accepted)).await;
    assert_eq!(clients.sandbox.asynchronous_operations()[0].outcome, Some(Ok(())));
}
