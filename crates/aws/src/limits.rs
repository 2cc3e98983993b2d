//! How fast AWS may be asked.
//!
//! Every call takes a token before it is sent. The rates start a little below AWS's (facts: the quota pages of IAM
//! Identity Center and of Organizations), since others use the same quotas: the console, other pipelines, Control
//! Tower. A throttle says that somebody does; the rate then falls at once and comes back slowly.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::api::{Api, Service};

/// What is left of a rate after a throttle.
const CUT: f64 = 0.7;
/// Throttles come in volleys: all calls in flight get one. So a rate is cut once in this time, not once for each.
const CUT_ONCE_IN: Duration = Duration::from_secs(1);
/// A rate never falls below this part of its start.
const FLOOR: f64 = 0.05;
/// How much of its start a rate wins back in one second.
const RECOVERY_PER_SECOND: f64 = 1.0 / 60.0;

/// A token bucket whose rate adapts. Callers are served in the order in which they came.
#[derive(Debug)]
pub(crate) struct Limit {
    /// Tokens a second, at most and at the start.
    start: f64,
    /// How many tokens gather while nobody calls.
    burst: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    per_second: f64,
    /// Negative while callers wait: each has taken its token already and sleeps until it would have come.
    tokens: f64,
    refilled: Instant,
    cut: Option<Instant>,
}

impl Limit {
    fn new(start: f64, burst: f64) -> Self {
        let state = State { per_second: start, tokens: burst, refilled: Instant::now(), cut: None };
        Self { start, burst, state: Mutex::new(state) }
    }

    /// Waits until a call may be sent.
    pub(crate) async fn acquire(&self) {
        let turn = {
            let mut state = self.refill();
            state.tokens -= 1.0;
            (state.tokens < 0.0)
                .then(|| state.refilled + Duration::from_secs_f64(-state.tokens / state.per_second))
        };
        if let Some(turn) = turn {
            sleep_until(turn).await;
        }
    }

    /// Takes note of a throttle.
    pub(crate) fn slow_down(&self) {
        let mut state = self.refill();
        let now = state.refilled;
        if state.cut.is_some_and(|cut| now < cut + CUT_ONCE_IN) {
            return;
        }
        state.cut = Some(now);
        state.per_second = (state.per_second * CUT).max(self.start * FLOOR);
        state.tokens = state.tokens.min(0.0);
    }

    fn refill(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let seconds = (now - state.refilled).as_secs_f64();
        state.refilled = now;
        state.tokens = (state.tokens + seconds * state.per_second).min(self.burst);
        state.per_second = (state.per_second + seconds * self.start * RECOVERY_PER_SECOND).min(self.start);
        state
    }
}

/// The limits of one caller's account: one bucket for all of sso-admin, one for each API elsewhere.
#[derive(Debug)]
pub(crate) struct Limits {
    sso_admin: Arc<Limit>,
    others: Mutex<BTreeMap<Api, Arc<Limit>>>,
}

impl Limits {
    pub(crate) fn new() -> Self {
        // AWS: 20 requests/s for all of sso-admin together.
        Self { sso_admin: Arc::new(Limit::new(18.0, 10.0)), others: Mutex::new(BTreeMap::new()) }
    }

    pub(crate) fn of(&self, api: Api) -> Arc<Limit> {
        let (start, burst) = match api.service {
            Service::SsoAdmin => return Arc::clone(&self.sso_admin),
            // AWS: 20 requests/s for each API.
            Service::IdentityStore => (18.0, 10.0),
            Service::Organizations => organizations_rate(api.operation),
            Service::Sts => (10.0, 10.0),
        };
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(others.entry(api).or_insert_with(|| Arc::new(Limit::new(start, burst))))
    }
}

/// Rate and burst of an API of Organizations, a tenth below what AWS allows.
fn organizations_rate(operation: &str) -> (f64, f64) {
    match operation {
        // AWS: 8 and 12.
        "ListAccounts" => (7.2, 10.0),
        // AWS: 5 and 8.
        "ListAccountsForParent" | "ListOrganizationalUnitsForParent" => (4.5, 7.0),
        // AWS: 10 and 15.
        "ListTagsForResource" => (9.0, 13.0),
        // AWS: 1 and 2 for ListRoots. What it allows for the others is not known to us; they are called once a run.
        _ => (0.9, 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seconds_for(limit: &Limit, calls: u32) -> f64 {
        let start = Instant::now();
        for _ in 0..calls {
            limit.acquire().await;
        }
        start.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
        let limit = Limit::new(18.0, 10.0);
        assert_eq!(seconds_for(&limit, 10).await, 0.0);
        let rest = seconds_for(&limit, 180).await;
        assert!((9.9..10.3).contains(&rest), "{rest}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_volley_of_throttles_cuts_the_rate_once_and_it_comes_back() {
        let limit = Limit::new(10.0, 1.0);
        for _ in 0..30 {
            limit.slow_down();
        }
        let slowed = seconds_for(&limit, 7).await;
        assert!((0.9..1.1).contains(&slowed), "{slowed}");
        tokio::time::sleep(Duration::from_secs(60)).await;
        let recovered = seconds_for(&limit, 101).await;
        assert!((9.9..10.2).contains(&recovered), "{recovered}");
    }

    #[test]
    fn the_calls_of_sso_admin_share_one_limit_and_others_do_not() {
        let limits = Limits::new();
        let of = |api| limits.of(api);
        assert!(Arc::ptr_eq(&of(Api::sso_admin("ListInstances")), &of(Api::sso_admin("ListPermissionSets"))));
        assert!(!Arc::ptr_eq(&of(Api::identity_store("ListGroups")), &of(Api::identity_store("ListUsers"))));
    }
}
