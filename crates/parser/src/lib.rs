//! From the text of KDL files to a [`Config`] in which every name is resolved. All errors and warnings of all files are
//! reported in one run.
//!
//! The stages of a file: [`source`] reads it; `scan` splits it into top-level nodes and reports what the KDL crate would
//! report badly or not survive; `syntax` passes each node to that crate; `check` checks the nodes against the table in
//! `words`; and `decode` builds model types from them and from what templates generate. The crate depends on neither
//! tokio nor AWS, so a language server can be built on it alone. [`format`](format()) uses the same first stages and
//! writes the
//! text of a file in the single layout.

mod check;
mod decode;
mod diagnostics;
mod explain;
mod fix;
mod format;
pub mod limits;
pub mod messages;
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
pub use fix::{AppliedFix, Fixed, SkipReason, SkippedFile, fix};
pub use format::{Formatted, format, format_bytes, format_file};
pub use project::{Project, load};
pub use reference::reference;
pub use rolecall_model::Config;
pub use source::{DiskFiles, MemoryFiles, ProjectFiles, ReadError};

/// Maximum size of a file, in bytes: 8 MiB.
pub const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;
/// Maximum size of a policy file, in bytes. AWS allows 32,768 bytes; the rest leaves room for indentation.
pub const MAX_POLICY_FILE_BYTES: u64 = 256 * 1024;
/// Maximum size of a SAML metadata document, in bytes. That of IAM Identity Center has a few kilobytes, with a few
/// hundred bytes for each Region.
pub const MAX_METADATA_FILE_BYTES: u64 = 256 * 1024;
/// Maximum number of files in a project.
pub const MAX_FILES: usize = 10_000;
/// Maximum number of patterns in all `include` nodes of a project.
pub const MAX_PATTERNS: usize = 1_000;
/// Maximum length of a pattern of file paths or account names, in bytes. The name of an account has at most 50
/// characters.
pub const MAX_PATTERN_BYTES: usize = 512;
/// Maximum size of all files of a project, including policy and metadata files, in bytes: 32 MiB.
pub const MAX_PROJECT_BYTES: u64 = 32 * 1024 * 1024;
/// Maximum size of a top-level node with its block, in bytes: 512 KiB. The KDL crate needs up to a thousand times as
/// much.
pub const MAX_NODE_BYTES: usize = 512 * 1024;
/// Maximum number of words and values that templates generate in total; a long text counts once for every 64 bytes.
pub const MAX_GENERATED: usize = 1_000_000;
/// Maximum number of reported errors, and of warnings. One more diagnostic then reports that there may be others.
pub const MAX_DIAGNOSTICS: usize = 1_000;
/// Maximum nesting of blocks. The language itself needs five levels.
pub const MAX_DEPTH: usize = 32;
