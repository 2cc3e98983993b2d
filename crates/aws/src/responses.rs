//! The members that a response must have, and the check of every response.
//!
//! AWS's models mark hardly any member of a response as required, and the SDK turns a missing list into an empty one.
//! A response that was cut, replaced by a proxy or never filled in would then read as "there is nothing", and a plan
//! would revoke access because of it. So the raw body is checked before anything is concluded from it.
//!
//! Sources: the output shapes of botocore's `service-2.json` (`tests/python/response_shapes.py` compares the names in
//! both directions), and recorded responses of AWS, which has `[]` for an empty list, `"InlinePolicy": ""` without an
//! inline policy, and `ResourceNotFoundException` without a permissions boundary.

use std::fmt;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use serde_json::Value;

use crate::api::{Api, Service};

mod absent;
mod table;

pub use absent::{AbsentMeansEmpty, UnknownOperation};
pub use table::{NOT_REQUIRED, RESPONSES};

/// The required members of the response to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response {
    /// The operation.
    pub api: Api,
    /// Its required members. Empty for an operation whose response has none.
    pub members: &'static [Member],
}

/// A required member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its path, such as `Organization.Id`; `Tags[].Key` is a member of every element of a list.
    pub path: &'static str,
    /// Its form.
    pub form: Form,
    /// Whether its absence can be declared to mean "none", with [`AbsentMeansEmpty`].
    pub can_be_empty: bool,
    /// The member of the response, and its value, with which this one may be absent.
    pub unless: Option<(&'static str, &'static str)>,
}

/// The JSON type of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An array without `null`.
    List,
    /// A string.
    Text,
    /// An object.
    Object,
}

impl fmt::Display for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::List => "a list",
            Self::Text => "a string",
            Self::Object => "an object",
        })
    }
}

/// The reason that a response is not a complete one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IncompleteResponse {
    #[error("its body is empty")]
    Empty,
    #[error("its body is not complete XML")]
    NotXml,
    #[error("its body is not a complete JSON object: {0}")]
    NotJson(String),
    #[error("it lacks `{path}`")]
    Missing { path: String },
    #[error("`{path}` is not {form}")]
    WrongForm { path: String, form: Form },
}

/// Checks every successful response of a service.
#[derive(Debug)]
pub(crate) struct CheckResponses {
    pub(crate) service: Service,
    pub(crate) absent_means_empty: AbsentMeansEmpty,
}

impl Intercept for CheckResponses {
    fn name(&self) -> &'static str {
        "CheckResponses"
    }

    // The SDK has read the body only once it has deserialized it.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        if !response.status().is_success() {
            return Ok(());
        }
        let operation = config.load::<Metadata>().map(Metadata::name);
        let mut table = RESPONSES.iter();
        let entry = table
            .find(|entry| entry.api.service == self.service && Some(entry.api.operation) == operation)
            .ok_or("the operation is not in the table of responses")?;
        let waives = self.absent_means_empty.contains(entry.api);
        Ok(check(entry, waives, response)?)
    }
}

pub(crate) fn check(
    entry: &Response,
    waives: bool,
    response: &HttpResponse,
) -> Result<(), IncompleteResponse> {
    let body = response.body().bytes().unwrap_or_default();
    // The body alone is judged: the SDK ignores the content type, and proxies and fakes change it.
    if entry.api.service == Service::Sts {
        return check_xml(entry, body);
    }
    if body.is_empty() {
        // Operations without a result may have an empty body.
        return if entry.members.is_empty() { Ok(()) } else { Err(IncompleteResponse::Empty) };
    }
    let body: Value =
        serde_json::from_slice(body).map_err(|error| IncompleteResponse::NotJson(error.to_string()))?;
    if !body.is_object() {
        return Err(IncompleteResponse::NotJson("it is another value".to_owned()));
    }
    entry.members.iter().try_for_each(|member| check_member(&body, member, waives))
}

/// STS responds in XML. The elements of `GetCallerIdentity` occur once, so their tags are enough to find them.
fn check_xml(entry: &Response, body: &[u8]) -> Result<(), IncompleteResponse> {
    let text = std::str::from_utf8(body).unwrap_or_default().trim();
    if text.is_empty() {
        return Err(IncompleteResponse::Empty);
    }
    if !text.ends_with(&format!("</{}Response>", entry.api.operation)) {
        return Err(IncompleteResponse::NotXml);
    }
    for Member { path, .. } in entry.members {
        let value = text.split_once(&format!("<{path}>")).and_then(|(_, rest)| rest.split_once('<'));
        if value.is_none_or(|(value, _)| value.is_empty()) {
            return Err(IncompleteResponse::Missing { path: (*path).to_owned() });
        }
    }
    Ok(())
}

fn check_member(body: &Value, member: &Member, waives: bool) -> Result<(), IncompleteResponse> {
    let Member { path, form, can_be_empty, unless } = member;
    if unless.is_some_and(|(name, value)| body.get(name).is_some_and(|found| found == value)) {
        return Ok(());
    }
    let steps: Vec<&str> = path.split('.').collect();
    check_path(body, &steps, *form, *can_be_empty && waives, "")
}

/// `before` is the path of `value`.
fn check_path(
    value: &Value,
    steps: &[&str],
    form: Form,
    may_be_absent: bool,
    before: &str,
) -> Result<(), IncompleteResponse> {
    let [step, rest @ ..] = steps else { return Ok(()) };
    let join = |name: &str| if before.is_empty() { name.to_owned() } else { format!("{before}.{name}") };
    let found = |name: &str| value.get(name).filter(|found| !found.is_null());
    if let Some(name) = step.strip_suffix("[]") {
        // Whether the list itself is there is checked on its own.
        let elements = found(name).and_then(Value::as_array).into_iter().flatten().enumerate();
        for (at, element) in elements {
            check_path(element, rest, form, false, &join(&format!("{name}[{at}]")))?;
        }
        return Ok(());
    }
    match found(step) {
        None if may_be_absent => Ok(()),
        // Whether the list below is there is checked on its own.
        None if rest.iter().any(|step| step.ends_with("[]")) => Ok(()),
        None => Err(IncompleteResponse::Missing { path: join(step) }),
        Some(found) if rest.is_empty() => {
            let is_right = match form {
                Form::List => found.as_array().is_some_and(|list| !list.iter().any(Value::is_null)),
                Form::Text => found.is_string(),
                Form::Object => found.is_object(),
            };
            if is_right { Ok(()) } else { Err(IncompleteResponse::WrongForm { path: join(step), form }) }
        }
        Some(found) if !found.is_object() => {
            Err(IncompleteResponse::WrongForm { path: join(step), form: Form::Object })
        }
        Some(found) => check_path(found, rest, form, may_be_absent, &join(step)),
    }
}

/// Returns the operations whose responses have a member whose absence can be declared to mean "none".
fn can_be_empty() -> impl Iterator<Item = Api> {
    RESPONSES
        .iter()
        .filter(|entry| entry.members.iter().any(|member| member.can_be_empty))
        .map(|entry| entry.api)
}
