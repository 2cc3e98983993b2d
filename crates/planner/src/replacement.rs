//! Rows that take each other's place.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{AccountId, Assignment, PermissionSetName, Principal, Snapshot};

use crate::plan::{Action, Change, Reason};

/// Groups that may have one permission set on one account (sso-admin quotas).
const GROUPS_PER_SET_AND_ACCOUNT: usize = 100;

/// A permission set on an account.
type Pair = (PermissionSetName, AccountId);

/// Rows of groups that are gone, on pairs of permission set and account where another group is granted.
#[derive(Debug, Default)]
pub(crate) struct Replacements {
    /// Rows whose place a grant takes: the grant goes first, so nobody is without access between the two, and the
    /// set's role stays.
    pub(crate) rows: BTreeSet<Assignment>,
    /// Rows of a permission set whose place a set of another name takes.
    pub(crate) renamed: BTreeSet<Assignment>,
    /// Pairs on which the grant cannot go first, because AWS's quota of groups would be passed on the way.
    pub(crate) hindered: BTreeSet<Pair>,
}

/// Finds them.
pub(crate) fn replacements(changes: &[Change], snapshot: &Snapshot) -> Replacements {
    let mut grants: BTreeMap<Pair, usize> = BTreeMap::new();
    for row in changes.iter().filter_map(granted) {
        *grants.entry((row.permission_set.clone(), row.account)).or_default() += 1;
    }
    let mut found = Replacements::default();
    for row in changes.iter().filter_map(orphaned) {
        let pair = (row.permission_set.clone(), row.account);
        let Some(number) = grants.get(&pair) else { continue };
        if snapshot.rows_on(&pair.0, pair.1).len() + number > GROUPS_PER_SET_AND_ACCOUNT {
            found.hindered.insert(pair);
        } else {
            found.rows.insert(row.clone());
        }
    }
    let renamed = changes.iter().filter(|change| matches!(change.reason, Reason::Renamed { .. }));
    found.renamed = renamed.filter_map(revoked).cloned().collect();
    found
}

impl Replacements {
    /// Whether something takes the row's place, so that its principal loses nothing.
    pub(crate) fn replaces(&self, row: &Assignment) -> bool {
        self.rows.contains(row) || self.renamed.contains(row)
    }
}

fn granted(change: &Change) -> Option<&Assignment> {
    if let Action::Grant(row) = &change.action { Some(&row.assignment) } else { None }
}

fn revoked(change: &Change) -> Option<&Assignment> {
    if let Action::Revoke(row) = &change.action { Some(&row.assignment) } else { None }
}

fn orphaned(change: &Change) -> Option<&Assignment> {
    let row = revoked(change).filter(|_| change.reason == Reason::Orphan)?;
    matches!(row.principal, Principal::Group(_)).then_some(row)
}
