//! The JSON of plans conforms to the published schema, according to an independent validator.

use std::collections::BTreeMap;

use rolecall_e2e::run::run_script;
use rolecall_e2e::workspace;
use serde_json::{Value, json};

use rolecall_planner::render::json as plan_json;

use crate::case::{HEAD, plan_of, project as load};
use crate::project::{Project, TODAY};
use crate::world::world;

fn schema() -> Value {
    let text = std::fs::read_to_string(workspace().join("docs/plan.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Returns the validator's errors for each of these documents, by name.
fn faults(documents: &BTreeMap<String, Value>) -> BTreeMap<String, Vec<String>> {
    let schema = workspace().join("docs/plan.schema.json");
    let input = serde_json::to_string(documents).unwrap();
    serde_json::from_str(&run_script("validate_json.py", "", &[schema], &input)).unwrap()
}

/// A generated organization with drift, whose configuration has an `entra` node.
fn generated() -> Project {
    let project = Project::of(&[]);
    let sizes = ["--accounts", "40", "--permission-sets", "8", "--groups", "12", "--assignments", "200"];
    let generate = ["sandbox", "generate", "--entra", "--drift", "12", "--out", "."];
    let _ = project.run(&[&generate[..], &sizes[..]].concat()).exits(0);
    let entra = r#"
entra tenant="acme.onmicrosoft.com" {
    application "AWS IAM Identity Center" {
        assign-groups
        provisioning
        require-mfa "AWS needs MFA" strength="phishing-resistant"
    }
}
"#;
    project.write("rolecall.kdl", &format!("{}{entra}", project.read("rolecall.kdl")));
    project
}

fn plan(project: &Project, more: &[&str]) -> Value {
    let arguments = ["plan", "--sandbox", "--as-of", TODAY, "--format", "json"];
    project.run(&[&arguments[..], more].concat()).json()
}

/// Returns one plan of each kind, by name.
fn plans() -> BTreeMap<String, Value> {
    let (acme, minimal, generated) = (Project::acme(), Project::minimal(), generated());
    let mut plans = BTreeMap::from([
        ("acme".to_owned(), plan(&acme, &[])),
        ("acme with itself as base".to_owned(), plan(&acme, &["--base", "."])),
        ("acme read fast".to_owned(), plan(&acme, &["--read", "fast"])),
        ("minimal".to_owned(), plan(&minimal, &[])),
        ("generated".to_owned(), plan(&generated, &[])),
    ]);
    acme.edit("guards.kdl", "max-deletions 25", "max-deletions 3");
    plans.insert("stopped by a guard".to_owned(), plan(&acme, &[]));
    let _ = minimal.run(&["apply", "--sandbox", "--auto-approve"]).exits(0);
    plans.insert("empty".to_owned(), plan(&minimal, &[]));
    plans
}

/// Every case of the planner's tests that can be planned, by file.
fn cases() -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(workspace().join("crates/planner/tests/plan/cases")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (config, live) = text.split_once("\n---\n").unwrap();
        let project = load(&format!("{HEAD}{config}"));
        if let Ok(plan) = plan_of(&project, &world(live)) {
            let text = plan_json::render(&plan, None, &project.sources);
            found.insert(path.display().to_string(), serde_json::from_str(&text).unwrap());
        }
    }
    found
}

/// Returns the plans in the snapshots of all tests, by file.
fn snapshots() -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut directories = vec![workspace().join("crates"), workspace().join("tests/tests")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "snap") {
                let text = std::fs::read_to_string(&path).unwrap();
                let body = text.splitn(3, "---\n").nth(2).unwrap_or_default();
                let document = serde_json::from_str::<Value>(body).unwrap_or_default();
                if document["format"] == "rolecall-plan" {
                    found.insert(path.strip_prefix(workspace()).unwrap().display().to_string(), document);
                }
            }
        }
    }
    found
}

