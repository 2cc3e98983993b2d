//! The foundation of the end-to-end tests: the built binary, a Python environment with pinned packages, and servers
//! that stop with their test. The tests are in `tests/`.
//!
//! No test is ever skipped: a missing requirement is a failure that names it.

pub mod binary;
pub mod python;
pub mod run;
pub mod server;
pub mod source;

use std::path::Path;

/// Returns the directory of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests' package lies in the workspace's directory")
}

/// Runs `work` while no other process holds the same lock file.
fn alone<T>(lock_file: &Path, work: impl FnOnce() -> T) -> T {
    let parent = lock_file.parent().expect("a lock file lies in a directory");
    std::fs::create_dir_all(parent)
        .unwrap_or_else(|error| panic!("cannot make the directory {}: {error}", parent.display()));
    let lock = std::fs::File::create(lock_file)
        .unwrap_or_else(|error| panic!("cannot make the lock file {}: {error}", lock_file.display()));
    lock.lock().unwrap_or_else(|error| panic!("cannot take the lock {}: {error}", lock_file.display()));
    work()
}
