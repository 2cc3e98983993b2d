//! Interventions, outdated lists, and the journal.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ssoadmin::types::{OperationStatusFilter, PrincipalType, StatusValues, Tag};
use rolecall_model::{AccountState, Assignment, GroupId, PermissionSet, Principal};
use rolecall_sandbox::faults::{
    AdminChange, Chance, ChangeKind, Deed, FaultPlan, Horizon, Intervention, Lag, Scope, When,
};
use rolecall_sandbox::{Actor, Change};

use crate::company::{INSTANCE, STORE, follow, id, name, unassign};
use crate::{ACCOUNTS, Clients, GROUPS, assign, company, struck};

fn group(number: usize) -> GroupId {
    GROUPS[number].parse().unwrap()
}

fn row(number: usize, account: usize) -> Assignment {
    Assignment {
        permission_set: name("Deploy"),
        account: id(ACCOUNTS[account]),
        principal: Principal::Group(group(number)),
    }
}

fn at_request(number: u64, change: AdminChange) -> Intervention {
    Intervention { when: When::Request(number), deed: Deed::Exactly(change) }
}

fn at_second(second: u64, change: AdminChange) -> Intervention {
    Intervention { when: When::Time(Duration::from_secs(second)), deed: Deed::Exactly(change) }
}

fn plan(interventions: Vec<Intervention>) -> FaultPlan {
    FaultPlan { interventions, ..FaultPlan::default() }
}

