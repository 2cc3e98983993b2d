//! The example company, planned and applied in its own sandbox.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::project::{Project, TODAY};

fn plan(project: &Project, more: &[&str]) -> String {
    let mut arguments = vec!["plan", "--sandbox", "--as-of", TODAY];
    arguments.extend(more);
    project.run(&arguments).exits(0).stdout
}

fn plan_json(project: &Project, more: &[&str]) -> Value {
    let mut all = vec!["--format", "json"];
    all.extend(more);
    serde_json::from_str(&plan(project, &all)).unwrap()
}

#[test]
fn the_first_plan_shows_every_kind_of_change() {
    let project = Project::acme();
    insta::assert_snapshot!("acme_plan", plan(&project, &[]));
    insta::assert_snapshot!("acme_plan_full", plan(&project, &["--detail", "full"]));
    insta::assert_snapshot!("acme_plan_summary", plan(&project, &["--detail", "summary"]));
    insta::assert_snapshot!("acme_plan_markdown", plan(&project, &["--format", "markdown"]));
    insta::assert_snapshot!("acme_plan_json", plan(&project, &["--format", "json"]));
}

#[test]
fn a_plan_changes_nothing_and_is_the_same_byte_for_byte() {
    let project = Project::acme();
    let before = project.sandbox();
    let first = plan(&project, &["--format", "json"]);
    assert_eq!(first, plan(&project, &["--format", "json"]));
    assert_eq!(project.sandbox(), before);
}

#[test]
fn the_readme_shows_what_the_example_prints() {
    let file = rolecall_e2e::workspace().join("README.md");
    let readme = std::fs::read_to_string(&file).unwrap();
    let printed = plan(&Project::acme(), &[]);
    let start = readme.find("Access changes in stack acme").expect("README.md shows a plan");
    let end = start + readme[start..].find("\n```").expect("the plan is in a block");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, format!("{}{}{}", &readme[..start], printed.trim(), &readme[end..])).unwrap();
    } else {
        assert!(readme[start..end] == *printed.trim(), "README.md is stale: run `just update-snapshots`");
    }
}

#[test]
fn an_apply_leaves_nothing_to_do() {
    let project = Project::acme();
    let _ = project.run(&["plan", "--sandbox", "--detailed-exitcode"]).exits(2);
    let _ = project.run(&["apply", "--sandbox", "--auto-approve"]).exits(0);
    let again = project.run(&["plan", "--sandbox", "--detailed-exitcode"]).exits(0);
    assert!(again.stdout.to_lowercase().contains("no changes"), "{again:#?}");
    let applied = project.sandbox();
    let _ = project.run(&["apply", "--sandbox", "--auto-approve"]).exits(0);
    assert_eq!(project.sandbox(), applied);
}

#[test]
fn an_apply_leaves_alone_what_is_blocked_or_not_ours() {
    let project = Project::acme();
    let before = project.sandbox();
    let _ = project.run(&["apply", "--sandbox", "--auto-approve"]).exits(0);
    let after = project.sandbox();

    for name in ["AWSAdministratorAccess", "LakeReader"] {
        assert_eq!(rows(&before, |row| row[0] == name), rows(&after, |row| row[0] == name), "{name}");
        assert_eq!(permission_set(&before, name), permission_set(&after, name));
    }
    assert_eq!(permission_set(&before, "AWSReadOnlyAccess"), permission_set(&after, "AWSReadOnlyAccess"));
    let suspended = account(&before, "payments-legacy");
    assert_eq!(rows(&before, |row| row[1] == suspended), rows(&after, |row| row[1] == suspended));
    let control_tower = group(&before, "AWSControlTowerAdmins");
    assert_eq!(rows(&before, |row| row[3] == control_tower), rows(&after, |row| row[3] == control_tower));

    assert!(permission_set(&after, "LegacyDeploy").is_none());
    let contractors = group(&before, "payments-contractors");
    assert_eq!(rows(&after, |row| row[3] == contractors && row[1] != suspended), [[""; 4]; 0]);
}

fn permission_set<'a>(world: &'a Value, name: &str) -> Option<&'a Value> {
    let found = world["permissionSets"].as_array()?.iter().find(|set| set["name"] == name)?;
    found.get("details")
}

