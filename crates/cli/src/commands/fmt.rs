//! `rolecall fmt`

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rolecall_model::escape::for_terminal;
use rolecall_model::{Diagnostic, Sources};
use rolecall_parser::{
    DiskFiles, Formatted, MAX_FILE_BYTES, ProjectFiles, ReadError, format_bytes, format_file,
};
use similar::TextDiff;

use crate::args::FmtArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;

/// The number of lines shown around a change.
const CONTEXT: usize = 2;
/// The most lines shown of one file.
const MAX_SHOWN: usize = 60;

/// Formats files, or shows which are not formatted.
pub(crate) fn run(args: &FmtArgs) -> Result<Exit, Failure> {
    if args.target == Path::new("-") {
        return standard_input(args.check);
    }
    let (directory, names) = files_of(&args.target)?;
    let files = DiskFiles::new(directory.clone());
    let (mut sources, mut errors) = (Sources::default(), Vec::new());
    let mut found_some = false;
    for name in names {
        let formatted = match format_file(&files, &name, &mut sources) {
            Ok(formatted) => formatted,
            Err(found) => {
                errors.extend(found);
                continue;
            }
        };
        if !formatted.differs() {
            continue;
        }
        found_some = true;
        let path = if directory == Path::new(".") { PathBuf::from(&name) } else { directory.join(&name) };
        if !args.check {
            output::write_file(&path, formatted.after.as_bytes())?;
        }
        report(&path.to_string_lossy(), args.check.then_some(&formatted))?;
    }
    Ok(outcome(&errors, &sources, args.check && found_some))
}

/// Formats standard input to standard output, for editors.
fn standard_input(check: bool) -> Result<Exit, Failure> {
    const NAME: &str = "standard input";
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::reading(Path::new(NAME), error))?;
    let mut sources = Sources::default();
    let formatted = match format_bytes(NAME, bytes, &mut sources) {
        Ok(formatted) => formatted,
        Err(errors) => return Ok(outcome(&errors, &sources, false)),
    };
    if !check {
        output::print(&formatted.after)?;
        return Ok(Exit::Success);
    }
    if formatted.differs() {
        report(NAME, Some(&formatted))?;
    }
    Ok(outcome(&[], &sources, formatted.differs()))
}

/// Reports the errors, and returns the exit code.
fn outcome(errors: &[Diagnostic], sources: &Sources, would_change: bool) -> Exit {
    output::print_diagnostics(errors, sources);
    if errors.iter().any(Diagnostic::is_error) || would_change { Exit::Error } else { Exit::Success }
}

/// Returns a directory and the files in it to format.
fn files_of(target: &Path) -> Result<(PathBuf, Vec<String>), Failure> {
    let metadata = fs::metadata(target).map_err(|error| Failure::reading(target, error))?;
    if !metadata.is_dir() {
        let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let directory = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        return Ok((directory.to_owned(), vec![name]));
    }
    let listing = DiskFiles::new(target.to_owned()).list().map_err(|error| unlistable(target, &error))?;
    // The target of a symbolic link is formatted under its own name, if it is in this directory.
    let is_own = |name: &String| {
        name.ends_with(".kdl")
            && fs::symlink_metadata(target.join(name)).is_ok_and(|metadata| metadata.is_file())
    };
    Ok((target.to_owned(), listing.into_iter().filter(is_own).collect()))
}

fn unlistable(directory: &Path, error: &ReadError) -> Failure {
    Failure::Plain {
        code: None,
        message: format!("{} {error}", directory.display()),
        help: "name the directory of a project, or one file".to_owned(),
    }
}

/// Prints the name of a file, and the changes that would be made to it.
fn report(name: &str, changes: Option<&Formatted>) -> Result<(), Failure> {
    let mut lines = vec![for_terminal(name)];
    if let Some(Formatted { before, after }) = changes {
        let diff = TextDiff::from_lines(before, after);
        for hunk in diff.grouped_ops(CONTEXT) {
            if let Some(first) = hunk.first() {
                lines.push(format!("  line {}", first.old_range().start + 1));
            }
            for change in hunk.iter().flat_map(|operation| diff.iter_changes(operation)) {
                let line = change.value().trim_end_matches('\n');
                lines.push(for_terminal(&format!("  {} {line}", change.tag())).trim_end().to_owned());
            }
        }
    }
    let shown = MAX_SHOWN + 1;
    if lines.len() > shown {
        let more = lines.len() - shown;
        lines.truncate(shown);
        lines.push(format!("  and {more} more lines"));
    }
    lines.push(String::new());
    output::print(&lines.join("\n"))
}
