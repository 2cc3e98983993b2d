//! The state of the world. Services change it (`dispatch.rs`, `graph`), and so does the passing of time (`due.rs`); neither
//! is known here.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use rolecall_model::entra::Tenant;
use rolecall_model::snapshot::{Caller, Coverage, Instance};
use rolecall_model::{AccessControlState, Snapshot};
use serde_json::{Value, json};

use crate::agenda::Agenda;
use crate::call::{CallLog, CallRecord};
use crate::faults::Course;
use crate::graph::Tenancy;
use crate::identity_store::Directory;
use crate::limits::Limits;
use crate::observations::{Observations, OperationRecord};
use crate::organizations::OrganizationTree;
use crate::paging::PageRule;
use crate::past::Past;
use crate::permission_sets::PermissionSets;
use crate::random::Source;
use crate::rows::Rows;
use crate::settings::Settings;

/// The state of an organization and its Identity Center.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    /// The time of the request that is being answered, since the start. It never goes back.
    pub(crate) now: Duration,
    pub(crate) instance: Instance,
    pub(crate) caller: Caller,
    pub(crate) organization: OrganizationTree,
    pub(crate) directory: Directory,
    /// The Entra tenant, if there is one.
    pub(crate) tenancy: Option<Box<Tenancy>>,
    pub(crate) permission_sets: PermissionSets,
    pub(crate) rows: Rows,
    pub(crate) agenda: Agenda,
    pub(crate) coverage: Coverage,
    /// Attributes for access control. Those that are being made are not among them.
    pub(crate) access_control: AccessControlState,
    /// Attributes for access control that are being made.
    pub(crate) access_control_to_come: Option<BTreeMap<String, String>>,
    pub(crate) source: Source,
    /// How far the fault plan has come.
    pub(crate) course: Course,
    pub(crate) observations: Observations,
    /// What changed in the last seconds.
    pub(crate) past: Past,
    /// The time that a list is being answered from which lags behind.
    pub(crate) seen_at: Option<Duration>,
    pub(crate) limits: Limits,
    pub(crate) log: CallLog,
}

impl World {
    pub(crate) fn new(mut snapshot: Snapshot, mut settings: Settings) -> Self {
        snapshot.sort();
        let Snapshot {
            instance,
            caller,
            organization,
            groups,
            users,
            permission_sets,
            assignments,
            coverage,
            access_control,
            memberships,
            entra,
        } = snapshot;
        if let Some(tenant) = &entra {
            settings.epoch_seconds = settings.epoch_seconds.max(latest_second(tenant));
        }
        let directory = Directory::new(groups, users, memberships, entra.as_ref());
        let tenancy = entra.map(|tenant| Box::new(Tenancy::new(tenant, &directory, &settings)));
        Self {
            now: Duration::ZERO,
            instance,
            caller,
            organization: OrganizationTree::new(organization),
            directory,
            tenancy,
            permission_sets: PermissionSets::from_live(permission_sets),
            rows: Rows::from_sorted(&assignments),
            agenda: Agenda::default(),
            coverage,
            access_control,
            access_control_to_come: None,
            source: Source::new(settings.seed),
            course: Course::new(settings.faults.clone()),
            observations: Observations::default(),
            past: Past::new(settings.faults.lag.map_or(Duration::ZERO, |lag| lag.most)),
            seen_at: None,
            limits: Limits::default(),
            log: CallLog::default(),
            settings,
        }
    }

    /// The client that was at work is gone, and another begins.
    pub(crate) fn forget_client(&mut self) {
        self.agenda.forget_from(0);
        self.limits.forget_client();
    }

    /// All asynchronous operations so far.
    pub(crate) fn operations(&self) -> Vec<OperationRecord> {
        self.agenda.records()
    }

    /// What is in effect.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            instance: self.instance.clone(),
            caller: self.caller.clone(),
            organization: self.organization.to_model(),
            groups: self.directory.groups().to_vec(),
            users: self.directory.users().to_vec(),
            permission_sets: self.permission_sets.to_live(),
            assignments: self.rows.all(),
            coverage: self.coverage.clone(),
            access_control: self.access_control.clone(),
            memberships: self.directory.memberships().clone(),
            entra: self.tenancy.as_ref().map(|tenancy| tenancy.tenant().clone()),
        }
    }

    pub(crate) fn calls(&self) -> Vec<CallRecord> {
        self.log.records()
    }

    pub(crate) fn graph_calls(&self) -> Vec<CallRecord> {
        self.tenancy.as_ref().map_or_else(Vec::new, |tenancy| tenancy.calls())
    }

    pub(crate) fn call_counts(&self) -> BTreeMap<String, u64> {
        self.log.counts()
    }

    /// Whether the caller administers Identity Center by delegation.
    pub(crate) fn caller_is_delegated(&self) -> bool {
        self.caller.account != self.organization.management_account()
    }

    /// What the calendar says at a time since the start.
    pub(crate) fn calendar(&self, at: Duration) -> Timestamp {
        let second =
            i64::try_from(self.settings.epoch_seconds.saturating_add(at.as_secs())).unwrap_or(i64::MAX);
        Timestamp::new(second, i32::try_from(at.subsec_nanos()).unwrap_or(0)).unwrap_or(Timestamp::MAX)
    }

    /// Lends the tenant out beside the rest of the world; `None` where there is none.
    pub(crate) fn with_tenancy<T>(&mut self, act: impl FnOnce(&mut Self, &mut Tenancy) -> T) -> Option<T> {
        let mut tenancy = self.tenancy.take()?;
        let result = act(self, &mut tenancy);
        self.tenancy = Some(tenancy);
        Some(result)
    }

    /// A point in time as the JSON protocol writes it: seconds since 1970, to the millisecond.
    pub(crate) fn timestamp(&self, at: Duration) -> Value {
        let since_1970 = Duration::from_secs(self.settings.epoch_seconds) + at;
        json!(since_1970.as_secs() as f64 + f64::from(since_1970.subsec_millis()) / 1_000.0)
    }

    /// How lists are paged whose pages have up to `most` items.
    pub(crate) fn pages(&self, most: u64) -> PageRule {
        PageRule { most, seed: self.settings.seed }
    }
}

/// The latest time that a tenant's jobs and logs know of: its past cannot lie ahead.
fn latest_second(tenant: &Tenant) -> u64 {
    let jobs = tenant.applications.iter().flat_map(|application| &application.jobs);
    let of_jobs = jobs.flat_map(|job| {
        job.last_success.into_iter().chain(job.quarantine.as_ref().and_then(|quarantine| quarantine.since))
    });
    let of_logs = tenant.logs.provisioning.iter().map(|event| event.at);
    let of_logs = of_logs.chain(tenant.logs.sign_ins.iter().map(|sign_in| sign_in.at));
    of_jobs.chain(of_logs).filter_map(|at| u64::try_from(at.as_second()).ok()).max().unwrap_or(0)
}
