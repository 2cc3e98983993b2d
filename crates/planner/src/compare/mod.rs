//! The desired state against the live state: which assignments and permission sets change, and which stay as they are.

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

/// What comparing yields.
pub(crate) struct Comparison {
    /// Sorted as a plan is.
    pub(crate) changes: Vec<Change>,
    pub(crate) blocked: Vec<Blocked>,
    pub(crate) rebinds: Vec<Rebind>,
    pub(crate) replacements: Replacements,
    pub(crate) skipped_accounts: Vec<SkippedAccount>,
    pub(crate) unmanaged: Vec<Unmanaged>,
    pub(crate) findings: Vec<Diagnostic>,
    /// Pairs of permission set and account that would be changed, and were not seen whole.
    pub(crate) unseen: BTreeSet<(PermissionSetName, AccountId)>,
    /// How many live assignments are managed and not blocked: what a guard's percentage is of.
    pub(crate) managed: usize,
    /// Live assignments that stay although no `assign` wants them.
    pub(crate) kept_keys: Vec<KeptKey>,
    /// The same, for people.
    pub(crate) kept: Vec<Kept>,
}

/// A live assignment that stays although no `assign` wants it.
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

/// The assignments in which the live and the desired state differ, as far as nothing holds them back.
#[derive(Debug, Default)]
struct Differing {
    grants: Vec<Wanted>,
    revokes: Vec<Key>,
}

/// Compares.
///
/// Each step takes what the one before it left to be changed, and may hold some of it back. Their order is the reasoning:
/// whether a permission set can be edited or deleted depends on which assignments of it really change.
pub(crate) fn compare(
    files: &Checkout<'_>,
    snapshot: &Snapshot,
    settings: &Settings,
    desired: &Desired<'_>,
    standings: &Standings<'_>,
) -> Comparison {
    let context = Context::new(files, snapshot, settings, desired, standings);
    let Merged { differing, kept, foreign_orphans, resting, unmanaged, managed } = context.merge();
    // First, what cannot change at all now: it must neither count as a change nor stand in for one below.
    let (differing, mut blocked) = context.block(differing);
    // Then grants that may be to the wrong group, together with the orphans that they might be taken for.
    let (differing, withheld) = context.withhold_rebinds(differing, &kept, &foreign_orphans);
    // What is left would be carried out, so it must have been seen whole.
    let unseen = context.unseen(&differing);
    // Which accounts a set loses decides where its edit is provisioned, so edits come after all revokes are known…
    let sets = context.compare_sets(&differing);
    blocked.extend(sets.blocked);
    // …and a set whose edit has to wait must not reach more people in its old form.
    let (differing, held) = context.hold_grants_of_sealed(differing, &sets.sealed);
    blocked.extend(held);
    // A renamed set's assignments wait for their successors, of which the steps above may have held some back.
    let (differing, held) = context.hold_replaced(differing, &blocked, &withheld.rebinds);
    blocked.extend(held);
    // Last, sets that the stack gives up: one with assignments that remain cannot be deleted.
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

/// What every step reads, and none changes.
struct Context<'a> {
    files: &'a Checkout<'a>,
    snapshot: &'a Snapshot,
    settings: &'a Settings,
    desired: &'a Desired<'a>,
    /// By the index of the set; `None` for a set that does not concern the stack.
    standings: Vec<Option<&'a Standing<'a>>>,
    /// The set that takes the place of each set that is renamed.
    successors: BTreeMap<SetIx, SetIx>,
    /// The principals whose assignments on external sets are managed: declared groups and named users.
    managed: BTreeSet<PrincipalIx>,
    /// The principals that cannot be mistaken: groups that are pinned by id or accepted by the person who plans, and
    /// users, who are found by a user name that no orphaned group ever had.
    trusted: BTreeSet<PrincipalIx>,
    /// Groups whose name another group of Entra ID has by now, which is to be provisioned to the Identity Store.
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

    /// A finding for each set whose `adopt` keeps assignments that the configuration does not want.
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

/// The set that takes the place of each set that is renamed.
fn successors(desired: &Desired<'_>, standings: &[Option<&Standing<'_>>]) -> BTreeMap<SetIx, SetIx> {
    let sets = desired.tables.sets().zip(standings);
    let renamed = sets.filter_map(|((old, _), standing)| match standing {
        Some(Standing::Dropped { renamed_to: Some(name), .. }) => Some((old, desired.tables.find_set(name)?)),
        _ => None,
    });
    renamed.collect()
}
