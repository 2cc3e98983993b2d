//! Changes of permission sets: create, edit, provision, adopt, release, delete.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::LivePermissionSet;
use rolecall_model::{AccountId, AccountState, Code, Diagnostic, OriginId, PermissionSet, PermissionSetName};

use super::ownership::{Ours, Standing};
use super::{Context, Differing};
use crate::desired::keys::SetIx;
use crate::limits::ACCOUNTS_PER_PROVISIONING;
use crate::plan::{
    Action, Blocked, BlockedAction, BlockedCause, Change, Difference, NamedAssignment, PermissionSetChange,
    ProvisionCalls, Provisioning, Reason, Rebind, differences, managed_tags,
};

/// Maximum number of accounts for which separate provisioning calls delay fewer accounts than one call for all.
const FEW_ACCOUNTS: usize = 3;

/// Result of comparing declared permission sets.
#[derive(Default)]
pub(super) struct SetChanges {
    pub(super) changes: Vec<Change>,
    pub(super) blocked: Vec<Blocked>,
    pub(super) findings: Vec<Diagnostic>,
    /// Sets whose edit has to wait.
    pub(super) sealed: BTreeSet<SetIx>,
}

/// Changes of permission sets that the stack releases or deletes.
#[derive(Default)]
pub(super) struct GivenUp {
    pub(super) changes: Vec<Change>,
    pub(super) blocked: Vec<Blocked>,
}

