//! Service principals and their signing certificates.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use rolecall_model::entra::{AppRole, EnterpriseApplication};
use serde_json::{Value, json};

use super::ask::Ask;
use super::certificates::{self, VALIDITY};
use super::listing::{Entity, context};
use super::tenancy::Tenancy;
use super::wire::{Done, GraphAnswer, GraphFailure};
use crate::world::World;

const SERVICE_PRINCIPAL: Entity = Entity {
    name: "ServicePrincipal",
    context: "servicePrincipals",
    properties: &[
        "id",
        "accountEnabled",
        "appId",
        "appDisplayName",
        "applicationTemplateId",
        "appRoleAssignmentRequired",
        "appRoles",
        "displayName",
        "keyCredentials",
        "passwordCredentials",
        "preferredSingleSignOnMode",
        "preferredTokenSigningKeyThumbprint",
        "replyUrls",
        "servicePrincipalNames",
        "servicePrincipalType",
        "tags",
    ],
    on_request: &[],
    filterable: &["id", "appId", "displayName"],
    is_exact: false,
};

/// The sign-on modes of Graph.
const MODES: [&str; 4] = ["password", "saml", "notSupported", "oidc"];

pub(super) fn list(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    ask.counts()?;
    let applications = tenancy.tenant().applications.iter();
    let visible = applications.filter(|one| tenancy.is_visible(&one.service_principal_id, world.now));
    SERVICE_PRINCIPAL.page(
        tenancy,
        ask,
        visible.map(|one| (one.service_principal_id.to_string(), render(one))),
    )
}

pub(super) fn get(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = ask.first();
    SERVICE_PRINCIPAL.one(ask, render(tenancy.service_principal(id, world.now)?))
}

/// Handles `PATCH`, which supports only the sign-on settings of a service principal.
pub(super) fn update(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = ask.first();
    let application = tenancy.service_principal(id, world.now)?;
    let id = application.service_principal_id.clone();
    let fields =
        ask.body.as_object().ok_or_else(|| GraphFailure::bad_request("The body must be an object."))?;
    let invalid =
        |name: &str| GraphFailure::bad_request(format!("Invalid value specified for property '{name}'."));
    let (mut mode, mut thumbprint) = (None, None);
    for (name, value) in fields {
        match name.as_str() {
            "preferredSingleSignOnMode" => {
                mode = Some(value.as_str().filter(|mode| MODES.contains(mode)).ok_or_else(|| invalid(name))?);
            }
            "preferredTokenSigningKeyThumbprint" => {
                let given = value.as_str().ok_or_else(|| invalid(name))?;
                let found =
                    application.certificates.iter().find(|one| one.thumbprint.eq_ignore_ascii_case(given));
                thumbprint = Some(found.ok_or_else(|| invalid(name))?.thumbprint.clone());
            }
            _ => return Err(GraphFailure::unknown_property(name)),
        }
    }
    let mode = mode.map(str::to_owned);
    if let Some(application) = tenancy.change_application(world.now, &id) {
        if mode.is_some() {
            application.sign_on_mode = mode;
        }
        if thumbprint.is_some() {
            application.preferred_thumbprint = thumbprint;
        }
    }
    Ok(Done::no_content())
}

