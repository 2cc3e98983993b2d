//! What goes wrong on the way.

use std::collections::BTreeSet;
use std::time::Duration;

use rolecall_entra::observe;
use rolecall_model::entra::{SyncState, Tenant};
use rolecall_sandbox::faults::{
    Chance, FaultPlan, Horizon, Lag, Moment, Odds, RequestFault, ServerError, Strike,
};
use rolecall_sandbox::{Settings, graph_routes};

use crate::world::{Bench, DEVS, OPS, everything, object, policy, scope, start, urls};

/// Every way in which a request can be struck.
const FAULTS: [RequestFault; 8] = [
    RequestFault::ConnectionLost(Moment::BeforeEffect),
    RequestFault::ConnectionLost(Moment::AfterEffect),
    RequestFault::Error(ServerError::Internal, Moment::BeforeEffect),
    RequestFault::Error(ServerError::BadGateway, Moment::AfterEffect),
    RequestFault::Error(ServerError::Unavailable, Moment::AfterEffect),
    RequestFault::RateExceeded,
    RequestFault::Conflict,
    RequestFault::Expired,
];

async fn carry_out(bench: &Bench, what: &str) {
    let target = bench.target();
    for operation in everything() {
        let done = start(&target, &operation).await;
        done.unwrap_or_else(|failure| panic!("{what}: {}: {failure}", operation.name()));
    }
}

/// What is wanted, once: nothing was made twice.
fn assert_working(live: &Tenant, what: &str) {
    assert_eq!(live.applications.len(), 1, "{what}");
    let application = &live.applications[0];
    assert_eq!(application.certificates.len(), 1, "{what}");
    assert_eq!(
        application.preferred_thumbprint,
        Some(application.certificates[0].thumbprint.clone()),
        "{what}"
    );
    assert_eq!((application.identifier_uris.clone(), application.redirect_uris.clone()), urls(), "{what}");
    let assigned: Vec<_> = application.assignments.iter().map(|one| one.principal.clone()).collect();
    assert_eq!(assigned.len(), 2, "{what}");
    assert_eq!(assigned.into_iter().collect::<BTreeSet<_>>(), [object(DEVS), object(OPS)].into(), "{what}");
    assert_eq!(application.jobs.len(), 1, "{what}");
    assert_eq!(application.jobs[0].state, SyncState::Active, "{what}");
    let [made] = &live.conditional_access[..] else { panic!("{what}: {:?}", live.conditional_access) };
    assert_eq!(made.policy.exclude_groups, policy().exclude_groups, "{what}");
}

#[tokio::test(start_paused = true)]
async fn no_fault_of_any_request_makes_anything_twice() {
    let plain = Bench::new();
    carry_out(&plain, "without faults").await;
    let called: BTreeSet<&str> = plain.sandbox.graph_calls().iter().map(|call| call.operation).collect();
    for route in called {
        for fault in FAULTS {
            let strikes = vec![Strike::on(route, 1, fault)];
            let bench = Bench::struck(FaultPlan { strikes, ..FaultPlan::default() });
            let what = format!("{route} {fault:?}");
            carry_out(&bench, &what).await;
            assert_eq!(bench.sandbox.injected_faults().len(), 1, "{what}");
            assert_working(&bench.live(), &what);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_fault_of_any_request_hides_anything_from_a_reading() {
    let working = Bench::working().await.live();
    let read = |faults: FaultPlan| {
        let bench = Bench::of(working.clone(), Settings { faults, ..Settings::default() });
        async move {
            let read = observe(&bench.reader(), &scope()).await;
            (read, bench.sandbox.injected_faults().len())
        }
    };
    let (expected, _) = read(FaultPlan::default()).await;
    let expected = expected.unwrap();
    let mut struck = 0;
    for route in graph_routes().filter(|route| route.starts_with("GET ") || *route == "POST /$batch") {
        for fault in FAULTS {
            let strikes = vec![Strike::on(route, 1, fault)];
            let (read, faults) = read(FaultPlan { strikes, ..FaultPlan::default() }).await;
            let read = read.unwrap_or_else(|error| panic!("{route} {fault:?}: {error}"));
            assert_eq!(read.groups, expected.groups, "{route} {fault:?}");
            assert_eq!(read.users, expected.users, "{route} {fault:?}");
            assert_eq!(read.conditional_access, expected.conditional_access, "{route} {fault:?}");
            assert_eq!(read.applications[0].assignments, expected.applications[0].assignments);
            assert_eq!(read.applications[0].federation, expected.applications[0].federation);
            struck += faults;
        }
    }
    assert!(struck > 60, "{struck}");
}

#[tokio::test(start_paused = true)]
async fn a_bad_day_ends_as_a_good_one() {
    for seed in 0..60 {
        let odds = Odds {
            lost_before: Chance::per_mille(60),
            lost_after: Chance::per_mille(60),
            error_before: Chance::per_mille(60),
            error_after: Chance::per_mille(60),
            rate_exceeded: Chance::per_mille(100),
            ..Odds::default()
        };
        let lag = Lag { chance: Chance::per_mille(300), most: Duration::from_secs(20) };
        let horizon = Horizon { requests: 400, ..Horizon::default() };
        let bench = Bench::struck(FaultPlan { seed, horizon, odds, lag: Some(lag), ..FaultPlan::default() });
        carry_out(&bench, &format!("seed {seed}")).await;
        assert_working(&bench.live(), &format!("seed {seed}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_reading_waits_out_an_hour_of_throttles() {
    let odds = Odds { rate_exceeded: Chance::ALWAYS, ..Odds::default() };
    let horizon = Horizon { time: Duration::from_secs(3_600), ..Horizon::default() };
    let bench = Bench::struck(FaultPlan { horizon, odds, ..FaultPlan::default() });
    let reader = bench.reader();
    let read = observe(&reader, &scope()).await.unwrap();
    assert_eq!(read.groups.len(), 4);
    assert!(bench.sandbox.elapsed() >= Duration::from_secs(3_600));
    assert!(reader.statistics().throttled > 100);
}

#[tokio::test(start_paused = true)]
async fn an_endless_failure_ends_a_reading_with_its_error() {
    let odds = Odds { error_before: Chance::ALWAYS, ..Odds::default() };
    let bench = Bench::struck(FaultPlan { odds, ..FaultPlan::default() });
    let error = observe(&bench.reader(), &scope()).await.unwrap_err();
    assert!(error.to_string().starts_with("GET /organization failed: "), "{error}");
    assert!(bench.sandbox.elapsed() < Duration::from_secs(60));
}
