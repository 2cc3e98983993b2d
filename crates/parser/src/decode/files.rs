//! Files that the project refers to: policies, and the metadata of the service provider.

use rolecall_model::{Code, Diagnostic, Place};

use super::Decoder;
use crate::source::{ReadError, stays_inside};
use crate::{MAX_FILES, MAX_PROJECT_BYTES, nearest};

/// A kind of referenced file.
pub(super) struct NamedFile {
    /// Its name in messages: "policy file".
    pub(super) what: &'static str,
    /// Its maximum size.
    pub(super) most_bytes: u64,
    /// The help for a larger file.
    pub(super) too_large: String,
}

impl Decoder<'_> {
    /// Reads a file that is referenced at `place`, or reports why it cannot be read.
    pub(super) fn text_of(&mut self, path: &str, place: Place, kind: &NamedFile) -> Option<String> {
        let NamedFile { what, most_bytes, too_large } = kind;
        let report =
            |code: Code, message: String, label: String| Diagnostic::error(code, message).at(place, label);
        let read = if stays_inside(path) {
            self.files.read(path, *most_bytes)
        } else {
            Err(ReadError::OutsideProject)
        };
        let found = match read.map(String::from_utf8) {
            Ok(Ok(text)) if self.bytes + text.len() as u64 <= MAX_PROJECT_BYTES => {
                self.bytes += text.len() as u64;
                return Some(text);
            }
            Ok(Ok(_)) => report(
                Code::FileTooLarge,
                format!("the files of the project exceed {MAX_PROJECT_BYTES} bytes in total"),
                "this file exceeds the limit".to_owned(),
            )
            .help("split the project into several stacks"),
            Ok(Err(error)) => {
                let at = error.utf8_error().valid_up_to();
                report(
                    Code::NotUtf8,
                    format!("the {what} `{path}` is not UTF-8"),
                    format!("byte {} of the file is not UTF-8", at + 1),
                )
                .help("save the file as UTF-8")
            }
            Err(ReadError::OutsideProject) => report(
                Code::IncludeOutsideProject,
                format!("the {what} `{path}` is outside the project directory"),
                "this path leaves the project directory".to_owned(),
            )
            .help("move the file into the project directory, and write its path relative to that directory"),
            Err(ReadError::TooLarge { bytes }) => report(
                Code::FileTooLarge,
                format!("the {what} `{path}` has {bytes} bytes; at most {most_bytes} are allowed"),
                "this file is too large".to_owned(),
            )
            .help(too_large.as_str()),
            Err(error) => {
                let message = format!("the {what} `{path}` {error}");
                let found = report(Code::FileUnreadable, message, "this file cannot be read".to_owned());
                match self.near_file(path, &error) {
                    Some(near) => {
                        found.help(format!("did you mean `{near}`?")).suggest(place, format!("\"{near}\""))
                    }
                    None => found.help("paths are relative to the project directory"),
                }
            }
        };
        self.found.push(found);
        None
    }

    /// Returns the file of the project that a missing one was probably meant to be.
    fn near_file(&mut self, path: &str, error: &ReadError) -> Option<&str> {
        let files = self.listing.get_or_insert_with(|| self.files.list().unwrap_or_default()).as_slice();
        // Comparing more names would take long if many files are missing.
        let is_worthwhile = *error == ReadError::NotFound && files.len() <= MAX_FILES;
        is_worthwhile.then(|| nearest::nearest(path, files.iter().map(String::as_str))).flatten()
    }
}
