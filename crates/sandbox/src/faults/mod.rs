//! Fault plans: plain data that says which faults occur, and when.
//!
//! Whether a request fails depends only on its number and the plan's seed, so the same requests get the same answers. Write
//! a plan by hand to test one fault in one place, or draw a mixture with [`FaultPlan::from_seed`].

mod course;
mod intervention;
mod mix;

use std::collections::BTreeSet;
use std::time::Duration;

use rolecall_model::{AccountId, CustomerPolicy};

pub(crate) use course::{Course, OperationFaults, is_asynchronous};
pub use intervention::{AdminChange, ChangeKind, Deed, DirectoryChange, Intervention, Scope, When};

/// The faults that occur in a sandbox. The default is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaultPlan {
    /// Random seed for each request and operation.
    pub seed: u64,
    /// The end of the plan. Permanent faults have none.
    pub horizon: Horizon,
    /// The probability of each fault of a request.
    pub odds: Odds,
    /// Faults of particular requests, regardless of the odds.
    pub strikes: Vec<Strike>,
    /// Lists that return outdated items.
    pub lag: Option<Lag>,
    /// Other clients that use the request rate of sso-admin.
    pub competitors: Vec<Competitor>,
    /// Credentials that expire.
    pub expiries: Vec<Expiry>,
    /// Changes by other administrators, and changes of accounts and groups.
    pub interventions: Vec<Intervention>,
    /// The scope of drawn interventions.
    pub scope: Scope,
    /// Permanent: accounts that have reached their quota of roles. An operation that would provision a permission set in
    /// one of them fails.
    pub full_accounts: BTreeSet<AccountId>,
    /// Permanent: accounts that lack a customer managed policy. An operation that would provision a permission set with
    /// this policy in the account fails.
    pub missing_policies: BTreeSet<(AccountId, CustomerPolicy)>,
    /// Permanent: `ListAccountAssignmentsForPrincipal` is always denied.
    pub principal_lists_refused: bool,
}

impl FaultPlan {
    /// Draws a mixture of all faults, with interventions of every kind in the scope that the caller sets afterwards. Of the
    /// permanent faults, it draws only [`FaultPlan::principal_lists_refused`], since the others name accounts and policies.
    /// The horizon is finite.
    pub fn from_seed(seed: u64, intensity: Intensity) -> Self {
        mix::draw(seed, intensity)
    }
}

/// The intensity of a drawn plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intensity {
    /// About one request in a hundred fails, with few interventions, among the first 400 requests.
    Mild,
    /// About one request in twenty fails, among the first 1,000.
    Rough,
    /// Up to one request in five fails, with several interventions, among the first 2,000 requests.
    Severe,
}

/// The end of a plan, by whichever limit is reached first. The default is never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// The last request that can fail, counted over all services from 1.
    pub requests: u64,
    /// The last moment, since the sandbox's start.
    pub time: Duration,
}

impl Default for Horizon {
    fn default() -> Self {
        Self { requests: u64::MAX, time: Duration::MAX }
    }
}

/// A probability, in parts per million.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chance(u32);

impl Chance {
    /// Never.
    pub const NEVER: Self = Self(0);
    /// Always.
    pub const ALWAYS: Self = Self(1_000_000);

    /// Returns a probability in parts per thousand, at most 1,000.
    pub const fn per_mille(times: u32) -> Self {
        if times >= 1_000 { Self::ALWAYS } else { Self(times * 1_000) }
    }
}

/// The probability of each fault of a request. If several would occur, the first in this list does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Odds {
    /// Any request: the connection is lost before the request arrives.
    pub lost_before: Chance,
    /// Any request: the connection is lost after the request takes effect.
    pub lost_after: Chance,
    /// Any request: a 5xx answer without an effect.
    pub error_before: Chance,
    /// Any request: a 5xx answer after the request takes effect.
    pub error_after: Chance,
    /// Any request: "Rate exceeded", regardless of the rate.
    pub rate_exceeded: Chance,
    /// The start of an asynchronous operation: "too many requests processing", regardless of their number.
    pub too_many_processing: Chance,
    /// A change in sso-admin: `ConflictException`, without a conflict.
    pub conflict: Chance,
    /// An assignment or provision that would create a role: fails because of the account's quota of roles. The same
    /// operation does not fail for this reason twice.
    pub role_quota: Chance,
    /// An assignment or provision of a permission set with customer managed policies: fails because the first policy is
    /// missing. The same operation does not fail for this reason twice.
    pub missing_policy: Chance,
}

/// A fault of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestFault {
    /// The request or its answer is lost.
    ConnectionLost(Moment),
    /// The answer is that of a failing server.
    Error(ServerError, Moment),
    /// The service's throttling error.
    RateExceeded,
    /// "There are too many requests processing."
    TooManyProcessing,
    /// `ConflictException`.
    Conflict,
    /// `ExpiredTokenException`, or `ExpiredToken` in STS.
    Expired,
}

/// Whether a fault occurs before or after the request takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The request has no effect.
    BeforeEffect,
    /// The request takes effect, and the caller does not learn of it.
    AfterEffect,
}

/// The forms of a 5xx answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerError {
    /// 500, with the service's own error.
    Internal,
    /// 502, with an HTML page.
    BadGateway,
    /// 503, without a body.
    Unavailable,
}

/// A fault of one particular request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strike {
    /// The name of the operation in the service model; `None` for any.
    pub operation: Option<String>,
    /// The number of the request among those of the operation, from 1.
    pub number: u64,
    /// The fault.
    pub fault: RequestFault,
}

impl Strike {
    /// Returns a fault of the request with this number among those of one operation.
    pub fn on(operation: &str, number: u64, fault: RequestFault) -> Self {
        Self { operation: Some(operation.to_owned()), number, fault }
    }

    /// Returns a fault of the request with this number among all.
    pub fn on_request(number: u64, fault: RequestFault) -> Self {
        Self { operation: None, number, fault }
    }
}

/// Lists of sso-admin that return outdated items: assignments, permission sets, where they are provisioned, and operations.
/// Operations that describe one object are always up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// The proportion of outdated answers.
    pub chance: Chance,
    /// The greatest age of an answer. The age is uniformly distributed.
    pub most: Duration,
}

/// Another client of the same organization, which sends requests to sso-admin at a constant rate and is served first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Competitor {
    /// Its start, since the sandbox's start.
    pub from: Duration,
    /// Its end, since the sandbox's start.
    pub until: Duration,
    /// Its requests per second, clamped to 1 to 1,000. AWS accepts 20 from all clients together.
    pub per_second: u32,
}

/// Credentials that expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// The first refused request, counted over all services from 1.
    pub request: u64,
    /// The time after which requests are accepted again, without any action of the client.
    pub renewed_after: Duration,
}
