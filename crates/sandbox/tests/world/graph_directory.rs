//! Groups, members, users, pages, batches and tokens of Graph.

use bytes::Bytes;
use http::{Method, Request};
use rolecall_sandbox::{DirectoryChange, Settings};
use serde_json::json;

use crate::tenant::{CLIENT, Graph, MAILING, NEW, PAYMENTS, SEARCH, TENANT, object, with_tenant};

#[tokio::test(start_paused = true)]
async fn groups_are_found_by_name_whatever_its_case_and_by_ids() {
    let graph = Graph::new();
    let found = graph
        .get("/groups?$filter=displayName eq 'Payments-Devs'&$select=id,displayName,securityEnabled")
        .await;
    assert_eq!(
        found.body["value"],
        json!([{ "id": PAYMENTS, "displayName": "payments-devs", "securityEnabled": true }])
    );
    let found = graph.get(&format!("/groups?$filter=id in ('{NEW}','{MAILING}')&$select=displayName")).await;
    assert_eq!(found.all("displayName"), ["new-team", "news"]);
    assert_eq!(graph.get("/groups?$filter=displayName eq 'nobody'").await.body["value"], json!([]));
    let one = graph.get(&format!("/groups/{MAILING}")).await;
    assert_eq!((one.status, &one.body["securityEnabled"]), (200, &json!(false)));
    let missing = graph.get("/groups/00000000-0000-4000-8000-000000000000").await;
    assert_eq!((missing.status, missing.code()), (404, "Request_ResourceNotFound"));
    let error = &missing.body["error"]["innerError"];
    assert_eq!(error["request-id"].as_str(), missing.headers["request-id"].to_str().ok());
}

#[tokio::test(start_paused = true)]
async fn queries_that_graph_does_not_take_are_refused() {
    let graph = Graph::new();
    for (path, code) in [
        ("/groups?$filter=colour eq 'red'", "Request_UnsupportedQuery"),
        ("/groups?$filter=displayName", "Request_BadRequest"),
        ("/groups?$select=colour", "Request_BadRequest"),
        ("/groups?$top=1000", "Request_BadRequest"),
        ("/groups?$expand=members", "Request_UnsupportedQuery"),
        ("/groups?$skiptoken=00", "Directory_InvalidPageToken"),
        ("/devices", "BadRequest"),
    ] {
        let answer = graph.get(path).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{path}");
    }
    let answer = graph.put("/groups", json!({})).await;
    assert_eq!(answer.status, 405);
}

#[tokio::test(start_paused = true)]
async fn pages_lead_to_one_another_and_lose_nothing() {
    let graph = Graph::of(with_tenant(), Settings { graph_page_size: 3, ..Settings::default() });
    let mut path = format!("/groups/{NEW}/members?$select=id");
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let answer = graph.get(&path).await;
        ids.extend(answer.all("id").into_iter().map(str::to_owned));
        pages += 1;
        let Some(next) = answer.body["@odata.nextLink"].as_str() else { break };
        assert!(next.contains("/v1.0/groups/") && next.contains("$skiptoken="), "{next}");
        next.clone_into(&mut path);
    }
    assert_eq!((ids.len(), pages), (8, 3));
    ids.dedup();
    assert_eq!(ids.len(), 8);
    // A link is valid only for its own list.
    let other = path.replace(NEW, PAYMENTS);
    assert_eq!(graph.get(&other).await.code(), "Directory_InvalidPageToken");
}

#[tokio::test(start_paused = true)]
async fn members_are_users_and_groups_and_transitive_ones_go_through_cycles() {
    let graph = Graph::new();
    graph.intervene(DirectoryChange::Nest { group: object(NEW), into: object(SEARCH) });
    let direct = graph.get(&format!("/groups/{NEW}/members")).await;
    let groups = direct.all("@odata.type").into_iter().filter(|name| name.ends_with("group")).count();
    assert_eq!((direct.all("id").len(), groups), (8, 1));
    let all = graph.get(&format!("/groups/{SEARCH}/transitiveMembers?$top=999")).await;
    // The cycle leads back to the group itself, which is not its own member.
    assert_eq!(all.all("id").len(), 8);
    let path = format!("/groups/{SEARCH}/transitiveMembers/microsoft.graph.user");
    let cast = graph.get(&format!("{path}?$count=true&$select=userPrincipalName")).await;
    assert_eq!((cast.body["@odata.count"].as_u64(), cast.all("userPrincipalName").len()), (Some(7), 7));
    assert_eq!(graph.get(&path).await.code(), "Request_UnsupportedQuery");
    let mut plain = Graph::request(Method::GET, &format!("{path}?$count=true"), None);
    plain.headers_mut().remove("consistencylevel");
    assert_eq!(graph.send(plain).await.unwrap().code(), "Request_UnsupportedQuery");
}

