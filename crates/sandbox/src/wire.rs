//! The wire protocols: JSON 1.1 for all services but STS, which speaks the query protocol and answers in XML.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::call::Service;
use crate::failure::{Answer, Failure};
use crate::faults::ServerError;
use crate::world::{OfferedOperation, offered_by};

/// An HTTP request, reduced to what the protocols look at. Signatures are not checked.
#[derive(Debug, Clone)]
pub(crate) struct WireRequest {
    /// The header `X-Amz-Target`.
    pub(crate) target: Option<String>,
    /// The body.
    pub(crate) body: Bytes,
}

/// What comes back for a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// An answer.
    Answer(WireResponse),
    /// Nothing: the connection was lost before the request arrived.
    NeverArrived,
    /// Nothing: the connection was lost before the answer arrived.
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

/// A request that names an operation on offer.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) service: Service,
    pub(crate) operation: &'static OfferedOperation,
    pub(crate) input: Value,
}

/// The prefixes of `X-Amz-Target`.
const TARGETS: &[(&str, Service)] = &[
    ("AWSIdentityStore", Service::IdentityStore),
    ("AWSOrganizationsV20161128", Service::Organizations),
    ("SWBExternalService", Service::SsoAdmin),
];

impl WireRequest {
    /// Which operation is asked for, and with what input.
    pub(crate) fn decode(&self) -> Result<Call, (Service, Failure)> {
        match &self.target {
            Some(target) => self.decode_json(target),
            None => self.decode_query(),
        }
    }

    fn decode_json(&self, target: &str) -> Result<Call, (Service, Failure)> {
        let (prefix, name) = target.split_once('.').unwrap_or((target, ""));
        let service = TARGETS.iter().find(|(known, _)| *known == prefix).map(|(_, service)| *service);
        let unknown = || (service.unwrap_or(Service::SsoAdmin), Failure::unknown_operation(target));
        let service = service.ok_or_else(unknown)?;
        let operation = find(service, name).ok_or_else(unknown)?;
        let input = if self.body.is_empty() { Ok(json!({})) } else { serde_json::from_slice(&self.body) };
        let input = input.map_err(|error| (service, Failure::serialization(error.to_string())))?;
        Ok(Call { service, operation, input })
    }

    /// Actions and their parameters need no decoding as far as the sandbox looks at them.
    fn decode_query(&self) -> Result<Call, (Service, Failure)> {
        let form = String::from_utf8_lossy(&self.body);
        let mut fields = form.split('&').filter_map(|field| field.split_once('='));
        let action = fields.find(|(name, _)| *name == "Action").map_or("", |(_, action)| action);
        let operation = find(Service::Sts, action).ok_or((Service::Sts, Failure::invalid_action(action)))?;
        Ok(Call { service: Service::Sts, operation, input: Value::Object(Map::new()) })
    }
}

fn find(service: Service, name: &str) -> Option<&'static OfferedOperation> {
    offered_by(service).iter().find(|operation| operation.name == name)
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

    /// An answer of the 500s.
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
        // Clients cut the namespace off; that services differ here keeps them honest.
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
