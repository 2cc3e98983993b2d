//! The Entra half, checked by independent software: Microsoft's SDK for Graph, pysaml2, and a token endpoint with its
//! own rules, which the binary reaches over TLS.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use rolecall_e2e::binary::rolecall;
use rolecall_e2e::run::{Ran, isolated, run_script};
use rolecall_e2e::server::Server;
use rolecall_e2e::workspace;
use rolecall_entra::ROUTES;
use rolecall_sandbox::signing_certificate;
use serde_json::{Value, json};

use crate::project::{Project, TODAY};

const TENANT: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const DOMAIN: &str = "acme.onmicrosoft.com";
const CLIENT: &str = "11111111-0000-4000-8000-000000000001";
const METADATA: &str = "tests/fixtures/entra/aws-sp-metadata.xml";

/// Returns every request that the program sends, as printed by the example of its crate, which runs against the
/// sandbox.
fn requests() -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--locked", "--package", "rolecall-entra", "--example", "requests"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.current_dir(workspace()).stdin(Stdio::null()).output().unwrap();
    Ran::from(output).exits(0).stdout
}

/// Returns a path with unnamed parameters, such as `/groups/{}`.
fn unnamed(template: &str) -> String {
    let parts = template.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

#[test]
fn microsofts_sdk_builds_the_same_requests() {
    let said = run_script::<&str>("graph_oracle.py", "", &[], &requests());
    let compared: BTreeSet<String> = serde_json::from_str(&said).unwrap();
    // The metadata document is not a part of Graph.
    let routes = ROUTES.iter().filter(|route| !route.template.ends_with(".xml"));
    let called: BTreeSet<String> =
        routes.map(|route| format!("{} {}", route.method, unnamed(route.template))).collect();
    assert_eq!(compared, called, "each route that is called is compared");
}

/// Returns the world of the smallest example, with a tenant whose application uses SAML.
fn world() -> Value {
    let path = workspace().join("examples/minimal/sandbox.json");
    let mut world: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let end: Timestamp = "2029-01-01T00:00:00Z".parse().unwrap();
    let certificates =
        ["CN=AWS", "CN=AWS the next"].map(|subject| signing_certificate(subject, end).unwrap());
    let group = "00000000-0000-4000-8000-00000000e001";
    world["entra"] = json!({
        "id": TENANT,
        "domains": [DOMAIN],
        "groups": [{"id": group, "displayName": "developers", "securityEnabled": true}],
        "users": [],
        "applications": [{
            "servicePrincipalId": "00000000-0000-4000-8000-00000000a001",
            "applicationId": "00000000-0000-4000-8000-00000000a002",
            "clientId": "00000000-0000-4000-8000-00000000a003",
            "displayName": "AWS",
            "appRoles": [{
                "id": "00000000-0000-4000-8000-00000000a004",
                "displayName": "User",
                "isEnabled": true,
            }],
            "signOnMode": "saml",
            "certificates": certificates,
            "preferredThumbprint": certificates[1].thumbprint,
            "assignments": [{
                "id": "assignment",
                "principal": group,
                "principalName": "developers",
                "isGroup": true,
                "appRole": "00000000-0000-4000-8000-00000000a004",
            }],
        }],
        "conditionalAccess": [],
    });
    world["groups"][0]["externalIds"] =
        json!([{"issuer": format!("https://scim.aws.com/{DOMAIN}"), "id": group}]);
    world
}

/// The smallest example, with an Entra half.
fn project() -> Project {
    let project = Project::minimal();
    let entra = format!(
        "entra tenant=\"{DOMAIN}\" {{\n    application \"AWS\" {{ saml sign-on-metadata=\"aws-sp-metadata.xml\" }}\n}}\n"
    );
    project.write("rolecall.kdl", &format!("{}{entra}", project.read("rolecall.kdl")));
    project.write("aws-sp-metadata.xml", &std::fs::read_to_string(workspace().join(METADATA)).unwrap());
    project.write("sandbox.json", &serde_json::to_string_pretty(&world()).unwrap());
    project
}

/// Returns the metadata of every service provider in the repository.
fn service_providers() -> Vec<String> {
    let mut found = Vec::new();
    let mut directories = vec![workspace().join("tests/fixtures"), workspace().join("examples")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "xml") {
                found.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn saml_documents_are_what_pysaml2_takes_them_for() {
    let project = project();
    let server = Server::sandbox(&project.file("sandbox.json"), "1000");
    let client = &world()["entra"]["applications"][0]["clientId"];
    let client = client.as_str().unwrap();
    let address = format!(
        "{}/{TENANT}/federationmetadata/2007-06/federationmetadata.xml?appid={client}",
        server.endpoint
    );
    let arguments: Vec<String> = [address].into_iter().chain(service_providers()).collect();
    let said = run_script("saml_documents.py", &server.endpoint, &arguments, "");
    let said: Value = serde_json::from_str(&said).unwrap();

    let _ = project.run(&["snapshot", "--sandbox", "--out", "live.json"]).exits(0);
    let live: Value = serde_json::from_str(&project.read("live.json")).unwrap();
    let ours = &live["entra"]["applications"][0]["federation"];
    let theirs = &said["identityProvider"];
    for part in ["entityId", "certificates", "characters"] {
        assert_eq!(ours[part], theirs[part], "{part} of {ours:#} and {theirs:#}");
    }
    assert_eq!(theirs["entityId"], format!("https://sts.windows.net/{TENANT}/"));
    assert_eq!(theirs["certificates"].as_array().unwrap().len(), 2);
    assert_eq!(theirs["signOn"], json!([format!("https://login.microsoftonline.com/{TENANT}/saml2")]));

    let providers = said["serviceProviders"].as_array().unwrap();
    let fixture = &providers[service_providers().iter().position(|path| path.ends_with(METADATA)).unwrap()];
    let plan = project.run(&["plan", "--sandbox", "--format", "json"]).exits(0).json();
    let changes = plan["changes"].as_array().unwrap();
    let urls = changes.iter().find(|change| change.to_string().contains("set-urls")).unwrap();
    let text = urls.to_string();
    assert!(text.contains(fixture["entityId"].as_str().unwrap()), "{urls:#}");
    for consumer in fixture["assertionConsumers"].as_array().unwrap() {
        assert!(text.contains(consumer.as_str().unwrap()), "{consumer} is not in {urls:#}");
    }
}

/// An environment variable and its value.
type Variable<'a> = (&'a str, &'a str);

/// Runs a plan that reads AWS from the sandbox, and reaches Microsoft and GitHub under their own names through the
/// proxy.
fn plan(project: &Project, sandbox: &Server, proxy: &Server, variables: &[Variable<'_>]) -> Ran {
    let mut command = isolated(rolecall(), project.path(), Some(&sandbox.endpoint));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let is_ours =
            ["AZURE_", "ACTIONS_", "IDENTITY_", "GITLAB_", "ROLECALL_"].iter().any(|of| name.starts_with(of));
        if is_ours || name.to_ascii_lowercase().ends_with("_proxy") {
            command.env_remove(name.as_ref());
        }
    }
    // Graph must be found under Microsoft's name, through the proxy.
    command.env_remove("ROLECALL_GRAPH_ENDPOINT");
    command
        .current_dir(project.path())
        .args(["plan", "--as-of", TODAY])
        .env("HTTPS_PROXY", &proxy.endpoint)
        .env("NO_PROXY", "127.0.0.1")
        .env("SSL_CERT_FILE", project.file("tokens/authority.pem"))
        .env("AZURE_CLIENT_ID", CLIENT)
        .envs(variables.iter().copied())
        .stdin(Stdio::null());
    command.output().unwrap().into()
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn each_credential_is_taken_by_a_token_endpoint_over_tls() {
    let project = project();
    let sandbox = Server::sandbox(&project.file("sandbox.json"), "1000");
    let directory = project.file("tokens");
    std::fs::create_dir(&directory).unwrap();
    let proxy = Server::tokens(&directory, &sandbox.endpoint, rolecall_sandbox::SANDBOX_TOKEN);
    let made = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
    let (secret, gitlab, stranger) = (made("secret"), made("gitlab.jwt"), made("stranger.jwt"));
    let (certificate, workload) = (directory.join("client.pem"), directory.join("workload.jwt"));
    let certificate = ("AZURE_CLIENT_CERTIFICATE_PATH", certificate.to_str().unwrap());
    let workload = ("AZURE_FEDERATED_TOKEN_FILE", workload.to_str().unwrap());
    let url = "https://pipelines.actions.githubusercontent.com/job/idtoken?api-version=2.0";
    let github = [("ACTIONS_ID_TOKEN_REQUEST_URL", url), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-token")];
    let by_id = ("AZURE_TENANT_ID", TENANT);
    let elsewhere = ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/");
    let flows: [(&str, &str, &[Variable<'_>]); 7] = [
        ("secret login.microsoftonline.com", DOMAIN, &[("AZURE_CLIENT_SECRET", &secret)]),
        ("secret login.microsoftonline.us", TENANT, &[by_id, elsewhere, ("AZURE_CLIENT_SECRET", &secret)]),
        ("certificate login.microsoftonline.com", TENANT, &[by_id, certificate]),
        ("certificate login.microsoftonline.us", DOMAIN, &[elsewhere, certificate]),
        ("workload login.microsoftonline.com", TENANT, &[by_id, workload]),
        ("GitHub login.microsoftonline.com", TENANT, &[by_id, github[0], github[1]]),
        ("GitLab login.microsoftonline.com", DOMAIN, &[("ROLECALL_ENTRA_ID_TOKEN", &gitlab)]),
    ];
    let mut granted = Vec::new();
    for (by, tenant, variables) in flows {
        let ran = plan(&project, &sandbox, &proxy, variables).exits(0);
        assert!(ran.stdout.contains("SAML URLs"), "{ran:#?}");
        granted.push(format!("{by}/{tenant}"));
        assert_eq!(lines(&directory.join("grants")), granted, "one token for each run");
    }
    assert_eq!(lines(&directory.join("refusals")), Vec::<String>::new(), "nothing was asked for in vain");

    let wrong = [("AZURE_CLIENT_SECRET", "hush-hush"), ("ROLECALL_ENTRA_ID_TOKEN", &stranger)];
    for variable in wrong {
        let ran = plan(&project, &sandbox, &proxy, &[variable]).exits(1);
        assert!(ran.stderr.contains("RC0507") && !ran.stderr.contains(variable.1), "{ran:#?}");
    }
    assert_eq!(lines(&directory.join("grants")), granted);

    // A host without a certificate of a known authority gets no secret.
    let others = directory.join("stranger.pem");
    let others = ("SSL_CERT_FILE", others.to_str().unwrap());
    let ran = plan(&project, &sandbox, &proxy, &[others, ("AZURE_CLIENT_SECRET", &secret)]).exits(1);
    assert!(ran.stderr.contains("certificate") && !ran.stderr.contains(&secret), "{ran:#?}");
    assert_eq!(lines(&directory.join("grants")), granted);
}