async fn list_rows(clients: &Clients) -> usize {
    let list = clients.sso.list_account_assignments().instance_arn(INSTANCE).account_id(ACCOUNTS[1]);
    let answer = list.permission_set_arn(clients.deploy()).send().await.unwrap();
    answer.account_assignments.unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn another_administrator_comes_before_a_certain_request() {
    let clients = struck(
        company(),
        plan(vec![
            at_request(2, AdminChange::Grant(row(1, 1))),
            at_request(3, AdminChange::Revoke(row(0, 1))),
            at_request(3, AdminChange::Revoke(row(0, 1))),
        ]),
    );
    assert_eq!(list_rows(&clients).await, 1);
    assert_eq!(list_rows(&clients).await, 2);
    assert_eq!(list_rows(&clients).await, 1);
    let effective: Vec<bool> = clients.sandbox.interventions().iter().map(|one| one.effective).collect();
    assert_eq!(effective, [true, true, false]);
    let journal = clients.sandbox.journal();
    assert!(journal.iter().all(|entry| entry.by == Actor::OtherAdministrator));
    assert_eq!(journal[0].change, Change::Granted(row(1, 1)));
    assert_eq!(journal[1].change, Change::Revoked(row(0, 1)));
    assert_eq!(journal.len(), 2, "the set was provisioned there already");
}

#[tokio::test(start_paused = true)]
async fn attributes_and_tags_are_changed_at_certain_times() {
    let edited =
        PermissionSet { description: Some("By hand".to_owned()), ..PermissionSet::new(name("Deploy")) };
    let tag = |key: &str, value: &str| AdminChange::Tag {
        permission_set: name("Deploy"),
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let untag = AdminChange::Untag { permission_set: name("Deploy"), key: "rolecall:stack".to_owned() };
    let clients = struck(
        company(),
        plan(vec![
            at_second(30, untag),
            at_second(10, AdminChange::Edit(Box::new(edited))),
            at_second(20, tag("team", "other")),
        ]),
    );
    tokio::time::sleep(Duration::from_secs(15)).await;
    let set = clients.sandbox.snapshot().permission_sets.remove(0);
    assert_eq!(set.details.unwrap().description.as_deref(), Some("By hand"));
    assert_eq!(set.outdated, BTreeSet::from([id(ACCOUNTS[1])]));
    assert_eq!(set.tags.len(), 1);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let set = clients.sandbox.snapshot().permission_sets.remove(0);
    assert_eq!(set.tags.into_iter().collect::<Vec<_>>(), [("team".to_owned(), "other".to_owned())]);
    let seconds: Vec<u64> = clients.sandbox.journal().iter().map(|entry| entry.at.as_secs()).collect();
    assert_eq!(seconds, [10, 20, 30]);
}

#[tokio::test(start_paused = true)]
async fn operations_in_progress_fail_when_their_account_is_suspended() {
    let clients = struck(company(), plan(vec![at_second(2, AdminChange::SuspendAccount(id(ACCOUNTS[2])))]));
    let request = assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[2]).await.unwrap();
    let (status, reason, _) = follow(&clients, &request).await;
    assert_eq!(status, StatusValues::Failed);
    assert!(reason.unwrap().contains("'200000000002' is taking longer than usual"));
    let described = clients.organizations.describe_account().account_id(ACCOUNTS[2]).send().await.unwrap();
    assert_eq!(described.account.unwrap().state.unwrap().as_str(), "SUSPENDED");
    assert_eq!(clients.sandbox.snapshot().account(id(ACCOUNTS[2])).unwrap().state, AccountState::Suspended);
}

#[tokio::test(start_paused = true)]
async fn the_assignments_of_a_deleted_group_stay_and_can_be_deleted() {
    let clients = struck(company(), plan(vec![at_request(2, AdminChange::DeleteGroup(group(0)))]));
    let describe = clients.store.describe_group().identity_store_id(STORE).group_id(GROUPS[0]);
    describe.clone().send().await.unwrap();
    assert!(describe.send().await.unwrap_err().into_service_error().is_resource_not_found_exception());
    assert_eq!(list_rows(&clients).await, 1);
    let refused = assign(&clients, "Deploy", GROUPS[0], ACCOUNTS[2]).await.unwrap_err();
    assert!(refused.starts_with("ResourceNotFoundException"), "{refused}");
    unassign(&clients, "Deploy", GROUPS[0], ACCOUNTS[1]).await.unwrap();
    clients.sandbox.settle();
    assert!(clients.sandbox.snapshot().assignments.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_drawn_stays_in_its_scope() {
    let kinds = [
        ChangeKind::Grant,
        ChangeKind::Revoke,
        ChangeKind::Edit,
        ChangeKind::Tag,
        ChangeKind::SuspendAccount,
        ChangeKind::DeleteGroup,
    ];
    for seed in 0..40 {
        let interventions =
            kinds.map(|kind| Intervention { when: When::Request(1), deed: Deed::Drawn(kind) });
        let scope = Scope {
            permission_sets: BTreeSet::from([name("Deploy")]),
            granted_groups: BTreeSet::from([group(1)]),
            revoked_groups: BTreeSet::from([group(1)]),
            deleted_groups: BTreeSet::from([group(0)]),
            suspended_accounts: BTreeSet::from([id(ACCOUNTS[0]), id(ACCOUNTS[3])]),
        };
        let plan = FaultPlan { seed, interventions: interventions.to_vec(), scope, ..FaultPlan::default() };
        let clients = struck(company(), plan);
        clients.sts.get_caller_identity().send().await.unwrap();
        let snapshot = clients.sandbox.snapshot();
        let changes = clients.sandbox.interventions();
        assert_eq!(changes.len(), 6);
        assert!(changes.iter().all(|one| one.effective), "{changes:?}");
        assert_eq!(snapshot.assignments, [row(0, 1)], "the row that was granted was the one to revoke");
        assert_eq!(snapshot.account(id(ACCOUNTS[3])).unwrap().state, AccountState::Suspended);
        assert_eq!(snapshot.groups.len(), 1);
        assert_eq!(snapshot.permission_sets[0].tags["rolecall:stack"], "acme");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_interferes_behind_the_horizon() {
    let horizon = Horizon { requests: 10, time: Duration::from_secs(10) };
    let interventions = vec![
        at_second(11, AdminChange::Revoke(row(0, 1))),
        at_request(11, AdminChange::SuspendAccount(id(ACCOUNTS[2]))),
    ];
    let clients = struck(company(), FaultPlan { horizon, interventions, ..FaultPlan::default() });
    tokio::time::sleep(Duration::from_secs(20)).await;
    for _ in 0..20 {
        clients.sts.get_caller_identity().send().await.unwrap();
    }
    assert_eq!(clients.sandbox.snapshot(), company());
}

fn lagging() -> FaultPlan {
    FaultPlan {
        lag: Some(Lag { chance: Chance::ALWAYS, most: Duration::from_secs(6) }),
        ..FaultPlan::default()
    }
}

#[tokio::test(start_paused = true)]
async fn lists_lag_behind_and_catch_up_while_descriptions_are_exact() {
    let clients = struck(company(), lagging());
    let filter = OperationStatusFilter::builder().status(StatusValues::Succeeded).build();
    let succeeded = clients.sso.list_account_assignment_creation_status().instance_arn(INSTANCE);
    let succeeded = succeeded.filter(filter);
    let by_principal = clients.sso.list_account_assignments_for_principal().instance_arn(INSTANCE);
    let by_principal = by_principal.principal_type(PrincipalType::Group).principal_id(GROUPS[1]);
    let request = assign(&clients, "Deploy", GROUPS[1], ACCOUNTS[1]).await.unwrap();
    follow(&clients, &request).await;

    let mut seen = [0; 3];
    for _ in 0..20 {
        seen[0] += list_rows(&clients).await - 1;
        seen[1] += by_principal.clone().send().await.unwrap().account_assignments.unwrap().len();
        let ended = succeeded.clone().send().await.unwrap().account_assignments_creation_status;
        seen[2] += ended.unwrap().len();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(seen.iter().all(|times| (1..20).contains(times)), "some are old and some are not: {seen:?}");
    tokio::time::sleep(Duration::from_secs(6)).await;
    for _ in 0..10 {
        assert_eq!(list_rows(&clients).await, 2);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_is_listed_late_and_described_at_once() {
    let clients = struck(company(), lagging());
    let made = clients.sso.create_permission_set().instance_arn(INSTANCE).name("Fresh");
    let arn = made.send().await.unwrap().permission_set.unwrap().permission_set_arn.unwrap();
    let mut late = 0;
    for _ in 0..10 {
        let describe = clients.sso.describe_permission_set().instance_arn(INSTANCE);
        describe.permission_set_arn(&arn).send().await.unwrap();
        let list = clients.sso.list_permission_sets().instance_arn(INSTANCE).send().await.unwrap();
        late += 2 - list.permission_sets.unwrap().len();
        let list = clients.sso.list_accounts_for_provisioned_permission_set().instance_arn(INSTANCE);
        list.permission_set_arn(&arn).send().await.expect("what a list is about is known at once");
    }
    assert!(late > 0);
}

/// An outdated list must not change the world, whatever happened since.
#[tokio::test(start_paused = true)]
async fn lists_that_lag_change_nothing() {
    let mut ends = Vec::new();
    for faults in [FaultPlan::default(), lagging()] {
        let clients = struck(company(), faults);
        let deploy = clients.deploy();
        for (group, account) in [(0, 1), (1, 1), (1, 2)] {
            if group == 0 {
                unassign(&clients, "Deploy", GROUPS[group], ACCOUNTS[account]).await.unwrap();
            } else {
                assign(&clients, "Deploy", GROUPS[group], ACCOUNTS[account]).await.unwrap();
            }
            for number in 0..30 {
                let update = clients.sso.update_permission_set().instance_arn(INSTANCE);
                let update = update.permission_set_arn(&deploy).description(format!("{group} {number}"));
                update.send().await.unwrap();
                let tag = Tag::builder().key("n").value(number.to_string()).build().unwrap();
                clients.sso.tag_resource().resource_arn(&deploy).tags(tag).send().await.unwrap();
                list_rows(&clients).await;
                clients.sso.list_permission_sets().instance_arn(INSTANCE).send().await.unwrap();
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
        ends.push((clients.sandbox.snapshot(), clients.sandbox.journal()));
    }
    assert_eq!(ends[0], ends[1]);
}

#[tokio::test(start_paused = true)]
async fn the_journal_tells_who_changed_what_and_when() {
    let clients = struck(company(), plan(vec![at_second(1, AdminChange::Grant(row(1, 2)))]));
    let made = clients.sso.create_permission_set().instance_arn(INSTANCE).name("Fresh");
    let arn = made.send().await.unwrap().permission_set.unwrap().permission_set_arn.unwrap();
    let delete = clients.sso.delete_permission_set().instance_arn(INSTANCE).permission_set_arn(arn);
    delete.send().await.unwrap();
    unassign(&clients, "Deploy", GROUPS[0], ACCOUNTS[1]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(300)).await;
    let journal = clients.sandbox.journal();
    let told: Vec<(Actor, &Change)> = journal.iter().map(|entry| (entry.by, &entry.change)).collect();
    let permission_set = name("Fresh");
    let deploy = || name("Deploy");
    assert_eq!(
        told,
        [
            (
                Actor::Client,
                &Change::SetCreated { permission_set: permission_set.clone(), tags: Default::default() }
            ),
            (Actor::Client, &Change::SetDeleted { permission_set }),
            (Actor::OtherAdministrator, &Change::Granted(row(1, 2))),
            (
                Actor::OtherAdministrator,
                &Change::Provisioned { permission_set: deploy(), account: id(ACCOUNTS[2]) }
            ),
            (Actor::Client, &Change::Revoked(row(0, 1))),
            (
                Actor::IdentityCenter,
                &Change::Deprovisioned { permission_set: deploy(), account: id(ACCOUNTS[1]) }
            ),
        ]
    );
    let operation = clients.sandbox.asynchronous_operations().remove(0);
    assert_eq!(journal[4].at, operation.started + operation.latency);
}
