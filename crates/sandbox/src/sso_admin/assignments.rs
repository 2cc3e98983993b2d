//! Account assignments.

use std::time::Duration;

use rolecall_model::{AccountId, Assignment, GroupId, Principal, UserId};
use serde_json::{Value, json};

use super::setbacks::refuse_by_plan;
use super::statuses::{self, status_members};
use super::{PAGE, check_instance, permission_set, principal_type, refuse_full, refuse_inactive};
use crate::agenda::{Kind, Request, State, Work};
use crate::failure::{Answer, Failure};
use crate::faults::OperationFaults;
use crate::limits;
use crate::members::Members;
use crate::observations::Actor;
use crate::paging::Page;
use crate::rules;
use crate::world::World;

pub(super) fn create(world: &mut World, input: &Members<'_>) -> Answer {
    let row = read_row(world, input)?;
    refuse_unknown_principal(world, &row.principal)?;
    let is_new = !world.rows.contains(&row);
    refuse_busy(world, row.account)?;
    if is_new {
        refuse_too_many_groups(world, &row)?;
    }
    start(world, Work::Create(row))
}

pub(super) fn delete(world: &mut World, input: &Members<'_>) -> Answer {
    let row = read_row(world, input)?;
    refuse_busy(world, row.account)?;
    if !world.rows.contains(&row) {
        return Err(Failure::not_found(format!(
            "There is no assignment of {} to {} in {}.",
            row.permission_set,
            row.principal.id(),
            row.account
        )));
    }
    start(world, Work::Delete(row))
}

/// Finishes a creation. An existing assignment is left unchanged.
pub(super) fn finish_creation(
    world: &mut World,
    row: &Assignment,
    version: u64,
    faults: OperationFaults,
    at: Duration,
) -> Result<(), String> {
    if world.rows.contains(row) {
        return Ok(());
    }
    refuse_inactive(world, row.account)?;
    refuse_full(world, &row.permission_set, row.account)?;
    let Assignment { permission_set, account, principal } = row;
    let operation = format!("{permission_set}/{account}/{}", principal.id());
    refuse_by_plan(world, permission_set, *account, faults, &operation)?;
    world.grant(Actor::Client, at, row, version);
    Ok(())
}

pub(super) fn finish_deletion(world: &mut World, row: &Assignment, at: Duration) -> Result<(), String> {
    refuse_inactive(world, row.account)?;
    world.revoke(Actor::Client, at, row);
    Ok(())
}

pub(super) fn list(world: &mut World, input: &Members<'_>) -> Answer {
    let set = permission_set(world, input)?;
    let account = known_account(world, input, "AccountId")?;
    let page = Page::read(input, world.pages(PAGE))?;
    let principals = world.rows.of_pair(&set.name, account);
    let items = principals.into_iter().flatten().map(|principal| (principal_key(principal), principal));
    Ok(page.fill("AccountAssignments", items, |principal| row_members(account, &set.arn, principal)))
}

/// Lists the assignments of a principal. AWS's model says that it must be called from the management account. For a
/// user, AWS also returns assignments through groups; the sandbox does not.
pub(super) fn list_for_principal(world: &mut World, input: &Members<'_>) -> Answer {
    check_instance(world, input)?;
    let principal = read_principal(input)?;
    let account = input.structure("Filter")?.map(|filter| filter.account("AccountId")).transpose()?.flatten();
    let page = Page::read(input, world.pages(PAGE))?;
    if world.caller_is_delegated() || world.course.plan.principal_lists_refused {
        return Err(Failure::access_denied(
            "ListAccountAssignmentsForPrincipal must be called from the management account.",
        ));
    }
    let World { rows, permission_sets, .. } = world;
    let items = rows
        .of_principal(&principal)
        .filter(|(found, _)| account.is_none_or(|account| account == *found))
        .filter_map(|(account, name)| permission_sets.get(name).map(|set| (*account, set)))
        .map(|(account, set)| (format!("{account}/{}", set.name), (account, set)));
    Ok(page.fill("AccountAssignments", items, |(account, set)| row_members(account, &set.arn, &principal)))
}

/// Returns the account of a request, which must belong to the organization.
pub(super) fn known_account(
    world: &World,
    input: &Members<'_>,
    name: &'static str,
) -> Result<AccountId, Failure> {
    let id = input.required_account(name)?;
    match world.organization.account(id) {
        Some(_) => Ok(id),
        None => Err(Failure::not_found(format!("Account {id} not found in the organization."))),
    }
}

