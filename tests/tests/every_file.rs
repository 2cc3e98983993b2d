//! No test is forgotten: a file that `main.rs` does not name is compiled by nobody and fails for nobody.

use std::collections::BTreeSet;

/// The file that names the others, and where they are, beneath the workspace.
const TESTS: [(&str, &str); 4] = [
    ("tests/tests/main.rs", "tests/tests"),
    ("crates/applier/tests/applier/main.rs", "crates/applier/tests/applier"),
    ("crates/entra/tests/graph/main.rs", "crates/entra/tests/graph"),
    ("crates/aws/src/tests.rs", "crates/aws/src/tests"),
];

#[test]
fn every_test_file_is_named() {
    for (main, beside) in TESTS {
        let files: BTreeSet<String> = std::fs::read_dir(rolecall_e2e::workspace().join(beside))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
            .filter(|stem| stem != "main")
            .collect();
        let named: BTreeSet<String> = std::fs::read_to_string(rolecall_e2e::workspace().join(main))
            .unwrap()
            .lines()
            .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned))
            .collect();
        assert_eq!(files, named, "{main}");
    }
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
