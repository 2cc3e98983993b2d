//! The project of a command, and other checkouts of it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rolecall_model::{Code, Config, Diagnostic, Origins, Snapshot, Sources};
use rolecall_parser::{DiskFiles, Project};
use rolecall_planner::{Checkout, Inputs};

use crate::args::{PlanningArgs, ProjectArgs};
use crate::failure::Failure;

/// The name of the project file in a directory.
pub(crate) const PROJECT_FILE: &str = "rolecall.kdl";

/// A project without errors.
pub(crate) struct Loaded {
    pub(crate) directory: PathBuf,
    pub(crate) config: Config,
    pub(crate) sources: Sources,
    pub(crate) origins: Origins,
    pub(crate) warnings: Vec<Diagnostic>,
    /// The time that loading took.
    pub(crate) parse: Duration,
    /// The checkout of `--guards`, whose guards replace the project's own.
    pub(crate) guards: Option<Box<Loaded>>,
}

impl Loaded {
    /// Returns the inputs of a plan.
    pub(crate) fn inputs<'a>(&'a self, snapshot: &'a Snapshot) -> Inputs<'a> {
        let guards = self.guards.as_ref().map(|other| other.checkout());
        Inputs { files: self.checkout(), snapshot, guards }
    }

    /// The configuration with its texts and places.
    pub(crate) fn checkout(&self) -> Checkout<'_> {
        let Self { config, sources, origins, .. } = self;
        Checkout { config, sources, origins }
    }
}

/// Returns the directory of a project and the name of its project file.
///
/// # Errors
/// The path does not exist.
pub(crate) fn directory_and_file(project: &Path) -> Result<(PathBuf, String), Failure> {
    if project.is_dir() {
        return Ok((project.to_owned(), PROJECT_FILE.to_owned()));
    }
    if !project.exists() {
        return Err(Failure::plain(
            Code::ProjectNotFound,
            format!("{} does not exist", project.display()),
            format!("name a directory that contains {PROJECT_FILE}, or a project file"),
        ));
    }
    let directory = match project.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let name = project.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok((directory, name))
}

/// Loads a project.
///
/// # Errors
/// All errors of all its files.
pub(crate) fn load(args: &ProjectArgs) -> Result<Loaded, Failure> {
    load_at(&args.project)
}

/// Loads the project of a plan, and the checkout of `--guards`.
///
/// # Errors
/// All errors of all files of either, or the guards belong to another project.
pub(crate) fn load_planned(args: &PlanningArgs) -> Result<Loaded, Failure> {
    let guards = args.guards.as_deref().map(load_guards).transpose()?;
    let mut loaded = load(&args.project)?;
    if let (Some(path), Some(guards)) = (&args.guards, &guards) {
        refuse_other_project(path, &guards.config, &loaded.config)?;
    }
    loaded.guards = guards.map(Box::new);
    Ok(loaded)
}

/// Loads the checkout of `--guards`. Its files are named with its directory, to tell them from the project's.
fn load_guards(path: &Path) -> Result<Loaded, Failure> {
    match load_at(path) {
        Ok(loaded) => Ok(Loaded { sources: within(&loaded.directory, &loaded.sources), ..loaded }),
        Err(Failure::Diagnostics { diagnostics, sources }) => {
            let (directory, _) = directory_and_file(path)?;
            let sources = Box::new(within(&directory, &sources));
            Err(Failure::DiagnosticsElsewhere { diagnostics, sources })
        }
        Err(other) => Err(other),
    }
}

/// Returns the same files under the same numbers, named with their directory.
fn within(directory: &Path, sources: &Sources) -> Sources {
    let mut named = Sources::default();
    for (_, file) in sources.iter() {
        named.add(directory.join(&*file.name).display().to_string(), file.text.clone());
    }
    named
}

/// Refuses guards of another stack or instance, whose names mean something else here.
fn refuse_other_project(path: &Path, guards: &Config, own: &Config) -> Result<(), Failure> {
    let (theirs, ours) = (&guards.identity_center, &own.identity_center);
    let differs = if guards.stack != own.stack {
        Some(format!("stack `{}`, not stack `{}`", guards.stack, own.stack))
    } else if theirs.region != ours.region {
        Some(format!("the instance in {}, not the one in {}", theirs.region, ours.region))
    } else {
        match (&theirs.instance, &ours.instance) {
            (Some(theirs), Some(ours)) if theirs != ours => {
                Some(format!("the instance {theirs}, not {ours}"))
            }
            _ => None,
        }
    };
    match differs {
        None => Ok(()),
        Some(differs) => Err(Failure::plain(
            Code::BaseUnusable,
            format!("--guards {}: these guards belong to {differs}", path.display()),
            "name another checkout of the same project, such as the base branch",
        )),
    }
}

/// The checkout of `--base`, with which a plan is compared.
pub(crate) enum Base {
    /// A checkout without errors.
    Readable(Box<Loaded>),
    /// A checkout without a project file of this name.
    Absent(String),
    /// A checkout with errors: each as a sentence with its place.
    Unreadable(Vec<String>),
}

/// Loads the base of a plan. A base with errors is accepted, since the planned change may fix them.
///
/// # Errors
/// There is no such file or directory.
pub(crate) fn load_base(path: &Path) -> Result<Base, Failure> {
    match load_at(path) {
        Ok(loaded) => Ok(Base::Readable(Box::new(loaded))),
        Err(Failure::Diagnostics { diagnostics, .. })
            if diagnostics.iter().any(|one| one.code == Code::ProjectNotFound) =>
        {
            Ok(Base::Absent(directory_and_file(path)?.1))
        }
        Err(Failure::Diagnostics { diagnostics, sources }) => {
            let errors = diagnostics.iter().filter(|one| one.is_error()).map(|one| match &one.primary {
                Some(label) => {
                    let place = sources.file_and_line(label.place);
                    format!("{} ({place} of the base)", one.message)
                }
                None => one.message.clone(),
            });
            Ok(Base::Unreadable(errors.collect()))
        }
        Err(other) => Err(other),
    }
}

fn load_at(project: &Path) -> Result<Loaded, Failure> {
    let (directory, file) = directory_and_file(project)?;
    let start = Instant::now();
    let project = rolecall_parser::load(&DiskFiles::new(directory.clone()), &file);
    from_project(project, directory, start.elapsed())
}

/// Returns a parsed project, if it has no errors.
///
/// # Errors
/// All errors of all its files.
pub(crate) fn from_project(project: Project, directory: PathBuf, parse: Duration) -> Result<Loaded, Failure> {
    let Project { config, sources, origins, diagnostics } = project;
    match config {
        Some(config) => {
            Ok(Loaded { directory, config, sources, origins, warnings: diagnostics, parse, guards: None })
        }
        None => Err(Failure::Diagnostics { diagnostics, sources: Box::new(sources) }),
    }
}
