//! GitLab Code Quality reports (GitLab Docs, "Code Quality report format"): always an array, even if it is empty.

use rolecall_model::Severity;
use serde::Serialize;

use super::{Message, fingerprints};

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

pub(super) fn render(messages: &[Message], project_file: &str) -> String {
    let fingerprints = fingerprints(messages, project_file);
    let issues: Vec<Issue<'_>> = messages
        .iter()
        .zip(fingerprints)
        .map(|(message, fingerprint)| {
            let (path, begin, end) = match &message.primary {
                Some(spot) => (spot.file.as_str(), spot.start.line, spot.end.line),
                None => (project_file, 1, 1),
            };
            Issue {
                description: match message.code {
                    Some(code) => format!("{code}: {}", message.text),
                    None => message.text.clone(),
                },
                check_name: message.code_or_name(),
                fingerprint,
                severity: match message.severity {
                    Severity::Error => "major",
                    Severity::Warning => "minor",
                },
                location: Location { path, lines: Lines { begin, end } },
            }
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&issues).expect("texts and numbers are always JSON");
    text.push('\n');
    text
}
