//! The live state of an Entra ID tenant, as far as it was read.
//!
//! A [`Tenant`] is also the sandbox's tenant in a snapshot file. Facts are from the Microsoft Graph v1.0 reference
//! unless a field says otherwise.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::identity::ObjectId;

/// The display name of the gallery application.
pub const GALLERY_NAME: &str = "AWS IAM Identity Center (successor to AWS Single Sign-On)";
/// The id of the gallery application's template.
pub const GALLERY_TEMPLATE: &str = "21ed01d2-ec13-4e9e-86c1-cd546719ebc4";

/// An Entra ID tenant.
///
/// Invariant: every list is sorted by id, without duplicates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tenant {
    /// The directory (tenant) id, a UUID.
    pub id: String,
    /// Its verified domains, such as `acme.onmicrosoft.com`. The configuration names the tenant by one of them, or by
    /// its id.
    pub domains: BTreeSet<String>,
    /// In a sandbox, all groups. Of a real tenant, the groups in the configuration, their nested groups, and the
    /// groups assigned to the application. A declared group that is not listed does not exist.
    pub groups: Vec<DirectoryGroup>,
    /// In a sandbox, all users. Of a real tenant, the members of `groups`.
    pub users: Vec<DirectoryUser>,
    /// In a sandbox, all enterprise applications. Of a real tenant, those with the name in the configuration.
    pub applications: Vec<EnterpriseApplication>,
    /// Conditional access policies.
    pub conditional_access: Vec<ConditionalAccessPolicy>,
    /// Provisioning log entries and sign-ins of the application, newest first. Only `doctor` reads them.
    #[serde(default, skip_serializing_if = "AuditLogs::is_empty")]
    pub logs: AuditLogs,
}

impl Tenant {
    /// Sorts the lists, except the logs.
    pub fn sort(&mut self) {
        self.groups.sort_by(|a, b| a.id.cmp(&b.id));
        self.users.sort_by(|a, b| a.id.cmp(&b.id));
        self.applications.sort_by(|a, b| a.service_principal_id.cmp(&b.service_principal_id));
        self.conditional_access.sort_by(|a, b| a.id.cmp(&b.id));
        for application in &mut self.applications {
            application.app_roles.sort_by(|a, b| a.id.cmp(&b.id));
            application.certificates.sort_by(|a, b| a.thumbprint.cmp(&b.thumbprint));
            application.assignments.sort_by(|a, b| a.id.cmp(&b.id));
            application.jobs.sort_by(|a, b| a.id.cmp(&b.id));
        }
    }

    /// Returns the group with this id.
    pub fn group(&self, id: &ObjectId) -> Option<&DirectoryGroup> {
        self.groups.binary_search_by(|group| group.id.cmp(id)).ok().map(|at| &self.groups[at])
    }

    /// Returns the user with this id.
    pub fn user(&self, id: &ObjectId) -> Option<&DirectoryUser> {
        self.users.binary_search_by(|user| user.id.cmp(id)).ok().map(|at| &self.users[at])
    }
}

/// A group of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DirectoryGroup {
    /// The object id.
    pub id: ObjectId,
    /// The display name, which need not be unique.
    pub display_name: String,
    /// Whether it is a security group. Only security groups can be assigned to an application.
    pub security_enabled: bool,
    /// Users who are direct members.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub members: BTreeSet<ObjectId>,
    /// Groups that are direct members. Provisioning ignores their members.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub nested: BTreeSet<ObjectId>,
}

/// A user of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DirectoryUser {
    /// The object id.
    pub id: ObjectId,
    /// The user principal name, which provisioning sends as `userName`.
    pub user_principal_name: String,
    /// The display name.
    pub display_name: String,
    /// First name. AWS rejects users without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Last name. AWS rejects users without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
    /// Whether the user may sign in.
    pub account_enabled: bool,
}

/// An enterprise application: an application with its service principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnterpriseApplication {
    /// The object id of the service principal.
    pub service_principal_id: ObjectId,
    /// The object id of the application.
    pub application_id: ObjectId,
    /// The client id that both share (`appId`).
    pub client_id: ObjectId,
    /// The display name of the service principal, which need not be unique.
    pub display_name: String,
    /// The template from which it was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_id: Option<String>,
    /// Its app roles.
    pub app_roles: Vec<AppRole>,
    /// `preferredSingleSignOnMode`, such as `saml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_on_mode: Option<String>,
    /// `identifierUris`: the entity ids of the service provider.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub identifier_uris: BTreeSet<String>,
    /// `web.redirectUris`: the assertion consumer services.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub redirect_uris: BTreeSet<String>,
    /// Token signing certificates, sorted by thumbprint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<SigningCertificate>,
    /// The thumbprint of the active signing certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_thumbprint: Option<String>,
    /// Its assignments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignments: Vec<AppRoleAssignment>,
    /// Its synchronization jobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<SyncJob>,
    /// The tenant's federation metadata document for this application; `None` if it was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub federation: Option<FederationMetadata>,
}

/// An app role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppRole {
    /// Its id.
    pub id: ObjectId,
    /// Its display name. The gallery application publishes `User`.
    pub display_name: String,
    /// Whether it can be assigned.
    pub is_enabled: bool,
}

/// A token signing certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SigningCertificate {
    /// The SHA-1 of the certificate, in upper-case hexadecimal digits (`customKeyIdentifier`, in Base64 on the wire).
    pub thumbprint: String,
    /// The subject, such as `CN=AWS IAM Identity Center`.
    pub subject: String,
    /// When it expires.
    pub not_after: Timestamp,
}

