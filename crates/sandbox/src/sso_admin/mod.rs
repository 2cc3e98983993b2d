//! IAM Identity Center (sso-admin).

mod access_control;
mod assignments;
mod instance;
mod permission_sets;
mod policies;
mod provisioning;
mod setbacks;
mod statuses;
mod tags;

use std::time::Duration;

use rolecall_model::{AccountId, AccountState, PermissionSet, PermissionSetName, Principal};
use serde_json::json;

use crate::agenda::{State, Work};
use crate::call::Service;
use crate::failure::{Answer, Failure};
use crate::limits;
use crate::members::Members;
use crate::observations::Actor;
use crate::operation::OfferedOperation;
use crate::permission_sets::StoredSet;
use crate::rules;
use crate::world::World;

pub(crate) use access_control::finish as finish_access_control;
pub(crate) use provisioning::finish_departure;

/// The page size of all lists in sso-admin.
const PAGE: u64 = 100;

/// Declares the supported operations, one per line.
macro_rules! offered {
    ($($name:literal => $run:path,)*) => {
        pub(crate) const OPERATIONS: &[OfferedOperation] =
            &[$(OfferedOperation { name: $name, run: $run },)*];
    };
}

offered! {
    "AttachCustomerManagedPolicyReferenceToPermissionSet" => policies::attach_customer_policy,
    "AttachManagedPolicyToPermissionSet" => policies::attach_managed_policy,
    "CreateAccountAssignment" => assignments::create,
    "CreateInstanceAccessControlAttributeConfiguration" => access_control::create,
    "CreatePermissionSet" => permission_sets::create,
    "DeleteAccountAssignment" => assignments::delete,
    "DeleteInlinePolicyFromPermissionSet" => policies::delete_inline_policy,
    "DeleteInstanceAccessControlAttributeConfiguration" => access_control::delete,
    "DeletePermissionSet" => permission_sets::delete,
    "DeletePermissionsBoundaryFromPermissionSet" => policies::delete_boundary,
    "DescribeAccountAssignmentCreationStatus" => statuses::describe_creation,
    "DescribeAccountAssignmentDeletionStatus" => statuses::describe_deletion,
    "DescribeInstance" => instance::describe,
    "DescribeInstanceAccessControlAttributeConfiguration" => access_control::describe,
    "DescribePermissionSet" => permission_sets::describe,
    "DescribePermissionSetProvisioningStatus" => statuses::describe_provisioning,
    "DescribeRegion" => instance::describe_region,
    "DetachCustomerManagedPolicyReferenceFromPermissionSet" => policies::detach_customer_policy,
    "DetachManagedPolicyFromPermissionSet" => policies::detach_managed_policy,
    "GetInlinePolicyForPermissionSet" => policies::get_inline_policy,
    "GetPermissionsBoundaryForPermissionSet" => policies::get_boundary,
    "ListAccountAssignmentCreationStatus" => statuses::list_creations,
    "ListAccountAssignmentDeletionStatus" => statuses::list_deletions,
    "ListAccountAssignments" => assignments::list,
    "ListAccountAssignmentsForPrincipal" => assignments::list_for_principal,
    "ListAccountsForProvisionedPermissionSet" => provisioning::list_accounts,
    "ListCustomerManagedPolicyReferencesInPermissionSet" => policies::list_customer_policies,
    "ListInstances" => instance::list,
    "ListManagedPoliciesInPermissionSet" => policies::list_managed_policies,
    "ListPermissionSetProvisioningStatus" => statuses::list_provisionings,
    "ListPermissionSets" => permission_sets::list,
    "ListPermissionSetsProvisionedToAccount" => provisioning::list_permission_sets,
    "ListRegions" => instance::list_regions,
    "ListTagsForResource" => tags::list,
    "ProvisionPermissionSet" => provisioning::provision,
    "PutInlinePolicyToPermissionSet" => policies::put_inline_policy,
    "PutPermissionsBoundaryToPermissionSet" => policies::put_boundary,
    "TagResource" => tags::tag,
    "UntagResource" => tags::untag,
    "UpdateInstanceAccessControlAttributeConfiguration" => access_control::update,
    "UpdatePermissionSet" => permission_sets::update,
}

