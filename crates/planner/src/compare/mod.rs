//! Compares the desired state with the live state: which assignments and permission sets change, and which stay.

pub(crate) mod access_control;
pub(crate) mod ownership;
pub(crate) mod replacements;

mod assignments;
mod permission_sets;
mod rebinds;

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{
    AccountId, AccountState, Code, Diagnostic, ObjectId, PermissionSetName, Principal, Snapshot,
};

use crate::desired::Desired;
use crate::desired::keys::{AccountIx, KeepIx, Key, PrincipalIx, SetIx, Wanted};
use crate::inputs::{Checkout, Settings};
use crate::phrases;
use crate::plan::{Blocked, Change, Kept, Rebind, SkippedAccount, Unmanaged};
use assignments::Merged;
use ownership::{Ours, Standing, Standings};
use replacements::Replacements;

/// Result of a comparison.
pub(crate) struct Comparison {
    /// In the order of a plan.
    pub(crate) changes: Vec<Change>,
    pub(crate) blocked: Vec<Blocked>,
    pub(crate) rebinds: Vec<Rebind>,
    pub(crate) replacements: Replacements,
    pub(crate) skipped_accounts: Vec<SkippedAccount>,
    pub(crate) unmanaged: Vec<Unmanaged>,
    pub(crate) findings: Vec<Diagnostic>,
    /// Pairs of permission set and account that would change but were not read completely.
    pub(crate) unseen: BTreeSet<(PermissionSetName, AccountId)>,
    /// Number of live assignments that are managed and not blocked: the base of a guard's percentage.
    pub(crate) managed: usize,
    /// Live assignments that are kept although no `assign` grants them.
    pub(crate) kept_keys: Vec<KeptKey>,
    /// The same, with names.
    pub(crate) kept: Vec<Kept>,
}

/// A live assignment that is kept although no `assign` grants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeptKey {
    pub(crate) key: Key,
    pub(crate) by: Keeper,
}

/// What keeps an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeper {
    /// A `keep`.
    Keep(KeepIx),
    /// The `adopt` of its permission set.
    Adopt,
}

impl Keeper {
    /// The `keep`, if it is one.
    pub(crate) fn keep(self) -> Option<KeepIx> {
        match self {
            Self::Keep(index) => Some(index),
            Self::Adopt => None,
        }
    }
}

/// Assignments that differ between the live and the desired state, without those that are held back.
#[derive(Debug, Default)]
struct Differing {
    grants: Vec<Wanted>,
    revokes: Vec<Key>,
}

/// Compares the desired state with the live state.
///
/// Each step takes the changes that the previous one left, and may hold some of them back. The order matters: whether a
/// permission set can be edited or deleted depends on which of its assignments change.
pub(crate) fn compare(
    files: &Checkout<'_>,
    snapshot: &Snapshot,
    settings: &Settings,
    desired: &Desired<'_>,
    standings: &Standings<'_>,
) -> Comparison {
    let context = Context::new(files, snapshot, settings, desired, standings);
    let Merged { differing, kept, foreign_orphans, resting, unmanaged, managed } = context.merge();
    // First, hold back what cannot change now: the steps below must not treat it as a change.
    let (differing, mut blocked) = context.block(differing);
    // Then hold back grants that may go to the wrong group, together with the orphaned assignments involved.
    let (differing, withheld) = context.withhold_rebinds(differing, &kept, &foreign_orphans);
    // The rest would be carried out, so it must have been read completely.
    let unseen = context.unseen(&differing);
    // The accounts that a permission set loses decide where its edit is provisioned, so edits come after the revokes…
    let sets = context.compare_sets(&differing);
    blocked.extend(sets.blocked);
    // …and a permission set whose edit has to wait must not be granted in its old form.
    let (differing, held) = context.hold_grants_of_sealed(differing, &sets.sealed);
    blocked.extend(held);
    // The assignments of a renamed permission set wait for their replacements, some of which may be held back by now.
    let (differing, held) = context.hold_replaced(differing, &blocked, &withheld.rebinds);
    blocked.extend(held);
    // Last, released and deleted permission sets: one with remaining assignments cannot be deleted.
    let given_up = context.give_up_sets(&blocked, &withheld.rebinds);
    blocked.extend(given_up.blocked);

    let mut changes = sets.changes;
    changes.extend(given_up.changes);
    changes.extend(differing.grants.iter().map(|wanted| context.grant(*wanted)));
    changes.extend(differing.revokes.iter().map(|key| context.revoke(*key)));
    let replacements = replacements::find(&changes, snapshot);
    replacements.order_revokes(&mut changes);
    changes.sort_by(|a, b| a.action.sort_key().cmp(&b.action.sort_key()));

    let mut findings = withheld.findings;
    findings.extend(sets.findings);
    findings.extend(context.waiting_adoptions(&kept));
    let mut kept_for_people: Vec<Kept> = kept.iter().map(|kept| context.kept(*kept)).collect();
    kept_for_people.sort();
    Comparison {
        changes,
        blocked,
        rebinds: withheld.rebinds,
        replacements,
        skipped_accounts: context.skipped_accounts(&resting),
        unmanaged: context.unmanaged(&unmanaged),
        findings,
        unseen,
        managed,
        kept_keys: kept,
        kept: kept_for_people,
    }
}

