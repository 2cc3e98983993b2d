//! Where the live state comes from: AWS, or the sandbox in this process.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use rolecall_aws::{Clients, Connection, Scope, Strategy};
use rolecall_model::snapshot::SnapshotFile;
use rolecall_model::{AccountId, Code, Config, GroupId, PermissionSetName, Region, Snapshot};
use rolecall_planner::plan::Provenance;
use rolecall_sandbox::{Sandbox, Settings};
use tokio::runtime::{Builder, Runtime};

use crate::args::{AnswersArgs, SandboxArgs};
use crate::configuration::Loaded;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::state::StateFile;

/// The live side of a command.
pub(crate) enum Live {
    /// AWS itself, or whatever `AWS_ENDPOINT_URL` names.
    Aws,
    /// The embedded sandbox.
    Sandbox {
        /// Where its state is kept.
        state: StateFile,
        /// The world.
        sandbox: Box<Sandbox>,
    },
}

impl Live {
    /// What the arguments say.
    ///
    /// # Errors
    /// The sandbox's file cannot be used.
    pub(crate) fn open(args: &SandboxArgs, directory: &Path) -> Result<Self, Failure> {
        let Some(file) = &args.sandbox else { return Ok(Self::Aws) };
        let (state, snapshot) = match file {
            None => StateFile::open_project(directory)?,
            Some(file) if file.is_dir() => {
                return Err(Failure::plain(
                    Code::SnapshotUnusable,
                    format!("--sandbox {} is a directory", file.display()),
                    "put the project first: rolecall plan DIR --sandbox",
                ));
            }
            Some(file) => StateFile::open_named(file)?,
        };
        Ok(Self::Sandbox { state, sandbox: Box::new(Sandbox::new(snapshot, settings())) })
    }

    /// A runtime for it. The sandbox runs on virtual time: a wait ends at once, and still counts.
    ///
    /// # Errors
    /// The system gives none.
    pub(crate) fn runtime(&self) -> Result<Runtime, Failure> {
        runtime(matches!(self, Self::Sandbox { .. }))
    }

    /// Clients for it, which accept what the arguments say.
    pub(crate) async fn connect(&self, region: &Region, answers: &AnswersArgs) -> Clients {
        let mut connection = match self {
            Self::Aws => Connection::environment(region.clone()),
            Self::Sandbox { sandbox, .. } => Connection::embedded(region.clone(), sandbox.http_client()),
        };
        connection.absent_means_empty = answers.absent_means_empty();
        rolecall_aws::connect(connection).await
    }

    /// The Region of a sandbox; that of AWS is for the caller to know.
    pub(crate) fn region(&self) -> Option<Region> {
        match self {
            Self::Aws => None,
            Self::Sandbox { sandbox, .. } => Some(sandbox.snapshot().instance.region),
        }
    }

    /// What a plan made from it says of its source.
    pub(crate) fn provenance(&self) -> Provenance {
        match self {
            Self::Aws => Provenance::Live,
            Self::Sandbox { .. } => Provenance::Sandbox,
        }
    }

    /// Saves a sandbox's state.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        match self {
            Self::Aws => Ok(()),
            Self::Sandbox { state, sandbox } => {
                sandbox.settle();
                state.save(&SnapshotFile::from_snapshot(&sandbox.snapshot()))
            }
        }
    }
}

/// The settings of a sandbox that stands for the world of today: its calendar begins now, so that ends that the files
/// give mean there what they mean here.
pub(crate) fn settings() -> Settings {
    let now = jiff::Timestamp::now().as_second();
    Settings { epoch_seconds: u64::try_from(now).unwrap_or_default(), ..Settings::default() }
}

/// A runtime, on virtual time or on the clock's.
///
/// # Errors
/// The system gives none.
pub(crate) fn runtime(is_virtual: bool) -> Result<Runtime, Failure> {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().start_paused(is_virtual);
    builder.build().map_err(|source| Failure::System { what: "the runtime could not be started", source })
}

