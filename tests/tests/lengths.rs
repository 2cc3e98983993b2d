//! No function and no file is too long, unless it gives a reason.

use std::path::{Path, PathBuf};

use rolecall_e2e::source::length::{MAX_FILE_LINES, MAX_FUNCTION_LINES, TooLong, too_long};
use rolecall_e2e::workspace;

/// Files and functions that are still to be split. Remove an entry when it is short enough.
const KNOWN: &[(&str, Option<&str>)] = &[];

/// Returns the Rust files of the workspace.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories: Vec<PathBuf> =
        ["crates", "tests", "fuzz/fuzz_targets"].iter().map(|name| workspace().join(name)).collect();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Returns whether a file contains tests, which may have long functions.
fn is_test(file: &str) -> bool {
    file.split('/').any(|part| ["tests", "tests.rs", "benches"].contains(&part))
        && !file.starts_with("tests/src/")
}

#[test]
fn what_is_long_says_why() {
    let mut faults = String::new();
    let mut known: Vec<_> = KNOWN.to_vec();
    for path in files() {
        let file = path.strip_prefix(workspace()).unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let found = too_long(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        for TooLong { function, line, lines } in found {
            if function.is_some() && is_test(&file) {
                continue;
            }
            let before = known.len();
            known.retain(|one| *one != (file.as_str(), function.as_deref()));
            if known.len() == before {
                let what = function.map_or("the file".to_owned(), |name| format!("`{name}`"));
                faults.push_str(&format!("{file}:{line}: {what} has {lines} lines\n"));
            }
        }
    }
    for (file, function) in known {
        faults.push_str(&format!("{file}: {function:?} is short enough by now: delete it from KNOWN\n"));
    }
    assert!(
        faults.is_empty(),
        "functions have up to {MAX_FUNCTION_LINES} lines and files up to {MAX_FILE_LINES}. Split them, or give the reason \
         as `rolecall_e2e::source::length` says:\n{faults}"
    );
}

fn found(text: &str) -> Vec<(Option<String>, usize, usize)> {
    too_long(text).unwrap().into_iter().map(|one| (one.function, one.line, one.lines)).collect()
}

fn function(heading: &str, lines: usize) -> String {
    format!("{heading}fn long() {{\n{}}}\n", "    call();\n".repeat(lines - 2))
}

#[test]
fn functions_are_measured_from_signature_to_brace() {
    assert_eq!(found(&function("", 70)), []);
    assert_eq!(found(&function("/// Says\n/// much.\n#[inline]\n", 71)), [(Some("long".to_owned()), 4, 71)]);
    let method = format!("impl X {{\n{}}}\n", function("    pub ", 80));
    assert_eq!(found(&method), [(Some("long".to_owned()), 2, 80)]);
}

#[test]
fn a_function_may_give_its_reason() {
    assert_eq!(found(&function("/// Says much.\n// Exceeds 70 lines: one arm each.\n#[inline]\n", 90)), []);
    assert_eq!(found(&function("// Exceeds 70 lines: \n", 90)).len(), 1, "an empty reason is none");
    assert_eq!(
        found(&function("// Exceeds 70 lines: a table.\n\n", 90)).len(),
        1,
        "it stands directly above"
    );
}

#[test]
fn tests_may_be_long() {
    assert_eq!(found(&function("#[test]\n", 90)), []);
    assert_eq!(found(&format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function("", 90))), []);
}

#[test]
fn a_file_may_give_its_reason_before_its_first_item() {
    let text = |heading: &str| format!("//! A file.\n{heading}\n{}", "use a::b;\n".repeat(600));
    assert_eq!(found(&text("")), [(None, 1, 602)]);
    assert_eq!(found(&text("// Exceeds 600 lines: a table.\n")), []);
    let late = format!("{}// Exceeds 600 lines: a table.\n", text(""));
    assert_eq!(found(&late).len(), 1);
    assert!(
        is_test("crates/x/tests/y.rs")
            && !is_test("tests/src/run.rs")
            && !is_test(Path::new("crates/x/src/y.rs").to_str().unwrap())
    );
}
