//! Progress on standard error: a bar on a terminal, and a line every few seconds elsewhere.

use std::cell::RefCell;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rolecall_aws::{Part, Progress as ReadProgress, Step};
use rolecall_planner::phrases::duration;

use crate::output;

/// The shortest time between two lines.
const EVERY: Duration = Duration::from_secs(5);
/// The rate of calls from which the remaining time is estimated: a little below AWS's limit of 20 a second.
const CALLS_PER_SECOND: u64 = 18;

/// The progress of reading or of an apply.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    last: RefCell<Instant>,
}

impl Progress {
    /// Creates a progress display, which stays empty until the first report.
    pub(crate) fn new() -> Self {
        let shows_a_bar = output::stderr_is_for_people() && io::stderr().is_terminal();
        let bar = shows_a_bar.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:24} {pos}/{len}  {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar
        });
        Self { bar, last: RefCell::new(Instant::now()) }
    }

    /// Shows what is read next, or how far a step has come.
    pub(crate) fn reading(&self, progress: ReadProgress) {
        match progress {
            ReadProgress::Estimate { part, calls, in_all, seconds } => {
                let what = match part {
                    Part::PermissionSets => "permission sets",
                    Part::Assignments => "assignments",
                    Part::Closer => "assignments that would change",
                };
                let so_far = if in_all > calls { format!(", {in_all} in total") } else { String::new() };
                let time = duration(seconds);
                self.say(&format!(
                    "Reading {what}: {calls} calls to sso-admin, {time} at AWS's limits{so_far}"
                ));
            }
            ReadProgress::Step { step, done, total } => {
                let left = calls_each(step) * total.saturating_sub(done) as u64 / CALLS_PER_SECOND;
                self.show(&format!("reading {}", step_name(step)), done, total, left);
            }
        }
    }

    /// Shows how far an apply has come. `estimate` is the time of the whole apply at AWS's limits, in seconds.
    pub(crate) fn applying(&self, ended: usize, total: usize, estimate: u64) {
        let left = estimate * total.saturating_sub(ended) as u64 / total.max(1) as u64;
        self.show("applying", ended, total, left);
    }

    /// Shows that changed assignments are being read again.
    pub(crate) fn verifying(&self, assignments: usize) {
        if assignments > 0 {
            let left = assignments as u64 / CALLS_PER_SECOND;
            self.show(&format!("verifying {assignments} changed assignments"), 0, assignments, left);
        }
    }

    fn show(&self, what: &str, done: usize, total: usize, left: u64) {
        let left = if left == 0 { String::new() } else { format!(", {} left", duration(left)) };
        match &self.bar {
            Some(bar) => {
                bar.set_length(total as u64);
                bar.set_position(done as u64);
                bar.set_message(format!("{what}{left}"));
            }
            None if !output::stderr_is_for_people() => {}
            None => {
                let mut last = self.last.borrow_mut();
                if last.elapsed() >= EVERY {
                    *last = Instant::now();
                    output::error_line(&format!("{what}: {done} of {total}{left}"));
                }
            }
        }
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| output::error_line(text)),
            None if !output::stderr_is_for_people() => {}
            None => output::error_line(text),
        }
    }
}

/// Clears the bar, so that output starts on an empty line.
impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Returns the number of calls for one item of a step.
fn calls_each(step: Step) -> u64 {
    match step {
        Step::PermissionSets => 2,
        Step::Details => 6,
        Step::Instance
        | Step::Organization
        | Step::AccountTags
        | Step::Groups
        | Step::Assignments
        | Step::Principals
        | Step::Unlisted
        | Step::Users
        | Step::Members => 1,
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
        Step::Unlisted => "groups that were not listed",
        Step::Users => "users",
        Step::Members => "members of groups",
    }
}
