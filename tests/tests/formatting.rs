//! `rolecall fmt`: its output, the files that it leaves alone, and its exit codes.

use std::io::Write as _;
use std::process::Stdio;

use rolecall_e2e::binary::rolecall;
use rolecall_e2e::run::{Ran, isolated};

use crate::project::Project;

const UNTIDY: &str = "group   \"a\"   // one\r\n\r\n\r\ngroup #\"b\"#";
const TIDY: &str = "group \"a\" // one\n\ngroup \"b\"\n";
const BROKEN: &str = "accounts   \"a\" {\n    ou devs\n";
/// Valid syntax with undeclared names.
const UNKNOWN: &str = "assign \"Nothing\" {\n  to \"nobody\"\n}\n";

fn project() -> Project {
    Project::of(&[
        ("rolecall.kdl", TIDY),
        ("teams/untidy.kdl", UNTIDY),
        ("teams/broken.kdl", BROKEN),
        ("teams/unknown.kdl", UNKNOWN),
        ("teams/notes.txt", "group   \"a\""),
        (".hidden/untidy.kdl", UNTIDY),
    ])
}

#[test]
fn files_are_formatted_except_those_with_syntax_errors() {
    let project = project();
    let ran = project.run(&["fmt"]).exits(1);
    assert_eq!(ran.stdout, "teams/unknown.kdl\nteams/untidy.kdl\n");
    assert!(ran.stderr.contains("RC0103") && ran.stderr.contains("teams/broken.kdl:1"), "{ran:#?}");
    assert_eq!(project.read("rolecall.kdl"), TIDY);
    assert_eq!(project.read("teams/untidy.kdl"), TIDY);
    assert_eq!(project.read("teams/broken.kdl"), BROKEN);
    assert_eq!(project.read("teams/unknown.kdl"), UNKNOWN.replace("  to", "    to"));
    assert_eq!(project.read("teams/notes.txt"), "group   \"a\"");
    assert_eq!(project.read(".hidden/untidy.kdl"), UNTIDY);

    std::fs::remove_file(project.file("teams/broken.kdl")).unwrap();
    let again = project.run(&["fmt"]).exits(0);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
}

#[test]
fn check_writes_nothing_and_shows_what_would_change() {
    let project = project();
    std::fs::remove_file(project.file("teams/broken.kdl")).unwrap();
    let ran = project.run(&["fmt", "--check"]).exits(1);
    insta::assert_snapshot!("formatting", ran.stdout);
    assert_eq!(ran.stderr, "");
    assert_eq!(project.read("teams/untidy.kdl"), UNTIDY);

    assert_eq!(project.run(&["fmt"]).exits(0).stdout, "teams/unknown.kdl\nteams/untidy.kdl\n");
    assert_eq!(project.run(&["fmt", "--check"]).exits(0).stdout, "");
}

#[test]
fn one_file_or_directory_can_be_named() {
    let project = project();
    assert_eq!(project.run(&["fmt", "teams/untidy.kdl"]).exits(0).stdout, "teams/untidy.kdl\n");
    assert_eq!(project.read("teams/untidy.kdl"), TIDY);
    assert_eq!(project.read("teams/unknown.kdl"), UNKNOWN);
    assert_eq!(project.run(&["fmt", "teams"]).exits(1).stdout, "teams/unknown.kdl\n");
    assert!(project.run(&["fmt", "nowhere"]).exits(1).stderr.contains("nowhere could not be read"));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let outside = Project::of(&[("shared.kdl", UNTIDY)]);
    let project = Project::of(&[("rolecall.kdl", UNTIDY)]);
    symlink(outside.file("shared.kdl"), project.file("link.kdl")).unwrap();
    symlink(outside.path(), project.file("folder")).unwrap();
    std::fs::set_permissions(project.file("rolecall.kdl"), std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(project.run(&["fmt"]).exits(0).stdout, "rolecall.kdl\n");
    assert_eq!(outside.read("shared.kdl"), UNTIDY);
    assert!(std::fs::symlink_metadata(project.file("link.kdl")).unwrap().is_symlink());
    let mode = std::fs::metadata(project.file("rolecall.kdl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let project = Project::of(&[]);
    assert_eq!(piped(&project, &["fmt", "-"], UNTIDY).exits(0).stdout, TIDY);
    assert_eq!(piped(&project, &["fmt", "-", "--check"], TIDY).exits(0).stdout, "");
    assert!(
        piped(&project, &["fmt", "-", "--check"], UNTIDY).exits(1).stdout.contains("+ group \"a\" // one")
    );
    let ran = piped(&project, &["fmt", "-"], BROKEN).exits(1);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("standard input:1"), "{ran:#?}");
}

fn piped(project: &Project, arguments: &[&str], input: &str) -> Ran {
    let mut command = isolated(rolecall(), project.path(), None);
    command.current_dir(project.path()).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Ran::from(child.wait_with_output().unwrap())
}

#[test]
fn what_the_program_writes_itself_is_formatted() {
    let project = Project::of(&[]);
    let size = ["--accounts", "30", "--permission-sets", "12", "--groups", "20", "--assignments", "300"];
    let arguments: Vec<&str> =
        ["sandbox", "generate", "--out", "made", "--seed", "7"].into_iter().chain(size).collect();
    assert_eq!(project.run(&arguments).code, Some(0));
    let ran = project.run(&["fmt", "--check", "made"]).exits(0);
    assert_eq!(ran.stdout, "");
}