/// Read-only data for all steps.
struct Context<'a> {
    files: &'a Checkout<'a>,
    snapshot: &'a Snapshot,
    settings: &'a Settings,
    desired: &'a Desired<'a>,
    /// By the index of the set; `None` for a set that does not concern the stack.
    standings: Vec<Option<&'a Standing<'a>>>,
    /// The replacement of each renamed permission set.
    successors: BTreeMap<SetIx, SetIx>,
    /// The principals whose assignments on external sets are managed: declared groups and named users.
    managed: BTreeSet<PrincipalIx>,
    /// Principals that cannot be confused with others: groups that are pinned by id or accepted by the caller, and
    /// users, whose names no orphaned group ever had.
    trusted: BTreeSet<PrincipalIx>,
    /// Groups whose name now belongs to another group of Entra ID that will be provisioned to the Identity Store.
    superseded: BTreeSet<PrincipalIx>,
    /// Whether the caller is a delegated administrator, who cannot change anything in the management account.
    is_delegated: bool,
}

impl<'a> Context<'a> {
    fn new(
        files: &'a Checkout<'a>,
        snapshot: &'a Snapshot,
        settings: &'a Settings,
        desired: &'a Desired<'a>,
        standings: &'a Standings<'a>,
    ) -> Self {
        let standings: Vec<Option<&Standing<'_>>> =
            desired.tables.sets().map(|(_, name)| standings.get(name)).collect();
        Self {
            files,
            snapshot,
            settings,
            desired,
            successors: successors(desired, &standings),
            standings,
            managed: managed_principals(desired),
            trusted: trusted_principals(files, settings, desired),
            superseded: superseded_groups(snapshot, desired),
            is_delegated: snapshot.caller_is_delegated(),
        }
    }

    fn standing(&self, set: SetIx) -> Option<&'a Standing<'a>> {
        use crate::desired::keys::Index as _;
        self.standings[set.at()]
    }

    fn name_of(&self, set: SetIx) -> &'a PermissionSetName {
        self.desired.tables.set(set)
    }

    /// Returns a finding for each permission set whose `adopt` keeps assignments that no `assign` grants.
    fn waiting_adoptions(&self, kept: &[KeptKey]) -> Vec<Diagnostic> {
        let mut counts: BTreeMap<SetIx, usize> = BTreeMap::new();
        for kept in kept.iter().filter(|kept| kept.by == Keeper::Adopt) {
            *counts.entry(kept.key.set).or_default() += 1;
        }
        let found = counts.into_iter().filter_map(|(set, number)| {
            let Some(Standing::Ours(Ours { adopt: Some(origin), live, .. })) = self.standing(set) else {
                return None;
            };
            let rows = phrases::count(number, "assignment");
            Some(
                Diagnostic::warning(
                    Code::AdoptionWaits,
                    format!("`adopt` keeps {rows} of `{}` that no `assign` grants", live.name),
                )
                .at_origin(self.files.origins, *origin, "without this word, the plan would revoke them")
                .help(
                    "write an `assign` for each assignment that should stay, then remove `adopt`: the next plan revokes \
                     the rest",
                ),
            )
        });
        found.collect()
    }

    fn skipped_accounts(&self, resting: &BTreeMap<AccountIx, usize>) -> Vec<SkippedAccount> {
        let accounts = self.desired.tables.accounts();
        let skipped = accounts.filter(|(_, account)| account.state != AccountState::Active);
        skipped
            .map(|(index, account)| SkippedAccount {
                id: account.id,
                name: account.name.clone(),
                state: account.state,
                assignments: resting.get(&index).copied().unwrap_or_default(),
            })
            .collect()
    }

    fn unmanaged(&self, counts: &BTreeMap<SetIx, usize>) -> Vec<Unmanaged> {
        let named = counts.iter().map(|(set, assignments)| Unmanaged {
            permission_set: self.name_of(*set).clone(),
            assignments: *assignments,
        });
        named.collect()
    }
}

fn managed_principals(desired: &Desired<'_>) -> BTreeSet<PrincipalIx> {
    let resolution = desired.resolution;
    let groups = resolution.group_principals().map(|(_, principal)| principal);
    let users = resolution.user_principals().map(|(_, principal)| principal);
    groups.chain(users).filter_map(|principal| desired.tables.find_principal(principal)).collect()
}

fn trusted_principals(
    files: &Checkout<'_>,
    settings: &Settings,
    desired: &Desired<'_>,
) -> BTreeSet<PrincipalIx> {
    let resolution = desired.resolution;
    let groups = resolution.group_principals().filter(|(index, _)| {
        let group = &files.config[*index];
        group.object_id.is_some() || settings.accepted_rebinds.contains(&group.label)
    });
    let groups = groups.map(|(_, principal)| principal);
    let users = resolution.user_principals().map(|(_, principal)| principal);
    groups.chain(users).filter_map(|principal| desired.tables.find_principal(principal)).collect()
}

/// Groups of the Identity Store whose display name a new group of Entra ID has: the group was deleted there and created
/// again, and provisioning has not caught up.
fn superseded_groups(snapshot: &Snapshot, desired: &Desired<'_>) -> BTreeSet<PrincipalIx> {
    let tables = &desired.tables;
    let tenant = snapshot.entra.iter().flat_map(|tenant| &tenant.groups);
    let is_new = |id: &ObjectId| tables.find_principal(&Principal::NewGroup(id.clone())).is_some();
    let names: BTreeSet<&str> =
        tenant.filter(|group| is_new(&group.id)).map(|group| group.display_name.as_str()).collect();
    let groups = snapshot.groups.iter().filter(|group| names.contains(group.display_name.as_str()));
    groups.filter_map(|group| tables.find_principal(&Principal::Group(group.id.clone()))).collect()
}

/// The replacement of each renamed permission set.
fn successors(desired: &Desired<'_>, standings: &[Option<&Standing<'_>>]) -> BTreeMap<SetIx, SetIx> {
    let sets = desired.tables.sets().zip(standings);
    let renamed = sets.filter_map(|((old, _), standing)| match standing {
        Some(Standing::Dropped { renamed_to: Some(name), .. }) => Some((old, desired.tables.find_set(name)?)),
        _ => None,
    });
    renamed.collect()
}
