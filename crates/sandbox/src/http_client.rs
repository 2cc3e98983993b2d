//! The sandbox as the HTTP client of an AWS SDK in the same process.

use std::io;

use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use crate::sandbox::Sandbox;
use crate::wire::{Reply, WireRequest};

impl Sandbox {
    /// Returns an HTTP client for an AWS SDK that sends all requests to this sandbox. Use it in a tokio runtime with time
    /// enabled. In a paused runtime, turn off the SDK's timeouts and stalled stream protection, since they use the same
    /// clock.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(InProcess { sandbox: self.clone() })
    }
}

#[derive(Debug, Clone)]
struct InProcess {
    sandbox: Sandbox,
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("rolecall-sandbox", None))
    }
}

impl HttpConnector for InProcess {
    /// Request and answer each take half of the latency. As on a real network, a caller that gives up, or whose connection is
    /// lost, does not know whether the request took effect.
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sandbox = self.sandbox.clone();
        HttpConnectorFuture::new(async move {
            let one_way = sandbox.request_latency() / 2;
            travel(one_way).await;
            let answer = answer(&sandbox, &request)?;
            if !matches!(answer, Reply::NeverArrived) {
                travel(one_way).await;
            }
            respond(answer)
        })
    }
}

async fn travel(one_way: std::time::Duration) {
    if !one_way.is_zero() {
        tokio::time::sleep(one_way).await;
    }
}

fn answer(sandbox: &Sandbox, request: &HttpRequest) -> Result<Reply, ConnectorError> {
    let body = request
        .body()
        .bytes()
        .ok_or_else(|| ConnectorError::user("the sandbox does not support streaming bodies".into()))?;
    let request = WireRequest {
        target: request.headers().get("x-amz-target").map(str::to_owned),
        body: Bytes::copy_from_slice(body),
    };
    Ok(sandbox.handle(&request))
}

fn respond(reply: Reply) -> Result<HttpResponse, ConnectorError> {
    let answer = match reply {
        Reply::Answer(answer) => answer,
        Reply::NeverArrived | Reply::AnswerLost => return Err(connection_lost()),
    };
    let status =
        StatusCode::try_from(answer.status).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    response.headers_mut().insert("content-type", answer.content_type);
    response.headers_mut().insert("x-amzn-requestid", answer.request_id);
    Ok(response)
}

fn connection_lost() -> ConnectorError {
    let reset =
        io::Error::new(io::ErrorKind::ConnectionReset, "the connection was reset by a fault of the sandbox");
    ConnectorError::io(reset.into())
}
