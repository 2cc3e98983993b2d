//! What must hold for every configuration and every world.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use petgraph::Direction;
use petgraph::algo::toposort;
use petgraph::graph::NodeIndex;
use proptest::prelude::*;
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::{Assignment, AwsOperation, Operation, OperationGraph, Snapshot};
use rolecall_parser::Project;
use rolecall_planner::plan::Change;
use rolecall_planner::plan::comparison::{BaseComparison, ComparedAssignment, LineDifference};
use rolecall_planner::render::{Detail, json, text};
use rolecall_planner::{Plan, order};

use crate::base::compared;
use crate::case::{HEAD, plan_of, project};
use crate::world::{carry_out, world};

const GROUPS: [&str; 4] = ["g0", "g1", "g2", "g3"];
const ACCOUNTS: [&str; 5] = ["a0", "a1", "a2", "a3", "a4"];
const SETS: [&str; 4] = ["S0", "S1", "S2", "S3"];

/// What the configuration says of a set's life.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lifecycle {
    None,
    /// It is live without a tag, and declared with `adopt`.
    Adopt,
    /// It takes the place of a live set `OldS…`.
    Renamed,
    /// It is live, and released.
    Release,
}

/// One permission set: whether and how it is declared, and how it is live.
#[derive(Debug, Clone)]
struct SetCase {
    lifecycle: Lifecycle,
    /// Bits of groups whose live rows of the set are kept; the fifth keeps undeclared ones.
    kept: u8,
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
    let lifecycle = prop_oneof![
        3 => Just(Lifecycle::None),
        1 => Just(Lifecycle::Adopt),
        1 => Just(Lifecycle::Renamed),
        1 => Just(Lifecycle::Release),
    ];
    let words = (lifecycle, any::<u8>(), any::<u8>());
    (words, any::<bool>(), any::<bool>(), attributes, any::<u8>(), any::<u32>(), any::<u32>()).prop_map(
        |(
            words,
            declared,
            live,
            (session, live_session, policies, live_policies),
            outdated,
            wanted,
            rows,
        )| {
            let (lifecycle, keep, more_keep) = words;
            SetCase {
                lifecycle,
                kept: keep & more_keep,
                declared: match lifecycle {
                    Lifecycle::None => declared,
                    Lifecycle::Adopt | Lifecycle::Renamed => true,
                    Lifecycle::Release => false,
                },
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
        let released = SETS.iter().zip(&self.sets).filter(|(_, set)| set.lifecycle == Lifecycle::Release);
        nodes.extend(released.map(|(name, _)| format!("release-permission-set \"{name}\"\n")));
        for (name, set) in SETS.iter().zip(&self.sets).filter(|(_, set)| set.declared) {
            nodes.extend(
                GROUPS
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| set.kept & 1 << bit != 0)
                    .map(|(_, group)| format!("keep \"{name}\" {{ to \"{group}\" }}\n")),
            );
            let mut node = format!("permission-set \"{name}\" {{\n    session \"{}h\"\n", set.session);
            match set.lifecycle {
                Lifecycle::Adopt => node.push_str("    adopt\n"),
                Lifecycle::Renamed => {
                    let _ = writeln!(node, "    renamed-from \"Old{name}\"");
                }
                Lifecycle::None | Lifecycle::Release => {}
            }
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
            let owner = if set.lifecycle == Lifecycle::Adopt { "" } else { " owner=acme" };
            let _ = writeln!(text, "set {name}{owner} session={}h{managed}", set.live_session);
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
        let renamed = SETS.iter().zip(&self.sets).filter(|(_, set)| set.lifecycle == Lifecycle::Renamed);
        for (name, set) in renamed {
            let _ = writeln!(text, "set Old{name} owner=acme session={}h", set.live_session);
            // Mostly the rows that the new set shall have.
            self.rows(&mut text, &format!("Old{name}"), set.wanted ^ (set.rows & set.rows >> 3 & 0x1ff_ffff));
        }
        text.push_str("set Foreign owner=platform\nset Untagged\n");
        self.rows(&mut text, "Foreign", self.foreign_rows);
        self.rows(&mut text, "Untagged", self.foreign_rows.rotate_left(7));
        world(&text)
    }

    fn is(&self, name: &rolecall_model::PermissionSetName, lifecycle: Lifecycle) -> bool {
        SETS.iter().zip(&self.sets).any(|(set, case)| *set == name.as_str() && case.lifecycle == lifecycle)
    }

    /// Whether a `keep` is about the row.
    fn keeps(&self, set: &str, row: &Assignment, snapshot: &Snapshot) -> bool {
        let Some((_, case)) = SETS.iter().zip(&self.sets).find(|(name, _)| **name == set) else {
            return false;
        };
        let group = snapshot.groups.iter().find(|group| group.id.as_str() == row.principal.id());
        let bit = group.and_then(|group| GROUPS.iter().position(|name| *name == group.display_name));
        case.declared && bit.is_some_and(|bit| case.kept & 1 << bit != 0)
    }

    /// The rows that the `assign` nodes ask for.
    fn wanted(&self, snapshot: &Snapshot) -> BTreeSet<Assignment> {
        let mut rows = BTreeSet::new();
        for (name, set) in SETS.iter().zip(&self.sets).filter(|(_, set)| set.declared) {
            for (at, group) in GROUPS.iter().enumerate() {
                for (account, account_name) in ACCOUNTS.iter().enumerate() {
                    if set.wanted & 1 << (at * ACCOUNTS.len() + account) != 0 {
                        rows.insert(crate::world::row(snapshot, name, group, account_name));
                    }
                }
            }
        }
        rows
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
    let of = |change: &Change| -> Option<Assignment> {
        let named = if grants { change.granted() } else { change.revoked() };
        named.map(|named| named.assignment.clone())
    };
    plan.changes.iter().filter_map(of).collect()
}

/// The order that takes away as early as the graph allows.
fn revokes_first(graph: &OperationGraph) -> Vec<NodeIndex> {
    let nodes = graph.graph();
    let mut left: BTreeSet<NodeIndex> = nodes.node_indices().collect();
    let mut order = Vec::new();
    while !left.is_empty() {
        let is_ready = |index: &NodeIndex| {
            nodes.neighbors_directed(*index, Direction::Incoming).all(|before| !left.contains(&before))
        };
        let takes = |index: &NodeIndex| {
            matches!(nodes[*index].operation, Operation::Aws(AwsOperation::DeleteAssignment(_)))
        };
        let ready: Vec<NodeIndex> = left.iter().copied().filter(is_ready).collect();
        let next = ready.iter().copied().find(takes).unwrap_or(ready[0]);
        left.remove(&next);
        order.push(next);
    }
    order
}

fn is_foreign(name: &str) -> bool {
    name == "Foreign" || name == "Untagged"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// An apply carries every operation out in some order that the graph allows; after it a plan is empty, and on
    /// the way nothing that stays was missing for a moment, and nothing of others was touched.
    #[test]
    fn after_an_apply_there_are_no_changes(case in case()) {
        let (project, before) = (case.project(), case.snapshot());
        let plan = plan_of(&project, &before).expect("everything resolves");
        let graph = order(&plan);
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
            let is_ours = !is_foreign(set.name.as_str()) && !case.is(&set.name, Lifecycle::Release);
            prop_assert_eq!(owner == Some("acme"), is_ours, "what is ours is marked, and nothing else: {}", set.name);
        }
        let again = plan_of(&project, &live).expect("everything still resolves");
        prop_assert!(again.is_empty(), "left over: {:#?}", again.changes);
    }

    /// Rows are moved to the new name of a set without a moment in which their principal has neither, no one loses a
    /// row by an adoption, a release or a `keep`, and none of those words grants anything.
    #[test]
    fn lifecycle_words_neither_revoke_nor_grant(case in case()) {
        let (project, before) = (case.project(), case.snapshot());
        let plan = plan_of(&project, &before).expect("everything resolves");
        let wanted: BTreeSet<Assignment> = case.wanted(&before);
        for row in rows_of(&plan, true) {
            prop_assert!(wanted.contains(&row), "{row:?} is granted, and no `assign` asks for it");
        }
        for row in rows_of(&plan, false) {
            let set = row.permission_set.as_str();
            prop_assert!(!case.is(&row.permission_set, Lifecycle::Adopt), "an adoption revokes {row:?}");
            prop_assert!(!case.is(&row.permission_set, Lifecycle::Release), "a release revokes {row:?}");
            prop_assert!(!case.keeps(set, &row, &before), "a kept row goes: {row:?}");
        }
        let moved: Vec<(Assignment, Assignment)> = before
            .assignments
            .iter()
            .filter_map(|row| {
                let new = row.permission_set.as_str().strip_prefix("Old")?;
                let successor = Assignment { permission_set: new.parse().unwrap(), ..row.clone() };
                wanted.contains(&successor).then(|| (row.clone(), successor))
            })
            .collect();
        let graph = order(&plan);
        let mut live = before;
        for index in revokes_first(&graph) {
            carry_out(&mut live, &graph.graph()[index].operation);
            let here: BTreeSet<&Assignment> = live.assignments.iter().collect();
            for (old, new) in &moved {
                prop_assert!(here.contains(old) || here.contains(new), "{old:?} and {new:?} were missing");
            }
        }
    }

    /// A kill is healed by planning again: whatever part of the operations was carried out, the rest is found.
    #[test]
    fn after_a_kill_the_next_apply_finishes(case in case(), share in 0.0..1.0_f64) {
        let (project, mut live) = (case.project(), case.snapshot());
        for round in 0..2 {
            let plan = plan_of(&project, &live).expect("everything resolves");
            let graph = order(&plan);
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
    fn no_one_is_granted_a_half_edited_set(case in case()) {
        let (project, before) = (case.project(), case.snapshot());
        let plan = plan_of(&project, &before).expect("everything resolves");
        let graph = order(&plan);
        let nodes = graph.graph();
        for index in nodes.node_indices() {
            let name = nodes[index].operation.permission_set();
            let has_edits = nodes.node_weights().any(|node| {
                node.operation.permission_set() == name && matches!(node.operation, Operation::Aws(AwsOperation::Edit { .. }))
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
            if matches!(nodes[index].operation, Operation::Aws(AwsOperation::CreateAssignment(_))) && has_edits {
                let waits = needs(|other| matches!(other, Operation::Aws(AwsOperation::Edit { .. })));
                prop_assert!(waits, "a grant waits for edits");
            }
            if matches!(nodes[index].operation, Operation::Aws(AwsOperation::Provision { .. })) {
                let waits = needs(|other| matches!(other, Operation::Aws(AwsOperation::Edit { .. })));
                prop_assert!(waits, "a provision waits for edits");
            }
            if matches!(nodes[index].operation, Operation::Aws(AwsOperation::DeletePermissionSet { .. })) {
                prop_assert!(needs(|other| matches!(other, Operation::Aws(AwsOperation::DeleteAssignment(_)))), "a deletion waits");
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
    fn a_comparison_is_symmetric(before in case(), after in case()) {
        let snapshot = after.snapshot();
        let (base, head) = (before.project(), after.project());
        let there = compared(&head, &base, &snapshot);
        let back = compared(&base, &head, &snapshot);
        let rows = |found: &BaseComparison, of: fn(&LineDifference) -> &Vec<ComparedAssignment>| {
            let rows: BTreeSet<_> = found.lines.iter().flat_map(of).map(|one| one.assignment.assignment.clone()).collect();
            rows
        };
        prop_assert_eq!(rows(&there, |line| &line.gained), rows(&back, |line| &line.lost));
        prop_assert_eq!(rows(&there, |line| &line.lost), rows(&back, |line| &line.gained));
        let (gained, lost) = there.assignment_counts();
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
            let style = text::Style { detail: Detail::Full, color: false };
            (text::render(&plan, None, style), json::render(&plan, None, &project.sources), order(&plan).to_text())
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
