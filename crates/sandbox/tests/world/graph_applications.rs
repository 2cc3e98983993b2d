//! The gallery, applications, certificates, assignments and conditional access of Graph.

use std::time::Duration;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::Request;
use rolecall_model::entra::{GALLERY_NAME, GALLERY_TEMPLATE};
use serde_json::{Value, json};

use crate::tenant::{
    APPLICATION, CLIENT, Graph, MAILING, NEW, PAYMENTS, ROLE, SERVICE_PRINCIPAL, TENANT, user,
};

fn principal(rest: &str) -> String {
    format!("/servicePrincipals/{SERVICE_PRINCIPAL}{rest}")
}

#[tokio::test(start_paused = true)]
async fn a_new_application_can_be_read_after_a_while() {
    let graph = Graph::new();
    let templates =
        graph.get(&format!("/applicationTemplates?$filter=displayName eq '{GALLERY_NAME}'")).await;
    assert_eq!(templates.all("id"), [GALLERY_TEMPLATE]);
    let path = format!("/applicationTemplates/{GALLERY_TEMPLATE}/instantiate");
    let made = graph.post(&path, json!({ "displayName": "AWS" })).await;
    assert_eq!(made.status, 201);
    let id = made.body["servicePrincipal"]["id"].as_str().unwrap().to_owned();
    assert_eq!(made.body["servicePrincipal"]["appId"], made.body["application"]["appId"]);
    let path = format!("/servicePrincipals/{id}");
    assert_eq!(graph.get(&path).await.code(), "Request_ResourceNotFound");
    assert_eq!(graph.get("/servicePrincipals?$filter=displayName eq 'AWS'").await.body["value"], json!([]));
    tokio::time::sleep(Duration::from_secs(30)).await;
    let read = graph.get(&path).await;
    assert_eq!(read.body["appRoles"][0]["displayName"], json!("User"));
    let of_client = made.body["application"]["appId"].as_str().unwrap();
    let found = graph.get(&format!("/applications?$filter=appId eq '{of_client}'")).await;
    assert_eq!(found.all("id"), [made.body["application"]["id"].as_str().unwrap()]);
    assert_eq!(graph.post("/applicationTemplates/other/instantiate", json!({})).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn saml_is_set_up_and_verified_from_the_document() {
    let graph = Graph::new();
    assert_eq!(graph.patch(&principal(""), json!({ "preferredSingleSignOnMode": "saml" })).await.status, 204);
    let uri = "https://eu-west-1.signin.aws.amazon.com/platform/saml/d-906a0b0c0d";
    let urls = json!({ "identifierUris": [uri], "web": { "redirectUris": [format!("{uri}/acs")] } });
    assert_eq!(graph.patch(&format!("/applications/{APPLICATION}"), urls).await.status, 204);
    let add = principal("/addTokenSigningCertificate");
    let body = json!({ "displayName": "CN=AWS", "endDateTime": "2028-12-31T00:00:00Z" });
    let (first, second) = (graph.post(&add, body.clone()).await, graph.post(&add, body).await);
    let thumbprint = first.body["thumbprint"].as_str().unwrap();
    assert_ne!(first.body["thumbprint"], second.body["thumbprint"]);
    let prefer = |thumbprint: &str| json!({ "preferredTokenSigningKeyThumbprint": thumbprint });
    assert_eq!(graph.patch(&principal(""), prefer(thumbprint)).await.status, 204);
    assert_eq!(graph.patch(&principal(""), prefer("00")).await.status, 400);

    let read = graph.get(&principal("")).await.body;
    assert_eq!(
        (&read["preferredTokenSigningKeyThumbprint"], &read["preferredSingleSignOnMode"]),
        (&json!(thumbprint), &json!("saml"))
    );
    let keys = read["keyCredentials"].as_array().unwrap();
    assert_eq!(keys.len(), 4);
    assert!(keys.iter().any(|key| key["customKeyIdentifier"] == first.body["customKeyIdentifier"]
        && key["endDateTime"] == json!("2028-12-31T00:00:00Z")));

    let document = |client: &str| {
        let path = format!("{TENANT}/federationmetadata/2007-06/federationmetadata.xml?appid={client}");
        Request::get(format!("https://login.microsoftonline.com/{path}")).body(Bytes::new()).unwrap()
    };
    let xml = graph.service.call(document(CLIENT)).await.unwrap().into_body();
    let xml = String::from_utf8(xml.to_vec()).unwrap();
    assert!(xml.contains(&format!("entityID=\"https://sts.windows.net/{TENANT}/\"")), "{xml}");
    let certificates: Vec<&str> =
        xml.split("<X509Certificate>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect();
    assert_eq!(certificates.len(), 2);
    // The active certificate comes first, and is the one that was returned.
    assert_eq!(certificates[0], first.body["key"].as_str().unwrap());
    let der = BASE64_STANDARD.decode(certificates[0]).unwrap();
    let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, &der);
    assert_eq!(BASE64_STANDARD.encode(sha1.as_ref()), first.body["customKeyIdentifier"].as_str().unwrap());
    let unknown = graph.service.call(document(TENANT)).await.unwrap();
    assert_eq!(unknown.status().as_u16(), 400);
}

#[tokio::test(start_paused = true)]
async fn what_breaks_a_rule_of_applications_changes_nothing() {
    let graph = Graph::new();
    let before = graph.sandbox.snapshot();
    let add = principal("/addTokenSigningCertificate");
    for (path, body) in [
        (add.clone(), json!({ "displayName": "AWS" })),
        (add.clone(), json!({ "displayName": "CN=AWS", "endDateTime": "2029-01-02T00:00:00Z" })),
        (add, json!({ "displayName": "CN=AWS", "endDateTime": "tomorrow" })),
        ("/applicationTemplates/x/instantiate".to_owned(), json!({ "displayName": "" })),
    ] {
        assert!(matches!(graph.post(&path, body.clone()).await.status, 400 | 404), "{body}");
    }
    let application = format!("/applications/{APPLICATION}");
    for (path, body) in [
        (principal(""), json!({ "preferredSingleSignOnMode": "magic" })),
        (principal(""), json!({ "owner": "me" })),
        (application.clone(), json!({ "identifierUris": "x" })),
        (application.clone(), json!({ "identifierUris": ["no-uri"] })),
        (application, json!({ "web": { "homePageUrl": "https://acme.com" } })),
    ] {
        assert_eq!(graph.patch(&path, body.clone()).await.status, 400, "{body}");
    }
    assert_eq!(graph.sandbox.snapshot(), before);
}

#[tokio::test(start_paused = true)]
async fn groups_are_assigned_once_if_they_are_for_security() {
    let graph = Graph::new();
    let made = graph.assign(NEW).await;
    assert_eq!((made.status, &made.body["principalDisplayName"]), (201, &json!("new-team")));
    let again = graph.assign(NEW).await;
    assert_eq!(again.status, 400);
    assert_eq!(
        again.body["error"]["message"],
        json!("Permission being assigned already exists on the object.")
    );
    assert_eq!(graph.assign(MAILING).await.status, 400);
    assert_eq!(graph.assign("00000000-0000-4000-8000-000000000000").await.status, 404);
    let path = principal("/appRoleAssignedTo");
    let zero = json!({ "principalId": PAYMENTS, "resourceId": SERVICE_PRINCIPAL, "appRoleId": "00000000-0000-0000-0000-000000000000" });
    assert_eq!(graph.post(&path, zero).await.status, 400);
    let elsewhere = json!({ "principalId": PAYMENTS, "resourceId": APPLICATION, "appRoleId": ROLE });
    assert_eq!(graph.post(&path, elsewhere).await.status, 400);
    let id = made.body["id"].as_str().unwrap();
    assert_eq!(graph.delete(&format!("{path}/{id}")).await.status, 204);
    assert_eq!(graph.delete(&format!("{path}/{id}")).await.status, 404);
    let page = graph.get(&format!("{path}?$top=1")).await;
    assert_eq!(page.all("principalId"), [PAYMENTS]);
    assert!(page.body["@odata.nextLink"].is_string());
}

fn policy() -> Value {
    json!({
        "displayName": "AWS needs MFA",
        "state": "enabledForReportingButNotEnforced",
        "conditions": {
            "applications": { "includeApplications": [CLIENT] },
            "users": { "includeUsers": ["All"], "excludeGroups": [NEW] },
            "clientAppTypes": ["all"],
        },
        "grantControls": {
            "operator": "OR",
            "authenticationStrength": { "id": "00000000-0000-0000-0000-000000000004" },
        },
    })
}

#[tokio::test(start_paused = true)]
async fn a_policy_is_made_changed_and_deleted_at_one_request_a_second() {
    let graph = Graph::new();
    let second = Duration::from_secs(1);
    let path = "/identity/conditionalAccess/policies";
    let made = graph.post(path, policy()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let refused = graph.get(path).await;
    assert_eq!((refused.status, refused.retry_after()), (429, None));
    tokio::time::sleep(second).await;
    let one = format!("{path}/{}", made.body["id"].as_str().unwrap());
    assert_eq!(graph.patch(&one, json!({ "state": "enabled" })).await.status, 204);
    tokio::time::sleep(second).await;
    let read = graph.get(&one).await.body;
    assert_eq!(read["state"], json!("enabled"));
    assert_eq!(read["conditions"]["users"]["excludeGroups"], json!([NEW]));
    assert_eq!(
        read["grantControls"]["authenticationStrength"]["displayName"],
        json!("Phishing-resistant MFA")
    );
    tokio::time::sleep(second).await;
    assert_eq!(graph.get("/policies/authenticationStrengthPolicies").await.all("id").len(), 3);
    tokio::time::sleep(second).await;
    assert_eq!(graph.delete(&one).await.status, 204);
    tokio::time::sleep(second).await;
    assert_eq!(graph.get(&one).await.status, 404);
    assert_eq!(graph.sandbox.refusals().graph.provoked, 1);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_graph_would_refuse_is_refused() {
    let graph = Graph::new();
    let with = |pointer: &str, value: Value| {
        let mut body = policy();
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    for body in [
        with("/state", json!("on")),
        with("/displayName", json!("")),
        with("/conditions/applications/includeApplications", json!([])),
        with("/conditions/applications/includeApplications", json!([TENANT])),
        with("/conditions/users", json!({})),
        with("/conditions/users/excludeGroups", json!([TENANT])),
        with("/conditions/users/includeUsers", json!([TENANT])),
        with("/conditions/clientAppTypes", json!(["fax"])),
        with("/grantControls", Value::Null),
        with("/grantControls/operator", Value::Null),
        with("/grantControls/authenticationStrength/id", json!("x")),
        with("/grantControls", json!({ "operator": "OR", "builtInControls": ["luck"] })),
        json!({ "displayName": "x", "sessionControls": { "signInFrequency": {} } }),
    ] {
        let answer = graph.post("/identity/conditionalAccess/policies", body.clone()).await;
        assert_eq!(answer.status, 400, "{body}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let included = with("/conditions/users/includeUsers", json!([user(1).as_str()]));
    assert_eq!(graph.post("/identity/conditionalAccess/policies", included).await.status, 201);
}
