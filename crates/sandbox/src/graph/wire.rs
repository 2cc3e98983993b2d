//! Graph's requests and answers: JSON with OData's conventions.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};

use crate::faults::ServerError;

/// Characters that stay unencoded in the query of a link: letters, digits, and those of RFC 3986 that are used here.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'$');

/// The parts of an HTTP request that the routes use.
#[derive(Debug, Clone)]
pub(crate) struct GraphRequest {
    pub(crate) method: Method,
    /// The path, still percent-encoded.
    pub(crate) path: String,
    /// The query parameters in order, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// The token of `Authorization: Bearer`.
    pub(crate) bearer: Option<String>,
    /// Whether there is `ConsistencyLevel: eventual`.
    pub(crate) eventual: bool,
    /// The header `client-request-id`, which is returned.
    pub(crate) client_request_id: Option<String>,
    /// Scheme and authority, for links to other pages.
    pub(crate) base: String,
    pub(crate) body: Bytes,
}

/// The result of a request.
pub(crate) type GraphAnswer = Result<Done, GraphFailure>;

/// A success.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Done {
    pub(crate) status: u16,
    pub(crate) body: Body,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    /// Nothing.
    Empty,
    /// JSON.
    Json(Value),
    /// XML.
    Xml(String),
}

/// An error that is returned to the caller.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GraphFailure {
    pub(crate) status: u16,
    /// `error.code`.
    pub(crate) code: &'static str,
    /// `error.message`.
    pub(crate) message: String,
    /// The header `Retry-After`, in seconds.
    pub(crate) retry_after: Option<u64>,
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GraphResponse {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) request_id: String,
    pub(crate) client_request_id: Option<String>,
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Vec<u8>,
}

/// The reply to a request.
#[derive(Debug, Clone)]
pub(crate) enum GraphReply {
    /// An answer.
    Answer(GraphResponse),
    /// None: the connection was lost before the request arrived.
    NeverArrived,
    /// None: the connection was lost before the answer arrived.
    AnswerLost,
}

const JSON: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// Returns whether a path belongs to Graph, the token endpoint or the federation metadata.
pub(crate) fn is_graph(path: &str) -> bool {
    path.starts_with("/v1.0/")
        || path.starts_with("/beta/")
        || path.ends_with("/oauth2/v2.0/token")
        || path.ends_with("/federationmetadata.xml")
}

impl GraphRequest {
    pub(crate) fn from_http(request: &Request<Bytes>) -> Self {
        let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        let named = |name: &'static str| {
            request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok())
        };
        let uri = request.uri();
        let base = match (uri.scheme_str(), uri.authority(), header(HOST)) {
            (Some(scheme), Some(authority), _) => format!("{scheme}://{authority}"),
            (_, _, Some(host)) => format!("http://{host}"),
            _ => "https://graph.microsoft.com".to_owned(),
        };
        let bearer = header(AUTHORIZATION).and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
        });
        Self {
            method: request.method().clone(),
            path: uri.path().to_owned(),
            query: decode_form(uri.query().unwrap_or_default()),
            bearer,
            eventual: named("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual")),
            client_request_id: named("client-request-id").map(str::to_owned),
            base,
            body: request.body().clone(),
        }
    }
}

/// Decodes the fields of a query or a form.
pub(crate) fn decode_form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|field| !field.is_empty())
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Decodes a path segment.
pub(crate) fn decode_segment(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Encodes a query.
pub(crate) fn encode_query<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let fields = fields.map(|(name, value)| {
        format!("{}={}", utf8_percent_encode(name, QUERY), utf8_percent_encode(value, QUERY))
    });
    fields.collect::<Vec<_>>().join("&")
}

impl Done {
    /// Returns 200 with a body.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body: Body::Json(body) }
    }

    /// Returns 201 with a body.
    pub(crate) fn created(body: Value) -> Self {
        Self { status: 201, body: Body::Json(body) }
    }

    /// Returns 204.
    pub(crate) fn no_content() -> Self {
        Self { status: 204, body: Body::Empty }
    }
}