/// Refuses an account in which an operation is in progress: AWS changes one role of an account at a time.
pub(super) fn refuse_busy(world: &mut World, account: AccountId) -> Result<(), Failure> {
    let Some(holder) = world.agenda.holder(account) else { return Ok(()) };
    world.observations.refusals.account_busy.add(holder.known);
    Err(Failure::conflict(format!(
        "There is a conflicting operation in process for the account {account}. Please try again later."
    )))
}

fn start(world: &mut World, work: Work) -> Answer {
    let most = limits::ASSIGNMENT_OPERATIONS_AT_ONCE;
    if let Some(provoked) = too_many(world, &[Kind::Creation, Kind::Deletion], most) {
        world.observations.refusals.outstanding.add(provoked);
        return Err(Failure::too_many_processing());
    }
    let kind = work.kind();
    let mean = world.settings.assignment_latency_mean;
    let request = begin(world, work, mean);
    let status = status_members(world, world.agenda.request(request));
    Ok(json!({ statuses::status_name(kind): status }))
}

/// Returns whether the most operations of these kinds are in progress and, if so, whether those that the client knows
/// of are as many.
pub(super) fn too_many(world: &World, kinds: &[Kind], most: usize) -> Option<bool> {
    let known = world.agenda.in_progress(kinds).filter(|request| request.known).count();
    (world.agenda.in_progress(kinds).count() >= most).then_some(known >= most)
}

/// Starts an operation and returns its number.
pub(super) fn begin(world: &mut World, work: Work, latency_mean: Duration) -> usize {
    let name = work.permission_set();
    let (arn, version) =
        world.permission_sets.get(name).map_or_else(Default::default, |set| (set.arn.clone(), set.version));
    let id = world.source.operation_id();
    let end = world.now + world.source.latency(latency_mean);
    let faults = world.course.operation_faults(world.now);
    let created = world.now;
    world.agenda.start(Request {
        id,
        work,
        arn,
        version,
        created,
        end,
        state: State::InProgress,
        known: true,
        faults,
    })
}

fn read_row(world: &World, input: &Members<'_>) -> Result<Assignment, Failure> {
    let permission_set = permission_set(world, input)?.name.clone();
    input.required_choice("TargetType", &["AWS_ACCOUNT"])?;
    let principal = read_principal(input)?;
    let account = known_account(world, input, "TargetId")?;
    if world.caller_is_delegated() && account == world.organization.management_account() {
        return Err(Failure::access_denied(format!(
            "{} cannot change access to the management account {account}.",
            world.caller.arn
        )));
    }
    Ok(Assignment { permission_set, account, principal })
}

fn read_principal(input: &Members<'_>) -> Result<Principal, Failure> {
    if input.required_choice("PrincipalType", &["USER", "GROUP"])? == "GROUP" {
        input.required::<GroupId>("PrincipalId", &rules::PRINCIPAL_ID).map(Principal::Group)
    } else {
        input.required::<UserId>("PrincipalId", &rules::PRINCIPAL_ID).map(Principal::User)
    }
}

fn refuse_unknown_principal(world: &World, principal: &Principal) -> Result<(), Failure> {
    let known = match principal {
        Principal::Group(id) => world.directory.group(id).is_some(),
        // Neither a world nor a request contains such a principal.
        Principal::NewGroup(_) => false,
        Principal::User(id) => world.directory.user(id).is_some(),
    };
    if known { Ok(()) } else { Err(Failure::not_found(format!("Principal {} not found.", principal.id()))) }
}

fn refuse_too_many_groups(world: &World, row: &Assignment) -> Result<(), Failure> {
    let is_group = |principal: &Principal| matches!(principal, Principal::Group(_));
    let principals = world.rows.of_pair(&row.permission_set, row.account);
    let groups = principals.into_iter().flatten().filter(|principal| is_group(principal)).count();
    if !is_group(&row.principal) || groups < limits::GROUPS_PER_PERMISSION_SET_AND_ACCOUNT {
        return Ok(());
    }
    Err(Failure::quota(format!(
        "You have reached the maximum number of groups for a permission set in an account ({}).",
        limits::GROUPS_PER_PERMISSION_SET_AND_ACCOUNT
    )))
}

/// Returns a key that sorts like principals: groups before users.
fn principal_key(principal: &Principal) -> String {
    match principal {
        Principal::Group(id) => format!("g{id}"),
        Principal::NewGroup(id) => format!("n{id}"),
        Principal::User(id) => format!("u{id}"),
    }
}

fn row_members(account: AccountId, arn: &str, principal: &Principal) -> Value {
    json!({
        "AccountId": account.to_string(),
        "PermissionSetArn": arn,
        "PrincipalType": principal_type(principal),
        "PrincipalId": principal.id(),
    })
}
