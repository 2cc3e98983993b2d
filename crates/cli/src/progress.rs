//! What the person who waits is told, on standard error.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use rolecall_aws::{Progress as ReadProgress, Step};
use rolecall_planner::render::duration;

use crate::output;

/// How often a line is written at the most.
const EVERY: Duration = Duration::from_secs(5);

/// From so long a reading up, it is said beforehand how long it takes.
const ESTIMATE_FROM_SECONDS: u64 = 10;

/// Lines every few seconds, and none at all for what is quick.
pub(crate) struct Progress {
    last: RefCell<Instant>,
}

impl Progress {
    /// Progress of a reading.
    pub(crate) fn reading() -> Self {
        Self { last: RefCell::new(Instant::now()) }
    }

    /// What comes next, or how far a step has come.
    pub(crate) fn reading_goes_on(&self, progress: ReadProgress) {
        match progress {
            ReadProgress::Estimate { calls, seconds } => {
                if seconds >= ESTIMATE_FROM_SECONDS {
                    let time = duration(seconds);
                    output::error_line(&format!(
                        "Reading: {calls} calls to sso-admin next, {time} at AWS's limits"
                    ));
                }
            }
            ReadProgress::Step { step, done, total } => {
                self.line(|| format!("Reading {}: {done} of {total}", step_name(step)));
            }
        }
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
        Step::Principals => "assignments by group",
        Step::Users => "users",
    }
}
