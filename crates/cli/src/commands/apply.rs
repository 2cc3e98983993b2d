//! `rolecall apply`

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process;
use std::time::Duration;

use rolecall_applier::{Event, Limits, Outcome, Report, SkipCause};
use rolecall_aws::AwsTarget;
use rolecall_model::Code;
use rolecall_planner::render::json::{self, PlanDocument};
use rolecall_planner::render::{duration, for_terminal, text};
use rolecall_planner::{OperationGraph, Plan};
use tokio::sync::watch;
use tokio::time::Instant;

use super::plan;
use super::stats::{self, Seconds};
use crate::args::ApplyArgs;
use crate::configuration::{self, Loaded};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::live::{self, Live};
use crate::output;
use crate::progress::Progress;

/// Who says that the plan may be carried out.
enum Approval {
    /// `--auto-approve`.
    Whatever,
    /// `--approved DIGEST`.
    Digest(String),
    /// `--plan FILE`.
    Saved(Box<PlanDocument>),
    /// The person at the terminal, who is asked.
    Ask,
}

/// Plans anew, shows, and carries out what is approved.
pub(crate) fn run(args: &ApplyArgs) -> Result<Exit, Failure> {
    let approval = approval(args)?;
    let loaded = configuration::load(&args.project)?;
    output::print_diagnostics(&loaded.warnings, &loaded.sources);
    let live = Live::open(&args.sandbox, &loaded.directory)?;
    if let Approval::Saved(saved) = &approval {
        refuse_inapplicable(saved, &live)?;
    }
    live.runtime()?.block_on(plan_and_apply(args, &approval, &loaded, &live))
}

async fn plan_and_apply(
    args: &ApplyArgs,
    approval: &Approval,
    loaded: &Loaded,
    live: &Live,
) -> Result<Exit, Failure> {
    let mut seconds = Seconds { parse: loaded.parse, ..Seconds::default() };
    let clients = live.connect(&loaded.config.identity_center.region).await;
    let start = Instant::now();
    let snapshot = live::observe(&clients, &live::scope(&loaded.config, args.reading.strategy())).await?;
    seconds.observe = start.elapsed();
    let planning = std::time::Instant::now();
    let settings = plan::settings(None, live.provenance(), &args.accept_rebind, loaded)?;
    let made = plan::make(loaded, &snapshot, &settings)?;
    seconds.plan = planning.elapsed();
    output::print_diagnostics(&made.findings, &loaded.sources);
    let style = text::Style { detail: args.detail.into(), color: output::stdout_has_color() };
    output::print(&text::render(&made, style))?;
    if !made.violations.is_empty() {
        output::error_line(
            "Nothing was changed. What a guard stops is allowed by changing the guard in the files.",
        );
        stats::write(args.stats.as_deref(), &clients.statistics(), seconds)?;
        return Ok(Exit::Guard);
    }
    if !made.is_empty() {
        if !approve(approval, &made, loaded)? {
            output::print("Nothing was changed.\n")?;
            return Ok(Exit::Error);
        }
        let start = Instant::now();
        let target = AwsTarget::new(clients.clone(), &snapshot);
        let graph = OperationGraph::new(&made, &snapshot);
        let report = carry_out(&graph, &target).await;
        seconds.apply = start.elapsed();
        live.save()?;
        stats::write(args.stats.as_deref(), &clients.statistics(), seconds)?;
        return conclude(&made, &graph, &report, seconds.apply, live);
    }
    stats::write(args.stats.as_deref(), &clients.statistics(), seconds)?;
    Ok(Exit::Success)
}

/// Where nobody is there to ask, an approval must be on the command line: found out before anything is read.
fn approval(args: &ApplyArgs) -> Result<Approval, Failure> {
    if args.auto_approve {
        return Ok(Approval::Whatever);
    }
    if let Some(digest) = &args.approved {
        let is_whole = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        return if is_whole {
            Ok(Approval::Digest(digest.to_ascii_lowercase()))
        } else {
            Err(Failure::plain(
                Code::ApprovalNeeded,
                format!("--approved {}: this is no whole digest", for_terminal(digest)),
                "a digest has 64 hexadecimal digits; `rolecall plan --format json` and the comment of --format \
                 markdown give all of them",
            ))
        };
    }
    if let Some(file) = &args.plan {
        return read_plan(file).map(|saved| Approval::Saved(Box::new(saved)));
    }
    if io::stdin().is_terminal() {
        return Ok(Approval::Ask);
    }
    Err(Failure::plain(
        Code::ApprovalNeeded,
        "there is no terminal to ask on, and nothing says that the plan is approved",
        "use --approved DIGEST or --plan FILE for a plan that was reviewed, or --auto-approve for whatever it says",
    ))
}

fn read_plan(file: &Path) -> Result<PlanDocument, Failure> {
    let bytes = fs::read(file).map_err(|error| Failure::reading(file, error))?;
    let unusable = |why: String| {
        Failure::plain(
            Code::NotApplicable,
            format!("{} is no saved plan: {why}", file.display()),
            "save one with `rolecall plan --out FILE`",
        )
    };
    let saved: PlanDocument = serde_json::from_slice(&bytes).map_err(|error| unusable(error.to_string()))?;
    if saved.format != PlanDocument::FORMAT || saved.version != PlanDocument::VERSION {
        return Err(unusable(format!("it is {} version {}", for_terminal(&saved.format), saved.version)));
    }
    Ok(saved)
}

