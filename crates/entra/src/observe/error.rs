//! Why a reading ended without a tenant.

use std::collections::BTreeSet;

use rolecall_model::{Code, ObjectId};

use crate::failure::{GraphError, Kind};
use crate::federation::MetadataError;

/// Why a tenant could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// There are no credentials, or Entra does not accept them.
    #[error("Microsoft Graph cannot be called, since there are no credentials that it accepts: {0}")]
    NoCredentials(#[source] Box<GraphError>),
    /// The caller belongs to another tenant than the files name.
    #[error("the credentials are of tenant {id} ({}), not of {wanted}", list(domains))]
    WrongTenant {
        /// What the files name.
        wanted: String,
        /// The directory id of the tenant that was called.
        id: String,
        /// Its verified domains.
        domains: BTreeSet<String>,
    },
    /// A service principal of the name that the files give is of an application in another tenant, so what belongs to
    /// the application cannot be read or changed.
    #[error(
        "the enterprise application {name:?} ({service_principal}) belongs to an application of another tenant"
    )]
    ForeignApplication {
        /// Its display name.
        name: String,
        /// The object id of the service principal.
        service_principal: ObjectId,
    },
    /// A member of a group is shown by its id alone: the caller may read groups and not users.
    #[error("of user {user}, a member of group {group}, the caller may see no more than the id")]
    LimitedMember {
        /// The group.
        group: ObjectId,
        /// The user.
        user: ObjectId,
    },
    /// The federation metadata document cannot be used.
    #[error("the federation metadata of the tenant cannot be used: {0}")]
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
    /// Its stable code.
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

    /// The way out.
    pub fn help(&self) -> String {
        match self {
            Self::NoCredentials(_) => {
                "give the pipeline a federated credential of an application registration, or sign \
                in with `az login`; the variables that are looked at are in the documentation"
                    .to_owned()
            }
            Self::WrongTenant { .. } => {
                "correct `entra tenant=`, or use credentials of that tenant (AZURE_TENANT_ID)".to_owned()
            }
            Self::ForeignApplication { .. } => {
                "name an application that was made in this tenant, from the gallery or with `create`"
                    .to_owned()
            }
            Self::LimitedMember { .. } => "grant the application permission User.ReadBasic.All".to_owned(),
            Self::Metadata(_) => "nothing was changed, so it is safe to try again".to_owned(),
            Self::Call(error) if error.kind == Kind::Denied => {
                let needed = error.route.plan.join(" and ");
                format!(
                    "grant {needed} to the application, with the consent of an administrator; nothing was changed"
                )
            }
            Self::Call(_) => "nothing was changed, so it is safe to try again".to_owned(),
        }
    }
}
