//! The Entra part of the configuration.

use std::collections::BTreeSet;

use super::GroupIx;
use crate::Date;
use crate::entra::{MfaStrength, PolicyState};
use crate::origin::OriginId;

/// The `entra` node.
#[derive(Debug, Clone, PartialEq)]
pub struct Entra {
    /// The tenant: a verified domain or the directory ID.
    pub tenant: String,
    /// The enterprise application.
    pub application: Option<Application>,
    /// Where it is written.
    pub origin: OriginId,
}

/// `application "name"`: the enterprise application through which users sign in to AWS and are provisioned.
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// Its display name.
    pub name: String,
    /// `create`: it is created from the gallery template if it does not exist.
    pub create: Option<OriginId>,
    /// `assign-groups`: every group that the configuration uses is assigned to it.
    pub assign_groups: Option<OriginId>,
    /// `unassign-group "name"`: by display name or object ID.
    pub unassign: Vec<Unassign>,
    /// `provisioning`.
    pub provisioning: Option<Provisioning>,
    /// `saml`.
    pub saml: Option<Saml>,
    /// `require-mfa`.
    pub require_mfa: Option<RequireMfa>,
    /// Where it is written.
    pub origin: OriginId,
}

/// `unassign-group`: a group that is removed from the application. Entra then deletes it in AWS, with all of its
/// assignments.
#[derive(Debug, Clone, PartialEq)]
pub struct Unassign {
    /// The display name or the object ID. The group need not be declared, because nothing uses it.
    pub group: String,
    /// Where it is written.
    pub origin: OriginId,
}

/// `provisioning`: the synchronization job is started.
#[derive(Debug, Clone, PartialEq)]
pub struct Provisioning {
    /// The expiry of the SCIM token, which AWS does not return. A token is valid for one year.
    pub token_expires: Option<Date>,
    /// Where it is written.
    pub origin: OriginId,
}

/// `saml`: single sign-on.
#[derive(Debug, Clone, PartialEq)]
pub struct Saml {
    /// The service provider, from the metadata document (`sign-on-metadata=`) of Identity Center's console.
    pub service_provider: ServiceProvider,
    /// Number of days before the expiry of a certificate at which plans begin to warn; 45 by default.
    pub certificate_warning_days: u32,
    /// `aws-has-certificate=`: the thumbprint of a certificate whose metadata has been uploaded to AWS, in upper-case
    /// hexadecimal digits. AWS has no API to check this, and a certificate that AWS does not have must not sign.
    pub aws_has: Option<String>,
    /// Where it is written.
    pub origin: OriginId,
}

/// The service provider of SAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceProvider {
    /// Its entity ID, `https://<region>.signin.aws.amazon.com/platform/saml/<id>`.
    pub entity_id: String,
    /// Its assertion consumer services, one for each Region and binding.
    pub assertion_consumers: BTreeSet<String>,
}

/// `require-mfa`: the conditional access policy for the application.
#[derive(Debug, Clone, PartialEq)]
pub struct RequireMfa {
    /// The display name of the policy.
    pub name: String,
    /// The required authentication strength.
    pub strength: MfaStrength,
    /// `report-only` or `enabled`.
    pub state: PolicyState,
    /// `except-to`: groups that it excludes. An enabled policy needs at least one.
    pub except: Vec<GroupIx>,
    /// Where it is written.
    pub origin: OriginId,
}
