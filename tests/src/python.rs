//! The Python environment with the pinned packages of `tests/python/requirements.txt`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{alone, workspace};

/// Returns the directory of the Python scripts.
pub fn scripts() -> PathBuf {
    workspace().join("tests/python")
}

/// Returns the interpreter of a virtual environment that contains exactly the pinned packages. It is created in
/// `target/` once for each version of the requirements.
///
/// # Panics
/// There is no `python3` with its `venv` module, or PyPI cannot be reached.
pub fn python() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let environment = environment();
        alone(&environment.with_extension("lock"), || {
            let done = environment.join("done");
            if !done.exists() {
                make(&environment);
                std::fs::write(&done, "")
                    .unwrap_or_else(|error| panic!("cannot write {}: {error}", done.display()));
            }
        });
        environment.join("bin/python")
    })
}

/// Returns the path of the AWS CLI in the same environment.
pub fn aws_cli() -> PathBuf {
    python().with_file_name("aws")
}

fn environment() -> PathBuf {
    let requirements = requirements();
    let text = std::fs::read_to_string(&requirements)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", requirements.display()));
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    workspace().join(format!("target/venv-{:016x}", hasher.finish()))
}

fn requirements() -> PathBuf {
    scripts().join("requirements.txt")
}

fn make(environment: &Path) {
    must(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment),
        "The tests against moto and the aws command line need `python3` with its venv module (on Debian and Ubuntu: \
         apt-get install python3-venv)",
    );
    must(
        Command::new(environment.join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "--requirement",
            ])
            .arg(requirements()),
        "The packages of tests/python/requirements.txt could not be installed; they come from PyPI, or from where \
         pip's own configuration says",
    );
}

fn must(command: &mut Command, otherwise: &str) {
    let output =
        command.output().unwrap_or_else(|error| panic!("{otherwise}. Starting {command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{otherwise}. {command:?} ended with {}:\n{said}", output.status);
}
