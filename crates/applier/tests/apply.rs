//! The whole way from files to a changed world, through the real SDK and the simulator, on virtual time.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use petgraph::Direction;
use petgraph::graph::NodeIndex;
use rolecall_applier::{Bound, CancellationToken, Event, Limits, Outcome, Report, SkipCause, run};
use rolecall_aws::{AwsTarget, Clients, Connection, Scope, connect, observe};
use rolecall_entra::{ConnectionError, Credential, Endpoints, EntraTarget, Secret, Transport, Writer};
use rolecall_model::snapshot::SnapshotFile;
use rolecall_model::{AccountState, AwsOperation, Operation, OperationGraph, Snapshot};
use rolecall_parser::{DiskFiles, Project};
use rolecall_planner::plan::Provenance;
use rolecall_planner::{Inputs, Plan, Settings, needs_account_tags, needs_details, order};
use rolecall_sandbox::faults::{AdminChange, Deed, FaultPlan, Intervention, When};
use rolecall_sandbox::{GraphService, SANDBOX_TOKEN, Sandbox, Settings as SandboxSettings};
use tokio::sync::Notify;

/// What carries requests to the sandbox's tenant.
#[derive(Debug)]
struct Embedded {
    service: GraphService,
    /// Without the permission for it, groups wait for the next cycle of provisioning.
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
struct Company {
    project: Project,
    sandbox: Sandbox,
    may_provision_on_demand: bool,
}

impl Company {
    fn new() -> Self {
        Self::changed(|_| {})
    }

    fn changed(change: impl FnOnce(&mut Snapshot)) -> Self {
        Self::with(change, SandboxSettings::default())
    }

    fn with(change: impl FnOnce(&mut Snapshot), settings: SandboxSettings) -> Self {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/acme");
        let world = std::fs::read(directory.join("sandbox.json")).unwrap();
        let mut snapshot = SnapshotFile::from_json(&world).unwrap().into_snapshot().unwrap();
        change(&mut snapshot);
        let project = rolecall_parser::load(&DiskFiles::new(directory), "rolecall.kdl");
        Self { project, sandbox: Sandbox::new(snapshot, settings), may_provision_on_demand: true }
    }

    async fn observed(&self) -> (Clients, Snapshot) {
        let config = self.project.config.as_ref().unwrap();
        let region = config.identity_center.region.clone();
        let clients = connect(Connection::embedded(region, self.sandbox.http_client())).await;
        let scope = Scope {
            compare: config.permission_sets.iter().map(|set| set.permission_set.name.clone()).collect(),
            rows_of: config.external_permission_sets.iter().map(|set| set.name.clone()).collect(),
            details_of: needs_details(config, &config.guard),
            stack: Some(config.stack.clone()),
            account_tags: needs_account_tags(config),
            user_names: config.users().map(|user| user.name.clone()).collect(),
            access_control: config.attributes.is_some(),
            ..Scope::default()
        };
        let snapshot = observe(&clients, &scope, &|_| {}).await.unwrap();
        let tenant = rolecall_entra::observe(self.writer().reader(), &self.tenant_scope()).await.unwrap();
        (clients, Snapshot { entra: Some(tenant), ..snapshot })
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
            logs_since: None,
        }
    }

    /// Both halves, for what a plan on this snapshot says.
    fn targets(&self, clients: Clients, snapshot: &Snapshot) -> (AwsTarget, EntraTarget) {
        let entra = EntraTarget::new(self.writer(), snapshot.entra.as_ref().unwrap(), None);
        (AwsTarget::new(clients, snapshot), entra)
    }