impl GraphFailure {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// Returns the error for invalid input of services other than the directory.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// Returns the directory's error for invalid input.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    /// Returns the error for a property that the sandbox does not support.
    pub(crate) fn unknown_property(name: &str) -> Self {
        Self::bad_request(format!("The sandbox does not take the property '{name}' here."))
    }

    /// Returns the error for an unsupported query.
    pub(crate) fn unsupported_query(message: impl Into<String>) -> Self {
        Self::new(400, "Request_UnsupportedQuery", message)
    }

    /// Returns the error for an object that is missing, or cannot be read yet.
    pub(crate) fn not_found(id: &str) -> Self {
        Self::new(
            404,
            "Request_ResourceNotFound",
            format!(
                "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
            ),
        )
    }

    /// Returns the throttling error. That of conditional access has no `Retry-After`.
    pub(crate) fn throttled(retry_after: Option<u64>) -> Self {
        Self { retry_after, ..Self::new(429, "TooManyRequests", "Too many requests.") }
    }

    /// Returns the error for a missing or invalid token.
    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::new(401, "InvalidAuthenticationToken", message)
    }

    /// Returns the error for a failing server.
    pub(crate) fn of_server(error: ServerError) -> Self {
        match error {
            ServerError::Internal => {
                Self::new(500, "InternalServerError", "The service failed. Please try again.")
            }
            ServerError::BadGateway => Self::new(502, "BadGateway", "The gateway got no answer."),
            ServerError::Unavailable => {
                Self::new(503, "ServiceUnavailable", "The service is temporarily unavailable.")
            }
        }
    }

    /// Returns the body: an OData error.
    pub(crate) fn body(&self, request_id: &str, client_request_id: Option<&str>, at: Timestamp) -> Value {
        let date = at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        json!({
            "error": {
                "code": self.code,
                "message": self.message,
                "innerError": {
                    "date": date,
                    "request-id": request_id,
                    "client-request-id": client_request_id.unwrap_or(request_id),
                },
            }
        })
    }
}

impl GraphResponse {
    /// Returns the answer to a request at `at`.
    pub(crate) fn new(
        request: &GraphRequest,
        request_id: String,
        answer: GraphAnswer,
        at: Timestamp,
    ) -> Self {
        let client_request_id = request.client_request_id.clone();
        let (status, retry_after, content_type, body) = match answer {
            Ok(Done { status, body }) => match body {
                Body::Empty => (status, None, JSON, Vec::new()),
                Body::Json(value) => (status, None, JSON, value.to_string().into_bytes()),
                Body::Xml(text) => (status, None, "application/samlmetadata+xml", text.into_bytes()),
            },
            Err(failure) => {
                let body = failure.body(&request_id, client_request_id.as_deref(), at);
                (failure.status, failure.retry_after, JSON, body.to_string().into_bytes())
            }
        };
        Self { status, content_type, request_id, client_request_id, retry_after, body }
    }

    /// Returns a 5xx answer in the format of a gateway.
    pub(crate) fn broken(
        request: &GraphRequest,
        request_id: String,
        error: ServerError,
        at: Timestamp,
    ) -> Self {
        let answer = Self::new(request, request_id, Err(GraphFailure::of_server(error)), at);
        match error {
            ServerError::Internal => answer,
            ServerError::BadGateway => Self {
                content_type: "text/html",
                body: b"<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
                    .to_vec(),
                ..answer
            },
            ServerError::Unavailable => Self { content_type: "text/plain", body: Vec::new(), ..answer },
        }
    }

    /// Converts it to an HTTP answer.
    pub(crate) fn into_http(self) -> Response<Bytes> {
        let Self { status, content_type, request_id, client_request_id, retry_after, body } = self;
        let is_empty = body.is_empty();
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if !is_empty {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some(seconds) = retry_after {
            headers.insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let ids = [("client-request-id", client_request_id.as_ref()), ("request-id", Some(&request_id))];
        for (name, id) in ids {
            if let Some(value) = id.and_then(|id| HeaderValue::from_str(id).ok()) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
