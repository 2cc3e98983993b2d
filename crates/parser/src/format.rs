//! The formatter: one layout for every file, and not a value, a comment or an order changed.
//!
//! `tree` makes of the scan's pieces a tree that keeps every comment; `layout` writes it out; `text` spells the texts.
//! A file with a mistake in its syntax is not formatted, since what it means can then only be guessed.
//! `docs/formatting.md` tells users the rules.

mod alignment;
mod layout;
mod text;
mod tree;

use rolecall_model::{Code, Diagnostic, FileId, Place, Sources};

use crate::mistakes::Mistakes;
use crate::source::{ProjectFiles, ReadError};
use crate::{MAX_FILE_BYTES, MAX_NODE_BYTES, project, scan, source, syntax};

/// How wide a line becomes where the formatter has a choice, in characters.
pub(crate) const MAX_WIDTH: usize = 120;
/// How far a block is indented, in spaces.
pub(crate) const INDENT: usize = 4;

/// A file as it is, and as the formatter writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formatted {
    /// As it is.
    pub before: String,
    /// In the one layout. Formatted again, it stays as it is.
    pub after: String,
}

impl Formatted {
    /// Whether the file is not yet in the one layout.
    pub fn differs(&self) -> bool {
        self.before != self.after
    }
}

/// Writes the text of one file in the one layout. What it says stays the same, and so do its comments and their order;
/// only white space at the ends of their lines goes.
///
/// ```
/// let text = "accounts   \"production\" {\n\tou \"Workloads/Prod\"; // all\n}";
/// let mut sources = rolecall_model::Sources::default();
/// let file = sources.add("accounts.kdl", text);
/// let formatted = rolecall_parser::format(file, text).expect("it has no mistake");
/// assert_eq!(formatted, "accounts \"production\" {\n    ou \"Workloads/Prod\" // all\n}\n");
/// ```
///
/// # Errors
/// All mistakes of syntax, with their places in `file`. What names mean, and whether a word may stand where it does, is
/// not asked. A text is also refused that would exceed [`MAX_FILE_BYTES`] or [`MAX_NODE_BYTES`] once it is indented.
pub fn format(file: FileId, text: &str) -> Result<String, Vec<Diagnostic>> {
    let found = mistakes(file, text);
    if !found.is_empty() {
        return Err(found);
    }
    // The pieces of a large file need much memory, and are gone before it is written.
    let tree = tree::tree(&scan::pieces(file, text));
    let after = layout::write(&tree);
    if is_too_large(file, &after) { Err(vec![too_large(file, text)]) } else { Ok(after) }
}

/// Whether indentation has made a text larger than what is read.
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

/// The mistakes of syntax in a text, sorted by place and code.
fn mistakes(file: FileId, text: &str) -> Vec<Diagnostic> {
    let mut scanned = scan::scan(file, text);
    let mut mistakes = Mistakes::default();
    mistakes.extend(std::mem::take(&mut scanned.diagnostics));
    for some in scanned.nodes.chunks(project::NODES_AT_ONCE) {
        if mistakes.is_full() {
            break;
        }
        mistakes.extend(syntax::parse(file, &scanned, some).mistakes);
    }
    let more = mistakes.more();
    let mut found = mistakes.into_kept();
    found.sort_by_key(|diagnostic| (diagnostic.primary.as_ref().map(|label| label.place), diagnostic.code));
    found.extend(more);
    found
}

/// The same for the bytes of a file, whose text joins the `sources`.
///
/// # Errors
/// They are larger than [`MAX_FILE_BYTES`] or no UTF-8, or the text has mistakes of syntax.
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

/// The same for a file on disk or in memory.
///
/// # Errors
/// It cannot be read, is larger than [`MAX_FILE_BYTES`] or no UTF-8, or has mistakes of syntax.
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
