//! The project that a command works on.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rolecall_model::{Code, Config, Diagnostic, Origins, Sources};
use rolecall_parser::{DiskFiles, Project};

use crate::args::ProjectArgs;
use crate::failure::Failure;

/// The name of a project file where a directory is given.
pub(crate) const PROJECT_FILE: &str = "rolecall.kdl";

/// A project whose files are without mistakes.
pub(crate) struct Loaded {
    pub(crate) directory: PathBuf,
    pub(crate) config: Config,
    pub(crate) sources: Sources,
    pub(crate) origins: Origins,
    pub(crate) warnings: Vec<Diagnostic>,
    /// How long reading and resolving took.
    pub(crate) parse: Duration,
}

/// The directory of a project and its project file's name.
///
/// # Errors
/// There is nothing at this path.
pub(crate) fn directory_and_file(project: &Path) -> Result<(PathBuf, String), Failure> {
    if project.is_dir() {
        return Ok((project.to_owned(), PROJECT_FILE.to_owned()));
    }
    if !project.exists() {
        return Err(Failure::plain(
            Code::ProjectNotFound,
            format!("{} does not exist", project.display()),
            format!("name a directory that holds {PROJECT_FILE}, or a project file"),
        ));
    }
    let directory = match project.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let name = project.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok((directory, name))
}

/// Reads a project.
///
/// # Errors
/// All mistakes of all its files.
pub(crate) fn load(args: &ProjectArgs) -> Result<Loaded, Failure> {
    let (directory, file) = directory_and_file(&args.project)?;
    let start = Instant::now();
    let project = rolecall_parser::load(&DiskFiles::new(directory.clone()), &file);
    loaded(project, directory, start.elapsed())
}

/// A project that was read, if it is without mistakes.
///
/// # Errors
/// All mistakes of all its files.
pub(crate) fn loaded(project: Project, directory: PathBuf, parse: Duration) -> Result<Loaded, Failure> {
    let Project { config, sources, origins, diagnostics } = project;
    match config {
        Some(config) => Ok(Loaded { directory, config, sources, origins, warnings: diagnostics, parse }),
        None => Err(Failure::Diagnostics { diagnostics, sources: Box::new(sources) }),
    }
}
