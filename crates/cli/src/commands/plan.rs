//! `rolecall plan`

use std::time::Instant as WallInstant;

use rolecall_aws::{Clients, Scope, Statistics};
use rolecall_entra::Reader;
use rolecall_model::{Code, Date, Diagnostic, Place, Snapshot, Sources};
use rolecall_planner::plan::comparison::BaseComparison;
use rolecall_planner::plan::{Line, Provenance, Violation, Written};
use rolecall_planner::render::{Detail, json, markdown, text};
use rolecall_planner::{Plan, Settings, compare_with_base, settle_base};
use tokio::time::Instant;

use super::stats::{self, Seconds};
use crate::args::{Format, PlanArgs, PlanningArgs, ReadingArgs};
use crate::configuration::{self, Base, Loaded};
use crate::directory;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::live::{self, Live};
use crate::messages::{Messages, Stream};
use crate::output;
use crate::state;

/// Makes a plan and prints it.
pub(crate) fn run(args: &PlanArgs) -> Result<Exit, Failure> {
    let mut messages = Messages::new(&args.messages, &args.planning.project, Stream::Error);
    let result = plan(args, &mut messages);
    messages.end(result)
}

fn plan(args: &PlanArgs, messages: &mut Messages) -> Result<Exit, Failure> {
    let planning = &args.planning;
    let base = args.base.as_deref().map(configuration::load_base).transpose()?;
    let loaded = configuration::load_planned(planning)?;
    let mut seconds = Seconds { parse: loaded.parse, ..Seconds::default() };
    let settings = |provenance| settings(args.as_of, provenance, planning, &loaded);
    let (snapshot, mut plan, statistics, day) = match &args.offline.snapshot {
        Some(file) => {
            let snapshot = state::read_snapshot(file)?;
            let start = WallInstant::now();
            let settings = settings(Provenance::Snapshot)?;
            let plan = make(&loaded, &snapshot, &settings)?;
            seconds.plan = start.elapsed();
            (snapshot, plan, Statistics::default(), settings.today)
        }
        None => {
            let live = Live::open(&planning.sandbox, &loaded.directory)?;
            live.runtime()?.block_on(async {
                let clients =
                    live.connect(&loaded.config.identity_center.region, &planning.reading.answers).await;
                let directory = directory::reader(&live, &loaded.config)?;
                let settings = settings(live.provenance())?;
                let scope = live::scope(&loaded, planning.reading.strategy());
                let scope = match &base {
                    Some(Base::Readable(base)) => live::with_base(scope, &base.config),
                    Some(Base::Absent(_) | Base::Unreadable(_)) | None => scope,
                };
                let (snapshot, plan, read) = read_scope_and_make(
                    &clients,
                    directory.as_ref(),
                    &loaded,
                    &planning.reading,
                    &settings,
                    scope,
                )
                .await?;
                (seconds.observe, seconds.plan) = (read.observe, read.plan);
                Ok::<_, Failure>((snapshot, plan, clients.statistics(), settings.today))
            })?
        }
    };
    let comparison = base.map(|base| compare(&loaded, &base, &snapshot, day)).transpose()?;
    let comparison = comparison.map(|comparison| settle_base(comparison, &plan, &snapshot));
    plan.findings.extend(comparison.as_ref().and_then(BaseComparison::finding));
    show(&plan, comparison.as_ref(), &loaded, args, messages)?;
    if let Some(file) = &args.out {
        output::write_file(file, json::render(&plan, comparison.as_ref(), &loaded.sources).as_bytes())?;
    }
    stats::write(args.stats.stats.as_deref(), &statistics, seconds)?;
    Ok(if !plan.violations.is_empty() {
        Exit::Guard
    } else if args.detailed_exitcode && !plan.is_empty() {
        Exit::Changes
    } else {
        Exit::Success
    })
}

/// Compares the project with its base. Both are evaluated on the snapshot that the plan was made from.
///
/// # Errors
/// The base belongs to another stack or instance.
fn compare(
    loaded: &Loaded,
    base: &Base,
    snapshot: &Snapshot,
    today: Date,
) -> Result<BaseComparison, Failure> {
    let base = match base {
        Base::Readable(base) => base,
        Base::Absent(file) => return Ok(BaseComparison::absent(file.clone())),
        Base::Unreadable(errors) => return Ok(BaseComparison::unreadable(errors.clone())),
    };
    let compared = compare_with_base(&loaded.inputs(snapshot), &base.checkout(), today);
    compared.map_err(|other| {
        let help = "name another checkout of the same project, such as the base branch";
        Failure::plain(Code::BaseUnusable, format!("--base {}: {other}", base.directory.display()), help)
    })
}

fn show(
    plan: &Plan,
    comparison: Option<&BaseComparison>,
    loaded: &Loaded,
    args: &PlanArgs,
    messages: &mut Messages,
) -> Result<(), Failure> {
    // In JSON and Markdown, the plan itself contains the findings.
    if args.format == Format::Text || !messages.are_for_people() {
        messages.add(&plan.findings, &loaded.sources);
    }
    if !messages.are_for_people() {
        let violations: Vec<Diagnostic> =
            plan.violations.iter().map(|violation| of_violation(violation, &loaded.sources)).collect();
        messages.add(&violations, &loaded.sources);
    }
    let detail = Detail::from(args.detail.detail);
    let rendered = match args.format {
        Format::Text => {
            text::render(plan, comparison, text::Style { detail, color: output::stdout_has_color() })
        }
        Format::Json => json::render(plan, comparison, &loaded.sources),
        Format::Markdown => markdown::render(plan, comparison, &loaded.sources, detail),
    };
    output::print(&rendered)
}

