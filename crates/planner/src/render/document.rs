//! The form of a JSON plan. `docs/plan.schema.json` is made from these types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::comparison_document::BaseDocument;

/// A plan. Fields are only ever added within a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanDocument {
    /// Always `rolecall-plan`.
    pub format: String,
    /// The version of this form: 1.
    pub version: u32,
    /// The stack whose files were planned.
    pub stack: String,
    /// The ARN of the Identity Center instance.
    pub instance_arn: String,
    /// The instance's primary Region.
    pub region: String,
    /// What the plan was made from: `live`, `sandbox` or `snapshot`. Only a plan of the same source can be applied.
    pub source: String,
    /// The day for which expiry was judged, `YYYY-MM-DD`, UTC.
    pub as_of: String,
    /// Whether that day was given with `--as-of`; such a plan cannot be applied.
    pub as_of_given: bool,
    /// SHA-256 over instance, stack and changes: what `apply --approved` takes.
    pub digest: String,
    /// How many changes of each kind.
    pub counts: Counts,
    /// How long an apply would take at AWS's limits, in seconds.
    pub estimate_seconds: u64,
    /// What would change.
    pub changes: Vec<ChangeDocument>,
    /// What is left alone for now.
    pub blocked: Vec<BlockedDocument>,
    /// Grants that are withheld as possible rebinds.
    pub possible_rebinds: Vec<RebindDocument>,
    /// Live rows that no `assign` wants and that stay.
    pub kept: Vec<KeptDocument>,
    /// Assignments with an end that stand.
    pub temporary: Vec<TemporaryDocument>,
    /// Accounts that are not active.
    pub skipped_accounts: Vec<SkippedAccountDocument>,
    /// Rows of others on external permission sets.
    pub unmanaged: Vec<UnmanagedDocument>,
    /// Permission sets in which users, and groups that are gone, were not looked for where a group has access too.
    pub read_by_principal: Vec<String>,
    /// How the files differ from those of a base; absent without `--base`. Outside the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseDocument>,
    /// Warnings.
    pub findings: Vec<FindingDocument>,
    /// Guards that stop the plan.
    pub guard_violations: Vec<ViolationDocument>,
}

/// How many changes of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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
    /// Permission sets to carry to accounts that hold an older version.
    pub provision: usize,
    /// Permission sets to give up, with their rows.
    pub release: usize,
    /// Permission sets to delete.
    pub delete: usize,
    /// 1 where attributes for access control are to be set.
    #[serde(default)]
    pub set_attributes: usize,
}

/// One change. Fields that do not concern its kind are absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangeDocument {
    /// `assign`, `revoke`, `create`, `adopt`, `update`, `provision`, `release`, `delete` or `set-attributes`.
    pub action: String,
    /// `account-assignment`, `permission-set` or `access-control-attributes`.
    pub kind: String,
    /// The permission set's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission_set: Option<String>,
    /// The account's 12-digit id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The account's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// `GROUP` or `USER`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_type: Option<String>,
    /// The principal's id in the Identity Store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
    /// The group's display name or the user's name; absent for a principal that no longer exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_name: Option<String>,
    /// How the files call the group; absent where they do not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_label: Option<String>,
    /// The whole before; `null` where there is none.
    pub before: Value,
    /// The whole after; `null` where there is none.
    pub after: Value,
    /// The accounts to which a permission set is carried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provisions: Vec<String>,
    /// Of a group that is unassigned in Entra ID: its account assignments, which AWS drops with it. Their `action` is
    /// `lose`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<RowDocument>,
    /// `declared`, `undeclared`, `expired`, `orphan`, `permission-set-dropped`, `renamed`, `adopted`, `released` or
    /// `outdated`.
    pub reason: String,
    /// The permission set that takes the place of this one, where the reason is `renamed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_to: Option<String>,
    /// The last day of an assignment with an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The text of `reason` in the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The file that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The file of the template, where a template made it; `file` is then that of the `use`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_file: Option<String>,
    /// The line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_line: Option<u32>,
}

/// A change that is left alone for now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockedDocument {
    /// What would have been done; its `before` and `after` are `null` for a permission set.
    pub change: RowDocument,
    /// Why it is not.
    pub cause: String,
}

/// A row or a permission set, without before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RowDocument {
    /// As in a change.
    pub action: String,
    /// As in a change.
    pub permission_set: String,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_name: Option<String>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_label: Option<String>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_file: Option<String>,
    /// As in a change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_line: Option<u32>,
}

/// A possible rebind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RebindDocument {
    /// The grant that is withheld.
    pub grant: RowDocument,
    /// The rows of groups that are gone.
    pub orphans: Vec<RowDocument>,
    /// Whether those rows are the stack's, and wait with the grant; on an external permission set they are others'.
    pub orphans_are_ours: bool,
}

/// A live row that no `assign` wants and that stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeptDocument {
    /// The row; its `action` is `keep`, and its place that of the `keep` or `adopt`.
    pub row: RowDocument,
    /// `keep` or `adopt`.
    pub by: String,
    /// The last day of the `keep`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The text of its `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The last day of the `assign` that wanted the row, where that has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

/// A guard that stops the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ViolationDocument {
    /// The code that `rolecall explain` knows.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// The rows that the guard stops; none where their number alone does. Their `action` is `stop`.
    pub rows: Vec<RowDocument>,
    /// Its file; absent for a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// An assignment with an end that stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemporaryDocument {
    /// Its last day, `YYYY-MM-DD`, inclusive, UTC.
    pub until: String,
    /// Days left after the plan's day.
    pub days_left: i32,
    /// How many rows it makes.
    pub rows: usize,
    /// Whom it names.
    pub principals: Vec<String>,
    /// Which permission sets.
    pub permission_sets: Vec<String>,
    /// The text of `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Its file.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// The file of the template that made it; `file` is then that of the `use`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_file: Option<String>,
    /// The line in that file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_line: Option<u32>,
}

/// An account that is skipped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SkippedAccountDocument {
    /// Its id.
    pub account_id: String,
    /// Its name.
    pub account_name: String,
    /// Its state, as Organizations spells it.
    pub state: String,
    /// How many live rows of ours stay on it.
    pub rows: usize,
}

/// Rows of others on an external permission set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnmanagedDocument {
    /// The set.
    pub permission_set: String,
    /// How many rows.
    pub rows: usize,
}

/// A warning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindingDocument {
    /// The code that `rolecall explain` knows.
    pub code: String,
    /// `error` or `warning`.
    pub severity: String,
    /// One sentence.
    pub message: String,
    /// The way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl PlanDocument {
    /// The value of `format`.
    pub const FORMAT: &'static str = "rolecall-plan";
    /// The version that this program reads and writes.
    pub const VERSION: u32 = 1;
}
