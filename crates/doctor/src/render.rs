//! Renders a diagnosis as text and as JSON.

use rolecall_model::{Diagnostic, Severity, Sources};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use rolecall_model::escape::for_terminal;
use rolecall_planner::render::in_json;

use crate::{Check, Diagnosis, Half, Status, Step};

/// Maximum width of lines, in columns.
const WIDTH: usize = 80;
/// Indentation of the text: the width of the status with its gaps.
const INDENT: &str = "        ";

/// Renders as text, at most 80 columns wide where words allow it.
pub fn text(diagnosis: &Diagnosis, sources: &Sources, color: bool) -> String {
    let Diagnosis { checks, unchecked, steps } = diagnosis;
    let mut text = String::new();
    for (half, title) in [(Half::Aws, "AWS"), (Half::Entra, "Entra ID")] {
        let of_half: Vec<&Check> = checks.iter().filter(|check| check.half == half).collect();
        if of_half.is_empty() {
            continue;
        }
        text.push_str(&format!("{title}\n"));
        for check in of_half {
            push_check(&mut text, check, sources, color);
        }
        text.push('\n');
    }
    if !unchecked.is_empty() {
        text.push_str("Not checked\n");
        for what in unchecked {
            push_wrapped(&mut text, "  - ", "    ", what);
        }
        text.push('\n');
    }
    if !steps.is_empty() {
        text.push_str("Manual steps in AWS (AWS has no API for them)\n");
        for (number, Step { what, how }) in steps.iter().enumerate() {
            push_wrapped(&mut text, &format!("  {}. ", number + 1), "     ", what);
            push_wrapped(&mut text, "     ", "     ", how);
        }
        text.push('\n');
    }
    text.push_str(&format!(
        "{} ok, {} with warnings, {} failed.\n",
        diagnosis.count(Status::Ok),
        diagnosis.count(Status::Warn),
        diagnosis.count(Status::Fail)
    ));
    text
}

fn push_check(text: &mut String, check: &Check, sources: &Sources, color: bool) {
    if check.findings.is_empty() {
        push_wrapped(text, &mark(Status::Ok, color), INDENT, &check.holds);
        return;
    }
    for found in &check.findings {
        let place = place(found, sources).map(|(file, line)| format!(" ({file}:{line})")).unwrap_or_default();
        let line = format!("{}: {}{place}", found.code, found.message);
        push_wrapped(text, &mark(weight(found), color), INDENT, &line);
        if let Some(help) = &found.help {
            push_wrapped(text, &format!("{INDENT}-> "), &format!("{INDENT}   "), help);
        }
    }
}

fn weight(found: &Diagnostic) -> Status {
    match found.severity {
        Severity::Error => Status::Fail,
        Severity::Warning => Status::Warn,
    }
}

/// Formats the status, as wide as [`INDENT`].
fn mark(status: Status, color: bool) -> String {
    let word = status.as_str();
    let shade = match status {
        Status::Ok => "32",
        Status::Warn => "33",
        Status::Fail => "31",
    };
    let painted = if color { format!("\u{1b}[{shade}m{word}\u{1b}[0m") } else { word.to_owned() };
    format!("  {painted}{}", " ".repeat(INDENT.len() - 2 - word.len()))
}

/// Wraps at words; a word that is too long gets its own line.
fn push_wrapped(text: &mut String, first: &str, rest: &str, line: &str) {
    text.push_str(first);
    let indent = rest.width();
    let mut column = indent;
    // Names come from the live state and from files.
    for word in for_terminal(line).split(' ') {
        let width = word.width();
        if column > indent && column + 1 + width > WIDTH {
            text.push('\n');
            text.push_str(rest);
            column = indent;
        } else if column > indent {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text.push('\n');
}

fn place(found: &Diagnostic, sources: &Sources) -> Option<(String, u32)> {
    let place = found.primary.as_ref()?.place;
    let file = sources.get(place.file);
    Some((file.name.to_string(), file.line_and_column(place.start).0))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    format: &'static str,
    version: u32,
    ok: usize,
    warnings: usize,
    failures: usize,
    checks: Vec<CheckDocument<'a>>,
    unchecked: &'a [String],
    steps: Vec<StepDocument<'a>>,
}

#[derive(Serialize)]
struct CheckDocument<'a> {
    name: &'static str,
    half: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    holds: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FoundDocument<'a>>,
}

#[derive(Serialize)]
struct FoundDocument<'a> {
    code: &'static str,
    status: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

#[derive(Serialize)]
struct StepDocument<'a> {
    what: &'a str,
    how: &'a str,
}

/// Renders as JSON, with a line break at the end.
pub fn json(diagnosis: &Diagnosis, sources: &Sources) -> String {
    let document = Document {
        format: "rolecall-doctor",
        version: 1,
        ok: diagnosis.count(Status::Ok),
        warnings: diagnosis.count(Status::Warn),
        failures: diagnosis.count(Status::Fail),
        checks: diagnosis.checks.iter().map(|check| check_document(check, sources)).collect(),
        unchecked: &diagnosis.unchecked,
        steps: diagnosis.steps.iter().map(|Step { what, how }| StepDocument { what, how }).collect(),
    };
    // Serializing texts and numbers cannot fail.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    in_json(&text)
}

fn check_document<'a>(check: &'a Check, sources: &Sources) -> CheckDocument<'a> {
    let found = |one: &'a Diagnostic| {
        let (file, line) = place(one, sources).unzip();
        FoundDocument {
            code: one.code.as_str(),
            status: weight(one).as_str(),
            message: &one.message,
            help: one.help.as_deref(),
            file,
            line,
        }
    };
    CheckDocument {
        name: check.name,
        half: match check.half {
            Half::Aws => "aws",
            Half::Entra => "entra",
        },
        status: check.status().as_str(),
        holds: check.findings.is_empty().then_some(check.holds.as_str()),
        findings: check.findings.iter().map(found).collect(),
    }
}
