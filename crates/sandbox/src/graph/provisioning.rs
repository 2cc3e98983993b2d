//! The effects of provisioning on the Identity Store.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rolecall_model::entra::{DirectoryGroup, DirectoryUser, ProvisioningEvent, SyncJob, Tenant};
use rolecall_model::snapshot::{ExternalId, Group, User};
use rolecall_model::{Assignment, GroupId, ObjectId, Principal, UserId, UserName};

use super::tenancy::Tenancy;
use crate::identity_store::{Provisioned, SCIM_ISSUER};
use crate::observations::{Actor, Change};
use crate::world::World;

/// The error code for a group that cannot be looked up in the target system.
pub(super) const UNMATCHED: &str = "SystemForCrossDomainIdentityManagementBadRequest";
/// The error code for a user who lacks an attribute that AWS requires.
const INCOMPLETE: &str = "MissingRequiredAttribute";
/// The error code for a group whose name is taken.
const CONFLICT: &str = "SystemForCrossDomainIdentityManagementServiceConflict";

/// A group to provision.
pub(super) struct Wanted {
    pub(super) group: ObjectId,
    pub(super) members: Members,
}

/// The members to provision with a group.
pub(super) enum Members {
    /// All users who are members. Users provisioned earlier who are no longer members are removed.
    All,
    /// These users, if they are members. Nobody is removed.
    Only(BTreeSet<ObjectId>),
}

/// Returns whether SCIM's filter by name fails for a group.
pub(super) fn has_special_characters(name: &str) -> bool {
    name.chars().any(|character| character.is_control() || "\"\\&#%+<>;".contains(character))
}

/// Returns whether a user lacks a name that AWS requires.
pub(super) fn lacks_attributes(user: &DirectoryUser) -> bool {
    let is_empty = |text: &Option<String>| text.as_ref().is_none_or(String::is_empty);
    is_empty(&user.given_name)
        || is_empty(&user.surname)
        || user.display_name.is_empty()
        || user.user_principal_name.is_empty()
}

/// Returns the groups assigned to an application, in order.
pub(super) fn assigned_groups<'t>(
    tenant: &'t Tenant,
    service_principal: &'t ObjectId,
) -> impl Iterator<Item = &'t ObjectId> {
    let applications = tenant.applications.iter();
    let assignments = applications
        .filter(move |one| one.service_principal_id == *service_principal)
        .flat_map(|one| &one.assignments)
        .filter(|assignment| assignment.is_group);
    assignments.map(|assignment| &assignment.principal)
}

/// Returns whether a group is assigned to an application.
pub(super) fn is_assigned(tenant: &Tenant, service_principal: &ObjectId, group: &ObjectId) -> bool {
    assigned_groups(tenant, service_principal).any(|assigned| assigned == group)
}

/// Deletes provisioned groups from the Identity Store that are deleted or no longer assigned. AWS deletes their
/// assignments with them.
pub(super) fn remove_unassigned(world: &mut World, tenancy: &mut Tenancy, at: Duration) {
    let tenant = tenancy.share();
    let assignments = tenant.applications.iter().flat_map(|application| &application.assignments);
    let assigned: BTreeSet<&ObjectId> =
        assignments.map(|one| &one.principal).filter(|id| tenant.group(id).is_some()).collect();
    let (kept, gone): (BTreeMap<ObjectId, GroupId>, BTreeMap<ObjectId, GroupId>) =
        std::mem::take(&mut tenancy.linked).into_iter().partition(|(id, _)| assigned.contains(id));
    let mut events = Vec::new();
    for (id, group) in gone {
        tenancy.carried.remove(&id);
        // Another group with the same name may have taken it over.
        if kept.values().any(|other| *other == group) {
            continue;
        }
        let Some(name) = world.directory.group(&group).map(|found| found.display_name.clone()) else {
            continue;
        };
        let principal = Principal::Group(group.clone());
        let held: Vec<_> = world.rows.of_principal(&principal).cloned().collect();
        for (account, permission_set) in held {
            let row = Assignment { permission_set, account, principal: principal.clone() };
            world.revoke(Actor::Provisioning, at, &row);
        }
        world.directory.delete_group(&group);
        world.observations.journal(at, Actor::Provisioning, Change::GroupDeleted(group));
        events.push(succeeded(world, at, "delete", "Group", &name));
    }
    tenancy.linked = kept;
    drop(tenant);
    tenancy.record(at, events);
}

