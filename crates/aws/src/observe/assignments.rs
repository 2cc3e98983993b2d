//! Account assignments.
//!
//! By provisioned pair, there is one listing per permission set and account in which it is provisioned. This shows
//! everything, including users and orphaned assignments: every assignment is in a provisioned pair, since it
//! provisions its account. By principal, there is one listing per group, which is far fewer in a large organization;
//! the pairs that no group explains are then read by pair.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::snapshot::{Coverage, Depth, Group, LivePermissionSet};
use rolecall_model::{AccountId, Assignment, PermissionSetName, Principal, Snapshot, UserId};

use super::cost::{self, Size};
use super::permission_sets::Wanted;
use super::{ObserveError, Part, Progress, Reader, Step};
use crate::permission_set::{self, SetAddress};
use crate::retry::{CallError, Kind};

/// The assignments, and how those of each permission set were read.
pub(super) struct Read {
    pub(super) rows: Vec<Assignment>,
    pub(super) depths: BTreeMap<PermissionSetName, Depth>,
}

/// The request of an observation of assignments.
pub(super) struct Request<'a> {
    pub(super) instance: &'a str,
    pub(super) sets: &'a [LivePermissionSet],
    pub(super) wanted: &'a Wanted,
    /// The accounts of the organization; assignments elsewhere are left out.
    pub(super) accounts: &'a BTreeSet<AccountId>,
    pub(super) groups: &'a [Group],
    /// The users named in the configuration.
    pub(super) users: &'a [UserId],
}

/// Reads all assignments of the needed permission sets.
pub(super) async fn read(reader: &Reader<'_>, request: &Request<'_>) -> Result<Read, ObserveError> {
    let Request { sets, wanted, groups, users, .. } = request;
    let pairs: Vec<Pair<'_>> = sets
        .iter()
        .filter(|set| wanted.assignments_of.contains(&set.name))
        .flat_map(|set| set.provisioned.iter().map(move |account| Pair { set, account: *account }))
        .collect();
    let open = pairs.iter().filter(|pair| !wanted.whole.contains(&pair.set.name)).count();
    let principals = groups.len() + users.len();
    let base = wanted.size.base_calls();
    let size = Size { pairs: open as u64, principals: principals as u64, ..wanted.size };
    let estimate = |calls: u64| (reader.progress)(Progress::estimate(Part::Assignments, calls, base + calls));
    if !reader.scope.everything && size.is_read_by_principal(reader.scope.strategy) {
        estimate(size.principals + (pairs.len() - open) as u64);
        if let Some(read) = by_principal(reader, request, &pairs).await? {
            return Ok(read);
        }
    }
    estimate(pairs.len() as u64);
    let rows = by_pair(reader, request.instance, pairs).await?;
    let depths = wanted.assignments_of.iter().map(|name| (name.clone(), Depth::Whole)).collect();
    Ok(Read { rows: shared(rows), depths })
}

/// A permission set and an account in which it is provisioned.
#[derive(Clone, Copy)]
struct Pair<'a> {
    set: &'a LivePermissionSet,
    account: AccountId,
}

async fn by_pair(
    reader: &Reader<'_>,
    instance: &str,
    pairs: Vec<Pair<'_>>,
) -> Result<Vec<Assignment>, CallError> {
    let read = reader
        .each(Step::Assignments, pairs.into_iter(), |pair| async move {
            let at = SetAddress { instance, set: &pair.set.arn };
            let principals = permission_set::principals(reader.clients, at, pair.account).await?;
            let row = |principal| Assignment {
                permission_set: pair.set.name.clone(),
                account: pair.account,
                principal,
            };
            Ok(principals.into_iter().map(row).collect::<Vec<_>>())
        })
        .await?;
    Ok(read.into_iter().flatten().collect())
}

