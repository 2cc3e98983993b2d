//! Attributes for access control (ABAC) of the instance.
//!
//! AWS answers before a new configuration takes effect (status `CREATION_IN_PROGRESS`); an update takes effect
//! immediately. That a configuration cannot be changed or deleted while it is being created is an assumption.

use std::collections::BTreeMap;
use std::time::Duration;

use rolecall_model::AccessControlState;
use serde_json::json;

use super::check_instance;
use crate::failure::{Answer, Failure};
use crate::limits;
use crate::members::Members;
use crate::observations::Actor;
use crate::rules;
use crate::world::World;

pub(super) fn create(world: &mut World, input: &Members<'_>) -> Answer {
    check_instance(world, input)?;
    let attributes = read(input)?;
    refuse_unfinished(world)?;
    if configured(world).is_some() {
        return Err(Failure::conflict("InstanceAccessControlAttributeConfiguration already exists."));
    }
    world.access_control_to_come = Some(attributes);
    let end = world.now + world.source.latency(world.settings.access_control_latency_mean);
    world.agenda.await_access_control(end);
    Ok(json!({}))
}

/// Puts the requested attributes into effect at `at`.
pub(crate) fn finish(world: &mut World, at: Duration) {
    if let Some(attributes) = world.access_control_to_come.take() {
        world.set_access_control(Actor::Client, at, AccessControlState::On(attributes));
    }
}

pub(super) fn update(world: &mut World, input: &Members<'_>) -> Answer {
    check_instance(world, input)?;
    let attributes = read(input)?;
    refuse_unfinished(world)?;
    refuse_absent(world)?;
    world.set_access_control(Actor::Client, world.now, AccessControlState::On(attributes));
    Ok(json!({}))
}

pub(super) fn delete(world: &mut World, input: &Members<'_>) -> Answer {
    check_instance(world, input)?;
    refuse_unfinished(world)?;
    refuse_absent(world)?;
    world.set_access_control(Actor::Client, world.now, AccessControlState::Off);
    Ok(json!({}))
}

pub(super) fn describe(world: &mut World, input: &Members<'_>) -> Answer {
    check_instance(world, input)?;
    let (status, attributes) = match &world.access_control_to_come {
        Some(attributes) => ("CREATION_IN_PROGRESS", attributes),
        None => ("ENABLED", configured(world).ok_or_else(absent)?),
    };
    let attributes: Vec<_> = attributes
        .iter()
        .map(|(key, source)| json!({ "Key": key, "Value": { "Source": [source] } }))
        .collect();
    Ok(json!({
        "Status": status,
        "InstanceAccessControlAttributeConfiguration": { "AccessControlAttributes": attributes },
    }))
}

/// Returns the attributes in effect; none, if the snapshot did not contain them.
fn configured(world: &World) -> Option<&BTreeMap<String, String>> {
    match &world.access_control {
        AccessControlState::On(attributes) => Some(attributes),
        AccessControlState::Off | AccessControlState::NotRead => None,
    }
}

fn read(input: &Members<'_>) -> Result<BTreeMap<String, String>, Failure> {
    const LIST: &str = "AccessControlAttributes";
    let configuration = input.required_structure("InstanceAccessControlAttributeConfiguration")?;
    let items = configuration.list(LIST, &(0..=limits::ACCESS_CONTROL_ATTRIBUTES))?;
    let mut attributes = BTreeMap::new();
    for item in items.ok_or_else(|| configuration.missing(LIST))? {
        let item = configuration.structure_from(LIST, item)?;
        let key = item.required_text("Key", &rules::ACCESS_CONTROL_KEY)?;
        let value = item.required_structure("Value")?;
        let sources = value.list("Source", &(1..=1))?.ok_or_else(|| value.missing("Source"))?;
        let source = sources.first().ok_or_else(|| value.missing("Source"))?;
        let source = value.text_from("Source", source, &rules::ACCESS_CONTROL_SOURCE)?;
        if attributes.insert(key.to_owned(), source.to_owned()).is_some() {
            return Err(Failure::validation(format!("The attribute key {key} is given twice.")));
        }
    }
    Ok(attributes)
}

fn refuse_unfinished(world: &World) -> Result<(), Failure> {
    match world.access_control_to_come {
        Some(_) => Err(Failure::conflict(
            "InstanceAccessControlAttributeConfiguration is being created. Please try again later.",
        )),
        None => Ok(()),
    }
}

fn refuse_absent(world: &World) -> Result<(), Failure> {
    configured(world).map(|_| ()).ok_or_else(absent)
}

fn absent() -> Failure {
    Failure::not_found("InstanceAccessControlAttributeConfiguration not found for the instance.")
}
