//! Sends operations: one API call each.

use std::collections::BTreeMap;

use aws_sdk_ssoadmin::operation::RequestId;
use aws_sdk_ssoadmin::types::{
    AccountAssignmentOperationStatus, CustomerManagedPolicyReference, PermissionsBoundary,
    ProvisionTargetType, StatusValues, Tag, TargetType,
};
use rolecall_applier::{Failure, Refusal, Request, RequestKind, Started};
use rolecall_model::operation::Attributes;
use rolecall_model::{
    Assignment, AwsOperation, Boundary, CustomerPolicy, Edit, PermissionSetName, ProvisionTarget,
};

use super::AwsTarget;
use crate::api::Api;
use crate::permission_set::{SetAddress, principal_type};
use crate::retry::CallError;

impl AwsTarget {
    /// Sends an operation. [`Clients::call`](crate::client::Clients::call) retries throttled requests and connection
    /// failures.
    pub(super) async fn call(&self, operation: &AwsOperation) -> Result<Started, Refusal> {
        let api = Api::sso_admin(operation.api_name());
        match operation {
            AwsOperation::CreatePermissionSet { permission_set, attributes, tags } => {
                let request_id = self.create(api, permission_set, attributes, tags).await?;
                Ok(Started::Done { request_id })
            }
            AwsOperation::Edit { permission_set, edit } => {
                let arn = self.arn(permission_set)?;
                let request_id = self.edit(api, self.address(&arn), edit).await?;
                Ok(Started::Done { request_id })
            }
            AwsOperation::Provision { permission_set, target } => {
                self.provision(api, &self.arn(permission_set)?, *target).await
            }
            AwsOperation::CreateAssignment(row) => {
                self.create_assignment(api, &self.arn(&row.permission_set)?, &self.resolve(row)?).await
            }
            AwsOperation::DeleteAssignment(row) => {
                self.delete_assignment(api, &self.arn(&row.permission_set)?, &self.resolve(row)?).await
            }
            AwsOperation::DeletePermissionSet { permission_set } => {
                let arn = self.arn(permission_set)?;
                let sso = self.clients.sso_admin();
                let call = || sso.delete_permission_set().instance_arn(&self.instance);
                let answer = self.clients.call(api, || call().permission_set_arn(&arn).send()).await?;
                Ok(Started::Done { request_id: id_of(&answer) })
            }
            AwsOperation::SetAccessControl { attributes, is_new } => {
                self.set_access_control(api, attributes, *is_new).await
            }
        }
    }

    async fn create(
        &self,
        api: Api,
        name: &PermissionSetName,
        attributes: &Attributes,
        tags: &BTreeMap<String, String>,
    ) -> Result<Option<String>, Refusal> {
        let sso = self.clients.sso_admin();
        let tags = to_tags(tags)?;
        let Attributes { description, session, relay_state } = attributes;
        let answer = self
            .clients
            .call(api, || {
                let call = sso.create_permission_set().instance_arn(&self.instance).name(name.as_str());
                let call = call.set_description(description.clone()).session_duration(session.to_iso_8601());
                call.set_relay_state(relay_state.clone()).set_tags(Some(tags.clone())).send()
            })
            .await?;
        let request_id = id_of(&answer);
        let arn = answer.permission_set.and_then(|set| set.permission_set_arn);
        let arn =
            arn.ok_or_else(|| CallError::unreadable(api, "the ARN of the new permission set is missing"))?;
        self.learn(name, arn);
        Ok(request_id)
    }

