//! Classification of error responses, and backoff before a retry.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ssoadmin::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use rolecall_applier::Failure;
use rolecall_applier::retry::{Backoff, error_chain};

use crate::api::Api;
use crate::responses::IncompleteResponse;

/// A failed call.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{api} failed: {failure}")]
pub(crate) struct CallError {
    pub(crate) api: Api,
    pub(crate) kind: Kind,
    pub(crate) failure: Failure,
}

/// The kinds of errors that are handled differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Too many requests: the rate must fall.
    RateExceeded,
    /// Too many sso-admin operations in progress ("too many requests processing"). Lowering the request rate does not
    /// help; waiting does.
    TooManyOutstanding,
    /// The service or the connection failed; a retry may succeed.
    Transient,
    /// The endpoint gave no reason for its failure, as simulators do for unknown operations; otherwise like
    /// [`Kind::Transient`].
    Unexplained,
    /// The endpoint does not support the operation.
    Unsupported,
    /// Not found.
    NotFound,
    /// Another change is in progress, or the thing already exists.
    Conflict,
    /// The caller lacks a permission.
    Denied,
    /// The KMS key that encrypts the instance cannot be used: it is deleted, disabled, or not permitted to the
    /// caller.
    Key,
    /// Credentials are missing or rejected.
    Credentials,
    /// The credentials have expired and may be renewed.
    Expired,
    /// The response is not a complete one of the operation; a retry may get one.
    Incomplete,
    /// The response cannot be interpreted.
    Unreadable,
    /// Any other error; a retry would fail in the same way.
    Refused,
}

impl CallError {
    /// Creates the error for a response that lacks a required part or has an invalid one.
    pub(crate) fn unreadable(api: Api, what: impl std::fmt::Display) -> Self {
        let failure = Failure {
            code: "UnreadableResponse".to_owned(),
            message: format!("the response cannot be used: {what}"),
            request_id: None,
        };
        Self { api, kind: Kind::Unreadable, failure }
    }

    /// Classifies an error of the SDK.
    pub(crate) fn of<E>(api: Api, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let request_id = error.request_id().map(str::to_owned);
        if let Some(incomplete) = incomplete_response(error) {
            let failure = Failure {
                code: "IncompleteResponse".to_owned(),
                message: format!("the response cannot be used: {incomplete}"),
                request_id,
            };
            return Self { api, kind: Kind::Incomplete, failure };
        }
        let (kind, code, message) = match error {
            SdkError::ServiceError(answer) => of_response(answer.err(), answer.raw()),
            SdkError::TimeoutError(_) => (Kind::Transient, "Timeout".to_owned(), error_chain(error)),
            SdkError::ResponseError(_) => (Kind::Transient, "BrokenResponse".to_owned(), error_chain(error)),
            SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => of_sending(error),
            _ => (Kind::Refused, "NotSent".to_owned(), error_chain(error)),
        };
        Self { api, kind, failure: Failure { code, message, request_id } }
    }
}

/// Returns the reason that a response is not a complete one.
fn incomplete_response<E>(error: &SdkError<E, HttpResponse>) -> Option<&IncompleteResponse>
where
    E: Error + 'static,
{
    let SdkError::ResponseError(_) = error else { return None };
    cause(error)
}

/// Classifies an error response of the service.
fn of_response<E>(error: &E, raw: &HttpResponse) -> (Kind, String, String)
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let status = raw.status().as_u16();
    let (code, message) = (error.code(), error.message());
    let kind = match code {
        Some(code) => kind_of_code(code, message.unwrap_or_default(), status, raw.body().bytes()),
        None if status == 429 => Kind::RateExceeded,
        None if status == 501 => Kind::Unsupported,
        None if status == 500 => Kind::Unexplained,
        None if status > 500 => Kind::Transient,
        None => Kind::Refused,
    };
    let message = match message {
        Some(message) => message.to_owned(),
        None if code.is_some() => "AWS gives no message".to_owned(),
        None => error_chain(error),
    };
    (kind, code.map_or_else(|| format!("HTTP {status}"), str::to_owned), message)
}

