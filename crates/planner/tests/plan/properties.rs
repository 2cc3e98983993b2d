//! What must hold for every configuration and every world.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use petgraph::Direction;
use petgraph::algo::toposort;
use proptest::prelude::*;
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::{Assignment, Operation, Snapshot};
use rolecall_parser::Project;
use rolecall_planner::BaseComparison;
use rolecall_planner::base::{ComparedRow, LineDifference};
use rolecall_planner::plan::Action;
use rolecall_planner::render::{json, text};
use rolecall_planner::{OperationGraph, Plan};

use crate::base::compared;
use crate::cases::{HEAD, plan_of, project};
use crate::world::{carry_out, world};

const GROUPS: [&str; 4] = ["g0", "g1", "g2", "g3"];
const ACCOUNTS: [&str; 5] = ["a0", "a1", "a2", "a3", "a4"];
const SETS: [&str; 4] = ["S0", "S1", "S2", "S3"];

/// One permission set: whether and how it is declared, and how it is live.
#[derive(Debug, Clone)]
struct SetCase {
    declared: bool,
    live: bool,
    session: u8,
    live_session: u8,
    policies: u8,
    live_policies: u8,
    outdated: u8,
    /// Bits of (group, account): wanted rows.
    wanted: u32,
    /// Bits of (group or gone group, account): live rows.
    rows: u32,
}

#[derive(Debug, Clone)]
struct Case {
    sets: Vec<SetCase>,
    suspended: u8,
    foreign_rows: u32,
}

