//! Operations on conditional access policies.

use std::collections::BTreeSet;

use rolecall_model::ObjectId;
use rolecall_model::entra::{AccessPolicy, ConditionalAccessPolicy};
use serde_json::Value;

use super::creation::Creation;
use super::{EntraTarget, Refusal, failure};
use crate::bodies::policies::{POLICY, edited, new_policy};
use crate::failure::GraphError;
use crate::observe::list_policies;
use crate::request::{Change, Read};
use crate::routes::{CREATE_POLICY, GET_POLICY, UPDATE_POLICY};

impl EntraTarget {
    /// Creates a policy, unless an equal one of the name exists.
    pub(super) async fn create_policy(
        &self,
        application: &str,
        policy: &AccessPolicy,
    ) -> Result<Option<String>, Refusal> {
        let policy = self.with_client(application, policy)?;
        if self.exists(&policy).await? {
            return Ok(None);
        }
        let change = Change::of(CREATE_POLICY, &[]).body(&new_policy(&policy));
        // The list of policies does not lag like the directory, and takes a second or two to read.
        let policy = &policy;
        let search = |sent| async move {
            self.reader().let_it_settle(sent).await;
            Ok::<_, Refusal>(self.exists(policy).await?.then_some(()))
        };
        match self.create(|| self.change_once(application, &change), search).await? {
            Creation::Found(()) => Ok(None),
            Creation::Responded(answer) => Ok(answer.request_id),
        }
    }

    /// Returns whether an equal policy of the name exists. A different one belongs to someone else.
    async fn exists(&self, policy: &AccessPolicy) -> Result<bool, Refusal> {
        let all = list_policies(self.reader()).await?.into_iter().map(ConditionalAccessPolicy::from);
        let named: Vec<ConditionalAccessPolicy> = all.filter(|one| one.policy.name == policy.name).collect();
        if named.iter().any(|one| one.policy == *policy) {
            return Ok(true);
        }
        if named.is_empty() {
            return Ok(false);
        }
        let message = format!("a different policy named {:?} exists", policy.name);
        Err(failure("PolicyExists", message).into())
    }

    pub(super) async fn update_policy(
        &self,
        id: &ObjectId,
        application: &str,
        policy: &AccessPolicy,
    ) -> Result<Option<String>, Refusal> {
        let policy = self.with_client(application, policy)?;
        let live: Value = self.policy(id).await?;
        let change = Change::of(UPDATE_POLICY, &[id.as_str()]).body(&edited(&policy, &live));
        Ok(self.change(application, &change).await?.request_id)
    }

    pub(super) async fn policy<T: serde::de::DeserializeOwned>(
        &self,
        id: &ObjectId,
    ) -> Result<T, GraphError> {
        self.reader().get(&Read::of(GET_POLICY, &[id.as_str()]).select(POLICY)).await
    }

    /// Fills in the client id of the application if the policy names none.
    pub(super) fn with_client(
        &self,
        application: &str,
        policy: &AccessPolicy,
    ) -> Result<AccessPolicy, Refusal> {
        let mut policy = policy.clone();
        if policy.applications.is_empty() {
            policy.applications = BTreeSet::from([self.known(application)?.client.to_string()]);
        }
        Ok(policy)
    }
}
