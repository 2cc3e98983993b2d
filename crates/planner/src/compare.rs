//! From the desired state and the live one to changes: two sorted runs of rows are merged, and each permission set of
//! the stack is compared with its declaration.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::LivePermissionSet;
use rolecall_model::{
    AccountId, AccountState, Assignment, Code, Diagnostic, OriginId, PermissionSet, PermissionSetName,
    Principal,
};

use crate::difference::{differences, managed_tags};
use crate::expand::{Desired, Key, WantedRow, live_keys};
use crate::ownership::Standing;
use crate::plan::{
    Action, Blocked, BlockedAction, BlockedCause, Change, Provisioning, Reason, Rebind, Row, SkippedAccount,
    Unmanaged, Written,
};
use crate::principals::{Names, PrincipalName};
use crate::{Inputs, Settings};

/// Beyond so many accounts, `ALL_PROVISIONED_ACCOUNTS` is refused (sso-admin quotas), and each account gets its own
/// call.
const MOST_ACCOUNTS_AT_ONCE: usize = 3_500;
/// Up to so many accounts, single calls hold fewer accounts back than one call for all.
const FEW_ACCOUNTS: usize = 3;

/// What comparing yields.
#[derive(Default)]
pub(crate) struct Comparison {
    pub(crate) changes: Vec<Change>,
    pub(crate) blocked: Vec<Blocked>,
    pub(crate) rebinds: Vec<Rebind>,
    pub(crate) skipped_accounts: Vec<SkippedAccount>,
    pub(crate) unmanaged: Vec<Unmanaged>,
    pub(crate) findings: Vec<Diagnostic>,
    /// Pairs of permission set and account that would be changed, and were not seen whole.
    pub(crate) unseen: BTreeSet<(PermissionSetName, AccountId)>,
    /// How many live rows are ours and not blocked: what a guard's percentage is of.
    pub(crate) rows_of_ours: usize,
}

/// Compares.
pub(crate) fn compare(
    inputs: &Inputs<'_>,
    settings: &Settings,
    desired: &Desired<'_>,
    standings: &BTreeMap<&PermissionSetName, Standing<'_>>,
) -> Comparison {
    let labels = desired.principals.groups.iter();
    let labels = labels.map(|(index, id)| (id.clone(), inputs.config[*index].label.clone())).collect();
    let comparer = Comparer {
        inputs,
        settings,
        desired,
        standings: desired.tables.sets.iter().map(|name| standings.get(*name)).collect(),
        names: Names::new(inputs.snapshot, &labels),
        managed: managed_principals(desired),
        delegated: inputs.snapshot.caller_is_delegated(),
    };
    comparer.run()
}

/// The principals whose rows on external sets are ours: declared groups and named users, by number.
fn managed_principals(desired: &Desired<'_>) -> BTreeSet<u32> {
    let groups = desired.principals.groups.values().cloned().map(Principal::Group);
    let users = desired.principals.users.values().cloned();
    let found =
        groups.chain(users).filter_map(|principal| desired.tables.principals.binary_search(&principal).ok());
    found.filter_map(|position| u32::try_from(position).ok()).collect()
}

struct Comparer<'a> {
    inputs: &'a Inputs<'a>,
    settings: &'a Settings,
    desired: &'a Desired<'a>,
    /// By the number of the set; `None` for a set that does not concern the stack.
    standings: Vec<Option<&'a Standing<'a>>>,
    names: Names,
    managed: BTreeSet<u32>,
    delegated: bool,
}

/// The rows in which live and wanted differ, before anything is withheld.
#[derive(Default)]
struct Differing {
    grants: Vec<WantedRow>,
    revokes: Vec<Key>,
    /// Live rows of ours on accounts that are skipped, by the account's number.
    resting: BTreeMap<u32, usize>,
    unmanaged: BTreeMap<u32, usize>,
    /// Rows of groups that are gone, on external sets: not ours to revoke, but somebody may have taken their names.
    foreign_orphans: Vec<Key>,
    rows_of_ours: usize,
}

