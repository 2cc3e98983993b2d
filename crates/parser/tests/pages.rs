//! The pages that are written from the program, or must keep up with it.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

use std::fs;
use std::path::{Path, PathBuf};

use rolecall_model::Code;
use rolecall_parser::{MemoryFiles, explain, load, reference};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

#[test]
fn the_reference_page_is_what_the_table_says() {
    let path = docs().join("language.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, reference()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == reference(), "run UPDATE_DOCS=1 cargo test -p rolecall-parser --test pages");
}

/// The blocks of KDL in a page.
fn examples(page: &str) -> Vec<&str> {
    page.split("```kdl\n").skip(1).filter_map(|rest| rest.split_once("```").map(|(block, _)| block)).collect()
}

#[test]
fn each_code_has_a_page_with_its_title_an_example_and_a_way_out() {
    for code in Code::ALL {
        let page = explain(*code);
        assert!(
            page.starts_with(&format!("# {code}: {}\n", code.title())),
            "{code} has another title:\n{page}"
        );
        assert!(page.contains("\n## What to do\n"), "{code} says no way out");
        assert!(page.contains("\n```"), "{code} has no example");
        let lines = page.lines().count();
        assert!((10..=40).contains(&lines), "{code} has {lines} lines");
    }
}

#[test]
fn no_page_is_without_a_code() {
    for entry in fs::read_dir(docs().join("diagnostics")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let code = name.strip_suffix(".md").unwrap_or(&name);
        assert!(code.parse::<Code>().is_ok(), "{name} explains no code");
    }
}

/// Pages show the mistake first and then the cure; a cure that is a mistake itself would be worse than none.
#[test]
fn what_a_page_shows_as_right_is_right() {
    // Whether a file is included depends on the files, which a page cannot show.
    for code in Code::ALL.iter().filter(|code| code.as_str() < "RC0300" && **code != Code::UnusedFile) {
        let (_, way_out) = explain(*code).split_once("\n## What to do\n").unwrap();
        for example in examples(way_out) {
            let included =
                ["shared/groups.kdl", "teams/payments/a.kdl", "more/b.kdl", "groups/c.kdl", "old/d.kdl"];
            let included = included.map(|path| (path, ""));
            let files: MemoryFiles = included.into_iter().chain([("rolecall.kdl", example)]).collect();
            let found = load(&files, "rolecall.kdl").diagnostics;
            let again = found.iter().find(|found| found.code == *code);
            assert!(again.is_none(), "{code}: {}", again.unwrap().message);
        }
    }
}
