//! How the configuration differs from that of another checkout: the base of a pull request.

use std::fmt;

use rolecall_model::{Code, Date, Diagnostic};

use super::assignment::NamedAssignment;
use super::written::Written;

/// Number of reasons shown for an incomplete comparison.
const REASONS_SHOWN: usize = 3;

/// The differences between the configuration and its base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseComparison {
    /// How much could be compared.
    pub extent: Extent,
    /// The assignments gained and lost, by the line that grants or granted them, sorted: lines of the configuration
    /// first, then those that only the base has.
    pub lines: Vec<LineDifference>,
    /// Other differences, sorted: looser ones first, then changed ones, then tighter ones.
    pub differences: Vec<BaseDifference>,
}

/// How much of a base could be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// All but assignments: the base names something that does not exist in the live state.
    WithoutAssignments {
        /// The reasons, one sentence each, without full stops; at least one.
        reasons: Vec<String>,
    },
    /// Nothing: the directory has no project, which is what the first pull request is compared with.
    Absent {
        /// The name of the project file that is not there.
        file: String,
    },
    /// Nothing: its files have errors.
    Nothing {
        /// The errors, one sentence each, without full stops; at least one.
        reasons: Vec<String>,
    },
}

/// The assignments that one line gains and loses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDifference {
    /// The line.
    pub place: BasePlace,
    /// Assignments in the configuration and not in the base, sorted.
    pub gained: Vec<ComparedAssignment>,
    /// Assignments in the base and not in the configuration, sorted. Once the plan is known, only those that it revokes
    /// and those that are not live: the others are differences of [`Subject::Assignment`].
    pub lost: Vec<ComparedAssignment>,
}

/// An assignment in one of the two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComparedAssignment {
    /// The assignment.
    pub assignment: NamedAssignment,
    /// Its last day, if it has one; for an assignment that is lost because its end has passed, the new day.
    pub until: Option<Date>,
    /// Whether the configuration ends it in the past: then it is lost because of that.
    pub has_ended: bool,
}

/// A difference other than gained and lost assignments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseDifference {
    /// Its effect.
    pub effect: Effect,
    /// Its subject.
    pub subject: Subject,
    /// The message, one sentence without a full stop. It quotes the configuration.
    pub message: String,
    /// The assignments whose end differs or that stay, sorted; empty for other subjects, and if assignments could not
    /// be compared.
    pub assignments: Vec<NamedAssignment>,
    /// Where it is written.
    pub place: BasePlace,
}

/// The effect of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Allows more, or lasts longer.
    Loosens,
    /// Neither clearly looser nor clearly tighter.
    Changes,
    /// Allows less, or ends sooner.
    Tightens,
}

/// The subject of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Assignments that are no longer in the configuration, and stay.
    Assignment,
    /// The `until` of assignments.
    End,
    /// A guard or an exception to one.
    Guard,
    /// A `keep`.
    Keep,
    /// The level of a lint.
    Lint,
    /// How a declared group is identified.
    Group,
    /// The contents of a permission set, `adopt`, `renamed-from`, `release-permission-set`, and whether a set is owned
    /// or external.
    PermissionSet,
    /// How an account set is written.
    AccountSet,
    /// Attributes for access control.
    Attribute,
    /// What the files of an `include` may contain.
    Include,
}

/// Where something is written: in the configuration, or in the base if the configuration no longer has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BasePlace {
    /// Whether it is a place in the base.
    pub in_base: bool,
    /// The place.
    pub written: Written,
}

/// For display, such as `teams/payments.kdl:3` and `teams/payments.kdl:3 (base)`.
impl fmt::Display for BasePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.fmt(formatter)?;
        formatter.write_str(if self.in_base { " (base)" } else { "" })
    }
}

impl BaseComparison {
    /// Creates the comparison with a base whose files have errors: one sentence each, without full stops.
    pub fn unreadable(errors: Vec<String>) -> Self {
        let extent = Extent::Nothing { reasons: errors };
        Self { extent, lines: Vec::new(), differences: Vec::new() }
    }

    /// Creates the comparison with a directory that has no project file of this name.
    pub fn absent(file: String) -> Self {
        Self { extent: Extent::Absent { file }, lines: Vec::new(), differences: Vec::new() }
    }

    /// Returns why nothing was compared, as a sentence without a full stop; `None` if something was compared.
    pub fn why_not_compared(&self) -> Option<String> {
        match &self.extent {
            Extent::Whole | Extent::WithoutAssignments { .. } => None,
            Extent::Absent { file } => Some(format!("it has no `{file}`")),
            Extent::Nothing { reasons } => Some(format!("its files have errors: {}", some_of(reasons))),
        }
    }

    /// Returns what could not be compared, as a sentence without a full stop; `None` if everything was compared.
    pub fn shortfall(&self) -> Option<String> {
        if let Some(why) = self.why_not_compared() {
            return Some(format!("not compared with the base: {why}"));
        }
        let Extent::WithoutAssignments { reasons } = &self.extent else { return None };
        let what = "assignments could not be compared with the base, which does not fit the live state";
        Some(format!("{what}: {}", some_of(reasons)))
    }

    /// Sorts the differences in display order.
    pub(crate) fn sort(&mut self) {
        self.differences.sort_by(|a, b| order(a).cmp(&order(b)));
    }

    /// Returns the warning about an incomplete comparison, if it is incomplete.
    pub fn finding(&self) -> Option<Diagnostic> {
        let help = "review the changes of the files by hand; the plan itself is complete. The comparison is complete again \
                    once the base branch is fixed";
        self.shortfall().map(|text| Diagnostic::warning(Code::BaseUnusable, text).help(help))
    }

    /// Returns the numbers of assignments gained and lost.
    pub fn assignment_counts(&self) -> (usize, usize) {
        let count = |rows: fn(&LineDifference) -> usize| self.lines.iter().map(rows).sum();
        (count(|line| line.gained.len()), count(|line| line.lost.len()))
    }

    /// Returns the differences with one effect.
    pub fn of_effect(&self, effect: Effect) -> impl Iterator<Item = &BaseDifference> {
        self.differences.iter().filter(move |difference| difference.effect == effect)
    }
}

/// Lists the first few reasons.
fn some_of(reasons: &[String]) -> String {
    let mut shown: Vec<String> = reasons.iter().take(REASONS_SHOWN).cloned().collect();
    let more = reasons.len() - shown.len();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join("; ")
}

fn order(difference: &BaseDifference) -> (Effect, Subject, &BasePlace, &str) {
    let BaseDifference { effect, subject, message, assignments: _, place } = difference;
    (*effect, *subject, place, message)
}