    async fn edit(&self, api: Api, at: SetAddress<'_>, edit: &Edit) -> Result<Option<String>, Refusal> {
        let SetAddress { instance, set } = at;
        let (clients, sso) = (&self.clients, self.clients.sso_admin());
        let request_id = match edit {
            Edit::SetAttributes(attributes) => self.update(api, at, attributes).await?,
            Edit::Tag(tags) => {
                let tags = to_tags(tags)?;
                let call = || sso.tag_resource().instance_arn(instance).resource_arn(set);
                id_of(&clients.call(api, || call().set_tags(Some(tags.clone())).send()).await?)
            }
            Edit::Untag(keys) => {
                let keys: Vec<String> = keys.iter().cloned().collect();
                let call = || sso.untag_resource().instance_arn(instance).resource_arn(set);
                id_of(&clients.call(api, || call().set_tag_keys(Some(keys.clone())).send()).await?)
            }
            Edit::PutBoundary(boundary) => self.put_boundary(api, at, boundary).await?,
            Edit::DeleteBoundary => {
                let call = || sso.delete_permissions_boundary_from_permission_set().instance_arn(instance);
                id_of(&clients.call(api, || call().permission_set_arn(set).send()).await?)
            }
            Edit::DetachManagedPolicy(arn) => {
                let call = || sso.detach_managed_policy_from_permission_set().instance_arn(instance);
                id_of(
                    &clients
                        .call(api, || call().permission_set_arn(set).managed_policy_arn(arn).send())
                        .await?,
                )
            }
            Edit::DetachCustomerPolicy(policy) => {
                let policy = to_reference(policy)?;
                let call = || sso.detach_customer_managed_policy_reference_from_permission_set();
                let call = || call().instance_arn(instance).permission_set_arn(set);
                id_of(
                    &clients
                        .call(api, || call().customer_managed_policy_reference(policy.clone()).send())
                        .await?,
                )
            }
            Edit::DeleteInlinePolicy => {
                let call = || sso.delete_inline_policy_from_permission_set().instance_arn(instance);
                id_of(&clients.call(api, || call().permission_set_arn(set).send()).await?)
            }
            Edit::AttachManagedPolicy(arn) => {
                let call = || sso.attach_managed_policy_to_permission_set().instance_arn(instance);
                id_of(
                    &clients
                        .call(api, || call().permission_set_arn(set).managed_policy_arn(arn).send())
                        .await?,
                )
            }
            Edit::AttachCustomerPolicy(policy) => {
                let policy = to_reference(policy)?;
                let call = || sso.attach_customer_managed_policy_reference_to_permission_set();
                let call = || call().instance_arn(instance).permission_set_arn(set);
                id_of(
                    &clients
                        .call(api, || call().customer_managed_policy_reference(policy.clone()).send())
                        .await?,
                )
            }
            Edit::PutInlinePolicy(policy) => {
                let call = || sso.put_inline_policy_to_permission_set().instance_arn(instance);
                let send = || call().permission_set_arn(set).inline_policy(policy.as_json()).send();
                id_of(&clients.call(api, send).await?)
            }
        };
        Ok(request_id)
    }

    /// AWS clears the attributes that an update omits, which is what `None` asks for.
    async fn update(
        &self,
        api: Api,
        at: SetAddress<'_>,
        attributes: &Attributes,
    ) -> Result<Option<String>, Refusal> {
        let Attributes { description, session, relay_state } = attributes;
        let call = || {
            let sso = self.clients.sso_admin();
            sso.update_permission_set().instance_arn(at.instance).permission_set_arn(at.set)
        };
        let call = || call().session_duration(session.to_iso_8601()).set_description(description.clone());
        Ok(id_of(&self.clients.call(api, || call().set_relay_state(relay_state.clone()).send()).await?))
    }

    async fn put_boundary(
        &self,
        api: Api,
        at: SetAddress<'_>,
        boundary: &Boundary,
    ) -> Result<Option<String>, Refusal> {
        let builder = PermissionsBoundary::builder();
        let boundary = match boundary {
            Boundary::ManagedPolicy(arn) => builder.managed_policy_arn(arn),
            Boundary::CustomerPolicy(policy) => {
                builder.customer_managed_policy_reference(to_reference(policy)?)
            }
        };
        let boundary = boundary.build();
        let call = || self.clients.sso_admin().put_permissions_boundary_to_permission_set();
        let call = || call().instance_arn(at.instance).permission_set_arn(at.set);
        Ok(id_of(&self.clients.call(api, || call().permissions_boundary(boundary.clone()).send()).await?))
    }

