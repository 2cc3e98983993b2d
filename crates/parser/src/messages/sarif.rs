//! SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), as accepted by GitHub code scanning.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rolecall_model::{Applicability, Code, Severity};
use serde_json::{Map, Value, json};

use super::json::applicability_name;
use super::{Change, Message, PAGES, Point, Spot, fingerprints};
use crate::explain::{explain, summary};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The base of relative paths, by convention the root of the repository.
const ROOT: &str = "%SRCROOT%";

pub(super) fn render(messages: &[Message], project_file: &str) -> String {
    let codes: Vec<Code> =
        messages.iter().filter_map(|message| message.code).collect::<BTreeSet<_>>().into_iter().collect();
    let results: Vec<Value> = messages
        .iter()
        .zip(fingerprints(messages, project_file))
        .map(|(message, fingerprint)| result(message, &codes, &fingerprint, project_file))
        .collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "rolecall",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": codes.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            }},
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

fn rule(code: Code) -> Value {
    let page = explain(code);
    json!({
        "id": code.as_str(),
        "name": format!("{code:?}"),
        "shortDescription": { "text": code.title() },
        "fullDescription": { "text": summary(code) },
        "help": { "text": page, "markdown": page },
        "helpUri": format!("{PAGES}{code}.md"),
    })
}

fn result(message: &Message, codes: &[Code], fingerprint: &str, project_file: &str) -> Value {
    let Message { code, severity, text: _, primary, secondary, help: _, change } = message;
    let mut result = Map::new();
    if let Some(code) = code {
        result.insert("ruleId".to_owned(), code.as_str().into());
        result.insert("ruleIndex".to_owned(), codes.iter().position(|other| other == code).into());
    }
    let level = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    result.insert("level".to_owned(), level.into());
    result.insert("message".to_owned(), json!({ "text": message.whole_text() }));
    let place = match primary {
        Some(spot) => physical(spot),
        // Code scanning shows nothing that has no place.
        None => json!({ "artifactLocation": artifact(project_file), "region": { "startLine": 1 } }),
    };
    result.insert("locations".to_owned(), json!([{ "physicalLocation": place }]));
    if !secondary.is_empty() {
        let related = secondary.iter().enumerate().map(|(nth, spot)| {
            json!({
                "id": nth + 1,
                "physicalLocation": physical(spot),
                "message": { "text": spot.label },
            })
        });
        result.insert("relatedLocations".to_owned(), related.collect());
    }
    result.insert("partialFingerprints".to_owned(), json!({ "rolecall/v1": fingerprint }));
    if let Some(change) = change {
        insert_change(&mut result, change, message);
    }
    result.into()
}

/// Adds a change: as a fix if it is safe, and otherwise as a property, because readers of SARIF apply fixes unasked.
fn insert_change(result: &mut Map<String, Value>, change: &Change, message: &Message) {
    let Change { spot, replacement, applicability } = change;
    match applicability {
        Applicability::Safe => {
            let description = message.help.as_deref().unwrap_or(&message.text);
            let fix = json!({
                "description": { "text": description },
                "artifactChanges": [{
                    "artifactLocation": artifact(&spot.file),
                    "replacements": [{
                        "deletedRegion": region(spot),
                        "insertedContent": { "text": replacement },
                    }],
                }],
            });
            result.insert("fixes".to_owned(), json!([fix]));
        }
        Applicability::MaybeWrong => {
            let suggestion = json!({
                "applicability": applicability_name(*applicability),
                "location": physical(spot),
                "replacement": replacement,
            });
            result.insert("properties".to_owned(), json!({ "suggestion": suggestion }));
        }
    }
}

fn physical(spot: &Spot) -> Value {
    json!({ "artifactLocation": artifact(&spot.file), "region": region(spot) })
}

fn region(spot: &Spot) -> Value {
    let Spot { start, end, .. } = spot;
    let column = |point: &Point| point.utf16;
    json!({
        "startLine": start.line,
        "startColumn": column(start),
        "endLine": end.line,
        "endColumn": column(end),
    })
}

fn artifact(file: &str) -> Value {
    if file.starts_with('/') {
        json!({ "uri": format!("file://{}", uri(file)) })
    } else {
        json!({ "uri": uri(file), "uriBaseId": ROOT })
    }
}

/// Encodes a path as a URI: everything except unreserved characters and `/` is percent-encoded (RFC 3986).
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_as_a_uri() {
        assert_eq!(uri("teams/ä b#1.kdl"), "teams/%C3%A4%20b%231.kdl");
        assert_eq!(artifact("/x/a.kdl"), json!({ "uri": "file:///x/a.kdl" }));
    }
}
