//! Reads synchronization jobs and the mappings in their schemas.

use rolecall_model::ObjectId;
use rolecall_model::entra::{Quarantine, SyncJob, SyncState};

use crate::bodies::synchronization::{
    AttributeMapping, Execution, Fault, Job, MappingSource, ObjectMapping, Schema, SecretKey, Status,
};
use crate::client::Reader;
use crate::failure::GraphError;
use crate::request::Read;
use crate::routes::{GET_SCHEMA, LIST_JOBS, LIST_SECRETS};

/// The SCIM attribute for the object id.
const EXTERNAL_ID: &str = "externalId";
/// The secret that provisioning requires.
const TOKEN: &str = "SecretToken";
/// The default interval of a job: about 40 minutes.
const USUAL_INTERVAL: u32 = 40 * 60;

/// Reads the jobs of a service principal, sorted by id.
pub(crate) async fn jobs(reader: &Reader, id: &ObjectId) -> Result<Vec<SyncJob>, GraphError> {
    let jobs = list(reader, id).await?;
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let secrets: Vec<SecretKey> = reader.list(&Read::of(LIST_SECRETS, &[id.as_str()])).await?;
    let has_secrets = secrets.iter().any(|secret| secret.key == TOKEN);
    let mut all = Vec::with_capacity(jobs.len());
    for job in jobs {
        let schema = schema(reader, id, &job.id).await?;
        all.push(to_job(job, &schema, has_secrets)?);
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

pub(crate) async fn list(reader: &Reader, id: &ObjectId) -> Result<Vec<Job>, GraphError> {
    reader.list(&Read::of(LIST_JOBS, &[id.as_str()])).await
}

async fn schema(reader: &Reader, id: &ObjectId, job: &str) -> Result<Schema, GraphError> {
    reader.get(&Read::of(GET_SCHEMA, &[id.as_str(), job])).await
}

/// Reads the group rule of a job's schema.
pub(crate) async fn group_rule(
    reader: &Reader,
    id: &ObjectId,
    job: &str,
) -> Result<Option<String>, GraphError> {
    let schema = schema(reader, id, job).await?;
    Ok(mapping_of(&schema, "Group").map(|(rule, _)| rule.to_owned()))
}

fn to_job(job: Job, schema: &Schema, has_secrets: bool) -> Result<SyncJob, GraphError> {
    let Job { id, template_id, schedule, status } = job;
    let unreadable = |what: String| GraphError::unreadable(LIST_JOBS.0, what);
    let Status {
        code,
        count_successive_complete_failures,
        last_execution,
        last_successful_execution,
        quarantine,
    } = status.ok_or_else(|| unreadable(format!("job {id} has no status")))?;
    let state = match code.as_str() {
        "NotConfigured" => SyncState::NotConfigured,
        "NotRun" => SyncState::NotRun,
        "Active" => SyncState::Active,
        "Paused" => SyncState::Paused,
        "Quarantine" => SyncState::Quarantine,
        other => return Err(unreadable(format!("job {id} has the unknown state {other:?}"))),
    };
    let interval = schedule.and_then(|schedule| schedule.interval);
    let interval = interval.and_then(|interval| u32::try_from(interval.as_secs()).ok());
    let groups = mapping_of(schema, "Group");
    Ok(SyncJob {
        template_id: template_id.unwrap_or_default(),
        state,
        quarantine: quarantine.map(to_quarantine),
        last_success: last_successful_execution.and_then(|execution| execution.time_ended),
        last_error: last_execution.and_then(|Execution { time_ended: _, error }| error).and_then(say),
        failures_in_a_row: count_successive_complete_failures,
        interval_seconds: interval.unwrap_or(USUAL_INTERVAL),
        group_external_id: groups.and_then(|(_, mapping)| external_id(mapping)),
        user_external_id: mapping_of(schema, "User").and_then(|(_, mapping)| external_id(mapping)),
        group_rule_id: groups.map(|(rule, _)| rule.to_owned()),
        has_secrets,
        id,
    })
}

fn to_quarantine(quarantine: crate::bodies::synchronization::Quarantine) -> Quarantine {
    let crate::bodies::synchronization::Quarantine { reason, error, current_began } = quarantine;
    Quarantine {
        reason: reason.unwrap_or_else(|| "Unknown".to_owned()),
        message: error.and_then(|Fault { code, message }| message.or(code)),
        since: current_began,
    }
}

/// Formats an error as code and message.
fn say(fault: Fault) -> Option<String> {
    let Fault { code, message } = fault;
    let parts: Vec<String> = [code, message].into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(": "))
}

/// Returns the rule and the mapping for a type of directory objects.
fn mapping_of<'a>(schema: &'a Schema, kind: &str) -> Option<(&'a str, &'a ObjectMapping)> {
    schema.synchronization_rules.iter().find_map(|rule| {
        let mut mappings = rule.object_mappings.iter();
        let found = mappings.find(|mapping| {
            mapping.source_object_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(kind))
        });
        Some((rule.id.as_str(), found?))
    })
}

/// Returns the source of `externalId`: an attribute's name, or an expression.
fn external_id(mapping: &ObjectMapping) -> Option<String> {
    let mut attributes = mapping.attribute_mappings.iter();
    let found = attributes.find(|one| one.target_attribute_name.as_deref() == Some(EXTERNAL_ID))?;
    let AttributeMapping { target_attribute_name: _, source } = found;
    let MappingSource { expression, name, kind } = source.as_ref()?;
    match kind.as_deref() {
        Some("Attribute") => name.clone().or_else(|| expression.clone()),
        _ => expression.clone().or_else(|| name.clone()),
    }
}
