//! Tags of permission sets. A snapshot contains no tags of the instance, so it has none and accepts none.

use std::collections::BTreeMap;

use rolecall_model::PermissionSetName;
use serde_json::{Value, json};

use super::{PAGE, check_instance, refuse_sealed};
use crate::failure::{Answer, Failure};
use crate::limits;
use crate::members::Members;
use crate::observations::Actor;
use crate::paging::Page;
use crate::rules;
use crate::world::World;

pub(super) fn list(world: &mut World, input: &Members<'_>) -> Answer {
    let name = resource(world, input)?;
    let page = Page::read(input, world.pages(PAGE))?;
    let tags = name.as_ref().and_then(|name| world.permission_sets.get(name)).map(|set| &set.tags);
    let items = tags.into_iter().flatten().map(|(key, value)| (key.clone(), (key, value)));
    Ok(page.fill("Tags", items, |(key, value)| json!({ "Key": key, "Value": value })))
}

pub(super) fn tag(world: &mut World, input: &Members<'_>) -> Answer {
    let name = changeable_resource(world, input)?;
    let tags = input.list("Tags", &(0..=75))?.ok_or_else(|| input.missing("Tags"))?;
    let tags = read(input, tags)?;
    if let Some(set) = world.permission_sets.get(&name) {
        let mut all = set.tags.clone();
        all.extend(tags);
        refuse_too_many(all.len())?;
        world.retag_set(Actor::Client, world.now, &name, all);
    }
    Ok(json!({}))
}

pub(super) fn untag(world: &mut World, input: &Members<'_>) -> Answer {
    let name = changeable_resource(world, input)?;
    let keys = input.list("TagKeys", &(1..=75))?.ok_or_else(|| input.missing("TagKeys"))?;
    if let Some(set) = world.permission_sets.get(&name) {
        let mut rest = set.tags.clone();
        for key in keys {
            let key =
                key.as_str().ok_or_else(|| Failure::serialization("Each of TagKeys must be a string."))?;
            rest.remove(key);
        }
        world.retag_set(Actor::Client, world.now, &name, rest);
    }
    Ok(json!({}))
}

/// Reads a list of keys and values.
pub(super) fn read(input: &Members<'_>, tags: &[Value]) -> Result<BTreeMap<String, String>, Failure> {
    let mut read = BTreeMap::new();
    for tag in tags {
        let tag = Members::new(input.service, input.operation, as_structure(tag)?);
        let key = tag.required_text("Key", &rules::TAG_KEY)?;
        let value = tag.required_text("Value", &rules::TAG_VALUE)?;
        if key.starts_with("aws:") {
            return Err(Failure::validation("aws: prefixed tag keys are reserved and cannot be used."));
        }
        if read.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(Failure::validation(format!("The tag key {key} is given twice.")));
        }
    }
    Ok(read)
}

/// Enforces the quota of tags per resource.
pub(super) fn refuse_too_many(count: usize) -> Result<(), Failure> {
    if count <= limits::TAGS {
        return Ok(());
    }
    Err(Failure::quota(format!("A permission set can have at most {} tags.", limits::TAGS)))
}

fn as_structure(value: &Value) -> Result<&serde_json::Map<String, Value>, Failure> {
    value.as_object().ok_or_else(|| Failure::serialization("Each of Tags must be a structure."))
}

/// Returns the permission set of a request about tags, or `None` for the instance.
fn resource(world: &World, input: &Members<'_>) -> Result<Option<PermissionSetName>, Failure> {
    if input.text("InstanceArn", &rules::INSTANCE_ARN)?.is_some() {
        check_instance(world, input)?;
    }
    let arn = input.required_text("ResourceArn", &rules::TAGGED_ARN)?;
    if arn == world.instance.arn {
        return Ok(None);
    }
    let set = world.permission_sets.of_arn(arn);
    set.map(|set| Some(set.name.clone()))
        .ok_or_else(|| Failure::not_found(format!("Resource {arn} not found.")))
}

fn changeable_resource(world: &World, input: &Members<'_>) -> Result<PermissionSetName, Failure> {
    let name = resource(world, input)?
        .ok_or_else(|| Failure::access_denied("The sandbox keeps no tags of the instance."))?;
    if let Some(set) = world.permission_sets.get(&name) {
        refuse_sealed(world, set)?;
    }
    Ok(name)
}
