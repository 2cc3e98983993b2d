//! What must hold for every graph, however operations end.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use proptest::prelude::*;
use rolecall_applier::{Limits, Schedule};
use rolecall_model::operation::{AwaitedGroup, Node};
use rolecall_model::{
    AccountId, Assignment, AwsOperation, Edit, Operation, OperationGraph, Principal, ProvisionTarget,
};

fn account(number: u64) -> AccountId {
    AccountId::from_number(number).unwrap()
}

const GROUP: &str = "4f6c1d2e-0000-4000-8000-000000000001";

/// The kinds of nodes; every other number is a revoke.
const EDIT: u8 = 0;
const PROVISION: u8 = 1;
const GRANT: u8 = 2;
const WAIT: u8 = 3;

fn node(kind: u8, accounts: &[u64], at: usize) -> Node {
    let permission_set: rolecall_model::PermissionSetName = format!("S{at}").parse().unwrap();
    let accounts: Vec<AccountId> = accounts.iter().copied().map(account).collect();
    let (operation, accounts): (Operation, _) = match kind {
        EDIT => {
            let edit = AwsOperation::Edit { permission_set, edit: Edit::DeleteInlinePolicy };
            (edit.into(), Vec::new())
        }
        PROVISION => {
            let target = ProvisionTarget::AllProvisionedAccounts;
            (AwsOperation::Provision { permission_set, target }.into(), accounts)
        }
        WAIT => {
            let group = AwaitedGroup { group: GROUP.parse().unwrap(), name: format!("g{at}") };
            (Operation::AwaitGroup(group), Vec::new())
        }
        _ => {
            let principal = Principal::Group(GROUP.parse().unwrap());
            let row = Assignment { permission_set, account: accounts[0], principal };
            let accounts = vec![row.account];
            let operation = match kind {
                GRANT => AwsOperation::CreateAssignment(row),
                _ => AwsOperation::DeleteAssignment(row),
            };
            (operation.into(), accounts)
        }
    };
    Node { operation, change: 0, accounts }
}

/// Nodes by kind and accounts, edges only forwards.
fn graph() -> impl Strategy<Value = OperationGraph> {
    let nodes = prop::collection::vec((0..7_u8, prop::collection::vec(0..6_u64, 1..4)), 1..60);
    (nodes, prop::collection::vec((any::<usize>(), any::<usize>()), 0..80)).prop_map(|(nodes, edges)| {
        let mut graph = DiGraph::new();
        for (at, (kind, accounts)) in nodes.iter().enumerate() {
            graph.add_node(node(*kind, accounts, at));
        }
        for (from, to) in edges {
            let (from, to) = (from % nodes.len(), to % nodes.len());
            if from < to {
                graph.update_edge(NodeIndex::new(from), NodeIndex::new(to), ());
            }
        }
        OperationGraph::from(graph)
    })
}

#[derive(Default)]
struct Flight {
    running: Vec<NodeIndex>,
    ended: BTreeMap<NodeIndex, &'static str>,
}

