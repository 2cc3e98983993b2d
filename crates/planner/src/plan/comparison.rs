//! How the configuration differs from that of another checkout: the base of a pull request.

use std::fmt;

use rolecall_model::{Code, Date, Diagnostic};

use super::assignment::NamedAssignment;
use super::written::Written;

/// How many reasons are said of a base that cannot be compared whole.
const REASONS_SAID: usize = 3;

/// How the files differ from those of a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseComparison {
    /// How much could be compared.
    pub extent: Extent,
    /// The rows gained and lost, by the line that asks or asked for them, sorted: the lines of the files first, then
    /// those that only the base has.
    pub lines: Vec<LineDifference>,
    /// What else differs, sorted: first what loosens, then what changes, last what tightens.
    pub differences: Vec<BaseDifference>,
}

/// How much of a base could be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// All but rows: the base names something that the live state does not have.
    WithoutAssignments {
        /// Why, a sentence each, without full stops; at least one.
        reasons: Vec<String>,
    },
    /// Nothing: the directory has no project, which is what the first pull request is compared with.
    Absent {
        /// The name of the project file that is not there.
        file: String,
    },
    /// Nothing: its files have mistakes.
    Nothing {
        /// The mistakes, a sentence each, without full stops; at least one.
        reasons: Vec<String>,
    },
}

/// The rows that one line gains and loses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDifference {
    /// The line.
    pub place: BasePlace,
    /// Rows that the files want and the base does not, sorted.
    pub gained: Vec<ComparedAssignment>,
    /// Rows that the base wants and the files do not, sorted. Once the plan is known, only those that it revokes, and
    /// those that are not live: the others are differences of [`Subject::Assignment`].
    pub lost: Vec<ComparedAssignment>,
}

/// A row that is wanted by one of the two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComparedAssignment {
    /// The row.
    pub assignment: NamedAssignment,
    /// Its last day, if it has one; of a row that is lost because its end has come, the new one.
    pub until: Option<Date>,
    /// Whether that day has passed in the files: then the row is lost by it.
    pub has_ended: bool,
}

/// Something other than rows that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseDifference {
    /// Which way it goes.
    pub effect: Effect,
    /// What it is about.
    pub subject: Subject,
    /// What differs, a sentence without a full stop. It quotes what the files say.
    pub message: String,
    /// The rows whose end differs or that stay, sorted; none for other subjects, and where rows could not be compared.
    pub assignments: Vec<NamedAssignment>,
    /// Where it is written.
    pub place: BasePlace,
}

/// Which way a difference goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// More becomes possible, or lasts longer.
    Loosens,
    /// It cannot be said which way it goes.
    Changes,
    /// Less becomes possible, or ends sooner.
    Tightens,
}

impl Effect {
    /// One word, as in JSON plans.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loosens => "loosens",
            Self::Changes => "changes",
            Self::Tightens => "tightens",
        }
    }
}

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Rows that the files no longer want, and that stay.
    Assignment,
    /// The `until` of assignments.
    End,
    /// A guard or an exception to one.
    Guard,
    /// A `keep`.
    Keep,
    /// The level of a lint.
    Lint,
    /// How a declared group is found.
    Group,
    /// What a permission set is, `adopt`, `renamed-from`, `release-permission-set`, and whether a set is owned or
    /// external.
    PermissionSet,
    /// How an account set is written.
    AccountSet,
    /// Attributes for access control.
    Attribute,
    /// What the files of an `include` may contain.
    Include,
}

impl Subject {
    /// One word, as in JSON plans.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assignment => "assignment",
            Self::End => "end",
            Self::Guard => "guard",
            Self::Keep => "keep",
            Self::Lint => "lint",
            Self::Group => "group",
            Self::PermissionSet => "permission-set",
            Self::AccountSet => "account-set",
            Self::Attribute => "attribute",
            Self::Include => "include",
        }
    }
}

/// Where something is written: in the files, or, where it is gone from them, in the base's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BasePlace {
    /// Whether it is a place in the base.
    pub in_base: bool,
    /// The place.
    pub written: Written,
}

/// For people, such as `teams/payments.kdl:3` and `teams/payments.kdl:3 (base)`.
impl fmt::Display for BasePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.fmt(formatter)?;
        formatter.write_str(if self.in_base { " (base)" } else { "" })
    }
}

impl BaseComparison {
    /// Of a base whose files have mistakes: a sentence each, without full stops.
    pub fn unreadable(mistakes: Vec<String>) -> Self {
        let extent = Extent::Nothing { reasons: mistakes };
        Self { extent, lines: Vec::new(), differences: Vec::new() }
    }

    /// Of a directory without a project file of this name.
    pub fn absent(file: String) -> Self {
        Self { extent: Extent::Absent { file }, lines: Vec::new(), differences: Vec::new() }
    }

    /// Why nothing was compared, as a sentence without a full stop; `None` where something was.
    pub fn why_not_compared(&self) -> Option<String> {
        match &self.extent {
            Extent::Whole | Extent::WithoutAssignments { .. } => None,
            Extent::Absent { file } => Some(format!("it has no `{file}`")),
            Extent::Nothing { reasons } => Some(format!("its files have errors: {}", some_of(reasons))),
        }
    }

    /// What could not be compared, as a sentence without a full stop; `None` where everything was.
    pub fn shortfall(&self) -> Option<String> {
        if let Some(why) = self.why_not_compared() {
            return Some(format!("not compared with the base: {why}"));
        }
        let Extent::WithoutAssignments { reasons } = &self.extent else { return None };
        let what = "assignments could not be compared with the base, which does not fit the live state";
        Some(format!("{what}: {}", some_of(reasons)))
    }

    /// Puts the differences into the order in which they are shown.
    pub(crate) fn sort(&mut self) {
        self.differences.sort_by(|a, b| order(a).cmp(&order(b)));
    }

    /// The warning that not everything could be compared, if so.
    pub fn finding(&self) -> Option<Diagnostic> {
        let help = "review the changes of the files by hand; the plan itself is complete. The comparison is complete again \
                    once the base branch is fixed";
        self.shortfall().map(|text| Diagnostic::warning(Code::BaseUnusable, text).help(help))
    }

    /// How many rows are gained, and how many lost.
    pub fn assignment_counts(&self) -> (usize, usize) {
        let count = |rows: fn(&LineDifference) -> usize| self.lines.iter().map(rows).sum();
        (count(|line| line.gained.len()), count(|line| line.lost.len()))
    }

    /// The differences that go one way.
    pub fn of_effect(&self, effect: Effect) -> impl Iterator<Item = &BaseDifference> {
        self.differences.iter().filter(move |difference| difference.effect == effect)
    }
}

/// The first few of many reasons.
fn some_of(reasons: &[String]) -> String {
    let mut said: Vec<String> = reasons.iter().take(REASONS_SAID).cloned().collect();
    let more = reasons.len() - said.len();
    if more > 0 {
        said.push(format!("and {more} more"));
    }
    said.join("; ")
}

fn order(difference: &BaseDifference) -> (Effect, Subject, &BasePlace, &str) {
    let BaseDifference { effect, subject, message, assignments: _, place } = difference;
    (*effect, *subject, place, message)
}