/// A plan made from something else than what it would be applied to proves nothing about it.
fn refuse_inapplicable(saved: &PlanDocument, live: &Live) -> Result<(), Failure> {
    let here = live.provenance();
    if saved.source != here.as_str() {
        return Err(Failure::plain(
            Code::NotApplicable,
            format!(
                "the saved plan was made from {}, and would be applied to {}",
                for_terminal(&saved.source),
                here.as_str()
            ),
            "save a plan from the same source as the apply",
        ));
    }
    if saved.as_of_given {
        return Err(Failure::plain(
            Code::NotApplicable,
            format!("the saved plan was made with --as-of {}", for_terminal(&saved.as_of)),
            "save a plan without --as-of",
        ));
    }
    Ok(())
}

/// Whether the plan may be carried out. `false` is the answer of the person who was asked.
fn approve(approval: &Approval, made: &Plan, loaded: &Loaded) -> Result<bool, Failure> {
    match approval {
        Approval::Whatever => Ok(true),
        Approval::Digest(digest) if digest == made.digest.as_str() => Ok(true),
        Approval::Saved(saved) if saved.digest == made.digest.as_str() => Ok(true),
        Approval::Digest(digest) => Err(Failure::plain(
            Code::DigestDiffers,
            format!(
                "the plan has the digest {}, and {digest} was approved; nothing was changed",
                made.digest
            ),
            "the files or the live state have changed since. Review the plan above and approve its digest; with \
             --plan FILE, rolecall shows how the two differ",
        )),
        Approval::Saved(saved) => {
            show_difference(saved, &json::document(made, &loaded.sources))?;
            Err(Failure::plain(
                Code::DigestDiffers,
                "the plan is not the one that was saved; nothing was changed",
                "the files or the live state have changed since. Review the new plan and save it",
            ))
        }
        Approval::Ask => {
            let _ = write!(io::stderr(), "Apply these changes? Only \"yes\" does: ");
            let mut answer = String::new();
            io::stdin()
                .read_line(&mut answer)
                .map_err(|source| Failure::System { what: "the answer could not be read", source })?;
            Ok(answer.trim() == "yes")
        }
    }
}

/// How the approved plan and the new one differ, change by change.
fn show_difference(saved: &PlanDocument, made: &PlanDocument) -> Result<(), Failure> {
    let mut text = String::from("\nHow this plan differs from the saved one:\n");
    let without_place = |change: &json::ChangeDocument| {
        let mut change = change.clone();
        (change.file, change.line) = (None, None);
        change
    };
    let (before, after): (Vec<_>, Vec<_>) =
        (saved.changes.iter().map(without_place).collect(), made.changes.iter().map(without_place).collect());
    for gone in before.iter().filter(|change| !after.contains(change)) {
        text.push_str(&format!("  - no longer: {}\n", json::summary_line(gone)));
    }
    for new in after.iter().filter(|change| !before.contains(change)) {
        text.push_str(&format!("  + new: {}\n", json::summary_line(new)));
    }
    if saved.instance_arn != made.instance_arn || saved.stack != made.stack {
        text.push_str("  it is for another stack or instance\n");
    }
    output::print(&text)
}

async fn carry_out(graph: &OperationGraph, target: &AwsTarget) -> Report {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        stop_requested().await;
        output::error_line("Stopping: nothing new is started; what is under way is followed to its end.");
        // The run may be over already, and nobody listening.
        let _ = stop.send(true);
        stop_requested().await;
        output::error_line("Stopped at once. Run apply again to finish.");
        process::exit(130);
    });
    let progress = Progress::reading();
    let (mut ended, total) = (0, graph.graph().node_count());
    rolecall_applier::run(graph, target, Limits::default(), stopped, |event| {
        if let Event::Ended(..) = event {
            ended += 1;
            progress.operations(ended, total);
        }
    })
    .await
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

fn conclude(
    made: &Plan,
    graph: &OperationGraph,
    report: &Report,
    took: Duration,
    live: &Live,
) -> Result<Exit, Failure> {
    let (done, failed, skipped) = report.counts();
    let time = match live {
        Live::Aws => duration(took.as_secs()),
        Live::Sandbox { .. } => format!("{} of simulated time", duration(took.as_secs())),
    };
    if report.is_complete() {
        let noun = if done == 1 { "operation" } else { "operations" };
        output::print(&format!("\nApplied: {done} {noun}, {time}. Every changed row was read again.\n"))?;
        return Ok(Exit::Success);
    }
    let mut text = String::from("\n");
    for (at, outcome) in report.outcomes.iter().enumerate() {
        let node = petgraph::graph::NodeIndex::new(at);
        let why = match outcome {
            Outcome::Done => continue,
            Outcome::Failed(failure) => format!("failed: {}", for_terminal(&failure.to_string())),
            Outcome::Skipped(SkipCause::Failed(cause)) => {
                format!("skipped, because this failed: {}", line_of(made, graph, *cause))
            }
            Outcome::Skipped(SkipCause::Interrupted) => "skipped, because the run was interrupted".to_owned(),
        };
        text.push_str(&format!("  ! {}\n      {why}\n", line_of(made, graph, node)));
    }
    output::print(&text)?;
    Err(Failure::plain(
        Code::ApplyIncomplete,
        format!("{done} operations done, {failed} failed, {skipped} skipped; {time}"),
        "nothing is lost: mend what failed and run apply again, which goes on from what is live",
    ))
}

/// An operation for people: its change by names, the call where that says more, and the file and line.
fn line_of(made: &Plan, graph: &OperationGraph, node: petgraph::graph::NodeIndex) -> String {
    let node = &graph.graph()[node];
    let change = &made.changes[node.change];
    let written = change.written.as_ref().map(|written| format!("  {written}")).unwrap_or_default();
    format!("{}: {}{written}", node.operation.api_name(), json::describe(change))
}
