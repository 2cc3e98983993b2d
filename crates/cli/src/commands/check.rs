//! `rolecall check`

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use rolecall_model::Code;
use rolecall_model::escape::for_terminal;
use rolecall_parser::{AppliedFix, DiskFiles, Fixed, SkippedFile};
use rolecall_planner::phrases::count;

use crate::args::CheckArgs;
use crate::configuration::{self, Loaded};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::messages::{Messages, Stream};
use crate::output;

/// Checks the configuration offline.
pub(crate) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let mut messages = Messages::new(&args.messages, &args.project, Stream::Output);
    let result = check(args, &mut messages);
    messages.end(result)
}

fn check(args: &CheckArgs, messages: &mut Messages) -> Result<Exit, Failure> {
    let loaded = if args.fix { fix(args, messages)? } else { configuration::load(&args.project)? };
    messages.add(&loaded.warnings, &loaded.sources);
    if messages.are_for_people() {
        let config = &loaded.config;
        output::print(&format!(
            "No errors in {}: {}, {}, {}, {}.\n",
            count(loaded.sources.iter().count(), "file"),
            count(config.groups.len(), "group"),
            count(config.account_sets.len(), "account set"),
            count(config.permission_sets.len() + config.external_permission_sets.len(), "permission set"),
            count(config.assignments.len(), "`assign` node"),
        ))?;
    }
    Ok(Exit::Success)
}

/// Makes the fixes that are safe, reports them, and returns the project.
///
/// # Errors
/// A file cannot be written, or errors remain.
fn fix(args: &CheckArgs, messages: &Messages) -> Result<Loaded, Failure> {
    let (directory, file) = configuration::directory_and_file(&args.project.project)?;
    let files = DiskFiles::new(directory.clone());
    let Fixed { files: changed, applied, skipped, project } = rolecall_parser::fix(&files, &file);
    // Each file was read through the same symbolic links a moment ago. One whose link now leads out of the project, or to
    // the same file as another, is not written.
    let root = fs::canonicalize(&directory).map_err(|error| Failure::reading(&directory, error))?;
    let mut targets = BTreeSet::new();
    let mut writes = Vec::with_capacity(changed.len());
    for (name, text) in &changed {
        let path = directory.join(name);
        let target = fs::canonicalize(&path).map_err(|error| Failure::reading(&path, error))?;
        if !target.starts_with(&root) || !targets.insert(target.clone()) {
            return Err(Failure::plain(
                Code::IncludeOutsideProject,
                format!(
                    "{} cannot be fixed: its path leads out of the project, or two paths lead to the same file",
                    path.display()
                ),
                "replace the symbolic link with the file, or fix it by hand",
            ));
        }
        writes.push((target, text.as_bytes()));
    }
    output::write_files(&writes)?;
    let report =
        applied.iter().map(describe_fix).chain(skipped.iter().map(describe_skipped)).collect::<String>();
    if messages.are_for_people() {
        output::print(&report)?;
    } else {
        output::print_error(&report);
    }
    configuration::from_project(project, directory, Duration::ZERO)
}

fn describe_fix(applied: &AppliedFix) -> String {
    let AppliedFix { file, line, code, message } = applied;
    format!("fixed {}:{line}: {code}: {}\n", for_terminal(file), for_terminal(message))
}

fn describe_skipped(skipped: &SkippedFile) -> String {
    let SkippedFile { file, why } = skipped;
    format!("not fixed: {} {why}\n", for_terminal(file))
}
