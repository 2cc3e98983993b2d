//! Projects in temporary directories. Nearly every case begins with one:
//!
//! ```ignore
//! let project = Project::acme();
//! let planned = project.run(&["plan", "--sandbox", "--as-of", TODAY]).exits(0);
//! assert!(planned.stdout.contains("1 to create"), "{planned:#?}");
//! ```

use std::path::{Path, PathBuf};

use rolecall_e2e::run::{Ran, run_rolecall};
use rolecall_e2e::workspace;
use serde_json::Value;
use tempfile::TempDir;

/// The day of plans, so that dates in the configuration mean the same whenever the tests run.
pub(crate) const TODAY: &str = "2026-11-24";

/// The world of a project's sandbox, which commands never write.
pub(crate) const WORLD: &str = "sandbox.json";
/// The state of a project's sandbox after an apply.
pub(crate) const STATE: &str = ".rolecall/sandbox.json";

/// A project in a temporary directory.
pub(crate) struct Project {
    directory: TempDir,
}

impl Project {
    /// Creates a project of these files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let project = Self { directory: tempfile::tempdir().expect("a temporary directory can be made") };
        for (name, text) in files {
            project.write(name, text);
        }
        project
    }

    /// Copies the example company, whose first apply makes every kind of change.
    pub(crate) fn acme() -> Self {
        Self::copy_of("examples/acme")
    }

    /// Copies the smallest example.
    pub(crate) fn minimal() -> Self {
        Self::copy_of("examples/minimal")
    }

    /// Copies a directory of the workspace, with its sandbox's world but without a state.
    pub(crate) fn copy_of(directory: &str) -> Self {
        let project = Self::of(&[]);
        copy(&workspace().join(directory), project.path());
        project
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().expect("a file lies in a directory"))
            .expect("a directory can be made");
        std::fs::write(path, text).expect("a file of the project can be written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).expect("a file of the project can be read")
    }

    /// Returns the state of the project's sandbox: that of the last apply, or else the world.
    pub(crate) fn sandbox(&self) -> Value {
        self.sandbox_in(".")
    }

    /// Returns the same for the project in a subdirectory.
    pub(crate) fn sandbox_in(&self, directory: &str) -> Value {
        let json = |name: &str| -> Value {
            let text = self.read(&format!("{directory}/{name}"));
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        if self.file(directory).join(STATE).exists() { json(STATE)["state"].take() } else { json(WORLD) }
    }

    /// Replaces the only occurrence of `before` in a file.
    pub(crate) fn edit(&self, name: &str, before: &str, after: &str) {
        let text = self.read(name);
        assert_eq!(text.matches(before).count(), 1, "{before:?} in {name}");
        self.write(name, &text.replace(before, after));
    }

    /// Runs `rolecall` in the project's directory.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run_rolecall(self.path(), None, arguments)
    }

    /// Runs `rolecall` in the project's directory with an AWS endpoint.
    pub(crate) fn run_at(&self, endpoint: &str, arguments: &[&str]) -> Ran {
        run_rolecall(self.path(), Some(endpoint), arguments)
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a directory can be listed") {
        let entry = entry.expect("a directory can be listed");
        // Hidden files belong to whoever uses the checkout, such as the state of a demo's sandbox.
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type().expect("an entry has a type").is_dir() {
            std::fs::create_dir_all(&target).expect("a directory can be made");
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
