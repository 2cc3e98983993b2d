//! The scheduler: decides which operation may start next. It is pure; the loop that runs operations reports the
//! outcomes to it.
//!
//! AWS allows 15 outstanding assignment operations, 3 provisions, and one role change at a time per account; a second
//! one is a conflict. An apply finishes close to its lower bound when the account with the most remaining operations
//! goes first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use rolecall_model::{AccountId, AwsOperation, Operation, OperationGraph};

/// The number of operations of each kind that may be in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `CreateAccountAssignment` and `DeleteAccountAssignment` together.
    pub assignments: usize,
    /// `ProvisionPermissionSet`.
    pub provisions: usize,
    /// All other changes. AWS limits only their request rate; this limit bounds what an interrupted run must follow
    /// to its end. Waits do not count.
    pub edits: usize,
}

impl Default for Limits {
    /// AWS's quotas (Identity Center user guide, quotas): 15 outstanding assignment operations, 3 provisions.
    fn default() -> Self {
        Self { assignments: 15, provisions: 3, edits: 8 }
    }
}

/// The limit that an operation counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    Assignment(AccountId),
    Provision,
    Edit,
    /// No limit: a wait changes nothing and may last for hours.
    Wait,
}

/// The state of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Waiting for this many other operations.
    Waiting(usize),
    /// Able to start.
    Ready,
    InFlight,
    Done,
    Failed,
    Skipped,
}

/// The reason that an operation was never started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipCause {
    /// It depends on this operation, which failed.
    Failed(NodeIndex),
    /// The run was interrupted.
    Interrupted,
}

/// The progress of a run.
#[derive(Debug)]
pub struct Schedule<'g> {
    graph: &'g OperationGraph,
    limits: Limits,
    states: Vec<State>,
    ready_edits: VecDeque<NodeIndex>,
    ready_waits: VecDeque<NodeIndex>,
    /// In the order in which they became ready.
    ready_provisions: Vec<NodeIndex>,
    ready_assignments: BTreeMap<AccountId, BTreeSet<NodeIndex>>,
    /// Accounts with a ready assignment, none in flight and no provision waiting for them; most remaining operations
    /// first.
    open_accounts: BTreeSet<(Reverse<usize>, AccountId)>,
    /// The number of unfinished operations of each account.
    load: BTreeMap<AccountId, usize>,
    busy: BTreeSet<AccountId>,
    /// Accounts kept free for a provision that is ready. Without this, a steady stream of assignments would starve
    /// it.
    claimed: BTreeSet<AccountId>,
    assignments_in_flight: usize,
    provisions_in_flight: usize,
    edits_in_flight: usize,
    unfinished: usize,
    interrupted: bool,
}

impl<'g> Schedule<'g> {
    /// Creates the schedule of a run that has not started.
    pub fn new(graph: &'g OperationGraph, limits: Limits) -> Self {
        let nodes = graph.graph();
        let waits = |index| nodes.neighbors_directed(index, Direction::Incoming).count();
        let mut load: BTreeMap<AccountId, usize> = BTreeMap::new();
        for account in nodes.node_weights().flat_map(|node| &node.accounts) {
            *load.entry(*account).or_default() += 1;
        }
        let mut schedule = Self {
            graph,
            limits,
            states: nodes.node_indices().map(|index| State::Waiting(waits(index))).collect(),
            ready_edits: VecDeque::new(),
            ready_waits: VecDeque::new(),
            ready_provisions: Vec::new(),
            ready_assignments: BTreeMap::new(),
            open_accounts: BTreeSet::new(),
            load,
            busy: BTreeSet::new(),
            claimed: BTreeSet::new(),
            assignments_in_flight: 0,
            provisions_in_flight: 0,
            edits_in_flight: 0,
            unfinished: nodes.node_count(),
            interrupted: false,
        };
        for index in nodes.node_indices() {
            if schedule.states[index.index()] == State::Waiting(0) {
                schedule.make_ready(index);
            }
        }
        schedule
    }

    /// Whether every operation is done, failed or skipped.
    pub fn is_finished(&self) -> bool {
        self.unfinished == 0
    }

