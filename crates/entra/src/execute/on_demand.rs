//! Provisions a group on demand, with its members, five per request.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use rolecall_applier::Failure;
use rolecall_model::ObjectId;
use tokio::time::Instant;

use super::{EntraTarget, Refusal, SETTLE_TIMEOUT, failure};
use crate::bodies::synchronization::{
    Links, OnDemand, OnDemandAnswer, OnDemandEvent, OnDemandEvents, OnDemandParameters, OnDemandResult,
    StatusInfo, Subject,
};
use crate::client::Answer;
use crate::failure::{GraphError, Kind};
use crate::observe::synchronization::group_rule;
use crate::request::Change;
use crate::routes::PROVISION_ON_DEMAND;

/// Maximum number of members in one request (how-to page of on-demand provisioning).
const MOST_MEMBERS: usize = 5;

/// The meaning of a response.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The group is provisioned, or will be soon.
    Done,
    /// The service does not see the new assignment of the group yet.
    NotAssignedYet(Failure),
    /// Provisioning failed.
    Failed(Failure),
}

impl EntraTarget {
    /// Provisions a group: one request per five members, and at least one.
    ///
    /// Without the permission, the operation succeeds all the same: the group arrives with the next provisioning
    /// cycle, as [`EntraTarget::waiting_for_cycle`] reports. Whether it arrived is for the wait on the Identity Store
    /// to find out.
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

    /// Sends a request, and retries while the service does not see the group's new assignment.
    async fn provision(
        &self,
        application: &str,
        name: &str,
        change: &Change,
    ) -> Result<Option<String>, Refusal> {
        let deadline = Instant::now() + SETTLE_TIMEOUT;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let answer = self.change(application, change).await?;
            match interpret(name, &answer)? {
                Verdict::Done => return Ok(answer.request_id),
                Verdict::NotAssignedYet(_) if Instant::now() < deadline => {
                    self.reader().let_it_settle(attempts).await;
                }
                Verdict::NotAssignedYet(failure) | Verdict::Failed(failure) => return Err(failure.into()),
            }
        }
    }

    /// Returns the id of the group rule, and reads it if it is unknown.
    async fn rule(&self, application: &str, id: &ObjectId, job: &str) -> Result<String, Refusal> {
        if let Some(rule) = self.known(application)?.group_rule {
            return Ok(rule);
        }
        let Some(rule) = group_rule(self.reader(), id, job).await? else {
            let message = format!("the synchronization schema of {application:?} has no rule for groups");
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

/// Interprets a response. Its parts are JSON in strings.
fn interpret(name: &str, answer: &Answer) -> Result<Verdict, GraphError> {
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
    let reason = reason.unwrap_or_else(|| "Entra ID gives no reason".to_owned());
    let failure = Failure {
        message: format!("group {name:?} was not provisioned ({}): {reason}", result.to_lowercase()),
        code,
        request_id: answer.request_id.clone(),
    };
    Ok(match failure.code.as_str() {
        // The group is already as wanted.
        "RedundantExport" => Verdict::Done,
        "NotEffectivelyEntitled" => Verdict::NotAssignedYet(failure),
        _ => Verdict::Failed(failure),
    })
}

/// Returns the description of the first failed step.
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

    fn interpreted(key: &Value, value: &Value) -> Verdict {
        let body = json!({ "key": key.to_string(), "value": value.to_string() });
        interpret("devs", &Answer { body: Bytes::from(body.to_string()), request_id: None }).unwrap()
    }

    #[test]
    fn a_response_is_json_in_json() {
        let steps = json!({ "provisioningSteps": [{ "name": "EntryExportAdd", "status": "Success" }] });
        assert_eq!(interpreted(&json!({ "result": "Success", "details": {} }), &steps), Verdict::Done);
        assert_eq!(interpreted(&json!({ "result": "Success" }), &json!([steps])), Verdict::Done);
        let redundant =
            json!({ "statusInfo": { "errorCode": "RedundantExport", "reason": "already match" } });
        assert_eq!(
            interpreted(&json!({ "result": "Skipped", "details": null }), &json!([redundant])),
            Verdict::Done
        );
    }

    #[test]
    fn a_failure_has_a_reason() {
        let step = json!({ "status": "Failure", "description": "The token is not accepted" });
        let value = json!([{ "provisioningSteps": [{ "status": "Success" }, step] }]);
        let Verdict::Failed(failure) = interpreted(&json!({ "result": "Failure" }), &value) else {
            panic!("a failure")
        };
        assert_eq!(
            failure.message,
            "group \"devs\" was not provisioned (failure): The token is not accepted"
        );
        let details = json!({ "errorCode": "NotEffectivelyEntitled", "errorMessage": "not assigned" });
        let verdict = interpreted(&json!({ "result": "Skipped", "details": details }), &json!([]));
        assert!(
            matches!(verdict, Verdict::NotAssignedYet(failure) if failure.message.ends_with("not assigned"))
        );
    }

    #[test]
    fn an_unreadable_response_is_not_a_success() {
        let answer =
            Answer { body: Bytes::from_static(b"{\"key\": \"Success\", \"value\": null}"), request_id: None };
        assert!(interpret("devs", &answer).is_err());
    }
}