/// Converts a violation to a diagnostic at the line of its guard.
fn of_violation(violation: &Violation, sources: &Sources) -> Diagnostic {
    let Violation { code, message, assignments, written } = violation;
    let mut found = Diagnostic::error(*code, message);
    if !assignments.is_empty() {
        found = found.help(format!("the plan lists all {} assignments", assignments.len()));
    }
    let Some(Written { at: Line { file, line }, template: _ }) = written else { return found };
    let place = sources.iter().find(|(_, source)| *source.name == **file).map(|(id, source)| {
        let start = source
            .text
            .split_inclusive('\n')
            .take((*line as usize).saturating_sub(1))
            .map(str::len)
            .sum::<usize>();
        let text = source.text[start..].lines().next().unwrap_or_default();
        let indent = text.len() - text.trim_start().len();
        Place::new(id, start + indent..start + text.trim_end().len().max(indent))
    });
    match place {
        Some(place) => found.at(place, "this guard stops the plan"),
        None => found,
    }
}

/// Returns the settings of a plan. The default day is today, in UTC.
///
/// # Errors
/// `--accept-rebind` names a group that is not declared. Otherwise, a typo would have no effect and go unnoticed.
pub(crate) fn settings(
    as_of: Option<Date>,
    provenance: Provenance,
    planning: &PlanningArgs,
    loaded: &Loaded,
) -> Result<Settings, Failure> {
    let accepted = &planning.accept_rebind;
    let unknown =
        accepted.iter().find(|label| !loaded.config.groups.iter().any(|group| group.label == **label));
    if let Some(label) = unknown {
        return Err(Failure::plain(
            Code::UnknownGroup,
            format!("--accept-rebind {label}: no group with this label is declared"),
            "give the label of a group that the configuration declares",
        ));
    }
    Ok(Settings {
        today: as_of.unwrap_or_else(today),
        as_of_given: as_of.is_some(),
        provenance,
        accepted_rebinds: accepted.iter().cloned().collect(),
        defer_missing_groups: planning.defer_missing_groups,
        renew_scim_token: planning.renew_scim_token,
    })
}

/// Returns the current day in UTC. No other code asks for it.
fn today() -> Date {
    jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date()
}

/// Reads the live state and makes a plan, within `--timeout`.
///
/// # Errors
/// The configuration refers to something that the live state does not have, or a read failed.
pub(crate) async fn read_and_make(
    clients: &Clients,
    directory: Option<&Reader>,
    loaded: &Loaded,
    reading: &ReadingArgs,
    settings: &Settings,
) -> Result<(Snapshot, Plan, Seconds), Failure> {
    let scope = live::scope(loaded, reading.strategy());
    read_scope_and_make(clients, directory, loaded, reading, settings, scope).await
}

/// As [`read_and_make`], for another scope.
///
/// # Errors
/// As there.
pub(crate) async fn read_scope_and_make(
    clients: &Clients,
    directory: Option<&Reader>,
    loaded: &Loaded,
    reading: &ReadingArgs,
    settings: &Settings,
    scope: Scope,
) -> Result<(Snapshot, Plan, Seconds), Failure> {
    let mut seconds = Seconds::default();
    let start = Instant::now();
    let (snapshot, plan) = live::within(reading.timeout.limit, async {
        let mut snapshot = directory::observe_both(clients, &scope, directory, loaded).await?;
        // After a read by principal, the pairs that would change are read in full, and the plan is made again. Each round
        // reads the pairs that the one before asked for, so this ends.
        loop {
            let planning = WallInstant::now();
            let plan = make_with_gaps(loaded, &snapshot, settings)?;
            seconds.plan += planning.elapsed();
            if plan.unseen.is_empty() {
                return Ok((snapshot, plan));
            }
            live::look_closer(clients, &mut snapshot, &plan.unseen).await?;
        }
    })
    .await?;
    seconds.observe = start.elapsed();
    Ok((snapshot, plan, seconds))
}

/// Makes a plan from a snapshot, of which nothing more can be read.
///
/// # Errors
/// The configuration refers to something that the snapshot does not have, or the snapshot lacks details that the plan needs.
pub(crate) fn make(loaded: &Loaded, snapshot: &Snapshot, settings: &Settings) -> Result<Plan, Failure> {
    let plan = make_with_gaps(loaded, snapshot, settings)?;
    if plan.unseen.is_empty() {
        return Ok(plan);
    }
    Err(Failure::plain(
        Code::SnapshotUnusable,
        "the snapshot was read by principal, and lacks assignments that the plan needs",
        "take a new one with `rolecall snapshot`, which reads every assignment",
    ))
}

fn make_with_gaps(loaded: &Loaded, snapshot: &Snapshot, settings: &Settings) -> Result<Plan, Failure> {
    let Loaded { sources, warnings, .. } = loaded;
    match rolecall_planner::plan(&loaded.inputs(snapshot), settings) {
        Ok(mut plan) => {
            plan.findings.splice(0..0, warnings.iter().cloned());
            Ok(plan)
        }
        Err(mut diagnostics) => {
            diagnostics.splice(0..0, warnings.iter().cloned());
            Err(Failure::Diagnostics { diagnostics, sources: Box::new(sources.clone()) })
        }
    }
}
