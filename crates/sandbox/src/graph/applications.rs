//! The gallery template, and applications.

use std::collections::BTreeSet;
use std::time::Duration;

use rolecall_model::ObjectId;
use rolecall_model::entra::{AppRole, EnterpriseApplication, GALLERY_NAME, GALLERY_TEMPLATE};
use serde_json::{Value, json};

use super::ask::Ask;
use super::listing::{Entity, context};
use super::service_principals;
use super::tenancy::Tenancy;
use super::wire::{Done, GraphAnswer, GraphFailure};
use crate::world::World;

const TEMPLATE: Entity = Entity {
    name: "ApplicationTemplate",
    context: "applicationTemplates",
    properties: &[
        "id",
        "displayName",
        "homePageUrl",
        "supportedSingleSignOnModes",
        "supportedProvisioningTypes",
        "publisher",
        "categories",
        "description",
    ],
    on_request: &[],
    filterable: &["displayName"],
    is_exact: false,
};

const APPLICATION: Entity = Entity {
    name: "Application",
    context: "applications",
    properties: &[
        "id",
        "appId",
        "applicationTemplateId",
        "displayName",
        "identifierUris",
        "signInAudience",
        "appRoles",
        "keyCredentials",
        "passwordCredentials",
        "web",
    ],
    on_request: &[],
    filterable: &["id", "appId", "displayName"],
    is_exact: false,
};

/// The app roles of the gallery application.
const ROLES: [(&str, &str); 2] = [
    ("18d14569-c3bd-439b-9a66-3a2aee01d14f", "User"),
    ("b9632174-c057-4f7e-951b-be3adc52bfe6", "msiam_access"),
];

/// Returns the roles of a new application.
pub(crate) fn gallery_roles() -> impl Iterator<Item = AppRole> {
    ROLES.into_iter().filter_map(|(id, name)| {
        Some(AppRole { id: id.parse().ok()?, display_name: name.to_owned(), is_enabled: true })
    })
}

pub(super) fn list_templates(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let template = json!({
        "id": GALLERY_TEMPLATE,
        "displayName": GALLERY_NAME,
        "homePageUrl": "https://aws.amazon.com/iam/identity-center/",
        "supportedSingleSignOnModes": ["saml", "external"],
        "supportedProvisioningTypes": ["sync"],
        "publisher": "Amazon Web Services, Inc.",
        "categories": ["developerServices"],
        "description": null,
    });
    TEMPLATE.page(tenancy, ask, std::iter::once((GALLERY_TEMPLATE.to_owned(), template)))
}

/// Creates an application and its service principal. Both can be read only after a while, as in Entra ID's replicated
/// directory.
pub(super) fn instantiate(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    if ask.first() != GALLERY_TEMPLATE {
        return Err(GraphFailure::not_found(ask.first()));
    }
    let name =
        ask.body["displayName"].as_str().filter(|name| !name.is_empty() && name.chars().count() <= 256);
    let name = name.ok_or_else(|| GraphFailure::bad_request("displayName must have 1 to 256 characters."))?;
    let application = EnterpriseApplication {
        service_principal_id: world.source.object_id(),
        application_id: world.source.object_id(),
        client_id: world.source.object_id(),
        display_name: name.to_owned(),
        template_id: Some(GALLERY_TEMPLATE.to_owned()),
        app_roles: gallery_roles().collect(),
        sign_on_mode: None,
        identifier_uris: BTreeSet::new(),
        redirect_uris: BTreeSet::new(),
        certificates: Vec::new(),
        preferred_thumbprint: None,
        assignments: Vec::new(),
        jobs: Vec::new(),
        federation: None,
    };
    let now = world.now;
    let mean = world.settings.appearance_latency_mean;
    // The application appears before its service principal, as in Graph.
    let first = now + world.source.directory_latency(mean);
    let second = first + world.source.directory_latency(mean.min(Duration::from_secs(5)));
    tenancy.appears.insert(application.application_id.clone(), first);
    tenancy.appears.insert(application.service_principal_id.clone(), second);
    let body = json!({
        "@odata.context": context("microsoft.graph.applicationServicePrincipal", ""),
        "application": render(&application),
        "servicePrincipal": service_principals::render(&application),
    });
    let tenant = tenancy.change(now);
    tenant.applications.push(application);
    tenant.applications.sort_by(|a, b| a.service_principal_id.cmp(&b.service_principal_id));
    Ok(Done::created(body))
}

