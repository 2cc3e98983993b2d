//! The whole way from files to a changed world, through the real SDK and the simulator, on virtual time.

use std::collections::BTreeSet;
use std::time::Duration;

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use rolecall_applier::{Bound, CancellationToken, Event, Limits, Outcome, SkipCause, run};
use rolecall_model::{AccountState, AwsOperation, Operation, OperationGraph};
use rolecall_planner::order;
use rolecall_sandbox::Settings as SandboxSettings;
use rolecall_sandbox::faults::{AdminChange, Deed, FaultPlan, Intervention, When};

use crate::company::Company;

#[tokio::test(start_paused = true)]
async fn an_apply_does_everything_and_a_second_plan_is_empty() {
    let company = Company::new();
    let (_, report) = company.apply(None).await;
    assert!(report.is_complete(), "{report:#?}");
    company.assert_nothing_is_left().await;
}

#[tokio::test(start_paused = true)]
async fn a_lone_apply_provokes_no_throttle() {
    let company = Company::new();
    let observed = company.observed().await;
    let snapshot = &observed.snapshot;
    let graph = order(&company.plan(snapshot));
    let (aws, entra) = observed.targets(&observed.snapshot);
    let bound = Bound::new(&graph, &aws, Some(&entra)).unwrap();
    let report = run(&bound, Limits::default(), CancellationToken::new(), |_| {}).await;
    assert!(report.is_complete(), "{:#?}", report.failures().collect::<Vec<_>>());
    assert_eq!(observed.clients.statistics().throttled, 0);
}

/// The future of a run is dropped as each of its operations is sent or ends, as a kill drops a process: requests that
/// were sent go on at AWS, and nobody follows them.
#[tokio::test(start_paused = true)]
async fn a_kill_at_any_operation_is_healed_by_the_next_apply() {
    let (graph, _) = Company::new().apply(None).await;
    let events = 2 * graph.graph().node_count();
    for kill_at in 1..=events {
        let company = Company::new();
        company.apply_until(kill_at).await;
        let (_, report) = company.apply(None).await;
        assert!(report.is_complete(), "killed at event {kill_at}: {report:#?}");
        company.assert_nothing_is_left().await;
    }
}

/// AWS says that a row is granted, and another administrator takes it away before the apply ends: an operation counts
/// as done when live says so.
#[tokio::test(start_paused = true)]
async fn a_row_that_is_gone_again_is_not_reported_as_done() {
    let planned = Company::new();
    let snapshot = planned.observed().await.snapshot;
    let graph = order(&planned.plan(&snapshot));
    let row = graph.graph().node_weights().find_map(|node| match &node.operation {
        Operation::Aws(AwsOperation::CreateAssignment(row)) if node_is_free(&graph, &node.operation) => {
            Some(row.clone())
        }
        _ => None,
    });
    let row = row.expect("a grant that waits for nothing");
    let taken = Intervention {
        when: When::Time(Duration::from_secs(100)),
        deed: Deed::Exactly(AdminChange::Revoke(row.clone())),
    };
    let faults = FaultPlan { interventions: vec![taken], ..FaultPlan::default() };
    let company = Company::with(|_| {}, SandboxSettings { faults, ..SandboxSettings::default() });
    let (graph, report) = company.apply(None).await;
    let failed: Vec<_> = report.failures().collect();
    assert_eq!(failed.len(), 1, "{report:#?}");
    assert_eq!(graph.graph()[failed[0].0].operation, AwsOperation::CreateAssignment(row).into());
    assert_eq!(failed[0].1.code, "NotAsWanted");
}

/// Whether nothing comes before the operation.
fn node_is_free(graph: &OperationGraph, operation: &Operation) -> bool {
    let nodes = graph.graph();
    nodes.externals(Direction::Incoming).any(|at| nodes[at].operation == *operation)
}

#[tokio::test(start_paused = true)]
async fn an_interruption_settles_what_is_under_way_and_starts_nothing_more() {
    let company = Company::new();
    let (graph, report) = company.apply(Some(3)).await;
    assert!(report.interrupted);
    let (done, failed, skipped) = report.counts();
    assert_eq!(failed, 0);
    assert!(done >= 3 && skipped > 0, "{done} done, {skipped} skipped");
    assert_eq!(done + skipped, graph.graph().node_count());
    let (_, report) = company.apply(None).await;
    assert!(report.is_complete());
    company.assert_nothing_is_left().await;
}

/// An account that is suspended between plan and apply: what needs it fails with AWS's reason, what waits for that is
/// skipped, and the rest is done.
#[tokio::test(start_paused = true)]
async fn a_failure_stops_what_depends_on_it_and_nothing_else() {
    let planned = Company::new();
    let snapshot = planned.observed().await.snapshot;
    let graph = order(&planned.plan(&snapshot));
    let struck = "payments-dev";
    let company = Company::changed(|snapshot| {
        let account = snapshot.organization.accounts.iter_mut().find(|account| account.name == struck);
        account.unwrap().state = AccountState::Suspended;
    });
    let observed = company.observed().await;
    let (aws, entra) = observed.targets(&snapshot);
    let bound = Bound::new(&graph, &aws, Some(&entra)).unwrap();
    let report = run(&bound, Limits::default(), CancellationToken::new(), |_| {}).await;
    let failed: BTreeSet<_> = report.failures().map(|(node, _)| node).collect();
    assert!(!failed.is_empty());
    for (node, failure) in report.failures() {
        assert!(!failure.message.is_empty(), "{} failed without a reason", graph.graph()[node].operation);
    }
    for (at, outcome) in report.outcomes.iter().enumerate() {
        if let Outcome::Skipped(cause) = outcome {
            let SkipCause::Failed(cause) = cause else { panic!("nobody interrupted") };
            let set = graph.graph()[*cause].operation.permission_set();
            let skipped = graph.graph().node_weights().nth(at).unwrap();
            assert!(failed.contains(cause));
            assert_eq!(skipped.operation.permission_set(), set, "another set is not held back");
        }
    }
    let (done, _, _) = report.counts();
    assert!(done * 2 > report.outcomes.len(), "most of it is done all the same");
}

/// Groups that come with a cycle of provisioning are awaited for up to an hour, and nothing else waits for them.
#[tokio::test(start_paused = true)]
async fn edits_proceed_while_a_group_is_awaited() {
    let mut company = Company::new();
    company.may_provision_on_demand = false;
    let observed = company.observed().await;
    let snapshot = &observed.snapshot;
    let graph = order(&company.plan(snapshot));
    let (aws, entra) = observed.targets(snapshot);
    let bound = Bound::new(&graph, &aws, Some(&entra)).unwrap();
    let mut ended = Vec::new();
    let limits = Limits { edits: 1, ..Limits::default() };
    let report = run(&bound, limits, CancellationToken::new(), |event| {
        if let Event::Ended(index, _) = event {
            ended.push(index);
        }
    })
    .await;
    assert!(report.is_complete(), "{:#?}", report.failures().collect::<Vec<_>>());
    assert_eq!(entra.waiting_for_cycle().len(), 1);
    let is_wait = |at: &NodeIndex| matches!(graph.graph()[*at].operation, Operation::AwaitGroup(_));
    let wait =
        ended.iter().position(is_wait).expect("the example has a group that is not in the Identity Store");
    let after: BTreeSet<NodeIndex> = ended[wait + 1..].iter().copied().collect();
    assert_eq!(
        after,
        graph.graph().neighbors(ended[wait]).collect(),
        "what waits for the group, and nothing else"
    );
}
