//! The assignments of an application.

use rolecall_model::ObjectId;
use rolecall_model::entra::{AppRoleAssignment, EnterpriseApplication};
use serde_json::{Value, json};

use super::ask::Ask;
use super::listing::{Entity, context};
use super::tenancy::Tenancy;
use super::wire::{Done, GraphAnswer, GraphFailure};
use crate::world::World;

const ASSIGNMENT: Entity = Entity {
    name: "AppRoleAssignment",
    context: "appRoleAssignments",
    properties: &[
        "id",
        "appRoleId",
        "createdDateTime",
        "deletedDateTime",
        "principalDisplayName",
        "principalId",
        "principalType",
        "resourceDisplayName",
        "resourceId",
    ],
    on_request: &[],
    filterable: &["principalId"],
    is_exact: false,
};

/// The role of an application without app roles.
const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";

pub(super) fn list(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = ask.first();
    let application = tenancy.service_principal(id, world.now)?;
    let created = world.calendar(std::time::Duration::ZERO).to_string();
    let all = application.assignments.iter();
    ASSIGNMENT.page(tenancy, ask, all.map(|one| (one.id.clone(), render(application, one, &created))))
}

pub(super) fn create(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = ask.first();
    let application = tenancy.service_principal(id, world.now)?;
    let service_principal = application.service_principal_id.clone();
    let member = |name: &str| {
        ask.body[name].as_str().and_then(|text| text.parse::<ObjectId>().ok()).ok_or_else(|| {
            GraphFailure::bad_request(format!(
                "One or more properties are invalid: '{name}' must be an object id."
            ))
        })
    };
    let (principal, resource, role) = (member("principalId")?, member("resourceId")?, member("appRoleId")?);
    if resource != service_principal {
        return Err(GraphFailure::bad_request(
            "resourceId must be the id of the service principal in the path.",
        ));
    }
    let tenant = tenancy.tenant();
    let (principal_name, is_group) = match (tenant.group(&principal), tenant.user(&principal)) {
        (Some(group), _) if group.security_enabled => (group.display_name.clone(), true),
        (Some(group), _) => {
            return Err(GraphFailure::bad_request(format!(
                "The group '{}' is not security-enabled, so it cannot be assigned.",
                group.display_name
            )));
        }
        (None, Some(user)) => (user.display_name.clone(), false),
        (None, None) => return Err(GraphFailure::not_found(principal.as_str())),
    };
    let mut enabled = application.app_roles.iter().filter(|one| one.is_enabled).peekable();
    let is_published = if enabled.peek().is_none() {
        role.as_str() == DEFAULT_ACCESS
    } else {
        enabled.any(|one| one.id == role)
    };
    if !is_published {
        return Err(GraphFailure::bad_request("Permission being assigned was not found on application."));
    }
    let has_it = |one: &AppRoleAssignment| one.principal == principal && one.app_role == role;
    if application.assignments.iter().any(has_it) {
        return Err(GraphFailure::bad_request("Permission being assigned already exists on the object."));
    }
    let id = world.source.object_id().to_string();
    let assignment = AppRoleAssignment { id, principal, principal_name, is_group, app_role: role };
    let mut body = render(application, &assignment, &world.calendar(world.now).to_string());
    body["@odata.context"] = json!(context(ASSIGNMENT.context, "/$entity"));
    if let Some(application) = tenancy.change_application(world.now, &service_principal) {
        application.assignments.push(assignment);
        application.assignments.sort_by(|a, b| a.id.cmp(&b.id));
    }
    Ok(Done::created(body))
}

/// Deletes an assignment. The next cycle updates the Identity Store.
pub(super) fn delete(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let [id, assignment] = ask.parameters.as_slice() else { return Err(GraphFailure::not_found(ask.path)) };
    let application = tenancy.service_principal(id, world.now)?;
    if application.assignments.iter().all(|one| one.id != *assignment) {
        return Err(GraphFailure::not_found(assignment));
    }
    let id = application.service_principal_id.clone();
    if let Some(application) = tenancy.change_application(world.now, &id) {
        application.assignments.retain(|one| one.id != *assignment);
    }
    Ok(Done::no_content())
}

fn render(application: &EnterpriseApplication, assignment: &AppRoleAssignment, created: &str) -> Value {
    let AppRoleAssignment { id, principal, principal_name, is_group, app_role } = assignment;
    json!({
        "id": id,
        "appRoleId": app_role.as_str(),
        "createdDateTime": created,
        "deletedDateTime": null,
        "principalDisplayName": principal_name,
        "principalId": principal.as_str(),
        "principalType": if *is_group { "Group" } else { "User" },
        "resourceDisplayName": application.display_name,
        "resourceId": application.service_principal_id.as_str(),
    })
}
