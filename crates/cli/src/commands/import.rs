//! `rolecall import`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rolecall_aws::Scope;
use rolecall_import::{Import, States, Summary, TerraformError};
use rolecall_model::{Code, Region, Snapshot, Sources, StackName};
use rolecall_planner::phrases::count;

use crate::args::{ImportArgs, SandboxArgs};
use crate::configuration::PROJECT_FILE;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::live::{self, Live};
use crate::output;
use crate::state;

/// The most files that a message names.
const MOST_NAMED: usize = 10;

/// Reads the live state, and writes a project.
pub(crate) fn run(args: &ImportArgs) -> Result<Exit, Failure> {
    let directory = directory(args)?;
    let states = states(&args.from)?;
    let snapshot = read(args)?;
    let stack = stack(args, &snapshot)?;
    let terraform = states.map(|states| states.of_instance(&snapshot.instance.arn)).transpose();
    let terraform = terraform.map_err(|error| unusable(&error))?;
    let imported = rolecall_import::import(&snapshot, &stack, terraform.as_ref()).map_err(|diagnostic| {
        Failure::Diagnostics { diagnostics: vec![*diagnostic], sources: Box::default() }
    })?;
    let Import { files, diagnostics, summary } = imported;
    write(&directory, &files)?;
    output::print_diagnostics(&diagnostics, &Sources::default());
    let warnings = diagnostics.iter().filter(|found| !found.is_error()).count();
    output::print(&report(&directory, &files, &summary, &stack, warnings))?;
    Ok(if warnings == diagnostics.len() { Exit::Success } else { Exit::Error })
}

/// Returns the directory to write to. The current one is the default only if it is empty, since import writes several files.
fn directory(args: &ImportArgs) -> Result<PathBuf, Failure> {
    if let Some(directory) = &args.out {
        return Ok(directory.clone());
    }
    let here = PathBuf::from(".");
    let entries = fs::read_dir(&here).map_err(|error| Failure::reading(&here, error))?;
    // Hidden files, such as .git, are not part of a project.
    let is_occupied = entries.flatten().any(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    if is_occupied {
        return Err(Failure::plain(
            Code::WouldOverwrite,
            "the current directory is not empty",
            "name the directory to write to: --out DIR",
        ));
    }
    Ok(here)
}

/// Reads the Terraform states of --from.
fn states(from: &[String]) -> Result<Option<States>, Failure> {
    let mut files = Vec::new();
    for pair in from.chunks_exact(2) {
        let (source, file) = (&pair[0], &pair[1]);
        if source != "terraform" {
            return Err(Failure::Plain {
                code: None,
                message: format!("--from {source} {file}: `terraform` is the only source"),
                help: "use --from terraform FILE".to_owned(),
            });
        }
        let bytes = fs::read(file).map_err(|error| Failure::reading(Path::new(file), error))?;
        files.push((file.as_str(), bytes));
    }
    if files.is_empty() {
        return Ok(None);
    }
    let files = files.iter().map(|(name, bytes)| (*name, bytes.as_slice()));
    States::read(files).map(Some).map_err(|error| unusable(&error))
}

fn unusable(error: &TerraformError) -> Failure {
    Failure::plain(Code::TerraformUnusable, error.to_string(), error.help())
}

fn read(args: &ImportArgs) -> Result<Snapshot, Failure> {
    if let Some(file) = &args.snapshot {
        return state::read_snapshot(file);
    }
    let sandbox = SandboxArgs { sandbox: args.sandbox.clone() };
    let live = Live::open(&sandbox, Path::new("."))?;
    let region = match live.region() {
        Some(region) => region,
        None => args.region.clone().map_or_else(region_of_environment, Ok)?,
    };
    let scope = Scope { everything: true, instance: args.instance.clone(), ..Scope::default() };
    live.runtime()?.block_on(async {
        let clients = live.connect(&region, &args.answers).await;
        live::within(args.timeout.limit, live::observe(&clients, &scope)).await
    })
}

/// Returns the Region of the environment variables that the AWS CLI uses.
fn region_of_environment() -> Result<Region, Failure> {
    let named = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|name| std::env::var(name).ok());
    let region = named.filter(|region| !region.is_empty()).map(|region| region.parse());
    match region {
        Some(Ok(region)) => Ok(region),
        Some(Err(error)) => Err(Failure::plain(
            Code::WrongRegion,
            format!("AWS_REGION: {error}"),
            "give the primary Region of the instance, such as --region eu-west-1",
        )),
        None => Err(Failure::plain(
            Code::WrongRegion,
            "the Region is missing",
            "give the primary Region of the instance with --region or AWS_REGION",
        )),
    }
}

/// Returns the stack of --stack, or the only one that owns a permission set.
fn stack(args: &ImportArgs, snapshot: &Snapshot) -> Result<StackName, Failure> {
    if let Some(stack) = &args.stack {
        return Ok(stack.clone());
    }
    let stacks: Vec<StackName> = rolecall_import::stacks(snapshot).into_iter().collect();
    let message = match &stacks[..] {
        [one] => return Ok(one.clone()),
        [] => "no stack owns a permission set yet, so there is no default for --stack".to_owned(),
        several => {
            let names: Vec<&str> = several.iter().map(StackName::as_str).collect();
            format!("several stacks own permission sets: {}", names.join(", "))
        }
    };
    let help = "name the stack that is to own the permission sets, such as --stack acme; each gets its name as a tag";
    Err(Failure::Plain { code: None, message, help: help.to_owned() })
}