    /// Returns an operation to start now, if the limits allow one. It counts as in flight from here on.
    pub fn start_next(&mut self) -> Option<NodeIndex> {
        if self.interrupted {
            return None;
        }
        if let Some(wait) = self.ready_waits.pop_front() {
            return Some(self.take(wait));
        }
        if self.edits_in_flight < self.limits.edits
            && let Some(edit) = self.ready_edits.pop_front()
        {
            self.edits_in_flight += 1;
            return Some(self.take(edit));
        }
        if let Some(provision) = self.startable_provision() {
            return Some(self.take(provision));
        }
        if self.assignments_in_flight < self.limits.assignments
            && let Some((_, account)) = self.open_accounts.first().copied()
        {
            let row = self.ready_assignments.get_mut(&account).and_then(BTreeSet::pop_first)?;
            self.assignments_in_flight += 1;
            self.hold(account);
            return Some(self.take(row));
        }
        None
    }

    /// Records that an operation succeeded. Operations that waited for it may become ready.
    pub fn succeed(&mut self, index: NodeIndex) {
        self.end(index, State::Done);
        let after: Vec<NodeIndex> = self.graph.graph().neighbors(index).collect();
        for next in after {
            match self.states[next.index()] {
                State::Waiting(1) => self.make_ready(next),
                State::Waiting(more) => self.states[next.index()] = State::Waiting(more - 1),
                State::Ready | State::InFlight | State::Done | State::Failed | State::Skipped => {}
            }
        }
    }

    /// Records that an operation failed. Skips and returns everything that depends on it, directly or indirectly.
    pub fn fail(&mut self, index: NodeIndex) -> Vec<NodeIndex> {
        self.end(index, State::Failed);
        self.skip_all_behind(vec![index])
    }

    /// Records that the outcome of an operation is unknown. It counts as failed, but it may still be changing roles,
    /// so no other operation is started in its accounts. Returns everything that is skipped as a result.
    pub fn lose(&mut self, index: NodeIndex) -> Vec<NodeIndex> {
        let accounts = self.graph.graph()[index].accounts.clone();
        self.end(index, State::Failed);
        for account in &accounts {
            self.hold(*account);
        }
        let nodes = self.graph.graph();
        let touches = |at: &NodeIndex| nodes[*at].accounts.iter().any(|account| accounts.contains(account));
        let stuck: Vec<NodeIndex> =
            nodes.node_indices().filter(|at| self.not_started(*at) && touches(at)).collect();
        for at in &stuck {
            self.skip(*at);
        }
        let mut skipped = self.skip_all_behind(stuck.iter().copied().chain([index]).collect());
        skipped.extend(stuck);
        skipped.sort_unstable();
        skipped
    }

    fn skip_all_behind(&mut self, mut reached: Vec<NodeIndex>) -> Vec<NodeIndex> {
        let mut skipped = Vec::new();
        while let Some(from) = reached.pop() {
            let after: Vec<NodeIndex> = self.graph.graph().neighbors(from).collect();
            for next in after {
                if matches!(self.states[next.index()], State::Waiting(_)) {
                    self.skip(next);
                    skipped.push(next);
                    reached.push(next);
                }
            }
        }
        skipped.sort_unstable();
        skipped
    }

    fn not_started(&self, index: NodeIndex) -> bool {
        matches!(self.states[index.index()], State::Waiting(_) | State::Ready)
    }

    /// Stops starting operations. Skips and returns everything that has not started.
    pub fn interrupt(&mut self) -> Vec<NodeIndex> {
        self.interrupted = true;
        let skipped: Vec<NodeIndex> =
            self.graph.graph().node_indices().filter(|index| self.not_started(*index)).collect();
        for index in &skipped {
            self.skip(*index);
        }
        skipped
    }

    fn lane(&self, index: NodeIndex) -> Lane {
        match &self.graph.graph()[index].operation {
            Operation::Aws(operation) => match operation {
                AwsOperation::CreateAssignment(row) | AwsOperation::DeleteAssignment(row) => {
                    Lane::Assignment(row.account)
                }
                AwsOperation::Provision { .. } => Lane::Provision,
                AwsOperation::CreatePermissionSet { .. }
                | AwsOperation::Edit { .. }
                | AwsOperation::DeletePermissionSet { .. }
                | AwsOperation::SetAccessControl { .. } => Lane::Edit,
            },
            Operation::Entra(_) => Lane::Edit,
            Operation::AwaitGroup(_) => Lane::Wait,
        }
    }

