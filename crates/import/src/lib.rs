//! `rolecall import`: from a snapshot to a project that describes it.
//!
//! `standing` decides which permission sets the project mentions, `census` classifies their assignments, `cover` finds what
//! several permission sets and principals share, `account_sets` and `tree` express sets of accounts by units, names and
//! exceptions, and `project` writes the files. Nothing here reads a clock, a disk or AWS, and nothing is random: the same
//! snapshot gives the same bytes.

mod access_control;
mod account_sets;
mod accounts;
mod assignments;
mod beyond_state;
mod census;
mod cover;
mod findings;
mod left_out;
mod naming;
mod permission_sets;
mod policies;
mod principals;
mod project;
mod selection;
mod standing;
mod terraform;
mod text;
mod tree;

use std::collections::BTreeMap;

use rolecall_model::Diagnostic;

pub use project::import;
pub use standing::stacks;
pub use terraform::{States, Terraform, TerraformError};

/// A project that describes the live state.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The text of each file by its path, with `/` between its parts. `rolecall.kdl` is the project file.
    pub files: BTreeMap<String, String>,
    /// What is live but not in the project (RC0801), each once: an error for each permission set that is left out, and
    /// warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// The size of the project.
    pub summary: Summary,
}

/// The size of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Number of declared groups.
    pub groups: usize,
    /// Number of named users.
    pub users: usize,
    /// Number of named account sets.
    pub account_sets: usize,
    /// Number of permission sets of the stack, including those that it adopts.
    pub permission_sets: usize,
    /// Number of permission sets with `adopt`.
    pub adopted: usize,
    /// Number of permission sets that are left out, because the language does not support a part of them.
    pub left_out: usize,
    /// Number of permission sets among those that the stack owned, which the project releases.
    pub released: usize,
    /// Number of externally managed permission sets.
    pub external: usize,
    /// Number of `assign` nodes.
    pub assigns: usize,
    /// Number of live assignments that they cover.
    pub rows: usize,
    /// Number of accounts in which a permission set of the stack is outdated. Plans provision them.
    pub outdated: usize,
    /// Number of assignments in accounts that are not active. No plan grants or revokes them.
    pub resting: usize,
    /// Number of users' assignments of external sets, which stay unmanaged.
    pub left_to_others: usize,
}
