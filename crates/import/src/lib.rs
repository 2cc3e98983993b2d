//! From a snapshot to a project that says it: `rolecall import`.
//!
//! The way of the rows: `standing` says which permission sets the project mentions, `census` sorts their rows, `cover`
//! finds what several sets and principals share, `account_sets` and `tree` say sets of accounts by units, names and
//! exceptions, and `project` writes the files. Nothing here reads a clock, a disk or AWS, and nothing depends on
//! chance: the same snapshot gives the same bytes.

mod access_control;
mod account_sets;
mod accounts;
mod assignments;
mod beyond_state;
mod census;
mod cover;
mod findings;
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

/// A project that was written from what is live.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The text of each file by its path, with `/` between its parts. `rolecall.kdl` is the project file.
    pub files: BTreeMap<String, String>,
    /// What is live and not in the project (RC0801), each once.
    pub warnings: Vec<Diagnostic>,
    /// How much it is.
    pub summary: Summary,
}

/// How much a project says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Declared groups.
    pub groups: usize,
    /// Users who are named.
    pub users: usize,
    /// Named account sets.
    pub account_sets: usize,
    /// Permission sets of the stack, those that it adopts among them.
    pub permission_sets: usize,
    /// Permission sets that say `adopt`.
    pub adopted: usize,
    /// Permission sets that are made elsewhere.
    pub external: usize,
    /// `assign` nodes.
    pub assigns: usize,
    /// The live rows that they say.
    pub rows: usize,
    /// Accounts that hold an older version of a permission set of the stack: plans provision those.
    pub outdated: usize,
    /// Rows on accounts that are not active, which no plan grants or revokes.
    pub resting: usize,
    /// Rows of users on external sets, which are left to who made them.
    pub left_to_others: usize,
}
