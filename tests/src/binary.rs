//! The binary under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::workspace;

/// Returns the path of `rolecall`, which is built from the current sources once per process. Cargo gives the paths of
/// binaries only to tests of the same package, so this runs `cargo build`, whose lock serializes concurrent test
/// processes.
pub fn rolecall() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build)
}

fn build() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "rolecall",
        "--message-format",
        "json-render-diagnostics",
    ]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo
        .current_dir(workspace())
        .stderr(std::process::Stdio::inherit())
        .output()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", env!("CARGO")));
    assert!(output.status.success(), "`cargo build --package rolecall` failed: {}", output.status);
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "rolecall")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("a build of a package with a binary names its executable")
}
