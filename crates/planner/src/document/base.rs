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
    /// Why not all of it was compared, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// The assignments gained and lost, by line.
    pub lines: Vec<LineDifferenceDocument>,
    /// What else differs: first what loosens, then what changes, last what tightens.
    pub differences: Vec<BaseDifferenceDocument>,
}

/// The assignments that one line gains and loses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineDifferenceDocument {
    /// The line.
    pub place: BasePlaceDocument,
    /// Assignments that the configuration wants and the base does not.
    pub gained: Vec<ComparedAssignmentDocument>,
    /// Assignments that the base wants and the configuration does not, and that the plan revokes or that are not live.
    pub lost: Vec<ComparedAssignmentDocument>,
}

/// An assignment that one of the two wants.
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

/// Something other than wanted assignments that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BaseDifferenceDocument {
    /// Which way it goes.
    pub effect: EffectWord,
    /// What it is about.
    pub subject: SubjectWord,
    /// What differs, a sentence.
    pub message: String,
    /// The assignments whose end differs or that stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignments: Vec<AssignmentDocument>,
    /// Where it is written.
    pub place: BasePlaceDocument,
}

/// A line of the configuration, or of the base's where it is gone from the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BasePlaceDocument {
    /// Whether it is a line of the base.
    pub in_base: bool,
    /// The line.
    #[serde(flatten)]
    pub line: PlaceDocument,
}
