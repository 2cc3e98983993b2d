//! What a plan says. Everything in it is data, in a fixed order; renderers and the operation graph only read it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rolecall_model::{
    AccountId, AccountState, Assignment, Boundary, CustomerPolicy, Date, Diagnostic, EntraOperation,
    ObjectId, PermissionSet, PermissionSetName, Policy, SessionDuration, Snapshot, StackName,
    snapshot::Instance,
};

use crate::base::BaseComparison;
use serde_json::Value;

use crate::digest::Digest;
use crate::estimate::Estimate;
use crate::principals::PrincipalName;
use crate::render::for_terminal;

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
    /// Pairs of permission set and account that would be changed, and of which not every row was read. Whoever reads
    /// the live state reads these whole and plans again; a plan that has any must not be shown or applied.
    pub unseen: BTreeSet<(PermissionSetName, AccountId)>,
    /// How the files differ from those of a base, where one is given. Outside the digest.
    pub base: Option<BaseComparison>,
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

    /// Shows, with the plan, how the files differ from those of a base. `snapshot` is the one that both were made from:
    /// rows that the files no longer want and that are live all the same are told from those that are lost.
    pub fn set_base(&mut self, mut comparison: BaseComparison, snapshot: &Snapshot) {
        comparison.settle_lost(self, snapshot);
        self.findings.extend(comparison.finding());
        self.base = Some(comparison);
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

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The file, relative to the project's directory.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// Where something was written; for what a template makes, the `use`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written {
    /// The line.
    pub at: Line,
    /// The line within the template.
    pub template: Option<Line>,
}

/// For people: a file may have any name, so it is escaped.
impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", for_terminal(&self.file), self.line)
    }
}

/// For people, such as `teams/payments.kdl:3 (template rolecall.kdl:40)`.
impl fmt::Display for Written {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at.fmt(formatter)?;
        match &self.template {
            Some(template) => write!(formatter, " (template {template})"),
            None => Ok(()),
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What changes, with before and after.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The file and line that asked for it. `None` where nothing in the files does: a set that they no longer name.
    pub written: Option<Written>,
}

/// What changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A principal gets a permission set on an account.
    Grant(Row),
    /// A principal loses it.
    Revoke(Row),
    /// A permission set is made, with the owner's tag.
    CreatePermissionSet {
        /// What it will be, the owner's tag included.
        after: Box<PermissionSet>,
    },
    /// A permission set is edited, and provisioned where it is in use. One that is adopted gets the owner's tag.
    UpdatePermissionSet {
        /// What it is; of its tags, those that are managed.
        before: Box<PermissionSet>,
        /// What it will be.
        after: Box<PermissionSet>,
        /// Every difference between the two.
        differences: Vec<Difference>,
        /// Where the edited set is carried to.
        provision: Provisioning,
    },
    /// A permission set is carried to accounts that hold an older version of it.
    ProvisionPermissionSet {
        /// The set.
        permission_set: PermissionSetName,
        /// Where to.
        provision: Provisioning,
    },
    /// The stack's tag is taken off a permission set; the set and its rows stay.
    ReleasePermissionSet {
        /// The set.
        permission_set: PermissionSetName,
    },
    /// A permission set of this stack that the files no longer name is deleted.
    DeletePermissionSet {
        /// What it is.
        before: Box<PermissionSet>,
    },
    /// Attributes for access control of the instance are set, all of them.
    SetAccessControl {
        /// The source of each attribute that there is, by key; `None` where they are turned off.
        before: Option<BTreeMap<String, String>>,
        /// The source of each attribute that there will be, by key.
        after: BTreeMap<String, String>,
    },
    /// Something in Entra ID changes.
    Entra(Box<EntraChange>),
}

/// A change in Entra ID: one step, with what was there before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntraChange {
    /// The directory id of the tenant.
    pub tenant: String,
    /// The application's service principal; `None` where the application is still to be made.
    pub service_principal: Option<ObjectId>,
    /// The step; its fields are the whole after.
    pub step: EntraOperation,
    /// What is there now; `null` where nothing is.
    pub before: Value,
    /// Of a group that is unassigned: its account assignments, on permission sets of any owner. AWS drops them with it.
    pub rows: Vec<Row>,
    /// Of a group that is provisioned: whether grants wait for it.
    pub is_awaited: bool,
}

/// The accounts to which a permission set is carried.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provisioning {
    /// The accounts, sorted. Where there are none, nothing is provisioned.
    pub accounts: Vec<AccountId>,
    /// Whether one call carries it to every account in which it is provisioned, or one call goes to each account.
    pub everywhere: bool,
}

/// An account assignment with its names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// The natural key.
    pub assignment: Assignment,
    /// What the principal is called.
    pub principal_name: PrincipalName,
    /// What the account is called.
    pub account_name: String,
}

/// Why something changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The files say so.
    Declared {
        /// The last day, for an assignment with an end.
        until: Option<Date>,
        /// The text of `reason`.
        note: Option<String>,
    },
    /// The files do not say so: no `assign` wants the row.
    Undeclared,
    /// The `until` of the assignment has passed.
    Expired {
        /// Its last day.
        until: Date,
    },
    /// The principal no longer exists.
    Orphan,
    /// The permission set goes, and its rows with it.
    PermissionSetDropped,
    /// The permission set of another name takes its place (`renamed-from`).
    Renamed {
        /// The new name.
        to: PermissionSetName,
    },
    /// The stack takes over a set that no stack owns (`adopt`).
    Adopted,
    /// The stack gives a set up (`release-permission-set`).
    Released,
    /// Some accounts hold an older version of the permission set.
    Outdated,
}

