//! The changes of the last seconds, for outdated lists.

use std::collections::VecDeque;
use std::time::Duration;

use rolecall_model::{AccountId, Assignment, PermissionSetName};

use crate::permission_sets::StoredSet;

/// A change that can be undone and redone. It contains the state on its other side; exchanging that with the current state
/// does either.
#[derive(Debug)]
pub(crate) enum Step {
    Row { row: Assignment, present: bool },
    Set { name: PermissionSetName, other: Option<Box<StoredSet>> },
    Provision { name: PermissionSetName, account: AccountId, provisioned: bool, outdated: bool },
}

/// The changes of the last seconds, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Past {
    pub(crate) steps: VecDeque<(Duration, Step)>,
    /// The time for which changes are kept; zero if lists are never outdated.
    kept_for: Duration,
}

impl Past {
    pub(crate) fn new(kept_for: Duration) -> Self {
        Self { steps: VecDeque::new(), kept_for }
    }

    pub(crate) fn is_kept(&self) -> bool {
        !self.kept_for.is_zero()
    }

    pub(crate) fn add(&mut self, at: Duration, step: Step) {
        if !self.is_kept() {
            return;
        }
        while self.steps.front().is_some_and(|(first, _)| *first + self.kept_for < at) {
            self.steps.pop_front();
        }
        self.steps.push_back((at, step));
    }
}
