//! Synchronization jobs: templates, states, schema.

use jiff::Timestamp;
use rolecall_model::ObjectId;
use rolecall_model::entra::{Quarantine, SyncJob, SyncState};
use serde_json::{Value, json};

use super::ask::Ask;
use super::listing::{Entity, context};
use super::tenancy::{FIRST_CYCLE, QUARANTINE_INTERVAL, Run, Tenancy};
use super::wire::{Done, GraphAnswer, GraphFailure};
use crate::world::World;

/// The template of the gallery application, and the prefix of its jobs' ids.
pub(crate) const TEMPLATE: &str = "aws";
/// The interval of a job, in seconds.
const INTERVAL_SECONDS: u32 = 40 * 60;

const JOB: Entity = Entity {
    name: "SynchronizationJob",
    context: "synchronizationJob",
    properties: &["id", "templateId", "schedule", "status", "synchronizationJobSettings"],
    on_request: &[],
    filterable: &["templateId"],
    is_exact: false,
};

const SYNC_TEMPLATE: Entity = Entity {
    name: "SynchronizationTemplate",
    context: "synchronizationTemplate",
    properties: &["id", "applicationId", "default", "description", "discoverable", "factoryTag", "metadata"],
    on_request: &[],
    filterable: &["factoryTag"],
    is_exact: false,
};

/// The criteria of a restart.
const SCOPES: [&str; 7] =
    ["none", "connectordatastore", "escrows", "watermark", "quarantinestate", "full", "forcedeletes"];

pub(super) fn list_templates(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = ask.first();
    let application = tenancy.service_principal(id, world.now)?;
    let template = json!({
        "id": TEMPLATE,
        "applicationId": application.client_id.as_str(),
        "default": true,
        "description": null,
        "discoverable": true,
        "factoryTag": TEMPLATE,
        "metadata": [],
    });
    SYNC_TEMPLATE.page(tenancy, ask, std::iter::once((TEMPLATE.to_owned(), template)))
}

pub(super) fn list(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = ask.first();
    let application = tenancy.service_principal(id, world.now)?;
    let jobs = application.jobs.iter();
    JOB.page(
        tenancy,
        ask,
        jobs.map(|job| (job.id.clone(), render(tenancy, &application.service_principal_id, job))),
    )
}

pub(super) fn get(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let (service_principal, job) = named_job(tenancy, world, ask)?;
    JOB.one(ask, render(tenancy, &service_principal, job))
}

pub(super) fn create(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = ask.first();
    let application = tenancy.service_principal(id, world.now)?;
    if ask.body["templateId"].as_str() != Some(TEMPLATE) {
        return Err(GraphFailure::new(
            400,
            "InvalidTemplate",
            "The template does not belong to the application.",
        ));
    }
    if !application.jobs.is_empty() {
        return Err(GraphFailure::new(
            409,
            "JobAlreadyExists",
            "The application has a job of this template.",
        ));
    }
    let id = application.service_principal_id.clone();
    let tenant = tenancy.tenant().id.replace('-', "");
    let has_secrets = tenancy.secrets.contains_key(&id);
    let job = SyncJob {
        id: format!("{TEMPLATE}.{tenant}.{}", world.source.object_id()),
        template_id: TEMPLATE.to_owned(),
        state: if has_secrets { SyncState::NotRun } else { SyncState::NotConfigured },
        quarantine: None,
        last_success: None,
        last_error: None,
        failures_in_a_row: 0,
        interval_seconds: INTERVAL_SECONDS,
        group_external_id: Some("objectId".to_owned()),
        user_external_id: Some("objectId".to_owned()),
        group_rule_id: Some(world.source.object_id().to_string()),
        has_secrets,
    };
    tenancy.runs.insert((id.clone(), job.id.clone()), Run::default());
    let mut body = render(tenancy, &id, &job);
    body["@odata.context"] = json!(context(JOB.context, "/$entity"));
    if let Some(application) = tenancy.change_application(world.now, &id) {
        application.jobs.push(job);
    }
    Ok(Done::created(body))
}

/// Handles `start`, which starts or resumes a job and ends a quarantine.
pub(super) fn start(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let (service_principal, job) = configured_job(tenancy, world, ask)?;
    activate(tenancy, world, &service_principal, &job, true, false);
    Ok(Done::no_content())
}

pub(super) fn pause(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let (service_principal, job) = configured_job(tenancy, world, ask)?;
    if let Some(job) = tenancy.change_job(world.now, &service_principal, &job) {
        job.state = SyncState::Paused;
    }
    tenancy.runs.entry((service_principal, job)).or_default().next = None;
    Ok(Done::no_content())
}

