//! Standard output, standard error, and files.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rolecall_model::escape::for_terminal;
use rolecall_model::{Code, Diagnostic, Severity, Sources};
use rolecall_planner::phrases::count;

use crate::failure::{Failure, Report};

/// Returns whether standard output takes color: it is a terminal, and `NO_COLOR` is not set.
pub(crate) fn stdout_has_color() -> bool {
    io::stdout().is_terminal() && wants_color()
}

fn wants_color() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Writes to standard output. A reader that has closed the pipe (`| head`) is no error.
///
/// # Errors
/// Standard output cannot be written for another reason, such as a full disk.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::writing(Path::new("standard output"), error))
        }
        _ => Ok(()),
    }
}

/// Whether a program reads standard error.
static MACHINE_READS_STDERR: AtomicBool = AtomicBool::new(false);

/// Reserves standard error for a program: from now on, no progress is written there.
pub(crate) fn leave_stderr_to_a_machine() {
    MACHINE_READS_STDERR.store(true, Ordering::Relaxed);
}

/// Returns whether a person may read standard error.
pub(crate) fn stderr_is_for_people() -> bool {
    !MACHINE_READS_STDERR.load(Ordering::Relaxed)
}

/// Writes to standard error. A failure is ignored, as there is nowhere to report it.
pub(crate) fn print_error(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Writes a line to standard error. A failure is ignored, as there is nowhere to report it.
pub(crate) fn error_line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints to standard error why a command failed.
pub(crate) fn print_failure(failure: &Failure) {
    match failure.report() {
        Report::Diagnostics(diagnostics, sources) | Report::DiagnosticsElsewhere(diagnostics, sources) => {
            print_diagnostics(diagnostics, sources);
        }
        Report::Plain { code, message, help } => print_plain(code, &message, help.as_deref()),
    }
}

fn print_plain(code: Option<Code>, message: &str, help: Option<&str>) {
    let code = code.map(|code| format!(" {code}")).unwrap_or_default();
    // Messages quote what AWS, a file or the command line said.
    error_line(&format!("error{code}: {}", for_terminal(message)));
    if let Some(help) = help {
        error_line(&format!("  help: {}", for_terminal(help)));
    }
}

/// Prints all diagnostics to standard error, with a last line that counts them.
pub(crate) fn print_diagnostics(diagnostics: &[Diagnostic], sources: &Sources) {
    if diagnostics.is_empty() {
        return;
    }
    let stderr = io::stderr();
    let color = stderr.is_terminal() && wants_color();
    let text = render_diagnostics(diagnostics, sources, color);
    let _ = stderr.lock().write_all(text.as_bytes());
}

fn render_diagnostics(diagnostics: &[Diagnostic], sources: &Sources, color: bool) -> String {
    let theme =
        if color { miette::GraphicalTheme::unicode() } else { miette::GraphicalTheme::unicode_nocolor() };
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(80).with_links(false);
    let mut text = String::new();
    for diagnostic in diagnostics {
        let report = rolecall_parser::render::report(diagnostic, sources);
        // A renderer that fails must not hide the error.
        if handler.render_report(&mut text, &report).is_err() {
            text.push_str(&format!("{}: {}\n", diagnostic.code, for_terminal(&diagnostic.message)));
        }
        text.push('\n');
    }
    text.push_str(&count_line(diagnostics));
    text
}

fn count_line(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|one| one.severity == Severity::Error).count();
    let warnings = diagnostics.len() - errors;
    let counted = |number: usize, noun: &str| (number > 0).then(|| count(number, noun));
    let parts: Vec<String> =
        [counted(errors, "error"), counted(warnings, "warning")].into_iter().flatten().collect();
    format!("{}. Run `rolecall explain CODE` for details.\n", parts.join(", "))
}

/// Writes a file atomically, by renaming a temporary file in the same directory. Follows symbolic links. Pipes and devices
/// are written directly.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write_file(file: &Path, text: &[u8]) -> Result<(), Failure> {
    write_files(&[(file.to_owned(), text)])
}

/// Writes several files, each as [`write_file`] does. All temporary files are written before the first is renamed, so that
/// a full disk changes nothing.
///
/// # Errors
/// One cannot be written.
pub(crate) fn write_files(files: &[(PathBuf, &[u8])]) -> Result<(), Failure> {
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |error| Failure::writing(&file, error)
    };
    let mut staged = Vec::with_capacity(files.len());
    for (file, text) in files {
        staged.push((file, stage(file, text).map_err(failed(file))?));
    }
    for (file, staged) in staged {
        if let Some((beside, target)) = staged {
            beside.persist(&target).map_err(|error| failed(file)(error.error))?;
        }
    }
    Ok(())
}

/// Writes the temporary file that is to replace a file. Returns `None` for a pipe or a device, which it has written to.
fn stage(file: &Path, text: &[u8]) -> io::Result<Option<(tempfile::NamedTempFile, PathBuf)>> {
    let before = match fs::metadata(file) {
        Ok(before) => Some(before),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if before.as_ref().is_some_and(|before| !before.is_file()) {
        fs::write(file, text)?;
        return Ok(None);
    }
    let target = if before.is_some() { fs::canonicalize(file)? } else { file.to_owned() };
    let directory = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut beside = tempfile::NamedTempFile::new_in(directory)?;
    beside.write_all(text)?;
    beside.as_file().sync_all()?;
    // An existing file keeps its permissions. A temporary file is private, and a new file should not be.
    match before {
        Some(before) => beside.as_file().set_permissions(before.permissions())?,
        None => readable(beside.as_file())?,
    }
    Ok(Some((beside, target)))
}

#[cfg(unix)]
fn readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &fs::File) -> io::Result<()> {
    Ok(())
}
