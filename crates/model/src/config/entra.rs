//! What the files say of the Microsoft 365 half.

use std::collections::BTreeSet;

use super::GroupIx;
use crate::Date;
use crate::entra::{MfaStrength, PolicyState};
use crate::origin::OriginId;

/// The `entra` node.
#[derive(Debug, Clone, PartialEq)]
pub struct Entra {
    /// The tenant: a verified domain or the directory id.
    pub tenant: String,
    /// The enterprise application.
    pub application: Option<Application>,
    /// Where it was written.
    pub origin: OriginId,
}

/// `application "name"`: the enterprise application that signs in to AWS and provisions to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// Its display name.
    pub name: String,
    /// `create`: it is made from the gallery's template where it does not exist.
    pub create: Option<OriginId>,
    /// `assign-groups`: every group that the files use is assigned to it.
    pub assign_groups: Option<OriginId>,
    /// `unassign-group "name"`: by display name or object id.
    pub unassign: Vec<Unassign>,
    /// `provisioning`.
    pub provisioning: Option<Provisioning>,
    /// `saml`.
    pub saml: Option<Saml>,
    /// `require-mfa`.
    pub require_mfa: Option<RequireMfa>,
    /// Where it was written.
    pub origin: OriginId,
}

/// `unassign-group`: a group that is taken off the application; Entra then deletes it in AWS, with all its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Unassign {
    /// The display name or the object id. The group need not be declared: it is used by nothing.
    pub group: String,
    /// Where it was written.
    pub origin: OriginId,
}

/// `provisioning`: the synchronization job runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Provisioning {
    /// When the SCIM token ends; AWS does not tell. A token lives one year.
    pub token_expires: Option<Date>,
    /// Where it was written.
    pub origin: OriginId,
}

/// `saml`: single sign-on.
#[derive(Debug, Clone, PartialEq)]
pub struct Saml {
    /// What the service provider's metadata document says (`sign-on-metadata=`), from Identity Center's console.
    pub service_provider: ServiceProvider,
    /// So many days before its end a certificate is told; 45 by default.
    pub certificate_warning_days: u32,
    /// `aws-has-certificate=`: the thumbprint of a certificate whose metadata somebody has uploaded in AWS, in upper-case
    /// hexadecimal digits. AWS has no API that would tell, and a certificate that AWS does not know must not sign.
    pub aws_has: Option<String>,
    /// Where it was written.
    pub origin: OriginId,
}

/// The service provider's half of SAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceProvider {
    /// Its entity id, `https://<region>.signin.aws.amazon.com/platform/saml/<id>`.
    pub entity_id: String,
    /// Its assertion consumer services, one for each Region and binding.
    pub assertion_consumers: BTreeSet<String>,
}

/// `require-mfa`: the conditional access policy for the application.
#[derive(Debug, Clone, PartialEq)]
pub struct RequireMfa {
    /// The policy's display name.
    pub name: String,
    /// What is required.
    pub strength: MfaStrength,
    /// `report-only` or `enabled`.
    pub state: PolicyState,
    /// `except-to`: groups that it does not bind. `enabled` needs at least one.
    pub except: Vec<GroupIx>,
    /// Where it was written.
    pub origin: OriginId,
}
