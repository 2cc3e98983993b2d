//! Policies of permission sets: managed and customer managed policies, the inline policy, and the permissions boundary.

use rolecall_model::{Boundary, CustomerPolicy, PermissionSet, Policy};
use serde_json::{Value, json};

use super::{PAGE, edit, permission_set};
use crate::failure::{Answer, Failure};
use crate::limits;
use crate::members::Members;
use crate::paging::Page;
use crate::rules;
use crate::world::World;

pub(super) fn attach_managed_policy(world: &mut World, input: &Members<'_>) -> Answer {
    edit(world, input, |details| {
        let arn = input.required_text("ManagedPolicyArn", &rules::MANAGED_POLICY_ARN)?;
        if details.managed_policies.contains(arn) {
            return Err(Failure::conflict(format!("Policy {arn} is already attached.")));
        }
        refuse_too_many(details)?;
        details.managed_policies.insert(arn.to_owned());
        Ok(())
    })
}

pub(super) fn detach_managed_policy(world: &mut World, input: &Members<'_>) -> Answer {
    edit(world, input, |details| {
        let arn = input.required_text("ManagedPolicyArn", &rules::MANAGED_POLICY_ARN)?;
        if details.managed_policies.remove(arn) {
            Ok(())
        } else {
            Err(Failure::not_found(format!("Policy {arn} is not attached.")))
        }
    })
}

pub(super) fn list_managed_policies(world: &mut World, input: &Members<'_>) -> Answer {
    let set = permission_set(world, input)?;
    let page = Page::read(input, world.pages(PAGE))?;
    let details = set.details();
    let items = details.managed_policies.iter().map(|arn| (arn.clone(), arn));
    Ok(page.fill(
        "AttachedManagedPolicies",
        items,
        |arn| json!({ "Name": arn.rsplit('/').next(), "Arn": arn }),
    ))
}

pub(super) fn attach_customer_policy(world: &mut World, input: &Members<'_>) -> Answer {
    edit(world, input, |details| {
        let policy = read_customer_policy(&input.required_structure("CustomerManagedPolicyReference")?)?;
        if details.customer_policies.contains(&policy) {
            return Err(Failure::conflict(format!("Policy {policy} is already attached.")));
        }
        refuse_too_many(details)?;
        details.customer_policies.insert(policy);
        Ok(())
    })
}

pub(super) fn detach_customer_policy(world: &mut World, input: &Members<'_>) -> Answer {
    edit(world, input, |details| {
        let policy = read_customer_policy(&input.required_structure("CustomerManagedPolicyReference")?)?;
        if details.customer_policies.remove(&policy) {
            Ok(())
        } else {
            Err(Failure::not_found(format!("Policy {policy} is not attached.")))
        }
    })
}

pub(super) fn list_customer_policies(world: &mut World, input: &Members<'_>) -> Answer {
    let set = permission_set(world, input)?;
    let page = Page::read(input, world.pages(PAGE))?;
    let details = set.details();
    // The key has the sort order: by name, then by path.
    let key = |policy: &CustomerPolicy| format!("{}\u{0}{}", policy.name, policy.path);
    let items = details.customer_policies.iter().map(|policy| (key(policy), policy));
    Ok(page.fill("CustomerManagedPolicyReferences", items, customer_policy_members))
}

pub(super) fn put_inline_policy(world: &mut World, input: &Members<'_>) -> Answer {
    edit(world, input, |details| {
        let text = input.required_text("InlinePolicy", &rules::INLINE_POLICY)?;
        let policy = Policy::from_json(text)
            .map_err(|error| Failure::validation(format!("The inline policy is not valid JSON: {error}")))?;
        if !policy.canonical().get("Statement").is_some_and(Value::is_array) {
            return Err(Failure::validation(
                "The inline policy is not a policy document: it has no Statement.",
            ));
        }
        let characters = text.chars().filter(|c| !c.is_whitespace()).count();
        if characters > limits::INLINE_POLICY_CHARACTERS {
            return Err(Failure::quota(format!(
                "The inline policy has {characters} characters other than white space; the quota is {}.",
                limits::INLINE_POLICY_CHARACTERS
            )));
        }
        details.inline_policy = Some(policy);
        Ok(())
    })
}

/// Returns the inline policy; an empty string if there is none.
pub(super) fn get_inline_policy(world: &mut World, input: &Members<'_>) -> Answer {
    let details = permission_set(world, input)?.details();
    Ok(json!({ "InlinePolicy": details.inline_policy.as_ref().map_or("", Policy::as_json) }))
}

pub(super) fn delete_inline_policy(world: &mut World, input: &Members<'_>) -> Answer {
    edit(world, input, |details| match details.inline_policy.take() {
        Some(_) => Ok(()),
        None => Err(Failure::not_found("The permission set has no inline policy.")),
    })
}

pub(super) fn put_boundary(world: &mut World, input: &Members<'_>) -> Answer {
    edit(world, input, |details| {
        let boundary = input.required_structure("PermissionsBoundary")?;
        let managed = boundary.text("ManagedPolicyArn", &rules::MANAGED_POLICY_ARN)?;
        let customer = boundary.structure("CustomerManagedPolicyReference")?;
        details.boundary = Some(match (managed, customer) {
            (Some(arn), None) => Boundary::ManagedPolicy(arn.to_owned()),
            (None, Some(policy)) => Boundary::CustomerPolicy(read_customer_policy(&policy)?),
            _ => {
                return Err(Failure::validation(
                    "PermissionsBoundary must have either ManagedPolicyArn or CustomerManagedPolicyReference.",
                ));
            }
        });
        Ok(())
    })
}

pub(super) fn get_boundary(world: &mut World, input: &Members<'_>) -> Answer {
    let details = permission_set(world, input)?.details();
    let boundary = match &details.boundary {
        Some(Boundary::ManagedPolicy(arn)) => json!({ "ManagedPolicyArn": arn }),
        Some(Boundary::CustomerPolicy(policy)) => {
            json!({ "CustomerManagedPolicyReference": customer_policy_members(policy) })
        }
        None => return Err(no_boundary()),
    };
    Ok(json!({ "PermissionsBoundary": boundary }))
}

pub(super) fn delete_boundary(world: &mut World, input: &Members<'_>) -> Answer {
    edit(world, input, |details| details.boundary.take().map(drop).ok_or_else(no_boundary))
}

fn no_boundary() -> Failure {
    Failure::not_found("The permission set has no permissions boundary.")
}

/// Refuses too many policies. Managed and customer managed policies count together.
fn refuse_too_many(details: &PermissionSet) -> Result<(), Failure> {
    let count = details.managed_policies.len() + details.customer_policies.len();
    if count < limits::POLICIES_PER_PERMISSION_SET {
        return Ok(());
    }
    Err(Failure::quota(format!(
        "You have reached the maximum number of policies in a permission set ({}).",
        limits::POLICIES_PER_PERMISSION_SET
    )))
}

fn read_customer_policy(reference: &Members<'_>) -> Result<CustomerPolicy, Failure> {
    let name = reference.required_text("Name", &rules::CUSTOMER_POLICY_NAME)?.to_owned();
    let path = reference.text("Path", &rules::CUSTOMER_POLICY_PATH)?.unwrap_or("/").to_owned();
    Ok(CustomerPolicy { name, path })
}

fn customer_policy_members(policy: &CustomerPolicy) -> Value {
    json!({ "Name": policy.name, "Path": policy.path })
}
