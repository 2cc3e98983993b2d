//! `rolecall snapshot`

use rolecall_aws::Scope;
use rolecall_model::snapshot::SnapshotFile;
use tokio::time::Instant;

use super::stats::{self, Seconds};
use crate::args::SnapshotArgs;
use crate::directory;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::live::{self, Live};
use crate::{configuration, output};

/// Reads everything that a snapshot can contain, and saves it.
pub(crate) fn run(args: &SnapshotArgs) -> Result<Exit, Failure> {
    let loaded = configuration::load(&args.project)?;
    output::print_diagnostics(&loaded.warnings, &loaded.sources);
    let center = &loaded.config.identity_center;
    let live = Live::open(&args.sandbox, &loaded.directory)?;
    let scope = Scope { everything: true, instance: center.instance.clone(), ..Scope::default() };
    let (snapshot, statistics, observe) = live.runtime()?.block_on(async {
        let clients = live.connect(&center.region, &args.answers).await;
        let start = Instant::now();
        let directory = directory::reader(&live, &loaded.config)?;
        let reading = directory::observe_both(&clients, &scope, directory.as_ref(), &loaded);
        let snapshot = live::within(args.timeout.limit, reading).await?;
        Ok::<_, Failure>((snapshot, clients.statistics(), start.elapsed()))
    })?;
    output::write_file(&args.out, SnapshotFile::from_snapshot(&snapshot).to_json().as_bytes())?;
    let seconds = Seconds { parse: loaded.parse, observe, ..Seconds::default() };
    stats::write(args.stats.stats.as_deref(), &statistics, seconds)?;
    output::print(&format!(
        "{}: {} accounts, {} groups, {} permission sets, {} assignments.\n",
        args.out.display(),
        snapshot.organization.accounts.len(),
        snapshot.groups.len(),
        snapshot.permission_sets.len(),
        snapshot.assignments.len(),
    ))?;
    Ok(Exit::Success)
}
