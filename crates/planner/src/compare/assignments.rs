//! Assignments: merges the sorted live and desired states once, and holds back what cannot change now.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{AccountState, Assignment, OriginId, PermissionSetName, Principal};

use super::ownership::{Ours, Standing};
use super::{Context, Differing, Keeper, KeptKey};
use crate::desired::keeps::keeping;
use crate::desired::keys::{AccountIx, Index as _, Key, RuleIx, SetIx, Wanted};
use crate::plan::{
    Action, AssignmentChange, Blocked, BlockedAction, BlockedCause, Change, Kept, KeptBy, Reason, Rebind,
    RevokeOrder, Written,
};

/// Result of merging the two states.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) differing: Differing,
    /// Live assignments that are kept although no `assign` grants them.
    pub(super) kept: Vec<KeptKey>,
    /// Assignments of deleted groups on external permission sets: unmanaged, but another group may have taken the name.
    pub(super) foreign_orphans: Vec<Key>,
    /// Number of managed assignments in each skipped account.
    pub(super) resting: BTreeMap<AccountIx, usize>,
    /// Number of unmanaged assignments of each external permission set.
    pub(super) unmanaged: BTreeMap<SetIx, usize>,
    /// Number of live assignments that are managed and can be changed.
    pub(super) managed: usize,
}

