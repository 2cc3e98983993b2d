//! The handle to a simulated world.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rolecall_model::Snapshot;
use tokio::time::Instant;

use crate::call::CallRecord;
use crate::settings::Settings;
use crate::wire::{WireRequest, WireResponse};
use crate::world::World;

/// A simulated AWS organization with its Identity Center. Clones share one world.
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
        let now = self.now();
        let mut world = self.world();
        world.advance(now);
        world.snapshot()
    }

    /// Lets everything under way come to its end at once, as time would. A world is settled before it is saved, since
    /// a snapshot cannot hold an operation that is half done.
    pub fn settle(&self) {
        self.world().settle();
    }

    /// The calls so far, in their order: the last half million of them. Requests for what is not offered are not
    /// among them.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.world().calls()
    }

    /// How many calls there were, by `service:operation`, such as `sso-admin:ListAccountAssignments`.
    pub fn call_counts(&self) -> BTreeMap<String, u64> {
        self.world().call_counts()
    }

    /// How long the sandbox has been running, by its own clock.
    pub fn elapsed(&self) -> Duration {
        self.now()
    }

    /// Answers a request that arrives now.
    pub(crate) fn handle(&self, request: &WireRequest) -> WireResponse {
        let now = self.now();
        self.world().handle(now, request)
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
