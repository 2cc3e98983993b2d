//! The state of the world. It does not know what changes it: the services (`dispatch.rs`, `graph`) and time (`due.rs`).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use rolecall_model::entra::Tenant;
use rolecall_model::snapshot::{Caller, Coverage, Group, Instance, LivePermissionSet, User};
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
    /// The time of the current request, since the start. It never goes back.
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
    /// Attributes for access control in effect.
    pub(crate) access_control: AccessControlState,
    /// Attributes for access control that are being created.
    pub(crate) access_control_to_come: Option<BTreeMap<String, String>>,
    pub(crate) source: Source,
    /// The progress of the fault plan.
    pub(crate) course: Course,
    pub(crate) observations: Observations,
    /// The changes of the last seconds.
    pub(crate) past: Past,
    /// The time of the outdated state from which a list is being answered.
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
            // The sandbox leaves out no list.
            absent_means_empty: _,
        } = snapshot;
        if let Some(tenant) = &entra {
            settings.epoch_seconds = settings.epoch_seconds.max(latest_second(tenant));
        }
        let used = used_ids(&groups, &users, &permission_sets, entra.as_ref());
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
            source: Source::new(settings.seed, used),
            course: Course::new(settings.faults.clone()),
            observations: Observations::default(),
            past: Past::new(settings.faults.lag.map_or(Duration::ZERO, |lag| lag.most)),
            seen_at: None,
            limits: Limits::default(),
            log: CallLog::default(),
            settings,
        }
    }

    /// Declares that a new client takes over.
    pub(crate) fn forget_client(&mut self) {
        self.agenda.forget_from(0);
        self.limits.forget_client();
    }

    /// Returns all asynchronous operations so far.
    pub(crate) fn operations(&self) -> Vec<OperationRecord> {
        self.agenda.records()
    }

    /// Returns the current state.
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
            absent_means_empty: BTreeSet::new(),
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

    /// Returns whether the caller is a delegated administrator.
    pub(crate) fn caller_is_delegated(&self) -> bool {
        self.caller.account != self.organization.management_account()
    }

    /// Returns the calendar time for a time since the start.
    pub(crate) fn calendar(&self, at: Duration) -> Timestamp {
        let second =
            i64::try_from(self.settings.epoch_seconds.saturating_add(at.as_secs())).unwrap_or(i64::MAX);
        Timestamp::new(second, i32::try_from(at.subsec_nanos()).unwrap_or(0)).unwrap_or(Timestamp::MAX)
    }

    /// Calls `act` with the tenant and the rest of the world; returns `None` if there is no tenant.
    pub(crate) fn with_tenancy<T>(&mut self, act: impl FnOnce(&mut Self, &mut Tenancy) -> T) -> Option<T> {
        let mut tenancy = self.tenancy.take()?;
        let result = act(self, &mut tenancy);
        self.tenancy = Some(tenancy);
        Some(result)
    }

    /// Returns a time in the format of the JSON protocol: seconds since 1970, to the millisecond.
    pub(crate) fn timestamp(&self, at: Duration) -> Value {
        let since_1970 = Duration::from_secs(self.settings.epoch_seconds) + at;
        json!(since_1970.as_secs() as f64 + f64::from(since_1970.subsec_millis()) / 1_000.0)
    }

    /// Returns the paging of lists with up to `most` items per page.
    pub(crate) fn pages(&self, most: u64) -> PageRule {
        PageRule { most, seed: self.settings.seed }
    }
}

/// The ids that new objects must not get: the UUIDs of the directory and the tenant, and the last parts of the ARNs of
/// permission sets.
fn used_ids(
    groups: &[Group],
    users: &[User],
    permission_sets: &[LivePermissionSet],
    tenant: Option<&Tenant>,
) -> HashSet<String> {
    const UUID_LENGTH: usize = 36;
    let ids = groups.iter().map(|group| group.id.as_str()).chain(users.iter().map(|user| user.id.as_str()));
    let uuids = ids.filter_map(|id| id.get(id.len().checked_sub(UUID_LENGTH)?..)).map(str::to_owned);
    let sets = permission_sets.iter().filter_map(|set| set.arn.rsplit('-').next()).map(str::to_owned);
    let mut used: HashSet<String> = uuids.chain(sets).collect();
    // Whatever is an id in the tenant is a text in it; texts that are no ids do no harm.
    let mut open: Vec<Value> =
        tenant.and_then(|tenant| serde_json::to_value(tenant).ok()).into_iter().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => {
                used.insert(text);
            }
            Value::Array(values) => open.extend(values),
            Value::Object(members) => open.extend(members.into_iter().map(|(_, value)| value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    used
}

/// Returns the latest time in a tenant's jobs and logs, which must not be in the future.
fn latest_second(tenant: &Tenant) -> u64 {
    let jobs = tenant.applications.iter().flat_map(|application| &application.jobs);
    let of_jobs = jobs.flat_map(|job| {
        job.last_success.into_iter().chain(job.quarantine.as_ref().and_then(|quarantine| quarantine.since))
    });
    let of_logs = tenant.logs.provisioning.iter().map(|event| event.at);
    let of_logs = of_logs.chain(tenant.logs.sign_ins.iter().map(|sign_in| sign_in.at));
    of_jobs.chain(of_logs).filter_map(|at| u64::try_from(at.as_second()).ok()).max().unwrap_or(0)
}
