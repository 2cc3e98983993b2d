//! Assignments that replace others.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{AccountId, Assignment, PermissionSetName, Principal, Snapshot};

use crate::limits::GROUPS_PER_SET_AND_ACCOUNT;
use crate::plan::{Action, AssignmentChange, Change, Reason, RevokeOrder};

/// A permission set in an account.
type Pair = (PermissionSetName, AccountId);

/// Assignments of groups that no longer exist, on pairs of permission set and account where another group is granted.
#[derive(Debug, Default)]
pub(crate) struct Replacements {
    /// Assignments that a grant replaces: the grant comes first, so that access and the role are never missing in
    /// between.
    pub(crate) orphans: BTreeSet<Assignment>,
    /// Assignments of a permission set that another one replaces.
    pub(crate) renamed: BTreeSet<Assignment>,
    /// Pairs for which the grant cannot come first, because it would exceed AWS's quota of groups.
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
    /// Whether another assignment replaces this one, so that its principal keeps access.
    pub(crate) fn replaces(&self, assignment: &Assignment) -> bool {
        self.orphans.contains(assignment) || self.renamed.contains(assignment)
    }

    /// Marks the revokes that wait for the grants that replace them.
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
