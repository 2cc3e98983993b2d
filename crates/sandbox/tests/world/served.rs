//! The same world over HTTP, and unsupported operations.

use aws_sdk_ssoadmin::error::ProvideErrorMetadata;
use rolecall_sandbox::{Sandbox, Settings, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::company::{INSTANCE, follow};
use crate::{ACCOUNTS, Clients, GROUPS, assign, company, world};

#[tokio::test]
async fn the_sdk_reaches_the_world_through_a_port() {
    let sandbox = Sandbox::new(company(), Settings::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    // At this speed, an operation of a minute finishes in a few milliseconds.
    let server = tokio::spawn(serve(sandbox.clone(), listener, 10_000.0, async {
        let _ = stopped.await;
    }));
    let clients = Clients::new(sandbox.clone(), None, Some(endpoint));
    let caller = clients.sts.get_caller_identity().send().await.unwrap();
    assert_eq!(caller.account(), Some(ACCOUNTS[0]));
    let request = assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap();
    follow(&clients, &request).await;
    let error = clients.sso.describe_permission_set().instance_arn(INSTANCE).send().await.unwrap_err();
    assert_eq!(error.into_service_error().code(), Some("ValidationException"));
    drop(clients);
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    assert_eq!(sandbox.snapshot().assignments.len(), 2);
}

#[tokio::test]
async fn a_speed_that_is_none_is_refused() {
    for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let sandbox = Sandbox::new(company(), Settings::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        assert!(serve(sandbox, listener, speed, async {}).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_offered_says_so() {
    let clients = world(company());
    let error =
        clients.sso.delete_instance().instance_arn(INSTANCE).send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("UnknownOperationException"));
    let error = clients.sts.get_session_token().send().await.unwrap_err().into_service_error();
    assert_eq!(error.code(), Some("InvalidAction"));
}

/// Tests such as those of `sandbox serve` iterate over this list, so it must be complete and free of duplicates.
#[test]
fn the_operations_on_offer_are_listed() {
    let operations: Vec<String> =
        rolecall_sandbox::operations().map(|(service, name)| format!("{service}:{name}")).collect();
    insta::assert_snapshot!(operations.join("\n"));
}
