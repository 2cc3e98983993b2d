//! Classification of error responses.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use rolecall_applier::Failure;
use serde::Deserialize;

use crate::auth::TokenFailure;
use crate::retry::LONGEST_RETRY_AFTER;
use crate::routes::Route;
use crate::transport::ConnectionError;

/// A failed call.
#[derive(Debug, Clone)]
pub struct GraphError {
    /// The route that was called.
    pub route: &'static Route,
    /// The HTTP status, if there was a response.
    pub status: Option<u16>,
    /// Graph's error code, such as `Authorization_RequestDenied`, or the kind of connection failure.
    pub code: String,
    /// Graph's message.
    pub message: String,
    /// Graph's `request-id`, for Microsoft's support.
    pub request_id: Option<String>,
    pub(crate) kind: Kind,
    cause: Option<Arc<Cause>>,
}

/// The cause of an error without a response.
#[derive(Debug)]
enum Cause {
    Connection(ConnectionError),
    Token(TokenFailure),
}

/// The kinds of errors that are handled differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Too many requests. Graph may specify when to retry.
    Throttled(Option<Duration>),
    /// The service or the connection failed; a retry may succeed. Graph may specify when.
    Transient {
        retry_after: Option<Duration>,
        /// Whether it may have taken effect.
        may_have_arrived: bool,
    },
    /// The token is rejected or expired.
    Token,
    /// No token is available.
    Credentials,
    /// The caller lacks a permission.
    Denied,
    /// Not found, or not visible yet.
    NotFound,
    /// Another change is in progress, or the thing already exists.
    Conflict,
    /// The response cannot be interpreted.
    Unreadable,
    /// Any other error; a retry would fail in the same way.
    Refused,
}

impl fmt::Display for GraphError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { route, status, code, message, request_id, kind: _, cause: _ } = self;
        write!(formatter, "{route} failed: {code}: {message}")?;
        match (status, request_id) {
            (Some(status), Some(id)) => write!(formatter, " (HTTP {status}, request {id})"),
            (Some(status), None) => write!(formatter, " (HTTP {status})"),
            (None, _) => Ok(()),
        }
    }
}

impl Error for GraphError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| match cause.as_ref() {
            Cause::Connection(error) => error as &(dyn Error + 'static),
            Cause::Token(failure) => failure as &(dyn Error + 'static),
        })
    }
}

impl From<GraphError> for Failure {
    fn from(error: GraphError) -> Self {
        Self { code: error.code, message: error.message, request_id: error.request_id }
    }
}

