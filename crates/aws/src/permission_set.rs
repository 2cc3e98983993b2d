//! Reads of a permission set, shared by observation and execution.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ssoadmin::types;
use rolecall_model::operation::Attributes;
use rolecall_model::{
    AccountId, Boundary, CustomerPolicy, GroupId, PermissionSetName, Policy, Principal, SessionDuration,
};

use crate::api::Api;
use crate::client::Clients;
use crate::retry::{CallError, Kind};

/// Page size of the listings of sso-admin and identitystore: the maximum.
pub(crate) const PAGE_SIZE: i32 = 100;

/// The two ARNs by which every call addresses a permission set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SetAddress<'a> {
    pub(crate) instance: &'a str,
    pub(crate) set: &'a str,
}

/// Lists the ARNs of all permission sets of an instance.
pub(crate) async fn list(clients: &Clients, instance: &str) -> Result<Vec<String>, CallError> {
    clients
        .pages(
            Api::sso_admin("ListPermissionSets"),
            |token| {
                let call = clients.sso_admin().list_permission_sets().instance_arn(instance);
                call.max_results(PAGE_SIZE).set_next_token(token).send()
            },
            |page| (page.permission_sets, page.next_token),
        )
        .await
}

/// The response of `DescribePermissionSet`. Permission sets that are not compared are described only for their names,
/// so their attributes are not validated.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    pub(crate) name: PermissionSetName,
    description: Option<String>,
    session: Option<String>,
    relay_state: Option<String>,
}

impl Described {
    /// Returns the attributes.
    pub(crate) fn attributes(self) -> Result<Attributes, CallError> {
        // AWS's default for a permission set created without one.
        let session = match self.session.as_deref() {
            None | Some("") => SessionDuration::ONE_HOUR,
            Some(text) => SessionDuration::from_iso_8601(text).map_err(|error| {
                let api = Api::sso_admin("DescribePermissionSet");
                CallError::unreadable(api, format!("permission set {}: {error}", self.name))
            })?,
        };
        let (description, relay_state) = (some_text(self.description), some_text(self.relay_state));
        Ok(Attributes { description, session, relay_state })
    }
}

/// Reads name and attributes.
pub(crate) async fn describe(clients: &Clients, at: SetAddress<'_>) -> Result<Described, CallError> {
    let api = Api::sso_admin("DescribePermissionSet");
    let call = || clients.sso_admin().describe_permission_set().instance_arn(at.instance);
    let answer = clients.call(api, || call().permission_set_arn(at.set).send()).await?;
    let set =
        answer.permission_set.ok_or_else(|| CallError::unreadable(api, "the permission set is missing"))?;
    let name = set.name.as_deref().unwrap_or_default();
    Ok(Described {
        name: name.parse().map_err(|error| CallError::unreadable(api, error))?,
        description: set.description,
        session: set.session_duration,
        relay_state: set.relay_state,
    })
}

