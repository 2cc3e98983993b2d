//! The project that a command works on, and other checkouts of it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rolecall_model::{Code, Config, Diagnostic, Origins, Snapshot, Sources};
use rolecall_parser::{DiskFiles, Project};
use rolecall_planner::{Checkout, Inputs};

use crate::args::{PlanningArgs, ProjectArgs};
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
    /// The checkout whose guards hold instead of the project's own.
    pub(crate) guards: Option<Box<Loaded>>,
}

impl Loaded {
    /// What a plan is made from.
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
    load_at(&args.project)
}

/// Reads the project of a plan, and the checkout whose guards hold, if one is named.
///
/// # Errors
/// All mistakes of all files of the one or of the other, or the guards are another project's.
pub(crate) fn load_planned(args: &PlanningArgs) -> Result<Loaded, Failure> {
    let guards = args.guards.as_deref().map(load_guards).transpose()?;
    let mut loaded = load(&args.project)?;
    if let (Some(path), Some(guards)) = (&args.guards, &guards) {
        refuse_other_project(path, &guards.config, &loaded.config)?;
    }
    loaded.guards = guards.map(Box::new);
    Ok(loaded)
}

/// The files of the checkout are named with its directory, so that nobody looks for their lines in the project's.
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

/// The same texts under the same numbers, named with their directory.
fn within(directory: &Path, sources: &Sources) -> Sources {
    let mut named = Sources::default();
    for (_, file) in sources.iter() {
        named.add(directory.join(&*file.name).display().to_string(), file.text.clone());
    }
    named
}

/// Guards of another stack or instance would name sets and groups that mean something else here.
fn refuse_other_project(path: &Path, guards: &Config, own: &Config) -> Result<(), Failure> {
    let (theirs, ours) = (&guards.identity_center, &own.identity_center);
    let differs = if guards.stack != own.stack {
        Some(format!("stack `{}`, and not of stack `{}`", guards.stack, own.stack))
    } else if theirs.region != ours.region {
        Some(format!("the instance in {}, and not of the one in {}", theirs.region, ours.region))
    } else {
        match (&theirs.instance, &ours.instance) {
            (Some(theirs), Some(ours)) if theirs != ours => {
                Some(format!("the instance {theirs}, and not of {ours}"))
            }
            _ => None,
        }
    };
    match differs {
        None => Ok(()),
        Some(differs) => Err(Failure::plain(
            Code::BaseUnusable,
            format!("--guards {}: these are the guards of {differs}", path.display()),
            "name another checkout of the same project, such as one of the base branch",
        )),
    }
}

/// Another checkout, with which a plan is compared.
pub(crate) enum Base {
    /// Its files are without mistakes.
    Readable(Box<Loaded>),
    /// There is no project file of this name.
    Absent(String),
    /// Its files have mistakes. Each is a sentence with its place.
    Unreadable(Vec<String>),
}

/// Reads the base of a plan. One whose files have mistakes is no error: the change that is planned may mend them.
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
            let mistakes = diagnostics.iter().filter(|one| one.is_error()).map(|one| match &one.primary {
                Some(label) => {
                    let place = sources.file_and_line(label.place);
                    format!("{} ({place} of the base)", one.message)
                }
                None => one.message.clone(),
            });
            Ok(Base::Unreadable(mistakes.collect()))
        }
        Err(other) => Err(other),
    }
}

fn load_at(project: &Path) -> Result<Loaded, Failure> {
    let (directory, file) = directory_and_file(project)?;
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
        Some(config) => {
            Ok(Loaded { directory, config, sources, origins, warnings: diagnostics, parse, guards: None })
        }
        None => Err(Failure::Diagnostics { diagnostics, sources: Box::new(sources) }),
    }
}
