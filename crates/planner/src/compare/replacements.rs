//! Assignments that take each other's place.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{AccountId, Assignment, PermissionSetName, Principal, Snapshot};

use crate::limits::GROUPS_PER_SET_AND_ACCOUNT;
use crate::plan::{Action, AssignmentChange, Change, Reason, RevokeOrder};

/// A permission set in an account.
type Pair = (PermissionSetName, AccountId);

/// Assignments of groups that no longer exist, on pairs of permission set and account where another group is granted.
#[derive(Debug, Default)]
pub(crate) struct Replacements {
    /// Assignments whose place a grant takes: the grant goes first, so nobody is without access between the two, and the
    /// set's role stays.
    pub(crate) orphans: BTreeSet<Assignment>,
    /// Assignments of a permission set whose place a set of another name takes.
    pub(crate) renamed: BTreeSet<Assignment>,
    /// Pairs on which the grant cannot go first, because AWS's quota of groups would be exceeded on the way.
    pub(crate) hindered: BTreeSet<Pair>,
}

/// Finds the replacements among changes.
pub(super) fn find(changes: &[Change], snapshot: &Snapshot) -> Replacements {
    let mut grants: BTreeMap<Pair, usize> = BTreeMap::new();
    for granted in changes.iter().filter_map(Change::granted) {
        let Assignment { permission_set, account, principal: _ } = &granted.assignment;
        *grants.entry((permission_set.clone(), *account)).or_default() += 1;
    }
    let mut found = Replacements::default();
    for orphan in changes.iter().filter_map(orphaned) {
        let pair = (orphan.permission_set.clone(), orphan.account);
        let Some(number) = grants.get(&pair) else { continue };
        if snapshot.rows_on(&pair.0, pair.1).len() + number > GROUPS_PER_SET_AND_ACCOUNT {
            found.hindered.insert(pair);
        } else {
            found.orphans.insert(orphan.clone());
        }
    }
    let renamed = changes.iter().filter(|change| matches!(change.reason, Reason::Renamed { .. }));
    found.renamed = renamed.filter_map(Change::revoked).map(|revoked| revoked.assignment.clone()).collect();
    found
}

impl Replacements {
    /// Whether something takes the assignment's place, so that its principal loses nothing.
    pub(crate) fn replaces(&self, assignment: &Assignment) -> bool {
        self.orphans.contains(assignment) || self.renamed.contains(assignment)
    }

    /// Records in the changes which revocations wait for the grants that take their place.
    pub(super) fn order_revokes(&self, changes: &mut [Change]) {
        for change in changes {
            if let Action::Assignment(AssignmentChange::Revoke { assignment, order }) = &mut change.action
                && self.orphans.contains(&assignment.assignment)
            {
                *order = RevokeOrder::AfterGrants;
            }
        }
    }
}

fn orphaned(change: &Change) -> Option<&Assignment> {
    let revoked = &change.revoked().filter(|_| change.reason == Reason::Orphan)?.assignment;
    matches!(revoked.principal, Principal::Group(_)).then_some(revoked)
}
