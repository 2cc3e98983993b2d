//! Carrying out steps.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rolecall_applier::Started;
use rolecall_entra::{EntraTarget, ScimSecrets, Secret};
use rolecall_model::EntraOperation;
use rolecall_model::entra::{AccessPolicy, PolicyState, SyncState};
use rolecall_sandbox::DirectoryChange;
use rolecall_sandbox::faults::AdminChange;

use crate::world::{
    Bench, DEVS, ENDPOINT, NAME, NEWS, OPS, OPS_NAME, answer, assign, object, policy, provision, start, urls,
};

fn routes(bench: &Bench, operation: &str) -> usize {
    bench.sandbox.graph_calls().iter().filter(|call| call.operation == operation).count()
}

const ON_DEMAND: &str = "POST /servicePrincipals/{id}/synchronization/jobs/{jobId}/provisionOnDemand";

#[tokio::test(start_paused = true)]
async fn a_tenant_goes_from_nothing_to_working() {
    let bench = Bench::working().await;
    let live = bench.live();
    let [application] = &live.applications[..] else { panic!("{:?}", live.applications) };
    assert_eq!(application.sign_on_mode.as_deref(), Some("saml"));
    assert_eq!((application.identifier_uris.clone(), application.redirect_uris.clone()), urls());
    let [certificate] = &application.certificates[..] else { panic!("{:?}", application.certificates) };
    assert_eq!(certificate.not_after.to_string(), "2028-12-31T00:00:00Z");
    assert_eq!(application.preferred_thumbprint.as_ref(), Some(&certificate.thumbprint));
    let assigned: BTreeSet<&str> = application.assignments.iter().map(|one| one.principal.as_str()).collect();
    assert_eq!(assigned, BTreeSet::from([DEVS, OPS]));
    assert!(application.assignments.iter().all(|one| one.is_group));
    let [job] = &application.jobs[..] else { panic!("{:?}", application.jobs) };
    assert_eq!((job.state, job.has_secrets), (SyncState::Active, true));
    let [made] = &live.conditional_access[..] else { panic!("{:?}", live.conditional_access) };
    let wanted = AccessPolicy { applications: [application.client_id.to_string()].into(), ..policy() };
    assert_eq!(made.policy, wanted);
    // Seven members take two calls, and the group is in the Identity Store before any cycle.
    assert_eq!(routes(&bench, ON_DEMAND), 2);
    tokio::time::sleep(Duration::from_secs(40)).await;
    let store = bench.sandbox.snapshot();
    assert!(store.groups.iter().any(|group| group.display_name == "devs"), "{:?}", store.groups);
}

#[tokio::test(start_paused = true)]
async fn what_is_as_wanted_already_is_done() {
    let bench = Bench::working().await;
    let before = bench.live();
    let target = bench.target();
    let application = || NAME.to_owned();
    let unassign = EntraOperation::UnassignGroup {
        application: application(),
        group: object(NEWS),
        name: "news".to_owned(),
    };
    let operations = [
        EntraOperation::CreateApplication { name: application() },
        assign(DEVS, "devs"),
        unassign,
        EntraOperation::CreateSyncJob { application: application() },
        EntraOperation::CreatePolicy { application: application(), policy: policy() },
    ];
    for operation in operations {
        let started = start(&target, &operation).await.unwrap();
        assert!(matches!(started, Started::Done { .. }), "{}", operation.name());
    }
    assert_eq!(bench.live().applications, before.applications);
    assert_eq!(bench.live().conditional_access, before.conditional_access);
}

