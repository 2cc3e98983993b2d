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
    /// A world that starts as the snapshot says. Permission sets of which the snapshot holds only the name are taken
    /// to have AWS's defaults.
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

    /// What has taken effect by now, sorted. What is still under way is not in it.
    pub fn snapshot(&self) -> Snapshot {
        self.up_to_date().snapshot()
    }

    /// Lets everything under way come to its end at once, as time would, with one more cycle of each synchronization
    /// job that runs. A world is settled before it is saved, since a snapshot cannot hold an operation that is half
    /// done.
    pub fn settle(&self) {
        self.world().settle();
    }

    /// The calls to AWS so far, in their order: the last half million of them. Requests for what is not offered are
    /// not among them.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.world().calls()
    }

    /// How many calls there were, by `service:operation`, such as `sso-admin:ListAccountAssignments`.
    pub fn call_counts(&self) -> BTreeMap<String, u64> {
        self.world().call_counts()
    }

    /// The calls to Graph so far, in their order: the last half million of them. Those within a batch are among them,
    /// and so are those to the token endpoint and for the federation metadata. The operation is the method and the
    /// template of the path, such as `GET /groups/{id}`.
    pub fn graph_calls(&self) -> Vec<CallRecord> {
        self.world().graph_calls()
    }

    /// Lets another administrator change something now, and says whether there was anything to change.
    pub fn intervene(&self, change: &AdminChange) -> bool {
        self.up_to_date().intervene(change)
    }

    /// Every change of rows, groups and permission sets that took effect by now, in its order, with who made it. Journal,
    /// interventions and operations are kept whole.
    pub fn journal(&self) -> Vec<JournalEntry> {
        self.up_to_date().observations.entries.clone()
    }

    /// The interventions of the fault plan that have happened by now, in their order.
    pub fn interventions(&self) -> Vec<InterventionRecord> {
        self.up_to_date().observations.interventions.clone()
    }

    /// The faults that struck requests, in their order: the last hundred thousand of them. Operations that failed at
    /// their end are among [`Sandbox::asynchronous_operations`].
    pub fn injected_faults(&self) -> Vec<InjectedFault> {
        self.world().course.injected()
    }

    /// How often a limit refused something, and whose doing it was.
    pub fn refusals(&self) -> Refusals {
        self.world().observations.refusals
    }

    /// All asynchronous operations that were accepted, in their order, with the latencies that were drawn for them.
    pub fn asynchronous_operations(&self) -> Vec<OperationRecord> {
        self.up_to_date().operations()
    }

    /// Says that the client that was at work is gone and another begins: what is under way is unknown to the new one,
    /// and so is how much of the rate is used up. It only matters for who provoked a refusal.
    pub fn forget_client(&self) {
        self.world().forget_client();
    }

    /// Ends the fault plan before its horizon. What is lasting in it stays.
    pub fn end_faults(&self) {
        self.world().course.end();
    }

    /// Whether the fault plan is past its horizon or was ended, so that nothing but what is lasting can happen.
    pub fn faults_are_over(&self) -> bool {
        let world = self.up_to_date();
        world.course.is_over(world.now)
    }

    /// How long the sandbox has been running, by its own clock.
    pub fn elapsed(&self) -> Duration {
        self.now()
    }

    /// Answers a request that arrives now.
    pub(crate) fn handle(&self, request: &WireRequest) -> Reply {
        let now = self.now();
        self.world().handle(now, request)
    }

    /// Answers a request to Graph that arrives now.
    pub(crate) fn handle_graph(&self, request: &GraphRequest) -> GraphReply {
        let now = self.now();
        self.world().handle_graph(now, request)
    }

    pub(crate) fn request_latency(&self) -> Duration {
        self.shared.request_latency
    }

    /// Lets the clock run at another speed from now on.
    pub(crate) fn set_speed(&self, speed: f64) {
        let mut clock = self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner);
        *clock = Clock { from: Instant::now(), at: clock.now(), speed };
    }

    fn now(&self) -> Duration {
        self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner).now()
    }

    /// The world after everything that is due by now.
    fn up_to_date(&self) -> MutexGuard<'_, World> {
        let now = self.now();
        let mut world = self.world();
        world.advance(now);
        world
    }

    /// A panic in the middle of a request is a bug of the sandbox; the world stays as far as it got.
    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").finish_non_exhaustive()
    }
}
