//! What differs from a base, as part of a JSON plan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::RowDocument;
use super::json::{row_document, template_file, template_line};
use crate::base::{BaseComparison, BaseDifference, BasePlace, ComparedRow, Extent, LineDifference};

/// How the files differ from those of another checkout (`--base`). Outside the digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaseDocument {
    /// How much was compared: `whole`, `without-rows` (the base names what the live state does not have) or `nothing`
    /// (the base has no project file, or its files have mistakes).
    pub extent: String,
    /// Why not all of it was compared, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// The rows gained and lost, by line.
    pub lines: Vec<LineDifferenceDocument>,
    /// What else differs: first what loosens, then what changes, last what tightens.
    pub differences: Vec<BaseDifferenceDocument>,
}

/// The rows that one line gains and loses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LineDifferenceDocument {
    /// The line.
    pub place: BasePlaceDocument,
    /// Rows that the files want and the base does not.
    pub gained: Vec<ComparedRowDocument>,
    /// Rows that the base wants and the files do not, and that the plan revokes or that are not live.
    pub lost: Vec<ComparedRowDocument>,
}

/// A row that one of the two wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ComparedRowDocument {
    /// The row; `action` is `assign` for one that is gained, and `revoke` for one that is lost.
    pub row: RowDocument,
    /// Its last day, `YYYY-MM-DD`; of a row that is lost because the files end it in the past, that day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Something other than rows that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaseDifferenceDocument {
    /// `loosens`, `changes` or `tightens`.
    pub effect: String,
    /// `row` (rows that are no longer wanted and stay), `end`, `guard`, `keep`, `lint`, `group`, `permission-set`,
    /// `account-set`, `attribute` or `include`.
    pub subject: String,
    /// What differs, a sentence.
    pub message: String,
    /// The rows whose end differs or that stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowDocument>,
    /// Where it is written.
    pub place: BasePlaceDocument,
}

/// A line of the files, or of the base's where it is gone from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BasePlaceDocument {
    /// Whether it is a line of the base.
    pub in_base: bool,
    /// The file, relative to the directory of its project.
    pub file: String,
    /// The line in that file, from 1.
    pub line: u32,
    /// The file of the template that made it; `file` is then that of the `use`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_file: Option<String>,
    /// The line in that file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_line: Option<u32>,
}

/// The document of a comparison.
pub(super) fn base(comparison: &BaseComparison) -> BaseDocument {
    let BaseComparison { extent, lines, differences } = comparison;
    let (extent, reasons) = match extent {
        Extent::Whole => ("whole", Vec::new()),
        Extent::WithoutRows { reasons } => ("without-rows", reasons.clone()),
        Extent::Absent { .. } => ("nothing", comparison.why_not_compared().into_iter().collect()),
        Extent::Nothing { reasons } => ("nothing", reasons.clone()),
    };
    BaseDocument {
        extent: extent.to_owned(),
        reasons,
        lines: lines.iter().map(line).collect(),
        differences: differences.iter().map(difference).collect(),
    }
}

fn line(line: &LineDifference) -> LineDifferenceDocument {
    let LineDifference { place, gained, lost } = line;
    let rows = |action: &str, rows: &[ComparedRow]| {
        let document = |one: &ComparedRow| ComparedRowDocument {
            row: row_document(action, one.row.assignment.permission_set.as_str(), Some(&one.row), None),
            until: one.until.map(|date| date.to_string()),
        };
        rows.iter().map(document).collect()
    };
    LineDifferenceDocument {
        place: self::place(place),
        gained: rows("assign", gained),
        lost: rows("revoke", lost),
    }
}

fn difference(difference: &BaseDifference) -> BaseDifferenceDocument {
    let BaseDifference { effect, subject, message, rows, place } = difference;
    let row = |row: &crate::plan::Row| {
        row_document("assign", row.assignment.permission_set.as_str(), Some(row), None)
    };
    BaseDifferenceDocument {
        effect: effect.as_str().to_owned(),
        subject: subject.as_str().to_owned(),
        message: message.clone(),
        rows: rows.iter().map(row).collect(),
        place: self::place(place),
    }
}

fn place(place: &BasePlace) -> BasePlaceDocument {
    let BasePlace { in_base, written } = place;
    BasePlaceDocument {
        in_base: *in_base,
        file: written.at.file.clone(),
        line: written.at.line,
        template_file: template_file(written),
        template_line: template_line(written),
    }
}
