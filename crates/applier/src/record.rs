//! The record of an apply: one JSON line for each operation that ended, to answer later what changed, when, and by
//! which request.

use petgraph::graph::NodeIndex;
use rolecall_model::{OperationGraph, PermissionSetName, Principal};
use serde::Serialize;

use crate::outcome::Outcome;
use crate::schedule::SkipCause;

/// A line of the record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    /// The time of writing, as given by the caller.
    at: &'a str,
    /// The API call, as CloudTrail names it.
    operation: &'static str,
    /// Absent if the operation concerns the instance itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    permission_set: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<&'a str>,
    /// The operation as text.
    description: String,
    /// `done`, `failed` or `skipped`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// The error code of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    /// The message of a failure, or the reason for skipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Its place in the configuration, as `file:line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    written: Option<String>,
}

/// Returns the line of one outcome, with a line break at its end. `at` is the current time, and `written` the file
/// and line that asked for the change.
pub fn line(
    graph: &OperationGraph,
    index: NodeIndex,
    outcome: &Outcome,
    at: &str,
    written: Option<String>,
) -> String {
    let operation = &graph.graph()[index].operation;
    let row = operation.assignment();
    let (word, request_id, code, message) = match outcome {
        Outcome::Done { request_id } => ("done", request_id.as_deref(), None, None),
        Outcome::Failed(failure) => (
            "failed",
            failure.request_id.as_deref(),
            Some(failure.code.as_str()),
            Some(failure.message.clone()),
        ),
        Outcome::Skipped(SkipCause::Failed(cause)) => (
            "skipped",
            None,
            None,
            Some(format!("it depends on a failed operation: {}", graph.graph()[*cause].operation)),
        ),
        Outcome::Skipped(SkipCause::Interrupted) => {
            ("skipped", None, None, Some("the run was interrupted".to_owned()))
        }
    };
    let line = Line {
        at,
        operation: operation.api_name(),
        permission_set: operation.permission_set().map(PermissionSetName::as_str),
        account_id: row.map(|row| row.account.to_string()),
        principal_type: row.map(|row| match row.principal {
            Principal::Group(_) | Principal::NewGroup(_) => "GROUP",
            Principal::User(_) => "USER",
        }),
        principal_id: row.map(|row| row.principal.id()),
        description: operation.to_string(),
        outcome: word,
        request_id,
        code,
        message,
        written,
    };
    // Plain data with text keys always serializes.
    let mut text = serde_json::to_string(&line).unwrap_or_default();
    text.push('\n');
    text
}
