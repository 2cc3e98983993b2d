//! Attributes for access control, from the configuration to AWS and back: in the embedded sandbox, and over HTTP with
//! boto3 as the witness. moto does not support their calls, so `rolecall sandbox serve` is the server.

use serde_json::{Value, json};

use rolecall_e2e::run::run_script;
use rolecall_e2e::server::Server;

use crate::project::Project;

const ATTRIBUTES: &str = r#"
attributes {
    attribute "costCenter" source="${path:enterprise.costCenter}"
    attribute "title" source="${path:title}"
}
"#;

/// The smallest example, with attributes.
fn project() -> Project {
    let project = Project::minimal();
    project.write("rolecall.kdl", &format!("{}{ATTRIBUTES}", project.read("rolecall.kdl")));
    project
}

fn seen(server: &Server) -> Value {
    serde_json::from_str(&run_script::<&str>("attributes_dump.py", &server.endpoint, &[], "")).unwrap()
}

fn apply(project: &Project, server: &Server) {
    let _ = project.run_at(&server.endpoint, &["plan", "--detailed-exitcode"]).exits(2);
    let _ = project.run_at(&server.endpoint, &["apply", "--auto-approve"]).exits(0);
    let _ = project.run_at(&server.endpoint, &["plan", "--detailed-exitcode"]).exits(0);
}

#[test]
fn they_are_made_changed_and_left_alone_over_http() {
    let project = project();
    let server = Server::sandbox(&project.file("sandbox.json"), "1000");
    assert_eq!(seen(&server), json!({"status": null}));
    apply(&project, &server);
    let made = json!({"costCenter": "${path:enterprise.costCenter}", "title": "${path:title}"});
    assert_eq!(seen(&server), json!({"status": "ENABLED", "attributes": made}));

    project.edit("rolecall.kdl", "    attribute \"title\" source=\"${path:title}\"\n", "");
    project.edit("rolecall.kdl", "${path:enterprise.costCenter}", "${path:enterprise.division}");
    apply(&project, &server);
    let changed = json!({"costCenter": "${path:enterprise.division}"});
    assert_eq!(seen(&server), json!({"status": "ENABLED", "attributes": changed}));

    let text = project.read("rolecall.kdl");
    project.write("rolecall.kdl", &text[..text.find("attributes {").unwrap()]);
    let _ = project.run_at(&server.endpoint, &["plan", "--detailed-exitcode"]).exits(0);
    assert_eq!(seen(&server), json!({"status": "ENABLED", "attributes": changed}));
}

#[test]
fn they_are_in_plans_records_and_snapshots() {
    let project = project();
    let plan = project.run(&["plan", "--sandbox", "--format", "json"]).exits(0).json();
    let change = plan["changes"].as_array().unwrap().last().unwrap();
    assert_eq!(change["action"], "set-attributes", "{change:#}");
    assert_eq!((&change["before"], &change["file"]), (&Value::Null, &json!("rolecall.kdl")));
    assert_eq!(change["after"]["title"], "${path:title}");
    // The sandbox's world does not contain them; a snapshot does.
    let refused = project.run(&["plan", "--snapshot", "sandbox.json"]).exits(1);
    assert!(refused.stderr.contains("RC0506"), "{refused:#?}");
    let _ = project.run(&["snapshot", "--sandbox", "--out", "before.json"]).exits(0);
    let _ = project.run(&["plan", "--snapshot", "before.json", "--detailed-exitcode"]).exits(2);
    let rehearsed = project.run(&["rehearse", "--sandbox"]).exits(0);
    assert!(rehearsed.stdout.contains("A plan after the apply would be empty."), "{rehearsed:#?}");

    let _ = project.run(&["apply", "--sandbox", "--auto-approve", "--record", "record.jsonl"]).exits(0);
    let lines: Vec<Value> =
        project.read("record.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line =
        lines.iter().find(|line| line["operation"] == "CreateInstanceAccessControlAttributeConfiguration");
    let line = line.expect("the call is recorded");
    assert_eq!((line.get("permissionSet"), &line["outcome"]), (None, &json!("done")), "{line}");
    let _ = project.run(&["plan", "--sandbox", "--detailed-exitcode"]).exits(0);
    assert_eq!(project.sandbox()["accessControl"]["on"]["title"], "${path:title}");
}
