//! Requests to Graph: admission, execution and answers.

use std::time::Duration;

use serde_json::Value;

use super::ask::{Ask, Handled, Route, Run};
use super::batch;
use super::routes::{self, Found};
use super::wire::{GraphAnswer, GraphFailure, GraphReply, GraphRequest, GraphResponse};
use crate::call::{CallRecord, Outcome, Service};
use crate::faults::{Moment, RequestFault};
use crate::interventions;
use crate::world::World;

impl World {
    /// Answers a request to Graph at `now`, or injects a fault.
    pub(crate) fn handle_graph(&mut self, now: Duration, request: &GraphRequest) -> GraphReply {
        self.advance(now);
        let request_id = self.source.request_id();
        let Handled { answer, fault } = self.graph_request(request, false);
        let at = self.calendar(self.now);
        match fault {
            Some(RequestFault::ConnectionLost(Moment::BeforeEffect)) => GraphReply::NeverArrived,
            Some(RequestFault::ConnectionLost(Moment::AfterEffect)) => GraphReply::AnswerLost,
            Some(RequestFault::Error(error, _)) => {
                GraphReply::Answer(GraphResponse::broken(request, request_id, error, at))
            }
            Some(
                RequestFault::RateExceeded
                | RequestFault::TooManyProcessing
                | RequestFault::Conflict
                | RequestFault::Expired,
            )
            | None => GraphReply::Answer(GraphResponse::new(request, request_id, answer, at)),
        }
    }

    /// Handles one request. The token of a request in a batch has been checked already.
    pub(super) fn graph_request(&mut self, request: &GraphRequest, in_batch: bool) -> Handled {
        let refused = |answer| Handled { answer: Err(answer), fault: None };
        let (route, path, parameters) = match routes::find(&request.method, &request.path) {
            Found::Route(route, path, parameters) => (route, path, parameters),
            Found::OtherMethod => {
                return refused(GraphFailure::new(
                    405,
                    "MethodNotAllowed",
                    "The method is not allowed here.",
                ));
            }
            Found::Nothing => {
                let message = format!("The sandbox does not offer the path '{}'.", request.path);
                return refused(GraphFailure::invalid(message));
            }
        };
        self.course.count(route.name);
        for (number, intervention) in self.course.take_counted(self.now) {
            interventions::carry_out(self, number, intervention, self.now);
        }
        let fault = self.course.strike(self.now, Service::Graph, route.name);
        if fault == Some(RequestFault::ConnectionLost(Moment::BeforeEffect)) {
            let answer = Err(GraphFailure::new(504, "GatewayTimeout", "The gateway got no answer."));
            return Handled { answer, fault };
        }
        let keys = route.parameter_names().zip(parameters.iter().cloned()).collect();
        let answer = self.admit_graph(route, request, fault, in_batch).and_then(|()| {
            let body = if matches!(route.run, Run::Open(_)) || request.body.is_empty() {
                Value::Null
            } else {
                serde_json::from_slice(&request.body).map_err(|error| {
                    GraphFailure::invalid(format!("Unable to read JSON request payload: {error}"))
                })?
            };
            let (query, base, eventual) = (&request.query, &request.base, request.eventual);
            let ask =
                Ask { route, path, parameters, query, body: &body, text: &request.body, eventual, base };
            self.run_route(&ask)
        });
        let outcome = answer.as_ref().err().map_or(Outcome::Ok, |failure| Outcome::Failed(failure.code));
        let record =
            CallRecord { at: self.now, service: Service::Graph, operation: route.name, keys, outcome };
        if let Some(tenancy) = &mut self.tenancy {
            tenancy.log.add(record);
        }
        Handled { answer, fault }
    }

    /// Checks token and rate, and injects faults. A caller that is refused learns nothing else.
    fn admit_graph(
        &mut self,
        route: &'static Route,
        request: &GraphRequest,
        fault: Option<RequestFault>,
        in_batch: bool,
    ) -> Result<(), GraphFailure> {
        let now = self.now;
        let Some(tenancy) = &mut self.tenancy else {
            return Err(GraphFailure::new(404, "TenantNotFound", "The sandbox has no Entra tenant."));
        };
        if fault == Some(RequestFault::Expired) {
            return Err(GraphFailure::unauthorized("Lifetime validation failed, the token is expired."));
        }
        if !in_batch && !matches!(route.run, Run::Open(_)) {
            tenancy.check_token(request.bearer.as_deref(), now)?;
        }
        if let Err(retry_after) = tenancy.windows.admit(now, route.family, route.cost) {
            self.observations.refusals.graph.add(true);
            return Err(GraphFailure::throttled(retry_after));
        }
        match fault {
            None
            | Some(
                RequestFault::ConnectionLost(_)
                | RequestFault::Error(_, Moment::AfterEffect)
                | RequestFault::Expired,
            ) => Ok(()),
            Some(RequestFault::Error(error, Moment::BeforeEffect)) => Err(GraphFailure::of_server(error)),
            Some(RequestFault::RateExceeded | RequestFault::TooManyProcessing) => {
                self.observations.refusals.graph.add(false);
                Err(GraphFailure::throttled(route.family.usual_wait()))
            }
            Some(RequestFault::Conflict) => Err(GraphFailure::new(
                409,
                "Directory_ConcurrencyViolation",
                "The object was changed by another request at the same time. Please try again.",
            )),
        }
    }

    fn run_route(&mut self, ask: &Ask<'_>) -> GraphAnswer {
        let run = match ask.route.run {
            Run::Batch => return batch::run(self, ask),
            Run::Graph(run) | Run::Open(run) => run,
        };
        let lag = if ask.route.lags() { self.course.lag(self.now) } else { None };
        let then = lag.map(|lag| self.now.saturating_sub(lag));
        self.with_tenancy(|world, tenancy| {
            tenancy.look_back(then);
            let answer = run(tenancy, world, ask);
            tenancy.look_back(None);
            answer
        })
        .unwrap_or_else(|| Err(GraphFailure::new(404, "TenantNotFound", "The sandbox has no Entra tenant.")))
    }
}
