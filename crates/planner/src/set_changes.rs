//! What changes about permission sets themselves: made, edited, provisioned, adopted, released, deleted.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::LivePermissionSet;
use rolecall_model::{AccountId, AccountState, Code, Diagnostic, OriginId, PermissionSet, PermissionSetName};

use crate::compare::{Comparer, Comparison, Differing};
use crate::difference::{differences, managed_tags};
use crate::ownership::{Ours, Standing};
use crate::plan::{
    Action, Blocked, BlockedAction, BlockedCause, Change, Difference, Provisioning, Reason, Row,
};

/// Beyond so many accounts, `ALL_PROVISIONED_ACCOUNTS` is refused (sso-admin quotas), and each account gets its own
/// call.
const MOST_ACCOUNTS_AT_ONCE: usize = 3_500;
/// Up to so many accounts, single calls hold fewer accounts back than one call for all.
const FEW_ACCOUNTS: usize = 3;

impl Comparer<'_> {
    pub(crate) fn compare_sets(&self, differing: &mut Differing, result: &mut Comparison) {
        let mut sealed_updates: BTreeSet<u32> = BTreeSet::new();
        for (number, standing) in self.standings.iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let blocked_before = result.blocked.len();
            match standing {
                Some(Standing::New { wanted, origin }) => result.changes.push(Change {
                    action: Action::CreatePermissionSet { after: Box::new(self.with_owner(wanted)) },
                    reason: Reason::Declared { until: None, note: None },
                    written: Some(self.written(*origin)),
                }),
                Some(Standing::Ours(ours)) => {
                    self.compare_set(number, ours, differing, result);
                    let blocked_now = &result.blocked[blocked_before..];
                    if blocked_now.iter().any(|blocked| matches!(blocked.action, BlockedAction::Update(_))) {
                        sealed_updates.insert(number);
                    }
                }
                // What the stack gives up is looked at last, when it is known what stays on it.
                Some(Standing::Dropped { .. } | Standing::Released { .. } | Standing::External { .. })
                | None => {}
            }
        }
        // A set whose edit has to wait must not reach more people in its old form.
        differing.grants.retain(|row| {
            if !sealed_updates.contains(&row.key.set) {
                return true;
            }
            result.blocked.push(Blocked {
                action: BlockedAction::Grant(self.row(row.key)),
                cause: BlockedCause::SealedPermissionSet,
                written: Some(self.written_of_rule(row.rule)),
            });
            false
        });
    }

    fn compare_set(&self, number: u32, ours: &Ours<'_>, differing: &Differing, result: &mut Comparison) {
        let Ours { wanted, live, details, origin, is_adopted_now, adopt: _ } = *ours;
        let wanted = if is_adopted_now { self.with_owner(wanted) } else { wanted.clone() };
        let before = PermissionSet { tags: managed_tags(&live.tags, &wanted.tags), ..details.clone() };
        let differences = differences(&before, &wanted);
        let written = Some(self.written(origin));
        let reaching = differences.iter().any(Difference::reaches_accounts);
        let carried_to = if reaching { &live.provisioned } else { &live.outdated };
        let provision = self.provisioning(number, live, carried_to, differing);
        if differences.is_empty() && provision.accounts.is_empty() {
            return;
        }
        if self.is_sealed(live) {
            self.report_sealed(live, origin, result);
            let name = live.name.clone();
            let action = if differences.is_empty() {
                BlockedAction::Provision(name)
            } else {
                BlockedAction::Update(name)
            };
            result.blocked.push(Blocked { action, cause: BlockedCause::SealedPermissionSet, written });
            return;
        }
        result.changes.push(if differences.is_empty() {
            let action = Action::ProvisionPermissionSet { permission_set: live.name.clone(), provision };
            Change { action, reason: Reason::Outdated, written }
        } else {
            let (before, after) = (Box::new(before), Box::new(wanted));
            let action = Action::UpdatePermissionSet { before, after, differences, provision };
            let declared = Reason::Declared { until: None, note: None };
            let reason = if is_adopted_now { Reason::Adopted } else { declared };
            Change { action, reason, written }
        });
    }

    /// Where an edited or outdated set is carried to: accounts that are active and keep a row or are merely
    /// provisioned. An account that loses its last row here loses its role with it, and if it gains another, that
    /// assignment brings the latest version along.
    fn provisioning(
        &self,
        number: u32,
        live: &LivePermissionSet,
        candidates: &BTreeSet<AccountId>,
        differing: &Differing,
    ) -> Provisioning {
        if candidates.is_empty() {
            return Provisioning::default();
        }
        let emptied = self.emptied_accounts(number, differing);
        let is_active = |id: &AccountId| {
            self.inputs.snapshot.account(*id).is_some_and(|account| account.state == AccountState::Active)
        };
        let accounts: Vec<AccountId> =
            candidates.iter().copied().filter(|id| is_active(id) && !emptied.contains(id)).collect();
        let provisioned = live.provisioned.len();
        let many = accounts.len() > FEW_ACCOUNTS && accounts.len() * 2 > provisioned;
        // One call for all accounts fails as a whole when one of them takes no changes.
        let everywhere =
            many && provisioned <= MOST_ACCOUNTS_AT_ONCE && live.provisioned.iter().all(is_active);
        Provisioning { accounts, everywhere }
    }

    /// The accounts on which every live row of the set is revoked. What was not seen whole may hold more.
    fn emptied_accounts(&self, number: u32, differing: &Differing) -> BTreeSet<AccountId> {
        let name = self.desired.tables.sets[number as usize];
        let mut lost: BTreeMap<AccountId, usize> = BTreeMap::new();
        for key in differing.revokes.iter().filter(|key| key.set == number) {
            *lost.entry(self.desired.tables.accounts[key.account as usize].id).or_default() += 1;
        }
        let snapshot = self.inputs.snapshot;
        let is_emptied = |id: AccountId, lost: usize| {
            snapshot.coverage.sees_all(name, id) && snapshot.rows_on(name, id).len() == lost
        };
        lost.into_iter().filter(|(id, lost)| is_emptied(*id, *lost)).map(|(id, _)| id).collect()
    }

    fn is_sealed(&self, live: &LivePermissionSet) -> bool {
        self.delegated && live.provisioned.contains(&self.inputs.snapshot.organization.management_account)
    }

    fn report_sealed(&self, live: &LivePermissionSet, origin: OriginId, result: &mut Comparison) {
        result.findings.push(
            Diagnostic::warning(
                Code::SealedPermissionSet,
                format!("permission set `{}` cannot be changed from this account", live.name),
            )
            .at_origin(self.inputs.origins, origin, "it is provisioned in the management account")
            .help(
                "a delegated administrator cannot change such a set, for any account: run from the management \
                 account, or keep sets for the management account apart from the others",
            ),
        );
    }

    /// Releases and deletes what the stack gives up.
    pub(crate) fn give_up_sets(&self, result: &mut Comparison) {
        for (standing, name) in self.standings.iter().zip(&self.desired.tables.sets) {
            match standing {
                Some(Standing::Dropped { live, details, renamed_to }) => {
                    self.drop_set(live, details, *renamed_to, result);
                }
                Some(
                    Standing::Released { origin } | Standing::External { origin: _, released: Some(origin) },
                ) => self.release_set(name, *origin, result),
                Some(
                    Standing::New { .. }
                    | Standing::Ours(_)
                    | Standing::External { origin: _, released: None },
                )
                | None => {}
            }
        }
    }

    fn release_set(&self, name: &PermissionSetName, origin: OriginId, result: &mut Comparison) {
        let written = Some(self.written(origin));
        let live = self.inputs.snapshot.permission_set(name);
        if live.is_some_and(|live| self.is_sealed(live)) {
            let action = BlockedAction::Release(name.clone());
            result.blocked.push(Blocked { action, cause: BlockedCause::SealedPermissionSet, written });
            return;
        }
        let action = Action::ReleasePermissionSet { permission_set: name.clone() };
        result.changes.push(Change { action, reason: Reason::Released, written });
    }

    fn drop_set(
        &self,
        live: &LivePermissionSet,
        details: &PermissionSet,
        renamed_to: Option<&PermissionSetName>,
        result: &mut Comparison,
    ) {
        let is_of_set = |row: &Row| row.assignment.permission_set == live.name;
        let has_row = |action: &BlockedAction| match action {
            BlockedAction::Grant(row) | BlockedAction::Revoke(row) => is_of_set(row),
            BlockedAction::Update(_)
            | BlockedAction::Provision(_)
            | BlockedAction::Release(_)
            | BlockedAction::Delete(_) => false,
        };
        let rows_remain = result.blocked.iter().any(|blocked| has_row(&blocked.action))
            || result.rebinds.iter().flat_map(|rebind| &rebind.orphans).any(is_of_set);
        let cause = if self.is_sealed(live) {
            Some(BlockedCause::SealedPermissionSet)
        } else {
            rows_remain.then_some(BlockedCause::RowsRemain)
        };
        if let Some(cause) = cause {
            let action = BlockedAction::Delete(live.name.clone());
            result.blocked.push(Blocked { action, cause, written: None });
            return;
        }
        let before = PermissionSet { tags: live.tags.clone(), ..details.clone() };
        let action = Action::DeletePermissionSet { before: Box::new(before) };
        let reason = match renamed_to {
            Some(to) => Reason::Renamed { to: to.clone() },
            None => Reason::PermissionSetDropped,
        };
        result.changes.push(Change { action, reason, written: None });
    }

    fn with_owner(&self, wanted: &PermissionSet) -> PermissionSet {
        let mut set = wanted.clone();
        set.tags.insert(STACK_TAG.to_owned(), self.inputs.config.stack.to_string());
        set
    }
}