/// Provisions groups and members in the Identity Store.
pub(super) fn carry(
    world: &mut World,
    tenancy: &mut Tenancy,
    at: Duration,
    job: &SyncJob,
    wanted: &[Wanted],
) {
    let tenant = tenancy.share();
    let linked = tenancy.linked.iter().filter(|(id, _)| tenant.group(id).is_some());
    let mut carrier = Carrier {
        owners: linked.map(|(id, group)| (group.clone(), id.clone())).collect(),
        world,
        tenancy,
        at,
        job,
        changes: Provisioned::default(),
        names: BTreeMap::new(),
        events: Vec::new(),
    };
    for Wanted { group, members } in wanted {
        let Some(group) = tenant.group(group) else { continue };
        if let Some(id) = carrier.group(group) {
            carrier.members(&tenant, group, &id, members);
        }
    }
    let Carrier { world, tenancy, changes, events, .. } = carrier;
    world.directory.provision(changes);
    drop(tenant);
    tenancy.record(at, events);
}

/// Changes to be made in the Identity Store.
struct Carrier<'a> {
    world: &'a mut World,
    tenancy: &'a mut Tenancy,
    at: Duration,
    job: &'a SyncJob,
    changes: Provisioned,
    /// The groups of Entra ID by group of the Identity Store, as far as the latter exist.
    owners: BTreeMap<GroupId, ObjectId>,
    /// The new groups and users of `changes`, by name.
    names: BTreeMap<(&'static str, String), String>,
    events: Vec<ProvisioningEvent>,
}

