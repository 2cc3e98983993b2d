//! `provisionOnDemand`: provisions a group and up to five of its members immediately.

use std::collections::BTreeSet;
use std::time::Duration;

use rolecall_model::ObjectId;
use rolecall_model::entra::{DirectoryGroup, SyncJob, SyncState};
use serde_json::{Value, json};

use super::ask::Ask;
use super::listing::context;
use super::provisioning::{self, has_special_characters, lacks_attributes};
use super::secrets::{REFUSED, REFUSED_MESSAGE};
use super::synchronization::named_job;
use super::tenancy::{Due, Tenancy};
use super::wire::{Done, GraphAnswer, GraphFailure};
use crate::world::World;

/// The most members in one call (how-to page of on-demand provisioning).
const MOST_MEMBERS: usize = 5;

/// The order of a call.
struct Order {
    group: ObjectId,
    members: BTreeSet<ObjectId>,
}

/// The result of an order.
struct Verdict {
    /// `Success`, `Skipped` or `Failure`.
    result: &'static str,
    /// Code and message, unless it succeeded.
    error: Option<(&'static str, String)>,
    /// The name, type, status and description of each step.
    steps: Vec<(&'static str, &'static str, &'static str, String)>,
}

/// Decides on an order immediately, and schedules its effect for a moment later.
pub(super) fn provision(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let (service_principal, job) = named_job(tenancy, world, ask)?;
    if job.state == SyncState::NotConfigured {
        return Err(GraphFailure::new(400, "CredentialsMissing", "The job has no credentials."));
    }
    let order = read(ask, job)?;
    let job = job.clone();
    let verdict = judge(tenancy, world, &service_principal, &order);
    let body = render(tenancy, world, &order, &verdict);
    if verdict.result == "Success" {
        let mean = world.settings.provisioning_latency_mean;
        let at = world.now + world.source.directory_latency(mean.min(Duration::from_secs(24 * 60 * 60)));
        let Order { group, members } = order;
        tenancy.schedule(at, Due::OnDemand { service_principal, job: job.id, group, members });
    }
    Ok(Done::ok(body))
}

fn read(ask: &Ask<'_>, job: &SyncJob) -> Result<Order, GraphFailure> {
    let [parameters] = list(&ask.body["parameters"]) else {
        return Err(GraphFailure::invalid("Exactly one set of parameters is needed."));
    };
    if parameters["ruleId"].as_str().is_none_or(|rule| job.group_rule_id.as_deref() != Some(rule)) {
        return Err(GraphFailure::invalid("The rule does not exist, or is not that of groups."));
    }
    let [subject] = list(&parameters["subjects"]) else {
        return Err(GraphFailure::invalid("Exactly one group can be provisioned in a call."));
    };
    if subject["objectTypeName"].as_str() != Some("Group") {
        return Err(GraphFailure::invalid(
            "The sandbox provisions groups on demand, with objectTypeName 'Group'.",
        ));
    }
    let id = |value: &Value| value["objectId"].as_str().and_then(|id| id.parse::<ObjectId>().ok());
    let group = id(subject).ok_or_else(|| GraphFailure::invalid("A subject needs an objectId."))?;
    let links = list(&subject["links"]["members"]);
    if links.len() > MOST_MEMBERS {
        return Err(GraphFailure::invalid("At most 5 members can be provisioned in a call."));
    }
    let member = |link: &Value| id(link).filter(|_| link["objectTypeName"].as_str() == Some("User"));
    let members: Option<BTreeSet<ObjectId>> = links.iter().map(member).collect();
    let members = members
        .ok_or_else(|| GraphFailure::invalid("A member needs an objectId and objectTypeName 'User'."))?;
    Ok(Order { group, members })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn judge(tenancy: &Tenancy, world: &World, service_principal: &ObjectId, order: &Order) -> Verdict {
    let tenant = tenancy.tenant();
    let mut steps = Vec::new();
    let refuse = |result, code, message: &str, steps| Verdict {
        result,
        error: Some((code, message.to_owned())),
        steps,
    };
    let Some(group) = tenant.group(&order.group) else {
        steps.push(("EntryImport", "Import", "Failure", "The group was not found.".to_owned()));
        return refuse("Failure", "EntryNotFound", "The group does not exist in the source system.", steps);
    };
    let name = &group.display_name;
    steps.push((
        "EntryImport",
        "Import",
        "Success",
        format!("Retrieved Group '{name}' from Azure Active Directory"),
    ));
    if !tenancy.has_good_secrets(service_principal) {
        steps.push(("EntryImport", "Matching", "Failure", REFUSED_MESSAGE.to_owned()));
        return refuse("Failure", REFUSED, REFUSED_MESSAGE, steps);
    }
    if has_special_characters(name) {
        let message = "The name has characters that the target system's filter does not take.";
        steps.push(("EntryImport", "Matching", "Failure", message.to_owned()));
        return refuse("Failure", provisioning::UNMATCHED, message, steps);
    }
    steps.push((
        "EntryImport",
        "Matching",
        "Success",
        format!("Looked for Group '{name}' in the target system"),
    ));
    if !provisioning::is_assigned(tenant, service_principal, &order.group) {
        let message = "The group is not assigned to the application.";
        steps.push(("EntrySynchronizationScoping", "Scoping", "Skipped", message.to_owned()));
        return refuse("Skipped", "NotEffectivelyEntitled", message, steps);
    }
    steps.push((
        "EntrySynchronizationScoping",
        "Scoping",
        "Success",
        "Determine if Group in scope by evaluating against each scoping filter".to_owned(),
    ));
    for id in &order.members {
        let user = tenant.user(id).filter(|_| group.members.contains(id));
        let status = match user {
            Some(user) if !lacks_attributes(user) => "Success",
            Some(_) | None => "Skipped",
        };
        let who = user.map_or(id.as_str(), |user| user.user_principal_name.as_str());
        steps.push(("EntryExportAdd", "Export", status, format!("Member '{who}' of Group '{name}'")));
    }
    if is_redundant(tenancy, world, group, order) {
        let message = "The state of the group in both the source and target systems already match.";
        steps.push(("EntrySynchronizationSkip", "Export", "Skipped", message.to_owned()));
        return refuse("Skipped", "RedundantExport", message, steps);
    }
    steps.push((
        "EntryExportAdd",
        "Export",
        "Success",
        format!("Group '{name}' was created in the target system"),
    ));
    Verdict { result: "Success", error: None, steps }
}

/// Returns whether the Identity Store has everything that the order asks for.
fn is_redundant(tenancy: &Tenancy, world: &World, group: &DirectoryGroup, order: &Order) -> bool {
    let Some(target) = tenancy.linked.get(&group.id).and_then(|id| world.directory.group(id)) else {
        return false;
    };
    let carried = tenancy.carried.get(&group.id);
    target.display_name == group.display_name
        && target.external_ids.iter().any(|external| external.id == group.id.as_str())
        && order.members.iter().all(|member| carried.is_some_and(|carried| carried.contains(member)))
}

/// Returns the answer, whose `key` and `value` are JSON inside strings.
fn render(tenancy: &Tenancy, world: &World, order: &Order, verdict: &Verdict) -> Value {
    let Verdict { result, error, steps } = verdict;
    let at = world.calendar(world.now).to_string();
    let details = match error {
        None => json!({}),
        Some((code, message)) => json!({ "errorCode": code, "errorMessage": message }),
    };
    let group = tenancy.tenant().group(&order.group);
    let target = tenancy.linked.get(&order.group);
    let steps: Vec<Value> = steps
        .iter()
        .map(|(name, kind, status, description)| {
            json!({
                "name": name,
                "type": kind,
                "status": status,
                "description": description,
                "timestamp": at,
                "details": {},
            })
        })
        .collect();
    let value = json!({
        "action": if *result == "Success" { "Create" } else { "Other" },
        "changeId": crate::random::uuid_of(&[b"change", at.as_bytes(), order.group.as_str().as_bytes()]),
        "startTime": at,
        "endTime": at,
        "modifiedProperties": [],
        "provisioningSteps": steps,
        "reportableIdentifier": group.map(|group| group.display_name.as_str()),
        "statusInfo": {
            "status": result,
            "errorCode": error.as_ref().map(|(code, _)| code),
            "reason": error.as_ref().map(|(_, message)| message),
            "additionalDetails": null,
            "errorCategory": null,
            "recommendedAction": null,
        },
        "sourceIdentity": {
            "id": order.group.as_str(),
            "type": "Group",
            "displayName": group.map(|group| group.display_name.as_str()),
            "details": null,
        },
        "sourceSystem": { "id": null, "name": "Azure Active Directory", "details": null },
        "targetIdentity": {
            "id": target.map(|id| id.as_str()),
            "type": "urn:ietf:params:scim:schemas:core:2.0:Group",
            "displayName": null,
            "details": null,
        },
        "targetSystem": { "id": null, "name": "AWS IAM Identity Center", "details": null },
    });
    json!({
        "@odata.context": context("microsoft.graph.stringKeyStringValuePair", ""),
        "key": json!({ "result": result, "details": details }).to_string(),
        "value": value.to_string(),
    })
}
