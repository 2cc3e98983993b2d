//! The form of a JSON plan. `docs/plan.schema.json` is generated from these types, and a plan is saved in this form.

mod base;
mod build;
mod change;
mod words;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use base::{
    BaseDifferenceDocument, BaseDocument, BasePlaceDocument, ComparedAssignmentDocument,
    LineDifferenceDocument,
};
pub(crate) use build::{action_word, before_and_after, kind};
pub use change::{AssignmentDocument, ChangeDocument, PlaceDocument, SubjectDocument};
pub use words::{
    AccountStateWord, ActionWord, Cause, EffectWord, ExtentWord, KeeperWord, Kind, PrincipalType, ReasonWord,
    SeverityWord, Source, SubjectWord,
};

/// A plan. Within a version, fields are only ever added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanDocument {
    /// Always `rolecall-plan`.
    pub format: String,
    /// The format version: 2.
    pub version: u32,
    /// The stack whose configuration was planned.
    pub stack: String,
    /// The ARN of the Identity Center instance.
    pub instance_arn: String,
    /// The instance's primary Region.
    pub region: String,
    /// What the plan was made from.
    pub source: Source,
    /// The day for which expiry was evaluated, `YYYY-MM-DD`, UTC.
    pub as_of: String,
    /// Whether the day was given with `--as-of`; such a plan cannot be applied.
    pub as_of_given: bool,
    /// SHA-256 over instance, stack and changes: what `apply --approved` takes. `null` is reserved for plans that
    /// cannot be approved; this release states the digest of every plan.
    pub digest: Option<String>,
    /// How many changes of each kind; together, all of them.
    pub counts: Counts,
    /// Estimated duration of an apply at AWS's rate limits, in seconds.
    pub estimate_seconds: u64,
    /// What would change.
    pub changes: Vec<ChangeDocument>,
    /// Changes that are skipped because they cannot be made now.
    pub blocked: Vec<BlockedDocument>,
    /// Grants that are withheld as possible rebinds.
    pub possible_rebinds: Vec<RebindDocument>,
    /// Live assignments that are kept although no `assign` grants them.
    pub kept: Vec<KeptDocument>,
    /// Temporary assignments: those with an end in the future.
    pub temporary: Vec<TemporaryDocument>,
    /// Accounts that are not active.
    pub skipped_accounts: Vec<SkippedAccountDocument>,
    /// Unmanaged assignments of external permission sets.
    pub unmanaged: Vec<UnmanagedDocument>,
    /// Permission sets in which assignments of users and deleted groups were not read where another group has access
    /// too.
    pub read_by_principal: Vec<String>,
    /// Operations whose missing lists were accepted as empty (`--absent-means-empty`), sorted; absent if there are none.
    /// Inside the digest.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub absent_means_empty: BTreeSet<String>,
    /// How the configuration differs from that of a base; absent without `--base`. Outside the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseDocument>,
    /// Warnings.
    pub findings: Vec<FindingDocument>,
    /// Guards that stop the plan.
    pub guard_violations: Vec<ViolationDocument>,
}

impl PlanDocument {
    /// The value of `format`.
    pub const FORMAT: &'static str = "rolecall-plan";
    /// The version that this program reads and writes.
    pub const VERSION: u32 = 2;
}

/// How many changes of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Account assignments to create.
    pub assign: usize,
    /// Account assignments to delete.
    pub revoke: usize,
    /// Permission sets to create.
    pub create: usize,
    /// Permission sets that no stack owns, to be taken over.
    pub adopt: usize,
    /// Permission sets to change.
    pub update: usize,
    /// Permission sets to provision in accounts that have an older version.
    pub provision: usize,
    /// Permission sets to release, with their assignments.
    pub release: usize,
    /// Permission sets to delete.
    pub delete: usize,
    /// 1 where attributes for access control are to be set.
    pub set_attributes: usize,
    /// Steps in Entra ID.
    pub entra: usize,
}

/// A change that is skipped for now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlockedDocument {
    /// What would have been done.
    pub action: ActionWord,
    /// To what.
    #[serde(flatten)]
    pub subject: SubjectDocument,
    /// Where the configuration asks for it.
    #[serde(flatten)]
    pub place: PlaceDocument,
    /// Why it is skipped.
    pub cause: Cause,
    /// The same, for people.
    pub message: String,
}

/// A possible rebind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RebindDocument {
    /// The grant that is withheld.
    pub grant: AssignmentDocument,
    /// The assignments of deleted groups.
    pub orphans: Vec<AssignmentDocument>,
    /// Whether those assignments are managed, and wait with the grant; on an external permission set they are not.
    pub orphans_are_ours: bool,
}

/// A live assignment that is kept although no `assign` grants it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeptDocument {
    /// The assignment; its place is that of the `keep` or `adopt`.
    #[serde(flatten)]
    pub assignment: AssignmentDocument,
    /// What keeps it.
    pub by: KeeperWord,
    /// The last day of the `keep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The text of its `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The last day of the `assign` that granted the assignment, if it has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

/// A guard that stops the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ViolationDocument {
    /// The code, for `rolecall explain`.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// The assignments that the guard stops; none where their number alone does.
    pub assignments: Vec<AssignmentDocument>,
    /// Where the guard is written; empty for a default.
    #[serde(flatten)]
    pub place: PlaceDocument,
}

/// A temporary assignment: one with an end in the future.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemporaryDocument {
    /// Its last day, `YYYY-MM-DD`, inclusive, UTC.
    pub until: String,
    /// Days left after the plan's day.
    pub days_left: i32,
    /// How many account assignments it makes.
    pub assignments: usize,
    /// Whom it names.
    pub principals: Vec<String>,
    /// Which permission sets.
    pub permission_sets: Vec<String>,
    /// The text of `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where it is written.
    #[serde(flatten)]
    pub place: PlaceDocument,
}

/// An account that is skipped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SkippedAccountDocument {
    /// Its id.
    pub account_id: String,
    /// Its name.
    pub account_name: String,
    /// Its state, as Organizations spells it.
    pub state: AccountStateWord,
    /// Number of live managed assignments in it, which stay.
    pub assignments: usize,
}

/// Unmanaged assignments of an external permission set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnmanagedDocument {
    /// The set.
    pub permission_set: String,
    /// How many assignments.
    pub assignments: usize,
}

/// A warning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FindingDocument {
    /// The code, for `rolecall explain`.
    pub code: String,
    /// How severe it is.
    pub severity: SeverityWord,
    /// One sentence.
    pub message: String,
    /// How to resolve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Where it is.
    #[serde(flatten)]
    pub place: PlaceDocument,
}