impl Carrier<'_> {
    /// Provisions a group, and returns its id in the Identity Store.
    fn group(&mut self, group: &DirectoryGroup) -> Option<GroupId> {
        let name = &group.display_name;
        if has_special_characters(name) {
            let reason = "The name has characters that the target system's filter does not take.";
            self.fail("create", "Group", name, "failure", UNMATCHED, reason);
            return None;
        }
        let found = self.find_group(group);
        let is_taken = |found: &Group| self.owners.get(&found.id).is_some_and(|owner| *owner != group.id);
        if found.as_ref().is_some_and(is_taken) {
            let reason = "Another group that is provisioned has the same name.";
            self.fail("create", "Group", name, "failure", CONFLICT, reason);
            return None;
        }
        let external_id = match self.job.group_external_id.as_deref() {
            Some("objectId") => Some(group.id.as_str()),
            Some("displayName") => Some(name.as_str()),
            Some(_) | None => None,
        };
        let external_ids =
            external_id.map(|id| vec![ExternalId { issuer: SCIM_ISSUER.to_owned(), id: id.to_owned() }]);
        let id = match found {
            None => {
                let id = self.world.source.store_id(&self.world.instance.identity_store_id).parse().ok()?;
                self.put_group("create", id, group, external_ids.unwrap_or_default())
            }
            Some(found) => {
                let same_id = external_id.is_none_or(|id| found.external_ids.iter().any(|one| one.id == id));
                if same_id && found.display_name == *name {
                    found.id
                } else {
                    let external_ids = external_ids.unwrap_or(found.external_ids);
                    self.put_group("update", found.id, group, external_ids)
                }
            }
        };
        self.owners.insert(id.clone(), group.id.clone());
        self.tenancy.linked.insert(group.id.clone(), id.clone());
        Some(id)
    }

    /// Returns the existing group: the one that this group was provisioned as, or the one with its external id or name.
    fn find_group(&self, group: &DirectoryGroup) -> Option<Group> {
        let directory = &self.world.directory;
        let linked = self.tenancy.linked.get(&group.id).and_then(|id| directory.group(id));
        let found = linked
            .or_else(|| directory.group_of_external_id(group.id.as_str()))
            .or_else(|| directory.group_named(&group.display_name));
        let pending = || {
            let id: GroupId = self.names.get(&("Group", group.display_name.clone()))?.parse().ok()?;
            self.changes.groups.get(&id)
        };
        found.or_else(pending).cloned()
    }

    fn put_group(
        &mut self,
        action: &str,
        id: GroupId,
        group: &DirectoryGroup,
        external_ids: Vec<ExternalId>,
    ) -> GroupId {
        let name = group.display_name.clone();
        let change = if action == "create" {
            Change::GroupCreated(id.clone())
        } else {
            Change::GroupUpdated(id.clone())
        };
        self.world.observations.journal(self.at, Actor::Provisioning, change);
        self.events.push(succeeded(self.world, self.at, action, "Group", &name));
        self.names.insert(("Group", name.clone()), id.to_string());
        self.changes.groups.insert(id.clone(), Group { id: id.clone(), display_name: name, external_ids });
        id
    }

    /// Provisions the members of a group, except nested groups.
    fn members(&mut self, tenant: &Tenant, group: &DirectoryGroup, id: &GroupId, members: &Members) {
        let wanted: BTreeSet<&ObjectId> = match members {
            Members::All => group.members.iter().collect(),
            Members::Only(only) => only.intersection(&group.members).collect(),
        };
        let mut users: BTreeMap<ObjectId, UserId> = BTreeMap::new();
        for user in wanted.into_iter().filter_map(|id| tenant.user(id)) {
            if let Some(id) = self.user(user) {
                users.insert(user.id.clone(), id);
            }
        }
        let before = self.changes.members.get(id).cloned();
        let mut present = before.unwrap_or_else(|| self.world.directory.members(id).clone());
        let carried = self.tenancy.carried.entry(group.id.clone()).or_default();
        if matches!(members, Members::All) {
            // Members who were never provisioned were added by somebody else, and stay.
            for left in carried.iter().filter(|user| !group.members.contains(*user)) {
                if let Some(id) = self.world.directory.user_of_object(left) {
                    present.remove(id);
                }
            }
            carried.retain(|user| group.members.contains(user));
        }
        present.extend(users.values().cloned());
        carried.extend(users.into_keys());
        self.changes.members.insert(id.clone(), present);
    }

    /// Provisions a user, and returns the id in the Identity Store.
    fn user(&mut self, user: &DirectoryUser) -> Option<UserId> {
        let name = &user.user_principal_name;
        if lacks_attributes(user) {
            let reason =
                "The user lacks a first name, a last name or a display name, which the target system needs.";
            self.fail("create", "User", name, "skipped", INCOMPLETE, reason);
            return None;
        }
        let Ok(user_name) = name.parse::<UserName>() else {
            let reason = "The user name has more than 128 characters.";
            self.fail("create", "User", name, "failure", INCOMPLETE, reason);
            return None;
        };
        let directory = &self.world.directory;
        let linked = self.changes.links.get(&user.id).or_else(|| directory.user_of_object(&user.id)).cloned();
        let known = linked.or_else(|| directory.user_named(name).map(|found| found.id.clone()));
        let known = known.or_else(|| self.names.get(&("User", name.clone()))?.parse().ok());
        let id = match known {
            Some(id) => {
                let found = directory.user(&id).or_else(|| self.changes.users.get(&id));
                if found.is_some_and(|found| found.user_name != user_name) {
                    self.put_user("update", id.clone(), user_name);
                }
                id
            }
            None => {
                let id: UserId =
                    self.world.source.store_id(&self.world.instance.identity_store_id).parse().ok()?;
                self.put_user("create", id.clone(), user_name);
                id
            }
        };
        self.changes.links.insert(user.id.clone(), id.clone());
        Some(id)
    }

    fn put_user(&mut self, action: &str, id: UserId, user_name: UserName) {
        let name = user_name.to_string();
        self.events.push(succeeded(self.world, self.at, action, "User", &name));
        self.names.insert(("User", name), id.to_string());
        self.changes.users.insert(id.clone(), User { id, user_name });
    }

    fn fail(&mut self, action: &str, kind: &str, name: &str, status: &str, code: &str, reason: &str) {
        let event = succeeded(self.world, self.at, action, kind, name);
        self.events.push(ProvisioningEvent {
            status: status.to_owned(),
            error_code: Some(code.to_owned()),
            reason: Some(reason.to_owned()),
            ..event
        });
    }
}

fn succeeded(world: &World, at: Duration, action: &str, kind: &str, name: &str) -> ProvisioningEvent {
    ProvisioningEvent {
        at: world.calendar(at),
        action: action.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        status: "success".to_owned(),
        error_code: None,
        reason: None,
    }
}