pub(super) fn list(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    ask.counts()?;
    let mut applications: Vec<&EnterpriseApplication> = tenancy.tenant().applications.iter().collect();
    applications.retain(|one| tenancy.is_visible(&one.application_id, world.now));
    applications.sort_by(|a, b| a.application_id.cmp(&b.application_id));
    APPLICATION.page(
        tenancy,
        ask,
        applications.into_iter().map(|one| (one.application_id.to_string(), render(one))),
    )
}

pub(super) fn get(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = ask.first();
    APPLICATION.one(ask, render(tenancy.application(id, world.now)?))
}

/// Handles `PATCH`, which supports only the SAML URLs of an application.
pub(super) fn update(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = ask.first();
    let application = tenancy.application(id, world.now)?;
    let service_principal: ObjectId = application.service_principal_id.clone();
    let fields =
        ask.body.as_object().ok_or_else(|| GraphFailure::bad_request("The body must be an object."))?;
    let (mut identifiers, mut redirects) = (None, None);
    for (name, value) in fields {
        match name.as_str() {
            "identifierUris" => identifiers = Some(uris(name, value)?),
            "web" => {
                let web =
                    value.as_object().ok_or_else(|| GraphFailure::bad_request("web must be an object."))?;
                for (name, value) in web {
                    match name.as_str() {
                        "redirectUris" => redirects = Some(uris(name, value)?),
                        _ => return Err(GraphFailure::unknown_property(name)),
                    }
                }
            }
            _ => return Err(GraphFailure::unknown_property(name)),
        }
    }
    let others =
        tenancy.tenant().applications.iter().filter(|one| one.service_principal_id != service_principal);
    let taken = others.flat_map(|one| &one.identifier_uris);
    if let Some(uri) =
        taken.into_iter().find(|uri| identifiers.as_ref().is_some_and(|all| all.contains(*uri)))
    {
        return Err(GraphFailure::bad_request(format!(
            "Another object with the same value for property identifierUris already exists: {uri}"
        )));
    }
    let now = world.now;
    if let Some(application) = tenancy.change_application(now, &service_principal) {
        if let Some(uris) = identifiers {
            application.identifier_uris = uris;
        }
        if let Some(uris) = redirects {
            application.redirect_uris = uris;
        }
    }
    Ok(Done::no_content())
}

fn uris(name: &str, value: &Value) -> Result<BTreeSet<String>, GraphFailure> {
    let invalid = || GraphFailure::bad_request(format!("Invalid value specified for property '{name}'."));
    let all = value.as_array().ok_or_else(invalid)?;
    let read: Option<BTreeSet<String>> = all
        .iter()
        .map(|uri| uri.as_str().filter(|uri| uri.contains(':') && uri.len() <= 256).map(str::to_owned))
        .collect();
    read.filter(|read| read.len() == all.len()).ok_or_else(invalid)
}

fn render(application: &EnterpriseApplication) -> Value {
    json!({
        "id": application.application_id.as_str(),
        "appId": application.client_id.as_str(),
        "applicationTemplateId": application.template_id,
        "displayName": application.display_name,
        "identifierUris": application.identifier_uris,
        "signInAudience": "AzureADMyOrg",
        "appRoles": service_principals::render_roles(application),
        "keyCredentials": [],
        "passwordCredentials": [],
        "web": {
            "homePageUrl": null,
            "logoutUrl": null,
            "redirectUris": application.redirect_uris,
            "implicitGrantSettings": { "enableAccessTokenIssuance": false, "enableIdTokenIssuance": false },
        },
    })
}
