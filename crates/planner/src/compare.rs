//! From the desired state and the live one to changes: two sorted runs of rows are merged, and each permission set of
//! the stack is compared with its declaration.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{
    AccountId, AccountState, Assignment, Code, Diagnostic, ObjectId, OriginId, PermissionSetName, Principal,
};

use crate::expand::{Desired, Key, WantedRow, live_keys};
use crate::keeps::keeping;
use crate::ownership::{Ours, Standing};
use crate::plan::{
    Action, Blocked, BlockedAction, BlockedCause, Change, Kept, KeptBy, Reason, Rebind, Row, SkippedAccount,
    Unmanaged, Written,
};
use crate::principals::{Names, PrincipalName};
use crate::render::wording;
use crate::{Inputs, Settings};

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
    /// Live rows that stay although no `assign` wants them, by key.
    pub(crate) kept_rows: Vec<KeptRow>,
    /// The same, for people.
    pub(crate) kept: Vec<Kept>,
}

/// A live row that stays although no `assign` wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeptRow {
    pub(crate) key: Key,
    /// The number of the `keep` that keeps it; `None` where the `adopt` of its set does.
    pub(crate) keep: Option<u32>,
}

/// Compares.
pub(crate) fn compare(
    inputs: &Inputs<'_>,
    settings: &Settings,
    desired: &Desired<'_>,
    standings: &BTreeMap<&PermissionSetName, Standing<'_>>,
) -> Comparison {
    let standings: Vec<Option<&Standing<'_>>> =
        desired.tables.sets.iter().map(|name| standings.get(*name)).collect();
    let comparer = Comparer {
        inputs,
        settings,
        desired,
        successors: successors(desired, &standings),
        standings,
        naming: Naming::new(inputs, desired),
        managed: managed_principals(desired),
        superseded: superseded(inputs, desired),
        delegated: inputs.snapshot.caller_is_delegated(),
    };
    comparer.run()
}

/// The principals whose rows on external sets are ours: declared groups and named users, by number.
fn managed_principals(desired: &Desired<'_>) -> BTreeSet<u32> {
    let groups = desired.principals.groups.values().cloned();
    let users = desired.principals.users.values().cloned();
    groups.chain(users).filter_map(|one| desired.tables.principal(&one)).collect()
}

/// Groups of the Identity Store, by number, whose display name a new group of Entra ID has: the group was deleted there and
/// made again, and provisioning has not caught up.
fn superseded(inputs: &Inputs<'_>, desired: &Desired<'_>) -> BTreeSet<u32> {
    let tenant = inputs.snapshot.entra.iter().flat_map(|tenant| &tenant.groups);
    let is_new = |id: &ObjectId| desired.tables.principal(&Principal::NewGroup(id.clone())).is_some();
    let names: BTreeSet<&str> =
        tenant.filter(|group| is_new(&group.id)).map(|group| group.display_name.as_str()).collect();
    let groups = inputs.snapshot.groups.iter().filter(|group| names.contains(group.display_name.as_str()));
    groups.filter_map(|group| desired.tables.principal(&Principal::Group(group.id.clone()))).collect()
}

/// The set that takes the place of each set that is renamed, both by number.
fn successors(desired: &Desired<'_>, standings: &[Option<&Standing<'_>>]) -> BTreeMap<u32, u32> {
    let renamed = (0_u32..).zip(standings).filter_map(|(old, standing)| match standing {
        Some(Standing::Dropped { renamed_to: Some(name), .. }) => Some((old, desired.tables.set(name)?)),
        _ => None,
    });
    renamed.collect()
}

/// What rows are called.
pub(crate) struct Naming<'a> {
    desired: &'a Desired<'a>,
    names: Names,
}

impl<'a> Naming<'a> {
    pub(crate) fn new(inputs: &Inputs<'_>, desired: &'a Desired<'a>) -> Self {
        let labels = desired.principals.groups.iter();
        let labels = labels.map(|(index, id)| (id.clone(), inputs.config[*index].label.clone())).collect();
        Self { desired, names: Names::new(inputs.snapshot, &labels) }
    }

    pub(crate) fn row(&self, key: Key) -> Row {
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

    fn is_orphan(&self, key: Key) -> bool {
        let principal = &self.desired.tables.principals[key.principal as usize];
        matches!(self.names.of(principal), PrincipalName::Orphan(_))
    }
}

pub(crate) struct Comparer<'a> {
    pub(crate) inputs: &'a Inputs<'a>,
    settings: &'a Settings,
    pub(crate) desired: &'a Desired<'a>,
    /// By the number of the set; `None` for a set that does not concern the stack.
    pub(crate) standings: Vec<Option<&'a Standing<'a>>>,
    /// The set that takes the place of each set that is renamed.
    successors: BTreeMap<u32, u32>,
    naming: Naming<'a>,
    managed: BTreeSet<u32>,
    /// Groups whose name another group of Entra ID has by now, which is to come to the Identity Store.
    superseded: BTreeSet<u32>,
    pub(crate) delegated: bool,
}

