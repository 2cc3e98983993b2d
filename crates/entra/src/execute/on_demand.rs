//! Provisioning on demand: a group and its members, five at a time.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use rolecall_applier::Failure;
use rolecall_model::ObjectId;
use tokio::time::Instant;

use super::{EntraTarget, PATIENCE, Refusal, failure};
use crate::bodies::synchronization::{
    Links, OnDemand, OnDemandAnswer, OnDemandEvent, OnDemandEvents, OnDemandParameters, OnDemandResult,
    StatusInfo, Subject,
};
use crate::client::Answer;
use crate::failure::{GraphError, Kind};
use crate::observe::synchronization::group_rule;
use crate::request::Change;
use crate::routes::PROVISION_ON_DEMAND;

/// The most members in one call (how-to page of on-demand provisioning).
const MOST_MEMBERS: usize = 5;

/// What a reply means.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The group is there, or on its way.
    Done,
    /// The service does not see the assignment yet that makes the group one to be provisioned.
    NotAssignedYet(Failure),
    /// Something else is wrong.
    Failed(Failure),
}

impl EntraTarget {
    /// Provisions a group: one call for every five members, and at least one.
    ///
    /// Without the permission for it the step is done all the same: the group comes with the next cycle of the job, as
    /// [`EntraTarget::waiting_for_cycle`] tells. Whether it came is for whoever waits for it in the Identity Store.
    pub(super) async fn provision_group(
        &self,
        application: &str,
        group: &ObjectId,
        name: &str,
        members: &BTreeSet<ObjectId>,
    ) -> Result<Option<String>, Refusal> {
        let (id, job) = self.job(application).await?;
        let rule = self.rule(application, &id, &job).await?;
        let members: Vec<&ObjectId> = members.iter().collect();
        let mut calls: Vec<&[&ObjectId]> = members.chunks(MOST_MEMBERS).collect();
        if calls.is_empty() {
            calls.push(&[]);
        }
        let mut request_id = None;
        for members in calls {
            let change =
                Change::of(PROVISION_ON_DEMAND, &[id.as_str(), &job]).body(&order(&rule, group, members));
            match self.provision(application, name, &change).await {
                Ok(id) => request_id = id,
                Err(Refusal::Call(error)) if error.kind == Kind::Denied => {
                    let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                    waiting.insert(group.clone(), name.to_owned());
                    return Ok(error.request_id);
                }
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(request_id)
    }

    /// Sends one call, and again while the service does not see the group's assignment, which was made a moment ago.
    async fn provision(
        &self,
        application: &str,
        name: &str,
        change: &Change,
    ) -> Result<Option<String>, Refusal> {
        let deadline = Instant::now() + PATIENCE;
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = self.change(application, change).await?;
            match judge(name, &answer)? {
                Verdict::Done => return Ok(answer.request_id),
                Verdict::NotAssignedYet(_) if Instant::now() < deadline => {
                    self.reader().let_it_settle(tries).await;
                }
                Verdict::NotAssignedYet(failure) | Verdict::Failed(failure) => return Err(failure.into()),
            }
        }
    }

    /// The id of the rule for groups, which is read where it is not known.
    async fn rule(&self, application: &str, id: &ObjectId, job: &str) -> Result<String, Refusal> {
        if let Some(rule) = self.known(application)?.group_rule {
            return Ok(rule);
        }
        let Some(rule) = group_rule(self.reader(), id, job).await? else {
            let message = format!("the provisioning of {application:?} has no rule for groups");
            return Err(failure("UnknownRule", message).into());
        };
        if let Some(known) = self.lock().get_mut(application) {
            known.group_rule = Some(rule.clone());
        }
        Ok(rule)
    }
}

fn order<'a>(rule: &'a str, group: &'a ObjectId, members: &[&'a ObjectId]) -> OnDemand<'a> {
    let members = members.iter().map(|id| Subject { object_id: id, object_type_name: "User", links: None });
    let links = Links { members: members.collect() };
    let links = (!links.members.is_empty()).then_some(links);
    let group = Subject { object_id: group, object_type_name: "Group", links };
    OnDemand { parameters: [OnDemandParameters { rule_id: rule, subjects: [group] }] }
}