/// What must be read of the live state to plan this project, the guards of another checkout included.
pub(crate) fn scope(loaded: &Loaded, strategy: Strategy) -> Scope {
    let config = &loaded.config;
    let other = loaded.guards.as_ref().map(|guards| &guards.config);
    let guard = &other.unwrap_or(config).guard;
    let guarded = guard.filters().flat_map(|filter| filter.users.iter().chain(&filter.except_users));
    Scope {
        compare: config.permission_sets.iter().map(|set| set.permission_set.name.clone()).collect(),
        assignments_of: config.external_permission_sets.iter().map(|set| set.name.clone()).collect(),
        details_of: rolecall_planner::needs_details(config, guard),
        stack: Some(config.stack.clone()),
        account_tags: [Some(config), other].into_iter().flatten().any(rolecall_planner::needs_account_tags),
        user_names: config.users().chain(guarded).map(|user| user.name.clone()).collect(),
        access_control: config.attributes.is_some(),
        provisioned_of_all: false,
        // What goes with a group that is unassigned in Entra ID are its rows on sets of any owner.
        everything: config
            .entra
            .iter()
            .filter_map(|entra| entra.application.as_ref())
            .any(|one| !one.unassign.is_empty()),
        instance: config.identity_center.instance.clone(),
        strategy,
    }
}

/// The same, and what must be read to compare the files with those of a base: what a change takes out of the files is
/// looked for all the same, or the change could hide itself. What a set of the base is and attributes for access control
/// are compared as they are written, so those are not read for it.
pub(crate) fn with_base(mut scope: Scope, base: &Config) -> Scope {
    let external = base.external_permission_sets.iter().map(|set| &set.name);
    let owned = base.permission_sets.iter().map(|set| &set.permission_set.name);
    scope.assignments_of.extend(external.chain(owned).cloned());
    scope.account_tags |= rolecall_planner::needs_account_tags(base);
    scope.user_names.extend(base.users().map(|user| user.name.clone()));
    scope
}

/// Reads the live state.
///
/// # Errors
/// Any read that failed: a partial view is never returned.
pub(crate) async fn observe(clients: &Clients, scope: &Scope) -> Result<Snapshot, Failure> {
    let progress = Progress::new();
    let report = |step| progress.reading(step);
    let snapshot = rolecall_aws::observe(clients, scope, &report).await;
    snapshot.map_err(|error| Failure::Observe(Box::new(error)))
}

/// Reads pairs whole that a plan would change, where they were read by principal.
///
/// # Errors
/// Any read that failed.
pub(crate) async fn look_closer(
    clients: &Clients,
    snapshot: &mut Snapshot,
    pairs: &BTreeSet<(PermissionSetName, AccountId)>,
) -> Result<(), Failure> {
    let progress = Progress::new();
    let report = |step| progress.reading(step);
    let looked = rolecall_aws::observe_pairs(clients, snapshot, pairs, &report).await;
    looked.map_err(|error| Failure::Observe(Box::new(error)))
}

/// Reads who is in these groups.
///
/// # Errors
/// Any read that failed.
pub(crate) async fn memberships(
    clients: &Clients,
    snapshot: &mut Snapshot,
    groups: &BTreeSet<GroupId>,
) -> Result<(), Failure> {
    let progress = Progress::new();
    let report = |step| progress.reading(step);
    let read = rolecall_aws::observe_memberships(clients, snapshot, groups, &report).await;
    read.map_err(|error| Failure::Observe(Box::new(error)))
}

/// All of a reading within `--timeout`.
///
/// # Errors
/// The reading's own, or that it was not over in time; then nothing comes of the part that was read.
pub(crate) async fn within<T>(
    limit: Option<Duration>,
    reading: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let Some(limit) = limit else { return reading.await };
    tokio::time::timeout(limit, reading).await.unwrap_or_else(|_| {
        Err(Failure::plain(
            Code::ReadFailed,
            format!("reading the live state took longer than {} s", limit.as_secs()),
            "the partial state was discarded. Raise --timeout, or read less with --read fast. If AWS throttles \
             the requests, something else is using the shared limit of 20 requests a second",
        ))
    })
}
