//! No test is forgotten: a file that `main.rs` does not name is compiled by nobody and fails for nobody.

use std::collections::BTreeSet;

#[test]
fn main_names_every_file_beside_it() {
    let beside = rolecall_e2e::workspace().join("tests/tests");
    let files: BTreeSet<String> = std::fs::read_dir(&beside)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
        .filter(|stem| stem != "main")
        .collect();
    let named: BTreeSet<String> = include_str!("main.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned))
        .collect();
    assert_eq!(files, named);
}

#[test]
fn a_test_runs_every_python_script() {
    let rust: String = ["attributes.rs", "graph.rs", "moto.rs", "foreign_clients.rs", "../src/server.rs"]
        .iter()
        .map(|file| {
            std::fs::read_to_string(rolecall_e2e::workspace().join("tests/tests").join(file)).unwrap()
        })
        .collect();
    for entry in std::fs::read_dir(rolecall_e2e::python::scripts()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(!name.ends_with(".py") || rust.contains(&format!("{name:?}")), "nothing runs {name}");
    }
}
