//! Rate limits for AWS.
//!
//! Every call takes a token before it is sent. The rates start slightly below AWS's (from the quota pages of IAM
//! Identity Center and Organizations), since others use the same quotas: the console, other pipelines, Control Tower.
//! A throttle means that someone does; the rate then falls at once and recovers slowly.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::api::{Api, Service};

/// Factor by which a throttle lowers a rate.
const CUT: f64 = 0.7;
/// Minimum time between two cuts of a rate. All calls in flight are throttled together, and count as one throttle.
const CUT_INTERVAL: Duration = Duration::from_secs(1);
/// Lower bound of a rate, as a fraction of its initial value.
const FLOOR: f64 = 0.05;
/// Fraction of its initial value that a rate recovers per second.
const RECOVERY_PER_SECOND: f64 = 1.0 / 60.0;

/// A token bucket with an adaptive rate. Callers are served in order of arrival.
#[derive(Debug)]
pub(crate) struct Limit {
    /// Tokens per second, initially and at most.
    initial: f64,
    /// The capacity of the bucket.
    burst: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    per_second: f64,
    /// Negative while callers wait: each has taken its token and sleeps until it would have been added.
    tokens: f64,
    refilled: Instant,
    cut: Option<Instant>,
}

impl Limit {
    fn new(initial: f64, burst: f64) -> Self {
        let state = State { per_second: initial, tokens: burst, refilled: Instant::now(), cut: None };
        Self { initial, burst, state: Mutex::new(state) }
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

    /// Lowers the rate after a throttle.
    pub(crate) fn slow_down(&self) {
        let mut state = self.refill();
        let now = state.refilled;
        if state.cut.is_some_and(|cut| now < cut + CUT_INTERVAL) {
            return;
        }
        state.cut = Some(now);
        state.per_second = (state.per_second * CUT).max(self.initial * FLOOR);
        state.tokens = state.tokens.min(0.0);
    }

    fn refill(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let seconds = (now - state.refilled).as_secs_f64();
        state.refilled = now;
        state.tokens = (state.tokens + seconds * state.per_second).min(self.burst);
        state.per_second =
            (state.per_second + seconds * self.initial * RECOVERY_PER_SECOND).min(self.initial);
        state
    }
}

/// The limits of the caller's account: one bucket for all of sso-admin, and one for each API of the other services.
#[derive(Debug)]
pub(crate) struct Limits {
    sso_admin: Arc<Limit>,
    others: Mutex<BTreeMap<Api, Arc<Limit>>>,
}

impl Limits {
    pub(crate) fn new() -> Self {
        // AWS: 20 requests/s for all of sso-admin.
        Self { sso_admin: Arc::new(Limit::new(18.0, 10.0)), others: Mutex::new(BTreeMap::new()) }
    }

    pub(crate) fn of(&self, api: Api) -> Arc<Limit> {
        let (initial, burst) = match api.service {
            Service::SsoAdmin => return Arc::clone(&self.sso_admin),
            // AWS: 20 requests/s for each API.
            Service::IdentityStore => (18.0, 10.0),
            Service::Organizations => organizations_rate(api.operation),
            Service::Sts => (10.0, 10.0),
        };
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(others.entry(api).or_insert_with(|| Arc::new(Limit::new(initial, burst))))
    }
}

/// Returns rate and burst of an API of Organizations, a tenth below AWS's.
fn organizations_rate(operation: &str) -> (f64, f64) {
    match operation {
        // AWS: 8 and 12.
        "ListAccounts" => (7.2, 10.0),
        // AWS: 5 and 8.
        "ListAccountsForParent" | "ListOrganizationalUnitsForParent" => (4.5, 7.0),
        // AWS: 10 and 15.
        "ListTagsForResource" => (9.0, 13.0),
        // AWS: 1 and 2 for ListRoots. The quotas of the others are unknown to us; they are called once per run.
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
