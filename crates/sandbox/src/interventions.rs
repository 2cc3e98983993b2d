//! Interventions: changes by other administrators, the organization and the directory.

use std::collections::BTreeSet;
use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rolecall_model::{AccountId, AccountState, Assignment, GroupId, PermissionSetName, Principal};

use crate::faults::{AdminChange, ChangeKind, Deed, Intervention};
use crate::graph;
use crate::observations::{Actor, Change, InterventionRecord};
use crate::world::World;

/// The number of random attempts after which no change counts as possible.
const DRAWS: usize = 64;

impl World {
    /// Makes a change immediately, and returns whether it had an effect.
    pub(crate) fn intervene(&mut self, change: &AdminChange) -> bool {
        let (at, requests, change) = (self.now, self.course.requests(), change.clone());
        let effective = apply(self, &change, at);
        self.observations.interventions.push(InterventionRecord { at, requests, change, effective });
        effective
    }
}

/// Carries out the intervention with this number in the plan, and records it.
pub(crate) fn carry_out(world: &mut World, number: usize, intervention: Intervention, at: Duration) {
    let change = match intervention.deed {
        Deed::Exactly(change) => Some(change),
        Deed::Drawn(kind) => {
            let mut source = world.course.source(b"intervention", number as u64);
            draw(world, kind, number, &mut source)
        }
    };
    let Some(change) = change else { return };
    let requests = world.course.requests();
    let effective = apply(world, &change, at);
    world.observations.interventions.push(InterventionRecord { at, requests, change, effective });
}

/// Makes a change, and returns whether it had an effect.
fn apply(world: &mut World, change: &AdminChange, at: Duration) -> bool {
    let by = Actor::OtherAdministrator;
    match change {
        AdminChange::Grant(row) => {
            let Some(set) = world.permission_sets.get(&row.permission_set) else { return false };
            let version = set.version;
            world.organization.account(row.account).is_some() && world.grant(by, at, row, version)
        }
        AdminChange::Revoke(row) => world.revoke(by, at, row),
        AdminChange::Edit(details) => world.edit_set(by, at, (**details).clone()),
        AdminChange::Tag { permission_set, key, value } => {
            let Some(set) = world.permission_sets.get(permission_set) else { return false };
            let mut tags = set.tags.clone();
            tags.insert(key.clone(), value.clone());
            world.retag_set(by, at, permission_set, tags)
        }
        AdminChange::Untag { permission_set, key } => {
            let Some(set) = world.permission_sets.get(permission_set) else { return false };
            let mut tags = set.tags.clone();
            tags.remove(key);
            world.retag_set(by, at, permission_set, tags)
        }
        AdminChange::SuspendAccount(account) => {
            let done = world.organization.suspend(*account);
            if done {
                world.observations.journal(at, by, Change::AccountSuspended(*account));
            }
            done
        }
        AdminChange::DeleteGroup(group) => {
            let done = world.directory.delete_group(group);
            if done {
                world.observations.journal(at, by, Change::GroupDeleted(group.clone()));
            }
            done
        }
        AdminChange::Directory(change) => graph::apply(world, change, at),
    }
}

fn draw(world: &World, kind: ChangeKind, number: usize, source: &mut ChaCha8Rng) -> Option<AdminChange> {
    let scope = &world.course.plan.scope;
    match kind {
        ChangeKind::Grant => draw_grant(world, source),
        ChangeKind::Revoke => {
            let rows = sets_in_scope(world).into_iter().flat_map(|name| {
                world.rows.of_set(name).map(move |(account, principal)| Assignment {
                    permission_set: name.clone(),
                    account,
                    principal: principal.clone(),
                })
            });
            let in_scope = |row: &Assignment| match &row.principal {
                Principal::Group(id) => is_in(&scope.revoked_groups, id),
                Principal::NewGroup(_) | Principal::User(_) => false,
            };
            pick(rows.filter(in_scope).collect(), source).map(AdminChange::Revoke)
        }
        ChangeKind::Edit => {
            let name = pick(sets_in_scope(world), source)?;
            let mut details = world.permission_sets.get(name)?.details().into_owned();
            details.description = Some(format!("Edited by hand, intervention {number}"));
            Some(AdminChange::Edit(Box::new(details)))
        }
        ChangeKind::Tag => {
            let permission_set = pick(sets_in_scope(world), source)?.clone();
            let keys = world.permission_sets.get(&permission_set)?.tags.keys();
            let free = keys.filter(|key| !key.starts_with("rolecall:")).cloned();
            let key = pick(free.chain(["reviewed".to_owned()]).collect(), source)?;
            Some(AdminChange::Tag { permission_set, key, value: format!("by hand {number}") })
        }
        ChangeKind::SuspendAccount => {
            let accounts = active_accounts(world).into_iter();
            let accounts = accounts
                .filter(|id| *id != world.organization.management_account())
                .filter(|id| is_in(&scope.suspended_accounts, id));
            pick(accounts.collect(), source).map(AdminChange::SuspendAccount)
        }
        ChangeKind::DeleteGroup => {
            let ids = world.directory.groups().iter().map(|group| &group.id);
            let id = pick(ids.filter(|id| is_in(&scope.deleted_groups, id)).collect(), source)?;
            Some(AdminChange::DeleteGroup(id.clone()))
        }
    }
}

fn draw_grant(world: &World, source: &mut ChaCha8Rng) -> Option<AdminChange> {
    let groups = world.directory.groups().iter().map(|group| &group.id);
    let groups: Vec<&GroupId> =
        groups.filter(|id| is_in(&world.course.plan.scope.granted_groups, id)).collect();
    let (sets, accounts) = (sets_in_scope(world), active_accounts(world));
    let rows = (0..DRAWS).map_while(|_| {
        Some(Assignment {
            permission_set: (*sets.get(place(sets.len(), source)?)?).clone(),
            account: *accounts.get(place(accounts.len(), source)?)?,
            principal: Principal::Group((*groups.get(place(groups.len(), source)?)?).clone()),
        })
    });
    let mut rows = rows;
    rows.find(|row| !world.rows.contains(row)).map(AdminChange::Grant)
}

fn sets_in_scope(world: &World) -> Vec<&PermissionSetName> {
    let scope = &world.course.plan.scope.permission_sets;
    world.permission_sets.iter().map(|set| &set.name).filter(|name| is_in(scope, name)).collect()
}

fn active_accounts(world: &World) -> Vec<AccountId> {
    let active = world.organization.accounts().iter().filter(|account| account.state == AccountState::Active);
    active.map(|account| account.id).collect()
}

fn is_in<T: Ord>(scope: &BTreeSet<T>, item: &T) -> bool {
    scope.is_empty() || scope.contains(item)
}

fn pick<T>(mut items: Vec<T>, source: &mut ChaCha8Rng) -> Option<T> {
    let place = place(items.len(), source)?;
    Some(items.swap_remove(place))
}

fn place(length: usize, source: &mut ChaCha8Rng) -> Option<usize> {
    (length > 0).then(|| source.random_range(0..length))
}
