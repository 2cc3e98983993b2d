//! The credentials of provisioning: stored, shown as asterisks, and validated.

use serde_json::{Value, json};

use super::ask::Ask;
use super::listing::context;
use super::synchronization::named_job;
use super::tenancy::{Secrets, Tenancy};
use super::wire::{Done, GraphAnswer, GraphFailure};
use crate::world::World;
use rolecall_model::entra::SyncState;

/// Entra ID's error code if the SCIM endpoint refuses the token (portal and logs, in field reports).
pub(super) const REFUSED: &str = "SystemForCrossDomainIdentityManagementCredentialValidationUnavailable";
/// The message of that error.
pub(super) const REFUSED_MESSAGE: &str = "We received this unexpected response from your application: Received response \
     from Web resource. Operation: GET. Response Status Code: Unauthorized. Please check the service and try again.";

/// Handles `GET …/secrets`, which shows only that the secrets are set.
pub(super) fn get(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = ask.first();
    let id = &tenancy.service_principal(id, world.now)?.service_principal_id;
    let value = if tenancy.secrets.contains_key(id) {
        json!([{ "key": "BaseAddress", "value": "*" }, { "key": "SecretToken", "value": "*" }])
    } else {
        json!([])
    };
    Ok(Done::ok(
        json!({ "@odata.context": context("Collection(synchronizationSecretKeyStringValuePair)", ""), "value": value }),
    ))
}

/// Handles `PUT …/secrets`, which does not validate them.
pub(super) fn set(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = ask.first();
    let id = tenancy.service_principal(id, world.now)?.service_principal_id.clone();
    let secrets = read(&ask.body["value"])?;
    tenancy.secrets.insert(id.clone(), secrets);
    if let Some(application) = tenancy.change_application(world.now, &id) {
        for job in &mut application.jobs {
            job.has_secrets = true;
            if job.state == SyncState::NotConfigured {
                job.state = SyncState::NotRun;
            }
        }
    }
    Ok(Done::no_content())
}

/// Handles `validateCredentials`, which tries the stored or the given ones.
pub(super) fn validate(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let (service_principal, _) = named_job(tenancy, world, ask)?;
    let is_good = if ask.body["useSavedCredentials"].as_bool() == Some(true) {
        tenancy.has_good_secrets(&service_principal)
    } else {
        let secrets = read(&ask.body["credentials"])?;
        secrets.token == tenancy.scim_token && is_address(&secrets.address, world)
    };
    if is_good { Ok(Done::no_content()) } else { Err(GraphFailure::new(400, REFUSED, REFUSED_MESSAGE)) }
}

/// The SCIM endpoints of Identity Center are `https://scim.REGION.amazonaws.com/…/scim/v2/`.
fn is_address(address: &str, world: &World) -> bool {
    let start = format!("https://scim.{}.amazonaws.com/", world.instance.region);
    address.starts_with(&start) && address.trim_end_matches('/').ends_with("/scim/v2")
}

fn read(pairs: &Value) -> Result<Secrets, GraphFailure> {
    let pairs = pairs
        .as_array()
        .ok_or_else(|| GraphFailure::invalid("The body must hold a list of keys and values."))?;
    let value = |wanted: &str| {
        let mut found = pairs.iter().filter(|pair| pair["key"].as_str() == Some(wanted));
        found.find_map(|pair| pair["value"].as_str()).filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let (address, token) = value("BaseAddress")
        .zip(value("SecretToken"))
        .ok_or_else(|| GraphFailure::invalid("The keys BaseAddress and SecretToken are needed."))?;
    Ok(Secrets { address, token })
}