fn set_case() -> impl Strategy<Value = SetCase> {
    let attributes = (1..4_u8, 1..4_u8, 0..8_u8, 0..8_u8);
    (any::<bool>(), any::<bool>(), attributes, any::<u8>(), any::<u32>(), any::<u32>()).prop_map(
        |(declared, live, (session, live_session, policies, live_policies), outdated, wanted, rows)| {
            SetCase {
                declared,
                live,
                session,
                live_session,
                policies,
                live_policies,
                outdated,
                wanted: wanted & 0xf_ffff,
                rows: rows & 0x1ff_ffff,
            }
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    (prop::collection::vec(set_case(), SETS.len()), any::<u8>(), any::<u32>()).prop_map(
        |(sets, suspended, foreign_rows)| Case { sets, suspended: suspended & suspended >> 2, foreign_rows },
    )
}

fn policies(bits: u8) -> Vec<String> {
    (0..3).filter(|bit| bits & 1 << bit != 0).map(|bit| format!("P{bit}")).collect()
}

impl Case {
    fn declarations(&self) -> Vec<String> {
        let mut nodes: Vec<String> = GROUPS.iter().map(|name| format!("group \"{name}\"\n")).collect();
        nodes.push("guard { max-deletions 1000 percent=100 }\n".to_owned());
        for (name, set) in SETS.iter().zip(&self.sets).filter(|(_, set)| set.declared) {
            let mut node = format!("permission-set \"{name}\" {{\n    session \"{}h\"\n", set.session);
            for policy in policies(set.policies) {
                let _ = writeln!(node, "    managed-policy \"{policy}\"");
            }
            node.push_str("}\n");
            nodes.push(node);
            for (at, group) in GROUPS.iter().enumerate() {
                let on: Vec<String> = ACCOUNTS
                    .iter()
                    .enumerate()
                    .filter(|(account, _)| set.wanted & 1 << (at * ACCOUNTS.len() + account) != 0)
                    .map(|(_, account)| format!("account \"{account}\""))
                    .collect();
                if !on.is_empty() {
                    nodes.push(format!(
                        "assign \"{name}\" {{ to \"{group}\"; on {{ {} }} }}\n",
                        on.join("; ")
                    ));
                }
            }
        }
        nodes
    }

    fn wanted_rows(&self) -> usize {
        let declared = self.sets.iter().filter(|set| set.declared);
        declared.map(|set| set.wanted.count_ones() as usize).sum()
    }

    fn project(&self) -> Project {
        project(&format!("{HEAD}{}", self.declarations().concat()))
    }

    fn snapshot(&self) -> Snapshot {
        let mut text = String::new();
        for (at, name) in ACCOUNTS.iter().enumerate() {
            let state = if self.suspended & 1 << at != 0 { " SUSPENDED" } else { "" };
            let _ = writeln!(text, "account {name} 11111111111{at} /{state}");
        }
        for name in GROUPS {
            let _ = writeln!(text, "group {name}");
        }
        for (name, set) in SETS.iter().zip(&self.sets).filter(|(_, set)| set.live) {
            let managed = policies(set.live_policies).join(",");
            let managed = if managed.is_empty() { String::new() } else { format!(" managed={managed}") };
            let _ = writeln!(text, "set {name} owner=acme session={}h{managed}", set.live_session);
            self.rows(&mut text, name, set.rows);
            let held: Vec<&str> = ACCOUNTS
                .iter()
                .enumerate()
                .filter(|(at, _)| set.outdated & 1 << at != 0 && set.rows & 1 << at != 0)
                .map(|(_, name)| *name)
                .collect();
            if !held.is_empty() {
                let _ = writeln!(text, "outdated {name} {}", held.join(" "));
            }
        }
        text.push_str("set Foreign owner=platform\nset Untagged\n");
        self.rows(&mut text, "Foreign", self.foreign_rows);
        self.rows(&mut text, "Untagged", self.foreign_rows.rotate_left(7));
        world(&text)
    }

    fn rows(&self, text: &mut String, set: &str, bits: u32) {
        for (at, principal) in GROUPS.iter().copied().chain(["gone:x"]).enumerate() {
            for (account, name) in ACCOUNTS.iter().enumerate() {
                if bits & 1 << (at * ACCOUNTS.len() + account) != 0 {
                    let _ = writeln!(text, "row {set} {principal} {name}");
                }
            }
        }
    }
}

fn rows_of(plan: &Plan, grants: bool) -> BTreeSet<Assignment> {
    let rows = plan.changes.iter().filter_map(|change| match &change.action {
        Action::Grant(row) if grants => Some(row.assignment.clone()),
        Action::Revoke(row) if !grants => Some(row.assignment.clone()),
        _ => None,
    });
    rows.collect()
}

fn is_foreign(name: &str) -> bool {
    name == "Foreign" || name == "Untagged"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// An apply carries every operation out in some order that the graph allows; after it a plan is empty, and on
    /// the way nothing that stays was missing for a moment, and nothing of others was touched.
    #[test]
    fn after_an_apply_there_is_nothing_to_do(case in case()) {
        let (project, before) = (case.project(), case.snapshot());
        let plan = plan_of(&project, &before).expect("everything resolves");
        let graph = OperationGraph::new(&plan, &before);
        let order = toposort(graph.graph(), None).expect("no cycle");
        let (granted, revoked) = (rows_of(&plan, true), rows_of(&plan, false));
        let foreign = |snapshot: &Snapshot| -> Vec<Assignment> {
            snapshot.assignments.iter().filter(|row| is_foreign(row.permission_set.as_str())).cloned().collect()
        };
        let blocked_before: Vec<Assignment> = rows_on_suspended(&before);

        let mut live = before.clone();
        for index in order {
            carry_out(&mut live, &graph.graph()[index].operation);
            let here: BTreeSet<&Assignment> = live.assignments.iter().collect();
            for row in &before.assignments {
                prop_assert!(revoked.contains(row) || here.contains(row), "{row:?} was missing for a moment");
            }
        }

        prop_assert_eq!(foreign(&before), foreign(&live));
        prop_assert_eq!(blocked_before, rows_on_suspended(&live));
        let all: BTreeSet<&Assignment> = live.assignments.iter().collect();
        prop_assert!(granted.iter().all(|row| all.contains(row)));
        for set in &live.permission_sets {
            let owner = set.tags.get(STACK_TAG).map(String::as_str);
            prop_assert!(is_foreign(set.name.as_str()) || owner == Some("acme"), "every set that is made is marked");
        }
        let again = plan_of(&project, &live).expect("everything still resolves");
        prop_assert!(again.is_empty(), "left over: {:#?}", again.changes);
    }

    /// A kill is healed by planning again: whatever part of the operations was carried out, the rest is found.
    #[test]
    fn after_a_kill_the_next_apply_finishes(case in case(), share in 0.0..1.0_f64) {
        let (project, mut live) = (case.project(), case.snapshot());
        for round in 0..2 {
            let plan = plan_of(&project, &live).expect("everything resolves");
            let graph = OperationGraph::new(&plan, &live);
            let order = toposort(graph.graph(), None).expect("no cycle");
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let until = if round == 0 { (order.len() as f64 * share) as usize } else { order.len() };
            for index in &order[..until] {
                carry_out(&mut live, &graph.graph()[*index].operation);
            }
        }
        let again = plan_of(&project, &live).expect("everything still resolves");
        prop_assert!(again.is_empty(), "left over: {:#?}", again.changes);
    }

    /// Within one set, revokes come before edits, edits before provisions, and those before grants.
    #[test]
    fn a_set_is_never_half_edited_under_somebody(case in case()) {
        let (project, before) = (case.project(), case.snapshot());
        let plan = plan_of(&project, &before).expect("everything resolves");
        let graph = OperationGraph::new(&plan, &before);
        let nodes = graph.graph();
        for index in nodes.node_indices() {
            let name = nodes[index].operation.permission_set();
            let has_edits = nodes.node_weights().any(|node| {
                node.operation.permission_set() == name && matches!(node.operation, Operation::Edit { .. })
            });
            let needs = |wanted: fn(&Operation) -> bool| {
                let mut reached = vec![index];
                let mut seen = BTreeSet::new();
                while let Some(at) = reached.pop() {
                    for before in nodes.neighbors_directed(at, Direction::Incoming) {
                        if seen.insert(before) {
                            reached.push(before);
                        }
                    }
                }
                nodes.node_indices().all(|other| {
                    let node = &nodes[other].operation;
                    node.permission_set() != name || !wanted(node) || seen.contains(&other)
                })
            };
            if matches!(nodes[index].operation, Operation::CreateAssignment(_)) && has_edits {
                let waits = needs(|other| matches!(other, Operation::Edit { .. }));
                prop_assert!(waits, "a grant waits for edits");
            }
            if matches!(nodes[index].operation, Operation::Provision { .. }) {
                let waits = needs(|other| matches!(other, Operation::Edit { .. }));
                prop_assert!(waits, "a provision waits for edits");
            }
            if matches!(nodes[index].operation, Operation::DeletePermissionSet { .. }) {
                prop_assert!(needs(|other| matches!(other, Operation::DeleteAssignment(_))), "a deletion waits");
            }
        }
    }

    /// The order of declarations decides nothing: neither the changes nor the digest.
    #[test]
    fn order_never_matters(case in case(), seed in any::<u64>()) {
        let snapshot = case.snapshot();
        let mut nodes = case.declarations();
        let plan = plan_of(&project(&format!("{HEAD}{}", nodes.concat())), &snapshot).expect("it resolves");
        let mut state = seed;
        for at in (1..nodes.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            nodes.swap(at, usize::try_from(state >> 33).unwrap() % (at + 1));
        }
        let shuffled = plan_of(&project(&format!("{HEAD}{}", nodes.concat())), &snapshot).expect("it resolves");
        prop_assert_eq!(&plan.digest, &shuffled.digest);
        let actions = |plan: &Plan| plan.changes.iter().map(|change| change.action.clone()).collect::<Vec<_>>();
        prop_assert_eq!(actions(&plan), actions(&shuffled));
    }

    /// What one checkout gains over another, the other loses over the one, and the counts add up; a checkout differs from
    /// itself in nothing.
    #[test]
    fn a_base_is_compared_alike_from_both_sides(before in case(), after in case()) {
        let snapshot = after.snapshot();
        let (base, head) = (before.project(), after.project());
        let there = compared(&head, &base, &snapshot);
        let back = compared(&base, &head, &snapshot);
        let rows = |found: &BaseComparison, of: fn(&LineDifference) -> &Vec<ComparedRow>| {
            let rows: BTreeSet<_> = found.lines.iter().flat_map(of).map(|one| one.row.assignment.clone()).collect();
            rows
        };
        prop_assert_eq!(rows(&there, |line| &line.gained), rows(&back, |line| &line.lost));
        prop_assert_eq!(rows(&there, |line| &line.lost), rows(&back, |line| &line.gained));
        let (gained, lost) = there.row_counts();
        prop_assert_eq!(before.wanted_rows() + gained, after.wanted_rows() + lost);
        let same = compared(&head, &head, &snapshot);
        prop_assert!(same.lines.is_empty() && same.differences.is_empty(), "{:?}", same);
    }

    /// The same input gives the same bytes.
    #[test]
    fn planning_is_deterministic(case in case()) {
        let snapshot = case.snapshot();
        let render = || {
            let project = case.project();
            let plan = plan_of(&project, &snapshot).expect("it resolves");
            let style = text::Style { detail: text::Detail::Full, color: false };
            (text::render(&plan, style), json::render(&plan, &project.sources), OperationGraph::new(&plan, &snapshot).to_text())
        };
        prop_assert_eq!(render(), render());
    }
}

fn rows_on_suspended(snapshot: &Snapshot) -> Vec<Assignment> {
    let is_suspended = |row: &&Assignment| {
        snapshot
            .account(row.account)
            .is_some_and(|account| account.state != rolecall_model::AccountState::Active)
    };
    snapshot.assignments.iter().filter(is_suspended).cloned().collect()
}
