//! `rolecall check`

use crate::args::CheckArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{configuration, output};

/// Checks what can be known offline.
pub(crate) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let loaded = configuration::load(&args.project)?;
    output::print_diagnostics(&loaded.warnings, &loaded.sources);
    let config = &loaded.config;
    output::print(&format!(
        "No mistakes in {} files: {} groups, {} account sets, {} permission sets, {} assignments.\n",
        loaded.sources.iter().count(),
        config.groups.len(),
        config.account_sets.len(),
        config.permission_sets.len() + config.external_permission_sets.len(),
        config.assignments.len(),
    ))?;
    Ok(Exit::Success)
}
