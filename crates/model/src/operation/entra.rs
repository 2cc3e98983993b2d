//! Operations in Entra ID, by Microsoft Graph.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::Date;
use crate::entra::AccessPolicy;
use crate::identity::ObjectId;

/// A step that changes something in Entra ID. The application is named by its display name, since it may not exist
/// when the step is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", tag = "step")]
pub enum EntraOperation {
    /// `POST /applicationTemplates/{id}/instantiate`; done when application and service principal can be read.
    CreateApplication {
        /// The display name.
        name: String,
    },
    /// `PATCH /servicePrincipals/{id}` with `preferredSingleSignOnMode: saml`.
    SetSamlMode {
        /// The application.
        application: String,
    },
    /// `PATCH /applications/{id}` with `identifierUris` and `web.redirectUris`. Graph replaces the whole lists.
    SetUrls {
        /// The application.
        application: String,
        /// The complete list.
        identifier_uris: BTreeSet<String>,
        /// The complete list.
        redirect_uris: BTreeSet<String>,
    },
    /// `POST /servicePrincipals/{id}/addTokenSigningCertificate`.
    AddCertificate {
        /// The application.
        application: String,
        /// The subject, such as `CN=AWS IAM Identity Center`.
        subject: String,
        /// Its last day, at most three years ahead.
        not_after: Date,
    },
    /// `PATCH /servicePrincipals/{id}` with `preferredTokenSigningKeyThumbprint`.
    PreferCertificate {
        /// The application.
        application: String,
        /// The thumbprint; `None` for the certificate that the same run adds.
        thumbprint: Option<String>,
    },
    /// `POST /servicePrincipals/{id}/appRoleAssignedTo`.
    AssignGroup {
        /// The application.
        application: String,
        /// The group.
        group: ObjectId,
        /// Its display name, for people.
        name: String,
    },
    /// `DELETE /servicePrincipals/{id}/appRoleAssignedTo/{assignment}`.
    UnassignGroup {
        /// The application.
        application: String,
        /// The group.
        group: ObjectId,
        /// Its display name, for people.
        name: String,
    },
    /// `POST /servicePrincipals/{id}/synchronization/jobs`.
    CreateSyncJob {
        /// The application.
        application: String,
    },
    /// `PUT /servicePrincipals/{id}/synchronization/secrets`, then `validateCredentials`. The secret is read from the
    /// environment during the apply; it is in no plan, record or log.
    SetSyncSecrets {
        /// The application.
        application: String,
    },
    /// `POST …/jobs/{id}/start`.
    StartSync {
        /// The application.
        application: String,
    },
    /// `POST …/jobs/{id}/restart`, which also lifts a quarantine.
    RestartSync {
        /// The application.
        application: String,
    },
    /// `POST …/jobs/{id}/provisionOnDemand`, once for every five members and at least once.
    ProvisionGroup {
        /// The application.
        application: String,
        /// The group.
        group: ObjectId,
        /// Its display name, for people.
        name: String,
        /// The users among its direct members.
        members: BTreeSet<ObjectId>,
    },
    /// `POST /identity/conditionalAccess/policies`.
    CreatePolicy {
        /// The application. Its client id is filled in for an empty `applications`, since it may not exist yet.
        application: String,
        /// The policy.
        policy: AccessPolicy,
    },
    /// `PATCH /identity/conditionalAccess/policies/{id}`.
    UpdatePolicy {
        /// The id of the policy.
        id: ObjectId,
        /// The application.
        application: String,
        /// The policy after the update.
        policy: AccessPolicy,
    },
}

impl EntraOperation {
    /// Returns the display name of the application that the step concerns.
    pub fn application(&self) -> &str {
        match self {
            Self::CreateApplication { name } => name,
            Self::SetSamlMode { application }
            | Self::SetUrls { application, .. }
            | Self::AddCertificate { application, .. }
            | Self::PreferCertificate { application, .. }
            | Self::AssignGroup { application, .. }
            | Self::UnassignGroup { application, .. }
            | Self::CreateSyncJob { application }
            | Self::SetSyncSecrets { application }
            | Self::StartSync { application }
            | Self::RestartSync { application }
            | Self::ProvisionGroup { application, .. }
            | Self::CreatePolicy { application, .. }
            | Self::UpdatePolicy { application, .. } => application,
        }
    }

    /// Returns the name of the step, such as `entra:AssignGroup`, for graphs, records and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Self::CreateApplication { .. } => "entra:CreateApplication",
            Self::SetSamlMode { .. } => "entra:SetSamlMode",
            Self::SetUrls { .. } => "entra:SetUrls",
            Self::AddCertificate { .. } => "entra:AddCertificate",
            Self::PreferCertificate { .. } => "entra:PreferCertificate",
            Self::AssignGroup { .. } => "entra:AssignGroup",
            Self::UnassignGroup { .. } => "entra:UnassignGroup",
            Self::CreateSyncJob { .. } => "entra:CreateSyncJob",
            Self::SetSyncSecrets { .. } => "entra:SetSyncSecrets",
            Self::StartSync { .. } => "entra:StartSync",
            Self::RestartSync { .. } => "entra:RestartSync",
            Self::ProvisionGroup { .. } => "entra:ProvisionGroup",
            Self::CreatePolicy { .. } => "entra:CreatePolicy",
            Self::UpdatePolicy { .. } => "entra:UpdatePolicy",
        }
    }

    /// Returns the id and the display name of the group that the step concerns, if any.
    pub fn group(&self) -> Option<(&ObjectId, &str)> {
        match self {
            Self::AssignGroup { group, name, .. }
            | Self::UnassignGroup { group, name, .. }
            | Self::ProvisionGroup { group, name, .. } => Some((group, name)),
            Self::CreateApplication { .. }
            | Self::SetSamlMode { .. }
            | Self::SetUrls { .. }
            | Self::AddCertificate { .. }
            | Self::PreferCertificate { .. }
            | Self::CreateSyncJob { .. }
            | Self::SetSyncSecrets { .. }
            | Self::StartSync { .. }
            | Self::RestartSync { .. }
            | Self::CreatePolicy { .. }
            | Self::UpdatePolicy { .. } => None,
        }
    }
}

impl fmt::Display for EntraOperation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())?;
        match self.group() {
            Some((group, name)) => write!(formatter, " {name} {group}"),
            None => write!(formatter, " {}", self.application()),
        }
    }
}
