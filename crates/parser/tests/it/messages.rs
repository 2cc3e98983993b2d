//! Diagnostics as other programs read them.

use std::collections::BTreeSet;

use rolecall_model::Code;
use rolecall_parser::messages::{Format, Message, render};
use rolecall_parser::{MemoryFiles, load};
use serde_json::Value;

/// An error with a change that is safe, one with a guess, and a warning whose second place is in another file. An
/// emoji takes two code units of UTF-16, and one column for people.
fn messages() -> Vec<Message> {
    let files: MemoryFiles = [
        (
            "rolecall.kdl",
            "rolecall language=1 stack=\"acme\"\nidentity-center region=\"eu-west-1\"\ninclude \"teams/*.kdl\"\n\
             permission-set \"Deploy\" { inline-policy file=\"policies/de ploy.json\" }\n",
        ),
        (
            "teams/a,b.kdl",
            "group \"devs\"\naccounts \"prod\" { ou \"Prod\" }\n\
             assign \"Deploy\" { /* 🚀 */ to \"dev\"; on prod }\n",
        ),
        (
            "policies/de ploy.json",
            "{ \"Statement\": { \"Effect\": \"Allow\", \"Action\": \"s3:GetObject\", \"Resource\": \"*\" } }\n",
        ),
    ]
    .into_iter()
    .collect();
    let project = load(&files, "rolecall.kdl");
    let mut messages: Vec<Message> = project
        .diagnostics
        .iter()
        .map(|diagnostic| Message::of(diagnostic, &project.sources, "access/"))
        .collect();
    messages.push(Message::failure(Some(Code::ReadFailed), "a read failed", Some("try 100% again\nlater")));
    messages.push(Message::failure(None, "out.json could not be written", None));
    messages
}

fn rendered(format: Format) -> String {
    render(format, &messages(), "access/rolecall.kdl")
}

fn json(format: Format) -> Value {
    serde_json::from_str(&rendered(format)).unwrap()
}

#[test]
fn each_format_is_as_its_snapshot_says() {
    let formats = [
        ("json", Format::Json),
        ("sarif", Format::Sarif),
        ("github", Format::Github),
        ("gitlab", Format::Gitlab),
    ];
    for (name, format) in formats {
        let mut rendered = rendered(format);
        if format == Format::Sarif {
            // The pages have tests of their own.
            let mut document: Value = serde_json::from_str(&rendered).unwrap();
            for rule in document["runs"][0]["tool"]["driver"]["rules"].as_array_mut().unwrap() {
                rule["help"] = Value::from("the page");
            }
            rendered = format!("{document:#}");
        }
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(name, rendered) });
    }
}

#[test]
fn of_nothing_each_format_is_still_whole() {
    assert_eq!(render(Format::Json, &[], "rolecall.kdl"), "");
    assert_eq!(render(Format::Github, &[], "rolecall.kdl"), "");
    assert_eq!(render(Format::Gitlab, &[], "rolecall.kdl"), "[]\n");
    let sarif: Value = serde_json::from_str(&render(Format::Sarif, &[], "rolecall.kdl")).unwrap();
    assert_eq!(sarif["runs"][0]["results"], Value::Array(Vec::new()));
}

/// What SARIF's schema demands of the parts that are used, and what code scanning demands beyond it.
#[test]
fn sarif_is_what_its_schema_and_code_scanning_demand() {
    let document = json(Format::Sarif);
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[text]["text"].as_str().unwrap().is_empty(), "{rule}");
        }
        assert!(rule["helpUri"].as_str().unwrap().starts_with("https://"));
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), messages().len());
    for result in results {
        assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
        assert!(result["message"]["text"].is_string());
        if let Some(index) = result["ruleIndex"].as_u64() {
            assert_eq!(rules[usize::try_from(index).unwrap()]["id"], result["ruleId"]);
        }
        let places = result["locations"].as_array().into_iter().chain(result["relatedLocations"].as_array());
        for place in places.flatten().map(|place| &place["physicalLocation"]) {
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            assert!(uri.starts_with("access/") && !uri.contains([' ', ',']), "{uri}");
            assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        }
    }
    // Only what is safe is a fix: whoever reads SARIF may apply it unasked.
    let with_fix: Vec<&str> = results
        .iter()
        .filter(|one| one.get("fixes").is_some())
        .map(|one| one["ruleId"].as_str().unwrap())
        .collect();
    assert_eq!(with_fix, ["RC0106"]);
}

#[test]
fn columns_count_what_each_format_says_that_they_count() {
    let line = rendered(Format::Json).lines().find(|line| line.contains("RC0201")).unwrap().to_owned();
    let line: Value = serde_json::from_str(&line).unwrap();
    let sarif = json(Format::Sarif);
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|one| one["ruleId"] == "RC0201").unwrap();
    let units = result["locations"][0]["physicalLocation"]["region"]["startColumn"].as_u64().unwrap();
    assert_eq!(line["primary"]["start"]["column"].as_u64().unwrap() + 1, units);
}

#[test]
fn fingerprints_outlive_a_moved_line_and_none_is_given_twice() {
    let issues = json(Format::Gitlab);
    let all: Vec<&str> =
        issues.as_array().unwrap().iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());

    let of = |text: &str| {
        let head = "rolecall language=1 stack=\"acme\"\nidentity-center region=\"eu-west-1\"\n";
        let files: MemoryFiles = [("rolecall.kdl", format!("{head}{text}"))].into_iter().collect();
        let project = load(&files, "rolecall.kdl");
        let messages: Vec<Message> =
            project.diagnostics.iter().map(|found| Message::of(found, &project.sources, "")).collect();
        let issues: Vec<Value> =
            serde_json::from_str(&render(Format::Gitlab, &messages, "rolecall.kdl")).unwrap();
        issues.iter().map(|issue| issue["fingerprint"].clone()).collect::<Vec<_>>()
    };
    let same_twice = of("grup2 \"a\"\ngrup2 \"b\"\n");
    assert_ne!(same_twice[0], same_twice[1]);
    assert_eq!(same_twice, of("\n// moved\n\ngrup2 \"a\"\n\ngrup2 \"b\"\n"));
}
