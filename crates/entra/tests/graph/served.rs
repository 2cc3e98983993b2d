//! Over real HTTP, against the sandbox on a loopback port.

use std::sync::Arc;

use rolecall_entra::{Connection, Endpoints, Http, connect, observe};
use rolecall_sandbox::{Sandbox, Settings, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::world::{Bench, scope, snapshot};

#[tokio::test]
async fn a_served_tenant_is_read_page_by_page() {
    let tenant = {
        let runtime = std::thread::spawn(|| {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            runtime.unwrap().block_on(async { Bench::working().await.live() })
        });
        runtime.join().unwrap()
    };
    let expected = tenant.groups.len();
    let sandbox = Sandbox::new(snapshot(tenant), Settings { graph_page_size: 1, ..Settings::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async {
        let _ = stopped.await;
    };
    let served = tokio::spawn(serve(sandbox, listener, 1.0, shutdown));
    let connection = Connection {
        transport: Arc::new(Http::new().unwrap()),
        endpoints: Endpoints { graph: base.clone(), login: base },
        ..Bench::new().connection()
    };
    let read = observe(&connect(connection), &scope()).await.unwrap();
    assert_eq!(read.groups.len(), expected);
    assert!(read.applications[0].federation.is_some());
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_port_without_a_server_is_a_failure_of_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/v1.0/organization?$filter=hush", listener.local_addr().unwrap());
    drop(listener);
    let request = http::Request::get(uri).body(bytes::Bytes::new()).unwrap();
    let error = rolecall_entra::Transport::send(&Http::new().unwrap(), request).await.unwrap_err();
    assert!(!error.may_have_arrived && !error.message.contains("hush"), "{error:?}");
}
