//! How near an apply comes to the bound that AWS's limits set. The clock here is simulated: what is measured is the
//! schedule, never this machine.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use petgraph::Direction;
use petgraph::algo::toposort;
use petgraph::graph::NodeIndex;
use rolecall_applier::{Bound, CancellationToken, Limits, Schedule, run};
use rolecall_aws::{AwsTarget, Connection, connect};
use rolecall_model::operation::Node;
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::{AccountId, AwsOperation, Operation, OperationGraph, Principal, Snapshot};
use rolecall_parser::MemoryFiles;
use rolecall_planner::plan::Provenance;
use rolecall_planner::{Checkout, Inputs, Settings, order, plan};
use rolecall_sandbox::generate::{GenerateSpec, generate};
use rolecall_sandbox::{OperationKind, Sandbox, Settings as SandboxSettings};
use tokio::time::Instant;

/// Times are in milliseconds.
type Time = u64;
const TICK: Time = 2_000;
const ROUND_TRIP: Time = 50;
const REQUESTS_PER_SECOND: u64 = 20;

/// The plan of a generated company whose live state was changed first.
fn graph(change: impl FnOnce(&mut Snapshot)) -> OperationGraph {
    graph_and_world(change).0
}

fn graph_and_world(change: impl FnOnce(&mut Snapshot)) -> (OperationGraph, Snapshot) {
    let spec = GenerateSpec {
        accounts: 500,
        permission_sets: 60,
        groups: 300,
        assignments: 8_000,
        seed: 11,
        drift: 0,
    };
    let mut made = generate(&spec).unwrap();
    change(&mut made.snapshot);
    made.snapshot.sort();
    let lenient = "guard { max-deletions 100000 percent=100 }\n".to_owned();
    let mut files: MemoryFiles =
        made.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    files.0.entry("rolecall.kdl".to_owned()).and_modify(|text| text.push_str(&lenient));
    let project = rolecall_parser::load(&files, "rolecall.kdl");
    let config = project.config.as_ref().unwrap_or_else(|| panic!("{:#?}", project.diagnostics));
    let (sources, origins) = (&project.sources, &project.origins);
    let inputs =
        Inputs { files: Checkout { config, sources, origins }, snapshot: &made.snapshot, guards: None };
    let settings = Settings {
        today: "2026-11-24".parse().unwrap(),
        as_of_given: false,
        provenance: Provenance::Snapshot,
        accepted_rebinds: BTreeSet::new(),
        defer_missing_groups: false,
        renew_scim_token: false,
    };
    (order(&plan(&inputs, &settings).unwrap()), made.snapshot)
}

/// What each operation takes: 5 s to 55 s for asynchronous ones, 30 s at the mean, as in the field; one round trip
/// for the others.
fn latencies(graph: &OperationGraph, seed: u64) -> Vec<Time> {
    let mut state = seed;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        5_000 + (state >> 33) % 50_001
    };
    let of = |operation: &Operation| match operation {
        Operation::Aws(
            AwsOperation::CreateAssignment(_)
            | AwsOperation::DeleteAssignment(_)
            | AwsOperation::Provision { .. },
        ) => draw(),
        Operation::Aws(
            AwsOperation::CreatePermissionSet { .. }
            | AwsOperation::Edit { .. }
            | AwsOperation::DeletePermissionSet { .. }
            | AwsOperation::SetAccessControl { .. },
        )
        | Operation::Entra(_)
        | Operation::AwaitGroup(_) => ROUND_TRIP,
    };
    graph.graph().node_weights().map(|node| &node.operation).map(of).collect()
}

fn is_row(operation: &Operation) -> bool {
    operation.assignment().is_some()
}

/// Runs the schedule: an end is noticed at the next tick, and one round trip later.
fn makespan(graph: &OperationGraph, latencies: &[Time]) -> Time {
    let mut schedule = Schedule::new(graph, Limits::default());
    let mut ends: BinaryHeap<Reverse<(Time, NodeIndex)>> = BinaryHeap::new();
    let mut now = 0;
    // Requests leave one after another at the rate; so many have left by now.
    let mut next_request: Time = 0;
    loop {
        while let Some(index) = schedule.start_next() {
            next_request = next_request.max(now) + 1_000 / REQUESTS_PER_SECOND;
            let end = next_request + ROUND_TRIP + latencies[index.index()];
            let is_synchronous = latencies[index.index()] == ROUND_TRIP;
            let noticed = if is_synchronous { end } else { end.div_ceil(TICK) * TICK + 2 * ROUND_TRIP };
            ends.push(Reverse((noticed, index)));
        }
        if schedule.is_finished() {
            return now;
        }
        let Reverse((at, index)) = ends.pop().expect("something is under way");
        now = at;
        schedule.succeed(index);
    }
}

