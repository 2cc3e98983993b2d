//! Tokens: the endpoint that issues them, and their validation.

use std::time::Duration;

use serde_json::json;

use super::ask::Ask;
use super::tenancy::{SANDBOX_TOKEN, Tenancy};
use super::wire::{Body, Done, GraphAnswer, GraphFailure, decode_form};
use crate::world::World;

/// The lifetime of a token, as is usual in Entra ID.
const LIFETIME: Duration = Duration::from_secs(3_599);
/// The scope of Graph's tokens for an application.
const SCOPE: &str = "https://graph.microsoft.com/.default";

impl Tenancy {
    /// Validates the token of a request.
    pub(super) fn check_token(&self, token: Option<&str>, now: Duration) -> Result<(), GraphFailure> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(GraphFailure::unauthorized("Access token is empty."));
        };
        match self.tokens.get(token) {
            _ if token == SANDBOX_TOKEN => Ok(()),
            Some(end) if now < *end => Ok(()),
            Some(_) => Err(GraphFailure::unauthorized("Lifetime validation failed, the token is expired.")),
            None => Err(GraphFailure::unauthorized("JWT is not well formed.")),
        }
    }
}

/// Handles `POST /{tenant}/oauth2/v2.0/token`: issues a token to any client with a secret or an assertion.
pub(super) fn issue(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let tenant = tenancy.tenant();
    let named = ask.first();
    if named != tenant.id && !tenant.domains.contains(named) {
        let message = format!("AADSTS90002: Tenant '{named}' not found.");
        return Ok(refusal(400, "invalid_request", &message, 90_002));
    }
    let form = decode_form(&String::from_utf8_lossy(ask.text));
    let field = |name: &str| {
        form.iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    };
    if field("grant_type") != Some("client_credentials") {
        let message = "AADSTS70003: The app requested an unsupported grant type.";
        return Ok(refusal(400, "unsupported_grant_type", message, 70_003));
    }
    if field("scope").is_none_or(|scope| scope != SCOPE) {
        let message = "AADSTS70011: The provided value for the input parameter 'scope' is not valid.";
        return Ok(refusal(400, "invalid_scope", message, 70_011));
    }
    if field("client_id").is_none() {
        let message = "AADSTS900144: The request body must contain the following parameter: 'client_id'.";
        return Ok(refusal(400, "invalid_request", message, 900_144));
    }
    if field("client_secret").or(field("client_assertion")).is_none() {
        let message = "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or \
                       'client_secret'.";
        return Ok(refusal(401, "invalid_client", message, 7_000_218));
    }
    let token = format!("sandbox.{}", world.source.object_id());
    let now = world.now;
    tenancy.tokens.retain(|_, end| *end > now);
    tenancy.tokens.insert(token.clone(), now + LIFETIME);
    Ok(Done::ok(json!({
        "token_type": "Bearer",
        "expires_in": LIFETIME.as_secs(),
        "ext_expires_in": LIFETIME.as_secs(),
        "access_token": token,
    })))
}

/// Returns an OAuth error, which differs from OData's.
fn refusal(status: u16, error: &str, message: &str, code: u32) -> Done {
    Done {
        status,
        body: Body::Json(json!({ "error": error, "error_description": message, "error_codes": [code] })),
    }
}
