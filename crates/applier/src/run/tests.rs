//! Runs against an Identity Center whose responses are faulty.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

use std::collections::BTreeSet;
use std::time::Duration;

use petgraph::graph::DiGraph;
use rolecall_model::operation::{AwaitedGroup, Node};
use rolecall_model::{
    AccountId, Assignment, AwsOperation, OperationGraph, PermissionSetName, Principal, ProvisionTarget,
};
use tokio_util::sync::CancellationToken;

use super::run;
use crate::bound::Bound;
use crate::outcome::Report;
use crate::schedule::Limits;
use crate::target::{
    Failure, IdentityCenter, NoDirectory, Refusal, Request, RequestKind, RequestStatus, Started, Target,
};

/// Gives every request the same id.
struct Faulty {
    /// Whether responses to operations show whether they were accepted.
    is_clear: bool,
    /// Whether the effect of operations can be read.
    has_effect: bool,
    /// The state of requests.
    status: Result<RequestStatus, Failure>,
    principal: Principal,
}

fn failure(code: &str) -> Failure {
    Failure { code: code.to_owned(), message: "faulty".to_owned(), request_id: None }
}

impl Target for Faulty {
    type Operation = AwsOperation;

    const CONFLICT_TIMEOUT: Duration = Duration::from_secs(1);

    async fn send(&self, operation: &AwsOperation) -> Result<Started, Refusal> {
        if !self.is_clear {
            return Err(Refusal::Unclear(failure("IncompleteResponse")));
        }
        let kind = match operation {
            AwsOperation::Provision { .. } => RequestKind::Provisioning,
            _ => RequestKind::AssignmentCreation,
        };
        Ok(Started::Pending(Request { kind, id: "the-same".to_owned() }))
    }

    async fn is_in_effect(&self, operation: &AwsOperation, _: &Failure) -> Result<bool, Failure> {
        Ok(self.has_effect && !matches!(operation, AwsOperation::Provision { .. }))
    }

    async fn wait_out_conflict(&self, _: u32) {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

impl IdentityCenter for Faulty {
    async fn await_group(&self, _: &AwaitedGroup, _: &CancellationToken) -> Result<Started, Failure> {
        Ok(Started::Done { request_id: None })
    }

    async fn in_progress(&self, _: RequestKind) -> Result<BTreeSet<String>, Failure> {
        Ok(BTreeSet::new())
    }

    async fn describe(&self, _: &Request) -> Result<RequestStatus, Failure> {
        self.status.clone()
    }

    async fn principals(&self, _: &PermissionSetName, _: AccountId) -> Result<BTreeSet<Principal>, Failure> {
        Ok(BTreeSet::from([self.principal.clone()]))
    }
}

fn account(number: u64) -> AccountId {
    AccountId::from_number(111_111_111_100 + number).unwrap()
}

fn principal() -> Principal {
    Principal::Group("9067642ac3-4f6c1d2e-0000-4000-8000-000000000001".parse().unwrap())
}

fn provision(number: u64) -> AwsOperation {
    AwsOperation::Provision {
        permission_set: format!("Set{number}").parse().unwrap(),
        target: ProvisionTarget::Account(account(number)),
    }
}

fn grant(number: u64) -> AwsOperation {
    AwsOperation::CreateAssignment(Assignment {
        permission_set: "Base".parse().unwrap(),
        account: account(number),
        principal: principal(),
    })
}

async fn run_all(operations: Vec<AwsOperation>, faulty: &Faulty) -> Report {
    let mut graph = DiGraph::new();
    for (at, operation) in operations.into_iter().enumerate() {
        let accounts = vec![account(at as u64)];
        graph.add_node(Node { operation: operation.into(), change: at, accounts });
    }
    let graph = OperationGraph::from(graph);
    let bound = Bound::<_, NoDirectory>::without_directory(&graph, faulty).unwrap();
    run(&bound, Limits::default(), CancellationToken::new(), |_| {}).await
}

fn codes(report: &Report) -> Vec<&str> {
    report.failures().map(|(_, failure)| failure.code.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn requests_of_one_id_end_though_nothing_tells_them_apart() {
    let faulty = Faulty {
        is_clear: true,
        has_effect: true,
        status: Ok(RequestStatus::Succeeded),
        principal: principal(),
    };
    let report = run_all(vec![provision(0), provision(1)], &faulty).await;
    assert_eq!(codes(&report), ["RepeatedRequestId", "RepeatedRequestId"]);
    // The effect of an assignment can be read.
    let report = run_all(vec![grant(0), grant(1)], &faulty).await;
    assert!(report.is_complete(), "{report:?}");
    let report = run_all(vec![grant(0), grant(1)], &Faulty { has_effect: false, ..faulty }).await;
    assert_eq!(codes(&report), ["RepeatedRequestId", "RepeatedRequestId"]);
}

#[tokio::test(start_paused = true)]
async fn the_live_state_decides_where_a_response_shows_nothing() {
    for is_clear in [true, false] {
        let faulty = Faulty {
            is_clear,
            has_effect: true,
            status: Err(failure("IncompleteResponse")),
            principal: principal(),
        };
        let report = run_all(vec![grant(0)], &faulty).await;
        assert!(report.is_complete(), "{report:?}");
        let report = run_all(vec![grant(0)], &Faulty { has_effect: false, ..faulty }).await;
        assert_eq!(codes(&report), ["IncompleteResponse"]);
    }
}