#[test]
fn every_plan_keeps_to_the_schema() {
    let plans = plans();
    let changes = |name: &str| plans[name]["changes"].as_array().unwrap().len();
    assert!(changes("generated") > 12 && changes("empty") == 0, "there is something to look at");
    assert_eq!(faults(&plans), BTreeMap::new());
}

#[test]
fn every_case_of_the_planner_keeps_to_the_schema() {
    let cases = cases();
    assert!(cases.len() > 20, "most cases can be planned");
    assert_eq!(faults(&cases), BTreeMap::new());
}

/// The digest is defined over the document, so a program of anybody's can compute it from a saved plan.
#[test]
fn the_digest_can_be_computed_from_the_document_alone() {
    let mut documents: BTreeMap<String, Value> =
        plans().into_iter().chain(cases()).chain(snapshots()).collect();
    let accepting = ["sso-admin:ListTagsForResource", "ListInstances"]
        .map(|operation| ["--absent-means-empty", operation])
        .concat();
    let accepting = plan(&Project::minimal(), &accepting);
    assert_eq!(
        accepting["absentMeansEmpty"],
        json!(["sso-admin:ListInstances", "sso-admin:ListTagsForResource"])
    );
    assert_ne!(accepting["digest"], plan(&Project::minimal(), &[])["digest"]);
    documents.insert("absent means empty".to_owned(), accepting);
    let stated: BTreeMap<&String, &Value> =
        documents.iter().map(|(name, document)| (name, &document["digest"])).collect();
    let input = serde_json::to_string(&documents).unwrap();
    let computed: BTreeMap<String, Value> =
        serde_json::from_str(&run_script("plan_digest.py", "", &[""; 0], &input)).unwrap();
    assert_eq!(stated, computed.iter().collect());
}

#[test]
fn every_snapshot_of_a_plan_keeps_to_the_schema() {
    let snapshots = snapshots();
    assert!(snapshots.len() >= 3, "{:?}", snapshots.keys());
    assert_eq!(faults(&snapshots), BTreeMap::new());
}

#[test]
fn a_document_that_breaks_the_schema_is_told() {
    let whole = plan(&Project::minimal(), &[]);
    let with = |name: &str, value: Value| {
        let mut broken = whole.clone();
        broken[name] = value;
        broken
    };
    let broken = BTreeMap::from([
        ("of another type".to_owned(), with("changes", json!({}))),
        ("of no known source".to_owned(), with("source", json!("hearsay"))),
    ]);
    let faults = faults(&broken);
    assert!(faults["of another type"][0].starts_with("$.changes: "), "{faults:?}");
    assert!(faults["of no known source"][0].contains("hearsay"), "{faults:?}");
    // Fields may be added within a version, so a program must not refuse one that it does not know.
    let more = BTreeMap::from([("with one field more".to_owned(), with("somethingElse", json!(1)))]);
    assert_eq!(self::faults(&more), BTreeMap::new());
}

/// Returns whether a schema lists the values of a property, directly or by reference.
fn lists_values(root: &Value, property: &Value) -> bool {
    let target = match property["$ref"].as_str() {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap(),
        None => property,
    };
    let is_listed = |one: &Value| one["enum"].is_array() || !one["const"].is_null();
    let alternatives = ["oneOf", "anyOf"].iter().filter_map(|name| target[*name].as_array()).flatten();
    let mut alternatives = alternatives.peekable();
    is_listed(target) || (alternatives.peek().is_some() && alternatives.all(|one| lists_values(root, one)))
}

#[test]
fn the_values_of_a_change_are_listed_and_its_counts_add_up() {
    let schema = schema();
    let change = &schema["$defs"]["ChangeDocument"]["properties"];
    let are_listed = ["action", "kind", "reason"].iter().all(|name| lists_values(&schema, &change[*name]));

    let plan = plan(&Project::acme(), &[]);
    let counted: u64 = plan["counts"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    let adds_up = counted == plan["changes"].as_array().unwrap().len() as u64;
    assert_eq!((are_listed, adds_up), (true, true));
}
