//! AWS's errors and their messages.

use serde_json::Value;

use crate::call::Service;

/// The result of an operation: the members of its output, or an error.
pub(crate) type Answer = Result<Value, Failure>;

/// An error that is returned to the caller.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    /// The error's type, without a namespace.
    pub(crate) kind: &'static str,
    /// Its message.
    pub(crate) message: String,
    /// The error's members other than its message.
    pub(crate) more: Vec<(&'static str, Value)>,
}

impl Failure {
    fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), more: Vec::new() }
    }

    /// Returns the service's throttling error.
    pub(crate) fn rate_exceeded(service: Service) -> Self {
        let kind = match service {
            Service::Organizations => "TooManyRequestsException",
            Service::SsoAdmin | Service::IdentityStore | Service::Sts | Service::Graph => {
                "ThrottlingException"
            }
        };
        Self::new(kind, "Rate exceeded")
    }

    /// Returns the error for too many concurrent operations. The message is AWS's
    /// (aws-samples/aws-iam-identity-center-extensions#87).
    pub(crate) fn too_many_processing() -> Self {
        Self::new("ThrottlingException", "There are too many requests processing. Please try again later.")
    }

    /// Returns the service's error for expired credentials.
    pub(crate) fn expired(service: Service) -> Self {
        let kind = match service {
            Service::Sts => "ExpiredToken",
            Service::Organizations | Service::SsoAdmin | Service::IdentityStore | Service::Graph => {
                "ExpiredTokenException"
            }
        };
        Self::new(kind, "The security token included in the request is expired")
    }

    /// Returns the service's error for an internal failure.
    pub(crate) fn internal(service: Service) -> Self {
        let kind = match service {
            Service::Organizations => "ServiceException",
            Service::Sts => "InternalFailure",
            Service::SsoAdmin | Service::IdentityStore | Service::Graph => "InternalServerException",
        };
        Self::new(kind, "The service failed. Please try again.")
    }

    /// Returns a failure without an error of the service, which only the log shows.
    pub(crate) fn without_reason(status: &'static str) -> Self {
        Self::new(status, "")
    }

    /// Returns the service's error for invalid input. `reason` is the value of Organizations' `Reason`.
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

    /// Returns sso-admin's error for invalid input.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new("ConflictException", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", message)
    }

    /// Returns the Identity Store's error for something missing. `resource_type` is GROUP, USER or IDENTITY_STORE.
    pub(crate) fn not_in_store(resource_type: &'static str, id: &str) -> Self {
        Self {
            more: vec![("ResourceType", Value::from(resource_type)), ("ResourceId", Value::from(id))],
            ..Self::not_found(format!("{resource_type} not found."))
        }
    }

    /// Returns an error of Organizations for something missing, with this error type.
    pub(crate) fn not_in_organization(kind: &'static str, id: &str) -> Self {
        Self::new(kind, format!("You specified an identifier that doesn't exist: {id}."))
    }

    pub(crate) fn access_denied(message: impl Into<String>) -> Self {
        Self::new("AccessDeniedException", message)
    }

    pub(crate) fn quota(message: impl Into<String>) -> Self {
        Self::new("ServiceQuotaExceededException", message)
    }

    /// Returns the error for a body that does not follow the protocol.
    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    /// Returns the error for an operation that the sandbox does not support.
    pub(crate) fn unknown_operation(name: &str) -> Self {
        Self::new("UnknownOperationException", format!("The sandbox does not offer {name:?}."))
    }

    /// Returns STS's error for a query action that the sandbox does not support.
    pub(crate) fn invalid_action(name: &str) -> Self {
        Self::new("InvalidAction", format!("Could not find operation {name} for version 2011-06-15"))
    }
}
