//! The status of asynchronous operations.

use rolecall_model::Assignment;
use serde_json::{Value, json};

use super::{PAGE, check_instance, principal_type};
use crate::agenda::{Kind, Request, State, Work};
use crate::failure::{Answer, Failure};
use crate::members::Members;
use crate::paging::Page;
use crate::rules;
use crate::world::World;

/// Returns the member that contains the status of one operation.
pub(super) fn status_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Creation => "AccountAssignmentCreationStatus",
        Kind::Deletion => "AccountAssignmentDeletionStatus",
        Kind::Provisioning => "PermissionSetProvisioningStatus",
    }
}

pub(super) fn describe_creation(world: &mut World, input: &Members<'_>) -> Answer {
    describe(world, input, Kind::Creation, "AccountAssignmentCreationRequestId")
}

pub(super) fn describe_deletion(world: &mut World, input: &Members<'_>) -> Answer {
    describe(world, input, Kind::Deletion, "AccountAssignmentDeletionRequestId")
}

pub(super) fn describe_provisioning(world: &mut World, input: &Members<'_>) -> Answer {
    describe(world, input, Kind::Provisioning, "ProvisionPermissionSetRequestId")
}

pub(super) fn list_creations(world: &mut World, input: &Members<'_>) -> Answer {
    list(world, input, Kind::Creation, "AccountAssignmentsCreationStatus")
}

pub(super) fn list_deletions(world: &mut World, input: &Members<'_>) -> Answer {
    list(world, input, Kind::Deletion, "AccountAssignmentsDeletionStatus")
}

pub(super) fn list_provisionings(world: &mut World, input: &Members<'_>) -> Answer {
    list(world, input, Kind::Provisioning, "PermissionSetsProvisioningStatus")
}

fn describe(world: &World, input: &Members<'_>, kind: Kind, id_name: &'static str) -> Answer {
    check_instance(world, input)?;
    let id = input.required_text(id_name, &rules::REQUEST_ID)?;
    let request = world.agenda.request_of_id(id, kind);
    let request = request.ok_or_else(|| Failure::not_found(format!("Request {id} not found.")))?;
    Ok(json!({ status_name(kind): status_members(world, request) }))
}

/// Lists operations, newest first. AWS guarantees no order.
fn list(world: &World, input: &Members<'_>, kind: Kind, list: &'static str) -> Answer {
    check_instance(world, input)?;
    let state = match input.structure("Filter")? {
        Some(filter) => filter.choice("Status", &["IN_PROGRESS", "SUCCEEDED", "FAILED"])?,
        None => None,
    };
    let page = Page::read(input, world.pages(PAGE))?;
    let key = |number: usize| format!("{:020}", u64::MAX - number as u64);
    let last = page.after().and_then(|after| after.parse::<u64>().ok());
    let last = last.and_then(|after| usize::try_from(u64::MAX - after).ok());
    let newest = world.agenda.newest(kind, state, last, world.seen_at);
    let items = newest.map(|(number, request, state)| (key(number), (request, state)));
    Ok(page.fill(list, items, |(request, state)| {
        json!({
            "Status": state,
            "RequestId": request.id,
            "CreatedDate": world.timestamp(request.created),
        })
    }))
}

/// Returns all members of the status of one operation.
pub(super) fn status_members(world: &World, request: &Request) -> Value {
    let mut members = json!({
        "Status": request.state.as_str(),
        "RequestId": request.id,
        "PermissionSetArn": request.arn,
        "CreatedDate": world.timestamp(request.created),
    });
    match &request.work {
        Work::Create(row) | Work::Delete(row) => {
            let Assignment { permission_set: _, account, principal } = row;
            members["TargetId"] = json!(account.to_string());
            members["TargetType"] = json!("AWS_ACCOUNT");
            members["PrincipalType"] = json!(principal_type(principal));
            members["PrincipalId"] = json!(principal.id());
        }
        Work::Provision { permission_set: _, only: Some(account), accounts: _ } => {
            members["AccountId"] = json!(account.to_string());
        }
        Work::Provision { permission_set: _, only: None, accounts: _ } => {}
    }
    if let State::Failed(reason) = &request.state {
        members["FailureReason"] = json!(reason);
    }
    members
}
