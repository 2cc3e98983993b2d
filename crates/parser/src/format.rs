//! The formatter: a single layout for every file, without changing a value, a comment or the order.
//!
//! `tree` builds a tree of the scan's pieces that keeps every comment, `layout` writes it, and `text` spells the texts.
//! A file with a syntax error is not formatted, because its meaning would be a guess.
//! `docs/formatting.md` describes the rules to users.

mod alignment;
mod layout;
mod text;
mod tree;

use rolecall_model::{Code, Diagnostic, FileId, Place, Sources};

use crate::diagnostics::Diagnostics;
use crate::source::{ProjectFiles, ReadError};
use crate::{MAX_FILE_BYTES, MAX_NODE_BYTES, project, scan, source, syntax};

/// Maximum width of a line if the formatter has a choice, in characters.
pub(crate) const MAX_WIDTH: usize = 120;
/// Indentation of a block, in spaces.
pub(crate) const INDENT: usize = 4;

/// A file before and after formatting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    /// The current text.
    pub before: String,
    /// The formatted text. Formatting it again does not change it.
    pub after: String,
}

impl Formatted {
    /// Returns whether the file is not formatted yet.
    pub fn differs(&self) -> bool {
        self.before != self.after
    }
}

/// Formats the text of a file. Its meaning, its comments and their order stay the same; only white space at the ends of
/// comment lines is removed.
///
/// ```
/// let text = "accounts   \"production\" {\n\tou \"Workloads/Prod\"; // all\n}";
/// let mut sources = rolecall_model::Sources::default();
/// let file = sources.add("accounts.kdl", text);
/// let formatted = rolecall_parser::format(file, text).expect("it has no error");
/// assert_eq!(formatted, "accounts \"production\" {\n    ou \"Workloads/Prod\" // all\n}\n");
/// ```
///
/// # Errors
/// Returns all syntax errors, with their places in `file`. Names and the places of words are not checked. A text that
/// would exceed [`MAX_FILE_BYTES`] or [`MAX_NODE_BYTES`] after indentation is also an error.
pub fn format(file: FileId, text: &str) -> Result<String, Vec<Diagnostic>> {
    let found = syntax_errors(file, text);
    if !found.is_empty() {
        return Err(found);
    }
    // The pieces of a large file need much memory, and are gone before it is written.
    let tree = tree::tree(&scan::pieces(file, text));
    let after = layout::write(&tree);
    if is_too_large(file, &after) { Err(vec![too_large(file, text)]) } else { Ok(after) }
}

/// Returns whether indentation has made a text too large.
fn is_too_large(file: FileId, after: &str) -> bool {
    after.len() > MAX_NODE_BYTES
        && (after.len() as u64 > MAX_FILE_BYTES
            || scan::scan(file, after).nodes.iter().any(|node| node.broken))
}

fn too_large(file: FileId, text: &str) -> Diagnostic {
    let first_line = Place::new(file, 0..text.find(['\n', '\r']).unwrap_or(text.len()));
    let message = "the formatted file would be too large";
    Diagnostic::error(Code::FileTooLarge, message).at(first_line, "this file is left unchanged").help(
        format!("a file may have {MAX_FILE_BYTES} bytes and a node {MAX_NODE_BYTES}; split what is larger"),
    )
}

/// Returns the syntax errors in a text, sorted by place and code.
fn syntax_errors(file: FileId, text: &str) -> Vec<Diagnostic> {
    let mut scanned = scan::scan(file, text);
    let mut diagnostics = Diagnostics::default();
    diagnostics.extend(std::mem::take(&mut scanned.diagnostics));
    for some in scanned.nodes.chunks(project::NODES_AT_ONCE) {
        if diagnostics.is_full() {
            break;
        }
        diagnostics.extend(syntax::parse(file, &scanned, some).diagnostics);
    }
    let more = diagnostics.more();
    let mut found = diagnostics.into_kept();
    found.sort_by_key(|diagnostic| (diagnostic.primary.as_ref().map(|label| label.place), diagnostic.code));
    found.extend(more);
    found
}

/// Formats the bytes of a file, and adds its text to `sources`.
///
/// # Errors
/// They are larger than [`MAX_FILE_BYTES`] or not UTF-8, or the text has syntax errors.
pub fn format_bytes(name: &str, bytes: Vec<u8>, sources: &mut Sources) -> Result<Formatted, Vec<Diagnostic>> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let error = ReadError::TooLarge { bytes: bytes.len() as u64 };
        return Err(vec![project::unreadable(name, &error)]);
    }
    let (file, not_utf8) = source::add_text(sources, name, bytes);
    if let Some(diagnostic) = not_utf8 {
        return Err(vec![diagnostic]);
    }
    let before = sources.get(file).text.to_string();
    let after = format(file, &before)?;
    Ok(Formatted { before, after })
}

/// Formats a file on disk or in memory.
///
/// # Errors
/// It cannot be read, is larger than [`MAX_FILE_BYTES`] or not UTF-8, or has syntax errors.
pub fn format_file(
    files: &dyn ProjectFiles,
    path: &str,
    sources: &mut Sources,
) -> Result<Formatted, Vec<Diagnostic>> {
    match files.read(path, MAX_FILE_BYTES) {
        Ok(bytes) => format_bytes(path, bytes, sources),
        Err(ReadError::OutsideProject) => Err(vec![
            Diagnostic::error(
                Code::IncludeOutsideProject,
                format!("`{path}` is outside the project directory"),
            )
            .help("format the target of the symbolic link directly"),
        ]),
        Err(error) => Err(vec![project::unreadable(path, &error)]),
    }
}
