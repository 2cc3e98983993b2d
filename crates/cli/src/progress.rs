//! What the person who waits is told, on standard error.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use rolecall_aws::{Progress as StepProgress, Step};

use crate::output;

/// How often a line is written at the most.
const EVERY: Duration = Duration::from_secs(5);

/// Lines every few seconds, and none at all for what is quick.
pub(crate) struct Progress {
    last: RefCell<Instant>,
}

impl Progress {
    /// Progress of a reading.
    pub(crate) fn reading() -> Self {
        Self { last: RefCell::new(Instant::now()) }
    }

    /// A step has come so far.
    pub(crate) fn step(&self, progress: StepProgress) {
        let StepProgress { step, done, total } = progress;
        self.line(|| format!("Reading {}: {done} of {total}", step_name(step)));
    }

    /// An apply has come so far.
    pub(crate) fn operations(&self, ended: usize, total: usize) {
        self.line(|| format!("Applying: {ended} of {total} operations ended"));
    }

    fn line(&self, text: impl FnOnce() -> String) {
        let mut last = self.last.borrow_mut();
        if last.elapsed() >= EVERY {
            *last = Instant::now();
            output::error_line(&text());
        }
    }
}

fn step_name(step: Step) -> &'static str {
    match step {
        Step::Instance => "the instance",
        Step::Organization => "organizational units",
        Step::AccountTags => "account tags",
        Step::Groups => "groups",
        Step::PermissionSets => "permission sets",
        Step::Details => "permission sets in full",
        Step::Assignments => "assignments",
        Step::Users => "users",
    }
}
