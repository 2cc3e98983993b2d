//! The Entra half of the live side: Microsoft Graph, or the tenant of the sandbox in this process.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use rolecall_applier::{Bound, NotConnected};
use rolecall_aws::{AwsTarget, Clients};
use rolecall_entra::{
    Connection, ConnectionError, Credential, Endpoints, EntraTarget, Http, Reader, ScimSecrets, Scope,
    Secret, Transport, Writer,
};
use rolecall_model::config::{Config, Entra};
use rolecall_model::entra::{AuditLogs, Tenant};
use rolecall_model::{Code, EntraOperation, Operation, OperationGraph, Snapshot};
use rolecall_sandbox::{GraphService, SANDBOX_TOKEN, Sandbox};

use crate::configuration::Loaded;
use crate::failure::Failure;
use crate::live::{self, Live};

/// Sends requests for Graph to a `rolecall sandbox serve` instead, at a loopback address.
const ENDPOINT: &str = "ROLECALL_GRAPH_ENDPOINT";
/// The SCIM endpoint and the access token that Identity Center shows once, for the step that hands them to Entra ID.
const SCIM_ENDPOINT: &str = "ROLECALL_SCIM_ENDPOINT";
const SCIM_TOKEN: &str = "ROLECALL_SCIM_TOKEN";

/// What carries requests to the sandbox's tenant.
#[derive(Debug)]
struct Embedded(GraphService);

impl Transport for Embedded {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, ConnectionError>> {
        let sent = self.0.call(request);
        async move {
            sent.await.map_err(|lost| ConnectionError { message: lost.to_string(), may_have_arrived: true })
        }
        .boxed()
    }
}

/// How to reach the tenant that the files name.
///
/// # Errors
/// There are no credentials, or the network cannot be used.
fn connection(live: &Live, entra: &Entra) -> Result<Connection, Failure> {
    match live {
        Live::Sandbox { sandbox, .. } => Ok(embedded(sandbox)),
        Live::Aws => network(entra),
    }
}

/// The tenant of a sandbox in this process.
fn embedded(sandbox: &Sandbox) -> Connection {
    Connection {
        transport: Arc::new(Embedded(sandbox.graph_service())),
        endpoints: Endpoints::default(),
        credential: Credential::fixed(Secret::new(SANDBOX_TOKEN)),
        seed: 0,
    }
}

/// Whether an address is this machine, by its host alone: what stands before an `@` is no host.
fn is_loopback(endpoint: &str) -> bool {
    let uri: Option<http::Uri> = endpoint.parse().ok();
    let authority = uri.as_ref().and_then(http::Uri::authority);
    authority.is_some_and(|authority| {
        !authority.as_str().contains('@') && matches!(authority.host(), "127.0.0.1" | "localhost" | "[::1]")
    })
}

fn network(entra: &Entra) -> Result<Connection, Failure> {
    let transport = Http::new().map_err(|error| {
        Failure::plain(
            Code::ReadFailed,
            format!("Microsoft Graph cannot be reached: {error}"),
            "check that the machine has CA certificates, and check its proxy settings",
        )
    })?;
    let seed = u64::from(std::process::id());
    let transport: Arc<dyn Transport> = Arc::new(transport);
    if let Ok(endpoint) = std::env::var(ENDPOINT) {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        // The sandbox's token is no secret, so it must not go where somebody could take it for one of theirs.
        if !is_loopback(&endpoint) {
            return Err(Failure::plain(
                Code::ReadFailed,
                format!("{ENDPOINT} is not a loopback address: {endpoint}"),
                "set it to the address of `rolecall sandbox serve`, such as http://127.0.0.1:4566",
            ));
        }
        let endpoints = Endpoints { graph: endpoint.clone(), login: endpoint };
        let credential = Credential::fixed(Secret::new(SANDBOX_TOKEN));
        return Ok(Connection { transport, endpoints, credential, seed });
    }
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let credential = Credential::from_environment(&entra.tenant, &variable)
        .map_err(|missing| Failure::plain(missing.code(), missing.to_string(), missing.help()))?;
    Ok(Connection { transport, endpoints: Endpoints::default(), credential, seed })
}

/// A client of the tenant that reads and writes, with one token and one set of limits for both.
#[derive(Debug)]
pub(crate) struct Client {
    writer: Writer,
    is_sandbox: bool,
}

impl Client {
    fn new(connection: Connection) -> Self {
        let is_sandbox = connection.credential.is_fixed();
        Self { writer: rolecall_entra::connect_for_writing(connection), is_sandbox }
    }

    /// For the tenant of a sandbox in this process.
    pub(crate) fn embedded(sandbox: &Sandbox) -> Self {
        Self::new(embedded(sandbox))
    }

    /// The part that reads.
    pub(crate) fn reader(&self) -> &Reader {
        self.writer.reader()
    }
}

/// A client of the tenant; `None` where the files have no `entra` node.
///
/// # Errors
/// As [`connection`].
pub(crate) fn client(live: &Live, config: &Config) -> Result<Option<Client>, Failure> {
    let entra = config.entra.as_ref();
    entra.map(|entra| Ok(Client::new(connection(live, entra)?))).transpose()
}

/// What reads the tenant; `None` where the files have no `entra` node.
///
/// # Errors
/// As [`connection`].
pub(crate) fn reader(live: &Live, config: &Config) -> Result<Option<Reader>, Failure> {
    let entra = config.entra.as_ref();
    entra.map(|entra| Ok(rolecall_entra::connect(connection(live, entra)?))).transpose()
}

