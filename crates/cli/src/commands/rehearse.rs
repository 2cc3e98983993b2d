//! `rolecall rehearse`

use rolecall_applier::{CancellationToken, Limits, Report};
use rolecall_aws::{AwsTarget, Connection, Scope};
use rolecall_model::snapshot::SnapshotFile;
use rolecall_model::{Code, OperationGraph, Snapshot};
use rolecall_planner::phrases::duration;
use rolecall_planner::plan::Provenance;
use rolecall_planner::render::text;
use rolecall_planner::{Plan, order};
use rolecall_sandbox::Sandbox;
use tokio::time::Instant;

use super::apply::undone;
use super::plan;
use crate::args::RehearseArgs;
use crate::configuration::{self, Loaded};
use crate::directory;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::live::{self, Live};
use crate::output;
use crate::state;

/// Applies the plan to a copy of what is live, in the sandbox.
pub(crate) fn run(args: &RehearseArgs) -> Result<Exit, Failure> {
    let loaded = configuration::load_planned(&args.planning)?;
    let Subject { snapshot, settings, plan: made } = subject(args, &loaded)?;
    output::print_diagnostics(&made.findings, &loaded.sources);
    let style = text::Style { detail: args.detail.detail.into(), color: output::stdout_has_color() };
    output::print(&text::render(&made, None, style))?;
    if !made.violations.is_empty() {
        output::print("\nRehearsal: a guard would stop the apply, and nothing would be changed.\n")?;
        return Ok(Exit::Guard);
    }
    if made.is_empty() {
        return Ok(Exit::Success);
    }
    let sandbox = Sandbox::new(snapshot.clone(), live::settings());
    let graph = order(&made);
    let (report, seconds) = live::runtime(true)?.block_on(carry_out(&graph, &sandbox, &snapshot))?;
    sandbox.settle();
    let after = sandbox.snapshot();
    if let Some(file) = &args.out {
        output::write_file(file, SnapshotFile::from_snapshot(&after).to_json().as_bytes())?;
    }
    let left = plan::make(&loaded, &after, &settings)?;
    conclude(&made, &graph, &report, seconds, (&snapshot, &after), &left)
}

/// What is rehearsed.
struct Subject {
    snapshot: Snapshot,
    settings: rolecall_planner::Settings,
    plan: Plan,
}

/// The plan for a snapshot file, for the sandbox's state, or for what is live.
fn subject(args: &RehearseArgs, loaded: &Loaded) -> Result<Subject, Failure> {
    let settings = |provenance| plan::settings(None, provenance, &args.planning, loaded);
    if let Some(file) = &args.offline.snapshot {
        let (snapshot, settings) = (state::read_snapshot(file)?, settings(Provenance::Snapshot)?);
        let plan = plan::make(loaded, &snapshot, &settings)?;
        return Ok(Subject { snapshot, settings, plan });
    }
    let live = Live::open(&args.planning.sandbox, &loaded.directory)?;
    let settings = settings(live.provenance())?;
    live.runtime()?.block_on(async {
        let clients =
            live.connect(&loaded.config.identity_center.region, &args.planning.reading.answers).await;
        let directory = directory::reader(&live, &loaded.config)?;
        // Where every set is provisioned, ours or not: AWS's bound on sets in one account counts all of them.
        let scope =
            Scope { provisioned_of_all: true, ..live::scope(loaded, args.planning.reading.strategy()) };
        let read = plan::read_scope_and_make(
            &clients,
            directory.as_ref(),
            loaded,
            &args.planning.reading,
            &settings,
            scope,
        );
        let (snapshot, plan, _) = read.await?;
        Ok(Subject { snapshot, settings, plan })
    })
}

async fn carry_out(
    graph: &OperationGraph,
    sandbox: &Sandbox,
    snapshot: &Snapshot,
) -> Result<(Report, u64), Failure> {
    let region = snapshot.instance.region.clone();
    let clients = rolecall_aws::connect(Connection::embedded(region, sandbox.http_client())).await;
    let aws = AwsTarget::new(clients, snapshot);
    let tenant = directory::Client::embedded(sandbox);
    let entra = directory::target(Some(&tenant), graph, snapshot.entra.as_ref())?;
    let bound = directory::bind(graph, &aws, entra.as_ref())?;
    let start = Instant::now();
    let report = rolecall_applier::run(&bound, Limits::default(), CancellationToken::new(), |_| {}).await;
    Ok((report, start.elapsed().as_secs()))
}

fn conclude(
    made: &Plan,
    graph: &OperationGraph,
    report: &Report,
    seconds: u64,
    (before, after): (&Snapshot, &Snapshot),
    left: &Plan,
) -> Result<Exit, Failure> {
    let (done, failed, skipped) = report.counts();
    let state = |snapshot: &Snapshot| {
        format!(
            "{} permission sets, {} assignments",
            snapshot.permission_sets.len(),
            snapshot.assignments.len()
        )
    };
    let mut said = format!(
        "\nRehearsal: {done} operations would succeed, {failed} would fail, {skipped} would be skipped. An apply takes \
         {}.\nRead before: {}. After: {}.\n",
        duration(seconds),
        state(before),
        state(after)
    );
    said.push_str(&undone(made, graph, report, before));
    let then = left.changes.len();
    said.push_str(&match then {
        0 => "A plan after the apply would be empty.\n".to_owned(),
        _ => format!("A plan after the apply would still have {then} changes.\n"),
    });
    output::print(&said)?;
    if report.is_complete() {
        return Ok(Exit::Success);
    }
    Err(Failure::plain(
        Code::ApplyIncomplete,
        format!(
            "in the rehearsal, {failed} operations failed and {skipped} were skipped; nothing was changed"
        ),
        "fix the failure and rehearse again",
    ))
}
