//! The tenant as an in-process service.

use bytes::Bytes;
use http::{Request, Response};

use super::wire::{GraphReply, GraphRequest};
use crate::sandbox::Sandbox;

/// Microsoft Graph, the token endpoint and the federation metadata of the sandbox's tenant, in process. Clones share one
/// world.
///
/// Requests may name any host. Requests to Graph need `Authorization: Bearer` with a token from the token endpoint, or
/// [`SANDBOX_TOKEN`](super::SANDBOX_TOKEN).
#[derive(Debug, Clone)]
pub struct GraphService {
    sandbox: Sandbox,
}

/// A connection lost because of an injected fault. The request may have taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection was reset by a fault of the sandbox")]
pub struct ConnectionLost;

impl Sandbox {
    /// Returns Microsoft Graph of this sandbox. Use it in a tokio runtime with time enabled.
    pub fn graph_service(&self) -> GraphService {
        GraphService { sandbox: self.clone() }
    }
}

impl GraphService {
    /// Sends a request. Request and answer each take half of the latency, so a caller that gives up does not know whether the
    /// request took effect.
    ///
    /// # Errors
    /// The connection is lost because of an injected fault.
    pub async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ConnectionLost> {
        let one_way = self.sandbox.request_latency() / 2;
        travel(one_way).await;
        match self.sandbox.handle_graph(&GraphRequest::from_http(&request)) {
            GraphReply::NeverArrived => Err(ConnectionLost),
            GraphReply::AnswerLost => {
                travel(one_way).await;
                Err(ConnectionLost)
            }
            GraphReply::Answer(answer) => {
                travel(one_way).await;
                Ok(answer.into_http())
            }
        }
    }
}

async fn travel(one_way: std::time::Duration) {
    if !one_way.is_zero() {
        tokio::time::sleep(one_way).await;
    }
}
