//! From the text of KDL files to a [`Config`] in which every name is resolved, with all mistakes of all files in one
//! run.
//!
//! The way of a file: [`source`] reads it, `scan` cuts it into top-level nodes and finds what the KDL crate would
//! report badly or not survive, `syntax` hands each node to that crate, `check` holds the nodes against the table in
//! `words`, and `decode` makes model types of them and of what templates make. The crate knows neither tokio nor
//! AWS, so a language server can stand on it alone. [`format`](format()) takes the same first steps, and writes a file's text
//! in its one layout.

mod check;
mod decode;
mod explain;
mod fix;
mod format;
pub mod limits;
pub mod messages;
mod mistakes;
mod nearest;
mod project;
mod reference;
pub mod render;
mod resolve;
mod scan;
pub mod source;
mod syntax;
mod words;

pub use explain::{explain, nearest_lint};
pub use fix::{Fixed, Left, Mended, WhyLeft, fix};
pub use format::{Formatted, format, format_bytes, format_file};
pub use project::{Project, load};
pub use reference::reference;
pub use rolecall_model::Config;
pub use source::{DiskFiles, MemoryFiles, ProjectFiles, ReadError};

/// The largest file that is read, in bytes: 8 MiB.
pub const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;
/// The largest policy file that is read, in bytes. AWS takes 32,768 bytes; the rest is room for indentation.
pub const MAX_POLICY_FILE_BYTES: u64 = 256 * 1024;
/// The largest SAML metadata document that is read, in bytes. That of IAM Identity Center has some kilobytes, a few
/// hundred bytes for each Region.
pub const MAX_METADATA_FILE_BYTES: u64 = 256 * 1024;
/// How many files one project may include.
pub const MAX_FILES: usize = 10_000;
/// How many patterns the `include` nodes of a project may have together.
pub const MAX_PATTERNS: usize = 1_000;
/// The longest pattern, in bytes, of file paths as of account names. An account's name has at most 50 characters.
pub const MAX_PATTERN_BYTES: usize = 512;
/// How much all files of one project may have together, in bytes, policy and metadata files included: 32 MiB.
pub const MAX_PROJECT_BYTES: u64 = 32 * 1024 * 1024;
/// The largest top-level node with its block, in bytes: 512 KiB. The KDL crate needs up to a thousand times as much.
pub const MAX_NODE_BYTES: usize = 512 * 1024;
/// How much all uses of templates may make together: words and values, and of long texts each begun 64 bytes.
pub const MAX_MADE: usize = 1_000_000;
/// How many errors of a project are told, and how many warnings; one more diagnostic then says that there may be others.
pub const MAX_DIAGNOSTICS: usize = 1_000;
/// How deep blocks may be nested. The language itself needs five levels.
pub const MAX_DEPTH: usize = 32;
