//! `--stats FILE`: the API calls and times of a run.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rolecall_aws::Statistics;
use serde::Serialize;

use crate::failure::Failure;
use crate::output;

/// The contents of the file.
#[derive(Serialize)]
struct StatsFile<'a> {
    calls: &'a BTreeMap<String, u64>,
    retries: u64,
    throttled: u64,
    seconds: SecondsFile,
}

#[derive(Serialize)]
struct SecondsFile {
    parse: f64,
    observe: f64,
    plan: f64,
    apply: f64,
}

/// The time of each stage. Reading and applying are measured in AWS's time, which is simulated in the sandbox.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seconds {
    pub(crate) parse: Duration,
    pub(crate) observe: Duration,
    pub(crate) plan: Duration,
    pub(crate) apply: Duration,
}

/// Writes the file, if `--stats` was given.
pub(crate) fn write(file: Option<&Path>, statistics: &Statistics, seconds: Seconds) -> Result<(), Failure> {
    let Some(file) = file else { return Ok(()) };
    let Statistics { calls, retries, throttled } = statistics;
    let Seconds { parse, observe, plan, apply } = seconds;
    let stats = StatsFile {
        calls,
        retries: *retries,
        throttled: *throttled,
        seconds: SecondsFile {
            parse: parse.as_secs_f64(),
            observe: observe.as_secs_f64(),
            plan: plan.as_secs_f64(),
            apply: apply.as_secs_f64(),
        },
    };
    // Numbers with text keys always serialize.
    let mut text = serde_json::to_string_pretty(&stats).unwrap_or_default();
    text.push('\n');
    output::write_file(file, text.as_bytes())
}
