//! The state of a sandbox, which is never saved in a tracked file unless the user names it.

use rolecall_e2e::run::{Ran, isolated};
use rolecall_e2e::server::Server;

use crate::project::{Project, STATE, WORLD};

const APPLY: [&str; 3] = ["apply", "--sandbox", "--auto-approve"];

/// Runs Git in the project's directory, and returns its output.
fn git(project: &Project, arguments: &[&str]) -> String {
    let mut git = isolated("git", project.path(), None);
    git.current_dir(project.path()).env("GIT_CONFIG_NOSYSTEM", "1");
    git.args(["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]);
    let ran = Ran::from(git.args(arguments).output().expect("the tests need git"));
    ran.exits(0).stdout
}

#[test]
fn an_apply_leaves_the_working_tree_clean() {
    let project = Project::acme();
    for arguments in [["init", "--quiet"].as_slice(), &["add", "."], &["commit", "--quiet", "-m", "Begin"]] {
        let _ = git(&project, arguments);
    }
    let _ = project.run(&APPLY).exits(0);
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
    assert_eq!(project.read(".rolecall/.gitignore"), "*\n");
    let _ = project.run(&["plan", "--sandbox", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_command_that_only_reads_writes_no_state() {
    let project = Project::acme();
    let _ = project.run(&["plan", "--sandbox"]).exits(0);
    let _ = project.run(&["rehearse", "--sandbox"]).exits(0);
    assert!(!project.file(".rolecall").exists());
}

#[test]
fn a_world_that_changed_starts_over_and_says_so() {
    let project = Project::acme();
    let notice = "sandbox.json has changed since the last apply. The sandbox starts over from it.";
    let first = project.run(&APPLY).exits(0);
    assert!(!first.stderr.contains(notice), "{first:#?}");

    // Any change of the file counts, even one more line break.
    project.write(WORLD, &format!("{}\n", project.read(WORLD)));
    let planned = project.run(&["plan", "--sandbox", "--detailed-exitcode"]).exits(2);
    assert!(planned.stderr.contains(notice), "{planned:#?}");
    let for_a_machine = project.run(&["plan", "--sandbox", "--message-format", "json"]).exits(0);
    assert!(!for_a_machine.stderr.contains(notice), "{for_a_machine:#?}");

    let _ = project.run(&APPLY).exits(0);
    let again = project.run(&["plan", "--sandbox", "--detailed-exitcode"]).exits(0);
    assert!(!again.stderr.contains(notice), "{again:#?}");
}

#[test]
fn a_state_that_cannot_be_used_is_not_thrown_away() {
    let project = Project::acme();
    let _ = project.run(&APPLY).exits(0);
    let whole = project.read(STATE);
    for broken in [&whole[..whole.len() / 2], &whole.replace("\"version\": 1", "\"version\": 99"), "{}"] {
        project.write(STATE, broken);
        let refused = project.run(&APPLY).exits(1);
        assert!(refused.stderr.contains("RC0506") && refused.stderr.contains("delete it"), "{refused:#?}");
        assert_eq!(project.read(STATE), broken);
    }
    std::fs::remove_dir_all(project.file(".rolecall")).expect("the state can be deleted");
    let _ = project.run(&["plan", "--sandbox", "--detailed-exitcode"]).exits(2);
}

#[test]
fn a_file_that_is_named_holds_the_state_itself() {
    let project = Project::acme();
    project.write("mine.json", &project.read(WORLD));
    let _ = project.run(&["apply", "--sandbox", "mine.json", "--auto-approve"]).exits(0);
    let plan = |file| ["plan", "--sandbox", file, "--detailed-exitcode"];
    let _ = project.run(&plan("mine.json")).exits(0);
    let _ = project.run(&plan(WORLD)).exits(2);
    assert!(!project.file(".rolecall").exists());
}

#[test]
fn a_served_project_keeps_its_world() {
    let project = Project::acme();
    let world = project.read(WORLD);
    let server = Server::sandbox(project.path(), "1000");
    let _ = project.run_at(&server.endpoint, &["apply", "--auto-approve"]).exits(0);
    server.stop();
    assert_eq!(project.read(WORLD), world);
    let _ = project.run(&["plan", "--sandbox", "--detailed-exitcode"]).exits(0);
}
