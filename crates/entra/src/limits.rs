//! Rate limits for Graph.
//!
//! Every request passes the window of its bucket before it is sent. The limits are from Graph's page on throttling
//! limits and the reference pages of the routes. A throttle closes the bucket for all callers until its `Retry-After`
//! has passed.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Routes that share a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bucket {
    /// Applications, service principals, users, synchronization.
    General,
    /// Groups and their members.
    Groups,
    /// Conditional access and authentication strengths.
    ConditionalAccess,
    /// The audit logs.
    AuditLogs,
    /// Provisioning on demand.
    OnDemand,
}

/// A sliding window: at most `most` requests in any period.
#[derive(Debug)]
pub(crate) struct Window {
    most: usize,
    period: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the last requests passed, oldest first; at most `most`.
    passed: VecDeque<Instant>,
    /// Closed until then.
    closed_until: Option<Instant>,
}

impl Window {
    fn new(most: usize, period: Duration) -> Self {
        Self { most, period, state: Mutex::new(State::default()) }
    }

    /// Waits until a request may be sent.
    pub(crate) async fn acquire(&self) {
        while let Some(turn) = self.try_pass() {
            sleep_until(turn).await;
        }
    }

    /// Lets a request pass, or returns when to retry.
    fn try_pass(&self) -> Option<Instant> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(until) = state.closed_until {
            if now < until {
                return Some(until);
            }
            state.closed_until = None;
        }
        if state.passed.len() >= self.most {
            let turn = state.passed.front().map(|oldest| *oldest + self.period);
            if let Some(turn) = turn.filter(|turn| now < *turn) {
                return Some(turn);
            }
            state.passed.pop_front();
        }
        state.passed.push_back(now);
        None
    }

    /// Closes the window for this long.
    pub(crate) fn close_for(&self, wait: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let until = Instant::now() + wait;
        state.closed_until = Some(state.closed_until.map_or(until, |before| before.max(until)));
    }
}

/// The limits of one application in one tenant.
#[derive(Debug)]
pub(crate) struct Limits {
    general: Window,
    groups: Window,
    conditional_access: Window,
    audit_logs: Window,
    on_demand: Window,
}

impl Limits {
    pub(crate) fn new() -> Self {
        // Graph counts resource units: the smallest tenants have 3,500 in 10 s per application, and the routes called
        // here cost one to three. Where Graph limits requests, our period is slightly longer than Graph's, since
        // requests take different times to arrive.
        let ten_seconds = Duration::from_millis(10_200);
        Self {
            general: Window::new(900, ten_seconds),
            groups: Window::new(500, ten_seconds),
            conditional_access: Window::new(1, Duration::from_millis(1_050)),
            audit_logs: Window::new(5, ten_seconds),
            on_demand: Window::new(5, ten_seconds),
        }
    }

    pub(crate) fn of(&self, bucket: Bucket) -> &Window {
        match bucket {
            Bucket::General => &self.general,
            Bucket::Groups => &self.groups,
            Bucket::ConditionalAccess => &self.conditional_access,
            Bucket::AuditLogs => &self.audit_logs,
            Bucket::OnDemand => &self.on_demand,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_period_holds_more_than_the_limit() {
        let limits = Limits::new();
        let mut passed = Vec::new();
        for _ in 0..23 {
            limits.of(Bucket::OnDemand).acquire().await;
            passed.push(Instant::now());
        }
        for window in passed.windows(6) {
            assert!(window[5] - window[0] > Duration::from_secs(10), "{window:?}");
        }
        assert_eq!(passed[4], passed[0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_bucket_opens_when_it_was_said_and_others_stay_open() {
        let limits = Limits::new();
        let start = Instant::now();
        limits.of(Bucket::Groups).close_for(Duration::from_secs(30));
        limits.of(Bucket::Groups).close_for(Duration::from_secs(7));
        limits.of(Bucket::General).acquire().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        limits.of(Bucket::Groups).acquire().await;
        assert_eq!(start.elapsed(), Duration::from_secs(30));
    }
}
