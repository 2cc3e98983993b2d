//! What the files want, compared with what the files of another checkout want: the base of a pull request.
//!
//! A plan compares the files with what is live. It cannot show what changes nothing today: an end that is taken away, a
//! guard that is relaxed, a `keep`. Both checkouts are opened against the one snapshot that the plan is made from, so
//! nothing more is read.

mod contents;
mod groups;
mod guards;
mod includes;
mod keeps;
mod reach;
mod renames;
mod rows;
mod spelling;
mod staying;
mod words;

use std::fmt;

use rolecall_model::{Code, Date, Diagnostic, InstanceId, Region, Snapshot, StackName};

use crate::plan::{Row, Written};
use crate::{Inputs, Plan};
use reach::Sides;

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
    WithoutRows {
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
    pub gained: Vec<ComparedRow>,
    /// Rows that the base wants and the files do not, sorted. Once the plan is known, only those that it revokes, and
    /// those that are not live: the others are differences of [`Subject::Row`].
    pub lost: Vec<ComparedRow>,
}

/// A row that is wanted by one of the two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComparedRow {
    /// The row.
    pub row: Row,
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
    pub rows: Vec<Row>,
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
    Row,
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
            Self::Row => "row",
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

/// Why a project is no base of another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OtherBase {
    /// It is of another stack.
    #[error("the base is of stack `{base}`, and these files are of stack `{head}`")]
    Stack {
        /// The stack of the files.
        head: StackName,
        /// The stack of the base.
        base: StackName,
    },
    /// It is for an instance in another Region.
    #[error("the base is for the instance in {base}, and these files are for the one in {head}")]
    Region {
        /// The Region of the files.
        head: Region,
        /// The Region of the base.
        base: Region,
    },
    /// It is for another instance.
    #[error("the base is for the instance {base}, and this plan is for {head}")]
    Instance {
        /// The instance of the plan.
        head: InstanceId,
        /// The instance of the base.
        base: InstanceId,
    },
}

/// Compares what the files of `head` want with what those of `base` want on the day `today`. Both are to hold the same
/// snapshot.
///
/// A base that does not fit the snapshot, such as one that names a group that is gone, is compared without its rows:
/// [`Extent::WithoutRows`] says why.
///
/// # Errors
/// The base is of another stack or for another instance, so that comparing means nothing.
pub fn compare_with_base(
    head: &Inputs<'_>,
    base: &Inputs<'_>,
    today: Date,
) -> Result<BaseComparison, OtherBase> {
    check_same(head, base)?;
    let mut differences = Vec::new();
    let (extent, lines) = match rows::compare(head, base, today, &mut differences) {
        Ok(lines) => (Extent::Whole, lines),
        Err(reasons) => {
            rows::compare_ends_as_written(head, base, today, &mut differences);
            (Extent::WithoutRows { reasons }, Vec::new())
        }
    };
    let sides = Sides::new(head, base, extent == Extent::Whole);
    guards::compare(&sides, &mut differences);
    keeps::compare(&sides, &mut differences);
    words::compare(head, base, &mut differences);
    groups::compare(head, base, &mut differences);
    contents::compare(&sides, &mut differences);
    renames::compare(head, base, &mut differences);
    includes::compare(head, base, &mut differences);
    let mut comparison = BaseComparison { extent, lines, differences };
    comparison.sort();
    Ok(comparison)
}

fn order(difference: &BaseDifference) -> (Effect, Subject, &BasePlace, &str) {
    let BaseDifference { effect, subject, message, rows: _, place } = difference;
    (*effect, *subject, place, message)
}

fn check_same(head: &Inputs<'_>, base: &Inputs<'_>) -> Result<(), OtherBase> {
    let (ours, theirs) = (head.config, base.config);
    if ours.stack != theirs.stack {
        return Err(OtherBase::Stack { head: ours.stack.clone(), base: theirs.stack.clone() });
    }
    let (ours, theirs) = (&ours.identity_center, &theirs.identity_center);
    if ours.region != theirs.region {
        return Err(OtherBase::Region { head: ours.region.clone(), base: theirs.region.clone() });
    }
    let instance = &head.snapshot.instance.id;
    match &theirs.instance {
        Some(other) if other != instance => {
            Err(OtherBase::Instance { head: instance.clone(), base: other.clone() })
        }
        Some(_) | None => Ok(()),
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
            Extent::Whole | Extent::WithoutRows { .. } => None,
            Extent::Absent { file } => Some(format!("there is no `{file}` in it")),
            Extent::Nothing { reasons } => Some(format!("its files have mistakes: {}", some_of(reasons))),
        }
    }

    /// What could not be compared, as a sentence without a full stop; `None` where everything was.
    pub fn shortfall(&self) -> Option<String> {
        if let Some(why) = self.why_not_compared() {
            return Some(format!("not compared with the base: {why}"));
        }
        let Extent::WithoutRows { reasons } = &self.extent else { return None };
        let what = "rows could not be compared with the base, which does not fit the live state";
        Some(format!("{what}: {}", some_of(reasons)))
    }

    /// Tells the rows that stay from those that are lost, once it is known what the plan does.
    pub(crate) fn settle_lost(&mut self, plan: &Plan, snapshot: &Snapshot) {
        staying::settle(self, plan, snapshot);
        self.sort();
    }

    fn sort(&mut self) {
        self.differences.sort_by(|a, b| order(a).cmp(&order(b)));
    }

    /// The warning that not everything could be compared, if so.
    pub fn finding(&self) -> Option<Diagnostic> {
        let help = "what differs in the text of the files must be reviewed by eye; the plan itself is whole. It mends \
                    itself once the base branch is in order";
        self.shortfall().map(|text| Diagnostic::warning(Code::BaseUnusable, text).help(help))
    }

    /// How many rows are gained, and how many lost.
    pub fn row_counts(&self) -> (usize, usize) {
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

/// A place of one of the two.
fn place(inputs: &Inputs<'_>, origin: rolecall_model::OriginId, in_base: bool) -> BasePlace {
    BasePlace { in_base, written: inputs.written(origin) }
}

/// Which way the end of so many things moved, and what they do now; `None` where it did not move.
fn end_moved(of: usize, before: Option<Date>, after: Option<Date>) -> Option<(Effect, String)> {
    let (end, no_longer) = if of == 1 { ("ends", "no longer ends") } else { ("end", "no longer end") };
    match (before, after) {
        (None, None) => None,
        (Some(before), None) => Some((Effect::Loosens, format!("{no_longer} ({before} before)"))),
        (None, Some(after)) => Some((Effect::Tightens, format!("{end} {after} now (without an end before)"))),
        (Some(before), Some(after)) if before == after => None,
        (Some(before), Some(after)) => {
            let (effect, how) =
                if after > before { (Effect::Loosens, "later") } else { (Effect::Tightens, "earlier") };
            Some((effect, format!("{end} {how}: {after} ({before} before)")))
        }
    }
}
