//! `rolecall import` from the outside: the files that it writes, and those that it never overwrites.

use std::fs;

use serde_json::{Value, json};

use crate::project::Project;

const SANDBOX: &str = "examples/acme/sandbox.json";

/// A directory that contains only the example company's world.
fn world() -> Project {
    let project = Project::of(&[]);
    fs::copy(rolecall_e2e::workspace().join(SANDBOX), project.file("live.json")).unwrap();
    project
}

#[test]
fn a_generated_company_comes_back_and_plans_to_nothing() {
    let project = Project::of(&[]);
    let numbers = "--accounts 60 --permission-sets 12 --groups 40 --assignments 700 --drift 20 --out made";
    let generate: Vec<&str> = ["sandbox", "generate"].into_iter().chain(numbers.split(' ')).collect();
    let _ = project.run(&generate).exits(0);
    // The only stack that owns something is the default.
    let said = project.run(&["import", "--sandbox", "made/sandbox.json", "--out", "back"]).exits(0).stdout;
    assert!(said.contains("for 700 assignments") && said.contains("The plan will be empty."), "{said}");
    let _ = project.run(&["check", "back"]).exits(0);
    let plan = ["plan", "back", "--sandbox", "made/sandbox.json", "--detailed-exitcode"];
    assert!(project.run(&plan).exits(0).stdout.contains("No changes."));
}

#[test]
fn nothing_is_written_over_and_nothing_is_half_written() {
    let project = world();
    let import = ["import", "--stack", "acme", "--snapshot", "live.json", "--out", "out"];
    project.write("out/groups.kdl", "mine");
    let refused = project.run(&import).exits(1).stderr;
    assert!(refused.contains("RC0803") && refused.contains("groups.kdl"), "{refused}");
    assert_eq!(fs::read_dir(project.file("out")).unwrap().count(), 1);
    assert_eq!(project.read("out/groups.kdl"), "mine");

    fs::remove_file(project.file("out/groups.kdl")).unwrap();
    // A directory cannot be created where a file exists; the files written before are then removed.
    project.write("out/policies", "a file");
    let _ = project.run(&import).exits(1);
    assert_eq!(fs::read_dir(project.file("out")).unwrap().count(), 1);

    fs::remove_file(project.file("out/policies")).unwrap();
    let _ = project.run(&import).exits(0);
    let again = project.run(&import).exits(1).stderr;
    assert!(again.contains("rolecall.kdl") && again.contains("policies/"), "{again}");
}

#[test]
fn the_current_directory_is_taken_only_if_it_is_empty() {
    let project = world();
    let refused = project.run(&["import", "--stack", "acme", "--snapshot", "live.json"]).exits(1).stderr;
    assert!(refused.contains("RC0803") && refused.contains("--out"), "{refused}");
    fs::create_dir_all(project.file("empty/.git")).unwrap();
    let empty = Project::of(&[]);
    let live = project.file("live.json");
    let _ = empty.run(&["import", "--stack", "acme", "--snapshot", live.to_str().unwrap()]).exits(0);
    assert!(empty.file("rolecall.kdl").is_file());
}

#[test]
fn a_stack_must_be_named_where_it_is_not_clear_which() {
    let project = world();
    let asked = project.run(&["import", "--snapshot", "live.json", "--out", "out"]).exits(1).stderr;
    assert!(asked.contains("acme, data-lake") && asked.contains("--stack"), "{asked}");
    assert!(!project.file("out").exists());
}

#[test]
fn a_state_that_is_none_stops_before_anything_is_written() {
    let project = world();
    project.write("state.json", "{\"format_version\": \"1.0\"}");
    let with = |source: &'static str| {
        [
            "import",
            "--stack",
            "acme",
            "--snapshot",
            "live.json",
            "--out",
            "out",
            "--from",
            source,
            "state.json",
        ]
    };
    let refused = project.run(&with("terraform")).exits(1).stderr;
    assert!(refused.contains("RC0802") && refused.contains("values.root_module"), "{refused}");
    let unknown = project.run(&with("pulumi")).exits(1).stderr;
    assert!(unknown.contains("--from terraform FILE"), "{unknown}");
    assert!(!project.file("out").exists());
}

#[test]
fn import_explains_the_sandbox_as_it_is_there() {
    let said = Project::of(&[]).run(&["import", "--help"]).exits(0).stdout;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("the project in the current directory") && said.contains("changes neither"),
        "{said}"
    );
    assert!(!said.contains("project's directory") && !said.contains("apply saves it"), "{said}");
}

#[test]
fn what_the_page_says_about_the_state_takes_addresses_with_quotes_whole() {
    let page = fs::read_to_string(rolecall_e2e::workspace().join("docs/import.md")).unwrap();
    let at = page
        .find("terraform state list | grep")
        .expect("the page shows how to take resources out of the state");
    let command = page[at..].split("```").next().unwrap();
    // A stand-in for Terraform that lists such addresses, reads its input, and prints what it would remove.
    let terraform = r#"terraform() {
        case "$2" in
            list) printf '%s\n' 'aws_ssoadmin_account_assignment.this["a b/c"]' 'module.x["y"].aws_ssoadmin_permission_set.p' 'aws_vpc.v' ;;
            rm) cat >/dev/null; printf '%s\n' "$3" ;;
        esac
    }"#;
    let script = format!("{terraform}\n{command}");
    let said = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&said.stdout),
        "aws_ssoadmin_account_assignment.this[\"a b/c\"]\nmodule.x[\"y\"].aws_ssoadmin_permission_set.p\n"
    );
}

