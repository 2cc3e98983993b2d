//! The sandbox on a port, for any client of AWS or Microsoft Graph.

use std::future::Future;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::graph::{GraphReply, GraphRequest, is_graph};
use crate::sandbox::Sandbox;
use crate::wire::{Reply, WireRequest};

/// Far above any valid request: the longest member is an inline policy of 32,768 characters.
const LARGEST_BODY: usize = 1 << 20;

/// The time that connections have to finish after a shutdown is requested.
const GRACE: Duration = Duration::from_secs(5);

/// Serves the sandbox over HTTP/1.1 until `shutdown` is ready, then lets requests in flight finish.
///
/// The sandbox's clock runs `speed` times as fast as real time, and the limits scale with it: at 60, a simulated minute
/// takes a second, and 1,200 requests a second are accepted. No latency is added to that of the network. Bind the listener
/// to a loopback address: signatures are not checked, so anyone who reaches the port can change the world.
///
/// # Errors
/// `speed` is not a positive number, or the listener fails for a reason other than a client that disconnects.
pub async fn serve(
    sandbox: Sandbox,
    listener: TcpListener,
    speed: f64,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    if !speed.is_finite() || speed <= 0.0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the speed must be a positive number"));
    }
    sandbox.set_speed(speed);
    let (stop, stopped) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(sandbox.clone(), stream, stopped.clone()));
                }
                Err(error) if is_of_one_client(&error) => {}
                Err(error) => return Err(error),
            },
            // Finished connections are removed, so that they do not accumulate.
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    drop(stop);
    let ended = async { while connections.join_next().await.is_some() {} };
    // A client that keeps its connection open must not prevent the world from being saved.
    let _ = tokio::time::timeout(GRACE, ended).await;
    Ok(())
}

fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

async fn serve_connection(sandbox: Sandbox, stream: TcpStream, mut stopped: watch::Receiver<()>) {
    let service = service_fn(move |request| {
        let sandbox = sandbox.clone();
        async move { answer(&sandbox, request).await }
    });
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // A client may close a connection in any way.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// An error closes the connection without an answer.
async fn answer(sandbox: &Sandbox, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (head, incoming) = request.into_parts();
    let target = head.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Ok(body) = Limited::new(incoming, LARGEST_BODY).collect().await else {
        let mut response =
            Response::new(Full::new(Bytes::from_static(b"the request's body could not be read")));
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(response);
    };
    if target.is_none() && is_graph(head.uri.path()) {
        let request = GraphRequest::from_http(&Request::from_parts(head, body.to_bytes()));
        return match sandbox.handle_graph(&request) {
            GraphReply::Answer(answer) => Ok(answer.into_http().map(Full::new)),
            GraphReply::NeverArrived | GraphReply::AnswerLost => Err(io::ErrorKind::ConnectionReset.into()),
        };
    }
    let answer = match sandbox.handle(&WireRequest { target, body: body.to_bytes() }) {
        Reply::Answer(answer) => answer,
        Reply::NeverArrived | Reply::AnswerLost => return Err(io::ErrorKind::ConnectionReset.into()),
    };
    let response = Response::builder()
        .status(answer.status)
        .header("content-type", answer.content_type)
        .header("x-amzn-requestid", answer.request_id)
        .body(Full::new(Bytes::from(answer.body)));
    // The sandbox itself creates the status and headers.
    Ok(response.unwrap_or_default())
}
