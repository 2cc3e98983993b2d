//! What came of each operation.

use petgraph::graph::NodeIndex;

use crate::schedule::SkipCause;
use crate::target::Failure;

/// The end of one operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done {
        /// AWS's id of the request that did it, where there is one.
        request_id: Option<String>,
    },
    /// It is not done.
    Failed(Failure),
    /// It was never started.
    Skipped(SkipCause),
}

/// The ends of all operations of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// By the number of the operation in the graph.
    pub outcomes: Vec<Outcome>,
    /// Whether the run was interrupted.
    pub interrupted: bool,
}

impl Report {
    /// Whether every operation is done.
    pub fn is_complete(&self) -> bool {
        self.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Done { .. }))
    }

    /// How many operations are done, failed and skipped.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |matches: fn(&Outcome) -> bool| self.outcomes.iter().filter(|one| matches(one)).count();
        (
            count(|one| matches!(one, Outcome::Done { .. })),
            count(|one| matches!(one, Outcome::Failed(_))),
            count(|one| matches!(one, Outcome::Skipped(_))),
        )
    }

    /// The operations that failed, with why.
    pub fn failures(&self) -> impl Iterator<Item = (NodeIndex, &Failure)> {
        self.outcomes.iter().enumerate().filter_map(|(at, outcome)| match outcome {
            Outcome::Failed(failure) => Some((NodeIndex::new(at), failure)),
            Outcome::Done { .. } | Outcome::Skipped(_) => None,
        })
    }
}