/// Returns whether an operation is a list that can be outdated.
pub(crate) fn lags(service: Service, operation: &str) -> bool {
    service == Service::SsoAdmin
        && matches!(
            operation,
            "ListAccountAssignmentCreationStatus"
                | "ListAccountAssignmentDeletionStatus"
                | "ListAccountAssignments"
                | "ListAccountAssignmentsForPrincipal"
                | "ListAccountsForProvisionedPermissionSet"
                | "ListPermissionSetProvisioningStatus"
                | "ListPermissionSets"
                | "ListPermissionSetsProvisionedToAccount"
        )
}

/// Finishes an asynchronous operation at `at`.
pub(crate) fn finish(world: &mut World, number: usize, at: Duration) {
    let request = world.agenda.request(number);
    let (version, faults) = (request.version, request.faults);
    let result = match request.work.clone() {
        Work::Create(row) => assignments::finish_creation(world, &row, version, faults, at),
        Work::Delete(row) => assignments::finish_deletion(world, &row, at),
        Work::Provision { permission_set, only: _, accounts } => {
            provisioning::finish(world, &permission_set, &accounts, version, faults, at)
        }
    };
    let state = match result {
        Ok(()) => State::Succeeded,
        Err(reason) => State::Failed(reason),
    };
    world.agenda.close(number, state);
}

/// Checks the instance of a request.
fn check_instance(world: &World, input: &Members<'_>) -> Result<(), Failure> {
    let arn = input.required_text("InstanceArn", &rules::INSTANCE_ARN)?;
    if arn == world.instance.arn {
        Ok(())
    } else {
        Err(Failure::not_found(format!("Instance {arn} not found.")))
    }
}

/// Checks the instance of a request, and returns its permission set.
fn permission_set<'w>(world: &'w World, input: &Members<'_>) -> Result<&'w StoredSet, Failure> {
    check_instance(world, input)?;
    let arn = input.required_text("PermissionSetArn", &rules::PERMISSION_SET_ARN)?;
    let found = world.permission_sets.of_arn(arn);
    found.ok_or_else(|| Failure::not_found(format!("PermissionSet with ARN {arn} not found.")))
}

/// Returns the permission set that a request changes, if the caller may change it.
fn changeable<'w>(world: &'w World, input: &Members<'_>) -> Result<&'w StoredSet, Failure> {
    let set = permission_set(world, input)?;
    refuse_sealed(world, set)?;
    Ok(set)
}

/// Denies a delegated administrator changes of a permission set that is provisioned in the management account.
fn refuse_sealed(world: &World, set: &StoredSet) -> Result<(), Failure> {
    let sealed =
        world.caller_is_delegated() && set.provisioned.contains(&world.organization.management_account());
    if sealed {
        Err(Failure::access_denied(format!(
            "{} cannot change {}, which is provisioned in the management account.",
            world.caller.arn, set.arn
        )))
    } else {
        Ok(())
    }
}

/// Edits a permission set. If `change` fails, it stays unchanged.
fn edit(
    world: &mut World,
    input: &Members<'_>,
    change: impl FnOnce(&mut PermissionSet) -> Result<(), Failure>,
) -> Answer {
    let set = changeable(world, input)?;
    let mut details = set.details().into_owned();
    change(&mut details)?;
    world.edit_set(Actor::Client, world.now, details);
    Ok(json!({}))
}

/// Refuses an account that is not active. The message is AWS's for a closed account
/// (aws-samples/aws-identitycenter-codepipeline-auto-assignment#31).
fn refuse_inactive(world: &World, account: AccountId) -> Result<(), String> {
    let state = world.organization.account(account).map(|account| account.state);
    if state == Some(AccountState::Active) {
        return Ok(());
    }
    Err(format!(
        "AWS SSO is unable to complete your request at this time. Obtaining permissions to manage your AWS account \
         '{account}' is taking longer than usual. Please try again in a few minutes. If this problem continues, \
         contact AWS Support."
    ))
}

/// Refuses an account that has the most permission sets, unless this one is among them.
fn refuse_full(world: &World, name: &PermissionSetName, account: AccountId) -> Result<(), String> {
    let already = world.permission_sets.get(name).is_some_and(|set| set.provisioned.contains(&account));
    if already || world.permission_sets.count_in(account) < limits::PERMISSION_SETS_PER_ACCOUNT {
        return Ok(());
    }
    Err(format!(
        "The account '{account}' already has the maximum number of permission sets ({}).",
        limits::PERMISSION_SETS_PER_ACCOUNT
    ))
}

/// Returns AWS's name for the type of a principal.
fn principal_type(principal: &Principal) -> &'static str {
    match principal {
        Principal::Group(_) | Principal::NewGroup(_) => "GROUP",
        Principal::User(_) => "USER",
    }
}
