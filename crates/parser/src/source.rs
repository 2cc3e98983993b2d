//! The files of a project: in a directory, or in memory for tests and for a language server.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rolecall_model::{Code, Diagnostic, FileId, Place, Sources};

/// Maximum number of entries that [`DiskFiles::list`] examines.
const MAX_ENTRIES: usize = 200_000;

/// The files of a project. Paths are relative to the project directory, with `/` between their parts.
pub trait ProjectFiles: Sync {
    /// Reads an entire file, unless it is larger than `limit_bytes`.
    ///
    /// # Errors
    /// The file does not exist within the directory, is too large, or cannot be read.
    fn read(&self, path: &str, limit_bytes: u64) -> Result<Vec<u8>, ReadError>;

    /// Returns all files below the directory, sorted. Hidden files and directories are omitted, and symbolic links to
    /// directories are not followed.
    ///
    /// # Errors
    /// The directory cannot be read, or contains too many entries.
    fn list(&self) -> Result<Vec<String>, ReadError>;
}

/// Why a file could not be read. Each reads as the end of a sentence that begins with the name of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The file does not exist.
    #[error("does not exist")]
    NotFound,
    /// The path, or a symbolic link on it, leads out of the project directory.
    #[error("is outside the project directory")]
    OutsideProject,
    /// It is larger than the limit.
    #[error("has {bytes} bytes")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// It is a directory, a pipe or a device.
    #[error("is not a regular file")]
    NotAFile,
    /// The directory contains too many entries.
    #[error("contains more than {limit} files")]
    TooMany {
        /// The maximum.
        limit: usize,
    },
    /// The operating system reported an error.
    #[error("cannot be read: {0}")]
    Io(String),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NotFound,
            _ => Self::Io(error.to_string()),
        }
    }
}

/// Returns whether the text of a relative path keeps it within its directory.
pub(crate) fn stays_inside(path: &str) -> bool {
    let drive_letter = path.as_bytes().get(1) == Some(&b':');
    !path.starts_with('/')
        && !path.contains('\\')
        && !drive_letter
        && path.split('/').all(|part| part != "..")
}

/// The files of a directory.
#[derive(Debug, Clone)]
pub struct DiskFiles {
    dir: PathBuf,
}

impl DiskFiles {
    /// Creates the source for the files below `dir`.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }
}

impl ProjectFiles for DiskFiles {
    fn read(&self, path: &str, limit_bytes: u64) -> Result<Vec<u8>, ReadError> {
        if !stays_inside(path) {
            return Err(ReadError::OutsideProject);
        }
        let root = fs::canonicalize(&self.dir)?;
        let real = fs::canonicalize(self.dir.join(path))?;
        if !real.starts_with(&root) {
            return Err(ReadError::OutsideProject);
        }
        // Asked before opening: opening a pipe would wait for its writer.
        let metadata = fs::metadata(&real)?;
        if !metadata.is_file() {
            return Err(ReadError::NotAFile);
        }
        if metadata.len() > limit_bytes {
            return Err(ReadError::TooLarge { bytes: metadata.len() });
        }
        let mut content = Vec::new();
        fs::File::open(&real)?.take(limit_bytes + 1).read_to_end(&mut content)?;
        // It may have grown since.
        within_limit(content, limit_bytes)
    }

