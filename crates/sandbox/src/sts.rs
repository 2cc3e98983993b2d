//! The Security Token Service: the caller's identity.

use serde_json::json;

use crate::failure::Answer;
use crate::members::Members;
use crate::operation::OfferedOperation;
use crate::world::World;

pub(crate) const OPERATIONS: &[OfferedOperation] =
    &[OfferedOperation { name: "GetCallerIdentity", run: get_caller_identity }];

fn get_caller_identity(world: &mut World, _: &Members<'_>) -> Answer {
    let name = world.caller.arn.rsplit('/').next().unwrap_or_default();
    Ok(json!({
        "Arn": world.caller.arn,
        "UserId": format!("AROASANDBOX0000000000:{name}"),
        "Account": world.caller.account.to_string(),
    }))
}
