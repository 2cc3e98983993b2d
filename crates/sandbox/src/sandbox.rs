//! The handle to a simulated world.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rolecall_model::Snapshot;
use tokio::time::Instant;

use crate::call::CallRecord;
use crate::faults::AdminChange;
use crate::graph::{GraphReply, GraphRequest};
use crate::observations::{InjectedFault, InterventionRecord, JournalEntry, OperationRecord, Refusals};
use crate::settings::Settings;
use crate::wire::{Reply, WireRequest};
use crate::world::World;

/// A simulated AWS organization with its Identity Center and, where the snapshot has one, the Entra tenant that provisions
/// to it. Clones share one world.
///
/// Its clock is tokio's, so under a paused runtime it runs on virtual time. Outside a runtime, and when a runtime's
/// virtual clock is left behind, its time stands still rather than going back.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

struct Shared {
    world: Mutex<World>,
    clock: Mutex<Clock>,
    request_latency: Duration,
}

/// The sandbox's time as a function of tokio's.
#[derive(Clone, Copy)]
struct Clock {
    /// From when on it runs at `speed`.
    from: Instant,
    /// What it said then, since the sandbox's start.
    at: Duration,
    /// Seconds of the sandbox in one of tokio's.
    speed: f64,
}

impl Clock {
    fn now(&self) -> Duration {
        self.at + Instant::now().saturating_duration_since(self.from).mul_f64(self.speed)
    }
}

impl Sandbox {
    /// Creates a sandbox whose world starts as the snapshot. Permission sets of which the snapshot contains only the name
    /// have AWS's defaults.
    pub fn new(snapshot: Snapshot, settings: Settings) -> Self {
        let request_latency = settings.request_latency;
        let clock = Clock { from: Instant::now(), at: Duration::ZERO, speed: 1.0 };
        let shared = Shared {
            world: Mutex::new(World::new(snapshot, settings)),
            clock: Mutex::new(clock),
            request_latency,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Returns the current state, sorted, without operations in progress.
    pub fn snapshot(&self) -> Snapshot {
        self.up_to_date().snapshot()
    }

    /// Finishes all operations in progress immediately, and runs one more cycle of each active synchronization job. Call it
    /// before you save a world, since a snapshot cannot contain an operation in progress.
    pub fn settle(&self) {
        self.world().settle();
    }

    /// Returns the calls to AWS in order, up to the last half million. Requests for unsupported operations are not included.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.world().calls()
    }

    /// Returns the number of calls by `service:operation`, such as `sso-admin:ListAccountAssignments`.
    pub fn call_counts(&self) -> BTreeMap<String, u64> {
        self.world().call_counts()
    }

    /// Returns the calls to Graph in order, up to the last half million, including those in batches, to the token endpoint
    /// and for the federation metadata. The operation is the method and the path template, such as `GET /groups/{id}`.
    pub fn graph_calls(&self) -> Vec<CallRecord> {
        self.world().graph_calls()
    }

    /// Makes a change as another administrator, and returns whether it had an effect.
    pub fn intervene(&self, change: &AdminChange) -> bool {
        self.up_to_date().intervene(change)
    }

    /// Returns every change of assignments, groups and permission sets in order, with its source. Journal, interventions and
    /// operations are kept without a limit.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.up_to_date().observations.entries.clone()
    }

    /// Returns the interventions of the fault plan so far, in order.
    pub fn interventions(&self) -> Vec<InterventionRecord> {
        self.up_to_date().observations.interventions.clone()
    }

    /// Returns the faults of requests in order, up to the last hundred thousand. Failed operations are in
    /// [`Sandbox::asynchronous_operations`].
    pub fn injected_faults(&self) -> Vec<InjectedFault> {
        self.world().course.injected()
    }

    /// Returns how many requests each limit refused, and because of whom.
    pub fn refusals(&self) -> Refusals {
        self.world().observations.refusals
    }

    /// Returns all accepted asynchronous operations in order, with their latencies.
    pub fn asynchronous_operations(&self) -> Vec<OperationRecord> {
        self.up_to_date().operations()
    }

    /// Declares that a new client takes over, which knows neither the operations in progress nor how much of the rate is
    /// used. This affects only whether a refusal counts as provoked.
    pub fn forget_client(&self) {
        self.world().forget_client();
    }

    /// Ends the fault plan before its horizon. Permanent faults stay.
    pub fn end_faults(&self) {
        self.world().course.end();
    }

    /// Returns whether the fault plan is past its horizon or was ended, so that only permanent faults can occur.
    pub fn faults_are_over(&self) -> bool {
        let world = self.up_to_date();
        world.course.is_over(world.now)
    }

    /// Returns the time since the sandbox's start, by its own clock.
    pub fn elapsed(&self) -> Duration {
        self.now()
    }

    /// Answers a request to AWS.
    pub(crate) fn handle(&self, request: &WireRequest) -> Reply {
        let now = self.now();
        self.world().handle(now, request)
    }

    /// Answers a request to Graph.
    pub(crate) fn handle_graph(&self, request: &GraphRequest) -> GraphReply {
        let now = self.now();
        self.world().handle_graph(now, request)
    }

    pub(crate) fn request_latency(&self) -> Duration {
        self.shared.request_latency
    }

    /// Changes the speed of the clock.
    pub(crate) fn set_speed(&self, speed: f64) {
        let mut clock = self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner);
        *clock = Clock { from: Instant::now(), at: clock.now(), speed };
    }

    fn now(&self) -> Duration {
        self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner).now()
    }

    /// Returns the world after it has caught up with the clock.
    fn up_to_date(&self) -> MutexGuard<'_, World> {
        let now = self.now();
        let mut world = self.world();
        world.advance(now);
        world
    }

    /// Locks the world. After a panic within a request, which is a bug, it stays as it is.
    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").finish_non_exhaustive()
    }
}
