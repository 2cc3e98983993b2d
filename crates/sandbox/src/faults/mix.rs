//! Random fault plans.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::intervention::{ChangeKind, Deed, Intervention, Scope, When};
use super::{Chance, Competitor, Expiry, FaultPlan, Horizon, Intensity, Lag, Odds};
use crate::random::fingerprint;

/// The ranges of an intensity.
struct Bounds {
    /// The number of requests that can fail.
    requests: u64,
    /// The greatest probability of one kind of fault, in parts per thousand.
    per_mille: u32,
    /// The most interventions.
    interventions: u32,
}

impl Intensity {
    fn bounds(self) -> Bounds {
        match self {
            Self::Mild => Bounds { requests: 400, per_mille: 5, interventions: 1 },
            Self::Rough => Bounds { requests: 1_000, per_mille: 20, interventions: 3 },
            Self::Severe => Bounds { requests: 2_000, per_mille: 50, interventions: 6 },
        }
    }
}

pub(super) fn draw(seed: u64, intensity: Intensity) -> FaultPlan {
    let Bounds { requests, per_mille, interventions } = intensity.bounds();
    let mut source = ChaCha8Rng::seed_from_u64(fingerprint(&[&seed.to_be_bytes(), b"fault plan"]));
    // Half of the kinds are left out of each plan, so that some plans have only one fault.
    let mut chance = |most: u32| {
        if source.random() { Chance::per_mille(source.random_range(1..=most)) } else { Chance::NEVER }
    };
    let odds = Odds {
        lost_before: chance(per_mille),
        lost_after: chance(per_mille),
        error_before: chance(per_mille),
        error_after: chance(per_mille),
        rate_exceeded: chance(per_mille),
        too_many_processing: chance(2 * per_mille),
        conflict: chance(2 * per_mille),
        role_quota: chance(2 * per_mille),
        missing_policy: chance(2 * per_mille),
    };
    let lag = source.random::<bool>().then(|| Lag {
        chance: Chance::per_mille(source.random_range(50..=500)),
        most: Duration::from_millis(source.random_range(500..=6_000)),
    });
    let competitors = source.random_range(0..=2);
    let expiries = source.random_range(0..=1);
    let interventions = source.random_range(0..=interventions);
    FaultPlan {
        seed,
        horizon: Horizon { requests, time: Duration::from_secs(2 * 60 * 60) },
        odds,
        strikes: Vec::new(),
        lag,
        competitors: (0..competitors).map(|_| competitor(&mut source)).collect(),
        expiries: (0..expiries).map(|_| expiry(&mut source, requests)).collect(),
        interventions: (0..interventions).map(|_| intervention(&mut source, requests)).collect(),
        scope: Scope::default(),
        full_accounts: BTreeSet::new(),
        missing_policies: BTreeSet::new(),
        principal_lists_refused: source.random_range(0..5) == 0,
    }
}

fn competitor(source: &mut ChaCha8Rng) -> Competitor {
    let from = source.random_range(0..=300);
    Competitor {
        from: Duration::from_secs(from),
        until: Duration::from_secs(from + source.random_range(10..=120)),
        per_second: source.random_range(4..=16),
    }
}

fn expiry(source: &mut ChaCha8Rng, requests: u64) -> Expiry {
    Expiry {
        request: early(source, requests),
        renewed_after: Duration::from_secs(source.random_range(1..=60)),
    }
}

fn intervention(source: &mut ChaCha8Rng, requests: u64) -> Intervention {
    let when = if source.random() {
        When::Request(early(source, requests))
    } else {
        When::Time(Duration::from_secs(source.random_range(1..=600)))
    };
    // Suspensions and deletions cannot be undone, so they are rarer.
    let kind = match source.random_range(0..10) {
        0..=2 => ChangeKind::Grant,
        3..=4 => ChangeKind::Revoke,
        5..=6 => ChangeKind::Edit,
        7 => ChangeKind::Tag,
        8 => ChangeKind::SuspendAccount,
        _ => ChangeKind::DeleteGroup,
    };
    Intervention { when, deed: Deed::Drawn(kind) }
}

/// Returns a request before the horizon, more often an early one: an apply to a small world takes about a hundred.
fn early(source: &mut ChaCha8Rng, requests: u64) -> u64 {
    let most = source.random_range(1..=requests);
    source.random_range(1..=most)
}