/// Writes all files, or none. Never overwrites a file.
fn write(directory: &Path, files: &BTreeMap<String, String>) -> Result<(), Failure> {
    // A broken symbolic link counts as a file, too.
    let is_there = |name: &&String| fs::symlink_metadata(directory.join(name)).is_ok();
    let there: Vec<&String> = files.keys().filter(is_there).collect();
    if !there.is_empty() {
        return Err(would_overwrite(directory, &there));
    }
    let mut written = Written::default();
    let mut names: Vec<&String> = files.keys().collect();
    // The project file is written last, so that an incomplete directory is not a project.
    names.sort_by_key(|name| (*name == PROJECT_FILE, *name));
    let result = written.directory(directory).and_then(|()| {
        names.into_iter().try_for_each(|name| written.file(&directory.join(name), &files[name]))
    });
    if result.is_err() {
        written.undo();
    }
    result
}

fn would_overwrite(directory: &Path, there: &[&String]) -> Failure {
    let mut named: Vec<&str> = there.iter().take(MOST_NAMED).map(|name| name.as_str()).collect();
    let beyond = there.len().saturating_sub(MOST_NAMED);
    let more = format!("{beyond} more");
    if beyond > 0 {
        named.push(&more);
    }
    Failure::plain(
        Code::WouldOverwrite,
        format!("{} contains files that import would overwrite: {}", directory.display(), named.join(", ")),
        "nothing was written. Name a new directory with --out, compare the two, and copy what you want",
    )
}

/// The directories and files created so far.
#[derive(Default)]
struct Written {
    directories: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Written {
    /// Creates a directory, and its parents if they are missing.
    fn directory(&mut self, directory: &Path) -> Result<(), Failure> {
        let missing = directory.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists());
        let missing: Vec<&Path> = missing.collect();
        for path in missing.into_iter().rev() {
            fs::create_dir(path).map_err(|error| Failure::writing(path, error))?;
            self.directories.push(path.to_owned());
        }
        Ok(())
    }

    fn file(&mut self, file: &Path, text: &str) -> Result<(), Failure> {
        if let Some(parent) = file.parent() {
            self.directory(parent)?;
        }
        let failed = |error: io::Error| Failure::writing(file, error);
        // Another program may have created the file since the check.
        let mut open = OpenOptions::new().write(true).create_new(true).open(file).map_err(failed)?;
        self.files.push(file.to_owned());
        open.write_all(text.as_bytes()).and_then(|()| open.sync_all()).map_err(failed)
    }

    /// Removes what was created. Failures are ignored, since an error is already being reported.
    fn undo(&self) {
        self.files.iter().for_each(|file| drop(fs::remove_file(file)));
        self.directories.iter().rev().for_each(|directory| drop(fs::remove_dir(directory)));
    }
}

fn report(
    directory: &Path,
    files: &BTreeMap<String, String>,
    summary: &Summary,
    stack: &StackName,
    warnings: usize,
) -> String {
    let Summary {
        groups,
        users,
        account_sets,
        permission_sets,
        adopted,
        left_out,
        released,
        external,
        assigns,
        rows,
        outdated,
        resting,
        left_to_others,
    } = *summary;
    let shown = directory.display();
    let mut text = format!(
        "{shown}: {} for stack {stack}.\n  {}, {}\n  {} ({adopted} to adopt), {external} external\n  {} for {}\n",
        count(files.len(), "file"),
        count(groups, "group"),
        count(account_sets, "account set"),
        count(permission_sets, "permission set"),
        count(assigns, "assign"),
        count(rows, "assignment"),
    );
    // Writing to a String cannot fail.
    if left_out > 0 {
        let _ = writeln!(text, "  {} left out, as the errors say", count(left_out, "permission set"));
    }
    if users > 0 {
        let _ = writeln!(text, "  {} assigned directly", count(users, "user"));
    }
    if resting > 0 {
        let _ = writeln!(
            text,
            "  {} in accounts that are not active, which plans skip",
            count(resting, "assignment")
        );
    }
    if left_to_others > 0 {
        let _ = writeln!(
            text,
            "  {} of users on external permission sets, not imported",
            count(left_to_others, "assignment")
        );
    }
    if warnings > 0 {
        let _ = writeln!(text, "  {} about what is not imported", count(warnings, "warning"));
    }
    let _ = writeln!(text, "\nNext: rolecall check {shown}\n      rolecall plan {shown}");
    let adopts = (adopted > 0).then_some("the adopted permission sets");
    let provisions = (outdated > 0).then_some("accounts that hold an older version of a permission set");
    let releases = (released > 0).then_some("the release of permission sets that are left out");
    let expected: Vec<&str> = adopts.into_iter().chain(provisions).chain(releases).collect();
    let _ = match expected[..] {
        [] => writeln!(text, "The plan will be empty."),
        _ => writeln!(text, "The plan will contain only: {}.", expected.join("; ")),
    };
    text
}
