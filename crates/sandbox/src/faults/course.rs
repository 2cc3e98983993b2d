//! The progress of a fault plan: the faults of the current request, and those so far.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::intervention::{Intervention, When};
use super::{Chance, Competitor, FaultPlan, Lag, Moment, RequestFault, ServerError};
use crate::call::Service;
use crate::observations::InjectedFault;
use crate::random::fingerprint;

/// The number of injected faults that are kept.
const FAULTS_KEPT: usize = 100_000;

/// The random faults of an asynchronous operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct OperationFaults {
    pub(crate) role_quota: bool,
    pub(crate) missing_policy: bool,
}

/// A fault plan and its progress.
#[derive(Debug)]
pub(crate) struct Course {
    pub(crate) plan: FaultPlan,
    /// Number of requests so far, over all services.
    requests: u64,
    by_operation: BTreeMap<&'static str, u64>,
    /// Number of asynchronous operations so far.
    operations: u64,
    ended: bool,
    /// The plan's expiries that have begun.
    expired: BTreeSet<usize>,
    renewed_at: Duration,
    /// The time up to which the competitors' requests have been sent.
    competed_until: Duration,
    /// The plan's interventions that have taken place.
    intervened: BTreeSet<usize>,
    /// Operations that failed at random, and do not a second time.
    failed_once: BTreeSet<String>,
    injected: VecDeque<InjectedFault>,
}

impl Course {
    pub(crate) fn new(plan: FaultPlan) -> Self {
        Self {
            plan,
            requests: 0,
            by_operation: BTreeMap::new(),
            operations: 0,
            ended: false,
            expired: BTreeSet::new(),
            renewed_at: Duration::ZERO,
            competed_until: Duration::ZERO,
            intervened: BTreeSet::new(),
            failed_once: BTreeSet::new(),
            injected: VecDeque::new(),
        }
    }

    /// Ends everything except permanent faults.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// Returns whether only permanent faults can affect a request at `now`.
    pub(crate) fn is_over(&self, now: Duration) -> bool {
        self.ended || self.requests >= self.plan.horizon.requests || now >= self.plan.horizon.time
    }

