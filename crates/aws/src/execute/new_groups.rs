//! Groups of Entra ID that arrive in the Identity Store during an apply.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_identitystore::types::{AlternateIdentifier, UniqueAttribute};
use aws_smithy_types::Document;
use rolecall_applier::{CancellationToken, Failure, Started};
use rolecall_model::operation::AwaitedGroup;
use rolecall_model::{Assignment, GroupId, ObjectId, Principal};
use tokio::time::{Instant, sleep};

use super::AwsTarget;
use crate::api::Api;
use crate::retry::{CallError, Kind};

/// Poll interval while waiting for a group. Provisioning on demand takes about a minute, a provisioning cycle about
/// 40.
const POLL_INTERVAL: Duration = Duration::from_secs(10);
/// How long to wait for a group: more than two provisioning cycles.
const TIMEOUT: Duration = Duration::from_secs(90 * 60);

impl AwsTarget {
    /// Waits until the Identity Store has a group with this external id.
    pub(super) async fn wait_for_group(
        &self,
        awaited: &AwaitedGroup,
        stop: &CancellationToken,
    ) -> Result<Started, Failure> {
        let AwaitedGroup { group, name } = awaited;
        let deadline = Instant::now() + TIMEOUT;
        loop {
            if let Some(id) = self.find_group(group, name).await? {
                self.new_groups().insert(group.clone(), id);
                return Ok(Started::Done { request_id: None });
            }
            if Instant::now() >= deadline || stop.is_cancelled() {
                return Err(Failure {
                    code: "GroupNotProvisioned".to_owned(),
                    message: format!(
                        "group {name} ({group}) did not arrive in the Identity Store; see the provisioning logs in Entra ID"
                    ),
                    request_id: None,
                });
            }
            // When the apply is cancelled, the group is looked up one last time.
            let _ = stop.run_until_cancelled(sleep(POLL_INTERVAL)).await;
        }
    }

    /// Finds the group with this external id. A lookup by external id needs its issuer, which is not documented for
    /// Entra ID; so the group is looked up by name and its external ids are compared.
    async fn find_group(&self, group: &ObjectId, name: &str) -> Result<Option<GroupId>, CallError> {
        let api = Api::identity_store("GetGroupId");
        let attribute = UniqueAttribute::builder()
            .attribute_path("displayName")
            .attribute_value(Document::String(name.to_owned()))
            .build()
            .map_err(|error| CallError::unreadable(api, error))?;
        let store = &self.identity_store;
        let identity_store = self.clients.identity_store();
        let answer = self
            .clients
            .call(api, || {
                let call = identity_store.get_group_id().identity_store_id(store);
                call.alternate_identifier(AlternateIdentifier::UniqueAttribute(attribute.clone())).send()
            })
            .await;
        let id = match answer {
            Ok(answer) => answer.group_id,
            Err(error) if error.kind == Kind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let api = Api::identity_store("DescribeGroup");
        let answer = self
            .clients
            .call(api, || identity_store.describe_group().identity_store_id(store).group_id(&id).send())
            .await;
        let external = match answer {
            Ok(answer) => answer.external_ids.unwrap_or_default(),
            Err(error) if error.kind == Kind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // A group of this name with another external id is about to be deleted: the name was reused. One without
        // external ids was created in AWS by hand and is not the declared group.
        let is_it = external.iter().any(|external| external.id.eq_ignore_ascii_case(group.as_str()));
        if !is_it {
            return Ok(None);
        }
        id.parse().map(Some).map_err(|error| CallError::unreadable(api, error))
    }

    /// Returns the assignment as AWS knows it: with the Identity Store id of a group that has arrived.
    pub(super) fn resolve(&self, assignment: &Assignment) -> Result<Assignment, Failure> {
        let Principal::NewGroup(group) = &assignment.principal else { return Ok(assignment.clone()) };
        let id = self.new_groups().get(group).cloned().ok_or_else(|| Failure {
            code: "GroupNotProvisioned".to_owned(),
            message: format!("group {group} of Entra ID is not in the Identity Store"),
            request_id: None,
        })?;
        Ok(Assignment { principal: Principal::Group(id), ..assignment.clone() })
    }

    /// Adds new groups by the ids that operations use for them.
    pub(super) fn with_new_groups(&self, mut principals: BTreeSet<Principal>) -> BTreeSet<Principal> {
        for (object, id) in self.new_groups().iter() {
            if principals.contains(&Principal::Group(id.clone())) {
                principals.insert(Principal::NewGroup(object.clone()));
            }
        }
        principals
    }
}
