//! Pull requests, compared with a checkout of the base branch.

use serde_json::Value;

use crate::project::{Project, TODAY};

/// Returns the example company and an equal checkout of the base branch.
fn head_and_base() -> (Project, Project) {
    (Project::acme(), Project::acme())
}

/// Returns the arguments of a plan that is compared with this base.
fn plan(base: &Project, more: &[&str]) -> Vec<String> {
    let base = base.path().to_str().unwrap();
    let mut arguments = vec!["plan", "--sandbox", "--as-of", TODAY, "--base", base];
    arguments.extend(more);
    arguments.into_iter().map(str::to_owned).collect()
}

fn run(head: &Project, arguments: &[String]) -> rolecall_e2e::run::Ran {
    head.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

fn planned(head: &Project, base: &Project, more: &[&str]) -> String {
    run(head, &plan(base, more)).exits(0).stdout
}

#[test]
fn a_base_shows_what_live_cannot() {
    let (head, base) = head_and_base();
    let digest = |head: &Project| {
        let plan = head.run(&["plan", "--sandbox", "--as-of", TODAY, "--format", "json"]).exits(0).json();
        plan["digest"].clone()
    };
    let before = digest(&head);
    assert!(
        planned(&head, &base, &[]).contains(
            "Compared with the base: no differences in assignments, ends, guards, keeps or declarations."
        ),
        "the same files"
    );

    head.edit("guards.kdl", "max-deletions 25 percent=30", "max-deletions 500 percent=30");
    let shown = planned(&head, &base, &["--format", "markdown"]);
    assert!(
        shown.contains("- **Looser:** max-deletions changes from 25 to 500 \\(guards.kdl:3\\)"),
        "{shown}"
    );
    assert_eq!(before, digest(&head), "nothing that is carried out has changed");

    head.edit("teams/commerce.kdl", "readers \"support\"", "readers \"support\" \"data-analysts\"");
    let document: Value = serde_json::from_str(&planned(&head, &base, &["--format", "json"])).unwrap();
    let [line] = &document["base"]["lines"].as_array().unwrap()[..] else { panic!("{document:#}") };
    let place = (&line["place"]["file"], &line["place"]["line"]);
    assert_eq!(place, (&"teams/commerce.kdl".into(), &1.into()));
    assert!(line["lost"].as_array().unwrap().is_empty(), "{line:#}");
    let gained = line["gained"].as_array().unwrap();
    assert!(
        !gained.is_empty() && gained.iter().all(|one| one["principalLabel"] == "data-analysts"),
        "{line:#}"
    );
}

#[test]
fn a_base_is_compared_with_a_snapshot_offline() {
    let (head, base) = head_and_base();
    let _ = head.run(&["snapshot", "--sandbox", "--out", "live.json"]).exits(0);
    head.edit("guards.kdl", "percent=30", "percent=90");
    let base = base.path().to_str().unwrap();
    let shown =
        head.run(&["plan", "--snapshot", "live.json", "--as-of", TODAY, "--base", base]).exits(0).stdout;
    assert!(shown.contains("the percentage of max-deletions changes from 30 to 90"), "{shown}");
}

#[test]
fn a_broken_base_does_not_stop_its_mending() {
    let (head, base) = head_and_base();
    base.edit("guards.kdl", "max-deletions", "max-deltions");
    let ran = run(&head, &plan(&base, &[])).exits(0);
    assert!(ran.stderr.contains("RC0324"), "{ran:#?}");
    assert!(ran.stdout.contains("Not compared with the base: its files have errors: "), "{ran:#?}");
    assert!(ran.stdout.contains("guards.kdl:3 of the base"), "it says what is broken: {ran:#?}");
    // Without a project in the base, the pull request creates it.
    let empty = Project::of(&[]);
    let ran = run(&head, &plan(&empty, &[])).exits(0);
    assert!(ran.stderr.contains("RC0324"), "{ran:#?}");
    let said = "\nNot compared with the base: it has no `rolecall.kdl`.\n";
    assert!(ran.stdout.contains(said), "{ran:#?}");
    assert!(!ran.stdout.contains("Compared with the base"), "nothing was: {ran:#?}");
    // A path that does not exist is an error in the pipeline, which would hide everything.
    let nowhere = head.run(&["plan", "--sandbox", "--base", "no/such/checkout"]).exits(1);
    assert!(nowhere.stderr.contains("no/such/checkout"), "{nowhere:#?}");
}

#[test]
fn another_stack_is_no_base_and_gives_no_guards() {
    let (head, base) = head_and_base();
    base.edit("rolecall.kdl", "stack=\"acme\"", "stack=\"other\"");
    let path = base.path().to_str().unwrap();
    for option in ["--base", "--guards"] {
        let refused = head.run(&["plan", "--sandbox", option, path]).exits(1);
        assert!(refused.stderr.contains("RC0324") && refused.stderr.contains("`other`"), "{refused:#?}");
    }
}

#[test]
fn a_pull_request_cannot_relax_the_guards_that_judge_it() {
    let (head, base) = head_and_base();
    base.edit("guards.kdl", "max-deletions 25", "max-deletions 3");
    let untouched = head.sandbox();
    let path = base.path().to_str().unwrap();
    let _ = head.run(&["plan", "--sandbox", "--as-of", TODAY]).exits(0);
    let stopped = head.run(&["plan", "--sandbox", "--as-of", TODAY, "--guards", path]).exits(3);
    // The guard is named in its own checkout, since the pull request has other lines.
    let place = format!("{path}/guards.kdl:3");
    assert!(stopped.stdout.contains("max-deletions is 3") && stopped.stdout.contains(&place), "{stopped:#?}");
    let _ = head.run(&["apply", "--sandbox", "--auto-approve", "--guards", path]).exits(3);
    assert_eq!(head.sandbox(), untouched);
    let _ = head.run(&["rehearse", "--sandbox", "--guards", path]).exits(3);
}

#[test]
fn what_a_guard_names_is_looked_up_in_its_own_checkout() {
    let (head, base) = head_and_base();
    let guard = "guard {\n    forbid \"admins stay out\" { to \"payments-oncall\"; on \"sealed\" }";
    base.edit(
        "guards.kdl",
        "guard {",
        &format!("accounts \"sealed\" {{ account \"payments-vault\" }}\n{guard}"),
    );
    // The pull request declares another set with the same name.
    head.edit("guards.kdl", "guard {", "accounts \"sealed\" { account \"build\" }\nguard {");
    let path = base.path().to_str().unwrap();
    let stopped = head.run(&["plan", "--sandbox", "--as-of", TODAY, "--guards", path]).exits(3);
    assert!(stopped.stdout.contains("RC0404") && stopped.stdout.contains("payments-vault"), "{stopped:#?}");
    let shown = planned(&head, &base, &[]);
    assert!(shown.contains("forbid \"admins stay out\" is removed"), "{shown}");
}

#[test]
fn guards_that_cannot_be_read_stop_the_plan() {
    let (head, base) = head_and_base();
    base.edit("guards.kdl", "max-deletions", "max-deltions");
    let path = base.path().to_str().unwrap();
    let refused = head.run(&["plan", "--sandbox", "--guards", path]).exits(1);
    assert!(refused.stderr.contains(path), "the file is the other checkout's: {refused:#?}");
    let arguments = ["plan", "--sandbox", "--guards", path, "--message-format", "json"];
    let told = head.run(&arguments).exits(1).stderr;
    assert!(told.contains(&format!("\"{path}/guards.kdl\"")), "{told}");
}

#[test]
fn a_pull_request_cannot_switch_the_comparison_off() {
    let project = "rolecall language=1 stack=\"small\"\nidentity-center region=\"eu-west-1\"\n";
    let taken_out = r#"
        attributes { attribute "title" source="${path:title}" }
        accounts "tagged" { tag "env" "no-such" empty="allowed" }
        group "readers" display-name="AWSSecurityAuditors"
        external-permission-set "AWSReadOnlyAccess"
        assign "AWSReadOnlyAccess" { to "readers"; on { account "318840562297" } }
    "#;
    let world = Project::acme().read("sandbox.json");
    let head = Project::of(&[("rolecall.kdl", project), ("sandbox.json", &world)]);
    let base = Project::of(&[("rolecall.kdl", &format!("{project}{taken_out}"))]);
    // Account tags and assignments of the external permission set are read only for the base.
    let document: Value = serde_json::from_str(&planned(&head, &base, &["--format", "json"])).unwrap();
    assert_eq!(document["base"]["extent"], "whole", "{:#}", document["base"]);
    assert_eq!(document["changes"].as_array().unwrap().len(), 0);
    let shown = planned(&head, &base, &[]);
    let row = "1 assignment is no longer managed, and its access stays\n      readers (AWSSecurityAuditors)  AWSReadOnlyAccess";
    assert!(shown.contains(row), "{shown}");
    assert!(shown.contains("attributes for access control are no longer managed"), "{shown}");
}