fn check_limits(graph: &OperationGraph, running: &[NodeIndex], limits: Limits) -> Result<(), TestCaseError> {
    let nodes = graph.graph();
    let count =
        |matches: fn(&Operation) -> bool| running.iter().filter(|at| matches(&nodes[**at].operation)).count();
    prop_assert!(count(|one| one.assignment().is_some()) <= limits.assignments);
    let provisions = count(|one| matches!(one, Operation::Aws(AwsOperation::Provision { .. })));
    prop_assert!(provisions <= limits.provisions);
    let edits = count(|one| matches!(one, Operation::Aws(AwsOperation::Edit { .. })));
    prop_assert!(edits <= limits.edits);
    let mut held = BTreeSet::new();
    for at in running {
        for account in nodes[*at].accounts.iter().collect::<BTreeSet<_>>() {
            prop_assert!(held.insert(*account), "two role changes in account {account} at once");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn limits_and_order_hold_and_everything_ends(
        graph in graph(),
        choices in prop::collection::vec((any::<usize>(), 0..8_u8), 200),
        assignments in 1..5_usize,
        interrupt_at in prop::option::of(0..60_usize),
    ) {
        let limits = Limits { assignments, provisions: 2, edits: 2 };
        let nodes = graph.graph();
        let mut schedule = Schedule::new(&graph, limits);
        let mut flight = Flight::default();
        let mut lost: BTreeSet<AccountId> = BTreeSet::new();
        let mut choices = choices.into_iter().cycle();
        for turn in 0.. {
            if interrupt_at == Some(turn) {
                for at in schedule.interrupt() {
                    prop_assert!(flight.ended.insert(at, "skipped").is_none());
                }
            }
            while let Some(at) = schedule.start_next() {
                for before in nodes.neighbors_directed(at, Direction::Incoming) {
                    prop_assert_eq!(flight.ended.get(&before), Some(&"done"), "started before its turn");
                }
                flight.running.push(at);
                check_limits(&graph, &flight.running, limits)?;
                let touched = &nodes[at].accounts;
                prop_assert!(!touched.iter().any(|account| lost.contains(account)), "started beside a lost one");
            }
            if schedule.is_finished() {
                break;
            }
            prop_assert!(!flight.running.is_empty(), "nothing runs, and something is left");
            let (choice, fate) = choices.next().unwrap();
            let at = flight.running.swap_remove(choice % flight.running.len());
            if fate == 1 {
                prop_assert!(flight.ended.insert(at, "lost").is_none());
                lost.extend(&nodes[at].accounts);
                for after in schedule.lose(at) {
                    prop_assert!(flight.ended.insert(after, "skipped").is_none());
                }
            } else if fate == 0 {
                prop_assert!(flight.ended.insert(at, "failed").is_none());
                for after in schedule.fail(at) {
                    prop_assert!(flight.ended.insert(after, "skipped").is_none());
                }
            } else {
                prop_assert!(flight.ended.insert(at, "done").is_none());
                schedule.succeed(at);
            }
        }
        prop_assert!(flight.running.is_empty());
        prop_assert_eq!(flight.ended.len(), nodes.node_count(), "every operation has its end");
    }
}

#[test]
fn the_account_with_the_most_left_goes_first() {
    let mut graph = DiGraph::new();
    for (at, number) in [1, 2, 2, 2, 3, 3].into_iter().enumerate() {
        graph.add_node(node(GRANT, &[number], at));
    }
    let graph = OperationGraph::from(graph);
    let mut schedule = Schedule::new(&graph, Limits { assignments: 1, provisions: 1, edits: 1 });
    let mut order = Vec::new();
    while let Some(at) = schedule.start_next() {
        order.push(graph.graph()[at].accounts[0].to_string().pop().unwrap());
        schedule.succeed(at);
    }
    assert_eq!(order.into_iter().collect::<String>(), "223123");
}

#[test]
fn a_provision_is_not_starved_by_rows_that_keep_coming() {
    let mut graph = DiGraph::new();
    for at in 0..4 {
        graph.add_node(node(GRANT, &[1], at));
        graph.add_node(node(GRANT, &[2], at));
    }
    let first = graph.add_node(node(EDIT, &[], 90));
    let provision = graph.add_node(node(PROVISION, &[1, 2], 91));
    graph.add_edge(first, provision, ());
    let graph = OperationGraph::from(graph);
    let mut schedule = Schedule::new(&graph, Limits::default());
    let mut running: Vec<NodeIndex> = std::iter::from_fn(|| schedule.start_next()).collect();
    assert_eq!(running.len(), 3, "one row an account, and the edit");
    let mut started_after = 0;
    schedule.succeed(first);
    running.retain(|at| *at != first);
    loop {
        let next: Vec<NodeIndex> = std::iter::from_fn(|| schedule.start_next()).collect();
        if next.contains(&provision) {
            break;
        }
        started_after += next.len();
        running.extend(next);
        schedule.succeed(running.remove(0));
    }
    assert_eq!(started_after, 0, "no row is started while the provision waits for its accounts");
}

#[test]
fn waits_for_groups_take_no_place_from_edits() {
    let mut graph = DiGraph::new();
    for at in 0..20 {
        graph.add_node(node(WAIT, &[], at));
    }
    let edits: Vec<NodeIndex> = (20..23).map(|at| graph.add_node(node(EDIT, &[], at))).collect();
    let graph = OperationGraph::from(graph);
    let mut schedule = Schedule::new(&graph, Limits { edits: 2, ..Limits::default() });
    let started: Vec<NodeIndex> = std::iter::from_fn(|| schedule.start_next()).collect();
    assert_eq!(started.len(), 22, "every wait, and as many edits as may run");
    assert!(started.contains(&edits[0]) && started.contains(&edits[1]));
    schedule.succeed(edits[0]);
    assert_eq!(schedule.start_next(), Some(edits[2]), "while every group is still awaited");
}
