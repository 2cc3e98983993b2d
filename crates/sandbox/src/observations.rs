//! Observations of a world that only a test can make: who changed what, what was refused, and how long operations took.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rolecall_model::{
    AccessControlState, AccountId, Assignment, GroupId, PermissionSet, PermissionSetName, Principal,
};

use crate::call::Service;
use crate::faults::{AdminChange, RequestFault};

/// The source of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// A request of the client.
    Client,
    /// An intervention of the fault plan.
    OtherAdministrator,
    /// Identity Center itself, which removes permission sets from accounts in which they are no longer assigned.
    IdentityCenter,
    /// Entra's provisioning.
    Provisioning,
}

/// One effective change.
#[derive(Debug, Clone, PartialEq)]
pub struct JournalEntry {
    /// When it took effect, since the sandbox's start.
    pub at: Duration,
    /// Its source.
    pub by: Actor,
    /// The change.
    pub change: Change,
}

/// A change of the world. Requests without an effect are not in the journal.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// An assignment was created.
    Granted(Assignment),
    /// An assignment was deleted.
    Revoked(Assignment),
    /// A permission set was created.
    SetCreated {
        /// The permission set.
        permission_set: PermissionSetName,
        /// Its tags.
        tags: BTreeMap<String, String>,
    },
    /// A permission set was edited. An edit without a difference counts, since it leaves all accounts outdated.
    SetEdited {
        /// The permission set before.
        before: Box<PermissionSet>,
        /// The permission set after.
        after: Box<PermissionSet>,
    },
    /// A permission set's tags changed.
    SetTagged {
        /// The permission set.
        permission_set: PermissionSetName,
        /// All tags before.
        before: BTreeMap<String, String>,
        /// All tags after.
        after: BTreeMap<String, String>,
    },
    /// A permission set was deleted.
    SetDeleted {
        /// The permission set.
        permission_set: PermissionSetName,
    },
    /// A permission set, or another version of it, was provisioned in an account.
    Provisioned {
        /// The permission set.
        permission_set: PermissionSetName,
        /// The account.
        account: AccountId,
    },
    /// A permission set was removed from an account.
    Deprovisioned {
        /// The permission set.
        permission_set: PermissionSetName,
        /// The account.
        account: AccountId,
    },
    /// Attributes for access control of the instance changed.
    AccessControlSet {
        /// The attributes before; "not read" where the snapshot did not contain them, which counts as off.
        before: AccessControlState,
        /// The attributes after.
        after: AccessControlState,
    },
    /// An account was suspended.
    AccountSuspended(AccountId),
    /// A group was deleted.
    GroupDeleted(GroupId),
    /// A group was created in the Identity Store.
    GroupCreated(GroupId),
    /// The name or external id of a group in the Identity Store was changed.
    GroupUpdated(GroupId),
}

impl Change {
    /// Returns the permission set that changed, or whose assignments did; `None` for changes that concern none.
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

/// An intervention that took place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterventionRecord {
    /// When, since the sandbox's start.
    pub at: Duration,
    /// The number of requests by then, including the one that it preceded.
    pub requests: u64,
    /// The change.
    pub change: AdminChange,
    /// Whether it had an effect: an existing assignment cannot be created, nor a deleted group be deleted.
    pub effective: bool,
}

/// A fault that struck a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InjectedFault {
    /// When, since the sandbox's start.
    pub at: Duration,
    /// The request's number, counted over all services from 1.
    pub request: u64,
    /// The service.
    pub service: Service,
    /// The operation.
    pub operation: &'static str,
    /// The fault.
    pub fault: RequestFault,
}

/// The number of refused requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RefusalCount {
    /// Refused because of the client's own requests.
    pub provoked: u64,
    /// Refused because of a fault: an injected one; other clients, without which the request would have been accepted; or an
    /// operation that the client does not know of, since the answer that accepted it was lost.
    pub injected: u64,
}

/// Requests refused because of a limit. A client that is alone and respects the limits provokes none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refusals {
    /// Requests per second, over all services.
    pub rate: RefusalCount,
    /// Concurrent assignment operations.
    pub outstanding: RefusalCount,
    /// Concurrent provisions.
    pub provisions: RefusalCount,
    /// Operations in an account in which another is in progress.
    pub account_busy: RefusalCount,
    /// Requests to Graph, for any limit. Other clients of the tenant are not simulated.
    pub graph: RefusalCount,
}

impl RefusalCount {
    pub(crate) fn add(&mut self, provoked: bool) {
        *(if provoked { &mut self.provoked } else { &mut self.injected }) += 1;
    }
}

/// The kind of an asynchronous operation.
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
    /// The request id that the client received.
    pub id: String,
    /// Its kind.
    pub kind: OperationKind,
    /// The permission set.
    pub permission_set: PermissionSetName,
    /// The principal; `None` for a provision.
    pub principal: Option<Principal>,
    /// The accounts.
    pub accounts: BTreeSet<AccountId>,
    /// When it was accepted, since the sandbox's start.
    pub started: Duration,
    /// Its latency.
    pub latency: Duration,
    /// Its result, with AWS's reason if it failed; `None` while it is in progress.
    pub outcome: Option<Result<(), String>>,
}

/// All observations so far.
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
