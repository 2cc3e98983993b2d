//! Failures of provisioning in an account, which AWS reports when the operation finishes.
//!
//! The messages are IAM's own for the underlying failures. How Identity Center phrases them is an assumption.

use rolecall_model::{AccountId, Boundary, CustomerPolicy, PermissionSet, PermissionSetName};

use crate::faults::OperationFaults;
use crate::world::World;

/// Returns why the fault plan prevents the provisioning of a permission set in an account, if it does. `operation`
/// identifies the operation, and stays the same if it is retried.
pub(super) fn refuse_by_plan(
    world: &mut World,
    name: &PermissionSetName,
    account: AccountId,
    faults: OperationFaults,
    operation: &str,
) -> Result<(), String> {
    let Some(set) = world.permission_sets.get(name) else { return Ok(()) };
    let makes_role = !set.provisioned.contains(&account);
    let details = set.details();
    let policies: Vec<CustomerPolicy> = customer_policies(&details).cloned().collect();
    let plan = &world.course.plan;
    if makes_role && plan.full_accounts.contains(&account) {
        return Err(role_quota());
    }
    if let Some(policy) =
        policies.iter().find(|policy| plan.missing_policies.contains(&(account, (*policy).clone())))
    {
        return Err(missing_policy(account, policy));
    }
    if makes_role && faults.role_quota && world.course.fails_first(format!("role quota/{operation}")) {
        return Err(role_quota());
    }
    if let Some(policy) = policies.first().filter(|_| faults.missing_policy)
        && world.course.fails_first(format!("missing policy/{operation}"))
    {
        return Err(missing_policy(account, policy));
    }
    Ok(())
}

/// Returns the customer managed policies that must exist in an account before the permission set can be provisioned
/// there.
fn customer_policies(details: &PermissionSet) -> impl Iterator<Item = &CustomerPolicy> {
    let of_boundary = match &details.boundary {
        Some(Boundary::CustomerPolicy(policy)) => Some(policy),
        Some(Boundary::ManagedPolicy(_)) | None => None,
    };
    details.customer_policies.iter().chain(of_boundary)
}

fn role_quota() -> String {
    "LimitExceeded: Cannot exceed quota for RolesPerAccount: 1000".to_owned()
}

fn missing_policy(account: AccountId, policy: &CustomerPolicy) -> String {
    let CustomerPolicy { name, path } = policy;
    format!(
        "NoSuchEntity: Policy arn:aws:iam::{account}:policy{path}{name} does not exist or is not attachable."
    )
}
