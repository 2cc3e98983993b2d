//! The file that holds a sandbox's state.
//!
//! A project can have a world, [`WORLD_FILE`], among its tracked files. Commands never write that file: an apply saves the
//! state in [`STATE_DIRECTORY`], which Git ignores. A file that the user names is read and written in place.

use std::fs;
use std::path::{Path, PathBuf};

use rolecall_model::snapshot::{SnapshotError, SnapshotFile};
use rolecall_model::{Code, Snapshot};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::output;

/// The name of the world in a project's directory.
pub(crate) const WORLD_FILE: &str = "sandbox.json";
/// The directory within a project's for what Rolecall keeps between runs.
const STATE_DIRECTORY: &str = ".rolecall";
/// The name of the state file in that directory.
const STATE_FILE: &str = "sandbox.json";

/// Where a sandbox's state is kept.
#[derive(Debug)]
pub(crate) enum StateFile {
    /// A snapshot file that the user named.
    Named(PathBuf),
    /// The state of a project's sandbox.
    OfProject {
        /// The project's directory.
        directory: PathBuf,
        /// The hash of the world that the state started from.
        world: WorldHash,
    },
}

/// The SHA-256 of a world's file, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WorldHash(String);

impl WorldHash {
    fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// The contents of a project's state file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    world_sha256: WorldHash,
    state: serde_json::Value,
}

impl Document {
    const FORMAT: &'static str = "rolecall-sandbox-state";
    const VERSION: u32 = 1;
}

impl StateFile {
    /// Opens a snapshot file that the user named.
    ///
    /// # Errors
    /// The file cannot be read, or is no snapshot.
    pub(crate) fn open_named(file: &Path) -> Result<(Self, Snapshot), Failure> {
        Ok((Self::Named(file.to_owned()), read_snapshot(file)?))
    }

    /// Opens the state of a project's sandbox. If there is none, or the world has changed since it was saved, the sandbox
    /// starts from the world. Nothing is written until [`save`](Self::save).
    ///
    /// # Errors
    /// The world or the state cannot be used.
    pub(crate) fn open_project(directory: &Path) -> Result<(Self, Snapshot), Failure> {
        let world_file = directory.join(WORLD_FILE);
        let bytes = fs::read(&world_file).map_err(|error| Failure::reading(&world_file, error))?;
        let world = WorldHash::of(&bytes);
        let state_file = state_file(directory);
        let snapshot = match read_document(&state_file, &world_file)? {
            Some(document) if document.world_sha256 == world => {
                snapshot_of_state(document, &state_file, &world_file)?
            }
            Some(_) => {
                // A program that reads standard error expects one document and nothing else.
                if output::stderr_is_for_people() {
                    output::error_line(&format!(
                        "{} has changed since the last apply. The sandbox starts over from it.",
                        world_file.display()
                    ));
                }
                snapshot(&bytes, &world_file)?
            }
            None => snapshot(&bytes, &world_file)?,
        };
        Ok((Self::OfProject { directory: directory.to_owned(), world }, snapshot))
    }

    /// Saves the state atomically.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn save(&self, state: &SnapshotFile) -> Result<(), Failure> {
        let (directory, world) = match self {
            Self::Named(file) => return output::write_file(file, state.to_json().as_bytes()),
            Self::OfProject { directory, world } => (directory, world),
        };
        let file = state_file(directory);
        make_ignored_directory(&directory.join(STATE_DIRECTORY))?;
        let text = to_json(state, world).map_err(|error| Failure::writing(&file, error.into()))?;
        output::write_file(&file, text.as_bytes())
    }
}

/// Reads a snapshot file.
///
/// # Errors
/// It cannot be read, or is no snapshot.
pub(crate) fn read_snapshot(file: &Path) -> Result<Snapshot, Failure> {
    snapshot(&fs::read(file).map_err(|error| Failure::reading(file, error))?, file)
}

fn snapshot(bytes: &[u8], file: &Path) -> Result<Snapshot, Failure> {
    let unusable = |source| Failure::Snapshot { file: file.to_owned(), source };
    SnapshotFile::from_json(bytes).and_then(SnapshotFile::into_snapshot).map_err(unusable)
}

fn state_file(project: &Path) -> PathBuf {
    project.join(STATE_DIRECTORY).join(STATE_FILE)
}

/// Reads a project's state file; `None` where there is none.
fn read_document(file: &Path, world: &Path) -> Result<Option<Document>, Failure> {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::reading(file, error)),
    };
    let document: Document =
        serde_json::from_slice(&bytes).map_err(|error| unusable(file, world, &error.to_string()))?;
    if document.format != Document::FORMAT || document.version != Document::VERSION {
        return Err(unusable(file, world, "another version of Rolecall wrote it"));
    }
    Ok(Some(document))
}

fn snapshot_of_state(document: Document, file: &Path, world: &Path) -> Result<Snapshot, Failure> {
    let state = serde_json::from_value::<SnapshotFile>(document.state).map_err(SnapshotError::from);
    state.and_then(SnapshotFile::into_snapshot).map_err(|error| unusable(file, world, &error.to_string()))
}

/// Returns the error for a state that cannot be read. It may be the only record of an apply, so it is not overwritten.
fn unusable(file: &Path, world: &Path, why: &str) -> Failure {
    Failure::plain(
        Code::SnapshotUnusable,
        format!("the sandbox state {} cannot be used: {why}", file.display()),
        format!("delete it to start over from {}", world.display()),
    )
}

fn to_json(state: &SnapshotFile, world: &WorldHash) -> serde_json::Result<String> {
    let document = Document {
        format: Document::FORMAT.to_owned(),
        version: Document::VERSION,
        world_sha256: world.clone(),
        state: serde_json::to_value(state)?,
    };
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}

/// Creates a directory that Git ignores without an entry in the repository's own `.gitignore`.
fn make_ignored_directory(directory: &Path) -> Result<(), Failure> {
    fs::create_dir_all(directory).map_err(|error| Failure::writing(directory, error))?;
    let ignore = directory.join(".gitignore");
    if ignore.exists() { Ok(()) } else { output::write_file(&ignore, b"*\n") }
}
