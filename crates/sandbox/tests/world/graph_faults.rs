//! Faults and limits of requests to Graph.

use std::time::Duration;

use http::Method;
use rolecall_sandbox::faults::{
    AdminChange, Chance, Deed, Expiry, FaultPlan, Intervention, Lag, Moment, RequestFault, ServerError,
    Strike, When,
};
use rolecall_sandbox::{ConnectionLost, DirectoryChange, RefusalCount, Sandbox, Service, Settings, serve};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::company;
use crate::tenant::{Graph, NEW, PAYMENTS, ROLE, SERVICE_PRINCIPAL, object, with_tenant};

const ASSIGN: &str = "POST /servicePrincipals/{id}/appRoleAssignedTo";

fn strike(operation: &str, number: u64, fault: RequestFault) -> Graph {
    Graph::struck(FaultPlan { strikes: vec![Strike::on(operation, number, fault)], ..FaultPlan::default() })
}

fn assigned(graph: &Graph) -> usize {
    graph.sandbox.snapshot().entra.unwrap().applications[0].assignments.len()
}

#[tokio::test(start_paused = true)]
async fn a_throttle_says_when_to_come_again_and_conditional_access_does_not() {
    let graph = strike("GET /groups", 1, RequestFault::RateExceeded);
    let refused = graph.get("/groups").await;
    assert_eq!((refused.status, refused.code(), refused.retry_after()), (429, "TooManyRequests", Some("10")));
    assert_eq!(graph.get("/groups").await.status, 200);
    assert_eq!(graph.sandbox.refusals().graph, RefusalCount { provoked: 0, injected: 1 });
    let struck = graph.sandbox.injected_faults();
    assert_eq!((struck[0].service, struck[0].operation), (Service::Graph, "GET /groups"));
    let graph = strike("GET /identity/conditionalAccess/policies", 1, RequestFault::RateExceeded);
    assert_eq!(graph.get("/identity/conditionalAccess/policies").await.retry_after(), None);
}

#[tokio::test(start_paused = true)]
async fn the_outer_200_of_a_batch_hides_an_inner_429() {
    let graph = strike("GET /groups/{id}/members", 2, RequestFault::RateExceeded);
    let step = |id: &str, group: &str| json!({ "id": id, "method": "GET", "url": format!("/groups/{group}/members") });
    let answer = graph.post("/$batch", json!({ "requests": [step("1", PAYMENTS), step("2", NEW)] })).await;
    assert_eq!(answer.status, 200);
    let inner = &answer.body["responses"][0];
    assert_eq!((&inner["id"], &inner["status"]), (&json!("2"), &json!(429)));
    assert_eq!(inner["headers"]["Retry-After"], json!("10"));
    assert_eq!(answer.body["responses"][1]["status"], json!(200));
}

#[tokio::test(start_paused = true)]
async fn an_answer_can_be_lost_after_the_effect() {
    for (moment, after) in [(Moment::BeforeEffect, 2), (Moment::AfterEffect, 3)] {
        let graph = strike(ASSIGN, 1, RequestFault::ConnectionLost(moment));
        let body = json!({ "principalId": NEW, "resourceId": SERVICE_PRINCIPAL, "appRoleId": ROLE });
        let path = format!("/servicePrincipals/{SERVICE_PRINCIPAL}/appRoleAssignedTo");
        let lost = graph.send(Graph::request(Method::POST, &path, Some(&body))).await;
        assert_eq!(lost.err(), Some(ConnectionLost));
        assert_eq!(assigned(&graph), after);
        for (error, status) in
            [(ServerError::Internal, 500), (ServerError::BadGateway, 502), (ServerError::Unavailable, 503)]
        {
            let graph = strike(ASSIGN, 1, RequestFault::Error(error, moment));
            assert_eq!((graph.assign(NEW).await.status, assigned(&graph)), (status, after));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_expires_and_is_good_again() {
    let expiry = Expiry { request: 2, renewed_after: Duration::from_secs(5) };
    let graph = Graph::struck(FaultPlan { expiries: vec![expiry], ..FaultPlan::default() });
    assert_eq!(graph.get("/groups").await.status, 200);
    assert_eq!(graph.get("/groups").await.code(), "InvalidAuthenticationToken");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(graph.get("/groups").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn lists_lag_behind_and_single_objects_do_not() {
    let lag = Lag { chance: Chance::ALWAYS, most: Duration::from_secs(3_600) };
    let graph = Graph::struck(FaultPlan { lag: Some(lag), ..FaultPlan::default() });
    tokio::time::sleep(Duration::from_secs(60)).await;
    graph.intervene(DirectoryChange::RenameGroup { group: object(NEW), name: "renamed".to_owned() });
    let mut old = 0;
    for _ in 0..20 {
        let list = graph.get("/groups?$select=displayName").await;
        old += usize::from(list.all("displayName").contains(&"new-team"));
        assert_eq!(graph.get(&format!("/groups/{NEW}")).await.body["displayName"], json!("renamed"));
    }
    assert!((1..=20).contains(&old), "{old}");
}

#[tokio::test(start_paused = true)]
async fn another_administrator_comes_before_a_certain_request() {
    let change = AdminChange::Directory(DirectoryChange::DeleteGroup(object(NEW)));
    let intervention = Intervention { when: When::Request(2), deed: Deed::Exactly(change) };
    let graph = Graph::struck(FaultPlan { interventions: vec![intervention], ..FaultPlan::default() });
    assert_eq!(graph.get(&format!("/groups/{NEW}")).await.status, 200);
    assert_eq!(graph.get(&format!("/groups/{NEW}")).await.status, 404);
    assert!(graph.sandbox.interventions()[0].effective);
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_is_asked_too_much_refuses() {
    let settings = Settings { request_latency: Duration::ZERO, ..Settings::default() };
    let graph = Graph::of(with_tenant(), settings);
    let step =
        |id: usize| json!({ "id": id.to_string(), "method": "GET", "url": format!("/groups/{NEW}/members") });
    let steps: Vec<_> = (0..20).map(step).collect();
    let mut refused = 0;
    for _ in 0..60 {
        let answer = graph.post("/$batch", json!({ "requests": steps })).await;
        let responses = answer.body["responses"].as_array().unwrap();
        refused += responses.iter().filter(|one| one["status"] == json!(429)).count();
    }
    // 1,166 lists of members at 3 units each are within 3,500.
    assert_eq!(refused, 1_200 - 1_166);
    assert_eq!(graph.sandbox.refusals().graph.provoked, 34);
}

#[tokio::test(start_paused = true)]
async fn a_world_without_a_tenant_says_so() {
    let graph = Graph::of(company(), Settings::default());
    let answer = graph.get("/groups").await;
    assert_eq!((answer.status, answer.code()), (404, "TenantNotFound"));
    assert!(graph.sandbox.graph_calls().is_empty());
}

#[tokio::test]
async fn graph_is_served_on_the_port_of_aws() {
    let sandbox = Sandbox::new(with_tenant(), Settings::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(sandbox, listener, 1.0, std::future::pending()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /v1.0/groups?$top=1 HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer rolecall-sandbox-token\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    server.abort();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains(&format!("\"@odata.nextLink\":\"http://{address}/v1.0/groups?")), "{answer}");
    assert!(answer.contains("request-id: "), "{answer}");
}

/// The list that tests of permissions compare with the calls.
#[test]
fn the_routes_on_offer_are_listed() {
    let routes: Vec<&str> = rolecall_sandbox::graph_routes().collect();
    insta::assert_snapshot!(routes.join("\n"));
}