    pub(crate) fn injected(&self) -> Vec<InjectedFault> {
        self.injected.iter().cloned().collect()
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// Counts a request.
    pub(crate) fn count(&mut self, operation: &'static str) {
        self.requests += 1;
        *self.by_operation.entry(operation).or_default() += 1;
    }

    /// Returns the fault of the request that was just counted.
    pub(crate) fn strike(
        &mut self,
        now: Duration,
        service: Service,
        operation: &'static str,
    ) -> Option<RequestFault> {
        if self.is_past_horizon(now) {
            return None;
        }
        let fault = self.expiry(now).or_else(|| self.scripted(operation)).or_else(|| {
            let mut source = self.source(b"request", self.requests);
            self.drawn(&mut source, service, operation)
        })?;
        if self.injected.len() == FAULTS_KEPT {
            self.injected.pop_front();
        }
        self.injected.push_back(InjectedFault { at: now, request: self.requests, service, operation, fault });
        Some(fault)
    }

    /// Returns the age of the list that was just requested; `None` if it is up to date.
    pub(crate) fn lag(&self, now: Duration) -> Option<Duration> {
        let Lag { chance, most } = self.plan.lag.filter(|_| !self.is_past_horizon(now))?;
        let mut source = self.source(b"lag", self.requests);
        hits(&mut source, chance).then(|| most.mul_f64(source.random::<f64>()))
    }

    /// Returns the times at which competitors sent requests since the last request.
    pub(crate) fn competing_requests(&mut self, now: Duration) -> Vec<Duration> {
        let since = std::mem::replace(&mut self.competed_until, now);
        let ended = self.ended || self.requests > self.plan.horizon.requests;
        let end = if ended { Duration::ZERO } else { now.min(self.plan.horizon.time) };
        let mut sent: Vec<Duration> = self
            .plan
            .competitors
            .iter()
            .flat_map(|competitor| sent_by(competitor, since, end.min(competitor.until)))
            .collect();
        sent.sort_unstable();
        sent
    }

    /// Returns the faults of an asynchronous operation that starts now.
    pub(crate) fn operation_faults(&mut self, now: Duration) -> OperationFaults {
        self.operations += 1;
        if self.is_past_horizon(now) {
            return OperationFaults::default();
        }
        let mut source = self.source(b"operation", self.operations);
        OperationFaults {
            role_quota: hits(&mut source, self.plan.odds.role_quota),
            missing_policy: hits(&mut source, self.plan.odds.missing_policy),
        }
    }

    /// Returns whether an operation may fail at random, which it may once.
    pub(crate) fn fails_first(&mut self, operation: String) -> bool {
        self.failed_once.insert(operation)
    }

    /// Returns the first timed intervention that is due by `end` and before `next`, with its time and number, and marks
    /// it as done.
    pub(crate) fn take_timed(
        &mut self,
        end: Duration,
        next: Option<Duration>,
    ) -> Option<(Duration, usize, Intervention)> {
        if self.is_over(Duration::ZERO) {
            return None;
        }
        let timed = self.plan.interventions.iter().enumerate().filter_map(|(number, one)| match one.when {
            When::Time(at) => Some((at, number)),
            When::Request(_) => None,
        });
        let (at, number) = timed.filter(|(_, number)| !self.intervened.contains(number)).min()?;
        if at > end || at > self.plan.horizon.time || next.is_some_and(|next| at >= next) {
            return None;
        }
        self.intervened.insert(number);
        Some((at, number, self.plan.interventions[number].clone()))
    }

    /// Returns the interventions just before the request that was just counted.
    pub(crate) fn take_counted(&mut self, now: Duration) -> Vec<(usize, Intervention)> {
        if self.is_past_horizon(now) {
            return Vec::new();
        }
        let due = |when: When| matches!(when, When::Request(number) if number <= self.requests);
        let found: Vec<(usize, Intervention)> = self
            .plan
            .interventions
            .iter()
            .enumerate()
            .filter(|(number, one)| due(one.when) && !self.intervened.contains(number))
            .map(|(number, one)| (number, one.clone()))
            .collect();
        self.intervened.extend(found.iter().map(|(number, _)| *number));
        found
    }

    /// Returns the random source of an intervention.
    pub(crate) fn source(&self, what: &[u8], number: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(fingerprint(&[&self.plan.seed.to_be_bytes(), what, &number.to_be_bytes()]))
    }

    fn is_past_horizon(&self, now: Duration) -> bool {
        self.ended || self.requests > self.plan.horizon.requests || now >= self.plan.horizon.time
    }

    fn expiry(&mut self, now: Duration) -> Option<RequestFault> {
        for (number, expiry) in self.plan.expiries.iter().enumerate() {
            if expiry.request <= self.requests && self.expired.insert(number) {
                self.renewed_at = self.renewed_at.max(now + expiry.renewed_after);
            }
        }
        (now < self.renewed_at).then_some(RequestFault::Expired)
    }

    fn scripted(&self, operation: &'static str) -> Option<RequestFault> {
        let of_operation = self.by_operation.get(operation).copied().unwrap_or_default();
        let is_struck = |strike: &&super::Strike| match &strike.operation {
            Some(name) => name == operation && strike.number == of_operation,
            None => strike.number == self.requests,
        };
        self.plan.strikes.iter().find(is_struck).map(|strike| strike.fault)
    }

    fn drawn(
        &self,
        source: &mut ChaCha8Rng,
        service: Service,
        operation: &'static str,
    ) -> Option<RequestFault> {
        let odds = &self.plan.odds;
        let writes = service == Service::SsoAdmin && is_write(operation);
        let never_unless = |condition: bool, chance| if condition { chance } else { Chance::NEVER };
        let error = match source.random_range(0..3) {
            0 => ServerError::Internal,
            1 => ServerError::BadGateway,
            _ => ServerError::Unavailable,
        };
        [
            (odds.lost_before, RequestFault::ConnectionLost(Moment::BeforeEffect)),
            (odds.lost_after, RequestFault::ConnectionLost(Moment::AfterEffect)),
            (odds.error_before, RequestFault::Error(error, Moment::BeforeEffect)),
            (odds.error_after, RequestFault::Error(error, Moment::AfterEffect)),
            (odds.rate_exceeded, RequestFault::RateExceeded),
            (
                never_unless(is_asynchronous(operation), odds.too_many_processing),
                RequestFault::TooManyProcessing,
            ),
            (never_unless(writes, odds.conflict), RequestFault::Conflict),
        ]
        .into_iter()
        // All numbers are drawn, so that the probability of one fault does not depend on another's.
        .fold(None, |found, (chance, fault)| {
            let hit = hits(source, chance);
            found.or(hit.then_some(fault))
        })
    }
}

/// Returns whether an operation of sso-admin is asynchronous.
pub(crate) fn is_asynchronous(operation: &str) -> bool {
    matches!(operation, "CreateAccountAssignment" | "DeleteAccountAssignment" | "ProvisionPermissionSet")
}

fn is_write(operation: &str) -> bool {
    !["Describe", "Get", "List"].iter().any(|reads| operation.starts_with(reads))
}

fn hits(source: &mut ChaCha8Rng, chance: Chance) -> bool {
    source.random_range(0..1_000_000) < chance.0
}

/// Returns the times after `since` and up to `end` at which a competitor sends requests.
fn sent_by(
    competitor: &Competitor,
    since: Duration,
    end: Duration,
) -> impl Iterator<Item = Duration> + use<> {
    let Competitor { from, until: _, per_second } = *competitor;
    let pause = Duration::from_secs(1) / per_second.clamp(1, 1_000);
    let passed = since.saturating_sub(from).as_nanos() / pause.as_nanos().max(1);
    let first = u32::try_from(passed).unwrap_or(u32::MAX);
    (first..)
        .map(move |number| from + pause * number)
        .skip_while(move |at| *at <= since && !since.is_zero())
        .take_while(move |at| *at <= end)
}
