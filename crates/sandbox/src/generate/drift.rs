//! Known differences between the configuration and the world, to check a plan against.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rolecall_model::SessionDuration;

use super::assignments::Allocation;
use super::catalogue::{Catalogue, SetPlan};
use super::company::Company;
use super::{DriftAction, GenerateError, GenerateSpec, Row};

/// The number of differences of each kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shares {
    pub(super) grants: usize,
    pub(super) revokes: usize,
    pub(super) updates: usize,
}

/// The world with its differences.
pub(super) struct Drifted {
    /// The live assignments, sorted.
    pub(super) live: Vec<Row>,
    /// The live permission sets that differ from their declarations.
    pub(super) altered: BTreeMap<usize, SetPlan>,
    /// The differences.
    pub(super) rows: Vec<(DriftAction, Row)>,
}

/// Divides the differences: a tenth to permission sets, and the rest equally to missing and extra assignments, as far
/// as there is room. Live assignments, including the extra ones, and missing ones together are within the quotas.
pub(super) fn share_out(spec: &GenerateSpec, most_rows: usize) -> Result<Shares, GenerateError> {
    let most_grants = most_rows - spec.assignments;
    let most = spec.permission_sets + most_grants + spec.assignments;
    if spec.drift > most {
        return Err(GenerateError::TooMuchDrift { asked: spec.drift, most });
    }
    let updates = (spec.drift / 10).min(spec.permission_sets);
    let revokes = ((spec.drift - updates) / 2).min(spec.assignments);
    let grants = (spec.drift - updates - revokes).min(most_grants);
    // What does not fit goes where there is room.
    let revokes = (spec.drift - updates - grants).min(spec.assignments);
    let updates = spec.drift - grants - revokes;
    Ok(Shares { grants, revokes, updates })
}

/// Makes the world differ from `wanted`, which is sorted.
pub(super) fn apply(
    wanted: &[Row],
    allocation: &mut Allocation,
    shares: &Shares,
    company: &Company,
    catalogue: &Catalogue,
    random: &mut ChaCha8Rng,
) -> Drifted {
    let missing = draw_places(shares.grants, wanted.len(), random);
    let extra = draw_extra(wanted, allocation, shares.revokes, company, random);
    let altered = draw_places(shares.updates, catalogue.sets.len(), random)
        .into_iter()
        .map(|place| (place, alter(catalogue.sets[place].clone(), random)))
        .collect();
    let rows = missing
        .iter()
        .map(|place| (DriftAction::Grant, wanted[*place]))
        .chain(extra.iter().map(|row| (DriftAction::Revoke, *row)))
        .collect();
    let kept = wanted.iter().enumerate().filter(|(place, _)| !missing.contains(place)).map(|(_, row)| *row);
    let mut live: Vec<Row> = kept.chain(extra).collect();
    live.sort_unstable();
    Drifted { live, altered, rows }
}

/// Returns `count` different numbers below `end`.
fn draw_places(count: usize, end: usize, random: &mut ChaCha8Rng) -> BTreeSet<usize> {
    rand::seq::index::sample(random, end, count).into_iter().collect()
}

/// Returns undeclared assignments, at random as long as those are easily found.
fn draw_extra(
    wanted: &[Row],
    allocation: &mut Allocation,
    count: usize,
    company: &Company,
    random: &mut ChaCha8Rng,
) -> BTreeSet<Row> {
    let mut extra = BTreeSet::new();
    let (sets, groups) = allocation.lengths();
    let is_new =
        |extra: &BTreeSet<Row>, row: &Row| wanted.binary_search(row).is_err() && !extra.contains(row);
    for _ in 0..count * 20 {
        if extra.len() == count {
            break;
        }
        let row = Row {
            set: random.random_range(0..sets),
            account: company.members[random.random_range(0..company.members.len())],
            group: random.random_range(0..groups),
        };
        if is_new(&extra, &row) && allocation.take(row) {
            extra.insert(row);
        }
    }
    let all = (0..sets).flat_map(|set| {
        company
            .members
            .iter()
            .flat_map(move |account| (0..groups).map(move |group| Row { set, account: *account, group }))
    });
    for row in all {
        if extra.len() == count {
            break;
        }
        if is_new(&extra, &row) && allocation.take(row) {
            extra.insert(row);
        }
    }
    extra
}

/// Changes one attribute of a permission set, as someone might in the console.
fn alter(mut set: SetPlan, random: &mut ChaCha8Rng) -> SetPlan {
    let details = &mut set.details;
    match random.random_range(0..4) {
        0 => {
            let other = if details.session == SessionDuration::ONE_HOUR { 240 } else { 60 };
            details.session = SessionDuration::from_minutes(other).expect("one hour and four are sessions");
        }
        1 => details.description = Some(format!("{}, edited by hand", details.name)),
        2 => {
            details.managed_policies.insert("arn:aws:iam::aws:policy/AmazonVPCReadOnlyAccess".to_owned());
        }
        _ => {
            details.tags.insert("owner".to_owned(), "nobody".to_owned());
        }
    }
    set
}
