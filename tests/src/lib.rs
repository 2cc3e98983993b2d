//! What the end-to-end tests stand on: the built binary, a Python with its pinned packages, and servers that end with
//! the test that started them. The tests themselves are in `tests/`.
//!
//! Nothing here is ever skipped: what a test needs and cannot have is a failure that says so.

pub mod binary;
pub mod python;
pub mod run;
pub mod server;
pub mod source;

use std::path::Path;

/// The directory of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests' package lies in the workspace's directory")
}

/// Runs `work` while no other process that asks for the same lock file does.
fn alone<T>(lock_file: &Path, work: impl FnOnce() -> T) -> T {
    let parent = lock_file.parent().expect("a lock file lies in a directory");
    std::fs::create_dir_all(parent)
        .unwrap_or_else(|error| panic!("cannot make the directory {}: {error}", parent.display()));
    let lock = std::fs::File::create(lock_file)
        .unwrap_or_else(|error| panic!("cannot make the lock file {}: {error}", lock_file.display()));
    lock.lock().unwrap_or_else(|error| panic!("cannot take the lock {}: {error}", lock_file.display()));
    work()
}