    fn make_ready(&mut self, index: NodeIndex) {
        self.states[index.index()] = State::Ready;
        match self.lane(index) {
            Lane::Edit => self.ready_edits.push_back(index),
            Lane::Wait => self.ready_waits.push_back(index),
            Lane::Provision => self.ready_provisions.push(index),
            Lane::Assignment(account) => {
                self.ready_assignments.entry(account).or_default().insert(index);
                self.refresh(account);
            }
        }
    }

    /// Returns the first ready provision whose accounts are all free. If there is none, claims the accounts of the
    /// first ready provisions, so that they become free.
    fn startable_provision(&mut self) -> Option<NodeIndex> {
        let slots = self.limits.provisions.saturating_sub(self.provisions_in_flight);
        let mut wanted: BTreeSet<AccountId> = BTreeSet::new();
        let mut startable = None;
        for (at, index) in self.ready_provisions.iter().enumerate().take(slots) {
            let accounts = &self.graph.graph()[*index].accounts;
            if !accounts.iter().any(|account| self.busy.contains(account) || wanted.contains(account)) {
                startable = Some(at);
                break;
            }
            wanted.extend(accounts);
        }
        if let Some(at) = startable {
            let index = self.ready_provisions.remove(at);
            self.provisions_in_flight += 1;
            for account in self.graph.graph()[index].accounts.clone() {
                self.hold(account);
            }
            return Some(index);
        }
        self.claim(wanted);
        None
    }

    fn claim(&mut self, wanted: BTreeSet<AccountId>) {
        if self.claimed == wanted {
            return;
        }
        let before = std::mem::replace(&mut self.claimed, wanted);
        let changed: Vec<AccountId> = before.symmetric_difference(&self.claimed).copied().collect();
        for account in changed {
            self.refresh(account);
        }
    }

    fn take(&mut self, index: NodeIndex) -> NodeIndex {
        self.states[index.index()] = State::InFlight;
        index
    }

    fn hold(&mut self, account: AccountId) {
        self.busy.insert(account);
        self.refresh(account);
    }

    /// Adds the account to the open ones, or removes it from them.
    fn refresh(&mut self, account: AccountId) {
        let entry = (Reverse(self.load.get(&account).copied().unwrap_or_default()), account);
        let has_ready = self.ready_assignments.get(&account).is_some_and(|rows| !rows.is_empty());
        if has_ready && !self.busy.contains(&account) && !self.claimed.contains(&account) {
            self.open_accounts.insert(entry);
        } else {
            self.open_accounts.remove(&entry);
        }
    }

    fn end(&mut self, index: NodeIndex, state: State) {
        self.states[index.index()] = state;
        self.unfinished -= 1;
        match self.lane(index) {
            Lane::Edit => self.edits_in_flight -= 1,
            Lane::Provision => self.provisions_in_flight -= 1,
            Lane::Assignment(_) => self.assignments_in_flight -= 1,
            Lane::Wait => {}
        }
        for account in self.graph.graph()[index].accounts.clone() {
            self.busy.remove(&account);
            self.lighten(account);
        }
    }

    fn skip(&mut self, index: NodeIndex) {
        let before = std::mem::replace(&mut self.states[index.index()], State::Skipped);
        self.unfinished -= 1;
        // Most skipped operations are still waiting, so they are in no queue that would have to be searched.
        if before == State::Ready {
            match self.lane(index) {
                Lane::Edit => self.ready_edits.retain(|ready| *ready != index),
                Lane::Wait => self.ready_waits.retain(|ready| *ready != index),
                Lane::Provision => self.ready_provisions.retain(|ready| *ready != index),
                Lane::Assignment(account) => {
                    if let Some(rows) = self.ready_assignments.get_mut(&account) {
                        rows.remove(&index);
                    }
                }
            }
        }
        for account in self.graph.graph()[index].accounts.clone() {
            self.lighten(account);
        }
    }

    /// Counts down the operations of the account and updates its position among the open ones.
    fn lighten(&mut self, account: AccountId) {
        let load = self.load.get(&account).copied().unwrap_or_default();
        self.open_accounts.remove(&(Reverse(load), account));
        self.load.insert(account, load.saturating_sub(1));
        self.refresh(account);
    }
}
