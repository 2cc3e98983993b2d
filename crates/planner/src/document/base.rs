//! What differs from a base, as part of a JSON plan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change::{AssignmentDocument, PlaceDocument};
use super::words::{EffectWord, ExtentWord, SubjectWord};

/// How the configuration differs from that of another checkout (`--base`). Outside the digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BaseDocument {
    /// How much was compared.
    pub extent: ExtentWord,
    /// The reasons why the comparison is incomplete, one sentence each.
    pub reasons: Vec<String>,
    /// The assignments gained and lost, by line.
    pub lines: Vec<LineDifferenceDocument>,
    /// Other differences: looser ones first, then changed ones, then tighter ones.
    pub differences: Vec<BaseDifferenceDocument>,
}

/// The assignments that one line gains and loses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineDifferenceDocument {
    /// The line.
    pub place: BasePlaceDocument,
    /// Assignments that are in the configuration and not in the base.
    pub gained: Vec<ComparedAssignmentDocument>,
    /// Assignments that are in the base and not in the configuration, and that the plan revokes or that are not live.
    pub lost: Vec<ComparedAssignmentDocument>,
}

/// An assignment that is in only one of the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparedAssignmentDocument {
    /// The assignment.
    #[serde(flatten)]
    pub assignment: AssignmentDocument,
    /// Its last day, `YYYY-MM-DD`; of one that is lost because the configuration ends it in the past, that day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A difference other than gained and lost assignments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BaseDifferenceDocument {
    /// Its effect.
    pub effect: EffectWord,
    /// The kind of its subject.
    pub subject: SubjectWord,
    /// The difference, as a sentence.
    pub message: String,
    /// The assignments whose end differs or that stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignments: Vec<AssignmentDocument>,
    /// Where it is written.
    pub place: BasePlaceDocument,
}

/// A line of the configuration, or of the base if the configuration no longer has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasePlaceDocument {
    /// Whether it is a line of the base.
    pub in_base: bool,
    /// The line.
    #[serde(flatten)]
    pub line: PlaceDocument,
}
