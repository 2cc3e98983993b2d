//! `rolecall apply`

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::process;
use std::time::Duration;

use petgraph::graph::NodeIndex;
use rolecall_applier::{Bound, CancellationToken, Event, Limits, Outcome, Report, SkipCause, record};
use rolecall_aws::AwsTarget;
use rolecall_entra::EntraTarget;
use rolecall_model::escape::for_terminal;
use rolecall_model::{AwsOperation, Code, ObjectId, Operation, OperationGraph, ProvisionTarget, Snapshot};
use rolecall_planner::phrases::{self, duration};
use rolecall_planner::plan::{Action, AssignmentChange};
use rolecall_planner::render::text;
use rolecall_planner::{Plan, order};
use tokio::time::Instant;

use super::approval::{Approval, approval, approve, refuse_inapplicable};
use super::plan;
use super::stats::{self, Seconds};
use crate::args::ApplyArgs;
use crate::configuration::{self, Loaded};
use crate::directory;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::live::Live;
use crate::output;
use crate::progress::Progress;

/// Plans anew, shows, and carries out what is approved.
pub(crate) fn run(args: &ApplyArgs) -> Result<Exit, Failure> {
    let approval = approval(args)?;
    let loaded = configuration::load_planned(&args.planning)?;
    let live = Live::open(&args.planning.sandbox, &loaded.directory)?;
    if let Approval::Saved(saved) = &approval {
        refuse_inapplicable(saved, &live)?;
    }
    // Opened before anything is changed: a change that cannot be recorded should not be made.
    let record = args.record.as_deref().map(Record::open).transpose()?;
    live.runtime()?.block_on(plan_and_apply(args, &approval, &loaded, &live, record.as_ref()))
}

async fn plan_and_apply(
    args: &ApplyArgs,
    approval: &Approval,
    loaded: &Loaded,
    live: &Live,
    record: Option<&Record>,
) -> Result<Exit, Failure> {
    let mut seconds = Seconds { parse: loaded.parse, ..Seconds::default() };
    let clients = live.connect(&loaded.config.identity_center.region, &args.planning.reading.answers).await;
    let tenant = directory::client(live, &loaded.config)?;
    let reader = tenant.as_ref().map(directory::Client::reader);
    let settings = plan::settings(None, live.provenance(), &args.planning, loaded)?;
    let (snapshot, made, read) =
        plan::read_and_make(&clients, reader, loaded, &args.planning.reading, &settings).await?;
    (seconds.observe, seconds.plan) = (read.observe, read.plan);
    output::print_diagnostics(&made.findings, &loaded.sources);
    let style = text::Style { detail: args.detail.detail.into(), color: output::stdout_has_color() };
    output::print(&text::render(&made, None, style))?;
    let write_stats = |seconds| stats::write(args.stats.stats.as_deref(), &clients.statistics(), seconds);
    if !made.violations.is_empty() {
        output::error_line(
            "Nothing was changed: a guard stops the plan. To allow it, change the guard in the configuration.",
        );
        write_stats(seconds)?;
        return Ok(Exit::Guard);
    }
    if made.is_empty() {
        write_stats(seconds)?;
        return Ok(Exit::Success);
    }
    if !approve(approval, &made, loaded)? {
        output::print("Nothing was changed.\n")?;
        return Ok(Exit::Error);
    }
    let start = Instant::now();
    let graph = order(&made);
    let aws = AwsTarget::new(clients.clone(), &snapshot);
    let entra = directory::target(tenant.as_ref(), &graph, snapshot.entra.as_ref())?;
    let bound = directory::bind(&graph, &aws, entra.as_ref())?;
    let report = carry_out(&made, &graph, &bound, record).await;
    seconds.apply = start.elapsed();
    let time = match live {
        Live::Aws => duration(seconds.apply.as_secs()),
        Live::Sandbox { .. } => simulated(seconds.apply),
    };
    // What was and was not done is said first: a file beside it that cannot be written must not hide it.
    let concluded = conclude(&made, &graph, &report, &snapshot, &time);
    let waiting = entra.as_ref().map(EntraTarget::waiting_for_cycle).unwrap_or_default();
    let noted = cycle_note(&graph, &report, &waiting).map_or(Ok(()), |note| output::print(&note));
    let saved = live.save();
    let recorded = record.map_or(Ok(()), Record::close);
    let counted = write_stats(seconds);
    let exit = concluded?;
    noted.and(saved).and(recorded).and(counted)?;
    Ok(exit)
}

