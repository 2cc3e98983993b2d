//! The plan as data, in a fixed order. It depends on nothing else in the crate: the stages fill it in, and the
//! renderers and the operation graph read it.

mod assignment;
mod change;
pub mod comparison;
mod difference;
mod digest;
mod estimate;
mod held;
mod written;

use std::collections::BTreeSet;

use rolecall_model::{
    AccountId, AccountState, Code, Date, Diagnostic, PermissionSetName, StackName, snapshot::Instance,
};

pub use assignment::{NamedAssignment, PrincipalName};
pub use change::{
    AccessControlChange, Action, AssignmentChange, Change, EntraChange, PermissionSetChange, ProvisionCalls,
    Provisioning, Reason, RevokeOrder,
};
pub use difference::{Difference, TextAttribute};
pub(crate) use difference::{differences, managed_tags};
pub use digest::Digest;
pub use estimate::Estimate;
pub use held::{Blocked, BlockedAction, BlockedCause, Kept, KeptBy, Rebind};
pub use written::{Line, Written};

/// The difference between the desired state and the live state, with findings.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The stack that owns what it manages.
    pub stack: StackName,
    /// The instance the plan is for.
    pub instance: Instance,
    /// The source of the plan. A plan can be applied only to the same kind of source.
    pub provenance: Provenance,
    /// The day for which expiry was evaluated.
    pub as_of: Date,
    /// Whether the day was given: such a plan is hypothetical and cannot be applied.
    pub as_of_given: bool,
    /// What would change, sorted.
    pub changes: Vec<Change>,
    /// Changes that are skipped because they cannot be made now. Outside the digest.
    pub blocked: Vec<Blocked>,
    /// Grants that are withheld because their group may have taken the name of a deleted group.
    pub rebinds: Vec<Rebind>,
    /// Live assignments that are kept although no `assign` grants them, sorted.
    pub kept: Vec<Kept>,
    /// Temporary assignments.
    pub temporary: Vec<Temporary>,
    /// Inactive accounts, which are skipped.
    pub skipped_accounts: Vec<SkippedAccount>,
    /// Unmanaged assignments of external permission sets, counted.
    pub unmanaged: Vec<Unmanaged>,
    /// Permission sets in which assignments of users and deleted groups were not read where another group has access
    /// too.
    pub read_by_principal: Vec<PermissionSetName>,
    /// Operations whose missing lists were accepted as empty. Covered by the digest: who approves the plan approves them.
    pub absent_means_empty: BTreeSet<String>,
    /// Pairs of permission set and account that would change but were not read completely. The caller reads these
    /// completely and plans again; a plan with such pairs must not be shown or applied.
    pub unseen: BTreeSet<(PermissionSetName, AccountId)>,
    /// Warnings.
    pub findings: Vec<Diagnostic>,
    /// Guards that stop the plan.
    pub violations: Vec<Violation>,
    /// Estimated duration of an apply.
    pub estimate: Estimate,
    /// The digest of the changes.
    pub digest: Digest,
}

impl Plan {
    /// Whether there are no changes in what was read.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// The source of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// Read from AWS.
    Live,
    /// Read from the embedded sandbox.
    Sandbox,
    /// Taken from a snapshot file.
    Snapshot,
}

impl Provenance {
    /// Returns the word used in JSON plans.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Sandbox => "sandbox",
            Self::Snapshot => "snapshot",
        }
    }
}

/// A temporary assignment: one with an end in the future.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Temporary {
    /// Its last day.
    pub until: Date,
    /// Number of days left after the plan's day; 0 on the last day.
    pub days_left: i32,
    /// Number of account assignments that it makes.
    pub assignments: usize,
    /// Whom it names.
    pub principals: Vec<String>,
    /// Which permission sets.
    pub permission_sets: Vec<PermissionSetName>,
    /// The text of `reason`.
    pub note: Option<String>,
    /// Where it was written.
    pub written: Written,
}

/// An account that is skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedAccount {
    /// Its id.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: AccountState,
    /// Number of live managed assignments in it, which stay.
    pub assignments: usize,
}

/// Unmanaged assignments of an external permission set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmanaged {
    /// The set.
    pub permission_set: PermissionSetName,
    /// Their number.
    pub assignments: usize,
}

/// A guard that stops the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The code, for `rolecall explain`.
    pub code: Code,
    /// The message, one sentence.
    pub message: String,
    /// The assignments that it stops, sorted; empty if only their number matters.
    pub assignments: Vec<NamedAssignment>,
    /// Where it was written; `None` for a default.
    pub written: Option<Written>,
}