/// What must be read of the tenant to plan this project, the groups that the guards of another checkout name included.
pub(crate) fn scope(entra: &Entra, loaded: &Loaded) -> Scope {
    let application = entra.application.as_ref();
    let guards = loaded.guards.as_ref().map(|guards| &guards.config);
    let groups = || [Some(&loaded.config), guards].into_iter().flatten().flat_map(|config| &config.groups);
    let pinned = groups().filter_map(|group| group.object_id.clone());
    let named = groups().filter(|group| group.object_id.is_none());
    Scope {
        tenant: entra.tenant.clone(),
        group_names: named.map(|group| group.display_name.clone()).collect(),
        group_ids: pinned.collect(),
        application: application.map(|application| application.name.clone()),
        federation: application.is_some_and(|application| application.saml.is_some()),
        provisioning: application
            .is_some_and(|one| one.provisioning.is_some() || one.assign_groups.is_some()),
        conditional_access: application.is_some_and(|application| application.require_mfa.is_some()),
    }
}

/// Reads the tenant, whole or not at all.
///
/// # Errors
/// Any read that failed.
pub(crate) async fn observe(reader: &Reader, scope: &Scope) -> Result<Tenant, Failure> {
    rolecall_entra::observe(reader, scope)
        .await
        .map_err(|error| Failure::plain(error.code(), error.to_string(), error.help()))
}

/// Reads AWS, and the tenant where the files have an `entra` node, side by side.
///
/// # Errors
/// Any read that failed.
pub(crate) async fn observe_both(
    clients: &Clients,
    aws_scope: &rolecall_aws::Scope,
    reader: Option<&Reader>,
    loaded: &Loaded,
) -> Result<Snapshot, Failure> {
    let (Some(reader), Some(entra)) = (reader, &loaded.config.entra) else {
        return live::observe(clients, aws_scope).await;
    };
    let tenant_scope = scope(entra, loaded);
    let tenant = observe(reader, &tenant_scope);
    let (snapshot, tenant) = futures_util::try_join!(live::observe(clients, aws_scope), tenant)?;
    Ok(Snapshot { entra: Some(tenant), ..snapshot })
}

/// Reads the logs of the tenant's application since then.
///
/// # Errors
/// Any read that failed. They take permissions and a licence of their own.
pub(crate) async fn logs(
    reader: &Reader,
    tenant: &Tenant,
    since: jiff::Timestamp,
) -> Result<AuditLogs, Failure> {
    rolecall_entra::observe_logs(reader, tenant, since)
        .await
        .map_err(|error| Failure::plain(error.code(), error.to_string(), error.help()))
}

/// A target for a plan's steps in Entra ID, and nothing where it has none.
///
/// # Errors
/// There are no credentials for the provisioning job that the plan sets.
pub(crate) fn target(
    client: Option<&Client>,
    graph: &OperationGraph,
    tenant: Option<&Tenant>,
) -> Result<Option<EntraTarget>, Failure> {
    let mut steps = graph
        .graph()
        .node_weights()
        .filter_map(|node| match &node.operation {
            Operation::Entra(step) => Some(step),
            Operation::Aws(_) | Operation::AwaitGroup(_) => None,
        })
        .peekable();
    let (Some(Client { writer, is_sandbox }), Some(tenant), Some(_)) = (client, tenant, steps.peek()) else {
        return Ok(None);
    };
    let needs_secrets = steps.any(|step| matches!(step, EntraOperation::SetSyncSecrets { .. }));
    let secrets = if needs_secrets { Some(scim_secrets(*is_sandbox)?) } else { None };
    Ok(Some(EntraTarget::new(writer.clone(), tenant, secrets)))
}

/// Gives each operation of a graph its target, before anything is changed.
///
/// # Errors
/// There is a step in Entra ID, and nothing that would carry it out.
pub(crate) fn bind<'g>(
    graph: &'g OperationGraph,
    aws: &'g AwsTarget,
    entra: Option<&'g EntraTarget>,
) -> Result<Bound<'g, AwsTarget, EntraTarget>, Failure> {
    Bound::new(graph, aws, entra).map_err(|error: NotConnected| {
        Failure::plain(
            Code::ReadFailed,
            format!("the plan changes Entra ID, and no tenant was read: {error}"),
            "nothing was changed; plan again",
        )
    })
}

/// The credentials of provisioning, from the environment. They are read before anything is changed.
fn scim_secrets(is_sandbox: bool) -> Result<ScimSecrets, Failure> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (variable(SCIM_ENDPOINT), variable(SCIM_TOKEN)) {
        (Some(endpoint), Some(token)) => Ok(ScimSecrets { endpoint, token: Secret::new(token) }),
        // The sandbox's world makes them itself, as the console of AWS would.
        (None, None) if is_sandbox => Ok(ScimSecrets {
            endpoint: "https://scim.eu-west-1.amazonaws.com/sandbox/scim/v2/".to_owned(),
            token: Secret::new(rolecall_sandbox::Settings::default().scim_token),
        }),
        _ => Err(Failure::plain(
            Code::NoCredentials,
            format!(
                "the plan sets the provisioning credentials, but {SCIM_ENDPOINT} and {SCIM_TOKEN} are not both set"
            ),
            "find the endpoint and create a token in AWS: IAM Identity Center, Settings, Identity source, Automatic \
             provisioning. Nothing was changed",
        )),
    }
}