/// Reads the assignments of every group and named user; and by pair those that they do not explain, and those of
/// permission sets that must be read completely. Returns `None` if the API is not available: AWS's model restricts it
/// to the management account, and other endpoints may not support it.
async fn by_principal(
    reader: &Reader<'_>,
    request: &Request<'_>,
    pairs: &[Pair<'_>],
) -> Result<Option<Read>, CallError> {
    let Request { instance, sets, wanted, accounts, groups, users } = request;
    let names: BTreeMap<&str, &PermissionSetName> =
        sets.iter().map(|set| (set.arn.as_str(), &set.name)).collect();
    let groups = groups.iter().map(|group| Principal::Group(group.id.clone()));
    let principals: Vec<Principal> =
        groups.chain(users.iter().map(|id| Principal::User(id.clone()))).collect();
    let read = reader
        .each(Step::Principals, principals.into_iter(), |principal| async move {
            let rows = permission_set::assignments_of_principal(reader.clients, instance, &principal).await?;
            Ok((principal, rows))
        })
        .await;
    let read = match read {
        Ok(read) => read,
        Err(error) if matches!(error.kind, Kind::Denied | Kind::Unsupported | Kind::Unexplained) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut rows = Vec::new();
    let mut explained: BTreeSet<(&PermissionSetName, AccountId)> = BTreeSet::new();
    for (principal, found) in read {
        for (arn, account) in found {
            // A permission set created after the list was read is not part of the plan.
            let Some(name) = names.get(arn.as_str()).copied() else { continue };
            let seen_whole = wanted.whole.contains(name) || !wanted.assignments_of.contains(name);
            if seen_whole || !accounts.contains(&account) {
                continue;
            }
            if matches!(principal, Principal::Group(_)) {
                explained.insert((name, account));
            }
            let (permission_set, principal) = (name.clone(), principal.clone());
            rows.push(Assignment { permission_set, account, principal });
        }
    }
    let unexplained = |pair: &Pair<'_>| !explained.contains(&(&pair.set.name, pair.account));
    let rest: Vec<Pair<'_>> = pairs.iter().copied().filter(unexplained).collect();
    let depth = |name: &PermissionSetName| {
        if wanted.whole.contains(name) {
            return Depth::Whole;
        }
        let seen = rest.iter().filter(|pair| pair.set.name == *name);
        Depth::ByPrincipal { whole_on: seen.map(|pair| pair.account).collect() }
    };
    let depths = wanted.assignments_of.iter().map(|name| (name.clone(), depth(name))).collect();
    rows.extend(by_pair(reader, instance, rest).await?);
    Ok(Some(Read { rows: shared(rows), depths }))
}

/// Reads pairs of permission set and account again, completely, and replaces their assignments in the snapshot.
///
/// # Errors
/// Returns an error if a call failed. The snapshot is then unchanged.
pub(super) async fn observe_pairs(
    reader: &Reader<'_>,
    snapshot: &mut Snapshot,
    wanted: &BTreeSet<(PermissionSetName, AccountId)>,
) -> Result<(), ObserveError> {
    let pairs = wanted.iter().filter_map(|(name, account)| {
        snapshot.permission_set(name).map(|set| Pair { set, account: *account })
    });
    let rows = by_pair(reader, &snapshot.instance.arn, pairs.collect()).await?;
    let is_replaced = |row: &Assignment| wanted.contains(&(row.permission_set.clone(), row.account));
    snapshot.assignments.retain(|row| !is_replaced(row));
    snapshot.assignments.extend(rows);
    if let Coverage::PermissionSets(depths) = &mut snapshot.coverage {
        for (name, account) in wanted {
            if let Some(Depth::ByPrincipal { whole_on }) = depths.get_mut(name) {
                whole_on.insert(*account);
            }
        }
    }
    Ok(())
}

/// A few principals occur in very many assignments; one allocation serves each.
fn shared(mut rows: Vec<Assignment>) -> Vec<Assignment> {
    let mut known: BTreeSet<Principal> = BTreeSet::new();
    for row in &mut rows {
        match known.get(&row.principal) {
            Some(principal) => row.principal = principal.clone(),
            None => {
                known.insert(row.principal.clone());
            }
        }
    }
    rows
}

impl Progress {
    /// Reports the estimate of the next part.
    pub(super) fn estimate(part: Part, calls: u64, in_all: u64) -> Self {
        Self::Estimate { part, calls, in_all, seconds: cost::seconds(calls) }
    }
}
