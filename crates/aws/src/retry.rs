//! What an answer that is an error means, and how long to wait before asking again.

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

/// A call that ended without what it was made for.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{api} failed: {failure}")]
pub(crate) struct CallError {
    pub(crate) api: Api,
    pub(crate) kind: Kind,
    pub(crate) failure: Failure,
}

/// What kind of error it is, as far as it makes a difference to what is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Too many requests: the rate is to fall.
    RateExceeded,
    /// Too many operations of sso-admin under way ("too many requests processing"): asking more slowly is no help,
    /// waiting is.
    TooManyOutstanding,
    /// The service or the connection failed; the same call may well succeed.
    Transient,
    /// The endpoint gave no reason at all for its failure, as simulators do for what they do not know; otherwise as
    /// [`Kind::Transient`].
    Unexplained,
    /// The endpoint says that it does not know the operation.
    Unsupported,
    /// The thing is not there.
    NotFound,
    /// Another change is in the way, or the thing is there already.
    Conflict,
    /// The caller may not.
    Denied,
    /// The KMS key that encrypts the instance cannot be used: it is gone, disabled, or not the caller's to use.
    Key,
    /// There are no credentials, or none that are accepted.
    Credentials,
    /// The credentials have expired; whoever renews them may do so any moment.
    Expired,
    /// The answer came and makes no sense.
    Unreadable,
    /// Anything else; asking again gives the same.
    Refused,
}

impl CallError {
    /// An answer that lacks what it must have, or holds what cannot be.
    pub(crate) fn unreadable(api: Api, what: impl std::fmt::Display) -> Self {
        let failure = Failure {
            code: "UnreadableAnswer".to_owned(),
            message: format!("the answer cannot be used: {what}"),
            request_id: None,
        };
        Self { api, kind: Kind::Unreadable, failure }
    }

    /// What the SDK reports, sorted out.
    pub(crate) fn of<E>(api: Api, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (kind, code, message) = match error {
            SdkError::ServiceError(answer) => of_answer(answer.err(), answer.raw()),
            SdkError::TimeoutError(_) => (Kind::Transient, "Timeout".to_owned(), error_chain(error)),
            SdkError::ResponseError(_) => (Kind::Transient, "BrokenAnswer".to_owned(), error_chain(error)),
            SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => of_sending(error),
            _ => (Kind::Refused, "NotSent".to_owned(), error_chain(error)),
        };
        let request_id = error.request_id().map(str::to_owned);
        Self { api, kind, failure: Failure { code, message, request_id } }
    }
}

/// An error that the service answered.
fn of_answer<E>(error: &E, raw: &HttpResponse) -> (Kind, String, String)
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
        None if code.is_some() => "AWS says no more than that".to_owned(),
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
        // Trouble with the key that encrypts the instance says nothing about what was asked for.
        _ if status < 500 && reason(body).is_some_and(|reason| reason.starts_with("KMS")) => Kind::Key,
        "ResourceNotFoundException" => Kind::NotFound,
        "AccessDeniedException" | "AccessDenied" => Kind::Denied,
        // Whoever renews the credentials may be about to; the SDK asks for them anew at each try.
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

/// The `Reason` of an error's body. sso-admin and identitystore give it where KMS is behind an error; the SDK keeps
/// it in another type for each service, so it is read from the body, which is the same for all.
fn reason(body: Option<&[u8]>) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body?).ok()?;
    body.get("Reason")?.as_str().map(str::to_owned)
}

/// An error before any answer.
fn of_sending<E>(error: &SdkError<E, HttpResponse>) -> (Kind, String, String)
where
    E: Error + 'static,
{
    if let Some(credentials) = credentials_error(error) {
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

fn credentials_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a CredentialsError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<CredentialsError>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// How often a call is sent that an endpoint may not know, while it fails without a reason.
pub(crate) const ATTEMPTS_UNEXPLAINED: u32 = 3;

/// After a throttle.
pub(crate) const AFTER_THROTTLE: Backoff =
    Backoff { first: Duration::from_millis(500), most: Duration::from_secs(20) };

/// After a conflict. What is in the way takes seconds (a role being updated) to minutes (a set being deprovisioned).
pub(crate) const AFTER_CONFLICT: Backoff =
    Backoff { first: Duration::from_secs(1), most: Duration::from_secs(15) };

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
    fn a_wait_doubles_up_to_its_bound() {
        let waits = [1, 2, 3, 6, 60].map(|tries| AFTER_THROTTLE.after(tries).as_millis());
        assert_eq!(waits, [500, 1_000, 2_000, 16_000, 20_000]);
    }
}