/// The file of `--record`, to which a line is added for each outcome.
struct Record {
    file: RefCell<File>,
    name: std::path::PathBuf,
    failed: RefCell<Option<io::Error>>,
}

impl Record {
    fn open(name: &Path) -> Result<Self, Failure> {
        let file = OpenOptions::new().create(true).append(true).open(name);
        let file = RefCell::new(file.map_err(|error| Failure::writing(name, error))?);
        Ok(Self { file, name: name.to_owned(), failed: RefCell::new(None) })
    }

    /// A line that cannot be written does not stop what is under way: stopping would leave more undone than unsaid.
    /// The failure is kept, and ends the command.
    fn add(&self, line: &str) {
        if let Err(error) = self.file.borrow_mut().write_all(line.as_bytes()) {
            self.failed.borrow_mut().get_or_insert(error);
        }
    }

    fn close(&self) -> Result<(), Failure> {
        match self.failed.take() {
            Some(error) => Err(Failure::writing(&self.name, error)),
            None => Ok(()),
        }
    }
}

async fn carry_out(
    made: &Plan,
    graph: &OperationGraph,
    bound: &Bound<'_, AwsTarget, EntraTarget>,
    record: Option<&Record>,
) -> Report {
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let listener = tokio::spawn(async move {
        stop_requested().await;
        output::error_line("Stopping: no new operations are started; waiting for running ones to finish.");
        stopping.cancel();
        stop_requested().await;
        output::error_line("Stopped immediately. Run apply again to finish.");
        process::exit(130);
    });
    let progress = Progress::new();
    let (mut ended, total) = (0, graph.graph().node_count());
    let report = rolecall_applier::run(bound, Limits::default(), stop, |event| match event {
        Event::Started(_) => {}
        Event::Ended(index, outcome) => {
            ended = (ended + 1).min(total);
            progress.applying(ended, total, made.estimate.seconds);
            if let Some(record) = record {
                let written = made.changes[graph.graph()[index].change].written.as_ref();
                let now = jiff::Timestamp::now().to_string();
                record.add(&record::line(graph, index, outcome, &now, written.map(ToString::to_string)));
            }
        }
        Event::Verifying(rows) => progress.verifying(rows),
    })
    .await;
    listener.abort();
    report
}

/// Ends when the process is asked to stop, by SIGINT or SIGTERM.
pub(crate) async fn stop_requested() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                result = tokio::signal::ctrl_c() => unless_broken(result).await,
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    unless_broken(tokio::signal::ctrl_c().await).await;
}

