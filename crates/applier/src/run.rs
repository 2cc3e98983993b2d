//! The loop that runs operations. It starts what the schedule allows, follows every asynchronous request to its end,
//! and finally reads every changed assignment again.

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

/// Poll interval for requests in flight. Each poll sends one listing per kind in flight, so polling takes at most
/// three of the 20 requests per second.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// How long reading the state of a request may fail before its outcome counts as unknown. Expired credentials may be
/// renewed and connections restored in the meantime.
const UNREADABLE_TIMEOUT: Duration = Duration::from_secs(600);
/// Maximum number of reads before an assignment counts as not applied: listings lag behind changes.
const MAX_READS: usize = 5;
/// Maximum number of verification reads in flight.
const MAX_CONCURRENT_READS: usize = 16;

/// An event of a run, for progress reports and records.
#[derive(Debug)]
pub enum Event<'a> {
    /// An operation was sent.
    Started(NodeIndex),
    /// An operation ended.
    Ended(NodeIndex, &'a Outcome),
    /// All operations ended; this many assignments are read again.
    Verifying(usize),
}

/// Runs all operations. Once `stop` is cancelled, no operation is started, and those in flight are followed to their
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
        known: BTreeSet::new(),
        listing: BTreeSet::new(),
        describing: BTreeSet::new(),
        unreadable_since: BTreeMap::new(),
        next_poll: Instant::now() + POLL_INTERVAL,
        interrupted: false,
    };
    runner.run(&mut report).await;
    let mut outcomes: Vec<Outcome> = runner
        .outcomes
        .into_iter()
        // The schedule is finished, so every operation has an outcome; a missing one must not count as success.
        .map(|outcome| outcome.unwrap_or(Outcome::Skipped(SkipCause::Interrupted)))
        .collect();
    verify(graph, bound.identity_center, &mut outcomes, &mut report).await;
    Report { outcomes, interrupted: runner.interrupted }
}

/// The result of a future that the loop awaits.
enum Answer {
    Sent(NodeIndex, Result<Started, Failure>),
    /// The result of reading the live state again for an operation that cannot be followed.
    Confirmed(NodeIndex, Result<Started, Failure>),
    /// The requests of a kind that are in progress, and our own requests that were in flight when the listing was
    /// sent. A request sent later cannot be missing from it.
    Listed(RequestKind, Vec<Request>, Result<BTreeSet<String>, Failure>),
    Described(Request, Result<RequestStatus, Failure>),
}

