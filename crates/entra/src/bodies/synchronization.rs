//! Synchronization jobs.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rolecall_model::ObjectId;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) template_id: Option<String>,
    pub(crate) schedule: Option<Schedule>,
    pub(crate) status: Option<Status>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Schedule {
    /// Such as `PT40M`.
    pub(crate) interval: Option<SignedDuration>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) count_successive_complete_failures: u32,
    pub(crate) last_execution: Option<Execution>,
    pub(crate) last_successful_execution: Option<Execution>,
    pub(crate) quarantine: Option<Quarantine>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Execution {
    pub(crate) time_ended: Option<Timestamp>,
    pub(crate) error: Option<Fault>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Fault {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Quarantine {
    pub(crate) reason: Option<String>,
    pub(crate) error: Option<Fault>,
    pub(crate) current_began: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct JobTemplate {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) default: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Schema {
    #[serde(default)]
    pub(crate) synchronization_rules: Vec<Rule>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) object_mappings: Vec<ObjectMapping>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectMapping {
    pub(crate) source_object_name: Option<String>,
    #[serde(default)]
    pub(crate) attribute_mappings: Vec<AttributeMapping>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttributeMapping {
    pub(crate) target_attribute_name: Option<String>,
    pub(crate) source: Option<MappingSource>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct MappingSource {
    pub(crate) expression: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

/// A secret that is set; its value is `*`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct SecretKey {
    pub(crate) key: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewJob<'a> {
    pub(crate) template_id: &'a str,
}

/// What is set of secrets. It does not print.
#[derive(Serialize)]
pub(crate) struct Secrets<'a> {
    pub(crate) value: [SecretValue<'a>; 2],
}

#[derive(Serialize)]
pub(crate) struct SecretValue<'a> {
    pub(crate) key: &'static str,
    pub(crate) value: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Validate {
    pub(crate) use_saved_credentials: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Restart {
    pub(crate) criteria: Criteria,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Criteria {
    pub(crate) reset_scope: &'static str,
}

#[derive(Debug, Serialize)]
pub(crate) struct OnDemand<'a> {
    pub(crate) parameters: [OnDemandParameters<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OnDemandParameters<'a> {
    pub(crate) rule_id: &'a str,
    pub(crate) subjects: [Subject<'a>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Subject<'a> {
    pub(crate) object_id: &'a ObjectId,
    pub(crate) object_type_name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) links: Option<Links<'a>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Links<'a> {
    pub(crate) members: Vec<Subject<'a>>,
}

/// `stringKeyStringValuePair`: both are JSON inside of a string.
#[derive(Debug, Deserialize)]
pub(crate) struct OnDemandAnswer {
    pub(crate) key: String,
    pub(crate) value: Option<String>,
}

/// What is in the key.
#[derive(Debug, Deserialize)]
pub(crate) struct OnDemandResult {
    pub(crate) result: String,
    #[serde(default)]
    pub(crate) details: Option<BTreeMap<String, serde_json::Value>>,
}

/// What is in the value: one object, or a list of them. The list is tried first, since a list also reads as the members
/// of an object in their order.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OnDemandEvents {
    Several(Vec<OnDemandEvent>),
    One(OnDemandEvent),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OnDemandEvent {
    pub(crate) status_info: Option<StatusInfo>,
    #[serde(default)]
    pub(crate) provisioning_steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusInfo {
    pub(crate) error_code: Option<String>,
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Step {
    pub(crate) status: Option<String>,
    pub(crate) description: Option<String>,
}