/// One difference between two versions of a permission set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The description.
    Description {
        /// Before.
        before: Option<String>,
        /// After.
        after: Option<String>,
    },
    /// The session's length.
    Session {
        /// Before.
        before: SessionDuration,
        /// After.
        after: SessionDuration,
    },
    /// The relay state.
    RelayState {
        /// Before.
        before: Option<String>,
        /// After.
        after: Option<String>,
    },
    /// An AWS managed policy more, by ARN.
    ManagedPolicyAttached(String),
    /// An AWS managed policy fewer, by ARN.
    ManagedPolicyDetached(String),
    /// A customer managed policy more.
    CustomerPolicyAttached(CustomerPolicy),
    /// A customer managed policy fewer.
    CustomerPolicyDetached(CustomerPolicy),
    /// The permissions boundary.
    Boundary {
        /// Before.
        before: Option<Boundary>,
        /// After.
        after: Option<Boundary>,
    },
    /// The inline policy.
    InlinePolicy {
        /// Before.
        before: Option<Policy>,
        /// After.
        after: Option<Policy>,
    },
    /// The value of a managed tag.
    Tag {
        /// Its key.
        key: String,
        /// Before.
        before: Option<String>,
        /// After.
        after: String,
    },
}

/// Something that is left alone for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// What would have been done.
    pub action: BlockedAction,
    /// Why it is not.
    pub cause: BlockedCause,
    /// Where the files ask for it.
    pub written: Option<Written>,
}

/// What would have been done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockedAction {
    /// A grant.
    Grant(Row),
    /// A revoke.
    Revoke(Row),
    /// A change to a permission set.
    Update(PermissionSetName),
    /// A provision of a permission set.
    Provision(PermissionSetName),
    /// The release of a permission set.
    Release(PermissionSetName),
    /// The deletion of a permission set.
    Delete(PermissionSetName),
}

/// Why something is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockedCause {
    /// The account is not active.
    AccountNotActive(AccountState),
    /// The caller is a delegated administrator, which cannot assign in the management account.
    ManagementAccount,
    /// The caller is a delegated administrator, which cannot change a set that is provisioned in the management
    /// account.
    SealedPermissionSet,
    /// The permission set still has rows that are blocked or withheld.
    RowsRemain,
    /// The grant that takes the row's place, on the permission set of the new name, waits.
    ReplacementWaits,
    /// The group is not in the Identity Store yet, and the caller does not want to wait for it.
    GroupNotProvisioned,
}

impl fmt::Display for BlockedCause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccountNotActive(state) => write!(formatter, "account is {}", state.as_str()),
            Self::ManagementAccount => {
                formatter.write_str("management account: a delegated administrator cannot assign there")
            }
            Self::SealedPermissionSet => formatter.write_str(
                "provisioned in the management account: a delegated administrator cannot change it",
            ),
            Self::RowsRemain => formatter.write_str("it still has rows that are left alone"),
            Self::GroupNotProvisioned => {
                formatter.write_str("the group is not in the Identity Store yet; provisioning brings it")
            }
            Self::ReplacementWaits => formatter.write_str("the grant that takes its place waits"),
        }
    }
}

/// A grant that is withheld, and the orphans on the same permission set and account that wait with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebind {
    /// The grant.
    pub grant: Row,
    /// The rows of groups that are gone.
    pub orphans: Vec<Row>,
    /// Whether those rows would be revoked, and wait with the grant. On an external permission set they are others', and
    /// an `adopt` or a `keep` lets them stay.
    pub orphans_are_ours: bool,
    /// Where the grant was asked for.
    pub written: Option<Written>,
}

/// A live row that no `assign` wants and that stays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// The row.
    pub row: Row,
    /// What keeps it.
    pub by: KeptBy,
    /// The last day of the `assign` that wanted it, where that has passed.
    pub ended: Option<Date>,
    /// Where that is written.
    pub written: Written,
}

/// What keeps a row that no `assign` wants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeptBy {
    /// A `keep`.
    Keep {
        /// Its last day.
        until: Option<Date>,
        /// The text of its `reason`.
        note: Option<String>,
    },
    /// The `adopt` of its permission set.
    Adopt,
}

/// An assignment with an end that has not come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Temporary {
    /// Its last day.
    pub until: Date,
    /// How many days are left after the plan's day; 0 on the last day.
    pub days_left: i32,
    /// How many rows it makes.
    pub rows: usize,
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
    pub rows: usize,
}

/// Rows of others on an external permission set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmanaged {
    /// The set.
    pub permission_set: PermissionSetName,
    /// How many.
    pub rows: usize,
}

/// A guard that stops the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The code that `rolecall explain` knows.
    pub code: rolecall_model::Code,
    /// What it says, in one sentence.
    pub message: String,
    /// The rows that it is about, sorted; none where the number alone says it.
    pub rows: Vec<Row>,
    /// Where it was written; `None` for a default.
    pub written: Option<Written>,
}
