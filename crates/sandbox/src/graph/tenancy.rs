//! The tenant, and its state that a snapshot does not contain: tokens, secrets, operations in progress, provisioned objects.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rolecall_model::entra::{EnterpriseApplication, ProvisioningEvent, SyncJob, SyncState, Tenant};
use rolecall_model::{GroupId, ObjectId};

use super::limits::Windows;
use super::wire::GraphFailure;
use crate::call::{CallLog, CallRecord};
use crate::identity_store::Directory;
use crate::settings::Settings;

/// A token that the sandbox accepts although its token endpoint does not issue it, for clients that use no endpoint.
pub const SANDBOX_TOKEN: &str = "rolecall-sandbox-token";

/// The number of provisioning steps that the log keeps.
const EVENTS_KEPT: usize = 1_000;
/// The interval between two attempts of a job in quarantine.
pub(super) const QUARANTINE_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// The time from the start of a job to its first cycle.
pub(super) const FIRST_CYCLE: Duration = Duration::from_secs(60);

/// The tenant and its current state.
#[derive(Debug)]
pub(crate) struct Tenancy {
    live: Arc<Tenant>,
    /// The outdated tenant from which a list is being answered.
    seen: Option<Arc<Tenant>>,
    /// Past versions of the tenant with the times of their ends, oldest first.
    past: VecDeque<(Duration, Arc<Tenant>)>,
    past_kept_for: Duration,
    /// The expiry of issued tokens.
    pub(super) tokens: BTreeMap<String, Duration>,
    /// The times from which new objects can be read.
    pub(super) appears: BTreeMap<ObjectId, Duration>,
    /// The secrets of service principals: address and token.
    pub(super) secrets: BTreeMap<ObjectId, Secrets>,
    /// The token that Identity Center's SCIM endpoint accepts.
    pub(super) scim_token: String,
    /// The schedule of each job, by service principal and id.
    pub(super) runs: BTreeMap<JobKey, Run>,
    /// The group of the Identity Store that each group was provisioned as.
    pub(super) linked: BTreeMap<ObjectId, GroupId>,
    /// The provisioned members of each group.
    pub(super) carried: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
    due: BTreeMap<(Duration, u64), Due>,
    entries: u64,
    pub(super) windows: Windows,
    pub(super) log: CallLog,
    pub(super) page_size: usize,
}

/// A service principal and one of its jobs.
pub(super) type JobKey = (ObjectId, String);

/// The endpoint and token of provisioning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Secrets {
    pub(super) address: String,
    pub(super) token: String,
}

/// The schedule of a job.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    /// The time of its next cycle.
    pub(super) next: Option<Duration>,
    /// The end of its last cycle.
    pub(super) last: Option<Timestamp>,
    /// The time since which it has had nothing left to do.
    pub(super) steady_since: Option<Timestamp>,
}

/// Something to carry out at a given time.
#[derive(Debug, Clone)]
pub(crate) enum Due {
    /// A cycle of a job, unless it was postponed.
    Cycle(ObjectId, String),
    /// A group and some of its members, provisioned on demand.
    OnDemand {
        /// The application.
        service_principal: ObjectId,
        job: String,
        group: ObjectId,
        members: BTreeSet<ObjectId>,
    },
}

impl Tenancy {
    /// Creates the state of a tenant. Federation metadata from the snapshot is dropped, since the sandbox creates its
    /// own.
    pub(crate) fn new(mut tenant: Tenant, directory: &Directory, settings: &Settings) -> Self {
        tenant.sort();
        for application in &mut tenant.applications {
            application.federation = None;
        }
        let linked = linked_groups(&tenant, directory);
        let carried = linked.iter().map(|(id, group)| (id.clone(), directory.members_from_entra(group)));
        let mut tenancy = Self {
            carried: carried.collect(),
            linked,
            seen: None,
            past: VecDeque::new(),
            past_kept_for: settings.faults.lag.map_or(Duration::ZERO, |lag| lag.most),
            tokens: BTreeMap::new(),
            appears: BTreeMap::new(),
            secrets: BTreeMap::new(),
            scim_token: settings.scim_token.clone(),
            runs: BTreeMap::new(),
            due: BTreeMap::new(),
            entries: 0,
            windows: Windows::default(),
            log: CallLog::default(),
            page_size: settings.graph_page_size.clamp(1, 999),
            live: Arc::new(tenant),
        };
        tenancy.resume(settings.epoch_seconds);
        tenancy
    }

