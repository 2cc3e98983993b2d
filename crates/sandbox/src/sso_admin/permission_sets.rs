//! Permission sets: creation, attributes and deletion.

use std::collections::BTreeMap;

use rolecall_model::operation::Attributes;
use rolecall_model::snapshot::{Coverage, Depth};
use rolecall_model::{PermissionSet, PermissionSetName, SessionDuration};
use serde_json::{Value, json};

use super::{PAGE, changeable, check_instance, edit, permission_set, tags};
use crate::failure::{Answer, Failure};
use crate::limits;
use crate::members::Members;
use crate::observations::Actor;
use crate::paging::Page;
use crate::permission_sets::StoredSet;
use crate::rules;
use crate::world::World;

pub(super) fn create(world: &mut World, input: &Members<'_>) -> Answer {
    check_instance(world, input)?;
    let name: PermissionSetName = input.required("Name", &rules::PERMISSION_SET_NAME)?;
    let mut details = PermissionSet::new(name.clone());
    attributes(input)?.apply_to(&mut details);
    let tags = match input.list("Tags", &(0..=75))? {
        Some(tags) => tags::read(input, tags)?,
        None => BTreeMap::new(),
    };
    tags::refuse_too_many(tags.len())?;
    if world.permission_sets.get(&name).is_some() {
        return Err(Failure::conflict(format!("PermissionSet with name {name} already exists.")));
    }
    if world.permission_sets.len() >= limits::PERMISSION_SETS {
        return Err(Failure::quota(format!(
            "You have reached the maximum number of permission sets ({}).",
            limits::PERMISSION_SETS
        )));
    }
    let arn = new_arn(world);
    let set = StoredSet::new(arn, details, tags, world.now);
    world.create_set(Actor::Client, world.now, set);
    // A new permission set has no assignments, so all of them are known.
    if let Coverage::PermissionSets(names) = &mut world.coverage {
        names.insert(name.clone(), Depth::Whole);
    }
    let made = world.permission_sets.get(&name).map(|set| members(world, set));
    Ok(json!({ "PermissionSet": made }))
}

/// Returns a new ARN. A world that is saved and loaded again draws the same digits again, so digits in use are skipped.
fn new_arn(world: &mut World) -> String {
    loop {
        let digits = world.source.permission_set_id();
        let arn = format!("arn:aws:sso:::permissionSet/{}/ps-{digits}", world.instance.id);
        if world.permission_sets.of_arn(&arn).is_none() {
            return arn;
        }
    }
}

pub(super) fn describe(world: &mut World, input: &Members<'_>) -> Answer {
    let set = permission_set(world, input)?;
    Ok(json!({ "PermissionSet": members(world, set) }))
}

pub(super) fn list(world: &mut World, input: &Members<'_>) -> Answer {
    check_instance(world, input)?;
    let page = Page::read(input, world.pages(PAGE))?;
    let items = world.permission_sets.iter().map(|set| (set.name.to_string(), set));
    Ok(page.fill("PermissionSets", items, |set| json!(set.arn)))
}

/// Updates a permission set, and clears attributes that are not sent (hashicorp/terraform-provider-aws#17411).
pub(super) fn update(world: &mut World, input: &Members<'_>) -> Answer {
    edit(world, input, |details| {
        attributes(input)?.apply_to(details);
        Ok(())
    })
}

pub(super) fn delete(world: &mut World, input: &Members<'_>) -> Answer {
    let set = changeable(world, input)?;
    let name = set.name.clone();
    if world.rows.any_of(&name) {
        return Err(Failure::conflict(format!(
            "PermissionSet {name} has assignments and cannot be deleted."
        )));
    }
    if world.agenda.concerns(&name) {
        return Err(Failure::conflict(format!(
            "PermissionSet {name} is still being provisioned or deprovisioned."
        )));
    }
    world.delete_set(Actor::Client, world.now, &name);
    if let Coverage::PermissionSets(names) = &mut world.coverage {
        names.remove(&name);
    }
    Ok(json!({}))
}

/// Reads the attributes of a request. AWS's defaults apply to those that it omits.
fn attributes(input: &Members<'_>) -> Result<Attributes, Failure> {
    Ok(Attributes {
        description: input.text("Description", &rules::DESCRIPTION)?.map(str::to_owned),
        relay_state: input.text("RelayState", &rules::RELAY_STATE)?.map(str::to_owned),
        session: match input.text("SessionDuration", &rules::SESSION_DURATION)? {
            Some(text) => SessionDuration::from_iso_8601(text)
                .map_err(|_| Failure::validation("SessionDuration must be between 1 hour and 12 hours."))?,
            None => SessionDuration::ONE_HOUR,
        },
    })
}

fn members(world: &World, set: &StoredSet) -> Value {
    let Attributes { description, session, relay_state } = Attributes::from(&*set.details());
    let mut members = json!({
        "Name": set.name.as_str(),
        "PermissionSetArn": set.arn,
        "CreatedDate": world.timestamp(set.created),
        "SessionDuration": session.to_iso_8601(),
    });
    if let Some(description) = description {
        members["Description"] = json!(description);
    }
    if let Some(relay_state) = relay_state {
        members["RelayState"] = json!(relay_state);
    }
    members
}
