//! The state of the world, and the one way in: a request at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use rolecall_model::Snapshot;
use rolecall_model::snapshot::{Caller, Coverage, Instance};
use serde_json::{Value, json};

use crate::agenda::{Agenda, Due};
use crate::call::{CallLog, CallRecord, Outcome, Service};
use crate::failure::{Answer, Failure};
use crate::identity_store::{self, Directory};
use crate::limits::Limits;
use crate::members::Members;
use crate::organizations::{self, OrganizationTree};
use crate::paging::PageRule;
use crate::permission_sets::PermissionSets;
use crate::random::Source;
use crate::rows::Rows;
use crate::settings::Settings;
use crate::wire::{Call, WireRequest, WireResponse};
use crate::{sso_admin, sts};

/// An operation that the sandbox offers.
#[derive(Debug)]
pub(crate) struct OfferedOperation {
    /// Its name in the service model.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) run: fn(&mut World, &Members<'_>) -> Answer,
}

/// All operations that the sandbox offers, by service and then by name.
pub fn operations() -> impl Iterator<Item = (Service, &'static str)> {
    [Service::Organizations, Service::SsoAdmin, Service::IdentityStore, Service::Sts]
        .into_iter()
        .flat_map(|service| offered_by(service).iter().map(move |operation| (service, operation.name)))
}

/// The operations of a service.
pub(crate) fn offered_by(service: Service) -> &'static [OfferedOperation] {
    match service {
        Service::Organizations => organizations::OPERATIONS,
        Service::SsoAdmin => sso_admin::OPERATIONS,
        Service::IdentityStore => identity_store::OPERATIONS,
        Service::Sts => sts::OPERATIONS,
    }
}

/// The members of requests that tell one call from another.
const LOGGED_MEMBERS: &[&str] = &[
    "AccountAssignmentCreationRequestId",
    "AccountAssignmentDeletionRequestId",
    "AccountId",
    "ChildId",
    "GroupId",
    "ManagedPolicyArn",
    "Name",
    "ParentId",
    "PermissionSetArn",
    "PrincipalId",
    "PrincipalType",
    "ProvisionPermissionSetRequestId",
    "ResourceArn",
    "ResourceId",
    "TargetId",
    "TargetType",
    "UserId",
];

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
    pub(crate) permission_sets: PermissionSets,
    pub(crate) rows: Rows,
    pub(crate) agenda: Agenda,
    pub(crate) coverage: Coverage,
    pub(crate) source: Source,
    limits: Limits,
    log: CallLog,
}

impl World {
    pub(crate) fn new(mut snapshot: Snapshot, settings: Settings) -> Self {
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
        } = snapshot;
        Self {
            now: Duration::ZERO,
            instance,
            caller,
            organization: OrganizationTree::new(organization),
            directory: Directory::new(groups, users),
            permission_sets: PermissionSets::from_live(permission_sets),
            rows: Rows::from_sorted(&assignments),
            agenda: Agenda::default(),
            coverage,
            source: Source::new(settings.seed),
            limits: Limits::default(),
            log: CallLog::default(),
            settings,
        }
    }

    /// Answers a request that comes in at `now`.
    pub(crate) fn handle(&mut self, now: Duration, request: &WireRequest) -> WireResponse {
        self.advance(now);
        let request_id = self.source.request_id();
        match request.decode() {
            Ok(call) => {
                let answer = self.answer(&call);
                self.log.add(CallRecord {
                    at: self.now,
                    service: call.service,
                    operation: call.operation.name,
                    keys: logged_members(&call),
                    outcome: answer
                        .as_ref()
                        .err()
                        .map_or(Outcome::Ok, |failure| Outcome::Failed(failure.kind)),
                });
                WireResponse::new(call.service, call.operation.name, request_id, answer)
            }
            Err((service, failure)) => WireResponse::new(service, "", request_id, Err(failure)),
        }
    }

    /// Judges the request, then carries it out.
    fn answer(&mut self, call: &Call) -> Answer {
        self.limits.judge(self.now, call.service, call.operation.name)?;
        let input =
            call.input.as_object().ok_or_else(|| Failure::serialization("The body must be a structure."))?;
        (call.operation.run)(self, &Members::new(call.service, call.operation.name, input))
    }

    /// Lets everything happen that is due by `now`.
    pub(crate) fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        self.carry_out_until(self.now);
    }

    /// Lets everything that is under way come to its end, whenever that is due.
    pub(crate) fn settle(&mut self) {
        self.carry_out_until(Duration::MAX);
    }

    fn carry_out_until(&mut self, end: Duration) {
        while let Some((at, due)) = self.agenda.take_due(end) {
            match due {
                Due::Request(number) => sso_admin::finish(self, number, at),
                Due::Departure(name, account) => sso_admin::finish_departure(self, &name, account, at),
            }
        }
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
        }
    }

    pub(crate) fn calls(&self) -> Vec<CallRecord> {
        self.log.records()
    }

    pub(crate) fn call_counts(&self) -> BTreeMap<String, u64> {
        self.log.counts()
    }

    /// Whether the caller administers Identity Center by delegation.
    pub(crate) fn caller_is_delegated(&self) -> bool {
        self.caller.account != self.organization.management_account()
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

fn logged_members(call: &Call) -> BTreeMap<&'static str, String> {
    let text = |name: &'static str| Some((name, call.input.get(name)?.as_str()?.to_owned()));
    LOGGED_MEMBERS.iter().filter_map(|name| text(name)).collect()
}
