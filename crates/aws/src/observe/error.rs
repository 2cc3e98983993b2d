//! Errors of an observation.

use rolecall_applier::Failure;
use rolecall_model::{AccountId, Code, InstanceId, Region};

use crate::api::Api;
use crate::retry::{CallError, Kind};

/// The reason that the live state could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// Credentials are missing, or AWS rejects them.
    #[error("AWS rejects the credentials, or there are none: {failure}")]
    NoCredentials {
        /// The call that needed them.
        api: Api,
        /// The error of the SDK or of AWS.
        failure: Failure,
    },
    /// The caller's account is not in an organization.
    #[error("account {account} is not in an organization: {failure}")]
    NoOrganization {
        /// The account.
        account: AccountId,
        /// What AWS said.
        failure: Failure,
    },
    /// The caller sees no instance in this Region.
    #[error("account {account} sees no IAM Identity Center instance in {region}")]
    NoInstance {
        /// The Region that was asked.
        region: Region,
        /// The caller's account.
        account: AccountId,
    },
    /// The caller sees several instances, and the configuration names none.
    #[error("there are several IAM Identity Center instances: {}", list(ids))]
    SeveralInstances {
        /// Their ids.
        ids: Vec<InstanceId>,
    },
    /// The caller does not see the instance that the configuration names.
    #[error(
        "IAM Identity Center instance {wanted} was not found in {region}; the caller sees {}",
        list(seen)
    )]
    InstanceNotFound {
        /// The instance in the configuration.
        wanted: InstanceId,
        /// The Region that was asked.
        region: Region,
        /// The instances that the caller sees.
        seen: Vec<InstanceId>,
    },
    /// An account instance: it belongs to one member account and has no permission sets.
    #[error("instance {id} is an account instance of {owner}, which has no permission sets")]
    AccountInstance {
        /// The instance.
        id: InstanceId,
        /// The member account that owns it.
        owner: AccountId,
    },
    /// Permission sets are disabled.
    #[error("permission sets are not enabled in instance {id}")]
    PermissionSetsDisabled {
        /// The instance.
        id: InstanceId,
    },
    /// The Region holds a replica of the instance.
    #[error("the primary Region of the instance is {primary}, not {configured}")]
    WrongRegion {
        /// The primary Region.
        primary: Region,
        /// The Region in the configuration.
        configured: Region,
    },
    /// Accounts or units moved during each of several reads.
    #[error("the organization changed during every read ({what})")]
    OrganizationChanged {
        /// The inconsistency in the last read.
        what: String,
    },
    /// AWS failed to create the configuration of attributes for access control.
    #[error("AWS failed to create attributes for access control: {reason}")]
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
        /// The error, with its code and the request id.
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
    /// Returns the diagnostic code.
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

    /// Returns how to fix the error.
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
                "name one: `identity-center region=\"…\" instance=\"ssoins-…\"`".to_owned()
            }
            Self::InstanceNotFound { .. } => {
                "correct `instance` in `identity-center`, or omit it if there is only one".to_owned()
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
                    "write `identity-center region=\"{primary}\"`: permission sets can only be managed in the primary Region"
                )
            }
            Self::OrganizationChanged { .. } => {
                "retry when no accounts or organizational units are being moved".to_owned()
            }
            Self::AccessControlFailed { .. } => {
                "disable attributes for access control in the settings of IAM Identity Center, then plan and apply: \
                 the apply creates them again"
                    .to_owned()
            }
            Self::Key { .. } => {
                "allow the role to use the key (kms:Decrypt, kms:GenerateDataKey), or enable the key; \
                 the Identity Center console shows the key under Settings"
                    .to_owned()
            }
            Self::Call { api, failure } if failure.code.starts_with("AccessDenied") => {
                format!("allow the role to call {}; nothing was changed", api.iam_action())
            }
            Self::Call { api, failure } if failure.code == "IncompleteResponse" => {
                format!(
                    "nothing was changed; check that nothing between Rolecall and AWS, such as a proxy, changes \
                    responses. If AWS omits an empty list there, add `--absent-means-empty {api}`"
                )
            }
            Self::Call { .. } => "nothing was changed; it is safe to retry".to_owned(),
        }
    }
}
