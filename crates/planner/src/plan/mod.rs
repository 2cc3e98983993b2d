//! What a plan is. Everything in it is data, in a fixed order, and nothing else of the crate is needed to read it: stages
//! that decide fill it in, and renderers and the operation graph only read it.

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
pub use difference::Difference;
pub(crate) use difference::{differences, managed_tags};
pub use digest::Digest;
pub use estimate::Estimate;
pub use held::{Blocked, BlockedAction, BlockedCause, Kept, KeptBy, Rebind};
pub use written::{Line, Written};

/// The difference between what the files want and what is live, and what was noticed on the way.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The owner's mark.
    pub stack: StackName,
    /// The instance the plan is for.
    pub instance: Instance,
    /// What the plan was made from. Only a plan from the same kind of source may be applied there.
    pub provenance: Provenance,
    /// The day for which expiry was judged.
    pub as_of: Date,
    /// Whether that day was given: then the plan is a what-if, and cannot be applied.
    pub as_of_given: bool,
    /// What would change, sorted.
    pub changes: Vec<Change>,
    /// What is left alone, because it cannot be changed now. Outside the digest.
    pub blocked: Vec<Blocked>,
    /// Grants that are withheld, because their group may have taken the name of one that is gone.
    pub rebinds: Vec<Rebind>,
    /// Live rows that no `assign` wants and that stay all the same, sorted.
    pub kept: Vec<Kept>,
    /// Assignments with an end that stand.
    pub temporary: Vec<Temporary>,
    /// Accounts that are not active, and are skipped.
    pub skipped_accounts: Vec<SkippedAccount>,
    /// Rows of others on external permission sets, counted and left alone.
    pub unmanaged: Vec<Unmanaged>,
    /// Permission sets in which users, and groups that are gone, were not looked for where a group has access too.
    pub read_by_principal: Vec<PermissionSetName>,
    /// Operations whose missing lists were accepted as empty. Inside the digest: who approves the plan approves them.
    pub absent_means_empty: BTreeSet<String>,
    /// Pairs of permission set and account that would be changed, and of which not every row was read. Whoever reads
    /// the live state reads these whole and plans again; a plan that has any must not be shown or applied.
    pub unseen: BTreeSet<(PermissionSetName, AccountId)>,
    /// Warnings.
    pub findings: Vec<Diagnostic>,
    /// Guards that stop the plan.
    pub violations: Vec<Violation>,
    /// How long an apply would take.
    pub estimate: Estimate,
    /// What identifies the changes.
    pub digest: Digest,
}

impl Plan {
    /// Whether there is nothing to do in what was read.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// What a plan was made from.
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
    /// One word, as in JSON plans.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Sandbox => "sandbox",
            Self::Snapshot => "snapshot",
        }
    }
}

/// An assignment with an end that has not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Temporary {
    /// Its last day.
    pub until: Date,
    /// How many days are left after the plan's day; 0 on the last day.
    pub days_left: i32,
    /// How many rows it makes.
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
    /// How many live rows of ours stay on it.
    pub assignments: usize,
}

/// Rows of others on an external permission set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmanaged {
    /// The set.
    pub permission_set: PermissionSetName,
    /// How many.
    pub assignments: usize,
}

/// A guard that stops the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The code that `rolecall explain` knows.
    pub code: Code,
    /// What it says, in one sentence.
    pub message: String,
    /// The rows that it is about, sorted; none where the number alone says it.
    pub assignments: Vec<NamedAssignment>,
    /// Where it was written; `None` for a default.
    pub written: Option<Written>,
}
