//! An HTTP client between the adapter and the sandbox that deals out what the sandbox itself would not.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deal {
    /// It goes through.
    Pass,
    /// The connection drops before it is received.
    Drop,
    /// It is received and carried out, and the connection drops before the answer is.
    LoseAnswer,
    /// It is answered with this status and body, and not carried out.
    Answer(u16, String),
}

/// An answer in which AWS refuses, with its request id in the header.
pub(super) fn refusal(code: &str, message: &str) -> Deal {
    Deal::Answer(400, format!(r#"{{"__type":"{code}","message":"{message}"}}"#))
}

/// Decides on the request of that operation, the how manieth it is, counted from 1. STS's operations have no name
/// here.
pub(super) type Dealer = dyn Fn(&str, usize) -> Deal + Send + Sync;

struct Interposed {
    behind: SharedHttpConnector,
    dealer: Arc<Dealer>,
    seen: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl fmt::Debug for Interposed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Interposed")
    }
}

/// The client behind, with a dealer before it.
pub(super) fn interposed(
    behind: SharedHttpClient,
    dealer: impl Fn(&str, usize) -> Deal + Send + Sync + 'static,
) -> SharedHttpClient {
    let dealer: Arc<Dealer> = Arc::new(dealer);
    let seen = Arc::new(Mutex::new(BTreeMap::new()));
    http_client_fn(move |settings, components| {
        SharedHttpConnector::new(Interposed {
            behind: behind.http_connector(settings, components),
            dealer: Arc::clone(&dealer),
            seen: Arc::clone(&seen),
        })
    })
}

impl HttpConnector for Interposed {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let number = {
            let mut seen = self.seen.lock().unwrap();
            let number = seen.entry(operation.clone()).or_default();
            *number += 1;
            *number
        };
        let dropped = || ConnectorError::io("connection reset by peer".into());
        match (self.dealer)(&operation, number) {
            Deal::Pass => self.behind.call(request),
            Deal::Drop => HttpConnectorFuture::ready(Err(dropped())),
            Deal::LoseAnswer => {
                let answer = self.behind.call(request);
                HttpConnectorFuture::new(async move {
                    answer.await?;
                    Err(dropped())
                })
            }
            Deal::Answer(status, body) => {
                let status = StatusCode::try_from(status).unwrap();
                let mut response = HttpResponse::new(status, SdkBody::from(body));
                response.headers_mut().insert("x-amzn-requestid", "request-of-a-test");
                HttpConnectorFuture::ready(Ok(response))
            }
        }
    }
}
