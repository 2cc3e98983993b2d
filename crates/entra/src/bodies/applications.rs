//! Applications, service principals and who is assigned to them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rolecall_model::ObjectId;
use serde::{Deserialize, Serialize};

/// What is selected of a service principal. Graph gives `keyCredentials` only to those who ask.
pub(crate) const SERVICE_PRINCIPAL: &str = "id,appId,displayName,applicationTemplateId,appRoles,keyCredentials,\
                                            preferredSingleSignOnMode,preferredTokenSigningKeyThumbprint";

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServicePrincipal {
    pub(crate) id: ObjectId,
    pub(crate) app_id: ObjectId,
    pub(crate) display_name: String,
    pub(crate) application_template_id: Option<String>,
    #[serde(default)]
    pub(crate) app_roles: Vec<AppRole>,
    #[serde(default)]
    pub(crate) key_credentials: Vec<KeyCredential>,
    pub(crate) preferred_single_sign_on_mode: Option<String>,
    pub(crate) preferred_token_signing_key_thumbprint: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppRole {
    pub(crate) id: ObjectId,
    pub(crate) display_name: Option<String>,
    pub(crate) is_enabled: bool,
}

/// A key of a service principal. Each signing certificate is there as a private key that signs and as a public key
/// that verifies.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyCredential {
    pub(crate) custom_key_identifier: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) end_date_time: Option<Timestamp>,
    pub(crate) usage: Option<String>,
}

/// What is selected of an application.
pub(crate) const APPLICATION: &str = "id,appId,identifierUris,web";

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Application {
    pub(crate) id: ObjectId,
    #[serde(default)]
    pub(crate) identifier_uris: BTreeSet<String>,
    pub(crate) web: Option<Web>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Web {
    #[serde(default)]
    pub(crate) redirect_uris: BTreeSet<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Assignment {
    pub(crate) id: String,
    pub(crate) principal_id: ObjectId,
    pub(crate) principal_display_name: Option<String>,
    pub(crate) principal_type: String,
    pub(crate) app_role_id: ObjectId,
}

/// `instantiate`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instantiate<'a> {
    pub(crate) display_name: &'a str,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Instantiated {
    pub(crate) application: Made,
    pub(crate) service_principal: Made,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Made {
    pub(crate) id: ObjectId,
    pub(crate) app_id: ObjectId,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SamlMode {
    pub(crate) preferred_single_sign_on_mode: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Urls<'a> {
    pub(crate) identifier_uris: &'a BTreeSet<String>,
    pub(crate) web: RedirectUris<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RedirectUris<'a> {
    pub(crate) redirect_uris: &'a BTreeSet<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewCertificate<'a> {
    pub(crate) display_name: &'a str,
    pub(crate) end_date_time: Timestamp,
}

/// `selfSignedCertificate`.
#[derive(Debug, Deserialize)]
pub(crate) struct MadeCertificate {
    pub(crate) thumbprint: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preferred<'a> {
    pub(crate) preferred_token_signing_key_thumbprint: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Assign<'a> {
    pub(crate) principal_id: &'a ObjectId,
    pub(crate) resource_id: &'a ObjectId,
    pub(crate) app_role_id: &'a ObjectId,
}