fn account(world: &Value, name: &str) -> String {
    let accounts = world["organization"]["accounts"].as_array().unwrap();
    accounts.iter().find(|account| account["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
}

fn group(world: &Value, name: &str) -> String {
    let groups = world["groups"].as_array().unwrap();
    groups.iter().find(|group| group["displayName"] == name).unwrap()["id"].as_str().unwrap().to_owned()
}

/// Returns the assignments of a world that `wanted` accepts: permission set, account, kind of principal, principal.
fn rows(world: &Value, wanted: impl Fn(&[&str; 4]) -> bool) -> Vec<[&str; 4]> {
    let mut found = Vec::new();
    for pair in world["assignments"].as_array().unwrap() {
        for kind in ["groups", "users"] {
            for principal in pair[kind].as_array().into_iter().flatten() {
                let row =
                    [&pair["permissionSet"], &pair["account"], principal].map(|part| part.as_str().unwrap());
                let row = [row[0], row[1], kind, row[2]];
                if wanted(&row) {
                    found.push(row);
                }
            }
        }
    }
    found
}

#[test]
fn what_was_reviewed_is_applied_and_nothing_else() {
    let project = Project::acme();
    let _ = project.run(&["plan", "--sandbox", "--out", "plan.json"]).exits(0);
    let untouched = project.sandbox();

    // Between the review and the apply, one more assignment is declared.
    project.edit("company.kdl", "    on { account \"network\" }", "    on { account \"network\" \"build\" }");
    let refused = project.run(&["apply", "--sandbox", "--plan", "plan.json"]).exits(1);
    assert!(refused.stderr.contains("RC0601"), "{refused:#?}");
    assert!(
        format!("{}{}", refused.stdout, refused.stderr).contains("build"),
        "it says how they differ: {refused:#?}"
    );
    assert_eq!(project.sandbox(), untouched);

    project.edit("company.kdl", "    on { account \"network\" \"build\" }", "    on { account \"network\" }");
    let _ = project.run(&["apply", "--sandbox", "--plan", "plan.json"]).exits(0);
    let _ = project.run(&["plan", "--sandbox", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_digest_approves_its_own_plan_alone() {
    let project = Project::acme();
    let untouched = project.sandbox();
    let other = "0".repeat(64);
    let refused = project.run(&["apply", "--sandbox", "--approved", &other]).exits(1);
    assert!(refused.stderr.contains("RC0601"), "{refused:#?}");
    assert_eq!(project.sandbox(), untouched);

    let whole = project.run(&["plan", "--sandbox", "--format", "json"]).exits(0).json();
    let digest = whole["digest"].as_str().unwrap();
    let _ = project.run(&["apply", "--sandbox", "--approved", digest]).exits(0);
    let _ = project.run(&["plan", "--sandbox", "--detailed-exitcode"]).exits(0);
}

#[test]
fn nobody_approves_where_there_is_no_terminal() {
    let project = Project::acme();
    let untouched = project.sandbox();
    let refused = project.run(&["apply", "--sandbox"]).exits(1);
    assert!(refused.stderr.contains("RC0603"), "{refused:#?}");
    assert_eq!(project.sandbox(), untouched);
}

#[test]
fn a_guard_stops_an_apply_and_shows_the_whole_plan() {
    let project = Project::acme();
    project.edit("guards.kdl", "max-deletions 25", "max-deletions 3");
    let untouched = project.sandbox();
    let planned = project.run(&["plan", "--sandbox", "--as-of", TODAY]).exits(3);
    let said = format!("{}{}", planned.stdout, planned.stderr);
    assert!(said.contains("RC0401") && said.contains("guards.kdl"), "{planned:#?}");
    assert!(planned.stdout.contains("payments-contractors"), "{planned:#?}");
    let _ = project.run(&["apply", "--sandbox", "--auto-approve"]).exits(3);
    assert_eq!(project.sandbox(), untouched);
}

#[test]
fn the_day_decides_what_has_expired() {
    let project = Project::acme();
    let revokes_of = |day: &str| -> Vec<Value> {
        let planned = project.run(&["plan", "--sandbox", "--format", "json", "--as-of", day]).exits(0).json();
        let changes = planned["changes"].as_array().unwrap().clone();
        changes.into_iter().filter(|change| change["reason"] == "expired").collect()
    };
    // The last day is included.
    assert_eq!(revokes_of("2026-06-30").len(), 0);
    assert_eq!(revokes_of("2026-07-01").len(), 1);
}

#[test]
fn a_snapshot_plans_offline_to_the_same_digest() {
    let project = Project::acme();
    let _ = project.run(&["snapshot", "--sandbox", "--out", "live.json"]).exits(0);
    let offline = project
        .run(&["plan", "--snapshot", "live.json", "--format", "json", "--as-of", TODAY])
        .exits(0)
        .json();
    let observed = plan_json(&project, &[]);
    assert_eq!(offline["digest"], observed["digest"]);
    assert_eq!(offline["changes"], observed["changes"]);
    let refused = project.run(&["apply", "--snapshot", "live.json", "--auto-approve"]);
    assert_ne!(refused.code, Some(0), "a snapshot cannot be applied to: {refused:#?}");
}

#[test]
fn statistics_count_the_calls() {
    let project = Project::acme();
    let _ = plan(&project, &["--stats", "stats.json"]);
    let statistics: Value = serde_json::from_str(&project.read("stats.json")).unwrap();
    assert_eq!(statistics["calls"]["sso-admin:ListInstances"], 1, "{statistics:#}");
    assert!(statistics["calls"]["sso-admin:ListAccountAssignments"].as_u64() > Some(10), "{statistics:#}");
    assert_eq!(statistics["retries"], 0);
    assert_eq!(statistics["throttled"], 0);
    for phase in ["parse", "observe", "plan", "apply"] {
        assert!(statistics["seconds"][phase].is_number() || phase == "apply", "{statistics:#}");
    }
}

#[test]
fn the_documented_permissions_hold_every_call() {
    let page = std::fs::read_to_string(rolecall_e2e::workspace().join("docs/permissions.md")).unwrap();
    let (plan_page, apply_page) = page.split_once("\n## Apply\n").unwrap();
    let (for_plan, for_apply) = (actions_of(plan_page), actions_of(apply_page));

    let project = Project::acme();
    let _ = plan(&project, &["--stats", "plan.json"]);
    let _ = project.run(&["apply", "--sandbox", "--auto-approve", "--stats", "apply.json"]).exits(0);
    for (file, needed_beyond_plan) in [("plan.json", false), ("apply.json", true)] {
        let statistics: Value = serde_json::from_str(&project.read(file)).unwrap();
        for call in statistics["calls"].as_object().unwrap().keys() {
            let action = call.replace("sso-admin:", "sso:");
            let documented =
                for_plan.contains(&action) || (needed_beyond_plan && for_apply.contains(&action));
            assert!(documented || action == "sts:GetCallerIdentity", "docs/permissions.md lacks {action}");
        }
    }
}

#[test]
fn the_documented_permissions_hold_every_read_that_the_code_names() {
    let page = std::fs::read_to_string(rolecall_e2e::workspace().join("docs/permissions.md")).unwrap();
    let documented = actions_of(&page);
    let mut named = BTreeSet::new();
    collect_api_names(&rolecall_e2e::workspace().join("crates/aws/src"), &mut named);
    assert!(named.contains("sso:ListPermissionSets"), "the source is read: {named:?}");
    let missing: Vec<&String> = named.difference(&documented).collect();
    assert_eq!(missing, [&"sts:GetCallerIdentity".to_owned()]);
}

/// Collects the actions of all `Api::service("Operation")` in the sources of a directory. Some of these calls occur
/// only in worlds larger than those of the tests.
fn collect_api_names(directory: &Path, named: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_api_names(&path, named);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for call in text.split("Api::").skip(1) {
            let Some((service, rest)) = call.split_once("(\"") else { continue };
            let service = match service {
                "sso_admin" => "sso",
                "identity_store" => "identitystore",
                "organizations" | "sts" => service,
                _ => continue,
            };
            named.extend(rest.split('"').next().map(|operation| format!("{service}:{operation}")));
        }
    }
}

/// Returns the actions in the JSON blocks of a page.
fn actions_of(page: &str) -> BTreeSet<String> {
    let words = page.split('"').filter(|word| {
        ["sso:", "identitystore:", "organizations:"].iter().any(|prefix| word.starts_with(prefix))
    });
    words.map(str::to_owned).collect()
}

#[test]
fn the_smallest_example_makes_one_set_and_one_row() {
    let project = Project::minimal();
    let _ = project.run(&["check"]).exits(0);
    insta::assert_snapshot!("minimal_plan", plan(&project, &[]));
    let _ = project.run(&["apply", "--sandbox", "--auto-approve"]).exits(0);
    let _ = project.run(&["plan", "--sandbox", "--detailed-exitcode"]).exits(0);
}

#[test]
fn the_examples_have_no_errors() {
    let _ = Project::minimal().run(&["check"]).exits(0);
    let ran = Project::acme().run(&["check"]).exits(0);
    // The only lint finding is a contractor who is assigned directly.
    let codes: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("RC")).collect();
    assert_eq!(codes, ["RC0314"]);
}
