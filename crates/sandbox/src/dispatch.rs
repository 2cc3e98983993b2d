//! Requests to AWS: admission, execution and answers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::call::{CallRecord, Outcome, Service};
use crate::failure::{Answer, Failure};
use crate::faults::{Moment, RequestFault, ServerError, is_asynchronous};
use crate::members::Members;
use crate::operation::OfferedOperation;
use crate::wire::{Reply, WireRequest, WireResponse};
use crate::world::World;
use crate::{identity_store, interventions, organizations, sso_admin, sts};

/// Returns all operations that the sandbox supports, by service and then by name.
pub fn operations() -> impl Iterator<Item = (Service, &'static str)> {
    [Service::Organizations, Service::SsoAdmin, Service::IdentityStore, Service::Sts]
        .into_iter()
        .flat_map(|service| offered_by(service).iter().map(move |operation| (service, operation.name)))
}

/// The operations of a service.
fn offered_by(service: Service) -> &'static [OfferedOperation] {
    match service {
        Service::Organizations => organizations::OPERATIONS,
        Service::SsoAdmin => sso_admin::OPERATIONS,
        Service::IdentityStore => identity_store::OPERATIONS,
        Service::Sts => sts::OPERATIONS,
        // Graph has routes, not operations.
        Service::Graph => &[],
    }
}

fn find(service: Service, name: &str) -> Option<&'static OfferedOperation> {
    offered_by(service).iter().find(|operation| operation.name == name)
}

/// A request for a supported operation.
#[derive(Debug)]
struct Call {
    service: Service,
    operation: &'static OfferedOperation,
    input: Value,
}

/// The prefixes of `X-Amz-Target`.
const TARGETS: &[(&str, Service)] = &[
    ("AWSIdentityStore", Service::IdentityStore),
    ("AWSOrganizationsV20161128", Service::Organizations),
    ("SWBExternalService", Service::SsoAdmin),
];

impl Call {
    /// Decodes the operation and input of a request.
    fn decode(request: &WireRequest) -> Result<Self, (Service, Failure)> {
        match &request.target {
            Some(target) => Self::decode_json(target, &request.body),
            None => Self::decode_query(&request.body),
        }
    }

    fn decode_json(target: &str, body: &[u8]) -> Result<Self, (Service, Failure)> {
        let (prefix, name) = target.split_once('.').unwrap_or((target, ""));
        let service = TARGETS.iter().find(|(known, _)| *known == prefix).map(|(_, service)| *service);
        let unknown = || (service.unwrap_or(Service::SsoAdmin), Failure::unknown_operation(target));
        let service = service.ok_or_else(unknown)?;
        let operation = find(service, name).ok_or_else(unknown)?;
        let input = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice(body) };
        let input = input.map_err(|error| (service, Failure::serialization(error.to_string())))?;
        Ok(Self { service, operation, input })
    }

    /// Decodes the action of a query. Actions need no percent-decoding, and parameters are not read.
    fn decode_query(body: &[u8]) -> Result<Self, (Service, Failure)> {
        let form = String::from_utf8_lossy(body);
        let mut fields = form.split('&').filter_map(|field| field.split_once('='));
        let action = fields.find(|(name, _)| *name == "Action").map_or("", |(_, action)| action);
        let operation = find(Service::Sts, action).ok_or((Service::Sts, Failure::invalid_action(action)))?;
        Ok(Self { service: Service::Sts, operation, input: Value::Object(Map::new()) })
    }
}

/// The members of requests that identify the subject of a call.
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

impl World {
    /// Answers a request at `now`, or injects a fault.
    pub(crate) fn handle(&mut self, now: Duration, request: &WireRequest) -> Reply {
        self.advance(now);
        let request_id = self.source.request_id();
        let call = match Call::decode(request) {
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

    /// Admits the request and carries it out. A caller that is refused learns nothing else.
    fn answer(&mut self, call: &Call, fault: Option<RequestFault>) -> Answer {
        let (service, operation) = (call.service, call.operation.name);
        for at in self.course.competing_requests(self.now) {
            self.limits.compete(at);
        }
        if fault == Some(RequestFault::Expired) {
            return Err(Failure::expired(service));
        }
        if let Err(too_soon) = self.limits.admit(self.now, service, operation) {
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
        // The subject of a list may be newer than the outdated state.
        Ok(self.look_back(then, |world| (call.operation.run)(world, &members)).unwrap_or(answer))
    }

    /// Returns the error of a fault that occurs before the request takes effect.
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
}

fn logged_members(call: &Call) -> BTreeMap<&'static str, String> {
    let text = |name: &'static str| Some((name, call.input.get(name)?.as_str()?.to_owned()));
    LOGGED_MEMBERS.iter().filter_map(|name| text(name)).collect()
}
