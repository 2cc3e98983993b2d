//! The operation graph: the operations of a plan and their dependencies.

use std::fmt::Write as _;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use super::Operation;
use crate::identity::AccountId;

/// One operation of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The operation.
    pub operation: Operation,
    /// The index of its change in the plan.
    pub change: usize,
    /// The accounts whose roles it changes. AWS changes the roles of one account one at a time.
    pub accounts: Vec<AccountId>,
}

/// The operations of a plan. An edge leads from an operation to one that depends on it.
///
/// Invariant: the graph is acyclic. Callers that convert a [`DiGraph`] must ensure it.
#[derive(Debug, Clone, Default)]
pub struct OperationGraph {
    graph: DiGraph<Node, ()>,
}

impl OperationGraph {
    /// Returns the graph.
    pub fn graph(&self) -> &DiGraph<Node, ()> {
        &self.graph
    }

    /// Renders one line per operation, with the numbers of its dependencies. The text is stable, for tests.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for index in self.graph.node_indices() {
            let mut waits_for: Vec<usize> =
                self.graph.neighbors_directed(index, Direction::Incoming).map(NodeIndex::index).collect();
            waits_for.sort_unstable();
            let _ = write!(text, "{:>3}  {}", index.index(), self.graph[index].operation);
            if !waits_for.is_empty() {
                let numbers: Vec<String> = waits_for.iter().map(usize::to_string).collect();
                let _ = write!(text, "  after {}", numbers.join(", "));
            }
            text.push('\n');
        }
        text
    }

    /// Renders a Mermaid flowchart.
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        for index in self.graph.node_indices() {
            let label: String = self.graph[index]
                .operation
                .to_string()
                .chars()
                .map(|c| if c.is_alphanumeric() || " -./@_=,".contains(c) { c } else { '_' })
                .collect();
            let _ = writeln!(text, "  n{}[\"{label}\"]", index.index());
        }
        for edge in self.graph.raw_edges() {
            let _ = writeln!(text, "  n{} --> n{}", edge.source().index(), edge.target().index());
        }
        text
    }
}

impl From<DiGraph<Node, ()>> for OperationGraph {
    fn from(graph: DiGraph<Node, ()>) -> Self {
        Self { graph }
    }
}