struct Runner<'g, A, E> {
    bound: &'g Bound<'g, A, E>,
    stop: CancellationToken,
    schedule: Schedule<'g>,
    outcomes: Vec<Option<Outcome>>,
    in_flight: FuturesUnordered<LocalBoxFuture<'g, Answer>>,
    /// Asynchronous requests that AWS accepted and has not finished.
    requests: BTreeMap<Request, NodeIndex>,
    /// All requests so far: a second one with the same id cannot be told apart from the first.
    known: BTreeSet<Request>,
    listing: BTreeSet<RequestKind>,
    describing: BTreeSet<Request>,
    /// When reading the state of a request first failed.
    unreadable_since: BTreeMap<Request, Instant>,
    next_poll: Instant,
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
                () = sleep_until(self.next_poll), if !self.requests.is_empty() => self.poll(),
            }
        }
    }

    fn send(&mut self, index: NodeIndex) {
        let (bound, stop) = (self.bound, self.stop.clone());
        self.in_flight.push(Box::pin(async move { Answer::Sent(index, bound.start(index, &stop).await) }));
    }

    /// Requests one listing per kind in flight, unless the previous one has not been answered.
    fn poll(&mut self) {
        self.next_poll = Instant::now() + POLL_INTERVAL;
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
                self.follow(request, index);
            }
            Answer::Confirmed(index, Ok(_)) => self.succeed(index, None, report),
            Answer::Confirmed(index, Err(failure)) => self.lose(index, failure, report),
            Answer::Sent(index, Err(failure)) => self.fail(index, failure, report),
            Answer::Listed(kind, asked, listed) => {
                self.listing.remove(&kind);
                // Without a listing, every request is described, which costs more calls and gives the same answer.
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
                    Err(failure) => self.take_unreadable(&request, failure),
                }
            }
        }
    }

    /// The state of a request may become readable again, and its operation continues in the meantime.
    fn take_unreadable(&mut self, request: &Request, failure: Failure) {
        let since = *self.unreadable_since.entry(request.clone()).or_insert_with(Instant::now);
        if since.elapsed() < UNREADABLE_TIMEOUT {
            return;
        }
        let Some(index) = self.requests.remove(request) else { return };
        let message = format!("the outcome could not be read: {}", failure.message);
        self.confirm(index, Failure { message, ..failure });
    }

    /// Follows a request to its end, unless AWS gave the same id before. The state of such a request is that of either, so
    /// the live state decides about both.
    fn follow(&mut self, request: Request, index: NodeIndex) {
        if self.known.insert(request.clone()) {
            if self.requests.is_empty() {
                self.next_poll = Instant::now() + POLL_INTERVAL;
            }
            self.requests.insert(request, index);
            return;
        }
        let failure = Failure {
            code: "RepeatedRequestId".to_owned(),
            message: "AWS gave two requests the same id, so their outcome cannot be read".to_owned(),
            request_id: Some(request.id.clone()),
        };
        if let Some(first) = self.requests.remove(&request) {
            self.confirm(first, failure.clone());
        }
        self.confirm(index, failure);
    }

    /// Reads the live state again for an operation that cannot be followed.
    fn confirm(&mut self, index: NodeIndex, failure: Failure) {
        let bound = self.bound;
        self.in_flight
            .push(Box::pin(async move { Answer::Confirmed(index, bound.confirm(index, failure).await) }));
    }

    fn lose(&mut self, index: NodeIndex, failure: Failure, report: &mut impl FnMut(Event<'_>)) {
        let skipped = self.schedule.lose(index);
        self.settle_failed(index, failure, skipped, report);
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

    /// `skipped` lists the operations that depend on the failed one.
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

/// Reads every pair of permission set and account again in which an assignment was changed: an operation counts as
/// done when the live state shows it, not when its request succeeds.
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
        .buffer_unordered(MAX_CONCURRENT_READS);
    let failed: Vec<(usize, Failure)> = reads.concat().await;
    for (at, failure) in failed {
        let outcome = Outcome::Failed(failure);
        report(Event::Ended(NodeIndex::new(at), &outcome));
        outcomes[at] = outcome;
    }
}

/// The expected state of an assignment after its operation.
struct Expected<'g> {
    operation: usize,
    granted: bool,
    principal: &'g Principal,
}

/// Returns the assignments that are not as expected, after enough reads to allow for a lagging listing.
async fn verify_pair<A: IdentityCenter>(
    target: &A,
    set: &PermissionSetName,
    account: AccountId,
    rows: Vec<Expected<'_>>,
) -> Vec<(usize, Failure)> {
    let mut wrong = Vec::new();
    for attempt in 0..MAX_READS {
        if attempt > 0 {
            sleep(POLL_INTERVAL).await;
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
                        let message = format!(
                            "applied, but not verified, because reading it again failed: {}",
                            failure.message
                        );
                        (row.operation, Failure { message, ..failure.clone() })
                    })
                    .collect();
            }
        }
    }
    wrong
}

fn not_as_wanted(granted: bool) -> Failure {
    let found = if granted { "the assignment does not exist" } else { "the assignment still exists" };
    Failure {
        code: "NotAsWanted".to_owned(),
        message: format!("AWS reported SUCCEEDED, but {found}; someone else may have changed it"),
        request_id: None,
    }
}

#[cfg(test)]
mod tests;
