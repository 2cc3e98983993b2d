//! Reads the live state again after AWS reported a conflict or "not found".

use std::collections::BTreeMap;

use rolecall_applier::Failure;
use rolecall_model::operation::Attributes;
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::{AwsOperation, Edit, PermissionSetName};

use super::{AwsTarget, principals};
use crate::permission_set::{self, SetAddress};
use crate::retry::CallError;

impl AwsTarget {
    /// Returns whether the live state is as the operation wants it. `refused` is AWS's response to the operation.
    pub(super) async fn reads_as_wanted(
        &self,
        operation: &AwsOperation,
        refused: &Failure,
    ) -> Result<bool, Failure> {
        match operation {
            AwsOperation::CreatePermissionSet { permission_set, attributes, tags } => {
                self.is_created(permission_set, attributes, tags, refused).await
            }
            AwsOperation::Edit { permission_set, edit } => {
                let arn = self.arn(permission_set)?;
                Ok(self.is_edited(self.address(&arn), edit).await?)
            }
            // The effect of a provision cannot be read, so it is sent again.
            AwsOperation::Provision { .. } => Ok(false),
            AwsOperation::CreateAssignment(row) => {
                let arn = self.arn(&row.permission_set)?;
                let principals = principals(&self.clients, self.address(&arn), row.account).await?;
                Ok(principals.contains(&self.resolve(row)?.principal))
            }
            AwsOperation::DeleteAssignment(row) => {
                let arn = self.arn(&row.permission_set)?;
                let principals = principals(&self.clients, self.address(&arn), row.account).await?;
                Ok(!principals.contains(&self.resolve(row)?.principal))
            }
            AwsOperation::DeletePermissionSet { permission_set } => {
                let arn = self.arn(permission_set)?;
                Ok(!permission_set::exists(&self.clients, self.address(&arn)).await?)
            }
            AwsOperation::SetAccessControl { attributes, is_new } => {
                self.has_access_control(attributes, *is_new, refused).await
            }
        }
    }

    /// Returns whether the permission set exists as an earlier attempt created it, whose response was lost. Another
    /// permission set of that name belongs to someone else, and waiting does not remove it.
    async fn is_created(
        &self,
        name: &PermissionSetName,
        attributes: &Attributes,
        tags: &BTreeMap<String, String>,
        refused: &Failure,
    ) -> Result<bool, Failure> {
        let Some((arn, found)) = self.find(name).await? else {
            return Ok(false);
        };
        let live = permission_set::tags(&self.clients, self.address(&arn)).await?;
        let is_ours = tags.get(STACK_TAG).is_some_and(|stack| live.get(STACK_TAG) == Some(stack));
        if !is_ours || found != *attributes {
            return Err(refused.clone());
        }
        self.learn(name, arn);
        Ok(true)
    }

    /// Finds a permission set by its name, with one call for each one until it is found.
    async fn find(&self, name: &PermissionSetName) -> Result<Option<(String, Attributes)>, CallError> {
        for arn in permission_set::list(&self.clients, &self.instance).await? {
            let found = permission_set::describe(&self.clients, self.address(&arn)).await?;
            if found.name == *name {
                return Ok(Some((arn, found.attributes()?)));
            }
        }
        Ok(None)
    }

    async fn is_edited(&self, at: SetAddress<'_>, edit: &Edit) -> Result<bool, CallError> {
        let clients = &self.clients;
        match edit {
            Edit::SetAttributes(attributes) => {
                Ok(permission_set::describe(clients, at).await?.attributes()? == *attributes)
            }
            Edit::Tag(tags) => {
                let live = permission_set::tags(clients, at).await?;
                Ok(tags.iter().all(|(key, value)| live.get(key) == Some(value)))
            }
            Edit::Untag(keys) => {
                let live = permission_set::tags(clients, at).await?;
                Ok(!keys.iter().any(|key| live.contains_key(key)))
            }
            Edit::PutBoundary(boundary) => {
                Ok(permission_set::boundary(clients, at).await?.is_some_and(|live| live == *boundary))
            }
            // A permission set that does not exist has no boundary either.
            Edit::DeleteBoundary => Ok(permission_set::exists(clients, at).await?
                && permission_set::boundary(clients, at).await?.is_none()),
            Edit::DetachManagedPolicy(arn) => {
                Ok(!permission_set::managed_policies(clients, at).await?.contains(arn))
            }
            Edit::DetachCustomerPolicy(policy) => {
                Ok(!permission_set::customer_policies(clients, at).await?.contains(policy))
            }
            Edit::DeleteInlinePolicy => Ok(permission_set::inline_policy(clients, at).await?.is_none()),
            Edit::AttachManagedPolicy(arn) => {
                Ok(permission_set::managed_policies(clients, at).await?.contains(arn))
            }
            Edit::AttachCustomerPolicy(policy) => {
                Ok(permission_set::customer_policies(clients, at).await?.contains(policy))
            }
            Edit::PutInlinePolicy(policy) => {
                Ok(permission_set::inline_policy(clients, at).await?.is_some_and(|live| live == *policy))
            }
        }
    }
}
