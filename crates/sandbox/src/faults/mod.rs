//! What goes wrong, and when: a plan that is plain data and drawn from a seed.
//!
//! Which request is struck depends on its number and on the plan's seed alone, so the same requests get the same
//! answers. Whoever needs one fault in one place writes the plan by hand; whoever looks for what nobody thought of
//! takes [`FaultPlan::from_seed`].

mod course;
mod intervention;
mod mix;

use std::collections::BTreeSet;
use std::time::Duration;

use rolecall_model::{AccountId, CustomerPolicy};

pub(crate) use course::{Course, OperationFaults, is_asynchronous};
pub use intervention::{AdminChange, ChangeKind, Deed, DirectoryChange, Intervention, Scope, When};

/// Everything that goes wrong in a sandbox. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaultPlan {
    /// What is drawn for each request and each operation is drawn from this.
    pub seed: u64,
    /// When it ends. What is said to be lasting does not.
    pub horizon: Horizon,
    /// How likely a request is struck by what.
    pub odds: Odds,
    /// Faults of certain requests, whatever the odds.
    pub strikes: Vec<Strike>,
    /// Whether lists answer from a while ago.
    pub lag: Option<Lag>,
    /// Other clients that use up the rate of sso-admin.
    pub competitors: Vec<Competitor>,
    /// Credentials that expire.
    pub expiries: Vec<Expiry>,
    /// What another administrator does, or what happens to an account or a group.
    pub interventions: Vec<Intervention>,
    /// What drawn interventions may concern.
    pub scope: Scope,
    /// Lasting: accounts in which no more roles can be made. An assignment or a provision that brings a permission set
    /// to one of them fails at its end.
    pub full_accounts: BTreeSet<AccountId>,
    /// Lasting: accounts that lack a customer managed policy. Whatever brings a permission set that refers to the
    /// policy to the account fails at its end.
    pub missing_policies: BTreeSet<(AccountId, CustomerPolicy)>,
    /// Lasting: `ListAccountAssignmentsForPrincipal` is refused to everybody.
    pub principal_lists_refused: bool,
}

impl FaultPlan {
    /// A mix of all faults, with interventions of every kind within the scope that the caller sets afterwards. The
    /// lasting faults name accounts and policies, which a seed does not know, so only
    /// [`FaultPlan::principal_lists_refused`] is among what is drawn. The horizon is finite.
    pub fn from_seed(seed: u64, intensity: Intensity) -> Self {
        mix::draw(seed, intensity)
    }
}

/// How much goes wrong in a plan that is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intensity {
    /// A bad day: about one request in a hundred is struck, and hardly anybody interferes. The first 400 requests.
    Mild,
    /// Things go wrong all over: about one request in twenty. The first 1,000 requests.
    Rough,
    /// Up to one request in five, and several interventions. The first 2,000 requests.
    Severe,
}

/// When a plan ends: with whichever comes first. The default is never.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// The last request that can be struck, counted over all services from 1.
    pub requests: u64,
    /// The last moment, since the sandbox's start.
    pub time: Duration,
}

impl Default for Horizon {
    fn default() -> Self {
        Self { requests: u64::MAX, time: Duration::MAX }
    }
}

/// How likely something is, in parts per million.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chance(u32);

impl Chance {
    /// Never.
    pub const NEVER: Self = Self(0);
    /// Each time.
    pub const ALWAYS: Self = Self(1_000_000);

    /// So many times in a thousand; more than a thousand is each time.
    pub const fn per_mille(times: u32) -> Self {
        if times >= 1_000 { Self::ALWAYS } else { Self(times * 1_000) }
    }
}

/// How likely a request is struck, by what. Of several that would strike the same request, the first of this list does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Odds {
    /// Any request: the connection drops before the request arrives.
    pub lost_before: Chance,
    /// Any request: the connection drops when the request has taken effect.
    pub lost_after: Chance,
    /// Any request: an answer of the 500s, and no effect.
    pub error_before: Chance,
    /// Any request: an answer of the 500s, though it took effect.
    pub error_after: Chance,
    /// Any request: "Rate exceeded", whatever the rate.
    pub rate_exceeded: Chance,
    /// The start of an asynchronous operation: "too many requests processing", however many there are.
    pub too_many_processing: Chance,
    /// A change in sso-admin: `ConflictException`, though nothing is in the way.
    pub conflict: Chance,
    /// An assignment or a provision that would make a role: fails at its end for the account's quota of roles. The
    /// same operation does not fail so a second time.
    pub role_quota: Chance,
    /// An assignment or a provision of a set that refers to customer managed policies: fails at its end because the
    /// first of them is missing. The same operation does not fail so a second time.
    pub missing_policy: Chance,
}

/// What can happen to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestFault {
    /// It never arrives, or its answer does not.
    ConnectionLost(Moment),
    /// It is answered as a server does that is broken.
    Error(ServerError, Moment),
    /// "Rate exceeded", by the service's own name for it.
    RateExceeded,
    /// "There are too many requests processing."
    TooManyProcessing,
    /// `ConflictException`.
    Conflict,
    /// `ExpiredTokenException`; STS says `ExpiredToken`.
    Expired,
}

/// On which side of its effect a request is struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing was done.
    BeforeEffect,
    /// It was done, and the caller does not learn it.
    AfterEffect,
}

/// The forms that answers of the 500s take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerError {
    /// 500, with the service's own error.
    Internal,
    /// 502, with a page of HTML.
    BadGateway,
    /// 503, without a body.
    Unavailable,
}

/// A fault of one certain request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strike {
    /// Of which operation, by its name in the service model; `None` for any.
    pub operation: Option<String>,
    /// Which of its requests, counted from 1.
    pub number: u64,
    /// What happens to it.
    pub fault: RequestFault,
}

impl Strike {
    /// Strikes the request of that number of one operation.
    pub fn on(operation: &str, number: u64, fault: RequestFault) -> Self {
        Self { operation: Some(operation.to_owned()), number, fault }
    }

    /// Strikes the request of that number of them all.
    pub fn on_request(number: u64, fault: RequestFault) -> Self {
        Self { operation: None, number, fault }
    }
}

/// Lists of sso-admin that answer from a while ago: rows, sets, where sets are provisioned, and the lists of
/// operations. Everything that describes one thing answers from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// How many lists do.
    pub chance: Chance,
    /// From how long ago at most. How long it is for one request is drawn evenly.
    pub most: Duration,
}

/// Another client of the same organization, which sends requests to sso-admin at an even rate and gets
/// its share first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Competitor {
    /// From when on, since the sandbox's start.
    pub from: Duration,
    /// Until when.
    pub until: Duration,
    /// How many requests in a second: 1 to 1,000, and the nearest of these for anything else. AWS lets 20 pass for
    /// all clients together.
    pub per_second: u32,
}

/// Credentials that expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// The first request that is refused, counted over all services from 1.
    pub request: u64,
    /// How long after it requests are accepted again. A client need not do anything for it.
    pub renewed_after: Duration,
}
