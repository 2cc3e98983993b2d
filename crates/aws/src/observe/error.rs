//! Why a reading ended without a snapshot.

use rolecall_applier::Failure;
use rolecall_model::{AccountId, Code, InstanceId, Region};

use crate::api::Api;
use crate::retry::{CallError, Kind};

/// Why the live state could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// There are no credentials, or AWS does not accept them.
    #[error("AWS cannot be called, since there are no credentials that it accepts: {failure}")]
    NoCredentials {
        /// The call that needed them.
        api: Api,
        /// What the SDK or AWS said.
        failure: Failure,
    },
    /// The caller's account is in no organization.
    #[error("account {account} is in no organization: {failure}")]
    NoOrganization {
        /// The account.
        account: AccountId,
        /// What AWS said.
        failure: Failure,
    },
    /// The caller sees no instance in that Region.
    #[error("there is no IAM Identity Center instance in {region} that account {account} can see")]
    NoInstance {
        /// The Region that was asked.
        region: Region,
        /// The account that asked.
        account: AccountId,
    },
    /// The caller sees several, and the files do not say which.
    #[error("there are several IAM Identity Center instances: {}", list(ids))]
    SeveralInstances {
        /// Their ids.
        ids: Vec<InstanceId>,
    },
    /// The caller does not see the one that the files name.
    #[error("there is no IAM Identity Center instance {wanted} in {region}; the caller sees {}", list(seen))]
    InstanceNotFound {
        /// The one that was named.
        wanted: InstanceId,
        /// The Region that was asked.
        region: Region,
        /// Those that it sees.
        seen: Vec<InstanceId>,
    },
    /// An account instance: it belongs to one member account and has no permission sets.
    #[error(
        "instance {id} belongs to account {owner} alone, not to the organization, so it has no permission sets"
    )]
    AccountInstance {
        /// The instance.
        id: InstanceId,
        /// The member account that owns it.
        owner: AccountId,
    },
    /// Permission sets are switched off.
    #[error("permission sets are not enabled in instance {id}")]
    PermissionSetsDisabled {
        /// The instance.
        id: InstanceId,
    },
    /// The Region that was called holds a replica.
    #[error("the primary Region of the instance is {primary}, not {configured}")]
    WrongRegion {
        /// Where permission sets and assignments are administered.
        primary: Region,
        /// What the files say.
        configured: Region,
    },
    /// Accounts or units moved during every one of several readings.
    #[error("the organization changed each time while it was being read ({what})")]
    OrganizationChanged {
        /// What did not fit together at the last reading.
        what: String,
    },
    /// AWS could not make the configuration of attributes for access control that somebody asked for.
    #[error("attributes for access control could not be made: {reason}")]
    AccessControlFailed {
        /// What AWS said.
        reason: String,
    },
    /// The KMS key that encrypts the instance cannot be used.
    #[error("{api} cannot use the KMS key of the instance: {failure}")]
    Key {
        /// The call.
        api: Api,
        /// What AWS said.
        failure: Failure,
    },
    /// A call failed.
    #[error("{api} failed: {failure}")]
    Call {
        /// The call.
        api: Api,
        /// What AWS said, with its code and the request's id, or what befell the connection.
        failure: Failure,
    },
}

fn list(ids: &[InstanceId]) -> String {
    if ids.is_empty() {
        return "none".to_owned();
    }
    ids.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(", ")
}

impl From<CallError> for ObserveError {
    fn from(error: CallError) -> Self {
        let CallError { api, kind, failure } = error;
        match kind {
            Kind::Credentials | Kind::Expired => Self::NoCredentials { api, failure },
            Kind::Key => Self::Key { api, failure },
            _ => Self::Call { api, failure },
        }
    }
}

impl ObserveError {
    /// Its stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::NoCredentials { .. } => Code::NoCredentials,
            Self::NoOrganization { .. } | Self::NoInstance { .. } | Self::InstanceNotFound { .. } => {
                Code::NoInstance
            }
            Self::SeveralInstances { .. } => Code::SeveralInstances,
            Self::AccountInstance { .. } | Self::PermissionSetsDisabled { .. } => {
                Code::PermissionSetsDisabled
            }
            Self::WrongRegion { .. } => Code::WrongRegion,
            Self::OrganizationChanged { .. }
            | Self::AccessControlFailed { .. }
            | Self::Key { .. }
            | Self::Call { .. } => Code::ReadFailed,
        }
    }

    /// The way out.
    pub fn help(&self) -> String {
        match self {
            Self::NoCredentials { .. } => {
                "sign in (`aws sso login`), choose a profile with AWS_PROFILE, or give the \
                job a role; `aws sts get-caller-identity` shows whether AWS accepts it"
                    .to_owned()
            }
            Self::NoOrganization { .. } => "use credentials of the management account, or of the delegated \
                administrator for IAM Identity Center"
                .to_owned(),
            Self::NoInstance { .. } => {
                "check the region in `identity-center`, and that the credentials are those of \
                the management account or of the delegated administrator for IAM Identity Center"
                    .to_owned()
            }
            Self::SeveralInstances { .. } => {
                "say which: `identity-center region=\"…\" instance=\"ssoins-…\"`".to_owned()
            }
            Self::InstanceNotFound { .. } => {
                "correct `instance` in `identity-center`, or leave it out where there is only one".to_owned()
            }
            Self::AccountInstance { .. } => {
                "use the organization's instance, with credentials of the management \
                account or of the delegated administrator for IAM Identity Center"
                    .to_owned()
            }
            Self::PermissionSetsDisabled { .. } => {
                "enable multi-account permissions in the settings of IAM Identity Center".to_owned()
            }
            Self::WrongRegion { primary, .. } => {
                format!(
                    "write `identity-center region=\"{primary}\"`: permission sets work in that Region only"
                )
            }
            Self::OrganizationChanged { .. } => {
                "try again when no accounts or organizational units are being moved".to_owned()
            }
            Self::AccessControlFailed { .. } => {
                "disable attributes for access control in the settings of IAM Identity Center, and plan again: \
                 an apply then makes them anew"
                    .to_owned()
            }
            Self::Key { .. } => {
                "let the role use the key (kms:Decrypt, kms:GenerateDataKey), or enable the key; \
                 the Identity Center console shows which it is under Settings"
                    .to_owned()
            }
            Self::Call { api, failure } if failure.code.starts_with("AccessDenied") => {
                format!("let the role call {}; nothing was changed", api.iam_action())
            }
            Self::Call { .. } => "nothing was changed, so it is safe to try again".to_owned(),
        }
    }
}
