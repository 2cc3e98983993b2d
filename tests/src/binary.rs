//! The binary under test.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::workspace;

/// The path of `rolecall`, built from the sources as they are now, once in this process.
///
/// Cargo hands a path to the binaries of a package only to that package's own tests, so it is asked here, as a person
/// would ask it; its own lock keeps several test processes apart.
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
