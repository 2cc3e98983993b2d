//! Errors of an observation.

use std::collections::BTreeSet;

use rolecall_model::{Code, ObjectId};

use crate::failure::{GraphError, Kind};
use crate::federation::MetadataError;

/// The reason that a tenant could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// Credentials are missing, or Entra ID rejects them.
    #[error("Microsoft Graph rejects the credentials, or there are none: {0}")]
    NoCredentials(#[source] Box<GraphError>),
    /// The credentials are for another tenant than the one in the configuration.
    #[error("the credentials are for tenant {id} ({}), not for {wanted}", list(domains))]
    WrongTenant {
        /// The tenant in the configuration.
        wanted: String,
        /// The directory id of the tenant of the credentials.
        id: String,
        /// Its verified domains.
        domains: BTreeSet<String>,
    },
    /// The service principal with the name in the configuration is of another tenant's application, so its
    /// application cannot be read or changed.
    #[error(
        "the enterprise application {name:?} ({service_principal}) belongs to an application in another tenant"
    )]
    ForeignApplication {
        /// Its display name.
        name: String,
        /// The object id of the service principal.
        service_principal: ObjectId,
    },
    /// Only the id of a group's member is visible: the caller may read groups, but not users.
    #[error("only the id of user {user}, a member of group {group}, is visible to the caller")]
    LimitedMember {
        /// The group.
        group: ObjectId,
        /// The user.
        user: ObjectId,
    },
    /// The federation metadata document cannot be used.
    #[error("the federation metadata document of the tenant is unusable: {0}")]
    Metadata(#[source] MetadataError),
    /// A call failed.
    #[error(transparent)]
    Call(Box<GraphError>),
}

fn list(domains: &BTreeSet<String>) -> String {
    domains.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

impl From<GraphError> for ObserveError {
    fn from(error: GraphError) -> Self {
        match error.kind {
            Kind::Token | Kind::Credentials => Self::NoCredentials(Box::new(error)),
            _ => Self::Call(Box::new(error)),
        }
    }
}

impl ObserveError {
    /// Returns the diagnostic code.
    pub fn code(&self) -> Code {
        match self {
            Self::NoCredentials(_) => Code::NoCredentials,
            Self::WrongTenant { .. }
            | Self::ForeignApplication { .. }
            | Self::LimitedMember { .. }
            | Self::Metadata(_)
            | Self::Call(_) => Code::ReadFailed,
        }
    }

    /// Returns how to fix the error.
    pub fn help(&self) -> String {
        match self {
            Self::NoCredentials(_) => {
                "give the pipeline a federated credential of an app registration, or sign in with \
                `az login`; the documentation lists the environment variables"
                    .to_owned()
            }
            Self::WrongTenant { .. } => {
                "correct `entra tenant=`, or use credentials of that tenant (AZURE_TENANT_ID)".to_owned()
            }
            Self::ForeignApplication { .. } => {
                "name an application that was created in this tenant, from the gallery or with `create`"
                    .to_owned()
            }
            Self::LimitedMember { .. } => "grant the application permission User.ReadBasic.All".to_owned(),
            Self::Metadata(_) => "nothing was changed; it is safe to retry".to_owned(),
            Self::Call(error) if error.kind == Kind::Denied => {
                let needed = error.route.plan.join(" and ");
                format!("grant {needed} to the application, with admin consent; nothing was changed")
            }
            Self::Call(_) => "nothing was changed; it is safe to retry".to_owned(),
        }
    }
}