impl Context<'_> {
    /// Walks both sorted runs once.
    pub(super) fn merge(&self) -> Merged {
        let mut merged = Merged::default();
        let mut wanted = self.desired.wanted.iter().copied().peekable();
        for key in self.desired.tables.live_keys(self.snapshot) {
            while let Some(missing) = wanted.next_if(|wanted| wanted.key < key) {
                merged.differing.grants.push(missing);
            }
            let is_wanted = wanted.next_if(|wanted| wanted.key == key).is_some();
            if !self.is_managed(key) {
                self.count_unmanaged(key, &mut merged);
                continue;
            }
            if self.obstacle(key).is_some() {
                *merged.resting.entry(key.account).or_default() += 1;
            } else {
                merged.managed += 1;
            }
            if is_wanted {
                continue;
            }
            match self.keeper(key) {
                Some(by) => merged.kept.push(KeptKey { key, by }),
                None => merged.differing.revokes.push(key),
            }
        }
        merged.differing.grants.extend(wanted);
        merged
    }

    /// Whether the stack manages a live assignment.
    fn is_managed(&self, key: Key) -> bool {
        match self.standing(key.set) {
            None | Some(Standing::Released { .. }) => false,
            Some(Standing::External { .. }) => self.managed.contains(&key.principal),
            Some(Standing::New { .. } | Standing::Ours(_) | Standing::Dropped { .. }) => true,
        }
    }

    fn count_unmanaged(&self, key: Key, merged: &mut Merged) {
        if let Some(Standing::External { .. }) = self.standing(key.set) {
            *merged.unmanaged.entry(key.set).or_default() += 1;
            if self.is_orphaned_group(key) {
                merged.foreign_orphans.push(key);
            }
        }
    }

    /// Returns what keeps an assignment that no `assign` grants. A permission set that is no longer declared is deleted
    /// with all its assignments, because `keep` applies only to declared ones.
    fn keeper(&self, key: Key) -> Option<Keeper> {
        let by_keep = || keeping(&self.desired.keeps, key).map(Keeper::Keep);
        match self.standing(key.set) {
            Some(Standing::Ours(Ours { adopt, .. })) => by_keep().or_else(|| adopt.map(|_| Keeper::Adopt)),
            Some(Standing::External { .. } | Standing::New { .. }) => by_keep(),
            Some(Standing::Dropped { .. } | Standing::Released { .. }) | None => None,
        }
    }

    pub(super) fn is_orphaned_group(&self, key: Key) -> bool {
        matches!(self.desired.tables.principal(key.principal), Principal::Group(_))
            && (self.desired.is_orphan(key) || self.superseded.contains(&key.principal))
    }

    /// Why an assignment on this account can neither be granted nor revoked now.
    fn obstacle(&self, key: Key) -> Option<BlockedCause> {
        let account = self.desired.tables.account(key.account);
        if account.state != AccountState::Active {
            return Some(BlockedCause::AccountNotActive(account.state));
        }
        let is_management = account.id == self.snapshot.organization.management_account;
        (self.is_delegated && is_management).then_some(BlockedCause::ManagementAccount)
    }

    /// Why a grant cannot be made now.
    fn obstacle_to_grant(&self, key: Key) -> Option<BlockedCause> {
        let is_new = matches!(self.desired.tables.principal(key.principal), Principal::NewGroup(_));
        let is_deferred = is_new && self.settings.defer_missing_groups;
        self.obstacle(key).or_else(|| is_deferred.then_some(BlockedCause::GroupNotProvisioned))
    }

    /// Separates what cannot change now.
    pub(super) fn block(&self, differing: Differing) -> (Differing, Vec<Blocked>) {
        let Differing { mut grants, mut revokes } = differing;
        let mut blocked = Vec::new();
        grants.retain(|wanted| {
            let cause = self.obstacle_to_grant(wanted.key);
            blocked.extend(cause.map(|cause| self.blocked_grant(*wanted, cause)));
            cause.is_none()
        });
        revokes.retain(|key| {
            let cause = self.obstacle(*key);
            blocked.extend(cause.map(|cause| {
                let (_, written) = self.reason_to_revoke(*key);
                Blocked { action: BlockedAction::Revoke(self.desired.named(*key)), cause, written }
            }));
            cause.is_none()
        });
        (Differing { grants, revokes }, blocked)
    }

    fn blocked_grant(&self, wanted: Wanted, cause: BlockedCause) -> Blocked {
        let action = BlockedAction::Grant(self.desired.named(wanted.key));
        Blocked { action, cause, written: Some(self.written_of_rule(wanted.rule)) }
    }

    /// Separates grants of permission sets that cannot be edited now.
    pub(super) fn hold_grants_of_sealed(
        &self,
        differing: Differing,
        sealed: &BTreeSet<SetIx>,
    ) -> (Differing, Vec<Blocked>) {
        let Differing { mut grants, revokes } = differing;
        let mut held = Vec::new();
        grants.retain(|wanted| {
            let is_sealed = sealed.contains(&wanted.key.set);
            if is_sealed {
                held.push(self.blocked_grant(*wanted, BlockedCause::SealedPermissionSet));
            }
            !is_sealed
        });
        (Differing { grants, revokes }, held)
    }

    /// If the grant that replaces an assignment waits, the assignment waits with it, so that a rename never revokes
    /// access.
    pub(super) fn hold_replaced(
        &self,
        differing: Differing,
        blocked: &[Blocked],
        rebinds: &[Rebind],
    ) -> (Differing, Vec<Blocked>) {
        if self.successors.is_empty() {
            return (differing, Vec::new());
        }
        let mut waiting: BTreeSet<&Assignment> =
            rebinds.iter().map(|rebind| &rebind.grant.assignment).collect();
        // A permission set that cannot be edited now does not yet grant what the old one grants.
        let mut sealed: BTreeSet<&PermissionSetName> = BTreeSet::new();
        for one in blocked {
            match &one.action {
                BlockedAction::Grant(named) => {
                    waiting.insert(&named.assignment);
                }
                BlockedAction::Update(name) | BlockedAction::Provision(name) => {
                    sealed.insert(name);
                }
                BlockedAction::Revoke(_) | BlockedAction::Release(_) | BlockedAction::Delete(_) => {}
            }
        }
        let Differing { grants, mut revokes } = differing;
        let mut held = Vec::new();
        revokes.retain(|key| {
            let Some(successor) = self.successor_of(*key) else { return true };
            let is_sealed = self.is_taken_over(*key) && sealed.contains(self.name_of(successor.set));
            if !is_sealed && !waiting.contains(&self.desired.named(successor).assignment) {
                return true;
            }
            let action = BlockedAction::Revoke(self.desired.named(*key));
            held.push(Blocked { action, cause: BlockedCause::ReplacementWaits, written: None });
            false
        });
        (Differing { grants, revokes }, held)
    }

    /// Returns the assignment of the new permission set that replaces one of a renamed set.
    fn successor_of(&self, key: Key) -> Option<Key> {
        self.successors.get(&key.set).map(|set| Key { set: *set, ..key })
    }

    /// Whether the new permission set is granted to the same principal in the same account.
    fn is_taken_over(&self, key: Key) -> bool {
        self.successor_of(key).is_some_and(|successor| self.desired.wants(successor))
    }

    pub(super) fn grant(&self, wanted: Wanted) -> Change {
        let rule = self.desired.rule(wanted.rule);
        Change {
            action: Action::Assignment(AssignmentChange::Grant(self.desired.named(wanted.key))),
            reason: Reason::Declared { until: rule.until.map(|until| until.date), note: rule.reason.clone() },
            written: Some(self.written_of_rule(wanted.rule)),
        }
    }

    pub(super) fn revoke(&self, key: Key) -> Change {
        let (reason, written) = self.reason_to_revoke(key);
        let assignment = self.desired.named(key);
        let change = AssignmentChange::Revoke { assignment, order: RevokeOrder::BeforeEdits };
        Change { action: Action::Assignment(change), reason, written }
    }

    /// Returns why an assignment is revoked: its end has passed, its permission set is deleted, its principal was
    /// deleted, or no `assign` grants it; in the last case the declaration of its permission set is the source.
    fn reason_to_revoke(&self, key: Key) -> (Reason, Option<Written>) {
        if let Some(rule) = self.desired.expired_rule(key)
            && let Some(until) = self.desired.end_of(rule)
        {
            return (Reason::Expired { until }, Some(self.written_of_rule(rule)));
        }
        match self.standing(key.set) {
            Some(Standing::Dropped { renamed_to, .. }) => match renamed_to {
                Some(to) if self.is_taken_over(key) => (Reason::Renamed { to: (*to).clone() }, None),
                _ => (Reason::PermissionSetDropped, None),
            },
            Some(
                Standing::New { origin, .. }
                | Standing::Ours(Ours { origin, .. })
                | Standing::External { origin, .. },
            ) => {
                let reason = if self.desired.is_orphan(key) { Reason::Orphan } else { Reason::Undeclared };
                (reason, Some(self.written(*origin)))
            }
            Some(Standing::Released { .. }) | None => (Reason::Undeclared, None),
        }
    }

    pub(super) fn kept(&self, kept: KeptKey) -> Kept {
        let config = self.files.config;
        let (by, origin) = match (kept.by, self.standing(kept.key.set)) {
            (Keeper::Keep(index), _) => {
                let keep = &config.keeps[index.at()];
                let until = keep.until.map(|until| until.date);
                (KeptBy::Keep { until, note: keep.reason.clone() }, keep.origin)
            }
            (Keeper::Adopt, Some(Standing::Ours(Ours { adopt, origin, .. }))) => {
                (KeptBy::Adopt, adopt.unwrap_or(*origin))
            }
            // Only an adopted set keeps assignments without a `keep`.
            (Keeper::Adopt, _) => (KeptBy::Adopt, config.identity_center.origin),
        };
        Kept {
            assignment: self.desired.named(kept.key),
            by,
            ended: self.desired.expired_rule(kept.key).and_then(|rule| self.desired.end_of(rule)),
            written: self.written(origin),
        }
    }

    pub(super) fn written(&self, origin: OriginId) -> Written {
        self.files.written(origin)
    }

    pub(super) fn written_of_rule(&self, rule: RuleIx) -> Written {
        self.written(self.desired.rule(rule).origin)
    }
}
