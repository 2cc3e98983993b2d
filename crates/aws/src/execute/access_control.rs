//! Sets attributes for access control and waits until AWS shows them.

use std::collections::BTreeMap;

use rolecall_applier::{Failure, Refusal, Started};
use tokio::time::{Instant, sleep};

use super::send::unsendable;
use super::{AwsTarget, CREATION_TIMEOUT, POLL_INTERVAL, VISIBILITY_TIMEOUT};
use crate::access_control::{self, Described};
use crate::api::Api;

impl AwsTarget {
    /// Sends the attributes and waits until they are in effect.
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

    /// Returns whether the attributes are in effect although AWS rejected the operation, because an earlier attempt
    /// set them and its response was lost. If other attributes were created in the meantime, the error is final:
    /// waiting does not change them, and the plan was made against none.
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
            Described::Failed(reason) => Err(not_created(reason)),
            Described::Present { .. } | Described::Absent => Ok(false),
        }
    }

    /// Waits until AWS has created the attributes and shows them.
    async fn follow_access_control(&self, wanted: &BTreeMap<String, String>) -> Result<(), Failure> {
        let start = Instant::now();
        loop {
            let described = access_control::describe(&self.clients, &self.instance).await?;
            let timeout = match described {
                Described::Present { attributes, is_ready: true } if attributes == *wanted => return Ok(()),
                Described::Present { is_ready: false, .. } => CREATION_TIMEOUT,
                Described::Present { .. } | Described::Absent => VISIBILITY_TIMEOUT,
                Described::Failed(reason) => return Err(not_created(reason)),
            };
            if start.elapsed() >= timeout {
                return Err(Failure {
                    code: "NotAsWanted".to_owned(),
                    message:
                        "AWS accepted the attributes, but shows others; someone else may have changed them"
                            .to_owned(),
                    request_id: None,
                });
            }
            sleep(POLL_INTERVAL).await;
        }
    }
}

fn not_created(reason: String) -> Failure {
    Failure { code: "CREATION_FAILED".to_owned(), message: reason, request_id: None }
}