/// The body of an OData error.
#[derive(Deserialize)]
struct Body {
    error: Inner,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inner {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    inner_error: Option<Ids>,
}

#[derive(Deserialize)]
struct Ids {
    #[serde(rename = "request-id")]
    request_id: Option<String>,
}

impl GraphError {
    /// Classifies an error response.
    pub(crate) fn of_response(route: &'static Route, answer: &Response<Bytes>) -> Self {
        let retry_after = retry_after(answer.headers());
        let id = answer.headers().get("request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        Self::of_parts(route, answer.status().as_u16(), answer.body(), retry_after, id)
    }

    /// Classifies the parts of an error response, as in a batch.
    pub(crate) fn of_parts(
        route: &'static Route,
        status: u16,
        body: &[u8],
        retry_after: Option<Duration>,
        request_id: Option<String>,
    ) -> Self {
        let inner = serde_json::from_slice::<Body>(body).ok().map(|body| body.error);
        let (code, message, inner_id) = match inner {
            Some(Inner { code, message, inner_error }) => {
                (code, message, inner_error.and_then(|ids| ids.request_id))
            }
            None => (String::new(), String::new(), None),
        };
        let kind = kind_of(status, &code, &message, retry_after);
        let code = if code.is_empty() { format!("HTTP {status}") } else { code };
        // Synchronization messages have line breaks and trailing ids.
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let message = if message.is_empty() { "Graph gives no message".to_owned() } else { message };
        let request_id = request_id.or(inner_id);
        Self { route, status: Some(status), code, message, request_id, kind, cause: None }
    }

    pub(crate) fn of_connection(route: &'static Route, error: ConnectionError) -> Self {
        Self {
            route,
            status: None,
            code: "ConnectionFailed".to_owned(),
            message: error.message.clone(),
            request_id: None,
            kind: Kind::Transient { retry_after: None, may_have_arrived: error.may_have_arrived },
            cause: Some(Arc::new(Cause::Connection(error))),
        }
    }

    /// Creates the error for a missing token. Nothing was sent.
    pub(crate) fn of_token(route: &'static Route, failure: TokenFailure) -> Self {
        let kind = if failure.may_pass {
            Kind::Transient { retry_after: None, may_have_arrived: false }
        } else {
            Kind::Credentials
        };
        Self {
            route,
            status: None,
            code: "NoCredentials".to_owned(),
            message: failure.to_string(),
            request_id: None,
            kind,
            cause: Some(Arc::new(Cause::Token(failure))),
        }
    }

    /// Creates the error for a response that lacks a required part or has an invalid one.
    pub(crate) fn unreadable(route: &'static Route, what: impl fmt::Display) -> Self {
        Self {
            route,
            status: None,
            code: "UnreadableResponse".to_owned(),
            message: format!("the response cannot be used: {what}"),
            request_id: None,
            kind: Kind::Unreadable,
            cause: None,
        }
    }

    /// Returns whether a new object may not be visible yet. Conditional access and assignments report that in the
    /// text of a 400.
    pub(crate) fn may_be_lag(&self) -> bool {
        let says = |text: &str| self.message.contains(text);
        self.kind == Kind::NotFound
            || self.status == Some(400)
                && (says("was not found") || says("does not exist") || says("not found on application"))
    }

    /// Returns whether the request may have taken effect.
    pub(crate) fn may_have_taken_effect(&self) -> bool {
        matches!(self.kind, Kind::Transient { may_have_arrived: true, .. })
    }
}

fn kind_of(status: u16, code: &str, message: &str, retry_after: Option<Duration>) -> Kind {
    match status {
        429 => Kind::Throttled(retry_after),
        401 => Kind::Token,
        403 => Kind::Denied,
        404 => Kind::NotFound,
        409 | 412 | 423 => Kind::Conflict,
        400 if message.contains("already exist") || code == "Request_MultipleObjectsWithSameKeyValue" => {
            Kind::Conflict
        }
        408 | 500.. => Kind::Transient { retry_after, may_have_arrived: true },
        _ => Kind::Refused,
    }
}

/// Returns the `Retry-After` of a response.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(http::header::RETRY_AFTER)?.to_str().ok().and_then(seconds)
}

/// Parses a `Retry-After` in seconds.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    let seconds = text.trim().parse().ok().map(Duration::from_secs);
    seconds.map(|wait| wait.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::ASSIGN;

    #[test]
    fn a_throttle_is_never_absence_and_what_is_there_already_is_a_conflict() {
        let of =
            |status, body: &str| GraphError::of_parts(ASSIGN.0, status, body.as_bytes(), seconds("7"), None);
        assert_eq!(of(429, "").kind, Kind::Throttled(Some(Duration::from_secs(7))));
        assert_eq!(of(404, "").kind, Kind::NotFound);
        let there = r#"{"error":{"code":"Request_BadRequest","message":"Permission being assigned already exists on the object"}}"#;
        assert_eq!(of(400, there).kind, Kind::Conflict);
        assert_eq!(of(400, "").kind, Kind::Refused);
        assert!(of(503, "<html>").may_have_taken_effect());
    }

    #[test]
    fn an_error_says_route_code_message_and_request() {
        let body = r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges\r\n to complete.","innerError":{"request-id":"4711"}}}"#;
        let error = GraphError::of_parts(ASSIGN.0, 403, body.as_bytes(), None, None);
        assert_eq!(
            error.to_string(),
            "POST /servicePrincipals/{id}/appRoleAssignedTo failed: Authorization_RequestDenied: Insufficient \
             privileges to complete. (HTTP 403, request 4711)"
        );
    }
}
