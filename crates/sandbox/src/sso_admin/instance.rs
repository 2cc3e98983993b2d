//! The instance and its only Region.

use std::time::Duration;

use serde_json::{Value, json};

use super::{PAGE, check_instance};
use crate::failure::{Answer, Failure};
use crate::members::Members;
use crate::paging::Page;
use crate::rules;
use crate::world::World;

pub(super) fn list(world: &mut World, input: &Members<'_>) -> Answer {
    let page = Page::read(input, world.pages(PAGE))?;
    let items = std::iter::once((world.instance.arn.clone(), ()));
    Ok(page.fill("Instances", items, |()| members(world)))
}

/// Returns the members of the instance. Models newer than botocore 1.43's have the last ones, too.
pub(super) fn describe(world: &mut World, input: &Members<'_>) -> Answer {
    check_own_instance(world, input)?;
    let mut members = members(world);
    members["EncryptionConfigurationDetails"] =
        json!({ "KeyType": "AWS_OWNED_KMS_KEY", "EncryptionStatus": "ENABLED" });
    members["PrimaryRegion"] = json!(world.instance.region.as_str());
    members["Regions"] = json!([region_members(world)]);
    members["PermissionSetsEnabled"] = json!(true);
    Ok(members)
}

pub(super) fn list_regions(world: &mut World, input: &Members<'_>) -> Answer {
    check_own_instance(world, input)?;
    let page = Page::read(input, world.pages(PAGE))?;
    let items = std::iter::once((world.instance.region.to_string(), ()));
    Ok(page.fill("Regions", items, |()| region_members(world)))
}

pub(super) fn describe_region(world: &mut World, input: &Members<'_>) -> Answer {
    check_instance(world, input)?;
    let name = input.required_text("RegionName", &rules::REGION_NAME)?;
    if name == world.instance.region.as_str() {
        Ok(region_members(world))
    } else {
        Err(Failure::not_found(format!("Region {name} not found for the instance.")))
    }
}

/// Checks the instance of a request. These calls declare no ResourceNotFoundException; access to another's instance is
/// denied.
fn check_own_instance(world: &World, input: &Members<'_>) -> Result<(), Failure> {
    let arn = input.required_text("InstanceArn", &rules::INSTANCE_ARN)?;
    check_instance(world, input)
        .map_err(|_| Failure::access_denied(format!("You do not have sufficient access to {arn}.")))
}

fn members(world: &World) -> Value {
    json!({
        "InstanceArn": world.instance.arn,
        "IdentityStoreId": world.instance.identity_store_id,
        "OwnerAccountId": world.instance.owner_account.to_string(),
        "CreatedDate": world.timestamp(Duration::ZERO),
        "Status": "ACTIVE",
    })
}

fn region_members(world: &World) -> Value {
    json!({
        "RegionName": world.instance.region.as_str(),
        "Status": "ACTIVE",
        "AddedDate": world.timestamp(Duration::ZERO),
        "IsPrimaryRegion": true,
    })
}
