//! What a test can know of a world that no client can: who changed what, what was refused, how long things took.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rolecall_model::{
    AccessControlState, AccountId, Assignment, GroupId, PermissionSet, PermissionSetName, Principal,
};

use crate::call::Service;
use crate::faults::{AdminChange, RequestFault};

/// Who changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// The client, by a request.
    Client,
    /// Somebody else, by an intervention of the fault plan.
    OtherAdministrator,
    /// Identity Center itself, which takes permission sets out of accounts in which nobody has them any more.
    IdentityCenter,
    /// Entra's provisioning.
    Provisioning,
}

/// One effective change.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// When it took effect, since the sandbox's start.
    pub at: Duration,
    /// Who made it.
    pub by: Actor,
    /// What it was.
    pub change: Change,
}

/// What changed. What was asked for and changed nothing is not in the journal.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A row came into being.
    Granted(Assignment),
    /// A row went.
    Revoked(Assignment),
    /// A permission set was made.
    SetCreated {
        /// Which.
        permission_set: PermissionSetName,
        /// The tags that it was made with.
        tags: BTreeMap<String, String>,
    },
    /// A permission set was edited; an edit to what it was already counts, since it leaves all accounts outdated.
    SetEdited {
        /// What it was.
        before: Box<PermissionSet>,
        /// What it is now.
        after: Box<PermissionSet>,
    },
    /// A permission set's tags changed.
    SetTagged {
        /// Which.
        permission_set: PermissionSetName,
        /// All tags that it had.
        before: BTreeMap<String, String>,
        /// All tags that it has.
        after: BTreeMap<String, String>,
    },
    /// A permission set was deleted.
    SetDeleted {
        /// Which.
        permission_set: PermissionSetName,
    },
    /// A permission set came into an account, or another version of it did.
    Provisioned {
        /// Which.
        permission_set: PermissionSetName,
        /// Where.
        account: AccountId,
    },
    /// A permission set left an account.
    Deprovisioned {
        /// Which.
        permission_set: PermissionSetName,
        /// Where.
        account: AccountId,
    },
    /// Attributes for access control of the instance changed.
    AccessControlSet {
        /// What they were; not read, where the world began without knowing, which is then taken as off.
        before: AccessControlState,
        /// What they are.
        after: AccessControlState,
    },
    /// An account was suspended.
    AccountSuspended(AccountId),
    /// A group was deleted.
    GroupDeleted(GroupId),
    /// A group came into the Identity Store.
    GroupCreated(GroupId),
    /// A group of the Identity Store got another name or another external id.
    GroupUpdated(GroupId),
}

impl Change {
    /// The permission set that changed, or whose rows did; `None` of what belongs to no permission set.
    pub fn permission_set(&self) -> Option<&PermissionSetName> {
        match self {
            Self::Granted(row) | Self::Revoked(row) => Some(&row.permission_set),
            Self::SetEdited { before: _, after } => Some(&after.name),
            Self::SetCreated { permission_set, .. }
            | Self::SetTagged { permission_set, .. }
            | Self::SetDeleted { permission_set }
            | Self::Provisioned { permission_set, .. }
            | Self::Deprovisioned { permission_set, .. } => Some(permission_set),
            Self::AccessControlSet { .. }
            | Self::AccountSuspended(_)
            | Self::GroupDeleted(_)
            | Self::GroupCreated(_)
            | Self::GroupUpdated(_) => None,
        }
    }
}

/// An intervention that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterventionRecord {
    /// When, since the sandbox's start.
    pub at: Duration,
    /// How many requests had come in by then, the one before which it happened included.
    pub requests: u64,
    /// What was done.
    pub change: AdminChange,
    /// Whether it changed anything: a row that exists cannot be granted, a group that is gone not be deleted.
    pub effective: bool,
}

/// A fault that struck a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InjectedFault {
    /// When, since the sandbox's start.
    pub at: Duration,
    /// The request's number, counted over all services from 1.
    pub request: u64,
    /// The service that was asked.
    pub service: Service,
    /// The operation that was asked for.
    pub operation: &'static str,
    /// What happened to it.
    pub fault: RequestFault,
}

/// How often something was refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefusalCount {
    /// By the client's own doing.
    pub provoked: u64,
    /// By a fault: injected outright; caused by other clients, where the client's own requests would have passed; or
    /// caused by an operation that the client cannot know of, since the answer that told of it was lost.
    pub injected: u64,
}

/// What was refused because a limit was reached. A client that is alone and keeps to the limits provokes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refusals {
    /// Requests in a second, over all services.
    pub rate: RefusalCount,
    /// Assignment operations at once.
    pub outstanding: RefusalCount,
    /// Provisions at once.
    pub provisions: RefusalCount,
    /// Operations on an account in which another is under way.
    pub account_busy: RefusalCount,
    /// Requests to Graph, whatever the limit. Other clients of the tenant are not simulated.
    pub graph: RefusalCount,
}

impl RefusalCount {
    pub(crate) fn add(&mut self, provoked: bool) {
        *(if provoked { &mut self.provoked } else { &mut self.injected }) += 1;
    }
}

/// What an asynchronous operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperationKind {
    /// `CreateAccountAssignment`.
    CreateAssignment,
    /// `DeleteAccountAssignment`.
    DeleteAssignment,
    /// `ProvisionPermissionSet`.
    Provision,
}

/// An asynchronous operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationRecord {
    /// Its id, as the client was told.
    pub id: String,
    /// What it does.
    pub kind: OperationKind,
    /// With which permission set.
    pub permission_set: PermissionSetName,
    /// For whom; `None` for a provision.
    pub principal: Option<Principal>,
    /// In which accounts.
    pub accounts: BTreeSet<AccountId>,
    /// When it was accepted, since the sandbox's start.
    pub started: Duration,
    /// How long it takes, as it was drawn.
    pub latency: Duration,
    /// How it ended: with AWS's reason, if it failed; `None` while it is in progress.
    pub outcome: Option<Result<(), String>>,
}

/// What has been observed so far.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    pub(crate) entries: Vec<JournalEntry>,
    pub(crate) interventions: Vec<InterventionRecord>,
    pub(crate) refusals: Refusals,
}

impl Observations {
    pub(crate) fn journal(&mut self, at: Duration, by: Actor, change: Change) {
        self.entries.push(JournalEntry { at, by, change });
    }
}
