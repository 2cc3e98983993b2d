//! Each input in `tests/diagnostics/` is named after the code that it shows, and shows no other.

use std::collections::BTreeSet;

use crate::inputs::{files, inputs, name, rendered_one};
use rolecall_model::{Code, Diagnostic};
use rolecall_parser::{MemoryFiles, Project, load};

/// All diagnostics as they are printed.
fn rendered(project: &Project) -> String {
    let one = |found: &Diagnostic| rendered_one(found, &project.sources);
    project.diagnostics.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_mistake_is_shown_as_its_snapshot_says_and_alone() {
    let mut shown = BTreeSet::new();
    let mut others = Vec::new();
    for input in inputs() {
        let name = name(&input);
        let project = load(&files(&input), "rolecall.kdl");
        let codes: BTreeSet<&str> = project.diagnostics.iter().map(|found| found.code.as_str()).collect();
        let rendering = rendered(&project);
        if codes != BTreeSet::from([&name[..6]]) {
            others.push(format!("{name}: {codes:?}"));
        }
        assert_eq!(project.config.is_some(), !project.diagnostics.iter().any(Diagnostic::is_error), "{name}");
        shown.insert(name[..6].to_owned());
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, rendering);
        });
    }
    assert!(others.is_empty(), "{others:#?}");
    // These need files that cannot be kept in a repository; `tests/project.rs` and `tests/hostile.rs` make them.
    let elsewhere = [Code::FileTooLarge, Code::NotUtf8, Code::TooManyDiagnostics];
    let lints = [
        Code::DirectUser,
        Code::LiteralLikeParameter,
        Code::UnusedGroup,
        Code::UnusedAccountSet,
        Code::WildcardStatement,
        Code::ManyPolicies,
    ];
    let of_the_parser = Code::ALL.iter().filter(|code| code.as_str() < "RC0300" || lints.contains(code));
    let missing: Vec<&Code> =
        of_the_parser.filter(|code| !elsewhere.contains(code) && !shown.contains(code.as_str())).collect();
    assert!(missing.is_empty(), "no input shows {missing:?}");
}

#[test]
fn what_a_suggestion_puts_right_is_right() {
    for input in inputs() {
        let before = load(&files(&input), "rolecall.kdl");
        for diagnostic in &before.diagnostics {
            let Some(suggestion) = &diagnostic.suggestion else { continue };
            let file = before.sources.get(suggestion.place.file);
            let mut changed = files(&input);
            let text = changed.0.get_mut(&*file.name).unwrap();
            text.replace_range(suggestion.place.range(), &suggestion.replacement);
            let after = load(&changed, "rolecall.kdl");
            let is_left = after
                .diagnostics
                .iter()
                .any(|found| found.message == diagnostic.message && found.primary == diagnostic.primary);
            assert!(!is_left, "{}: {}", name(&input), diagnostic.message);
        }
    }
}

/// A policy that a program wrote is one line, and the terminal has not room for it.
#[test]
fn of_a_long_line_only_the_part_around_the_mistake_is_shown() {
    let statement = r#"{"Effect":"Allow","Action":["s3:GetObject"],"Resource":"*"}"#;
    let wrong = statement.replace("Allow", "allow");
    let statements = [vec![statement; 20], vec![&wrong], vec![statement; 20]].concat().join(",");
    let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let text = "rolecall language=1 stack=\"acme\"\nidentity-center region=\"eu-west-1\"\n\
                permission-set \"A\" { inline-policy file=\"a.json\" }\n";
    let files: MemoryFiles = [("rolecall.kdl", text), ("a.json", &policy)].into_iter().collect();
    let shown = rendered(&load(&files, "rolecall.kdl"));
    assert!(shown.contains(r#""Effect":"allow""#), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
}
