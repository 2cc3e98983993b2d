//! Interventions in the tenant.

use std::time::Duration;

use rolecall_model::ObjectId;
use rolecall_model::entra::{DirectoryGroup, Quarantine, SyncState, Tenant};

use super::tenancy::{QUARANTINE_INTERVAL, Tenancy};
use crate::faults::DirectoryChange;
use crate::world::World;

/// Makes a change, and returns whether it had an effect.
pub(crate) fn apply(world: &mut World, change: &DirectoryChange, at: Duration) -> bool {
    world.with_tenancy(|world, tenancy| act(world, tenancy, change, at)).unwrap_or(false)
}

fn act(world: &World, tenancy: &mut Tenancy, change: &DirectoryChange, at: Duration) -> bool {
    match change {
        DirectoryChange::RenameGroup { group, name } => {
            let tenant = tenancy.change(at);
            let Some(found) = group_of(tenant, group) else { return false };
            found.display_name.clone_from(name);
            let assignments = tenant.applications.iter_mut().flat_map(|one| &mut one.assignments);
            for assignment in assignments.filter(|one| one.principal == *group) {
                assignment.principal_name.clone_from(name);
            }
            true
        }
        DirectoryChange::DeleteGroup(group) => take_group(tenancy.change(at), group).is_some(),
        DirectoryChange::RecreateGroup { group, id } => {
            let tenant = tenancy.change(at);
            let Some(found) = take_group(tenant, group) else { return false };
            tenant.groups.push(DirectoryGroup { id: id.clone(), ..found });
            tenant.groups.sort_by(|a, b| a.id.cmp(&b.id));
            true
        }
        DirectoryChange::Nest { group, into } => {
            let tenant = tenancy.change(at);
            let exists = tenant.group(group).is_some();
            exists && group_of(tenant, into).is_some_and(|into| into.nested.insert(group.clone()))
        }
        DirectoryChange::AddMember { group, user } => {
            let tenant = tenancy.change(at);
            let exists = tenant.user(user).is_some();
            exists && group_of(tenant, group).is_some_and(|group| group.members.insert(user.clone()))
        }
        DirectoryChange::RemoveMember { group, user } => {
            group_of(tenancy.change(at), group).is_some_and(|group| group.members.remove(user))
        }
        DirectoryChange::Unassign(group) => unassign(tenancy.change(at), group),
        DirectoryChange::ExpireScimToken { renewed } => {
            std::mem::replace(&mut tenancy.scim_token, renewed.clone()) != *renewed
        }
        DirectoryChange::Quarantine => quarantine(world, tenancy, at),
    }
}

fn group_of<'t>(tenant: &'t mut Tenant, id: &ObjectId) -> Option<&'t mut DirectoryGroup> {
    tenant.groups.iter_mut().find(|group| group.id == *id)
}

fn unassign(tenant: &mut Tenant, group: &ObjectId) -> bool {
    let mut any = false;
    for application in &mut tenant.applications {
        let before = application.assignments.len();
        application.assignments.retain(|one| one.principal != *group);
        any |= application.assignments.len() < before;
    }
    any
}

/// Removes a group from the directory, with all references to it except in conditional access.
fn take_group(tenant: &mut Tenant, id: &ObjectId) -> Option<DirectoryGroup> {
    let at = tenant.groups.iter().position(|group| group.id == *id)?;
    let group = tenant.groups.remove(at);
    unassign(tenant, id);
    for other in &mut tenant.groups {
        other.nested.remove(id);
    }
    Some(group)
}

fn quarantine(world: &World, tenancy: &mut Tenancy, at: Duration) -> bool {
    let since = Some(world.calendar(at));
    let mut struck = Vec::new();
    for application in &mut tenancy.change(at).applications {
        for job in application.jobs.iter_mut().filter(|job| job.state == SyncState::Active) {
            job.state = SyncState::Quarantine;
            let message = Some("EscrowThreshold: Too many changes failed.".to_owned());
            job.quarantine = Some(Quarantine {
                reason: "EncounteredEscrowProportionThreshold".to_owned(),
                message,
                since,
            });
            struck.push((application.service_principal_id.clone(), job.id.clone()));
        }
    }
    for (service_principal, job) in &struck {
        tenancy.run_at(service_principal, job, at + QUARANTINE_INTERVAL);
    }
    !struck.is_empty()
}