    fn list(&self) -> Result<Vec<String>, ReadError> {
        let mut found = Vec::new();
        let mut pending = vec![String::new()];
        let mut seen = 0;
        while let Some(folder) = pending.pop() {
            for entry in fs::read_dir(self.dir.join(&folder))? {
                seen += 1;
                if seen > MAX_ENTRIES {
                    return Err(ReadError::TooMany { limit: MAX_ENTRIES });
                }
                let entry = entry?;
                // A name that is not Unicode cannot be written in an include either.
                let Ok(name) = entry.file_name().into_string() else { continue };
                if name.starts_with('.') {
                    continue;
                }
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    pending.push(path);
                } else if kind.is_file() || (kind.is_symlink() && is_file(&entry.path())) {
                    found.push(path);
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

/// Returns whether a link leads to a regular file. Whether the target is inside the project is checked when it is read,
/// so that a link out of the project is an error and not silently ignored.
fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

fn within_limit(content: Vec<u8>, limit_bytes: u64) -> Result<Vec<u8>, ReadError> {
    let bytes = content.len() as u64;
    if bytes > limit_bytes { Err(ReadError::TooLarge { bytes }) } else { Ok(content) }
}

/// Adds the text of a file. If it is not UTF-8, adds a diagnostic as well: UTF-16 is decoded, and other text gets
/// replacement characters, so that the place of the first invalid byte can be shown.
pub(crate) fn add_text(sources: &mut Sources, name: &str, bytes: Vec<u8>) -> (FileId, Option<Diagnostic>) {
    if let Some(text) = from_utf16(&bytes) {
        let first_line = 0..text.find(['\n', '\r']).unwrap_or(text.len());
        let file = sources.add(name, text);
        let found = Diagnostic::error(Code::NotUtf8, format!("`{name}` is UTF-16"))
            .at(Place::new(file, first_line), "the file begins with a UTF-16 byte order mark")
            .help("save the file as UTF-8");
        return (file, Some(found));
    }
    let error = match String::from_utf8(bytes) {
        Ok(text) => return (sources.add(name, text), None),
        Err(error) => error,
    };
    let start = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let file = sources.add(name, text);
    let place = Place::new(file, start..start + '\u{FFFD}'.len_utf8());
    let found = Diagnostic::error(Code::NotUtf8, format!("`{name}` is not UTF-8"))
        .at(place, format!("byte {} of the file is not UTF-8", start + 1))
        .help("save the file as UTF-8");
    (file, Some(found))
}

/// Decodes a file with a UTF-16 byte order mark, with replacement characters for invalid units.
fn from_utf16(bytes: &[u8]) -> Option<String> {
    let (is_little, rest) = match bytes {
        [0xFF, 0xFE, rest @ ..] => (true, rest),
        [0xFE, 0xFF, rest @ ..] => (false, rest),
        _ => return None,
    };
    let unit = |pair: [u8; 2]| if is_little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) };
    let units = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    Some(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

/// Files held in memory, by path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryFiles(pub BTreeMap<String, String>);

impl<P: Into<String>, T: Into<String>> FromIterator<(P, T)> for MemoryFiles {
    fn from_iter<I: IntoIterator<Item = (P, T)>>(files: I) -> Self {
        Self(files.into_iter().map(|(path, text)| (path.into(), text.into())).collect())
    }
}

impl ProjectFiles for MemoryFiles {
    fn read(&self, path: &str, limit_bytes: u64) -> Result<Vec<u8>, ReadError> {
        if !stays_inside(path) {
            return Err(ReadError::OutsideProject);
        }
        let text = self.0.get(path).ok_or(ReadError::NotFound)?;
        within_limit(text.as_bytes().to_vec(), limit_bytes)
    }

    fn list(&self) -> Result<Vec<String>, ReadError> {
        Ok(self.0.keys().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_directory_are_told_by_their_text() {
        for inside in ["a.kdl", "teams/a.kdl", "teams/..a.kdl", "./a.kdl"] {
            assert!(stays_inside(inside), "{inside}");
        }
        for outside in ["/etc/passwd", "../a.kdl", "teams/../../a.kdl", "..", "c:/a.kdl", "..\\a.kdl"] {
            assert!(!stays_inside(outside), "{outside}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_lead_out_and_do_not_loop() {
        let root = tempfile::tempdir().unwrap();
        let project = root.path().join("project");
        fs::create_dir_all(project.join("teams")).unwrap();
        fs::write(root.path().join("secret.kdl"), "group \"x\"").unwrap();
        fs::write(project.join("teams/a.kdl"), "group \"a\"").unwrap();
        std::os::unix::fs::symlink("../secret.kdl", project.join("link.kdl")).unwrap();
        std::os::unix::fs::symlink("teams/a.kdl", project.join("inner.kdl")).unwrap();
        std::os::unix::fs::symlink("..", project.join("teams/up")).unwrap();
        let files = DiskFiles::new(project);

        assert_eq!(files.list().unwrap(), ["inner.kdl", "link.kdl", "teams/a.kdl"]);
        assert_eq!(files.read("link.kdl", 100), Err(ReadError::OutsideProject));
        assert_eq!(files.read("inner.kdl", 100).unwrap(), b"group \"a\"");
        assert_eq!(files.read("teams/up/inner.kdl", 100).unwrap(), b"group \"a\"");
        assert_eq!(files.read("teams/a.kdl", 3), Err(ReadError::TooLarge { bytes: 9 }));
        assert_eq!(files.read("teams", 100), Err(ReadError::NotAFile));
        assert_eq!(files.read("teams/b.kdl", 100), Err(ReadError::NotFound));
    }
}
