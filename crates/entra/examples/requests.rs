//! Prints every request that the program sends to Graph, one JSON object a line: what it is for, method, path, query and
//! body. Nothing leaves the process: the sandbox answers. It is what other clients' requests are compared with.
//!
//! `cargo run -p rolecall-entra --example requests`

use std::io::Write;

use rolecall_entra::{observe, observe_logs};
use rolecall_model::EntraOperation;
use rolecall_model::entra::{AccessPolicy, PolicyState};
use serde_json::{Value, json};

#[expect(dead_code, clippy::unwrap_used, reason = "it is the tests', which use more of it")]
#[path = "../tests/graph/world.rs"]
mod world;

use world::{Bench, DEVS, NAME, NEWS, assign, everything, object, scope, start};

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let lines = runtime.expect("a runtime without I/O can be made").block_on(requests());
    let mut out = std::io::stdout().lock();
    for line in lines {
        // Whoever reads has gone away; there is nobody to tell.
        if writeln!(out, "{line}").is_err() {
            return;
        }
    }
}

/// The requests of every step and of a reading, in the order in which they are sent.
async fn requests() -> Vec<Value> {
    let bench = Bench::new();
    let target = bench.target();
    let mut lines = Vec::new();
    for operation in everything() {
        start(&target, &operation).await.expect("the sandbox takes every step");
        lines.extend(sent(&bench, operation.name()));
    }
    for operation in changes(&bench) {
        start(&target, &operation).await.expect("the sandbox takes every step");
        lines.extend(sent(&bench, operation.name()));
    }
    let reader = bench.reader();
    let tenant = observe(&reader, &scope()).await.expect("the sandbox can be read");
    let since = "2026-01-01T00:00:00Z".parse().expect("it is a timestamp");
    observe_logs(&reader, &tenant, since).await.expect("the sandbox's logs can be read");
    lines.extend(sent(&bench, "observe"));
    lines
}

/// The steps that a tenant needs which works.
fn changes(bench: &Bench) -> Vec<EntraOperation> {
    let application = || NAME.to_owned();
    let live = bench.live().conditional_access.remove(0);
    let policy = AccessPolicy { state: PolicyState::Enabled, ..live.policy };
    vec![
        EntraOperation::UnassignGroup {
            application: application(),
            group: object(DEVS),
            name: "devs".to_owned(),
        },
        assign(DEVS, "devs"),
        EntraOperation::RestartSync { application: application() },
        EntraOperation::UpdatePolicy { id: live.id, application: application(), policy },
        EntraOperation::UnassignGroup {
            application: application(),
            group: object(NEWS),
            name: "news".to_owned(),
        },
    ]
}

/// What was sent since the last time.
fn sent(bench: &Bench, purpose: &str) -> Vec<Value> {
    let sent = std::mem::take(&mut *bench.wire.sent.lock().expect("nobody panics while a request is noted"));
    let lines = sent.into_iter().map(|request| {
        let uri = request.uri();
        let query: Vec<(String, String)> = uri.query().map(fields).unwrap_or_default();
        let body: Value = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
        json!({
            "purpose": purpose,
            "method": request.method().as_str(),
            "host": uri.host(),
            "path": decoded(uri.path()),
            "query": query,
            "body": body,
        })
    });
    lines.collect()
}

fn fields(query: &str) -> Vec<(String, String)> {
    let fields = query.split('&').map(|field| field.split_once('=').unwrap_or((field, "")));
    fields.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