/// A signal that cannot be listened for never comes.
async fn unless_broken(result: io::Result<()>) {
    if result.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Says what came of it.
///
/// # Errors
/// Something was not done.
pub(crate) fn conclude(
    made: &Plan,
    graph: &OperationGraph,
    report: &Report,
    snapshot: &Snapshot,
    time: &str,
) -> Result<Exit, Failure> {
    let (done, failed, skipped) = report.counts();
    if report.is_complete() {
        let noun = if done == 1 { "operation" } else { "operations" };
        output::print(&format!(
            "\nApplied: {done} {noun}, {time}. Every changed assignment was verified.\n"
        ))?;
        return Ok(Exit::Success);
    }
    output::print(&format!("\n{}", undone(made, graph, report, snapshot)))?;
    let help = if failed == 0 {
        "the apply was interrupted; run `apply` again to finish, which resumes from the live state"
    } else {
        "fix the failure and run `apply` again; it resumes from the live state"
    };
    Err(Failure::plain(
        Code::ApplyIncomplete,
        format!("{done} operations done, {failed} failed, {skipped} skipped; {time}"),
        help,
    ))
}

/// Returns the note about groups that were left to the next provisioning cycle, without those whose arrival the apply
/// saw.
fn cycle_note(
    graph: &OperationGraph,
    report: &Report,
    waiting: &BTreeMap<ObjectId, String>,
) -> Option<String> {
    let operations = graph.graph().node_weights().map(|node| &node.operation);
    let arrived: BTreeSet<&ObjectId> = operations
        .zip(&report.outcomes)
        .filter_map(|(operation, outcome)| match (operation, outcome) {
            (Operation::AwaitGroup(awaited), Outcome::Done { .. }) => Some(&awaited.group),
            _ => None,
        })
        .collect();
    let names: Vec<&str> =
        waiting.iter().filter(|(id, _)| !arrived.contains(id)).map(|(_, name)| name.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    Some(format!(
        "\nNot in AWS yet: {}. The caller lacks the permission to provision on demand, so these groups arrive with the \
         next provisioning cycle, within about 40 minutes. `rolecall permissions` lists what an apply needs.\n",
        for_terminal(&names.join(", "))
    ))
}

/// Two lines for each operation that was not done: which, and why.
pub(crate) fn undone(made: &Plan, graph: &OperationGraph, report: &Report, snapshot: &Snapshot) -> String {
    let mut text = String::new();
    let line_of = |node| line_of(made, graph, node, snapshot);
    for (at, outcome) in report.outcomes.iter().enumerate() {
        let why = match outcome {
            Outcome::Done { .. } => continue,
            Outcome::Failed(failure) => format!("failed: {failure}"),
            Outcome::Skipped(SkipCause::Failed(cause)) => {
                format!("skipped, because this failed: {}", line_of(*cause))
            }
            Outcome::Skipped(SkipCause::Interrupted) => "skipped, because the run was interrupted".to_owned(),
        };
        let which = line_of(NodeIndex::new(at));
        text.push_str(&format!("  ! {}\n      {}\n", for_terminal(&which), for_terminal(&why)));
    }
    text
}

/// An operation for people: a row by its names, anything else by its call, and the file and line that asked for it.
fn line_of(made: &Plan, graph: &OperationGraph, node: NodeIndex, snapshot: &Snapshot) -> String {
    let node = &graph.graph()[node];
    let change = &made.changes[node.change];
    let written = change.written.as_ref().map(|written| format!("  {written}")).unwrap_or_default();
    let what = match (&change.action, &node.operation) {
        (Action::Assignment(AssignmentChange::Grant(named)), _) => {
            format!("assign {}", phrases::assignment(named))
        }
        (Action::Assignment(AssignmentChange::Revoke { assignment, order: _ }), _) => {
            format!("revoke {}", phrases::assignment(assignment))
        }
        (_, Operation::Aws(AwsOperation::Provision { target: ProvisionTarget::Account(id), .. })) => {
            let name = snapshot.account(*id).map(|account| account.name.as_str()).unwrap_or_default();
            format!("{} ({name})", node.operation)
        }
        (_, operation) => operation.to_string(),
    };
    format!("{what}{written}")
}

/// What an apply in simulated time took.
fn simulated(time: Duration) -> String {
    format!("{} of simulated time", duration(time.as_secs()))
}

#[cfg(test)]
mod tests {
    use petgraph::graph::DiGraph;
    use rolecall_model::operation::{AwaitedGroup, Node};

    use super::*;

    #[test]
    fn groups_that_wait_for_a_cycle_are_told_unless_they_have_arrived() {
        let group =
            |number: u32| -> ObjectId { format!("00000000-0000-4000-8000-{number:012}").parse().unwrap() };
        let mut graph = DiGraph::new();
        for (number, name) in [(1, "seen"), (2, "missed")] {
            let awaited = AwaitedGroup { group: group(number), name: name.to_owned() };
            let operation = Operation::AwaitGroup(awaited);
            graph.add_node(Node { operation, change: 0, accounts: Vec::new() });
        }
        let graph = OperationGraph::from(graph);
        let failed = rolecall_applier::Failure {
            code: "GroupNotProvisioned".to_owned(),
            message: String::new(),
            request_id: None,
        };
        let outcomes = vec![Outcome::Done { request_id: None }, Outcome::Failed(failed)];
        let report = Report { outcomes, interrupted: false };
        let waiting = |numbers: &[u32]| {
            numbers
                .iter()
                .map(|number| (group(*number), format!("group-{number}")))
                .collect::<BTreeMap<_, _>>()
        };
        assert_eq!(cycle_note(&graph, &report, &waiting(&[1])), None);
        let note = cycle_note(&graph, &report, &waiting(&[1, 2, 3])).unwrap();
        assert!(note.starts_with("\nNot in AWS yet: group-2, group-3. "), "{note}");
    }
}