fn kind_of_code(code: &str, message: &str, status: u16, body: Option<&[u8]>) -> Kind {
    let says = |text: &str| message.to_ascii_lowercase().contains(text);
    match code {
        _ if says("too many requests processing") => Kind::TooManyOutstanding,
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown" => Kind::RateExceeded,
        _ if status == 429 || says("rate exceeded") => Kind::RateExceeded,
        "ConflictException" => Kind::Conflict,
        // A problem with the key of the instance does not show whether the requested resource exists.
        _ if status < 500 && reason(body).is_some_and(|reason| reason.starts_with("KMS")) => Kind::Key,
        "ResourceNotFoundException" => Kind::NotFound,
        "AccessDeniedException" | "AccessDenied" => Kind::Denied,
        // The credentials may be renewed at any moment; the SDK requests them for each attempt.
        "ExpiredTokenException" | "ExpiredToken" => Kind::Expired,
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken" => Kind::Credentials,
        "UnknownOperationException"
        | "UnknownOperation"
        | "InvalidAction"
        | "UnsupportedOperation"
        | "UnsupportedOperationException"
        | "UnsupportedAPIEndpointException" => Kind::Unsupported,
        "RequestTimeout" | "RequestTimeoutException" => Kind::Transient,
        _ if status == 501 => Kind::Unsupported,
        _ if status >= 500 => Kind::Transient,
        _ => Kind::Refused,
    }
}

/// Returns the `Reason` in the body of an error. sso-admin and identitystore set it for errors caused by KMS. The SDK
/// has a separate type for each service, so the body is read instead, which is the same for all.
fn reason(body: Option<&[u8]>) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body?).ok()?;
    body.get("Reason")?.as_str().map(str::to_owned)
}

/// Classifies an error without a response.
fn of_sending<E>(error: &SdkError<E, HttpResponse>) -> (Kind, String, String)
where
    E: Error + 'static,
{
    if let Some(credentials) = cause::<CredentialsError>(error) {
        let kind = match credentials {
            CredentialsError::ProviderTimedOut(_) => Kind::Transient,
            _ => Kind::Credentials,
        };
        return (kind, "NoCredentials".to_owned(), error_chain(credentials));
    }
    let message = error_chain(error);
    match error {
        SdkError::DispatchFailure(failure) if !failure.is_user() => {
            (Kind::Transient, "ConnectionFailed".to_owned(), message)
        }
        _ => (Kind::Refused, "NotSent".to_owned(), message),
    }
}

/// Returns the first cause of this type.
fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// Maximum number of attempts of a call that the endpoint may not support, while it fails without a reason.
pub(crate) const ATTEMPTS_UNEXPLAINED: u32 = 3;

/// Backoff after a throttle.
pub(crate) const AFTER_THROTTLE: Backoff =
    Backoff { initial: Duration::from_millis(500), max: Duration::from_secs(20) };

/// Backoff after a conflict. The other change takes seconds (a role update) to minutes (deprovisioning a permission
/// set).
pub(crate) const AFTER_CONFLICT: Backoff =
    Backoff { initial: Duration::from_secs(1), max: Duration::from_secs(15) };

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(code: &str, message: &str, status: u16, body: &str) -> Kind {
        kind_of_code(code, message, status, Some(body.as_bytes()))
    }

    #[test]
    fn both_throttles_are_told_apart_and_neither_is_absence() {
        assert_eq!(kind("ThrottlingException", "Rate exceeded", 400, "{}"), Kind::RateExceeded);
        assert_eq!(kind("Whatever", "Rate exceeded", 400, "{}"), Kind::RateExceeded);
        assert_eq!(kind("Whatever", "", 429, "{}"), Kind::RateExceeded);
        let outstanding = "There are too many requests processing";
        assert_eq!(kind("ThrottlingException", outstanding, 400, "{}"), Kind::TooManyOutstanding);
    }

    #[test]
    fn a_missing_encryption_key_is_not_absence() {
        let plain = r#"{"__type":"ResourceNotFoundException","Message":"no"}"#;
        let kms = r#"{"__type":"ResourceNotFoundException","Message":"no","Reason":"KMS_NotFoundException"}"#;
        assert_eq!(kind("ResourceNotFoundException", "no", 400, plain), Kind::NotFound);
        assert_eq!(kind("ResourceNotFoundException", "no", 400, kms), Kind::Key);
        assert_eq!(kind("AccessDeniedException", "no", 400, kms), Kind::Key);
    }

    #[test]
    fn a_delay_doubles_up_to_its_bound() {
        let delays = [1, 2, 3, 6, 60].map(|attempts| AFTER_THROTTLE.after(attempts).as_millis());
        assert_eq!(delays, [500, 1_000, 2_000, 16_000, 20_000]);
    }
}
