//! One JSON object per line, for editors and scripts.

use rolecall_model::{Applicability, Severity};
use serde::Serialize;

use super::{Change, Message, PAGES, Point, Spot};

#[derive(Serialize)]
struct MessageLine<'a> {
    code: Option<&'static str>,
    severity: &'static str,
    title: Option<&'static str>,
    message: &'a str,
    primary: Option<SpotObject<'a>>,
    secondary: Vec<SpotObject<'a>>,
    help: Option<&'a str>,
    suggestion: Option<SuggestionObject<'a>>,
    /// The name of the lint, by which the configuration sets its level.
    lint: Option<&'static str>,
    docs: Option<String>,
}

#[derive(Serialize)]
struct SpotObject<'a> {
    file: &'a str,
    bytes: Bytes,
    start: Position,
    end: Position,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
}

#[derive(Serialize)]
struct Bytes {
    start: usize,
    end: usize,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct SuggestionObject<'a> {
    applicability: &'static str,
    #[serde(flatten)]
    spot: SpotObject<'a>,
    replacement: &'a str,
}

pub(super) fn render(messages: &[Message]) -> String {
    let line = |message: &Message| {
        let text = serde_json::to_string(&object(message)).expect("texts and numbers are always JSON");
        text + "\n"
    };
    messages.iter().map(line).collect()
}

fn object(message: &Message) -> MessageLine<'_> {
    let Message { code, severity, text, primary, secondary, help, change } = message;
    MessageLine {
        code: code.map(|code| code.as_str()),
        severity: match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        title: code.map(|code| code.title()),
        message: text,
        primary: primary.as_ref().map(spot),
        secondary: secondary.iter().map(spot).collect(),
        help: help.as_deref(),
        suggestion: change.as_ref().map(suggestion),
        lint: code.and_then(|code| code.lint_name()),
        docs: code.map(|code| format!("{PAGES}{code}.md")),
    }
}

fn suggestion(change: &Change) -> SuggestionObject<'_> {
    let Change { spot: at, replacement, applicability } = change;
    SuggestionObject { applicability: applicability_name(*applicability), spot: spot(at), replacement }
}

/// Returns the name of an applicability, here and in SARIF.
pub(super) fn applicability_name(applicability: Applicability) -> &'static str {
    match applicability {
        Applicability::Safe => "safe",
        Applicability::MaybeWrong => "maybe-wrong",
    }
}

fn spot(spot: &Spot) -> SpotObject<'_> {
    let Spot { file, bytes, start, end, label } = spot;
    let position = |point: &Point| Position { line: point.line, column: point.column };
    SpotObject {
        file,
        bytes: Bytes { start: bytes.start, end: bytes.end },
        start: position(start),
        end: position(end),
        label,
    }
}
