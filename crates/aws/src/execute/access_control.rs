//! Setting attributes for access control: sent, and followed until AWS shows them as wanted.

use std::collections::BTreeMap;

use rolecall_applier::{Failure, Refusal, Started};
use tokio::time::{Instant, sleep};

use super::send::unsendable;
use super::{AwsTarget, LOOK_AGAIN_AFTER, MAKING_PATIENCE, UNSEEN_PATIENCE};
use crate::access_control::{self, Described};
use crate::api::Api;

impl AwsTarget {
    /// Sends them and waits until they are there.
    pub(super) async fn set_access_control(
        &self,
        api: Api,
        attributes: &BTreeMap<String, String>,
        is_new: bool,
    ) -> Result<Started, Refusal> {
        let configuration = access_control::configuration(attributes).map_err(unsendable)?;
        let request_id =
            access_control::set(&self.clients, api, &self.instance, &configuration, is_new).await?;
        self.follow_access_control(attributes).await?;
        Ok(Started::Done { request_id })
    }

    /// Whether they are there after all, though AWS refused: an earlier attempt set them, and its answer was lost. Where
    /// others than ours were made in the meantime, no waiting turns them into ours, and the files were compared
    /// with none: the refusal stands.
    pub(super) async fn has_access_control(
        &self,
        wanted: &BTreeMap<String, String>,
        is_new: bool,
        refused: &Failure,
    ) -> Result<bool, Failure> {
        match access_control::describe(&self.clients, &self.instance).await? {
            Described::Present { attributes, .. } if attributes == *wanted => {
                self.follow_access_control(wanted).await?;
                Ok(true)
            }
            Described::Present { .. } if is_new => Err(refused.clone()),
            Described::Failed(reason) => Err(not_made(reason)),
            Described::Present { .. } | Described::Absent => Ok(false),
        }
    }

    /// Waits until AWS has made them and shows them.
    async fn follow_access_control(&self, wanted: &BTreeMap<String, String>) -> Result<(), Failure> {
        let start = Instant::now();
        loop {
            let described = access_control::describe(&self.clients, &self.instance).await?;
            let patience = match described {
                Described::Present { attributes, is_ready: true } if attributes == *wanted => return Ok(()),
                Described::Present { is_ready: false, .. } => MAKING_PATIENCE,
                Described::Present { .. } | Described::Absent => UNSEEN_PATIENCE,
                Described::Failed(reason) => return Err(not_made(reason)),
            };
            if start.elapsed() >= patience {
                return Err(Failure {
                    code: "NotAsWanted".to_owned(),
                    message:
                        "AWS took them, but read again, the attributes are not as wanted; somebody else may \
                              have changed them"
                            .to_owned(),
                    request_id: None,
                });
            }
            sleep(LOOK_AGAIN_AFTER).await;
        }
    }
}

fn not_made(reason: String) -> Failure {
    Failure { code: "CREATION_FAILED".to_owned(), message: reason, request_id: None }
}