/// Handles `restart`, which starts a job again and resets what the criteria say.
pub(super) fn restart(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let (service_principal, job) = configured_job(tenancy, world, ask)?;
    let scopes = match &ask.body["criteria"]["resetScope"] {
        Value::Null => "full".to_owned(),
        value => value.as_str().unwrap_or_default().to_lowercase(),
    };
    let scopes: Vec<&str> = scopes.split(',').map(str::trim).collect();
    if scopes.iter().any(|scope| !SCOPES.contains(scope)) {
        return Err(GraphFailure::invalid("criteria.resetScope is not valid."));
    }
    let resets = |scope: &str| scopes.contains(&scope) || scopes.contains(&"full");
    activate(tenancy, world, &service_principal, &job, resets("quarantinestate"), resets("escrows"));
    Ok(Done::no_content())
}

/// Makes a job active, with its first cycle soon. A job that stays in quarantine keeps that interval.
fn activate(
    tenancy: &mut Tenancy,
    world: &World,
    service_principal: &ObjectId,
    id: &str,
    lifts_quarantine: bool,
    clears_failures: bool,
) {
    let Some(job) = tenancy.change_job(world.now, service_principal, id) else { return };
    if lifts_quarantine {
        job.quarantine = None;
    }
    if lifts_quarantine || clears_failures {
        job.failures_in_a_row = 0;
    }
    let in_quarantine = job.quarantine.is_some();
    job.state = if in_quarantine { SyncState::Quarantine } else { SyncState::Active };
    let wait = if in_quarantine { QUARANTINE_INTERVAL } else { FIRST_CYCLE };
    tenancy.run_at(service_principal, id, world.now + wait);
}

/// Returns the job of a path.
pub(super) fn named_job<'a>(
    tenancy: &'a Tenancy,
    world: &World,
    ask: &Ask<'_>,
) -> Result<(ObjectId, &'a SyncJob), GraphFailure> {
    let [id, job, ..] = ask.parameters.as_slice() else { return Err(GraphFailure::not_found(ask.path)) };
    let application = tenancy.service_principal(id, world.now)?;
    let found = application.jobs.iter().find(|one| one.id == *job);
    let found = found.ok_or_else(|| GraphFailure::new(404, "JobNotFound", "The job does not exist."))?;
    Ok((application.service_principal_id.clone(), found))
}

/// Returns the job of a path, if its secrets are set.
fn configured_job(
    tenancy: &Tenancy,
    world: &World,
    ask: &Ask<'_>,
) -> Result<(ObjectId, String), GraphFailure> {
    let (service_principal, job) = named_job(tenancy, world, ask)?;
    if !job.has_secrets {
        return Err(GraphFailure::new(400, "CredentialsMissing", "The job has no credentials."));
    }
    Ok((service_principal, job.id.clone()))
}

/// Handles `GET …/schema`: the rules, with the matching attributes and the source of `externalId`.
pub(super) fn get_schema(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let (_, job) = named_job(tenancy, world, ask)?;
    let with_external_id = |mut mappings: Vec<Value>, source: &Option<String>| {
        mappings.extend(source.as_ref().map(|source| mapping(source, "externalId", 0)));
        mappings
    };
    let groups = with_external_id(
        vec![mapping("displayName", "displayName", 1), mapping("members", "members", 0)],
        &job.group_external_id,
    );
    let users = with_external_id(
        vec![
            mapping("userPrincipalName", "userName", 1),
            mapping("displayName", "displayName", 0),
            mapping("givenName", "name.givenName", 0),
            mapping("surname", "name.familyName", 0),
        ],
        &job.user_external_id,
    );
    let of_users = crate::random::uuid_of(&[b"user rule", job.id.as_bytes()]);
    let mut rules =
        vec![rule(&of_users, "User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", &users)];
    if let Some(id) = &job.group_rule_id {
        rules.push(rule(id, "Group", "urn:ietf:params:scim:schemas:core:2.0:Group", &groups));
    }
    Ok(Done::ok(json!({
        "@odata.context": context("synchronizationSchema", "/$entity"),
        "id": job.id,
        "version": "1",
        "directories": [],
        "synchronizationRules": rules,
    })))
}

