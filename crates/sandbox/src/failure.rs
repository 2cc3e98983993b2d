//! Errors as AWS declares them, and their texts.

use serde_json::Value;

use crate::call::Service;

/// What an operation answers: the members of its output, or an error.
pub(crate) type Answer = Result<Value, Failure>;

/// An error that goes to the caller.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    /// The error's type, without a namespace.
    pub(crate) kind: &'static str,
    /// Its text.
    pub(crate) message: String,
    /// Members that the error has besides its text.
    pub(crate) more: Vec<(&'static str, Value)>,
}

impl Failure {
    fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), more: Vec::new() }
    }

    /// Too many requests of this service, by its own name for it.
    pub(crate) fn rate_exceeded(service: Service) -> Self {
        let kind = match service {
            Service::Organizations => "TooManyRequestsException",
            Service::SsoAdmin | Service::IdentityStore | Service::Sts | Service::Graph => {
                "ThrottlingException"
            }
        };
        Self::new(kind, "Rate exceeded")
    }

    /// Too many asynchronous operations at once; the text is AWS's
    /// (aws-samples/aws-iam-identity-center-extensions#87).
    pub(crate) fn too_many_processing() -> Self {
        Self::new("ThrottlingException", "There are too many requests processing. Please try again later.")
    }

    /// The credentials are no longer accepted, by the service's own name for it.
    pub(crate) fn expired(service: Service) -> Self {
        let kind = match service {
            Service::Sts => "ExpiredToken",
            Service::Organizations | Service::SsoAdmin | Service::IdentityStore | Service::Graph => {
                "ExpiredTokenException"
            }
        };
        Self::new(kind, "The security token included in the request is expired")
    }

    /// The service failed, by its own name for it.
    pub(crate) fn internal(service: Service) -> Self {
        let kind = match service {
            Service::Organizations => "ServiceException",
            Service::Sts => "InternalFailure",
            Service::SsoAdmin | Service::IdentityStore | Service::Graph => "InternalServerException",
        };
        Self::new(kind, "The service failed. Please try again.")
    }

    /// An answer that has no error of the service's in it, for the log alone.
    pub(crate) fn without_reason(status: &'static str) -> Self {
        Self::new(status, "")
    }

    /// Input that breaks a rule. `reason` is the value of Organizations' `Reason`.
    pub(crate) fn invalid(service: Service, reason: &'static str, message: impl Into<String>) -> Self {
        match service {
            Service::Organizations => Self {
                more: vec![("Reason", Value::from(reason))],
                ..Self::new("InvalidInputException", message)
            },
            Service::SsoAdmin | Service::IdentityStore | Service::Sts | Service::Graph => {
                Self::new("ValidationException", message)
            }
        }
    }

    /// Input to sso-admin that breaks a rule.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new("ConflictException", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", message)
    }

    /// What an Identity Store does not have; `resource_type` is GROUP, USER or IDENTITY_STORE.
    pub(crate) fn not_in_store(resource_type: &'static str, id: &str) -> Self {
        Self {
            more: vec![("ResourceType", Value::from(resource_type)), ("ResourceId", Value::from(id))],
            ..Self::not_found(format!("{resource_type} not found."))
        }
    }

    /// What an organization does not have, by one of its own error types.
    pub(crate) fn not_in_organization(kind: &'static str, id: &str) -> Self {
        Self::new(kind, format!("You specified an identifier that doesn't exist: {id}."))
    }

    pub(crate) fn access_denied(message: impl Into<String>) -> Self {
        Self::new("AccessDeniedException", message)
    }

    pub(crate) fn quota(message: impl Into<String>) -> Self {
        Self::new("ServiceQuotaExceededException", message)
    }

    /// A body that is not of the protocol.
    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    /// An operation that the sandbox does not offer.
    pub(crate) fn unknown_operation(name: &str) -> Self {
        Self::new("UnknownOperationException", format!("The sandbox does not offer {name:?}."))
    }

    /// A query action that the sandbox does not offer, as STS says it.
    pub(crate) fn invalid_action(name: &str) -> Self {
        Self::new("InvalidAction", format!("Could not find operation {name} for version 2011-06-15"))
    }
}