impl Comparer<'_> {
    fn run(self) -> Comparison {
        let mut differing = self.merge();
        let mut result = Comparison { rows_of_ours: differing.rows_of_ours, ..Comparison::default() };
        self.block_rows(&mut differing, &mut result);
        self.withhold_rebinds(&mut differing, &mut result);
        result.unseen = self.unseen(&differing);
        self.compare_sets(&mut differing, &mut result);
        for row in &differing.grants {
            result.changes.push(self.grant(*row));
        }
        for key in &differing.revokes {
            result.changes.push(self.revoke(*key));
        }
        result.skipped_accounts = self.skipped_accounts(&differing.resting);
        result.unmanaged = self.unmanaged(&differing.unmanaged);
        result.changes.sort_by(|a, b| a.action.sort_key().cmp(&b.action.sort_key()));
        result
    }

    /// Walks both sorted runs once.
    fn merge(&self) -> Differing {
        let live = live_keys(self.inputs, &self.desired.tables);
        let mut differing = Differing::default();
        let mut wanted = self.desired.rows.iter().copied().peekable();
        for key in live {
            while let Some(row) = wanted.next_if(|row| row.key < key) {
                differing.grants.push(row);
            }
            let is_wanted = wanted.next_if(|row| row.key == key).is_some();
            let ours = match self.standings[key.set as usize] {
                None => false,
                Some(Standing::External { .. }) => self.managed.contains(&key.principal),
                Some(_) => true,
            };
            if !ours {
                if self.standings[key.set as usize].is_some() {
                    *differing.unmanaged.entry(key.set).or_default() += 1;
                    if self.is_orphaned_group(key) {
                        differing.foreign_orphans.push(key);
                    }
                }
                continue;
            }
            if self.cause(key).is_some() {
                *differing.resting.entry(key.account).or_default() += 1;
            } else {
                differing.rows_of_ours += 1;
            }
            if !is_wanted {
                differing.revokes.push(key);
            }
        }
        differing.grants.extend(wanted);
        differing
    }

    /// Why a row on this account can neither be granted nor revoked now.
    fn cause(&self, key: Key) -> Option<BlockedCause> {
        let account = &self.desired.tables.accounts[key.account as usize];
        if account.state != AccountState::Active {
            return Some(BlockedCause::AccountNotActive(account.state));
        }
        let management = self.inputs.snapshot.organization.management_account;
        (self.delegated && account.id == management).then_some(BlockedCause::ManagementAccount)
    }

    fn block_rows(&self, differing: &mut Differing, result: &mut Comparison) {
        differing.grants.retain(|row| {
            let Some(cause) = self.cause(row.key) else {
                return true;
            };
            let action = BlockedAction::Grant(self.row(row.key));
            result.blocked.push(Blocked { action, cause, written: Some(self.written_of_rule(row.rule)) });
            false
        });
        differing.revokes.retain(|key| {
            let Some(cause) = self.cause(*key) else {
                return true;
            };
            let (_, written) = self.reason_to_revoke(*key);
            result.blocked.push(Blocked { action: BlockedAction::Revoke(self.row(*key)), cause, written });
            false
        });
    }

    /// A grant to a group found by name, where a group that is gone has a row on the same set and account, may be to
    /// somebody who took the name. Both wait until the group is pinned by id or accepted.
    fn withhold_rebinds(&self, differing: &mut Differing, result: &mut Comparison) {
        let mut orphans: BTreeMap<(u32, u32), Vec<Key>> = BTreeMap::new();
        let ours = differing.revokes.iter().filter(|key| self.is_orphaned_group(**key));
        for key in ours.chain(&differing.foreign_orphans) {
            orphans.entry((key.set, key.account)).or_default().push(*key);
        }
        let trusted = self.trusted_principals();
        let mut withheld: BTreeSet<(u32, u32)> = BTreeSet::new();
        differing.grants.retain(|row| {
            let pair = (row.key.set, row.key.account);
            let Some(gone) = orphans.get(&pair) else {
                return true;
            };
            if trusted.contains(&row.key.principal) {
                return true;
            }
            withheld.insert(pair);
            result.rebinds.push(Rebind {
                grant: self.row(row.key),
                orphans: gone.iter().map(|key| self.row(*key)).collect(),
                orphans_are_ours: !matches!(
                    self.standings[row.key.set as usize],
                    Some(Standing::External { .. })
                ),
                written: Some(self.written_of_rule(row.rule)),
            });
            false
        });
        differing
            .revokes
            .retain(|key| !(self.is_orphaned_group(*key) && withheld.contains(&(key.set, key.account))));
        self.report_rebinds(result);
    }

    /// Where a row goes, or is granted to a group that is known by name alone, all rows must be known: the account may
    /// be emptied, and the group may have taken the name of one that is gone.
    fn unseen(&self, differing: &Differing) -> BTreeSet<(PermissionSetName, AccountId)> {
        let trusted = self.trusted_principals();
        let granted = differing.grants.iter().map(|row| row.key);
        let doubtful = granted.filter(|key| !trusted.contains(&key.principal));
        let pairs = differing.revokes.iter().copied().chain(doubtful).filter_map(|key| {
            let name = self.desired.tables.sets[key.set as usize];
            let account = self.desired.tables.accounts[key.account as usize].id;
            // Every row is on a provisioned pair: elsewhere there is nothing to see.
            let is_provisioned = self.inputs.snapshot.permission_set(name)?.provisioned.contains(&account);
            let is_unseen = is_provisioned && !self.inputs.snapshot.coverage.sees_all(name, account);
            is_unseen.then(|| (name.clone(), account))
        });
        pairs.collect()
    }

    fn report_rebinds(&self, result: &mut Comparison) {
        let groups: BTreeSet<&str> =
            result.rebinds.iter().map(|rebind| rebind.grant.principal_name.sort_text()).collect();
        for label in groups {
            let Some(group) = self.inputs.config.groups.iter().find(|group| group.label == *label) else {
                continue;
            };
            result.findings.push(
                Diagnostic::warning(
                    Code::PossibleRebind,
                    format!("group `{label}` may have taken the name of a group that is gone; its grants wait"),
                )
                .at(self.inputs.origins.place(group.origin), "it is found by name alone")
                .help(format!(
                    "make sure it is the group that is meant, then pin it with id=\"…\" (its Entra object id), or \
                     plan and apply with --accept-rebind \"{label}\""
                )),
            );
        }
    }

    fn is_orphaned_group(&self, key: Key) -> bool {
        let principal = &self.desired.tables.principals[key.principal as usize];
        matches!(principal, Principal::Group(_))
            && matches!(self.names.of(principal), PrincipalName::Orphan(_))
    }

    /// Groups that cannot be mistaken: pinned by id, or accepted by the person who plans. Users are found by user
    /// name, which no orphaned group ever had.
    fn trusted_principals(&self) -> BTreeSet<u32> {
        let config = self.inputs.config;
        let groups = self.desired.principals.groups.iter().filter(|(index, _)| {
            let group = &config[**index];
            group.object_id.is_some() || self.settings.accepted_rebinds.contains(&group.label)
        });
        let groups = groups.map(|(_, id)| Principal::Group(id.clone()));
        let users = self.desired.principals.users.values().cloned();
        let found =
            groups.chain(users).filter_map(|one| self.desired.tables.principals.binary_search(&one).ok());
        found.filter_map(|position| u32::try_from(position).ok()).collect()
    }

    fn compare_sets(&self, differing: &mut Differing, result: &mut Comparison) {
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
                Some(Standing::Ours { wanted, live, details, origin }) => {
                    self.compare_set(number, wanted, live, details, *origin, differing, result);
                    let blocked_now = &result.blocked[blocked_before..];
                    if blocked_now.iter().any(|blocked| matches!(blocked.action, BlockedAction::Update(_))) {
                        sealed_updates.insert(number);
                    }
                }
                Some(Standing::Dropped { live, details }) => self.drop_set(live, details, result),
                Some(Standing::External { .. }) | None => {}
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

    #[allow(clippy::too_many_arguments, reason = "one standing's parts and the two accumulators")]
    fn compare_set(
        &self,
        number: u32,
        wanted: &PermissionSet,
        live: &LivePermissionSet,
        details: &PermissionSet,
        origin: OriginId,
        differing: &Differing,
        result: &mut Comparison,
    ) {
        let before = PermissionSet { tags: managed_tags(&live.tags, &wanted.tags), ..details.clone() };
        let differences = differences(&before, wanted);
        let written = Some(self.written(origin));
        let reaching = differences.iter().any(crate::plan::Difference::reaches_accounts);
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
            let (before, after) = (Box::new(before), Box::new(wanted.clone()));
            let action = Action::UpdatePermissionSet { before, after, differences, provision };
            Change { action, reason: Reason::Declared { until: None, note: None }, written }
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
            .at(self.inputs.origins.place(origin), "it is provisioned in the management account")
            .help(
                "a delegated administrator cannot change such a set, for any account: run from the management \
                 account, or keep sets for the management account apart from the others",
            ),
        );
    }

    fn drop_set(&self, live: &LivePermissionSet, details: &PermissionSet, result: &mut Comparison) {
        let of_set = |action: &BlockedAction| match action {
            BlockedAction::Grant(row) | BlockedAction::Revoke(row) => {
                row.assignment.permission_set == live.name
            }
            BlockedAction::Update(_) | BlockedAction::Provision(_) | BlockedAction::Delete(_) => false,
        };
        let cause = if self.is_sealed(live) {
            Some(BlockedCause::SealedPermissionSet)
        } else {
            result.blocked.iter().any(|blocked| of_set(&blocked.action)).then_some(BlockedCause::RowsRemain)
        };
        if let Some(cause) = cause {
            let action = BlockedAction::Delete(live.name.clone());
            result.blocked.push(Blocked { action, cause, written: None });
            return;
        }
        let before = PermissionSet { tags: live.tags.clone(), ..details.clone() };
        let action = Action::DeletePermissionSet { before: Box::new(before) };
        result.changes.push(Change { action, reason: Reason::PermissionSetDropped, written: None });
    }

    fn with_owner(&self, wanted: &PermissionSet) -> PermissionSet {
        let mut set = wanted.clone();
        set.tags.insert(STACK_TAG.to_owned(), self.inputs.config.stack.to_string());
        set
    }

    fn grant(&self, row: WantedRow) -> Change {
        let rule = &self.inputs.config.assignments[row.rule as usize];
        Change {
            action: Action::Grant(self.row(row.key)),
            reason: Reason::Declared { until: rule.until.map(|until| until.date), note: rule.reason.clone() },
            written: Some(self.written_of_rule(row.rule)),
        }
    }

    fn revoke(&self, key: Key) -> Change {
        let (reason, written) = self.reason_to_revoke(key);
        Change { action: Action::Revoke(self.row(key)), reason, written }
    }

    /// A row goes because its end came, because its set goes, because nobody is behind it, or because no `assign`
    /// wants it; then the declaration of its set is what asks for it.
    fn reason_to_revoke(&self, key: Key) -> (Reason, Option<Written>) {
        if let Ok(at) = self.desired.expired.binary_search_by_key(&key, |row| row.key) {
            let rule = self.desired.expired[at].rule;
            if let Some(until) = self.inputs.config.assignments[rule as usize].until {
                return (Reason::Expired { until: until.date }, Some(self.written_of_rule(rule)));
            }
        }
        let principal = &self.desired.tables.principals[key.principal as usize];
        let orphaned = matches!(self.names.of(principal), PrincipalName::Orphan(_));
        match self.standings[key.set as usize] {
            Some(Standing::Dropped { .. }) => (Reason::PermissionSetDropped, None),
            Some(
                Standing::New { origin, .. } | Standing::Ours { origin, .. } | Standing::External { origin },
            ) => {
                let reason = if orphaned { Reason::Orphan } else { Reason::Undeclared };
                (reason, Some(self.written(*origin)))
            }
            None => (Reason::Undeclared, None),
        }
    }

    fn row(&self, key: Key) -> Row {
        let tables = &self.desired.tables;
        let account = &tables.accounts[key.account as usize];
        let principal = tables.principals[key.principal as usize].clone();
        Row {
            principal_name: self.names.of(&principal),
            account_name: account.name.clone(),
            assignment: Assignment {
                permission_set: tables.sets[key.set as usize].clone(),
                account: account.id,
                principal,
            },
        }
    }

    fn written(&self, origin: OriginId) -> Written {
        self.inputs.written(origin)
    }

    fn written_of_rule(&self, rule: u32) -> Written {
        self.written(self.inputs.config.assignments[rule as usize].origin)
    }

    fn skipped_accounts(&self, resting: &BTreeMap<u32, usize>) -> Vec<SkippedAccount> {
        let accounts = self.desired.tables.accounts.iter().zip(0_u32..);
        let skipped = accounts.filter(|(account, _)| account.state != AccountState::Active);
        skipped
            .map(|(account, number)| SkippedAccount {
                id: account.id,
                name: account.name.clone(),
                state: account.state,
                rows: resting.get(&number).copied().unwrap_or_default(),
            })
            .collect()
    }

    fn unmanaged(&self, counts: &BTreeMap<u32, usize>) -> Vec<Unmanaged> {
        let named = counts.iter().map(|(set, rows)| Unmanaged {
            permission_set: self.desired.tables.sets[*set as usize].clone(),
            rows: *rows,
        });
        named.collect()
    }
}

impl Action {
    /// Rows first, by who gets what where, then permission sets: the order in which a reviewer reads a plan.
    pub(crate) fn sort_key(&self) -> (u8, &str, &str, Option<&Row>) {
        match self {
            Self::Grant(row) => {
                (0, row.principal_name.sort_text(), row.assignment.permission_set.as_str(), Some(row))
            }
            Self::Revoke(row) => {
                (1, row.principal_name.sort_text(), row.assignment.permission_set.as_str(), Some(row))
            }
            Self::CreatePermissionSet { after } => (2, after.name.as_str(), "", None),
            Self::UpdatePermissionSet { after, .. } => (3, after.name.as_str(), "", None),
            Self::ProvisionPermissionSet { permission_set, .. } => (4, permission_set.as_str(), "", None),
            Self::DeletePermissionSet { before } => (5, before.name.as_str(), "", None),
        }
    }
}