/// The largest of what each limit alone would take, and the number of steps of the critical path.
fn lower_bound(graph: &OperationGraph, latencies: &[Time]) -> (Time, u64) {
    let nodes = graph.graph();
    let total = |wanted: fn(&Operation) -> bool| -> Time {
        nodes.node_indices().filter(|at| wanted(&nodes[*at].operation)).map(|at| latencies[at.index()]).sum()
    };
    let mut by_account: BTreeMap<AccountId, Time> = BTreeMap::new();
    for at in nodes.node_indices() {
        for account in &nodes[at].accounts {
            *by_account.entry(*account).or_default() += latencies[at.index()];
        }
    }
    let mut paths: Vec<(Time, u64)> = vec![(0, 0); nodes.node_count()];
    for at in toposort(nodes, None).unwrap() {
        let before = nodes.neighbors_directed(at, Direction::Incoming).map(|from| paths[from.index()]);
        let (time, steps) = before.max().unwrap_or_default();
        paths[at.index()] = (time + latencies[at.index()], steps + 1);
    }
    let (critical, steps) = paths.into_iter().max().unwrap_or_default();
    let requests = nodes.node_count() as u64 * 1_000 / REQUESTS_PER_SECOND;
    let bounds = [
        total(is_row) / 15,
        total(|operation| matches!(operation, Operation::Aws(AwsOperation::Provision { .. }))) / 3,
        by_account.into_values().max().unwrap_or_default(),
        critical,
        requests,
    ];
    (bounds.into_iter().max().unwrap(), steps)
}

fn assert_near_the_bound(graph: &OperationGraph) {
    for seed in 0..5 {
        let latencies = latencies(graph, seed);
        let (bound, steps) = lower_bound(graph, &latencies);
        let took = makespan(graph, &latencies);
        assert!(took >= bound, "the bound is one");
        let allowed = bound + bound / 10 + steps * TICK;
        assert!(took <= allowed, "seed {seed}: {took} ms, bound {bound} ms, allowed {allowed} ms");
    }
}

fn without_rows(live: &mut Snapshot) {
    live.assignments.clear();
    for set in &mut live.permission_sets {
        set.provisioned.clear();
    }
}

#[test]
fn eight_thousand_grants_are_near_the_bound() {
    let graph = graph(without_rows);
    let rows = graph.graph().node_weights().filter(|node| is_row(&node.operation)).count();
    assert_eq!(rows, 8_000);
    assert_near_the_bound(&graph);
}

/// A tenth of the sets is new, a fifth is edited, two go, and a quarter of the other rows differs.
fn mixed(live: &mut Snapshot) {
    let groups: Vec<_> = live.groups.iter().map(|group| group.id.clone()).collect();
    let names: Vec<_> = live.permission_sets.iter().map(|set| set.name.clone()).collect();
    let new: BTreeSet<_> = names.iter().step_by(10).cloned().collect();
    live.permission_sets.retain(|set| !new.contains(&set.name));
    live.assignments.retain(|row| !new.contains(&row.permission_set));
    for set in live.permission_sets.iter_mut().step_by(5) {
        set.details.as_mut().unwrap().description = Some("before".to_owned());
    }
    let mut at = 0;
    live.assignments.retain(|_| {
        at += 1;
        at % 4 != 0
    });
    let kept: BTreeSet<_> = live.assignments.iter().cloned().collect();
    let mut extra = Vec::new();
    for (at, row) in live.assignments.iter().enumerate().filter(|(at, _)| at % 9 == 0) {
        let mut other = row.clone();
        other.principal = rolecall_model::Principal::Group(groups[at % groups.len()].clone());
        if !kept.contains(&other) {
            extra.push(other);
        }
    }
    for (number, name) in ["Retired1", "Retired2"].into_iter().enumerate() {
        let mut set = live.permission_sets[number].clone();
        set.name = name.parse().unwrap();
        set.arn = format!("arn:aws:sso:::permissionSet/{}/ps-{number:016x}", live.instance.id);
        set.details.as_mut().unwrap().name = set.name.clone();
        let owner = set.tags[STACK_TAG].clone();
        set.tags = BTreeMap::from([(STACK_TAG.to_owned(), owner)]);
        set.provisioned = set.provisioned.into_iter().take(40).collect();
        for account in &set.provisioned {
            let (permission_set, account) = (set.name.clone(), *account);
            let principal = rolecall_model::Principal::Group(groups[number].clone());
            extra.push(rolecall_model::Assignment { permission_set, account, principal });
        }
        live.permission_sets.push(set);
    }
    live.assignments.extend(extra);
}