/// Returns the mapping of an attribute. One with a priority is used for matching.
fn mapping(source: &str, target: &str, priority: u32) -> Value {
    json!({
        "defaultValue": null,
        "exportMissingReferences": false,
        "flowBehavior": "FlowWhenChanged",
        "flowType": "Always",
        "matchingPriority": priority,
        "targetAttributeName": target,
        "source": { "expression": format!("[{source}]"), "name": source, "parameters": [], "type": "Attribute" },
    })
}

/// Returns the rule for one type of objects.
fn rule(id: &str, source: &str, target: &str, mappings: &[Value]) -> Value {
    json!({
        "editable": true,
        "id": id,
        "metadata": [],
        "name": format!("Provision Azure Active Directory {source}s"),
        "objectMappings": [{
            "attributeMappings": mappings,
            "enabled": true,
            "flowTypes": "Add, Update, Delete",
            "metadata": [],
            "name": format!("Synchronize {source}s"),
            "scope": null,
            "sourceObjectName": source,
            "targetObjectName": target,
        }],
        "priority": 1,
        "sourceDirectoryName": "Azure Active Directory",
        "targetDirectoryName": "AWS IAM Identity Center",
    })
}

fn render(tenancy: &Tenancy, service_principal: &ObjectId, job: &SyncJob) -> Value {
    let run = tenancy.runs.get(&(service_principal.clone(), job.id.clone()));
    let last = run.and_then(|run| run.last).or(job.last_success);
    let code = match job.state {
        SyncState::NotConfigured => "NotConfigured",
        SyncState::NotRun => "NotRun",
        SyncState::Active => "Active",
        SyncState::Paused => "Paused",
        SyncState::Quarantine => "Quarantine",
    };
    let schedule = match job.state {
        SyncState::Active | SyncState::Quarantine => "Active",
        SyncState::Paused => "Disabled",
        SyncState::NotConfigured | SyncState::NotRun => "Disabled",
    };
    let steady = run.and_then(|run| run.steady_since).map(|at| at.to_string());
    json!({
        "id": job.id,
        "templateId": job.template_id,
        "schedule": { "expiration": null, "interval": duration(job.interval_seconds), "state": schedule },
        "status": {
            "code": code,
            "countSuccessiveCompleteFailures": job.failures_in_a_row,
            "escrowsPruned": false,
            "lastExecution": last.map(|at| render_execution(at, job.last_error.as_deref())),
            "lastSuccessfulExecution": job.last_success.map(|at| render_execution(at, None)),
            "lastSuccessfulExecutionWithExports": null,
            "progress": [],
            "quarantine": job.quarantine.as_ref().map(|one| render_quarantine(one, job)),
            "steadyStateFirstAchievedTime": steady.as_deref().unwrap_or("0001-01-01T00:00:00Z"),
            "steadyStateLastAchievedTime":
                job.last_success.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |at| at.to_string()),
            "synchronizedEntryCountByType": [],
            "troubleshootingUrl": null,
        },
        "synchronizationJobSettings": [],
    })
}

/// Formats an ISO 8601 duration, such as `PT40M`.
fn duration(seconds: u32) -> String {
    if seconds.is_multiple_of(60) { format!("PT{}M", seconds / 60) } else { format!("PT{seconds}S") }
}

/// Splits an error into code and message, which are separated by a colon.
fn render_error(error: &str) -> Value {
    let (code, message) = error.split_once(": ").unwrap_or((error, ""));
    json!({ "code": code, "message": message, "tenantActionable": true })
}

fn render_execution(at: Timestamp, error: Option<&str>) -> Value {
    json!({
        "activityIdentifier": crate::random::uuid_of(&[b"execution", at.to_string().as_bytes()]),
        "countEntitled": 0,
        "countEntitledForProvisioning": 0,
        "countEscrowed": 0,
        "countEscrowedRaw": 0,
        "countExported": 0,
        "countExports": 0,
        "countImported": 0,
        "countImportedDeltas": 0,
        "countImportedReferenceDeltas": 0,
        "error": error.map(render_error),
        "state": if error.is_some() { "Failed" } else { "Succeeded" },
        "timeBegan": at.to_string(),
        "timeEnded": at.to_string(),
    })
}

fn render_quarantine(quarantine: &Quarantine, job: &SyncJob) -> Value {
    let Quarantine { reason, message, since } = quarantine;
    let since = since.map(|at| at.to_string());
    json!({
        "currentBegan": since,
        "error": message.as_deref().map(render_error),
        "nextAttempt": null,
        "reason": reason,
        "seriesBegan": since,
        "seriesCount": job.failures_in_a_row,
    })
}