/// What a reply says. Its parts are JSON inside of strings.
fn judge(name: &str, answer: &Answer) -> Result<Verdict, GraphError> {
    let unreadable = |error: serde_json::Error| GraphError::unreadable(PROVISION_ON_DEMAND.0, error);
    let OnDemandAnswer { key, value } = serde_json::from_slice(&answer.body).map_err(unreadable)?;
    let OnDemandResult { result, details } = serde_json::from_str(&key).map_err(unreadable)?;
    let events = match value.as_deref().filter(|value| !value.trim().is_empty()) {
        Some(value) => match serde_json::from_str(value).map_err(unreadable)? {
            OnDemandEvents::One(event) => vec![event],
            OnDemandEvents::Several(events) => events,
        },
        None => Vec::new(),
    };
    let detail = |name: &str| {
        let value = details.as_ref().and_then(|details| details.get(name));
        value.and_then(|value| value.as_str()).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let statuses = || events.iter().filter_map(|event| event.status_info.as_ref());
    let code = detail("errorCode")
        .or_else(|| statuses().find_map(|StatusInfo { error_code, reason: _ }| error_code.clone()));
    let reason = detail("errorMessage")
        .or_else(|| statuses().find_map(|StatusInfo { error_code: _, reason }| reason.clone()))
        .or_else(|| events.iter().find_map(failed_step));
    if result.eq_ignore_ascii_case("Success") {
        return Ok(Verdict::Done);
    }
    let code = code.unwrap_or_else(|| format!("ProvisioningOnDemand{result}"));
    let reason = reason.unwrap_or_else(|| "Entra gives no reason".to_owned());
    let failure = Failure {
        message: format!("group {name:?} was not provisioned ({}): {reason}", result.to_lowercase()),
        code,
        request_id: answer.request_id.clone(),
    };
    Ok(match failure.code.as_str() {
        // What is wanted is there already.
        "RedundantExport" => Verdict::Done,
        "NotEffectivelyEntitled" => Verdict::NotAssignedYet(failure),
        _ => Verdict::Failed(failure),
    })
}

/// What the first step that failed says.
fn failed_step(event: &OnDemandEvent) -> Option<String> {
    let failed = event
        .provisioning_steps
        .iter()
        .find(|step| step.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("failure")));
    failed.and_then(|step| step.description.clone())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::*;

    fn judged(key: &Value, value: &Value) -> Verdict {
        let body = json!({ "key": key.to_string(), "value": value.to_string() });
        judge("devs", &Answer { body: Bytes::from(body.to_string()), request_id: None }).unwrap()
    }

    #[test]
    fn a_reply_is_json_inside_of_json() {
        let steps = json!({ "provisioningSteps": [{ "name": "EntryExportAdd", "status": "Success" }] });
        assert_eq!(judged(&json!({ "result": "Success", "details": {} }), &steps), Verdict::Done);
        assert_eq!(judged(&json!({ "result": "Success" }), &json!([steps])), Verdict::Done);
        let redundant =
            json!({ "statusInfo": { "errorCode": "RedundantExport", "reason": "already match" } });
        assert_eq!(
            judged(&json!({ "result": "Skipped", "details": null }), &json!([redundant])),
            Verdict::Done
        );
    }

    #[test]
    fn a_failure_has_a_reason() {
        let step = json!({ "status": "Failure", "description": "The token is not accepted" });
        let value = json!([{ "provisioningSteps": [{ "status": "Success" }, step] }]);
        let Verdict::Failed(failure) = judged(&json!({ "result": "Failure" }), &value) else {
            panic!("a failure")
        };
        assert_eq!(
            failure.message,
            "group \"devs\" was not provisioned (failure): The token is not accepted"
        );
        let details = json!({ "errorCode": "NotEffectivelyEntitled", "errorMessage": "not assigned" });
        let verdict = judged(&json!({ "result": "Skipped", "details": details }), &json!([]));
        assert!(
            matches!(verdict, Verdict::NotAssignedYet(failure) if failure.message.ends_with("not assigned"))
        );
    }

    #[test]
    fn what_cannot_be_read_is_no_success() {
        let answer =
            Answer { body: Bytes::from_static(b"{\"key\": \"Success\", \"value\": null}"), request_id: None };
        assert!(judge("devs", &answer).is_err());
    }
}
