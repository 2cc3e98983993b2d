//! Provisioning cycles, and provisioning on demand.

use std::time::Duration;

use rolecall_model::ObjectId;
use rolecall_model::entra::{Quarantine, SyncState};

use super::provisioning::{self, Members, Wanted};
use super::secrets::{REFUSED, REFUSED_MESSAGE};
use super::tenancy::{Due, QUARANTINE_INTERVAL, Tenancy, interval};
use crate::world::World;

/// The number of consecutive failed cycles after which a job goes into quarantine. Entra ID's is not documented.
const FAILURES_TO_QUARANTINE: u32 = 3;
/// The time in quarantine after which a job is disabled (documentation of the quarantine: four weeks).
const LONGEST_QUARANTINE: Duration = Duration::from_secs(28 * 24 * 60 * 60);

/// Carries out what is due at a time.
pub(super) fn carry_out(world: &mut World, tenancy: &mut Tenancy, at: Duration, due: Due) {
    match due {
        Due::Cycle(service_principal, job) => {
            let run = tenancy.runs.entry((service_principal.clone(), job.clone())).or_default();
            // The cycle may have been postponed or cancelled.
            if run.next == Some(at) {
                run.next = None;
                run_cycle(world, tenancy, at, &service_principal, &job);
            }
        }
        Due::OnDemand { service_principal, job, group, members } => {
            // The group may have been unassigned since.
            let is_assigned = provisioning::is_assigned(tenancy.tenant(), &service_principal, &group);
            if let Some(job) = tenancy.job(&service_principal, &job).cloned().filter(|_| is_assigned) {
                let wanted = [Wanted { group, members: Members::Only(members) }];
                provisioning::carry(world, tenancy, at, &job, &wanted);
            }
        }
    }
}

/// Runs one cycle. It compares everything, like an initial cycle; the result is that of an incremental one.
fn run_cycle(world: &mut World, tenancy: &mut Tenancy, at: Duration, service_principal: &ObjectId, id: &str) {
    let Some(job) = tenancy.job(service_principal, id).cloned() else { return };
    if !matches!(job.state, SyncState::Active | SyncState::Quarantine) {
        return;
    }
    let now = world.calendar(at);
    if !tenancy.has_good_secrets(service_principal) {
        fail(world, tenancy, at, service_principal, id);
        return;
    }
    let tenant = tenancy.share();
    let wanted: Vec<Wanted> = provisioning::assigned_groups(&tenant, service_principal)
        .map(|group| Wanted { group: group.clone(), members: Members::All })
        .collect();
    drop(tenant);
    provisioning::remove_unassigned(world, tenancy, at);
    provisioning::carry(world, tenancy, at, &job, &wanted);
    if let Some(job) = tenancy.change_job(at, service_principal, id) {
        job.state = SyncState::Active;
        job.quarantine = None;
        job.failures_in_a_row = 0;
        job.last_error = None;
        job.last_success = Some(now);
    }
    let run = tenancy.runs.entry((service_principal.clone(), id.to_owned())).or_default();
    run.last = Some(now);
    run.steady_since.get_or_insert(now);
    tenancy.run_at(service_principal, id, at + interval(&job));
}

/// Records a cycle whose credentials are refused.
fn fail(world: &mut World, tenancy: &mut Tenancy, at: Duration, service_principal: &ObjectId, id: &str) {
    let now = world.calendar(at);
    let Some(job) = tenancy.change_job(at, service_principal, id) else { return };
    job.failures_in_a_row = job.failures_in_a_row.saturating_add(1);
    let error = format!("{REFUSED}: {REFUSED_MESSAGE}");
    job.last_error = Some(error.clone());
    let mut wait = Some(interval(job));
    if job.state == SyncState::Quarantine {
        let since = job.quarantine.as_ref().and_then(|quarantine| quarantine.since);
        let is_over = since.is_some_and(|since| {
            u64::try_from(now.as_second() - since.as_second()).unwrap_or(0) >= LONGEST_QUARANTINE.as_secs()
        });
        wait = Some(QUARANTINE_INTERVAL).filter(|_| !is_over);
        if is_over {
            job.state = SyncState::Paused;
        }
    } else if job.failures_in_a_row >= FAILURES_TO_QUARANTINE {
        job.state = SyncState::Quarantine;
        job.quarantine = Some(Quarantine {
            reason: "EncounteredQuarantineException".to_owned(),
            message: Some(error),
            since: Some(now),
        });
        wait = Some(QUARANTINE_INTERVAL);
    }
    tenancy.runs.entry((service_principal.clone(), id.to_owned())).or_default().last = Some(now);
    if let Some(wait) = wait {
        tenancy.run_at(service_principal, id, at + wait);
    }
}
