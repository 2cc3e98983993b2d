//! The loop that runs operations: it starts what the schedule allows, follows every asynchronous request to its end,
//! and reads each row again when all is done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use petgraph::graph::NodeIndex;
use rolecall_model::{
    AccountId, AwsOperation, EntraOperation, Operation, OperationGraph, PermissionSetName, Principal,
};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::bound::Bound;
use crate::outcome::{Outcome, Report};
use crate::schedule::{Limits, Schedule, SkipCause};
use crate::target::{Failure, IdentityCenter, Request, RequestKind, RequestStatus, Started, Target};

/// How often the requests in flight are looked at. One listing per kind in flight each time, so at most three of the
/// 20 requests a second go into waiting.
const TICK: Duration = Duration::from_secs(2);
/// How long the state of a request may not be readable before nobody knows how it ended: credentials may be renewed and
/// connections come back.
const UNREADABLE_PATIENCE: Duration = Duration::from_secs(600);
/// How often a row is read again before it counts as not being as wanted: listings lag behind changes.
const READS_AT_MOST: usize = 5;
/// How many rows are read again at a time.
const READS_AT_A_TIME: usize = 16;

/// What happened, for progress and records.
#[derive(Debug)]
pub enum Event<'a> {
    /// An operation was sent.
    Started(NodeIndex),
    /// An operation came to its end.
    Ended(NodeIndex, &'a Outcome),
    /// Everything is sent and ended; so many rows are read again.
    Verifying(usize),
}

/// Runs all operations. When `stop` is cancelled, nothing new is started and what is in flight is followed to its
/// end.
pub async fn run<A, E>(
    bound: &Bound<'_, A, E>,
    limits: Limits,
    stop: CancellationToken,
    mut report: impl FnMut(Event<'_>),
) -> Report
where
    A: IdentityCenter,
    E: Target<Operation = EntraOperation>,
{
    let graph = bound.graph;
    let mut runner = Runner {
        bound,
        stop,
        schedule: Schedule::new(graph, limits),
        outcomes: vec![None; graph.graph().node_count()],
        in_flight: FuturesUnordered::new(),
        requests: BTreeMap::new(),
        listing: BTreeSet::new(),
        describing: BTreeSet::new(),
        unreadable_since: BTreeMap::new(),
        next_tick: Instant::now() + TICK,
        interrupted: false,
    };
    runner.run(&mut report).await;
    let mut outcomes: Vec<Outcome> = runner
        .outcomes
        .into_iter()
        // The schedule is finished, so each operation has its end; one without would be a hole, not a success.
        .map(|outcome| outcome.unwrap_or(Outcome::Skipped(SkipCause::Interrupted)))
        .collect();
    verify(graph, bound.identity_center, &mut outcomes, &mut report).await;
    Report { outcomes, interrupted: runner.interrupted }
}

/// What a future of the loop brings back.
enum Answer {
    Sent(NodeIndex, Result<Started, Failure>),
    /// The requests of a kind that are in progress, and those of ours that were in flight when the listing was asked
    /// for: a request sent later is not missing from it.
    Listed(RequestKind, Vec<Request>, Result<BTreeSet<String>, Failure>),
    Described(Request, Result<RequestStatus, Failure>),
}

struct Runner<'g, A, E> {
    bound: &'g Bound<'g, A, E>,
    stop: CancellationToken,
    schedule: Schedule<'g>,
    outcomes: Vec<Option<Outcome>>,
    in_flight: FuturesUnordered<LocalBoxFuture<'g, Answer>>,
    /// What is under way at AWS.
    requests: BTreeMap<Request, NodeIndex>,
    listing: BTreeSet<RequestKind>,
    describing: BTreeSet<Request>,
    /// Since when the state of a request could not be read.
    unreadable_since: BTreeMap<Request, Instant>,
    next_tick: Instant,
    interrupted: bool,
}