#[tokio::test(start_paused = true)]
async fn a_group_is_unassigned() {
    let bench = Bench::working().await;
    let operation = EntraOperation::UnassignGroup {
        application: NAME.to_owned(),
        group: object(DEVS),
        name: "devs".to_owned(),
    };
    start(&bench.target(), &operation).await.unwrap();
    let live = bench.live();
    assert!(live.applications[0].assignments.iter().all(|one| one.principal != object(DEVS)));
    assert_eq!(live.applications[0].assignments.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_changed_and_another_of_its_name_is_not_taken_for_it() {
    let bench = Bench::working().await;
    let live = bench.live().conditional_access.remove(0);
    let wanted = AccessPolicy { state: PolicyState::Enabled, ..live.policy.clone() };
    let update =
        EntraOperation::UpdatePolicy { id: live.id, application: NAME.to_owned(), policy: wanted.clone() };
    start(&bench.target(), &update).await.unwrap();
    assert_eq!(bench.live().conditional_access[0].policy, wanted);
    let create = EntraOperation::CreatePolicy { application: NAME.to_owned(), policy: policy() };
    let failure = start(&bench.target(), &create).await.unwrap_err();
    assert_eq!(failure.code, "PolicyExists");
    assert_eq!(bench.live().conditional_access.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_not_assigned_is_not_provisioned_and_says_so() {
    let bench = Bench::working().await;
    let failure = start(&bench.target(), &provision(NEWS, "news", 0..0)).await.unwrap_err();
    assert_eq!(failure.code, "NotEffectivelyEntitled");
    assert_eq!(
        failure.message,
        "group \"news\" was not provisioned (skipped): The group is not assigned to the application."
    );
    // A name that AWS's filter does not take.
    let failure = start(&bench.target(), &provision(OPS, OPS_NAME, 7..8)).await.unwrap_err();
    assert!(failure.message.contains("was not provisioned (failure): "), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn without_the_permission_for_it_a_group_waits_for_the_cycle() {
    let mut bench = Bench::working().await;
    bench.wire = Bench::answering(|request| {
        let body = r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges."}}"#;
        request.uri().path().ends_with("/provisionOnDemand").then(|| answer(403, body))
    })
    .wire;
    let target = EntraTarget::new(bench.writer(), &bench.live(), None);
    start(&target, &provision(DEVS, "devs", 0..7)).await.unwrap();
    assert_eq!(target.waiting_for_cycle(), BTreeMap::from([(object(DEVS), "devs".to_owned())]));
}

#[tokio::test(start_paused = true)]
async fn many_groups_are_provisioned_within_the_limit() {
    let bench = Bench::working().await;
    let target = bench.target();
    // What the client before this one sent counts for Graph, too.
    tokio::time::sleep(Duration::from_secs(30)).await;
    for _ in 0..7 {
        start(&target, &provision(DEVS, "devs", 0..7)).await.unwrap();
    }
    assert_eq!(routes(&bench, ON_DEMAND), 16);
    assert_eq!(bench.sandbox.refusals().graph.provoked, 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_aws_refuses_is_a_failure() {
    let bench = Bench::working().await;
    let secrets = ScimSecrets { endpoint: ENDPOINT.to_owned(), token: Secret::new("wrong") };
    let target = EntraTarget::new(bench.writer(), &bench.live(), Some(secrets));
    let set = EntraOperation::SetSyncSecrets { application: NAME.to_owned() };
    let failure = start(&target, &set).await.unwrap_err();
    assert!(failure.message.contains("Unauthorized"), "{failure}");
    let without = EntraTarget::new(bench.writer(), &bench.live(), None);
    assert!(start(&without, &set).await.unwrap_err().message.contains("ROLECALL_SCIM_TOKEN"));
}

#[tokio::test(start_paused = true)]
async fn a_quarantine_is_lifted() {
    let bench = Bench::working().await;
    assert!(bench.sandbox.intervene(&AdminChange::Directory(DirectoryChange::Quarantine)));
    assert_eq!(bench.live().applications[0].jobs[0].state, SyncState::Quarantine);
    let restart = EntraOperation::RestartSync { application: NAME.to_owned() };
    start(&bench.target(), &restart).await.unwrap();
    assert_eq!(bench.live().applications[0].jobs[0].state, SyncState::Active);
}

#[tokio::test(start_paused = true)]
async fn an_application_that_is_not_there_is_a_failure_and_not_a_search() {
    let bench = Bench::new();
    let failure = start(&bench.target(), &assign(DEVS, "devs")).await.unwrap_err();
    assert_eq!(failure.code, "UnknownApplication");
    assert!(bench.wire.sent.lock().unwrap().is_empty());
}