    fn plan(&self, snapshot: &Snapshot) -> Plan {
        let Project { config, sources, origins, .. } = &self.project;
        let inputs = Inputs { config: config.as_ref().unwrap(), sources, origins, snapshot, guards: None };
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
    async fn apply(&self, stop_after: Option<usize>) -> (OperationGraph, Report) {
        let (clients, snapshot) = self.observed().await;
        let graph = order(&self.plan(&snapshot), &snapshot);
        let (aws, entra) = self.targets(clients, &snapshot);
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
    async fn apply_until(&self, event: usize) {
        let (clients, snapshot) = self.observed().await;
        let graph = order(&self.plan(&snapshot), &snapshot);
        let (aws, entra) = self.targets(clients, &snapshot);
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

    async fn assert_nothing_is_left(&self) {
        let (_, snapshot) = self.observed().await;
        let plan = self.plan(&snapshot);
        assert!(plan.is_empty(), "left over: {:#?}", plan.changes);
    }
}

#[tokio::test(start_paused = true)]
async fn an_apply_does_everything_and_a_second_plan_is_empty() {
    let company = Company::new();
    let (_, report) = company.apply(None).await;
    assert!(report.is_complete(), "{report:#?}");
    company.assert_nothing_is_left().await;
}

#[tokio::test(start_paused = true)]
async fn a_lone_apply_provokes_no_throttle() {
    let company = Company::new();
    let (clients, snapshot) = company.observed().await;
    let graph = order(&company.plan(&snapshot), &snapshot);
    let (aws, entra) = company.targets(clients.clone(), &snapshot);
    let bound = Bound::new(&graph, &aws, Some(&entra)).unwrap();
    let report = run(&bound, Limits::default(), CancellationToken::new(), |_| {}).await;
    assert!(report.is_complete(), "{:#?}", report.failures().collect::<Vec<_>>());
    assert_eq!(clients.statistics().throttled, 0);
}

/// The future of a run is dropped as each of its operations is sent or ends, as a kill drops a process: requests that
/// were sent go on at AWS, and nobody follows them.
#[tokio::test(start_paused = true)]
async fn a_kill_at_any_operation_is_healed_by_the_next_apply() {
    let (graph, _) = Company::new().apply(None).await;
    let events = 2 * graph.graph().node_count();
    for kill_at in 1..=events {
        let company = Company::new();
        company.apply_until(kill_at).await;
        let (_, report) = company.apply(None).await;
        assert!(report.is_complete(), "killed at event {kill_at}: {report:#?}");
        company.assert_nothing_is_left().await;
    }
}

/// AWS says that a row is granted, and another administrator takes it away before the apply ends: an operation counts
/// as done when live says so.
#[tokio::test(start_paused = true)]
async fn a_row_that_is_gone_again_is_not_reported_as_done() {
    let planned = Company::new();
    let (_, snapshot) = planned.observed().await;
    let graph = order(&planned.plan(&snapshot), &snapshot);
    let row = graph.graph().node_weights().find_map(|node| match &node.operation {
        Operation::Aws(AwsOperation::CreateAssignment(row)) if node_is_free(&graph, &node.operation) => {
            Some(row.clone())
        }
        _ => None,
    });
    let row = row.expect("a grant that waits for nothing");
    let taken = Intervention {
        when: When::Time(Duration::from_secs(100)),
        deed: Deed::Exactly(AdminChange::Revoke(row.clone())),
    };
    let faults = FaultPlan { interventions: vec![taken], ..FaultPlan::default() };
    let company = Company::with(|_| {}, SandboxSettings { faults, ..SandboxSettings::default() });
    let (graph, report) = company.apply(None).await;
    let failed: Vec<_> = report.failures().collect();
    assert_eq!(failed.len(), 1, "{report:#?}");
    assert_eq!(graph.graph()[failed[0].0].operation, AwsOperation::CreateAssignment(row).into());
    assert_eq!(failed[0].1.code, "NotAsWanted");
}

/// Whether nothing comes before the operation.
fn node_is_free(graph: &OperationGraph, operation: &Operation) -> bool {
    let nodes = graph.graph();
    nodes.externals(Direction::Incoming).any(|at| nodes[at].operation == *operation)
}

#[tokio::test(start_paused = true)]
async fn an_interruption_settles_what_is_under_way_and_starts_nothing_more() {
    let company = Company::new();
    let (graph, report) = company.apply(Some(3)).await;
    assert!(report.interrupted);
    let (done, failed, skipped) = report.counts();
    assert_eq!(failed, 0);
    assert!(done >= 3 && skipped > 0, "{done} done, {skipped} skipped");
    assert_eq!(done + skipped, graph.graph().node_count());
    let (_, report) = company.apply(None).await;
    assert!(report.is_complete());
    company.assert_nothing_is_left().await;
}

/// An account that is suspended between plan and apply: what needs it fails with AWS's reason, what waits for that is
/// skipped, and the rest is done.
#[tokio::test(start_paused = true)]
async fn a_failure_stops_what_depends_on_it_and_nothing_else() {
    let planned = Company::new();
    let (_, snapshot) = planned.observed().await;
    let graph = order(&planned.plan(&snapshot), &snapshot);
    let struck = "payments-dev";
    let company = Company::changed(|snapshot| {
        let account = snapshot.organization.accounts.iter_mut().find(|account| account.name == struck);
        account.unwrap().state = AccountState::Suspended;
    });
    let (clients, _) = company.observed().await;
    let (aws, entra) = company.targets(clients, &snapshot);
    let bound = Bound::new(&graph, &aws, Some(&entra)).unwrap();
    let report = run(&bound, Limits::default(), CancellationToken::new(), |_| {}).await;
    let failed: BTreeSet<_> = report.failures().map(|(node, _)| node).collect();
    assert!(!failed.is_empty());
    for (node, failure) in report.failures() {
        assert!(!failure.message.is_empty(), "{} failed without a reason", graph.graph()[node].operation);
    }
    for (at, outcome) in report.outcomes.iter().enumerate() {
        if let Outcome::Skipped(cause) = outcome {
            let SkipCause::Failed(cause) = cause else { panic!("nobody interrupted") };
            let set = graph.graph()[*cause].operation.permission_set();
            let skipped = graph.graph().node_weights().nth(at).unwrap();
            assert!(failed.contains(cause));
            assert_eq!(skipped.operation.permission_set(), set, "another set is not held back");
        }
    }
    let (done, _, _) = report.counts();
    assert!(done * 2 > report.outcomes.len(), "most of it is done all the same");
}

/// Groups that come with a cycle of provisioning are awaited for up to an hour, and nothing else waits for them.
#[tokio::test(start_paused = true)]
async fn edits_proceed_while_a_group_is_awaited() {
    let company = Company { may_provision_on_demand: false, ..Company::new() };
    let (clients, snapshot) = company.observed().await;
    let graph = order(&company.plan(&snapshot), &snapshot);
    let (aws, entra) = company.targets(clients, &snapshot);
    let bound = Bound::new(&graph, &aws, Some(&entra)).unwrap();
    let mut ended = Vec::new();
    let limits = Limits { edits: 1, ..Limits::default() };
    let report = run(&bound, limits, CancellationToken::new(), |event| {
        if let Event::Ended(index, _) = event {
            ended.push(index);
        }
    })
    .await;
    assert!(report.is_complete(), "{:#?}", report.failures().collect::<Vec<_>>());
    assert_eq!(entra.waiting_for_cycle().len(), 1);
    let is_wait = |at: &NodeIndex| matches!(graph.graph()[*at].operation, Operation::AwaitGroup(_));
    let wait =
        ended.iter().position(is_wait).expect("the example has a group that is not in the Identity Store");
    let after: BTreeSet<NodeIndex> = ended[wait + 1..].iter().copied().collect();
    assert_eq!(
        after,
        graph.graph().neighbors(ended[wait]).collect(),
        "what waits for the group, and nothing else"
    );
}
