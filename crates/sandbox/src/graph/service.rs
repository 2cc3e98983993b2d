//! The tenant as a service in the same process.

use bytes::Bytes;
use http::{Request, Response};

use super::wire::{GraphReply, GraphRequest};
use crate::sandbox::Sandbox;

/// Microsoft Graph, the token endpoint and the federation metadata of the sandbox's tenant, for a client in the same
/// process. Clones share one world.
///
/// It looks at the path alone, so any host will do. Requests to Graph need `Authorization: Bearer` with a token that
/// the token endpoint gave, or [`SANDBOX_TOKEN`](super::SANDBOX_TOKEN).
#[derive(Debug, Clone)]
pub struct GraphService {
    sandbox: Sandbox,
}

/// The connection was lost, by a fault of the sandbox. Whether the request took effect is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection was reset by a fault of the sandbox")]
pub struct ConnectionLost;

impl Sandbox {
    /// Microsoft Graph of this sandbox. It is to be used in a tokio runtime with time enabled.
    pub fn graph_service(&self) -> GraphService {
        GraphService { sandbox: self.clone() }
    }
}

impl GraphService {
    /// Sends a request. It travels for half of the latency and the answer for the other half, so a caller who gives up
    /// in between does not know whether the request took effect.
    ///
    /// # Errors
    /// A fault dropped the connection.
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
