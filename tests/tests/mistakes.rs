//! Errors in the configuration: one run reports all of them, and each has a page.

use std::collections::BTreeSet;

use crate::project::Project;

/// The twenty errors in `fixtures/mistakes`: the code, and the file and line of each.
const MISTAKES: [(&str, &str); 20] = [
    ("RC0005", "rolecall.kdl:5"),
    ("RC0006", "rolecall.kdl:6"),
    ("RC0008", "teams/payments.kdl:1"),
    ("RC0101", "declarations.kdl:5"),
    ("RC0102", "rolecall.kdl:3"),
    ("RC0103", "braces.kdl:1"),
    ("RC0105", "access.kdl:6"),
    ("RC0110", "declarations.kdl:6"),
    ("RC0113", "access.kdl:5"),
    ("RC0115", "permission-sets.kdl:6"),
    ("RC0201", "access.kdl:1"),
    ("RC0202", "access.kdl:3"),
    ("RC0203", "access.kdl:2"),
    ("RC0204", "declarations.kdl:3"),
    ("RC0205", "declarations.kdl:8"),
    ("RC0206", "declarations.kdl:4"),
    ("RC0207", "access.kdl:4"),
    ("RC0208", "permission-sets.kdl:2"),
    ("RC0210", "declarations.kdl:12"),
    ("RC0211", "policies/audit.json:1"),
];

#[test]
fn twenty_errors_give_twenty_diagnostics_in_one_run() {
    let project = Project::copy_of("tests/fixtures/mistakes");
    let ran = project.run(&["check"]).exits(1);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    insta::assert_snapshot!("mistakes", said);
    assert_eq!(codes_of(&said), MISTAKES.map(|(code, _)| code.to_owned()));
    for (code, place) in MISTAKES {
        assert!(said.contains(place), "{code} is shown at {place}");
    }
}

/// Returns the codes of diagnostics, sorted. Each is on a line of its own.
fn codes_of(said: &str) -> Vec<String> {
    let is_code = |line: &&str| line.len() == 6 && line.starts_with("RC");
    let mut codes: Vec<String> = said.lines().filter(is_code).map(str::to_owned).collect();
    codes.sort();
    codes
}

#[test]
fn a_plan_of_files_with_errors_shows_them_and_plans_nothing() {
    let project = Project::copy_of("tests/fixtures/mistakes");
    std::fs::copy(rolecall_e2e::workspace().join("examples/acme/sandbox.json"), project.file("sandbox.json"))
        .unwrap();
    for command in [["plan", "--sandbox"].as_slice(), &["apply", "--sandbox", "--auto-approve"]] {
        let before = project.sandbox();
        let ran = project.run(command).exits(1);
        assert!(ran.stderr.contains("RC0201"), "{ran:#?}");
        assert_eq!(project.sandbox(), before);
    }
}

#[test]
fn every_code_has_a_page_and_other_texts_have_none() {
    let project = Project::of(&[]);
    let pages = rolecall_e2e::workspace().join("docs/diagnostics");
    let documented: BTreeSet<String> = std::fs::read_dir(pages)
        .unwrap()
        .filter_map(|entry| {
            entry.unwrap().file_name().to_string_lossy().strip_suffix(".md").map(str::to_owned)
        })
        .filter(|stem| stem.starts_with("RC"))
        .collect();
    for (code, _) in MISTAKES {
        assert!(documented.contains(code), "docs/diagnostics has no page for {code}");
    }
    for code in documented {
        let page = project.run(&["explain", &code]).exits(0).stdout;
        assert!(page.contains(&code) && page.lines().count() > 3, "{code}: {page}");
    }
    let ran = project.run(&["explain", "RC9999"]).exits(1);
    assert!(ran.stderr.contains("RC9999"), "{ran:#?}");
}