#[tokio::test(start_paused = true)]
async fn users_come_without_what_was_not_asked_for() {
    let graph = Graph::new();
    let found = graph.get("/users?$filter=userPrincipalName eq 'jane@acme.com'").await;
    assert_eq!(found.all("displayName"), ["User 0"]);
    assert!(found.body["value"][0].get("accountEnabled").is_none());
    let one = graph.get("/users/jane@acme.com?$select=id,accountEnabled").await;
    assert_eq!(one.body["accountEnabled"], json!(true));
}

#[tokio::test(start_paused = true)]
async fn a_batch_answers_each_request_for_itself_and_in_another_order() {
    let graph = Graph::new();
    let step = |id: &str, url: String| json!({ "id": id, "method": "GET", "url": url });
    let mut last = step("3", "/groups".to_owned());
    last["dependsOn"] = json!(["2"]);
    let steps = [
        step("1", format!("/groups/{PAYMENTS}/members?$select=id")),
        step("2", "/groups/x".to_owned()),
        last,
    ];
    let answer = graph.post("/$batch", json!({ "requests": steps })).await;
    let statuses: Vec<_> = answer.body["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one["status"].as_u64().unwrap()))
        .collect();
    assert_eq!((answer.status, statuses), (200, vec![("3", 424), ("2", 400), ("1", 200)]));
    let many: Vec<_> = (0..21).map(|id| step(&id.to_string(), "/organization".to_owned())).collect();
    assert_eq!(graph.post("/$batch", json!({ "requests": many })).await.status, 400);
    let calls = graph.sandbox.graph_calls();
    let names: Vec<_> = calls.iter().map(|call| call.operation).collect();
    assert_eq!(names, ["GET /groups/{id}/members", "GET /groups/{id}", "POST /$batch", "POST /$batch"]);
    assert_eq!(calls[0].keys["id"], PAYMENTS);
    assert!(graph.sandbox.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_token_is_given_to_a_client_and_ends() {
    let graph = Graph::new();
    let ask = |tenant: &str, form: &str| {
        let uri = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token");
        let request = Request::post(uri).header("content-type", "application/x-www-form-urlencoded");
        request.body(Bytes::from(form.to_owned())).unwrap()
    };
    let form = format!(
        "grant_type=client_credentials&client_id={CLIENT}&client_secret=s&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
    );
    let answer = graph.send(ask("acme.onmicrosoft.com", &form)).await.unwrap();
    let token = answer.body["access_token"].as_str().unwrap().to_owned();
    let with = |token: &str| {
        let uri = "https://graph.microsoft.com/v1.0/organization";
        Request::get(uri).header("authorization", format!("Bearer {token}")).body(Bytes::new()).unwrap()
    };
    let organization = graph.send(with(&token)).await.unwrap();
    assert_eq!(organization.body["value"][0]["id"], json!(TENANT));
    tokio::time::sleep(std::time::Duration::from_secs(3_600)).await;
    for token in [token.as_str(), "made-up", ""] {
        let answer = graph.send(with(token)).await.unwrap();
        assert_eq!((answer.status, answer.code()), (401, "InvalidAuthenticationToken"), "{token}");
    }
    assert_eq!(graph.send(ask("other.com", &form)).await.unwrap().body["error"], json!("invalid_request"));
    let without = form.replace("client_secret=s", "");
    let refused = graph.send(ask(TENANT, &without)).await.unwrap();
    assert_eq!((refused.status, &refused.body["error"]), (401, &json!("invalid_client")));
}