/// Handles `addTokenSigningCertificate`, which creates a certificate.
pub(super) fn add_certificate(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = ask.first();
    let application = tenancy.service_principal(id, world.now)?;
    let id = application.service_principal_id.clone();
    let subject = ask.body["displayName"].as_str().filter(|name| name.starts_with("CN=") && name.len() > 3);
    let subject = subject
        .ok_or_else(|| GraphFailure::bad_request("displayName must be given and must start with 'CN='."))?
        .to_owned();
    let now = world.calendar(world.now);
    let latest = certificates::three_years_after(now);
    let not_after = match &ask.body["endDateTime"] {
        Value::Null => latest,
        value => value
            .as_str()
            .and_then(|text| text.parse::<Timestamp>().ok())
            .filter(|end| *end > now && *end <= latest)
            .ok_or_else(|| {
                GraphFailure::bad_request("endDateTime must be a point in time, at most three years ahead.")
            })?,
    };
    // Certificates have a precision of seconds. One that would equal another ends a second earlier.
    let mut not_after = Timestamp::from_second(not_after.as_second()).unwrap_or(not_after);
    let made = loop {
        let made = certificates::make(&subject, not_after)
            .ok_or_else(|| GraphFailure::bad_request("No certificate can be made of this displayName."))?;
        if application.certificates.iter().all(|other| other.thumbprint != made.certificate.thumbprint) {
            break made;
        }
        not_after -= Duration::from_secs(1);
    };
    let start = not_after - VALIDITY;
    let body = json!({
        "@odata.context": context("microsoft.graph.selfSignedCertificate", ""),
        "customKeyIdentifier": identifier(&made.certificate.thumbprint),
        "displayName": subject,
        "endDateTime": not_after.to_string(),
        "key": BASE64_STANDARD.encode(&made.der),
        "keyId": key_id(&made.certificate.thumbprint, "Verify"),
        "startDateTime": start.to_string(),
        "thumbprint": made.certificate.thumbprint,
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    });
    if let Some(application) = tenancy.change_application(world.now, &id) {
        application.certificates.push(made.certificate);
        application.certificates.sort_by(|a, b| a.thumbprint.cmp(&b.thumbprint));
    }
    Ok(Done::ok(body))
}

/// Returns `customKeyIdentifier`: the bytes of the thumbprint.
fn identifier(thumbprint: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = thumbprint
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    bytes.map(|bytes| BASE64_STANDARD.encode(bytes))
}

/// Returns the id of a key, which is the same for every read.
fn key_id(thumbprint: &str, usage: &str) -> String {
    crate::random::uuid_of(&[thumbprint.as_bytes(), usage.as_bytes()])
}

/// Returns two keys for each certificate: the private key for signing and the public key for verification.
fn render_keys(application: &EnterpriseApplication) -> Value {
    let keys = application.certificates.iter().flat_map(|certificate| {
        let kinds = [("X509CertAndPassword", "Sign"), ("AsymmetricX509Cert", "Verify")];
        kinds.map(|(kind, usage)| {
            json!({
                "customKeyIdentifier": identifier(&certificate.thumbprint),
                "displayName": certificate.subject,
                "endDateTime": certificate.not_after.to_string(),
                "key": null,
                "keyId": key_id(&certificate.thumbprint, usage),
                "startDateTime": (certificate.not_after - VALIDITY).to_string(),
                "type": kind,
                "usage": usage,
            })
        })
    });
    keys.collect()
}

pub(super) fn render(application: &EnterpriseApplication) -> Value {
    let names: Vec<&str> = application
        .identifier_uris
        .iter()
        .map(String::as_str)
        .chain([application.client_id.as_str()])
        .collect();
    json!({
        "id": application.service_principal_id.as_str(),
        "accountEnabled": true,
        "appId": application.client_id.as_str(),
        "appDisplayName": application.display_name,
        "applicationTemplateId": application.template_id,
        "appRoleAssignmentRequired": true,
        "appRoles": render_roles(application),
        "displayName": application.display_name,
        "keyCredentials": render_keys(application),
        "passwordCredentials": [],
        "preferredSingleSignOnMode": application.sign_on_mode,
        "preferredTokenSigningKeyThumbprint": application.preferred_thumbprint,
        "replyUrls": application.redirect_uris,
        "servicePrincipalNames": names,
        "servicePrincipalType": "Application",
        "tags": ["WindowsAzureActiveDirectoryGalleryApplicationPrimaryV1", "WindowsAzureActiveDirectoryIntegratedApp"],
    })
}

pub(super) fn render_roles(application: &EnterpriseApplication) -> Value {
    let roles = application.app_roles.iter().map(|AppRole { id, display_name, is_enabled }| {
        json!({
            "id": id.as_str(),
            "displayName": display_name,
            "description": display_name,
            "isEnabled": is_enabled,
            "allowedMemberTypes": ["User"],
            "origin": "Application",
            "value": null,
        })
    });
    roles.collect()
}
