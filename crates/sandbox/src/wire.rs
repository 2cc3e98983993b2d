//! The wire protocols: JSON 1.1 for all services except STS, which uses the query protocol and answers in XML.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::call::Service;
use crate::failure::{Answer, Failure};
use crate::faults::ServerError;

/// The parts of an HTTP request that the protocols use. Signatures are not checked.
#[derive(Debug, Clone)]
pub(crate) struct WireRequest {
    /// The header `X-Amz-Target`.
    pub(crate) target: Option<String>,
    /// The body.
    pub(crate) body: Bytes,
}

/// The reply to a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// An answer.
    Answer(WireResponse),
    /// None: the connection was lost before the request arrived.
    NeverArrived,
    /// None: the connection was lost before the answer arrived.
    AnswerLost,
}

/// An HTTP answer.
#[derive(Debug, Clone)]
pub(crate) struct WireResponse {
    /// The status code.
    pub(crate) status: u16,
    /// The header `Content-Type`.
    pub(crate) content_type: &'static str,
    /// The header `x-amzn-RequestId`.
    pub(crate) request_id: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl WireResponse {
    /// Encodes an answer in the protocol of its service.
    pub(crate) fn new(service: Service, operation: &str, request_id: String, answer: Answer) -> Self {
        let status = if answer.is_ok() { 200 } else { 400 };
        let (content_type, body) = match service {
            Service::Sts => ("text/xml", encode_xml(operation, &request_id, &answer)),
            Service::Organizations | Service::SsoAdmin | Service::IdentityStore | Service::Graph => {
                ("application/x-amz-json-1.1", encode_json(service, &request_id, answer))
            }
        };
        Self { status, content_type, request_id, body }
    }

    /// Returns a 5xx answer.
    pub(crate) fn broken(service: Service, operation: &str, request_id: String, error: ServerError) -> Self {
        match error {
            ServerError::Internal => {
                let answer = Err(Failure::internal(service));
                Self { status: 500, ..Self::new(service, operation, request_id, answer) }
            }
            ServerError::BadGateway => {
                let page =
                    "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>";
                Self { status: 502, content_type: "text/html", request_id, body: page.as_bytes().to_vec() }
            }
            ServerError::Unavailable => {
                Self { status: 503, content_type: "text/plain", request_id, body: Vec::new() }
            }
        }
    }
}

fn encode_json(service: Service, request_id: &str, answer: Answer) -> Vec<u8> {
    let value = answer.unwrap_or_else(|Failure { kind, message, more }| {
        // Clients must remove the namespace, which differs between services.
        let namespace = match service {
            Service::SsoAdmin => "com.amazonaws.swbexternalservice#",
            Service::IdentityStore => "com.amazonaws.identitystore#",
            Service::Organizations | Service::Sts | Service::Graph => "",
        };
        let mut error = Map::new();
        error.insert("__type".to_owned(), json!(format!("{namespace}{kind}")));
        error.insert("Message".to_owned(), json!(message));
        if service == Service::IdentityStore {
            error.insert("RequestId".to_owned(), json!(request_id));
        }
        error.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Value::Object(error)
    });
    value.to_string().into_bytes()
}

fn encode_xml(operation: &str, request_id: &str, answer: &Answer) -> Vec<u8> {
    const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
    let text = match answer {
        Ok(value) => {
            let members: String = value
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| {
                    format!("<{name}>{}</{name}>", escape(value.as_str().unwrap_or_default()))
                })
                .collect();
            format!(
                "<{operation}Response xmlns=\"{NAMESPACE}\"><{operation}Result>{members}</{operation}Result>\
                 <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
            )
        }
        Err(failure) => format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message>\
             </Error><RequestId>{request_id}</RequestId></ErrorResponse>",
            failure.kind,
            escape(&failure.message),
        ),
    };
    text.into_bytes()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
