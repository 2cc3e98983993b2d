//! Groups of Entra ID that come to the Identity Store while an apply runs.

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

/// How often it is looked for. Provisioning on demand takes about a minute, a cycle about 40.
const INTERVAL: Duration = Duration::from_secs(10);
/// How long it is waited for: two cycles of provisioning, and some.
const PATIENCE: Duration = Duration::from_secs(90 * 60);

impl AwsTarget {
    /// Waits until the Identity Store has a group with this external id.
    pub(super) async fn find_awaited(
        &self,
        awaited: &AwaitedGroup,
        stop: &CancellationToken,
    ) -> Result<Started, Failure> {
        let AwaitedGroup { group, name } = awaited;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(id) = self.find_group(group, name).await? {
                self.new_groups().insert(group.clone(), id);
                return Ok(Started::Done { request_id: None });
            }
            if Instant::now() >= deadline || stop.is_cancelled() {
                return Err(Failure {
                    code: "GroupNotProvisioned".to_owned(),
                    message: format!(
                        "group {name} ({group}) is not in the Identity Store; see the provisioning logs in Entra ID"
                    ),
                    request_id: None,
                });
            }
            // A last look, when the apply is to stop.
            let _ = stop.run_until_cancelled(sleep(INTERVAL)).await;
        }
    }

    /// The group of that external id. The issuer that external ids from Entra carry is not documented, and a look-up by
    /// external id needs it; so the group is looked up by its name, and its external ids are compared.
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
        // A group of that name with another id is one that is about to go: the name was given again.
        // One without any was made in AWS by hand, and is nobody's that the files mean.
        let is_it = external.iter().any(|external| external.id.eq_ignore_ascii_case(group.as_str()));
        if !is_it {
            return Ok(None);
        }
        id.parse().map(Some).map_err(|error| CallError::unreadable(api, error))
    }

    /// The row as AWS knows it: a group that came meanwhile has an id by now.
    pub(super) fn resolved(&self, row: &Assignment) -> Result<Assignment, Failure> {
        let Principal::NewGroup(group) = &row.principal else { return Ok(row.clone()) };
        let id = self.new_groups().get(group).cloned().ok_or_else(|| Failure {
            code: "GroupNotProvisioned".to_owned(),
            message: format!("group {group} of Entra ID is not in the Identity Store"),
            request_id: None,
        })?;
        Ok(Assignment { principal: Principal::Group(id), ..row.clone() })
    }

    /// Adds the new groups under the names that operations have for them.
    pub(super) fn with_new_groups(&self, mut principals: BTreeSet<Principal>) -> BTreeSet<Principal> {
        for (object, id) in self.new_groups().iter() {
            if principals.contains(&Principal::Group(id.clone())) {
                principals.insert(Principal::NewGroup(object.clone()));
            }
        }
        principals
    }
}