impl<A, E> Runner<'_, A, E>
where
    A: IdentityCenter,
    E: Target<Operation = EntraOperation>,
{
    async fn run(&mut self, report: &mut impl FnMut(Event<'_>)) {
        let stop = self.stop.clone();
        loop {
            while let Some(index) = self.schedule.start_next() {
                report(Event::Started(index));
                self.send(index);
            }
            if self.schedule.is_finished() {
                return;
            }
            tokio::select! {
                biased;
                () = stop.cancelled(), if !self.interrupted => {
                    self.interrupted = true;
                    for index in self.schedule.interrupt() {
                        self.settle(index, Outcome::Skipped(SkipCause::Interrupted), report);
                    }
                }
                Some(answer) = self.in_flight.next() => self.take(answer, report),
                () = sleep_until(self.next_tick), if !self.requests.is_empty() => self.tick(),
            }
        }
    }

    fn send(&mut self, index: NodeIndex) {
        let (bound, stop) = (self.bound, self.stop.clone());
        self.in_flight.push(Box::pin(async move { Answer::Sent(index, bound.start(index, &stop).await) }));
    }

    /// Asks for one listing per kind in flight, unless one is still on its way.
    fn tick(&mut self) {
        self.next_tick = Instant::now() + TICK;
        for kind in
            [RequestKind::AssignmentCreation, RequestKind::AssignmentDeletion, RequestKind::Provisioning]
        {
            let asked: Vec<Request> = self.requests.keys().filter(|one| one.kind == kind).cloned().collect();
            if asked.is_empty() || !self.listing.insert(kind) {
                continue;
            }
            let target = self.bound.identity_center;
            self.in_flight
                .push(Box::pin(async move { Answer::Listed(kind, asked, target.in_progress(kind).await) }));
        }
    }

    fn take(&mut self, answer: Answer, report: &mut impl FnMut(Event<'_>)) {
        match answer {
            Answer::Sent(index, Ok(Started::Done { request_id })) => self.succeed(index, request_id, report),
            Answer::Sent(index, Ok(Started::Pending(request))) => {
                if self.requests.is_empty() {
                    self.next_tick = Instant::now() + TICK;
                }
                self.requests.insert(request, index);
            }
            Answer::Sent(index, Err(failure)) => self.fail(index, failure, report),
            Answer::Listed(kind, asked, listed) => {
                self.listing.remove(&kind);
                // A listing that cannot be had leaves describing every request, which is dearer but as good.
                let in_progress = listed.unwrap_or_default();
                for request in asked {
                    if self.requests.contains_key(&request) && !in_progress.contains(&request.id) {
                        self.describe(request);
                    }
                }
            }
            Answer::Described(request, status) => {
                self.describing.remove(&request);
                if status.is_ok() {
                    self.unreadable_since.remove(&request);
                }
                match status {
                    Ok(RequestStatus::InProgress) => {}
                    Ok(RequestStatus::Succeeded) => {
                        if let Some(index) = self.requests.remove(&request) {
                            self.succeed(index, Some(request.id), report);
                        }
                    }
                    Ok(RequestStatus::Failed { reason }) => {
                        let failure = Failure {
                            code: "FAILED".to_owned(),
                            message: reason,
                            request_id: Some(request.id.clone()),
                        };
                        self.fail_request(&request, failure, report);
                    }
                    Err(failure) => self.take_unreadable(&request, failure, report),
                }
            }
        }
    }

    /// The state of a request that cannot be read now may well be readable later, and its operation goes on meanwhile.
    fn take_unreadable(&mut self, request: &Request, failure: Failure, report: &mut impl FnMut(Event<'_>)) {
        let since = *self.unreadable_since.entry(request.clone()).or_insert_with(Instant::now);
        if since.elapsed() < UNREADABLE_PATIENCE {
            return;
        }
        let Some(index) = self.requests.remove(request) else { return };
        let skipped = self.schedule.lose(index);
        let message = format!("how it ended could not be read: {}", failure.message);
        self.settle_failed(index, Failure { message, ..failure }, skipped, report);
    }

    fn describe(&mut self, request: Request) {
        if self.describing.insert(request.clone()) {
            let target = self.bound.identity_center;
            self.in_flight.push(Box::pin(async move {
                let status = target.describe(&request).await;
                Answer::Described(request, status)
            }));
        }
    }

    fn succeed(&mut self, index: NodeIndex, request_id: Option<String>, report: &mut impl FnMut(Event<'_>)) {
        self.schedule.succeed(index);
        self.settle(index, Outcome::Done { request_id }, report);
    }

    fn fail_request(&mut self, request: &Request, failure: Failure, report: &mut impl FnMut(Event<'_>)) {
        if let Some(index) = self.requests.remove(request) {
            self.fail(index, failure, report);
        }
    }

    fn fail(&mut self, index: NodeIndex, failure: Failure, report: &mut impl FnMut(Event<'_>)) {
        let skipped = self.schedule.fail(index);
        self.settle_failed(index, failure, skipped, report);
    }

    /// `skipped` is what waited for the operation that failed.
    fn settle_failed(
        &mut self,
        index: NodeIndex,
        failure: Failure,
        skipped: Vec<NodeIndex>,
        report: &mut impl FnMut(Event<'_>),
    ) {
        self.settle(index, Outcome::Failed(failure), report);
        for after in skipped {
            self.settle(after, Outcome::Skipped(SkipCause::Failed(index)), report);
        }
    }

    fn settle(&mut self, index: NodeIndex, outcome: Outcome, report: &mut impl FnMut(Event<'_>)) {
        report(Event::Ended(index, &outcome));
        self.outcomes[index.index()] = Some(outcome);
    }
}

/// Reads again every permission set and account on which a row was changed: an operation counts as done when live
/// says so, not when the request does.
async fn verify<A: IdentityCenter>(
    graph: &OperationGraph,
    target: &A,
    outcomes: &mut [Outcome],
    report: &mut impl FnMut(Event<'_>),
) {
    let mut pairs: BTreeMap<(&PermissionSetName, AccountId), Vec<Expected<'_>>> = BTreeMap::new();
    for (at, node) in graph.graph().node_weights().enumerate() {
        if !matches!(outcomes[at], Outcome::Done { .. }) {
            continue;
        }
        let (row, granted) = match &node.operation {
            Operation::Aws(AwsOperation::CreateAssignment(row)) => (row, true),
            Operation::Aws(AwsOperation::DeleteAssignment(row)) => (row, false),
            Operation::Aws(
                AwsOperation::CreatePermissionSet { .. }
                | AwsOperation::Edit { .. }
                | AwsOperation::Provision { .. }
                | AwsOperation::DeletePermissionSet { .. }
                | AwsOperation::SetAccessControl { .. },
            )
            | Operation::Entra(_)
            | Operation::AwaitGroup(_) => continue,
        };
        pairs.entry((&row.permission_set, row.account)).or_default().push(Expected {
            operation: at,
            granted,
            principal: &row.principal,
        });
    }
    report(Event::Verifying(pairs.values().map(Vec::len).sum()));
    let reads = futures_util::stream::iter(pairs)
        .map(|((set, account), rows)| verify_pair(target, set, account, rows))
        .buffer_unordered(READS_AT_A_TIME);
    let failed: Vec<(usize, Failure)> = reads.concat().await;
    for (at, failure) in failed {
        let outcome = Outcome::Failed(failure);
        report(Event::Ended(NodeIndex::new(at), &outcome));
        outcomes[at] = outcome;
    }
}

/// How a row should be after its operation.
struct Expected<'g> {
    operation: usize,
    granted: bool,
    principal: &'g Principal,
}

/// The rows that are not as they should be, after as many reads as a lagging listing deserves.
async fn verify_pair<A: IdentityCenter>(
    target: &A,
    set: &PermissionSetName,
    account: AccountId,
    rows: Vec<Expected<'_>>,
) -> Vec<(usize, Failure)> {
    let mut wrong = Vec::new();
    for attempt in 0..READS_AT_MOST {
        if attempt > 0 {
            sleep(TICK).await;
        }
        match target.principals(set, account).await {
            Ok(principals) => {
                wrong = rows
                    .iter()
                    .filter(|row| principals.contains(row.principal) != row.granted)
                    .map(|row| (row.operation, not_as_wanted(row.granted)))
                    .collect();
                if wrong.is_empty() {
                    return wrong;
                }
            }
            Err(failure) => {
                return rows
                    .iter()
                    .map(|row| {
                        let message = format!("done, but it could not be read again: {}", failure.message);
                        (row.operation, Failure { message, ..failure.clone() })
                    })
                    .collect();
            }
        }
    }
    wrong
}

fn not_as_wanted(granted: bool) -> Failure {
    let found = if granted { "the assignment is not there" } else { "the assignment is still there" };
    Failure {
        code: "NotAsWanted".to_owned(),
        message: format!("AWS said SUCCEEDED, but read again, {found}; somebody else may have changed it"),
        request_id: None,
    }
}