    /// Resumes the jobs. Secrets that are set count as valid, since a snapshot contains none.
    fn resume(&mut self, epoch_seconds: u64) {
        let tenant = Arc::clone(&self.live);
        for application in &tenant.applications {
            let id = &application.service_principal_id;
            for job in &application.jobs {
                if job.has_secrets {
                    let good = Secrets { address: String::new(), token: self.scim_token.clone() };
                    self.secrets.entry(id.clone()).or_insert(good);
                }
                let interval = interval(job);
                let next = job.last_success.map_or(interval, |last| {
                    let since =
                        i64::try_from(epoch_seconds).unwrap_or(i64::MAX).saturating_sub(last.as_second());
                    interval.saturating_sub(Duration::from_secs(u64::try_from(since).unwrap_or(0)))
                });
                let steady_since = job.last_success;
                self.runs.insert(
                    (id.clone(), job.id.clone()),
                    Run { next: None, last: steady_since, steady_since },
                );
                match job.state {
                    SyncState::Active => self.run_at(id, &job.id, next),
                    SyncState::Quarantine => self.run_at(id, &job.id, QUARANTINE_INTERVAL),
                    SyncState::NotConfigured | SyncState::NotRun | SyncState::Paused => {}
                }
            }
        }
    }

    /// Returns the calls so far.
    pub(crate) fn calls(&self) -> Vec<CallRecord> {
        self.log.records()
    }

    /// Returns the tenant as the current request sees it.
    pub(crate) fn tenant(&self) -> &Tenant {
        self.seen.as_ref().unwrap_or(&self.live)
    }

    /// Returns the current tenant for a change at a time.
    pub(crate) fn change(&mut self, at: Duration) -> &mut Tenant {
        if !self.past_kept_for.is_zero() {
            while self.past.front().is_some_and(|(until, _)| *until + self.past_kept_for < at) {
                self.past.pop_front();
            }
            self.past.push_back((at, Arc::clone(&self.live)));
        }
        Arc::make_mut(&mut self.live)
    }

    /// Returns a handle to the current tenant, to read it during a change.
    pub(super) fn share(&self) -> Arc<Tenant> {
        Arc::clone(&self.live)
    }

    /// Shows the tenant as it was at a time, or the current one.
    pub(super) fn look_back(&mut self, then: Option<Duration>) {
        self.seen = then.and_then(|then| {
            self.past.iter().find(|(until, _)| *until > then).map(|(_, tenant)| Arc::clone(tenant))
        });
    }

    /// Returns whether an object can be read.
    pub(super) fn is_visible(&self, id: &ObjectId, now: Duration) -> bool {
        self.appears.get(id).is_none_or(|from| *from <= now)
    }

    /// Returns the application with this service principal, if it can be read.
    pub(super) fn service_principal(
        &self,
        id: &str,
        now: Duration,
    ) -> Result<&EnterpriseApplication, GraphFailure> {
        let found = self.tenant().applications.iter().find(|one| one.service_principal_id.as_str() == id);
        found
            .filter(|one| self.is_visible(&one.service_principal_id, now))
            .ok_or_else(|| GraphFailure::not_found(id))
    }

    /// Returns the application with this object id, if it can be read.
    pub(super) fn application(
        &self,
        id: &str,
        now: Duration,
    ) -> Result<&EnterpriseApplication, GraphFailure> {
        let found = self.tenant().applications.iter().find(|one| one.application_id.as_str() == id);
        found
            .filter(|one| self.is_visible(&one.application_id, now))
            .ok_or_else(|| GraphFailure::not_found(id))
    }

