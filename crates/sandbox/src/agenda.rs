//! Asynchronous operations: those in progress, the accounts that they lock, and when they finish.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rolecall_model::{AccountId, Assignment, PermissionSetName};

use crate::faults::OperationFaults;
use crate::observations::{OperationKind, OperationRecord};

/// The work of an asynchronous operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work {
    /// `CreateAccountAssignment`.
    Create(Assignment),
    /// `DeleteAccountAssignment`.
    Delete(Assignment),
    /// `ProvisionPermissionSet`.
    Provision {
        /// The permission set.
        permission_set: PermissionSetName,
        /// The requested account; `None` for all in which the set is provisioned.
        only: Option<AccountId>,
        /// All accounts to provision.
        accounts: BTreeSet<AccountId>,
    },
}

/// The three lists of operations that AWS keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Creation,
    Deletion,
    Provisioning,
}

impl Work {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Create(_) => Kind::Creation,
            Self::Delete(_) => Kind::Deletion,
            Self::Provision { .. } => Kind::Provisioning,
        }
    }

    pub(crate) fn permission_set(&self) -> &PermissionSetName {
        match self {
            Self::Create(row) | Self::Delete(row) => &row.permission_set,
            Self::Provision { permission_set, .. } => permission_set,
        }
    }

    /// Returns the accounts whose roles the operation changes. AWS changes one role of an account at a time.
    pub(crate) fn accounts(&self) -> BTreeSet<AccountId> {
        match self {
            Self::Create(row) | Self::Delete(row) => BTreeSet::from([row.account]),
            Self::Provision { accounts, .. } => accounts.clone(),
        }
    }
}

/// The state of an operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum State {
    InProgress,
    Succeeded,
    /// With AWS's reason.
    Failed(String),
}

impl State {
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed(_) => "FAILED",
        }
    }
}

/// An asynchronous operation.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) work: Work,
    /// The ARN of its permission set, which may be deleted before the request is described.
    pub(crate) arn: String,
    /// The version of the permission set that it provisions.
    pub(crate) version: u64,
    pub(crate) created: Duration,
    /// The time at which it finishes.
    pub(crate) end: Duration,
    pub(crate) state: State,
    /// Whether the current client knows of it.
    pub(crate) known: bool,
    /// The faults that it will have.
    pub(crate) faults: OperationFaults,
}

impl Request {
    /// Returns the name of its state at a time, or `None` before it was requested.
    pub(crate) fn state_at(&self, at: Duration) -> Option<&'static str> {
        if at < self.created {
            None
        } else if at < self.end {
            Some(State::InProgress.as_str())
        } else {
            Some(self.state.as_str())
        }
    }

    fn record(&self) -> OperationRecord {
        let (kind, principal) = match &self.work {
            Work::Create(row) => (OperationKind::CreateAssignment, Some(row.principal.clone())),
            Work::Delete(row) => (OperationKind::DeleteAssignment, Some(row.principal.clone())),
            Work::Provision { .. } => (OperationKind::Provision, None),
        };
        OperationRecord {
            id: self.id.clone(),
            kind,
            permission_set: self.work.permission_set().clone(),
            principal,
            accounts: self.work.accounts(),
            started: self.created,
            latency: self.end.saturating_sub(self.created),
            outcome: match &self.state {
                State::InProgress => None,
                State::Succeeded => Some(Ok(())),
                State::Failed(reason) => Some(Err(reason.clone())),
            },
        }
    }
}

/// Something to carry out at a given time.
#[derive(Debug, Clone)]
pub(crate) enum Due {
    /// The request with this number finishes.
    Request(usize),
    /// A permission set is removed from an account in which it is no longer assigned.
    Departure(PermissionSetName, AccountId),
    /// Requested attributes for access control take effect.
    AccessControl,
}

/// All operations since the start, and everything that is scheduled.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    requests: Vec<Request>,
    by_id: BTreeMap<String, usize>,
    open: BTreeSet<usize>,
    due: BTreeMap<(Duration, u64), Due>,
    entries: u64,
    /// The locked accounts, with the request that locks each.
    held: BTreeMap<AccountId, usize>,
    departures: BTreeMap<(PermissionSetName, AccountId), Duration>,
}

impl Agenda {
    /// Starts an operation and returns its number.
    pub(crate) fn start(&mut self, request: Request) -> usize {
        let number = self.requests.len();
        self.held.extend(request.work.accounts().into_iter().map(|account| (account, number)));
        self.by_id.insert(request.id.clone(), number);
        self.open.insert(number);
        self.schedule(request.end, Due::Request(number));
        self.requests.push(request);
        number
    }

