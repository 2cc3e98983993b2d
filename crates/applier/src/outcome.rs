//! Outcomes of operations.

use petgraph::graph::NodeIndex;

use crate::schedule::SkipCause;
use crate::target::Failure;

/// The outcome of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out.
    Done {
        /// The id that the service gave the request, if any.
        request_id: Option<String>,
    },
    /// It failed.
    Failed(Failure),
    /// It was never started.
    Skipped(SkipCause),
}

/// The outcomes of all operations of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Indexed by the operation's number in the graph.
    pub outcomes: Vec<Outcome>,
    /// Whether the run was interrupted.
    pub interrupted: bool,
}

impl Report {
    /// Returns whether every operation is done.
    pub fn is_complete(&self) -> bool {
        self.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Done { .. }))
    }

    /// Returns the numbers of operations done, failed and skipped.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |matches: fn(&Outcome) -> bool| self.outcomes.iter().filter(|one| matches(one)).count();
        (
            count(|one| matches!(one, Outcome::Done { .. })),
            count(|one| matches!(one, Outcome::Failed(_))),
            count(|one| matches!(one, Outcome::Skipped(_))),
        )
    }

    /// Iterates over the failed operations and their failures.
    pub fn failures(&self) -> impl Iterator<Item = (NodeIndex, &Failure)> {
        self.outcomes.iter().enumerate().filter_map(|(at, outcome)| match outcome {
            Outcome::Failed(failure) => Some((NodeIndex::new(at), failure)),
            Outcome::Done { .. } | Outcome::Skipped(_) => None,
        })
    }
}
