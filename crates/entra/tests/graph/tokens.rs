//! Tokens, from the sandbox's token endpoint.

use std::collections::BTreeMap;
use std::time::Duration;

use rolecall_entra::{Connection, Credential, Scope, connect, observe};
use rolecall_model::Code;
use rolecall_sandbox::faults::{Expiry, FaultPlan, Moment, RequestFault, Strike};

use crate::world::{Bench, DOMAIN, TENANT, answer};

const TOKENS: &str = "POST /{tenant}/oauth2/v2.0/token";

fn credential(variables: &[(&str, &str)]) -> Credential {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    Credential::from_environment(TENANT, &|name| variables.get(name).map(|value| (*value).to_owned()))
        .unwrap()
}

fn with_secret() -> Credential {
    credential(&[
        ("AZURE_CLIENT_ID", "11111111-0000-4000-8000-000000000001"),
        ("AZURE_CLIENT_SECRET", "hush"),
    ])
}

fn connection(bench: &Bench, credential: Credential) -> Connection {
    Connection { credential, ..bench.connection() }
}

fn scope() -> Scope {
    Scope { tenant: DOMAIN.to_owned(), ..Scope::default() }
}

fn tokens(bench: &Bench) -> usize {
    bench.sandbox.graph_calls().iter().filter(|call| call.operation == TOKENS).count()
}

#[tokio::test(start_paused = true)]
async fn a_token_is_used_until_shortly_before_its_end() {
    let bench = Bench::new();
    let reader = connect(connection(&bench, with_secret()));
    for _ in 0..5 {
        observe(&reader, &scope()).await.unwrap();
    }
    assert_eq!(tokens(&bench), 1);
    tokio::time::sleep(Duration::from_secs(3_000)).await;
    observe(&reader, &scope()).await.unwrap();
    assert_eq!(tokens(&bench), 1);
    tokio::time::sleep(Duration::from_secs(400)).await;
    observe(&reader, &scope()).await.unwrap();
    assert_eq!((tokens(&bench), reader.statistics().retries), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_taken_is_renewed() {
    let expiry = Expiry { request: 2, renewed_after: Duration::from_millis(10) };
    let bench = Bench::struck(FaultPlan { expiries: vec![expiry], ..FaultPlan::default() });
    observe(&connect(connection(&bench, with_secret())), &scope()).await.unwrap();
    assert_eq!(tokens(&bench), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_never_taken_ends_the_reading() {
    let bench = Bench::answering(|request| {
        let body = r#"{"error":{"code":"InvalidAuthenticationToken","message":"Invalid audience."}}"#;
        request.uri().path().starts_with("/v1.0").then(|| answer(401, body))
    });
    let error = observe(&connect(connection(&bench, with_secret())), &scope()).await.unwrap_err();
    assert_eq!((error.code(), tokens(&bench)), (Code::NoCredentials, 2));
    assert!(!format!("{error} {error:?}").contains("hush"));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_token_endpoint_is_told_without_the_secret() {
    let bench = Bench::answering(|request| {
        let body = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.","error_codes":[7000215]}"#;
        request.uri().path().ends_with("/token").then(|| answer(401, body))
    });
    let error = observe(&connect(connection(&bench, with_secret())), &scope()).await.unwrap_err();
    assert_eq!(error.code(), Code::NoCredentials);
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("AADSTS7000215") && !shown.contains("hush"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn the_token_endpoint_may_fail_for_a_while() {
    for fault in [
        RequestFault::ConnectionLost(Moment::AfterEffect),
        RequestFault::Error(rolecall_sandbox::faults::ServerError::BadGateway, Moment::BeforeEffect),
    ] {
        let strikes = (1..4).map(|number| Strike::on(TOKENS, number, fault)).collect();
        let bench = Bench::struck(FaultPlan { strikes, ..FaultPlan::default() });
        observe(&connect(connection(&bench, with_secret())), &scope()).await.unwrap();
        assert_eq!(bench.sandbox.injected_faults().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_github_job_gets_a_token_for_its_id_token() {
    let bench = Bench::answering(|request| {
        let is_github = request.uri().host() == Some("actions.example");
        is_github.then(|| {
            assert_eq!(request.uri().query(), Some("job=1&audience=api%3A%2F%2FAzureADTokenExchange"));
            assert_eq!(request.headers()["authorization"], "Bearer request-token");
            answer(200, r#"{"value":"id-token"}"#)
        })
    });
    let job = credential(&[
        ("AZURE_CLIENT_ID", "11111111-0000-4000-8000-000000000001"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://actions.example/token?job=1"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-token"),
    ]);
    observe(&connect(connection(&bench, job)), &scope()).await.unwrap();
    assert_eq!(tokens(&bench), 1);
}

#[tokio::test(start_paused = true)]
async fn id_tokens_files_and_certificates_stand_for_a_secret() {
    let client = ("AZURE_CLIENT_ID", "11111111-0000-4000-8000-000000000001");
    let pem = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/graph/client-certificate.pem");
    for variable in [
        ("GITLAB_OIDC_TOKEN", "id-token"),
        ("AZURE_CLIENT_CERTIFICATE_PATH", pem),
        // Any file holds a token, as far as the sandbox is concerned.
        ("AZURE_FEDERATED_TOKEN_FILE", pem),
    ] {
        let bench = Bench::new();
        let credential = credential(&[client, variable]);
        observe(&connect(connection(&bench, credential)), &scope()).await.unwrap();
        assert_eq!(tokens(&bench), 1, "{variable:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_is_not_there_says_which() {
    let bench = Bench::new();
    let client = ("AZURE_CLIENT_ID", "11111111-0000-4000-8000-000000000001");
    let credential = credential(&[client, ("AZURE_CLIENT_CERTIFICATE_PATH", "/nowhere.pem")]);
    let error = observe(&connect(connection(&bench, credential)), &scope()).await.unwrap_err();
    assert_eq!(error.code(), Code::NoCredentials);
    assert!(error.to_string().contains("/nowhere.pem cannot be read"), "{error}");
}