/// An assignment of a principal to an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppRoleAssignment {
    /// Its id, by which it is deleted.
    pub id: String,
    /// The group or user.
    pub principal: ObjectId,
    /// Its display name.
    pub principal_name: String,
    /// Whether it is a group.
    pub is_group: bool,
    /// The app role.
    pub app_role: ObjectId,
}

/// A synchronization job: SCIM provisioning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncJob {
    /// Its id, such as `aws.0123….4567…`.
    pub id: String,
    /// The template from which it was created.
    pub template_id: String,
    /// `status.code`.
    pub state: SyncState,
    /// Why it is in quarantine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Quarantine>,
    /// When its last successful run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success: Option<Timestamp>,
    /// The error code and message of its last run, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// `countSuccessiveCompleteFailures`.
    #[serde(default)]
    pub failures_in_a_row: u32,
    /// `schedule.interval`, in seconds; about 40 minutes.
    pub interval_seconds: u32,
    /// The group attribute that its schema maps to `externalId`; it must be `objectId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_external_id: Option<String>,
    /// The same attribute for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_external_id: Option<String>,
    /// The id of the schema's group rule, which provisioning on demand requires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_rule_id: Option<String>,
    /// Whether secrets are set. Graph returns them as `*`, so their drift is not visible.
    #[serde(default)]
    pub has_secrets: bool,
}

/// The state of a synchronization job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SyncState {
    /// Credentials or settings are missing.
    NotConfigured,
    /// Configured, but not run yet.
    NotRun,
    /// Running on its schedule.
    Active,
    /// Paused.
    Paused,
    /// In quarantine: runs once a day, and is disabled after four weeks.
    Quarantine,
}

/// Why a job is in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quarantine {
    /// `quarantine.reason`, such as `EncounteredBaseEscrowThreshold` or `TenantProvisioningInvalidCredentials`.
    pub reason: String,
    /// The error message, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// The federation metadata document of the tenant for an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FederationMetadata {
    /// The entity id: `https://sts.windows.net/{tenant}/`.
    pub entity_id: String,
    /// Its signing certificates, sorted by thumbprint.
    pub certificates: Vec<SigningCertificate>,
    /// The document's length in characters. AWS accepts at most 75,000.
    pub characters: u32,
}

/// A conditional access policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConditionalAccessPolicy {
    /// Its id.
    pub id: ObjectId,
    /// Its contents.
    pub policy: AccessPolicy,
}

/// The parts of a conditional access policy that Rolecall reads and writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessPolicy {
    /// Its display name, which need not be unique.
    pub name: String,
    /// Its state.
    pub state: PolicyState,
    /// `conditions.applications.includeApplications`: client ids, `All` or `None`.
    pub applications: BTreeSet<String>,
    /// `conditions.users.includeUsers`: object ids, `All` or `None`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub include_users: BTreeSet<String>,
    /// `conditions.users.includeGroups`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub include_groups: BTreeSet<ObjectId>,
    /// `conditions.users.excludeGroups`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exclude_groups: BTreeSet<ObjectId>,
    /// `conditions.users.excludeUsers`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exclude_users: BTreeSet<String>,
    /// `conditions.clientAppTypes`; `all` by default.
    pub client_app_types: BTreeSet<String>,
    /// `grantControls.builtInControls`, such as `mfa`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub controls: BTreeSet<String>,
    /// `grantControls.authenticationStrength.id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<String>,
}

/// The state of a conditional access policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicyState {
    /// Off.
    Disabled,
    /// Report-only.
    EnabledForReportingButNotEnforced,
    /// On.
    Enabled,
}

impl PolicyState {
    /// Returns the state as Graph spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::EnabledForReportingButNotEnforced => "enabledForReportingButNotEnforced",
            Self::Enabled => "enabled",
        }
    }
}

/// The required authentication strength of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MfaStrength {
    /// Any second factor.
    Mfa,
    /// Passwordless authentication.
    Passwordless,
    /// Phishing-resistant authentication.
    PhishingResistant,
}

impl MfaStrength {
    /// Returns the id of the built-in authentication strength.
    pub fn strength_id(self) -> &'static str {
        match self {
            Self::Mfa => "00000000-0000-0000-0000-000000000002",
            Self::Passwordless => "00000000-0000-0000-0000-000000000003",
            Self::PhishingResistant => "00000000-0000-0000-0000-000000000004",
        }
    }
}

/// Entries in the audit logs of the application.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditLogs {
    /// Unsuccessful provisioning steps; in a sandbox, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provisioning: Vec<ProvisioningEvent>,
    /// Failed sign-ins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sign_ins: Vec<SignIn>,
}

impl AuditLogs {
    fn is_empty(&self) -> bool {
        self.provisioning.is_empty() && self.sign_ins.is_empty()
    }
}

/// A provisioning step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvisioningEvent {
    /// When.
    pub at: Timestamp,
    /// `provisioningAction`, such as `create`.
    pub action: String,
    /// `Group` or `User`.
    pub kind: String,
    /// The display name of the source identity.
    pub name: String,
    /// `statusInfo.status`: `success`, `failure`, `skipped` or `warning`.
    pub status: String,
    /// `statusInfo.errorInformation.errorCode`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// `statusInfo.errorInformation.reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignIn {
    /// When.
    pub at: Timestamp,
    /// The user principal name.
    pub user: String,
    /// `status.errorCode`; 0 is success.
    pub error_code: u32,
    /// `status.failureReason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