fn some_text(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Returns whether the permission set exists.
pub(crate) async fn exists(clients: &Clients, at: SetAddress<'_>) -> Result<bool, CallError> {
    match describe(clients, at).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind == Kind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Lists all tags.
pub(crate) async fn tags(
    clients: &Clients,
    at: SetAddress<'_>,
) -> Result<BTreeMap<String, String>, CallError> {
    let tags = clients
        .pages(
            Api::sso_admin("ListTagsForResource"),
            |token| {
                let call = clients.sso_admin().list_tags_for_resource().instance_arn(at.instance);
                call.resource_arn(at.set).set_next_token(token).send()
            },
            |page| (page.tags, page.next_token),
        )
        .await?;
    Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

/// Lists the ARNs of the attached AWS managed policies.
pub(crate) async fn managed_policies(
    clients: &Clients,
    at: SetAddress<'_>,
) -> Result<BTreeSet<String>, CallError> {
    let api = Api::sso_admin("ListManagedPoliciesInPermissionSet");
    let policies = clients
        .pages(
            api,
            |token| {
                let call =
                    clients.sso_admin().list_managed_policies_in_permission_set().instance_arn(at.instance);
                call.permission_set_arn(at.set).max_results(PAGE_SIZE).set_next_token(token).send()
            },
            |page| (page.attached_managed_policies, page.next_token),
        )
        .await?;
    policies
        .into_iter()
        .map(|policy| policy.arn.ok_or_else(|| CallError::unreadable(api, "a policy has no ARN")))
        .collect()
}

/// Lists the attached references to customer managed policies.
pub(crate) async fn customer_policies(
    clients: &Clients,
    at: SetAddress<'_>,
) -> Result<BTreeSet<CustomerPolicy>, CallError> {
    let references = clients
        .pages(
            Api::sso_admin("ListCustomerManagedPolicyReferencesInPermissionSet"),
            |token| {
                let call = clients.sso_admin().list_customer_managed_policy_references_in_permission_set();
                let call = call.instance_arn(at.instance).permission_set_arn(at.set);
                call.max_results(PAGE_SIZE).set_next_token(token).send()
            },
            |page| (page.customer_managed_policy_references, page.next_token),
        )
        .await?;
    Ok(references.into_iter().map(customer_policy).collect())
}

fn customer_policy(reference: types::CustomerManagedPolicyReference) -> CustomerPolicy {
    CustomerPolicy { name: reference.name, path: some_text(reference.path).unwrap_or_else(|| "/".to_owned()) }
}

/// Reads the inline policy. AWS returns an empty text if there is none.
pub(crate) async fn inline_policy(
    clients: &Clients,
    at: SetAddress<'_>,
) -> Result<Option<Policy>, CallError> {
    let api = Api::sso_admin("GetInlinePolicyForPermissionSet");
    let answer = clients
        .call(api, || {
            let call = clients.sso_admin().get_inline_policy_for_permission_set().instance_arn(at.instance);
            call.permission_set_arn(at.set).send()
        })
        .await?;
    some_text(answer.inline_policy)
        .map(|text| Policy::from_json(&text).map_err(|error| CallError::unreadable(api, error)))
        .transpose()
}

/// Reads the permissions boundary. If there is none, AWS returns ResourceNotFound.
///
/// The result is `None` for a permission set that does not exist, too. A caller that does not know whether it exists
/// must read something else of it.
pub(crate) async fn boundary(clients: &Clients, at: SetAddress<'_>) -> Result<Option<Boundary>, CallError> {
    let api = Api::sso_admin("GetPermissionsBoundaryForPermissionSet");
    let answer = clients
        .call(api, || {
            let call =
                clients.sso_admin().get_permissions_boundary_for_permission_set().instance_arn(at.instance);
            call.permission_set_arn(at.set).send()
        })
        .await;
    let boundary = match answer {
        Ok(answer) => answer.permissions_boundary,
        Err(error) if error.kind == Kind::NotFound => None,
        Err(error) => return Err(error),
    };
    let Some(boundary) = boundary else { return Ok(None) };
    match (boundary.managed_policy_arn, boundary.customer_managed_policy_reference) {
        (Some(arn), None) => Ok(Some(Boundary::ManagedPolicy(arn))),
        (None, Some(reference)) => Ok(Some(Boundary::CustomerPolicy(customer_policy(reference)))),
        (Some(_), Some(_)) => Err(CallError::unreadable(api, "the permissions boundary has two policies")),
        (None, None) => Err(CallError::unreadable(api, "the permissions boundary has no policy")),
    }
}

/// A filter for the accounts in which a permission set is provisioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provisioned {
    /// All accounts.
    Anyhow,
    /// Accounts that hold an older version of the permission set.
    Outdated,
}

/// Lists the accounts in which the permission set is provisioned.
pub(crate) async fn provisioned(
    clients: &Clients,
    at: SetAddress<'_>,
    which: Provisioned,
) -> Result<BTreeSet<AccountId>, CallError> {
    let api = Api::sso_admin("ListAccountsForProvisionedPermissionSet");
    let status = match which {
        Provisioned::Anyhow => None,
        Provisioned::Outdated => Some(types::ProvisioningStatus::LatestPermissionSetNotProvisioned),
    };
    let ids = clients
        .pages(
            api,
            |token| {
                let call = clients.sso_admin().list_accounts_for_provisioned_permission_set();
                let call = call.instance_arn(at.instance).permission_set_arn(at.set);
                call.set_provisioning_status(status.clone())
                    .max_results(PAGE_SIZE)
                    .set_next_token(token)
                    .send()
            },
            |page| (page.account_ids, page.next_token),
        )
        .await?;
    ids.iter().map(|id| id.parse().map_err(|error| CallError::unreadable(api, error))).collect()
}

/// Lists the principals assigned the permission set in the account, including users and deleted principals.
pub(crate) async fn principals(
    clients: &Clients,
    at: SetAddress<'_>,
    account: AccountId,
) -> Result<BTreeSet<Principal>, CallError> {
    let api = Api::sso_admin("ListAccountAssignments");
    let account = account.to_string();
    let rows = clients
        .pages(
            api,
            |token| {
                let call = clients.sso_admin().list_account_assignments().instance_arn(at.instance);
                let call = call.permission_set_arn(at.set).account_id(&account);
                call.max_results(PAGE_SIZE).set_next_token(token).send()
            },
            |page| (page.account_assignments, page.next_token),
        )
        .await?;
    rows.into_iter().map(|row| principal(api, &row)).collect()
}

fn principal(api: Api, row: &types::AccountAssignment) -> Result<Principal, CallError> {
    let id = row.principal_id.as_deref().unwrap_or_default();
    let principal = match row.principal_type {
        Some(types::PrincipalType::Group) => id.parse::<GroupId>().map(Principal::Group),
        Some(types::PrincipalType::User) => id.parse().map(Principal::User),
        _ => {
            return Err(CallError::unreadable(
                api,
                format!("principal {id:?} is neither a group nor a user"),
            ));
        }
    };
    principal.map_err(|error| CallError::unreadable(api, error))
}

/// Returns sso-admin's type of a principal.
pub(crate) fn principal_type(principal: &Principal) -> types::PrincipalType {
    match principal {
        Principal::Group(_) | Principal::NewGroup(_) => types::PrincipalType::Group,
        Principal::User(_) => types::PrincipalType::User,
    }
}

/// Lists the assignments of a principal, as permission set ARNs and accounts. For a user, AWS also lists assignments
/// through groups; they name the group and are left out.
pub(crate) async fn assignments_of_principal(
    clients: &Clients,
    instance: &str,
    principal: &Principal,
) -> Result<Vec<(String, AccountId)>, CallError> {
    let api = Api::sso_admin("ListAccountAssignmentsForPrincipal");
    let kind = principal_type(principal);
    let rows = clients
        .pages(
            api,
            |token| {
                let call = clients.sso_admin().list_account_assignments_for_principal();
                let call = call.instance_arn(instance).principal_id(principal.id());
                call.principal_type(kind.clone()).max_results(PAGE_SIZE).set_next_token(token).send()
            },
            |page| (page.account_assignments, page.next_token),
        )
        .await?;
    let own = rows.into_iter().filter(|row| row.principal_id.as_deref() == Some(principal.id()));
    own.map(|row| {
        let account = row.account_id.as_deref().unwrap_or_default();
        let account = account.parse().map_err(|error| CallError::unreadable(api, error))?;
        let arn = row
            .permission_set_arn
            .ok_or_else(|| CallError::unreadable(api, "an assignment has no permission set"))?;
        Ok((arn, account))
    })
    .collect()
}
