//! The state of the world, and the one way in: a request at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use rolecall_model::snapshot::{Caller, Coverage, Instance};
use rolecall_model::{AccessControlState, Snapshot};
use serde_json::{Value, json};

use crate::agenda::{Agenda, Due};
use crate::call::{CallLog, CallRecord, Outcome, Service};
use crate::changes::Past;
use crate::failure::{Answer, Failure};
use crate::faults::{Course, Moment, RequestFault, ServerError, is_asynchronous};
use crate::identity_store::{self, Directory};
use crate::interventions;
use crate::limits::Limits;
use crate::members::Members;
use crate::observations::{Observations, OperationRecord};
use crate::organizations::{self, OrganizationTree};
use crate::paging::PageRule;
use crate::permission_sets::PermissionSets;
use crate::random::Source;
use crate::rows::Rows;
use crate::settings::Settings;
use crate::wire::{Call, Reply, WireRequest, WireResponse};
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
            access_control,
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

    /// Answers a request that comes in at `now`, or strikes it.
    pub(crate) fn handle(&mut self, now: Duration, request: &WireRequest) -> Reply {
        self.advance(now);
        let request_id = self.source.request_id();
        let call = match request.decode() {
            Ok(call) => call,
            Err((service, failure)) => {
                return Reply::Answer(WireResponse::new(service, "", request_id, Err(failure)));
            }
        };
        let (service, operation) = (call.service, call.operation.name);
        self.course.count(operation);
        for (number, intervention) in self.course.take_counted(self.now) {
            interventions::carry_out(self, number, intervention, self.now);
        }
        let fault = self.course.strike(self.now, service, operation);
        if fault == Some(RequestFault::ConnectionLost(Moment::BeforeEffect)) {
            return Reply::NeverArrived;
        }
        let operations = self.agenda.len();
        let answer = self.answer(&call, fault);
        self.log.add(CallRecord {
            at: self.now,
            service,
            operation,
            keys: logged_members(&call),
            outcome: answer.as_ref().err().map_or(Outcome::Ok, |failure| Outcome::Failed(failure.kind)),
        });
        match fault {
            Some(RequestFault::ConnectionLost(_)) => {
                self.agenda.forget_from(operations);
                Reply::AnswerLost
            }
            Some(RequestFault::Error(error, _)) => {
                self.agenda.forget_from(operations);
                Reply::Answer(WireResponse::broken(service, operation, request_id, error))
            }
            Some(
                RequestFault::RateExceeded
                | RequestFault::TooManyProcessing
                | RequestFault::Conflict
                | RequestFault::Expired,
            )
            | None => Reply::Answer(WireResponse::new(service, operation, request_id, answer)),
        }
    }

    /// Judges the request, then carries it out. Whoever is not let in learns no more than that.
    fn answer(&mut self, call: &Call, fault: Option<RequestFault>) -> Answer {
        let (service, operation) = (call.service, call.operation.name);
        for at in self.course.competing_requests(self.now) {
            self.limits.compete(at);
        }
        if fault == Some(RequestFault::Expired) {
            return Err(Failure::expired(service));
        }
        if let Err(too_soon) = self.limits.judge(self.now, service, operation) {
            self.observations.refusals.rate.add(too_soon.provoked);
            return Err(Failure::rate_exceeded(service));
        }
        if let Some(fault) = fault {
            self.refuse_by_fault(service, operation, fault)?;
        }
        let input =
            call.input.as_object().ok_or_else(|| Failure::serialization("The body must be a structure."))?;
        let members = Members::new(service, operation, input);
        let answer = (call.operation.run)(self, &members)?;
        let lag = if sso_admin::lags(service, operation) { self.course.lag(self.now) } else { None };
        let Some(lag) = lag else { return Ok(answer) };
        let then = self.now.saturating_sub(lag);
        // What a list is about may be newer than what it shows.
        Ok(self.look_back(then, |world| (call.operation.run)(world, &members)).unwrap_or(answer))
    }

    /// The error of a fault that comes before the request takes effect.
    fn refuse_by_fault(
        &mut self,
        service: Service,
        operation: &'static str,
        fault: RequestFault,
    ) -> Result<(), Failure> {
        let refusals = &mut self.observations.refusals;
        match fault {
            RequestFault::ConnectionLost(_) | RequestFault::Error(_, Moment::AfterEffect) => Ok(()),
            RequestFault::Error(error, Moment::BeforeEffect) => Err(match error {
                ServerError::Internal => Failure::internal(service),
                ServerError::BadGateway => Failure::without_reason("HTTP 502"),
                ServerError::Unavailable => Failure::without_reason("HTTP 503"),
            }),
            RequestFault::RateExceeded => {
                refusals.rate.add(false);
                Err(Failure::rate_exceeded(service))
            }
            RequestFault::TooManyProcessing => {
                let provisions = operation == "ProvisionPermissionSet";
                let count = if provisions { &mut refusals.provisions } else { &mut refusals.outstanding };
                count.add(false);
                Err(Failure::too_many_processing())
            }
            RequestFault::Conflict => {
                if is_asynchronous(operation) {
                    refusals.account_busy.add(false);
                }
                Err(Failure::conflict(
                    "Could not process the request because of a conflicting operation in progress. \
                     Please try again later.",
                ))
            }
            RequestFault::Expired => Err(Failure::expired(service)),
        }
    }

    /// Lets everything happen that is due by `now`, interventions included.
    pub(crate) fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        loop {
            // Of two things at one time, what a client asked for comes first.
            let next = self.agenda.next_due();
            if let Some((at, number, intervention)) = self.course.take_timed(self.now, next) {
                interventions::carry_out(self, number, intervention, at);
            } else if !self.carry_out_next(self.now) {
                break;
            }
        }
    }

    /// Lets everything that is under way come to its end, whenever that is due. Interventions that are still to come
    /// are not under way.
    pub(crate) fn settle(&mut self) {
        while self.carry_out_next(Duration::MAX) {}
    }

    /// Carries out what is due next, if it is by `end`.
    fn carry_out_next(&mut self, end: Duration) -> bool {
        let Some((at, due)) = self.agenda.take_due(end) else { return false };
        match due {
            Due::Request(number) => sso_admin::finish(self, number, at),
            Due::Departure(name, account) => sso_admin::finish_departure(self, &name, account, at),
            Due::AccessControl => sso_admin::finish_access_control(self, at),
        }
        true
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