impl Context<'_> {
    /// Creates and edits declared sets.
    pub(super) fn compare_sets(&self, differing: &Differing) -> SetChanges {
        let mut found = SetChanges::default();
        for (set, _) in self.desired.tables.sets() {
            match self.standing(set) {
                Some(Standing::New { wanted, origin }) => found.changes.push(Change {
                    action: Action::PermissionSet(PermissionSetChange::Create {
                        after: Box::new(self.with_owner(wanted)),
                    }),
                    reason: Reason::Declared { until: None, note: None },
                    written: Some(self.written(*origin)),
                }),
                Some(Standing::Ours(ours)) => self.compare_set(set, ours, differing, &mut found),
                // Released and deleted permission sets come last, when their remaining assignments are known.
                Some(Standing::Dropped { .. } | Standing::Released { .. } | Standing::External { .. })
                | None => {}
            }
        }
        found
    }

    fn compare_set(&self, set: SetIx, ours: &Ours<'_>, differing: &Differing, found: &mut SetChanges) {
        let Ours { wanted, live, details, origin, is_adopted_now, adopt: _ } = *ours;
        let wanted = if is_adopted_now { self.with_owner(wanted) } else { wanted.clone() };
        let before = PermissionSet { tags: managed_tags(&live.tags, &wanted.tags), ..details.clone() };
        let differences = differences(&before, &wanted);
        let written = Some(self.written(origin));
        let reaching = differences.iter().any(Difference::reaches_accounts);
        let candidates = if reaching { &live.provisioned } else { &live.outdated };
        let provision = self.provisioning(set, live, candidates, differing);
        if differences.is_empty() && provision.accounts.is_empty() {
            return;
        }
        let permission_set = live.name.clone();
        if self.is_sealed(live) {
            found.findings.push(self.sealed(live, origin));
            let action = if differences.is_empty() {
                BlockedAction::Provision(permission_set)
            } else {
                found.sealed.insert(set);
                BlockedAction::Update(permission_set)
            };
            found.blocked.push(Blocked { action, cause: BlockedCause::SealedPermissionSet, written });
            return;
        }
        let (change, reason) = if differences.is_empty() {
            (PermissionSetChange::Provision { permission_set, provision }, Reason::Outdated)
        } else {
            let (before, after) = (Box::new(before), Box::new(wanted));
            let declared = Reason::Declared { until: None, note: None };
            let reason = if is_adopted_now { Reason::Adopted } else { declared };
            (PermissionSetChange::Update { before, after, differences, provision }, reason)
        };
        found.changes.push(Change { action: Action::PermissionSet(change), reason, written });
    }

    /// Returns where an edited or outdated permission set is provisioned: in active accounts that keep an assignment or
    /// only have it provisioned. An account that loses its last assignment loses the role with it; a new assignment
    /// provisions the latest version.
    fn provisioning(
        &self,
        set: SetIx,
        live: &LivePermissionSet,
        candidates: &BTreeSet<AccountId>,
        differing: &Differing,
    ) -> Provisioning {
        if candidates.is_empty() {
            return Provisioning::default();
        }
        let emptied = self.emptied_accounts(set, differing);
        let is_active = |id: &AccountId| {
            self.snapshot.account(*id).is_some_and(|account| account.state == AccountState::Active)
        };
        let accounts: Vec<AccountId> =
            candidates.iter().copied().filter(|id| is_active(id) && !emptied.contains(id)).collect();
        let provisioned = live.provisioned.len();
        let many = accounts.len() > FEW_ACCOUNTS && accounts.len() * 2 > provisioned;
        // A call for all accounts fails completely if one of them rejects changes.
        let everywhere =
            many && provisioned <= ACCOUNTS_PER_PROVISIONING && live.provisioned.iter().all(is_active);
        let calls = if everywhere {
            ProvisionCalls::Everywhere { provisioned: live.provisioned.iter().copied().collect() }
        } else {
            ProvisionCalls::PerAccount
        };
        Provisioning { accounts, calls }
    }

    /// Returns the accounts in which every live assignment of the permission set is revoked. Accounts that were not
    /// read completely may have more.
    fn emptied_accounts(&self, set: SetIx, differing: &Differing) -> BTreeSet<AccountId> {
        let name = self.name_of(set);
        let mut lost: BTreeMap<AccountId, usize> = BTreeMap::new();
        for key in differing.revokes.iter().filter(|key| key.set == set) {
            *lost.entry(self.desired.tables.account(key.account).id).or_default() += 1;
        }
        let snapshot = self.snapshot;
        let is_emptied = |id: AccountId, lost: usize| {
            snapshot.coverage.sees_all(name, id) && snapshot.rows_on(name, id).len() == lost
        };
        lost.into_iter().filter(|(id, lost)| is_emptied(*id, *lost)).map(|(id, _)| id).collect()
    }

    fn is_sealed(&self, live: &LivePermissionSet) -> bool {
        self.is_delegated && live.provisioned.contains(&self.snapshot.organization.management_account)
    }

    fn sealed(&self, live: &LivePermissionSet, origin: OriginId) -> Diagnostic {
        Diagnostic::warning(
            Code::SealedPermissionSet,
            format!("permission set `{}` cannot be changed from this account", live.name),
        )
        .at_origin(self.files.origins, origin, "it is provisioned in the management account")
        .help(
            "a delegated administrator cannot change such a permission set in any account: run from the management \
             account, or use separate permission sets for the management account",
        )
    }

    /// Releases and deletes permission sets. `blocked` and `rebinds` contain everything that waits.
    pub(super) fn give_up_sets(&self, blocked: &[Blocked], rebinds: &[Rebind]) -> GivenUp {
        let mut given_up = GivenUp::default();
        for (set, name) in self.desired.tables.sets() {
            match self.standing(set) {
                Some(Standing::Dropped { live, details, renamed_to }) => {
                    let remain = has_waiting_assignments(name, blocked, rebinds);
                    self.drop_set(live, details, *renamed_to, remain, &mut given_up);
                }
                Some(
                    Standing::Released { origin } | Standing::External { origin: _, released: Some(origin) },
                ) => self.release_set(name, *origin, &mut given_up),
                Some(
                    Standing::New { .. }
                    | Standing::Ours(_)
                    | Standing::External { origin: _, released: None },
                )
                | None => {}
            }
        }
        given_up
    }

    fn release_set(&self, name: &PermissionSetName, origin: OriginId, given_up: &mut GivenUp) {
        let written = Some(self.written(origin));
        let live = self.snapshot.permission_set(name);
        if live.is_some_and(|live| self.is_sealed(live)) {
            let action = BlockedAction::Release(name.clone());
            given_up.blocked.push(Blocked { action, cause: BlockedCause::SealedPermissionSet, written });
            return;
        }
        let change = PermissionSetChange::Release { permission_set: name.clone() };
        let action = Action::PermissionSet(change);
        given_up.changes.push(Change { action, reason: Reason::Released, written });
    }

    fn drop_set(
        &self,
        live: &LivePermissionSet,
        details: &PermissionSet,
        renamed_to: Option<&PermissionSetName>,
        assignments_remain: bool,
        given_up: &mut GivenUp,
    ) {
        let cause = if self.is_sealed(live) {
            Some(BlockedCause::SealedPermissionSet)
        } else {
            assignments_remain.then_some(BlockedCause::AssignmentsRemain)
        };
        if let Some(cause) = cause {
            let action = BlockedAction::Delete(live.name.clone());
            given_up.blocked.push(Blocked { action, cause, written: None });
            return;
        }
        let before = PermissionSet { tags: live.tags.clone(), ..details.clone() };
        let reason = match renamed_to {
            Some(to) => Reason::Renamed { to: to.clone() },
            None => Reason::PermissionSetDropped,
        };
        let action = Action::PermissionSet(PermissionSetChange::Delete { before: Box::new(before) });
        given_up.changes.push(Change { action, reason, written: None });
    }

    fn with_owner(&self, wanted: &PermissionSet) -> PermissionSet {
        let mut set = wanted.clone();
        set.tags.insert(STACK_TAG.to_owned(), self.files.config.stack.to_string());
        set
    }
}

/// Whether an assignment of the set is blocked or withheld, so that AWS would refuse to delete the set.
fn has_waiting_assignments(name: &PermissionSetName, blocked: &[Blocked], rebinds: &[Rebind]) -> bool {
    let is_of_set = |named: &NamedAssignment| named.assignment.permission_set == *name;
    let has_assignment = |action: &BlockedAction| match action {
        BlockedAction::Grant(named) | BlockedAction::Revoke(named) => is_of_set(named),
        BlockedAction::Update(_)
        | BlockedAction::Provision(_)
        | BlockedAction::Release(_)
        | BlockedAction::Delete(_) => false,
    };
    blocked.iter().any(|blocked| has_assignment(&blocked.action))
        || rebinds.iter().flat_map(|rebind| &rebind.orphans).any(is_of_set)
}
