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
        "No mistakes in {}: {}, {}, {}, {}.\n",
        counted(loaded.sources.iter().count(), "file"),
        counted(config.groups.len(), "group"),
        counted(config.account_sets.len(), "account set"),
        counted(config.permission_sets.len() + config.external_permission_sets.len(), "permission set"),
        counted(config.assignments.len(), "assign node"),
    ))?;
    Ok(Exit::Success)
}

fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
