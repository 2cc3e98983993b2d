//! Diagnostics for programs, and automatic fixes.

use serde_json::Value;

use crate::project::{Project, TODAY};

/// A project in a directory of a repository, with an error with a guess, an error with a safe fix, and a warning with a
/// second place in another file.
fn in_a_repository() -> Project {
    Project::of(&[
        (".git/HEAD", ""),
        ("infra/access/groups.kdl", "group \"devs\"\n"),
        (
            "infra/access/rolecall.kdl",
            "rolecall language=1 stack=\"acme\"\nidentity-center region=\"eu-west-1\"\ninclude \"groups.kdl\"\n\
             permission-set \"Deploy\" { inline-policy file=\"deploy.json\" }\n\
             accounts \"prod\" { ou \"Prod\" }\nassign \"Deploy\" { to \"dev\"; on prod }\n",
        ),
        (
            "infra/access/deploy.json",
            "{ \"Statement\": { \"Effect\": \"Allow\", \"Action\": \"s3:GetObject\", \"Resource\": \"*\" } }\n",
        ),
    ])
}

#[test]
fn check_writes_each_format_to_standard_output_and_nothing_else() {
    let project = in_a_repository();
    for (format, places) in [("json", 3), ("sarif", 5), ("github", 3), ("gitlab", 3)] {
        let ran = project.run(&["check", "infra/access", "--message-format", format]).exits(1);
        assert_eq!(ran.stderr, "", "{format}");
        let named = ran.stdout.matches("infra/access/").count();
        assert!(named >= places, "{format}: {}", ran.stdout);
    }
    let gitlab = project.run(&["check", "infra/access", "--message-format", "gitlab"]).json();
    let codes: Vec<&str> =
        gitlab.as_array().unwrap().iter().map(|issue| issue["check_name"].as_str().unwrap()).collect();
    assert_eq!(codes, ["RC0201", "RC0106", "RC0224"]);
}

#[test]
fn a_server_is_told_paths_in_the_repository_and_an_editor_paths_from_here() {
    let project = in_a_repository();
    let here = project.file("infra");
    let run = |format| {
        rolecall_e2e::run::run_rolecall(&here, None, &["check", "access", "--message-format", format])
            .exits(1)
    };
    assert!(run("github").stdout.starts_with("::error file=infra/access/rolecall.kdl,line=6,"));
    let first: Value = serde_json::from_str(run("json").stdout.lines().next().unwrap()).unwrap();
    assert_eq!(first["primary"]["file"], "access/rolecall.kdl");
}

#[test]
fn what_has_no_place_keeps_to_the_format() {
    let project = Project::of(&[]);
    let ran = project.run(&["check", "nowhere", "--message-format", "gitlab"]).exits(1);
    assert_eq!(ran.json()[0]["check_name"], "RC0001");
    let ran = project.run(&["check", ".", "--message-format", "sarif"]).exits(1);
    assert_eq!(ran.json()["runs"][0]["results"][0]["ruleId"], "RC0001");

    let minimal = Project::minimal();
    assert_eq!(minimal.run(&["check", "--message-format", "gitlab"]).exits(0).stdout, "[]\n");
    let planned = minimal.run(&["plan", "--snapshot", "missing.json", "--message-format", "gitlab"]).exits(1);
    assert_eq!(planned.stdout, "");
    let issues: Value = serde_json::from_str(&planned.stderr).unwrap();
    assert_eq!((issues[0]["check_name"].as_str(), issues.as_array().unwrap().len()), (Some("rolecall"), 1));
}

#[test]
fn a_plan_tells_a_machine_of_guards_and_findings_on_standard_error() {
    let project = Project::acme();
    project.edit("guards.kdl", "max-deletions 25", "max-deletions 3");
    let arguments = ["plan", "--sandbox", "--as-of", TODAY, "--message-format", "github"];
    let ran = project.run(&arguments).exits(3);
    assert!(ran.stdout.contains("payments-contractors"), "{ran:#?}");
    assert!(ran.stderr.lines().all(|line| line.starts_with("::")), "{ran:#?}");
    let guard = ran.stderr.lines().find(|line| line.contains("RC0401")).unwrap();
    assert!(guard.starts_with("::error file=guards.kdl,line="), "{guard}");
}

#[test]
fn fix_makes_what_is_safe_and_tells_the_rest() {
    let project = in_a_repository();
    let before = project.read("infra/access/groups.kdl");
    let ran = project.run(&["check", "infra/access", "--fix"]).exits(1);
    assert!(ran.stdout.contains("fixed rolecall.kdl:6: RC0106: "), "{ran:#?}");
    assert!(ran.stderr.contains("RC0201") && !ran.stderr.contains("RC0106"), "{ran:#?}");
    assert!(project.read("infra/access/rolecall.kdl").ends_with("to \"dev\"; on \"prod\" }\n"));
    assert_eq!(project.read("infra/access/groups.kdl"), before);

    project.edit("infra/access/rolecall.kdl", "\"dev\"", "\"devs\"");
    let ran = project.run(&["check", "infra/access", "--fix", "--message-format", "json"]).exits(0);
    assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (1, ""));
}

#[cfg(unix)]
#[test]
fn fix_writes_through_a_link_within_the_project_and_no_file_twice() {
    let project = in_a_repository();
    let text =
        "rolecall language=1 stack=\"acme\"\nidentity-center region=\"eu-west-1\"\ninclude \"*.kdl\"\n";
    project.write("infra/access/rolecall.kdl", text);
    project.write("infra/access/kept/devs.txt", "group devs\n");
    std::fs::remove_file(project.file("infra/access/groups.kdl")).unwrap();
    let link = |name: &str| {
        std::os::unix::fs::symlink("kept/devs.txt", project.file(&format!("infra/access/{name}"))).unwrap();
    };
    link("a.kdl");
    let _ = project.run(&["check", "infra/access", "--fix"]).exits(0);
    assert_eq!(project.read("infra/access/kept/devs.txt"), "group \"devs\"\n");
    assert!(project.file("infra/access/a.kdl").is_symlink());

    project.write("infra/access/kept/devs.txt", "group devs\n");
    link("b.kdl");
    let ran = project.run(&["check", "infra/access", "--fix"]).exits(1);
    assert!(ran.stderr.contains("two paths lead to the same file"), "{ran:#?}");
    assert_eq!(project.read("infra/access/kept/devs.txt"), "group devs\n");
}

#[test]
fn explain_knows_lints_by_their_names_and_prints_no_markdown() {
    let project = Project::of(&[]);
    for near in ["unused_group", "unused-groups"] {
        let ran = project.run(&["explain", near]).exits(1);
        assert!(ran.stderr.contains("lints have names") && ran.stderr.contains("`unused-group`"), "{ran:#?}");
    }
    let page = project.run(&["explain", "direct-user"]).exits(0).stdout;
    assert!(page.starts_with("RC0314: "), "{page}");
    assert!(!page.contains("```") && !page.contains("<!--"), "{page}");
}
