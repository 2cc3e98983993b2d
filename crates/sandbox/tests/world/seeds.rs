//! Random fault plans: the same seed gives the same world.

use std::time::Duration;

use rolecall_sandbox::faults::{Chance, Deed, FaultPlan, Intensity, Intervention, Odds, When};
use rolecall_sandbox::{CallRecord, InjectedFault, InterventionRecord, JournalEntry, OperationRecord};

use crate::company::{INSTANCE, code, unassign};
use crate::{ACCOUNTS, GROUPS, assign, company, struck};

/// All observations of a run.
#[derive(Debug, PartialEq)]
struct Story {
    answers: Vec<Result<String, String>>,
    calls: Vec<CallRecord>,
    faults: Vec<InjectedFault>,
    interventions: Vec<InterventionRecord>,
    operations: Vec<OperationRecord>,
    journal: Vec<JournalEntry>,
}

/// A client that grants, lists and revokes for a quarter of an hour, and ignores errors.
async fn run(plan: FaultPlan) -> Story {
    let clients = struck(company(), plan);
    let deploy = clients.deploy();
    let mut answers = Vec::new();
    for number in 0..120 {
        let (group, account) = (GROUPS[number % 2], ACCOUNTS[1 + number % 3]);
        let listed = clients.sso.list_account_assignments().instance_arn(INSTANCE).account_id(account);
        answers.push(match number % 4 {
            0 | 1 => assign(&clients, "Deploy", group, account).await,
            2 => unassign(&clients, "Deploy", group, account).await,
            _ => listed
                .permission_set_arn(&deploy)
                .send()
                .await
                .map(|answer| format!("{:?}", answer.account_assignments))
                .map_err(|error| code(&error.into_service_error())),
        });
        tokio::time::sleep(Duration::from_secs(7)).await;
    }
    Story {
        answers,
        calls: clients.sandbox.calls(),
        faults: clients.sandbox.injected_faults(),
        interventions: clients.sandbox.interventions(),
        operations: clients.sandbox.asynchronous_operations(),
        journal: clients.sandbox.journal(),
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_requests_get_the_same_answers_under_the_same_seed() {
    let mut stories = Vec::new();
    for seed in 0..12 {
        let plan = FaultPlan::from_seed(seed, Intensity::Severe);
        assert_eq!(plan, FaultPlan::from_seed(seed, Intensity::Severe));
        let story = run(plan.clone()).await;
        assert_eq!(story, run(plan).await, "seed {seed}");
        stories.push(story);
    }
    assert!(stories.windows(2).all(|two| two[0] != two[1]), "other seeds, other stories");
    assert!(stories.iter().any(|story| !story.interventions.is_empty()));
    assert!(stories.iter().filter(|story| !story.faults.is_empty()).count() > 6);
}

/// A kind that is never drawn would never occur in the simulation.
#[test]
fn every_kind_of_fault_is_drawn_and_every_plan_ends() {
    let plans: Vec<FaultPlan> = (0..300).map(|seed| FaultPlan::from_seed(seed, Intensity::Rough)).collect();
    let some = |holds: &dyn Fn(&FaultPlan) -> bool| plans.iter().any(holds);
    let odds = |of: fn(&Odds) -> Chance| some(&|plan| of(&plan.odds) > Chance::NEVER);
    assert!(odds(|odds| odds.lost_before) && odds(|odds| odds.lost_after));
    assert!(odds(|odds| odds.error_before) && odds(|odds| odds.error_after));
    assert!(odds(|odds| odds.rate_exceeded) && odds(|odds| odds.too_many_processing));
    assert!(odds(|odds| odds.conflict));
    assert!(odds(|odds| odds.role_quota) && odds(|odds| odds.missing_policy));
    assert!(some(&|plan| !plan.competitors.is_empty()) && some(&|plan| !plan.expiries.is_empty()));
    assert!(some(&|plan| plan.principal_lists_refused) && some(&|plan| plan.lag.is_some()));
    let mut kinds: Vec<String> = Vec::new();
    for Intervention { when, deed } in plans.iter().flat_map(|plan| &plan.interventions) {
        match deed {
            Deed::Drawn(kind) => kinds.push(format!("{kind:?}")),
            Deed::Exactly(change) => panic!("a seed knows no world, and yet drew {change:?}"),
        }
        assert!(matches!(when, When::Request(1..=1_000) | When::Time(_)));
    }
    kinds.sort();
    kinds.dedup();
    assert_eq!(kinds, ["DeleteGroup", "Edit", "Grant", "Revoke", "SuspendAccount", "Tag"]);
    assert!(plans.iter().all(|plan| plan.horizon.requests == 1_000 && plan.horizon.time < Duration::MAX));
    assert!(plans.iter().all(|plan| plan.lag.is_none_or(|lag| lag.most <= Duration::from_secs(6))));
}