#[test]
fn what_is_adopted_stays_when_the_word_is_taken_away() {
    let project = world();
    let mut live: Value = serde_json::from_str(&project.read("live.json")).unwrap();
    for set in live["permissionSets"].as_array_mut().unwrap() {
        if set["tags"]["rolecall:stack"] == "acme" {
            set["tags"].as_object_mut().unwrap().remove("rolecall:stack");
        }
    }
    project.write("live.json", &live.to_string());
    let _ = project.run(&["import", "--stack", "acme", "--snapshot", "live.json", "--out", "out"]).exits(0);
    let before = live["assignments"].clone();
    let _ = project.run(&["apply", "out", "--sandbox", "live.json", "--auto-approve"]).exits(0);
    let after: Value = serde_json::from_str(&project.read("live.json")).unwrap();
    assert_eq!(after["assignments"], before);

    let sets = project.read("out/permission-sets.kdl");
    assert!(sets.contains("\n    adopt\n"), "{sets}");
    project.write("out/permission-sets.kdl", &sets.replace("    adopt\n", ""));
    // Only the assignment of a deleted group is left, about which import warned.
    let plan = project.run(&["plan", "out", "--sandbox", "live.json"]).exits(0).stdout;
    assert!(plan.contains("1 to revoke") && plan.contains("no longer exists"), "{plan}");
}

/// AWS accepts all of this, and none of it is what a person would write.
#[test]
fn what_kdl_cannot_say_is_kept_to_the_byte() {
    let project = world();
    let mut live: Value = serde_json::from_str(&project.read("live.json")).unwrap();
    let deny = |more: Value| {
        let mut statement = json!({ "Effect": "Deny", "Action": "s3:*", "Resource": "*" });
        statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        statement
    };
    let odd = [
        json!({ "Version": "2012-10-17", "Statement": [deny(json!({ "Condition": {} }))] }),
        json!({ "Statement": [deny(json!({}))] }),
        json!({ "Version": "2008-10-17", "Statement": [deny(json!({ "Resource": "arn:aws:s3:::${aws:username}/*" }))] }),
        json!({ "Version": "2012-10-17", "Statement": [deny(json!({ "Action": [] })), deny(json!({}))] }),
    ];
    let sets = live["permissionSets"].as_array_mut().unwrap();
    let owned = sets.iter_mut().filter(|set| set["tags"]["rolecall:stack"] == "acme");
    let mut changed = 0;
    for (set, policy) in owned.zip(&odd) {
        set["tags"].as_object_mut().unwrap().remove("rolecall:stack");
        set["details"]["inlinePolicy"] = policy.clone();
        set["details"]["session"] = "1h5m40s".into();
        changed += 1;
    }
    assert_eq!(changed, odd.len());
    project.write("live.json", &live.to_string());
    let _ = project.run(&["import", "--stack", "acme", "--snapshot", "live.json", "--out", "out"]).exits(0);
    let checked = project.run(&["check", "out"]).exits(0).stderr;
    for code in ["RC0211", "RC0224"] {
        assert!(checked.contains(code), "{checked}");
    }
    let _ = project.run(&["apply", "out", "--sandbox", "live.json", "--auto-approve"]).exits(0);
    let after: Value = serde_json::from_str(&project.read("live.json")).unwrap();
    let details = |world: &Value| -> Vec<String> {
        world["permissionSets"].as_array().unwrap().iter().map(|set| set["details"].to_string()).collect()
    };
    assert_eq!(details(&live), details(&after));
}

#[test]
fn a_set_that_cannot_be_kept_is_left_out_and_stays() {
    let project = world();
    let mut live: Value = serde_json::from_str(&project.read("live.json")).unwrap();
    let sets = live["permissionSets"].as_array_mut().unwrap();
    let set = sets.iter_mut().find(|set| set["tags"]["rolecall:stack"] == "acme").unwrap();
    set["details"]["inlinePolicy"] = json!({ "Statement": [{ "Effect": "Perhaps" }] });
    let name = set["name"].as_str().unwrap().to_owned();
    project.write("live.json", &live.to_string());
    let import = ["import", "--stack", "acme", "--snapshot", "live.json", "--out", "out"];
    let refused = project.run(&import).exits(1).stderr;
    assert!(refused.contains("RC0801") && refused.contains(&name), "{refused}");
    let _ = project.run(&["check", "out"]).exits(0);
    let _ = project.run(&["apply", "out", "--sandbox", "live.json", "--auto-approve"]).exits(0);
    let after: Value = serde_json::from_str(&project.read("live.json")).unwrap();
    assert_eq!(live["assignments"], after["assignments"]);
    let set = |world: &Value| {
        let sets = world["permissionSets"].as_array().unwrap();
        sets.iter().find(|set| set["name"] == *name).unwrap()["details"].clone()
    };
    assert_eq!(set(&live), set(&after));
}
