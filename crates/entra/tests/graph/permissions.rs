//! The table of routes, against what is called.

use std::collections::BTreeSet;

use rolecall_entra::{ROUTES, observe, observe_logs};
use rolecall_model::EntraOperation;
use rolecall_model::entra::{AccessPolicy, PolicyState};
use rolecall_sandbox::graph_routes;

use crate::world::{Bench, DEVS, NAME, object, scope, start};

const TOKENS: &str = "POST /{tenant}/oauth2/v2.0/token";

fn names() -> BTreeSet<String> {
    ROUTES.iter().map(ToString::to_string).collect()
}

async fn read_everything(bench: &Bench) {
    let reader = bench.reader();
    let tenant = observe(&reader, &scope()).await.unwrap();
    observe_logs(&reader, &tenant, "2026-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
}

#[test]
fn the_sandbox_offers_every_route() {
    let offered: BTreeSet<String> = graph_routes().map(str::to_owned).collect();
    assert_eq!(names().difference(&offered).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(names().len(), ROUTES.len());
}

#[tokio::test(start_paused = true)]
async fn every_route_that_is_called_is_in_the_table_and_the_other_way_round() {
    let bench = Bench::working().await;
    let target = bench.target();
    let live = bench.live().conditional_access.remove(0);
    let policy = AccessPolicy { state: PolicyState::Enabled, ..live.policy };
    let application = || NAME.to_owned();
    let unassign = EntraOperation::UnassignGroup {
        application: application(),
        group: object(DEVS),
        name: "devs".to_owned(),
    };
    let update = EntraOperation::UpdatePolicy { id: live.id, application: application(), policy };
    for operation in [unassign, update, EntraOperation::RestartSync { application: application() }] {
        start(&target, &operation).await.unwrap();
    }
    read_everything(&bench).await;
    let called: BTreeSet<String> =
        bench.sandbox.graph_calls().iter().map(|call| call.operation.to_owned()).collect();
    let called: BTreeSet<String> = called.into_iter().filter(|name| name != TOKENS).collect();
    assert_eq!(called, names());
}

#[tokio::test(start_paused = true)]
async fn a_plan_calls_what_it_has_permissions_for() {
    let bench = Bench::working().await;
    let before = bench.sandbox.graph_calls().len();
    read_everything(&bench).await;
    let called: BTreeSet<String> =
        bench.sandbox.graph_calls()[before..].iter().map(|call| call.operation.to_owned()).collect();
    let with_permission: BTreeSet<String> =
        ROUTES.iter().filter(|route| !route.plan.is_empty()).map(ToString::to_string).collect();
    let open: BTreeSet<String> = ROUTES
        .iter()
        .filter(|route| route.plan.is_empty() && route.apply.is_empty())
        .map(ToString::to_string)
        .collect();
    assert_eq!(called, with_permission.union(&open).cloned().collect());
    // What only reads asks for nothing that writes.
    assert!(ROUTES.iter().flat_map(|route| route.plan).all(|permission| !permission.contains("Write")));
}
