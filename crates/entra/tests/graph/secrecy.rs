//! Secrets are in nothing that prints.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Request;
use proptest::prelude::{ProptestConfig, Strategy, prop_assert, proptest};
use rolecall_entra::{
    Connection, Credential, EntraTarget, ScimSecrets, Secret, connect_for_writing, observe,
};
use rolecall_model::EntraOperation;

use crate::world::{Bench, ENDPOINT, NAME, answer, scope, start};

/// Repeats what it was sent, as a service may that does not take it.
fn repeating(request: &Request<Bytes>) -> Option<http::Response<Bytes>> {
    let is_struck = request.method() == "PUT" || request.uri().path().ends_with("/token");
    is_struck.then(|| {
        let body = String::from_utf8_lossy(request.body()).replace('"', "'");
        let error = format!(r#"{{"code":"Bad {body}","message":"bad: {body}"}}"#);
        answer(400, &format!(r#"{{"error":{error},"error_description":"bad: {body}"}}"#))
    })
}

fn on_virtual_time<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

/// Tokens are made of these characters: Base64, JSON Web Tokens, and what Entra makes for client secrets.
fn secret() -> impl Strategy<Value = String> {
    "[A-Za-z0-9+/=_.~-]{12,60}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_scim_token_is_in_no_failure_and_no_debug(token in secret()) {
        let shown = on_virtual_time(async {
            let working = Bench::working().await.live();
            let bench = Bench::answering(repeating);
            let secrets = ScimSecrets { endpoint: ENDPOINT.to_owned(), token: Secret::new(token.clone()) };
            let shown = format!("{secrets:?}");
            let target = EntraTarget::new(bench.writer(), &working, Some(secrets));
            let operation = EntraOperation::SetSyncSecrets { application: NAME.to_owned() };
            let failure = start(&target, &operation).await.unwrap_err();
            assert!(failure.message.contains("BaseAddress"), "{failure}");
            format!("{shown} {failure} {failure:?} {target:?} {operation:?}")
        });
        prop_assert!(!shown.contains(&token), "{shown}");
    }

    #[test]
    fn the_client_secret_is_in_no_error_and_no_debug(secret in secret()) {
        let shown = on_virtual_time(async {
            let bench = Bench::answering(repeating);
            let variables = BTreeMap::from([("AZURE_CLIENT_ID", "client"), ("AZURE_CLIENT_SECRET", &secret)]);
            let variable = |name: &str| variables.get(name).map(|value| (*value).to_owned());
            let credential = Credential::from_environment("acme.com", &variable).unwrap();
            let connection = Connection { credential, ..bench.connection() };
            let shown = format!("{connection:?}");
            let writer = connect_for_writing(connection);
            let error = observe(writer.reader(), &scope()).await.unwrap_err();
            format!("{shown} {error} {error:?} {writer:?} {}", error.help())
        });
        prop_assert!(!shown.contains(&secret), "{shown}");
    }
}