#[test]
fn a_mixed_plan_is_near_the_bound() {
    let graph = graph(mixed);
    let kinds: BTreeSet<&str> = graph.graph().node_weights().map(|node| node.operation.api_name()).collect();
    for kind in [
        "CreatePermissionSet",
        "UpdatePermissionSet",
        "ProvisionPermissionSet",
        "CreateAccountAssignment",
        "DeleteAccountAssignment",
        "DeletePermissionSet",
    ] {
        assert!(kinds.contains(kind), "the plan has no {kind}");
    }
    assert_near_the_bound(&graph);
}

/// The same through the SDK and the simulator, with the latencies that it drew; the reads at the end are part of it.
async fn assert_near_the_bound_in_the_sandbox(change: impl FnOnce(&mut Snapshot)) {
    let (graph, world) = graph_and_world(change);
    let sandbox = Sandbox::new(world.clone(), SandboxSettings::default());
    let region = world.instance.region.clone();
    let clients = connect(Connection::embedded(region, sandbox.http_client())).await;
    let target = AwsTarget::new(clients.clone(), &world);
    let start = Instant::now();
    let bound = Bound::without_directory(&graph, &target).unwrap();
    let report = run(&bound, Limits::default(), CancellationToken::new(), |_| {}).await;
    let took = Time::try_from(start.elapsed().as_millis()).unwrap();
    assert!(report.is_complete(), "{:?}", report.failures().next());
    assert_eq!(clients.statistics().throttled, 0, "no throttle is provoked when the process is alone");

    let mut drawn: BTreeMap<(OperationKind, String, BTreeSet<AccountId>, Option<Principal>), Time> =
        BTreeMap::new();
    for record in sandbox.asynchronous_operations() {
        let key = (record.kind, record.permission_set.to_string(), record.accounts, record.principal);
        *drawn.entry(key).or_default() += Time::try_from(record.latency.as_millis()).unwrap();
    }
    let latency = |node: &Node| {
        let (kind, principal) = match &node.operation {
            Operation::Aws(AwsOperation::CreateAssignment(row)) => {
                (OperationKind::CreateAssignment, Some(row.principal.clone()))
            }
            Operation::Aws(AwsOperation::DeleteAssignment(row)) => {
                (OperationKind::DeleteAssignment, Some(row.principal.clone()))
            }
            Operation::Aws(AwsOperation::Provision { .. }) => (OperationKind::Provision, None),
            _ => return ROUND_TRIP,
        };
        let name =
            node.operation.permission_set().expect("an operation with rows or a provision").to_string();
        let same = drawn.iter().find(|((of, set, accounts, who), _)| {
            *of == kind
                && *set == name
                && *who == principal
                && (kind == OperationKind::Provision && accounts.len() > 1
                    || node.accounts.iter().all(|account| accounts.contains(account)))
        });
        *same.unwrap_or_else(|| panic!("{} was not seen", node.operation)).1
    };
    let latencies: Vec<Time> = graph.graph().node_weights().map(latency).collect();
    let (bound, steps) = lower_bound(&graph, &latencies);
    let allowed = bound + bound / 10 + steps * TICK;
    assert!(took <= allowed, "{took} ms, bound {bound} ms, allowed {allowed} ms");
}

#[tokio::test(start_paused = true)]
async fn eight_thousand_grants_are_near_the_bound_in_the_sandbox() {
    assert_near_the_bound_in_the_sandbox(without_rows).await;
}

#[tokio::test(start_paused = true)]
async fn a_mixed_plan_is_near_the_bound_in_the_sandbox() {
    assert_near_the_bound_in_the_sandbox(mixed).await;
}