    /// Returns the application with this service principal, for a change.
    pub(super) fn change_application(
        &mut self,
        at: Duration,
        id: &ObjectId,
    ) -> Option<&mut EnterpriseApplication> {
        self.change(at).applications.iter_mut().find(|one| one.service_principal_id == *id)
    }

    /// Returns a job.
    pub(super) fn job(&self, service_principal: &ObjectId, id: &str) -> Option<&SyncJob> {
        let application =
            self.tenant().applications.iter().find(|one| one.service_principal_id == *service_principal);
        application?.jobs.iter().find(|job| job.id == id)
    }

    /// Returns a job, for a change.
    pub(super) fn change_job(
        &mut self,
        at: Duration,
        service_principal: &ObjectId,
        id: &str,
    ) -> Option<&mut SyncJob> {
        self.change_application(at, service_principal)?.jobs.iter_mut().find(|job| job.id == id)
    }

    /// Returns whether the SCIM endpoint accepts the stored secrets of a service principal.
    pub(super) fn has_good_secrets(&self, service_principal: &ObjectId) -> bool {
        self.secrets.get(service_principal).is_some_and(|secrets| secrets.token == self.scim_token)
    }

    /// Schedules the next cycle of a job, and cancels the one that was scheduled.
    pub(super) fn run_at(&mut self, service_principal: &ObjectId, job: &str, at: Duration) {
        let key = (service_principal.clone(), job.to_owned());
        self.runs.entry(key).or_default().next = Some(at);
        self.schedule(at, Due::Cycle(service_principal.clone(), job.to_owned()));
    }

    pub(super) fn schedule(&mut self, at: Duration, due: Due) {
        self.due.insert((at, self.entries), due);
        self.entries += 1;
    }

    /// Returns when the next thing is due.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// Unschedules and returns the next thing that is due by `end`, with its time.
    pub(super) fn take_due(&mut self, end: Duration) -> Option<(Duration, Due)> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= end)?;
        let ((at, _), due) = entry.remove_entry();
        Some((at, due))
    }

    /// Unschedules and returns everything that is provisioned on demand, with its times.
    pub(super) fn take_on_demand(&mut self) -> Vec<(Duration, Due)> {
        let (taken, left) = std::mem::take(&mut self.due)
            .into_iter()
            .partition(|(_, due)| matches!(due, Due::OnDemand { .. }));
        self.due = left;
        let taken: BTreeMap<(Duration, u64), Due> = taken;
        taken.into_iter().map(|((at, _), due)| (at, due)).collect()
    }

    /// Logs provisioning steps. A repeated step replaces the earlier entry.
    pub(super) fn record(&mut self, at: Duration, events: Vec<ProvisioningEvent>) {
        if events.is_empty() {
            return;
        }
        let log = &mut self.change(at).logs.provisioning;
        for event in events {
            let same = |other: &ProvisioningEvent| {
                (&other.kind, &other.name, &other.action, &other.error_code)
                    == (&event.kind, &event.name, &event.action, &event.error_code)
            };
            log.retain(|other| !same(other));
            log.insert(0, event);
        }
        log.truncate(EVENTS_KEPT);
    }
}

/// Returns the interval of a job.
pub(super) fn interval(job: &SyncJob) -> Duration {
    Duration::from_secs(u64::from(job.interval_seconds.max(1)))
}

/// Returns the assigned groups whose ids are external ids in the Identity Store.
fn linked_groups(tenant: &Tenant, directory: &Directory) -> BTreeMap<ObjectId, GroupId> {
    let assignments = tenant.applications.iter().flat_map(|application| &application.assignments);
    let assigned: BTreeSet<&str> = assignments.map(|assignment| assignment.principal.as_str()).collect();
    let mut linked = BTreeMap::new();
    for group in directory.groups() {
        for external in &group.external_ids {
            let id = external.id.parse::<ObjectId>().ok().filter(|id| tenant.group(id).is_some());
            if let Some(id) = id.filter(|id| assigned.contains(id.as_str())) {
                linked.insert(id, group.id.clone());
            }
        }
    }
    linked
}
