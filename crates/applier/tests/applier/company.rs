//! The example company: what the cases of this folder start from.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use rolecall_applier::{Bound, CancellationToken, Event, Limits, Report, run};
use rolecall_aws::{AwsTarget, Clients, Connection, Scope, connect, observe};
use rolecall_entra::{ConnectionError, Credential, Endpoints, EntraTarget, Secret, Transport, Writer};
use rolecall_model::snapshot::SnapshotFile;
use rolecall_model::{OperationGraph, Snapshot};
use rolecall_parser::{DiskFiles, Project};
use rolecall_planner::plan::Provenance;
use rolecall_planner::{Checkout, Inputs, Plan, Settings, needs_account_tags, needs_details, order};
use rolecall_sandbox::{GraphService, SANDBOX_TOKEN, Sandbox, Settings as SandboxSettings};
use tokio::sync::Notify;

/// What carries requests to the sandbox's tenant.
#[derive(Debug)]
struct Embedded {
    service: GraphService,
    may_provision_on_demand: bool,
}

impl Transport for Embedded {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, ConnectionError>> {
        if !self.may_provision_on_demand && request.uri().path().ends_with("/provisionOnDemand") {
            let body =
                r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges."}}"#;
            let denied = Response::builder().status(403).body(Bytes::from_static(body.as_bytes())).unwrap();
            return async { Ok(denied) }.boxed();
        }
        let sent = self.service.call(request);
        async move {
            sent.await.map_err(|lost| ConnectionError { message: lost.to_string(), may_have_arrived: true })
        }
        .boxed()
    }
}

/// The example company, which a first apply changes in every way there is.
pub(crate) struct Company {
    project: Project,
    sandbox: Sandbox,
    /// Without the permission for it, groups wait for the next cycle of provisioning.
    pub(crate) may_provision_on_demand: bool,
}

impl Company {
    pub(crate) fn new() -> Self {
        Self::changed(|_| {})
    }

    pub(crate) fn changed(change: impl FnOnce(&mut Snapshot)) -> Self {
        Self::with(change, SandboxSettings::default())
    }

    pub(crate) fn with(change: impl FnOnce(&mut Snapshot), settings: SandboxSettings) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/acme");
        let world = std::fs::read(directory.join("sandbox.json")).unwrap();
        let mut snapshot = SnapshotFile::from_json(&world).unwrap().into_snapshot().unwrap();
        change(&mut snapshot);
        let project = rolecall_parser::load(&DiskFiles::new(directory), "rolecall.kdl");
        Self { project, sandbox: Sandbox::new(snapshot, settings), may_provision_on_demand: true }
    }

    /// Reads both halves, with clients of its own.
    pub(crate) async fn observed(&self) -> Observed {
        let config = self.project.config.as_ref().unwrap();
        let region = config.identity_center.region.clone();
        let clients = connect(Connection::embedded(region, self.sandbox.http_client())).await;
        let scope = Scope {
            compare: config.permission_sets.iter().map(|set| set.permission_set.name.clone()).collect(),
            assignments_of: config.external_permission_sets.iter().map(|set| set.name.clone()).collect(),
            details_of: needs_details(config, &config.guard),
            stack: Some(config.stack.clone()),
            account_tags: needs_account_tags(config),
            user_names: config.users().map(|user| user.name.clone()).collect(),
            access_control: config.attributes.is_some(),
            ..Scope::default()
        };
        let snapshot = observe(&clients, &scope, &|_| {}).await.unwrap();
        let writer = self.writer();
        let tenant = rolecall_entra::observe(writer.reader(), &self.tenant_scope()).await.unwrap();
        Observed { clients, writer, snapshot: Snapshot { entra: Some(tenant), ..snapshot } }
    }

    /// Microsoft Graph of the sandbox.
    fn writer(&self) -> Writer {
        rolecall_entra::connect_for_writing(rolecall_entra::Connection {
            transport: Arc::new(Embedded {
                service: self.sandbox.graph_service(),
                may_provision_on_demand: self.may_provision_on_demand,
            }),
            endpoints: Endpoints::default(),
            credential: Credential::fixed(Secret::new(SANDBOX_TOKEN)),
            seed: 0,
        })
    }

    fn tenant_scope(&self) -> rolecall_entra::Scope {
        let config = self.project.config.as_ref().unwrap();
        let entra = config.entra.as_ref().unwrap();
        let named = config.groups.iter().filter(|group| group.object_id.is_none());
        rolecall_entra::Scope {
            tenant: entra.tenant.clone(),
            group_names: named.map(|group| group.display_name.clone()).collect(),
            group_ids: config.groups.iter().filter_map(|group| group.object_id.clone()).collect(),
            application: entra.application.as_ref().map(|application| application.name.clone()),
            federation: true,
            provisioning: true,
            conditional_access: true,
        }
    }

    pub(crate) fn plan(&self, snapshot: &Snapshot) -> Plan {
        let Project { config, sources, origins, .. } = &self.project;
        let inputs = Inputs {
            files: Checkout { config: config.as_ref().unwrap(), sources, origins },
            snapshot,
            guards: None,
        };
        let settings = Settings {
            today: "2026-11-24".parse().unwrap(),
            as_of_given: false,
            provenance: Provenance::Sandbox,
            accepted_rebinds: BTreeSet::new(),
            defer_missing_groups: false,
            renew_scim_token: false,
        };
        rolecall_planner::plan(&inputs, &settings).unwrap()
    }

    /// Plans and applies; `stop_after` asks to stop once so many operations ended.
    pub(crate) async fn apply(&self, stop_after: Option<usize>) -> (OperationGraph, Report) {
        let observed = self.observed().await;
        let graph = order(&self.plan(&observed.snapshot));
        let (aws, entra) = observed.targets(&observed.snapshot);
        let bound = Bound::new(&graph, &aws, Some(&entra)).unwrap();
        let stop = CancellationToken::new();
        let mut ended = 0;
        let report = run(&bound, Limits::default(), stop.clone(), |event| {
            if let Event::Ended(..) = event {
                ended += 1;
                if stop_after == Some(ended) {
                    stop.cancel();
                }
            }
        })
        .await;
        (graph, report)
    }

    /// Plans and applies until so many operations were sent or ended, and is killed.
    pub(crate) async fn apply_until(&self, event: usize) {
        let observed = self.observed().await;
        let graph = order(&self.plan(&observed.snapshot));
        let (aws, entra) = observed.targets(&observed.snapshot);
        let bound = Bound::new(&graph, &aws, Some(&entra)).unwrap();
        let (mut events, killed) = (0, Notify::new());
        let apply = run(&bound, Limits::default(), CancellationToken::new(), |_| {
            events += 1;
            if events == event {
                killed.notify_one();
            }
        });
        tokio::select! {
            biased;
            () = killed.notified() => {}
            _ = apply => {}
        }
    }

    pub(crate) async fn assert_nothing_is_left(&self) {
        let plan = self.plan(&self.observed().await.snapshot);
        assert!(plan.is_empty(), "left over: {:#?}", plan.changes);
    }
}

/// The live state, and the clients that read it.
pub(crate) struct Observed {
    pub(crate) clients: Clients,
    writer: Writer,
    pub(crate) snapshot: Snapshot,
}

impl Observed {
    /// Targets with the clients that read, for what a plan on that snapshot says.
    pub(crate) fn targets(&self, snapshot: &Snapshot) -> (AwsTarget, EntraTarget) {
        let entra = EntraTarget::new(self.writer.clone(), snapshot.entra.as_ref().unwrap(), None);
        (AwsTarget::new(self.clients.clone(), snapshot), entra)
    }
}
