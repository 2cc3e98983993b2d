//! The records of an apply, and rehearsals.

use serde_json::Value;

use crate::project::Project;

#[test]
fn a_record_has_a_line_for_each_operation() {
    let project = Project::acme();
    let applied = project.run(&["apply", "--sandbox", "--auto-approve", "--record", "record.jsonl"]).exits(0);
    let lines: Vec<Value> =
        project.read("record.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(applied.stdout.contains(&format!("Applied: {} operations", lines.len())), "{applied:#?}");
    let grants = lines.iter().filter(|line| line["operation"] == "CreateAccountAssignment");
    assert_eq!(grants.count(), 15);
    for line in &lines {
        assert_eq!(line["outcome"], "done", "{line}");
        // Waiting for a group changes nothing. Everything else has an id for CloudTrail or the audit logs of Entra ID.
        let is_wait = line["operation"] == "GetGroupId";
        assert!(is_wait || line["requestId"].is_string(), "it can be asked for: {line}");
        assert!(line["at"].as_str().unwrap().ends_with('Z'), "{line}");
    }
    // A second apply adds nothing and removes nothing.
    let _ = project.run(&["apply", "--sandbox", "--auto-approve", "--record", "record.jsonl"]).exits(0);
    assert_eq!(project.read("record.jsonl").lines().count(), lines.len());
}

#[test]
fn a_change_that_cannot_be_recorded_is_not_made() {
    let project = Project::acme();
    let untouched = project.sandbox();
    let _ = project.run(&["apply", "--sandbox", "--auto-approve", "--record", "no/such/file"]).exits(1);
    assert_eq!(project.sandbox(), untouched);
}

#[test]
fn what_was_done_is_said_though_a_side_file_cannot_be_written() {
    let project = Project::acme();
    let applied = project.run(&["apply", "--sandbox", "--auto-approve", "--stats", "no/such/file"]).exits(1);
    assert!(applied.stdout.contains("Applied:"), "{applied:#?}");
    let _ = project.run(&["plan", "--sandbox", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_rehearsal_changes_nothing_and_says_how_it_would_go() {
    let project = Project::acme();
    let untouched = project.sandbox();
    let rehearsed = project.run(&["rehearse", "--sandbox", "--out", "after.json"]).exits(0);
    assert!(rehearsed.stdout.contains("0 would fail"), "{rehearsed:#?}");
    assert!(rehearsed.stdout.contains("A plan after the apply would be empty."), "{rehearsed:#?}");
    assert_eq!(project.sandbox(), untouched);
    let _ = project.run(&["plan", "--sandbox", "after.json", "--detailed-exitcode"]).exits(0);

    project.edit("guards.kdl", "max-deletions 25", "max-deletions 3");
    let stopped = project.run(&["rehearse", "--snapshot", "sandbox.json"]).exits(3);
    assert!(stopped.stdout.contains("a guard would stop the apply"), "{stopped:#?}");
}

#[test]
fn a_rehearsal_says_what_would_fail() {
    let project = Project::acme();
    // Other permission sets fill an account up to AWS's limit of 500; one more cannot be provisioned there.
    let mut world: Value = serde_json::from_str(&project.read("sandbox.json")).unwrap();
    let accounts = world["organization"]["accounts"].as_array().unwrap();
    let full = accounts.iter().find(|account| account["name"] == "data-dev").unwrap()["id"].clone();
    let sets = world["permissionSets"].as_array_mut().unwrap();
    let arn = sets[0]["arn"].as_str().unwrap().rsplit_once('/').unwrap().0.to_owned();
    let held = sets
        .iter()
        .filter(|set| set["provisioned"].as_array().is_some_and(|accounts| accounts.contains(&full)));
    for number in held.count()..500 {
        sets.push(serde_json::json!({
            "arn": format!("{arn}/ps-{number:016x}"),
            "name": format!("Other{number}"),
            "provisioned": [full],
        }));
    }
    project.write("full.json", &world.to_string());
    let rehearsed = project.run(&["rehearse", "--sandbox", "full.json"]).exits(1);
    let said = format!("{}{}", rehearsed.stdout, rehearsed.stderr);
    assert!(said.contains("assign data-engineers  DataEngineer  data-dev"), "{rehearsed:#?}");
    assert!(said.contains("teams/data.kdl:"), "it names the line that asks for it: {rehearsed:#?}");
    assert!(said.contains("RC0604"), "{rehearsed:#?}");
}

#[test]
fn reading_fast_leaves_out_what_it_says_and_nothing_else() {
    let project = Project::acme();
    let changes = |read: &str| -> Vec<Value> {
        let planned = project.run(&["plan", "--sandbox", "--read", read, "--format", "json"]).exits(0).json();
        planned["changes"].as_array().unwrap().clone()
    };
    let (thorough, fast) = (changes("thorough"), changes("fast"));
    assert!(fast.iter().all(|change| thorough.contains(change)), "it finds nothing that is not so");
    for missed in thorough.iter().filter(|change| !fast.contains(change)) {
        assert_eq!(missed["action"], "revoke", "{missed}");
        assert!(missed["principalType"] == "USER" || missed["reason"] == "orphan", "{missed}");
    }
    let said = project.run(&["plan", "--sandbox", "--read", "fast"]).exits(0);
    assert!(said.stdout.contains("were not read where another group has access too"), "{said:#?}");
}

#[test]
fn reading_ends_in_time_and_plans_nothing() {
    let project = Project::acme();
    let refused = project.run(&["plan", "--sandbox", "--timeout", "1s"]).exits(1);
    assert!(refused.stderr.contains("RC0505") && refused.stdout.is_empty(), "{refused:#?}");
    let _ = project.run(&["plan", "--sandbox", "--timeout", "10m"]).exits(0);
    let _ = project.run(&["plan", "--sandbox", "--timeout", "soon"]).exits(1);
}