/// The rows in which live and wanted differ, before anything is withheld.
#[derive(Default)]
pub(crate) struct Differing {
    pub(crate) grants: Vec<WantedRow>,
    pub(crate) revokes: Vec<Key>,
    kept: Vec<KeptRow>,
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
        self.hold_replaced(&mut differing, &mut result);
        self.give_up_sets(&mut result);
        for row in &differing.grants {
            result.changes.push(self.grant(*row));
        }
        for key in &differing.revokes {
            result.changes.push(self.revoke(*key));
        }
        result.kept = differing.kept.iter().map(|kept| self.kept(*kept)).collect();
        result.kept.sort();
        result.findings.extend(self.waiting_adoptions(&differing.kept));
        result.kept_rows = std::mem::take(&mut differing.kept);
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
                None | Some(Standing::Released { .. }) => false,
                Some(Standing::External { .. }) => self.managed.contains(&key.principal),
                Some(Standing::New { .. } | Standing::Ours(_) | Standing::Dropped { .. }) => true,
            };
            if !ours {
                if let Some(Standing::External { .. }) = self.standings[key.set as usize] {
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
            if is_wanted {
                continue;
            }
            match self.keeper(key) {
                Some(keep) => differing.kept.push(KeptRow { key, keep }),
                None => differing.revokes.push(key),
            }
        }
        differing.grants.extend(wanted);
        differing
    }

    /// What keeps a row that no `assign` wants: a `keep`, by number, or the `adopt` of its set. A set that the files no
    /// longer declare goes with all its rows: a `keep` is about declared sets.
    fn keeper(&self, key: Key) -> Option<Option<u32>> {
        match self.standings[key.set as usize] {
            Some(Standing::Ours(Ours { adopt, .. })) => {
                let keep = keeping(&self.desired.keeps, key).map(Some);
                keep.or_else(|| adopt.map(|_| None))
            }
            Some(Standing::External { .. } | Standing::New { .. }) => {
                keeping(&self.desired.keeps, key).map(Some)
            }
            Some(Standing::Dropped { .. } | Standing::Released { .. }) | None => None,
        }
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

    /// Whether the group is still to come from Entra ID, and is not waited for.
    fn is_deferred(&self, key: Key) -> Option<BlockedCause> {
        let principal = &self.desired.tables.principals[key.principal as usize];
        let is_new = matches!(principal, Principal::NewGroup(_));
        (is_new && self.settings.defer_missing_groups).then_some(BlockedCause::GroupNotProvisioned)
    }

    fn block_rows(&self, differing: &mut Differing, result: &mut Comparison) {
        differing.grants.retain(|row| {
            let cause = self.cause(row.key).or_else(|| self.is_deferred(row.key));
            let Some(cause) = cause else {
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
        // One that is kept stays; but whoever took its name must not get in beside it either.
        let kept = differing.kept.iter().map(|row| &row.key).filter(|key| self.is_orphaned_group(**key));
        for key in ours.chain(&differing.foreign_orphans).chain(kept) {
            // The set of the new name takes over the rows of the old one, and whoever took a name in the meantime.
            let set = self.successors.get(&key.set).copied().unwrap_or(key.set);
            orphans.entry((set, key.account)).or_default().push(*key);
        }
        let trusted = self.trusted_principals();
        let revoked: BTreeSet<Key> = differing.revokes.iter().copied().collect();
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
                orphans_are_ours: gone.iter().any(|key| revoked.contains(key)),
                written: Some(self.written_of_rule(row.rule)),
            });
            false
        });
        differing.revokes.retain(|key| {
            let set = self.successors.get(&key.set).copied().unwrap_or(key.set);
            !(self.is_orphaned_group(*key) && withheld.contains(&(set, key.account)))
        });
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

    /// Where the grant that takes a row's place waits, the row waits with it: a rename takes nothing from anybody.
    fn hold_replaced(&self, differing: &mut Differing, result: &mut Comparison) {
        if self.successors.is_empty() {
            return;
        }
        let blocked = result.blocked.iter().filter_map(|blocked| match &blocked.action {
            BlockedAction::Grant(row) => Some(&row.assignment),
            _ => None,
        });
        let withheld = result.rebinds.iter().map(|rebind| &rebind.grant.assignment);
        let waiting: BTreeSet<Assignment> = blocked.chain(withheld).cloned().collect();
        // A set that cannot be edited now does not grant yet what it is to grant in the old one's place.
        let sealed: BTreeSet<&PermissionSetName> = result
            .blocked
            .iter()
            .filter_map(|blocked| match &blocked.action {
                BlockedAction::Update(name) | BlockedAction::Provision(name) => Some(name),
                _ => None,
            })
            .collect();
        let mut held = Vec::new();
        differing.revokes.retain(|key| {
            let Some(successor) = self.successors.get(&key.set) else { return true };
            let is_sealed =
                self.is_taken_over(*key) && sealed.contains(self.desired.tables.sets[*successor as usize]);
            if !is_sealed && !waiting.contains(&self.row(Key { set: *successor, ..*key }).assignment) {
                return true;
            }
            let action = BlockedAction::Revoke(self.row(*key));
            held.push(Blocked { action, cause: BlockedCause::ReplacementWaits, written: None });
            false
        });
        result.blocked.append(&mut held);
    }

    /// A finding for each set whose `adopt` keeps rows that the files do not want.
    fn waiting_adoptions(&self, kept: &[KeptRow]) -> Vec<Diagnostic> {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for row in kept.iter().filter(|row| row.keep.is_none()) {
            *counts.entry(row.key.set).or_default() += 1;
        }
        let found = counts.into_iter().filter_map(|(set, rows)| {
            let Some(Standing::Ours(Ours { adopt: Some(origin), live, .. })) = self.standings[set as usize] else {
                return None;
            };
            let rows = wording::count(rows, "row");
            Some(
                Diagnostic::warning(
                    Code::AdoptionWaits,
                    format!("{rows} of `{}` that no `assign` wants stay while it says `adopt`", live.name),
                )
                .at_origin(self.inputs.origins, *origin, "without this word, those rows are revoked")
                .help(
                    "write an `assign` for each row that shall stay, then take `adopt` away: the plan after that revokes \
                     the rest",
                ),
            )
        });
        found.collect()
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
                .at_origin(self.inputs.origins, group.origin, "it is found by name alone")
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
            && (self.naming.is_orphan(key) || self.superseded.contains(&key.principal))
    }

    /// Groups that cannot be mistaken: pinned by id, or accepted by the person who plans. Users are found by user
    /// name, which no orphaned group ever had.
    fn trusted_principals(&self) -> BTreeSet<u32> {
        let config = self.inputs.config;
        let groups = self.desired.principals.groups.iter().filter(|(index, _)| {
            let group = &config[**index];
            group.object_id.is_some() || self.settings.accepted_rebinds.contains(&group.label)
        });
        let groups = groups.map(|(_, principal)| principal.clone());
        let users = self.desired.principals.users.values().cloned();
        groups.chain(users).filter_map(|one| self.desired.tables.principal(&one)).collect()
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
        match self.standings[key.set as usize] {
            Some(Standing::Dropped { renamed_to, .. }) => match renamed_to {
                Some(to) if self.is_taken_over(key) => (Reason::Renamed { to: (*to).clone() }, None),
                _ => (Reason::PermissionSetDropped, None),
            },
            Some(
                Standing::New { origin, .. }
                | Standing::Ours(Ours { origin, .. })
                | Standing::External { origin, .. },
            ) => {
                let reason = if self.naming.is_orphan(key) { Reason::Orphan } else { Reason::Undeclared };
                (reason, Some(self.written(*origin)))
            }
            Some(Standing::Released { .. }) | None => (Reason::Undeclared, None),
        }
    }

    /// Whether the set of the new name is wanted for the same principal on the same account.
    fn is_taken_over(&self, key: Key) -> bool {
        let Some(successor) = self.successors.get(&key.set) else { return false };
        let wanted = Key { set: *successor, ..key };
        self.desired.rows.binary_search_by_key(&wanted, |row| row.key).is_ok()
    }

    fn kept(&self, kept: KeptRow) -> Kept {
        let row = self.row(kept.key);
        let expired = self.desired.expired.binary_search_by_key(&kept.key, |row| row.key);
        let ended = expired.ok().and_then(|at| {
            let rule = self.desired.expired[at].rule;
            self.inputs.config.assignments[rule as usize].until.map(|until| until.date)
        });
        match (kept.keep, self.standings[kept.key.set as usize]) {
            (Some(number), _) => {
                let keep = &self.inputs.config.keeps[number as usize];
                let by =
                    KeptBy::Keep { until: keep.until.map(|until| until.date), note: keep.reason.clone() };
                Kept { row, by, ended, written: self.written(keep.origin) }
            }
            (None, standing) => {
                let origin = match standing {
                    Some(Standing::Ours(Ours { adopt, origin, .. })) => adopt.unwrap_or(*origin),
                    // Only an adopted set keeps rows without a `keep`.
                    _ => self.inputs.config.identity_center.origin,
                };
                Kept { row, by: KeptBy::Adopt, ended, written: self.written(origin) }
            }
        }
    }

    pub(crate) fn row(&self, key: Key) -> Row {
        self.naming.row(key)
    }

    pub(crate) fn written(&self, origin: OriginId) -> Written {
        self.inputs.written(origin)
    }

    pub(crate) fn written_of_rule(&self, rule: u32) -> Written {
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
            Self::ReleasePermissionSet { permission_set } => (5, permission_set.as_str(), "", None),
            Self::DeletePermissionSet { before } => (6, before.name.as_str(), "", None),
            Self::SetAccessControl { .. } => (7, "", "", None),
            Self::Entra(change) => {
                (8, change.step.application(), change.step.group().map_or("", |(_, name)| name), None)
            }
        }
    }
}