    /// Schedules the removal of a permission set from an account.
    pub(crate) fn depart(&mut self, name: &PermissionSetName, account: AccountId, end: Duration) {
        self.departures.insert((name.clone(), account), end);
        self.schedule(end, Due::Departure(name.clone(), account));
    }

    /// Schedules the requested attributes for access control to take effect at `end`.
    pub(crate) fn await_access_control(&mut self, end: Duration) {
        self.schedule(end, Due::AccessControl);
    }

    /// Cancels a removal.
    pub(crate) fn stay(&mut self, name: &PermissionSetName, account: AccountId) {
        self.departures.remove(&(name.clone(), account));
    }

    /// Unschedules a removal that is due; returns `false` if it was cancelled or postponed.
    pub(crate) fn departed(&mut self, name: &PermissionSetName, account: AccountId, at: Duration) -> bool {
        let key = (name.clone(), account);
        let stands = self.departures.get(&key) == Some(&at);
        if stands {
            self.departures.remove(&key);
        }
        stands
    }

    /// Unschedules and returns the next thing that is due by `now`, with its time.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<(Duration, Due)> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        let ((at, _), due) = entry.remove_entry();
        Some((at, due))
    }

    /// Finishes an operation and unlocks its accounts.
    pub(crate) fn close(&mut self, number: usize, state: State) {
        self.open.remove(&number);
        for account in self.requests[number].work.accounts() {
            self.held.remove(&account);
        }
        self.requests[number].state = state;
    }

    pub(crate) fn request(&self, number: usize) -> &Request {
        &self.requests[number]
    }

    pub(crate) fn request_of_id(&self, id: &str, kind: Kind) -> Option<&Request> {
        self.by_id.get(id).map(|number| &self.requests[*number]).filter(|request| request.work.kind() == kind)
    }

    /// Returns the requests of a kind in a state (`None`: any) at a time (`None`: now), newest first, from number `last`
    /// down, each with its state at that time.
    pub(crate) fn newest(
        &self,
        kind: Kind,
        state: Option<&'static str>,
        last: Option<usize>,
        at: Option<Duration>,
    ) -> impl Iterator<Item = (usize, &Request, &'static str)> {
        let end = last.map_or(self.requests.len(), |last| self.requests.len().min(last + 1));
        // Few operations are in progress among many finished ones, so this does not search for them.
        let numbers: Box<dyn Iterator<Item = usize>> =
            if at.is_none() && state == Some(State::InProgress.as_str()) {
                Box::new(self.open.range(..end).rev().copied())
            } else {
                Box::new((0..end).rev())
            };
        numbers
            .map(|number| (number, &self.requests[number]))
            .filter(move |(_, request)| request.work.kind() == kind)
            .filter_map(move |(number, request)| {
                let then = at.map_or(Some(request.state.as_str()), |at| request.state_at(at))?;
                Some((number, request, then))
            })
            .filter(move |(_, _, then)| state.is_none_or(|state| state == *then))
    }

    /// Returns the operations of these kinds in progress.
    pub(crate) fn in_progress(&self, kinds: &[Kind]) -> impl Iterator<Item = &Request> {
        let open = self.open.iter().map(|number| &self.requests[*number]);
        open.filter(move |request| kinds.contains(&request.work.kind()))
    }

    /// Returns the operation that locks the account.
    pub(crate) fn holder(&self, account: AccountId) -> Option<&Request> {
        self.held.get(&account).map(|number| &self.requests[*number])
    }

    /// Returns the number of operations so far.
    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Marks the operations in progress from this number on as unknown to the client.
    pub(crate) fn forget_from(&mut self, first: usize) {
        for number in self.open.range(first..) {
            self.requests[*number].known = false;
        }
    }

    /// Returns all operations in the order in which they were accepted.
    pub(crate) fn records(&self) -> Vec<OperationRecord> {
        self.requests.iter().map(Request::record).collect()
    }

    /// Returns when the next thing is due.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// Returns whether an operation or removal of the permission set is in progress.
    pub(crate) fn concerns(&self, name: &PermissionSetName) -> bool {
        self.open.iter().any(|number| self.requests[*number].work.permission_set() == name)
            || self.departures.keys().any(|(departing, _)| departing == name)
    }

    fn schedule(&mut self, at: Duration, due: Due) {
        self.due.insert((at, self.entries), due);
        self.entries += 1;
    }
}