    async fn provision(&self, api: Api, arn: &str, target: ProvisionTarget) -> Result<Started, Refusal> {
        let (kind, account) = match target {
            ProvisionTarget::AllProvisionedAccounts => (ProvisionTargetType::AllProvisionedAccounts, None),
            ProvisionTarget::Account(account) => (ProvisionTargetType::AwsAccount, Some(account.to_string())),
        };
        let call = || self.clients.sso_admin().provision_permission_set().instance_arn(&self.instance);
        let call = || call().permission_set_arn(arn).target_type(kind.clone()).set_target_id(account.clone());
        let answer = self.clients.call(api, || call().send()).await?;
        let status = answer.permission_set_provisioning_status;
        let status = status.ok_or_else(|| CallError::unreadable(api, "the status is missing"))?;
        interpret(
            api,
            RequestKind::Provisioning,
            status.status.as_ref(),
            status.request_id,
            status.failure_reason,
        )
    }

    async fn create_assignment(&self, api: Api, arn: &str, row: &Assignment) -> Result<Started, Refusal> {
        let call = || self.clients.sso_admin().create_account_assignment().instance_arn(&self.instance);
        let call = || call().permission_set_arn(arn).target_type(TargetType::AwsAccount);
        let call =
            || call().target_id(row.account.to_string()).principal_type(principal_type(&row.principal));
        let answer = self.clients.call(api, || call().principal_id(row.principal.id()).send()).await?;
        let status = answer.account_assignment_creation_status;
        assignment_started(api, RequestKind::AssignmentCreation, status)
    }

    async fn delete_assignment(&self, api: Api, arn: &str, row: &Assignment) -> Result<Started, Refusal> {
        let call = || self.clients.sso_admin().delete_account_assignment().instance_arn(&self.instance);
        let call = || call().permission_set_arn(arn).target_type(TargetType::AwsAccount);
        let call =
            || call().target_id(row.account.to_string()).principal_type(principal_type(&row.principal));
        let answer = self.clients.call(api, || call().principal_id(row.principal.id()).send()).await?;
        let status = answer.account_assignment_deletion_status;
        assignment_started(api, RequestKind::AssignmentDeletion, status)
    }
}

fn id_of(answer: &impl RequestId) -> Option<String> {
    answer.request_id().map(str::to_owned)
}

fn assignment_started(
    api: Api,
    kind: RequestKind,
    status: Option<AccountAssignmentOperationStatus>,
) -> Result<Started, Refusal> {
    let status = status.ok_or_else(|| CallError::unreadable(api, "the status is missing"))?;
    interpret(api, kind, status.status.as_ref(), status.request_id, status.failure_reason)
}

/// Interprets the status in the response to a request, which may be final already.
fn interpret(
    api: Api,
    kind: RequestKind,
    status: Option<&StatusValues>,
    id: Option<String>,
    reason: Option<String>,
) -> Result<Started, Refusal> {
    match status {
        Some(StatusValues::Succeeded) => Ok(Started::Done { request_id: id }),
        Some(StatusValues::Failed) => Err(Refusal::Final(Failure {
            code: "FAILED".to_owned(),
            message: reason.unwrap_or_else(|| "AWS gives no reason".to_owned()),
            request_id: id,
        })),
        _ => {
            let id = id.ok_or_else(|| CallError::unreadable(api, "the request id is missing"))?;
            Ok(Started::Pending(Request { kind, id }))
        }
    }
}

fn to_tags(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, Failure> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<_, _>>()
        .map_err(unsendable)
}

fn to_reference(policy: &CustomerPolicy) -> Result<CustomerManagedPolicyReference, Failure> {
    CustomerManagedPolicyReference::builder()
        .name(&policy.name)
        .path(&policy.path)
        .build()
        .map_err(unsendable)
}

/// Converts the SDK's error for a request that lacks a required part.
pub(super) fn unsendable(error: impl std::fmt::Display) -> Failure {
    Failure { code: "NotSent".to_owned(), message: error.to_string(), request_id: None }
}
