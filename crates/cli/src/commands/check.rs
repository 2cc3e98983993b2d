//! `rolecall check`

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use rolecall_model::Code;
use rolecall_parser::{AppliedFix, DiskFiles, Fixed, SkippedFile};
use rolecall_planner::render::{count, for_terminal};

use crate::args::CheckArgs;
use crate::configuration::{self, Loaded};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::messages::{Messages, Stream};
use crate::output;

/// Checks what can be known offline.
pub(crate) fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let mut messages = Messages::new(&args.messages, &args.project, Stream::Output);
    let result = check(args, &mut messages);
    messages.end(result)
}

fn check(args: &CheckArgs, messages: &mut Messages) -> Result<Exit, Failure> {
    let loaded = if args.fix { mend(args, messages)? } else { configuration::load(&args.project)? };
    messages.add(&loaded.warnings, &loaded.sources);
    if messages.are_for_people() {
        let config = &loaded.config;
        output::print(&format!(
            "No mistakes in {}: {}, {}, {}, {}.\n",
            count(loaded.sources.iter().count(), "file"),
            count(config.groups.len(), "group"),
            count(config.account_sets.len(), "account set"),
            count(config.permission_sets.len() + config.external_permission_sets.len(), "permission set"),
            count(config.assignments.len(), "assign node"),
        ))?;
    }
    Ok(Exit::Success)
}

/// Makes the changes that are safe, says which, and gives what is left.
///
/// # Errors
/// A file cannot be written, or mistakes are left.
fn mend(args: &CheckArgs, messages: &Messages) -> Result<Loaded, Failure> {
    let (directory, file) = configuration::directory_and_file(&args.project.project)?;
    let files = DiskFiles::new(directory.clone());
    let Fixed { files: changed, applied: mended, skipped: left, project } =
        rolecall_parser::fix(&files, &file);
    // Each was read through the same links a moment ago; one that leads elsewhere now, or to a file that another name
    // leads to as well, is not written.
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
                    "{} cannot be changed: its path leads elsewhere, or two paths lead to it",
                    path.display()
                ),
                "put the file itself where the link is, or mend it by hand",
            ));
        }
        writes.push((target, text.as_bytes()));
    }
    output::write_files(&writes)?;
    let said = mended.iter().map(said).chain(left.iter().map(said_of_left)).collect::<String>();
    if messages.are_for_people() {
        output::print(&said)?;
    } else {
        output::print_error(&said);
    }
    configuration::loaded(project, directory, Duration::ZERO)
}

fn said(mended: &AppliedFix) -> String {
    let AppliedFix { file, line, code, message } = mended;
    format!("mended {}:{line}: {code}: {}\n", for_terminal(file), for_terminal(message))
}

fn said_of_left(left: &SkippedFile) -> String {
    let SkippedFile { file, why } = left;
    format!("left as it was: {} {why}\n", for_terminal(file))
}
