//! `POST /$batch`: up to twenty requests in one.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::{Method, Uri};
use serde_json::{Map, Value, json};

use super::ask::{Ask, Handled};
use super::wire::{Body, Done, GraphAnswer, GraphFailure, GraphRequest, decode_form};
use crate::faults::RequestFault;
use crate::world::World;

/// The most requests in a batch.
const MOST: usize = 20;

/// One request of a batch.
struct Step {
    id: String,
    request: GraphRequest,
    depends_on: Vec<String>,
}

/// Answers each request. A step that depends on a failed one is skipped. The answers have another order than the
/// requests, which Graph allows.
pub(super) fn run(world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let requests = ask.body["requests"]
        .as_array()
        .ok_or_else(|| GraphFailure::invalid("'requests' must be an array."))?;
    if requests.is_empty() || requests.len() > MOST {
        return Err(GraphFailure::invalid("Number of batch request steps must be from 1 to 20."));
    }
    let steps: Vec<Step> = requests.iter().map(|request| step(ask, request)).collect::<Result<_, _>>()?;
    let ids: BTreeSet<&str> = steps.iter().map(|step| step.id.as_str()).collect();
    if ids.len() < steps.len() {
        return Err(GraphFailure::invalid("Request id is duplicated."));
    }
    let mut statuses: BTreeMap<&str, u16> = BTreeMap::new();
    let mut responses = Vec::new();
    for step in &steps {
        let is_ready = |id: &String| statuses.get(id.as_str()).is_some_and(|status| *status < 400);
        let response = if step.depends_on.iter().all(is_ready) {
            let handled = world.graph_request(&step.request, true);
            response(world, step, handled)
        } else {
            let failure =
                GraphFailure::new(424, "FailedDependency", "A request that this one depends on failed.");
            response(world, step, Handled { answer: Err(failure), fault: None })
        };
        let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        statuses.insert(&step.id, status.unwrap_or(500));
        responses.push(response);
    }
    responses.reverse();
    Ok(Done::ok(json!({ "responses": responses })))
}

fn step(ask: &Ask<'_>, request: &Value) -> Result<Step, GraphFailure> {
    let text = |name: &str| {
        request[name].as_str().ok_or_else(|| GraphFailure::invalid("A step needs 'id', 'method' and 'url'."))
    };
    let (id, method, url) = (text("id")?.to_owned(), text("method")?, text("url")?);
    let method: Method =
        method.parse().map_err(|_| GraphFailure::invalid("A step's 'method' is not one."))?;
    let uri: Uri = format!("/v1.0/{}", url.trim_start_matches('/'))
        .parse()
        .map_err(|_| GraphFailure::invalid("A step's 'url' must be relative to the version."))?;
    if uri.path().ends_with("/$batch") {
        return Err(GraphFailure::invalid("A batch cannot hold a batch."));
    }
    let header = |wanted: &str| {
        let headers = request["headers"].as_object().into_iter().flatten();
        let mut values = headers.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        values.find_map(|(_, value)| value.as_str())
    };
    let body = match &request["body"] {
        Value::Null => Bytes::new(),
        body if header("content-type").is_some_and(|value| value.starts_with("application/json")) => {
            Bytes::from(body.to_string())
        }
        _ => {
            return Err(GraphFailure::invalid(format!(
                "Write request id : {id} does not contain Content-Type header or body."
            )));
        }
    };
    let depends_on = match &request["dependsOn"] {
        Value::Null => Vec::new(),
        ids => ids
            .as_array()
            .and_then(|ids| ids.iter().map(|id| id.as_str().map(str::to_owned)).collect())
            .ok_or_else(|| GraphFailure::invalid("'dependsOn' must be an array of ids."))?,
    };
    let request = GraphRequest {
        method,
        path: uri.path().to_owned(),
        query: decode_form(uri.query().unwrap_or_default()),
        bearer: None,
        eventual: header("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual")),
        client_request_id: None,
        base: ask.base.to_owned(),
        body,
    };
    Ok(Step { id, request, depends_on })
}

/// Returns the answer to a step. A lost connection behind the gateway becomes its 504.
fn response(world: &mut World, step: &Step, handled: Handled) -> Value {
    let Handled { answer, fault } = handled;
    let answer = match fault {
        Some(RequestFault::ConnectionLost(_)) => {
            Err(GraphFailure::new(504, "GatewayTimeout", "The gateway got no answer."))
        }
        Some(RequestFault::Error(error, _)) => Err(GraphFailure::of_server(error)),
        _ => answer,
    };
    let mut headers = Map::new();
    let (status, body) = match answer {
        Ok(Done { status, body }) => (
            status,
            match body {
                Body::Json(value) => value,
                Body::Empty => Value::Null,
                Body::Xml(text) => Value::from(text),
            },
        ),
        Err(failure) => {
            if let Some(seconds) = failure.retry_after {
                headers.insert("Retry-After".to_owned(), json!(seconds.to_string()));
            }
            let id = world.source.request_id();
            (failure.status, failure.body(&id, None, world.calendar(world.now)))
        }
    };
    let mut response = json!({ "id": step.id, "status": status });
    if !body.is_null() {
        headers.insert("Content-Type".to_owned(), json!("application/json"));
        response["body"] = body;
    }
    response["headers"] = Value::Object(headers);
    response
}
