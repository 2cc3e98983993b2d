//! Operations from their sending to their end, and what is made of AWS's "already there" and "already gone".

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rolecall_applier::{
    CancellationToken, Failure, IdentityCenter as _, RequestKind, RequestStatus, Started, Target as _,
};
use rolecall_model::operation::Attributes;
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::LivePermissionSet;
use rolecall_model::{
    AccessControlState, Assignment, AwsOperation, Boundary, Edit, PermissionSet, Principal, ProvisionTarget,
    SessionDuration, Snapshot,
};
use rolecall_sandbox::{Sandbox, Settings};

use super::interposed::{Deal, interposed, refusal};
use super::observing::connected;
use super::world::{
    account, attributes as attributes_of, customer_policy, grant, group, name, policy, user, world,
};
use crate::{AwsTarget, Scope, observe};

const VIEW: &str = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess";

/// A target that reaches the sandbox past this dealer.
async fn target(
    sandbox: &Sandbox,
    dealer: impl Fn(&str, usize) -> Deal + Send + Sync + 'static,
) -> AwsTarget {
    AwsTarget::new(connected(interposed(sandbox.http_client(), dealer)).await, &world())
}

async fn plain_target() -> (Sandbox, AwsTarget) {
    let sandbox = Sandbox::new(world(), Settings::default());
    let target = target(&sandbox, |_, _| Deal::Pass).await;
    (sandbox, target)
}

/// Starts an operation, and is not stopped.
async fn start(target: &AwsTarget, operation: &AwsOperation) -> Result<Started, Failure> {
    target.start(operation, &CancellationToken::new()).await
}

/// Carries an operation out to its end.
async fn run(target: &AwsTarget, operation: &AwsOperation) -> Result<(), Failure> {
    let request = match start(target, operation).await? {
        Started::Done { .. } => return Ok(()),
        Started::Pending(request) => request,
    };
    loop {
        match target.describe(&request).await? {
            RequestStatus::InProgress => tokio::time::sleep(Duration::from_secs(1)).await,
            RequestStatus::Succeeded => return Ok(()),
            RequestStatus::Failed { reason } => {
                return Err(Failure { code: "FAILED".to_owned(), message: reason, request_id: None });
            }
        }
    }
}

/// Attributes that all have a value, so that one that is not sent is missed.
fn every_attribute() -> Attributes {
    Attributes {
        description: Some("Looks on".to_owned()),
        session: "2h".parse().unwrap(),
        relay_state: Some("https://console.aws.amazon.com/cloudwatch".to_owned()),
    }
}

/// Attributes that clear everything that can be cleared.
fn only_session(session: &str) -> Attributes {
    Attributes { description: None, session: session.parse().unwrap(), relay_state: None }
}

fn create(set: &str) -> AwsOperation {
    AwsOperation::CreatePermissionSet {
        permission_set: name(set),
        attributes: every_attribute(),
        tags: BTreeMap::from([(STACK_TAG.to_owned(), "acme".to_owned())]),
    }
}

fn set_access_control(sources: &[(&str, &str)], is_new: bool) -> AwsOperation {
    AwsOperation::SetAccessControl { attributes: attributes_of(sources), is_new }
}

fn edit(set: &str, edit: Edit) -> AwsOperation {
    AwsOperation::Edit { permission_set: name(set), edit }
}

/// Every kind of operation, in an order in which AWS takes them.
fn every_kind() -> Vec<AwsOperation> {
    let tags = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let provision = |target| AwsOperation::Provision { permission_set: name("Deploy"), target };
    vec![
        create("Watch"),
        edit("Watch", Edit::AttachManagedPolicy(VIEW.to_owned())),
        edit("Watch", Edit::AttachCustomerPolicy(customer_policy("watch", "/ops/"))),
        edit("Watch", Edit::PutInlinePolicy(policy("ec2:Describe*"))),
        edit("Watch", Edit::PutBoundary(Boundary::ManagedPolicy(VIEW.to_owned()))),
        edit("Watch", Edit::Tag(tags(&[("owner", "ops"), ("cost", "1")]))),
        edit("Watch", Edit::Untag(BTreeSet::from(["cost".to_owned()]))),
        AwsOperation::CreateAssignment(grant("Watch", 20, 5)),
        edit("Deploy", Edit::SetAttributes(only_session("4h"))),
        edit("Base", Edit::SetAttributes(every_attribute())),
        edit("Deploy", Edit::DetachManagedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned())),
        edit("Deploy", Edit::DetachCustomerPolicy(customer_policy("deploy-base", "/platform/"))),
        edit("Deploy", Edit::DeleteInlinePolicy),
        edit("Deploy", Edit::DeleteBoundary),
        edit("Base", Edit::PutBoundary(Boundary::CustomerPolicy(customer_policy("dev-boundary", "/")))),
        provision(ProvisionTarget::Account(account(1))),
        provision(ProvisionTarget::AllProvisionedAccounts),
        AwsOperation::DeleteAssignment(Assignment {
            principal: Principal::User(user(200)),
            ..grant("Deploy", 9, 1)
        }),
        AwsOperation::DeleteAssignment(grant("Plain1", 3, 1)),
        AwsOperation::DeletePermissionSet { permission_set: name("Plain1") },
        set_access_control(&[("title", "${path:title}")], false),
    ]
}

/// What the world looks like when all of them are done. The ARN of the new set is the sandbox's to choose.
fn every_kind_done(watch_arn: String) -> Snapshot {
    let mut wanted = world();
    wanted.permission_sets.retain(|set| set.name != name("Plain1"));
    let mut watch = PermissionSet::new(name("Watch"));
    every_attribute().apply_to(&mut watch);
    watch.managed_policies = BTreeSet::from([VIEW.to_owned()]);
    watch.customer_policies = BTreeSet::from([customer_policy("watch", "/ops/")]);
    watch.inline_policy = Some(policy("ec2:Describe*"));
    watch.boundary = Some(Boundary::ManagedPolicy(VIEW.to_owned()));
    wanted.permission_sets.push(LivePermissionSet {
        arn: watch_arn,
        name: name("Watch"),
        tags: BTreeMap::from([
            (STACK_TAG.to_owned(), "acme".to_owned()),
            ("owner".to_owned(), "ops".to_owned()),
        ]),
        details: Some(watch),
        provisioned: BTreeSet::from([account(20)]),
        outdated: BTreeSet::new(),
    });
    for set in &mut wanted.permission_sets {
        let details = set.details.as_mut().unwrap();
        if set.name == name("Deploy") {
            let kept = BTreeSet::from(["arn:aws:iam::aws:policy/job-function/SupportUser".to_owned()]);
            *details = PermissionSet {
                session: SessionDuration::from_minutes(240).unwrap(),
                managed_policies: kept,
                ..PermissionSet::new(name("Deploy"))
            };
        }
        if set.name == name("Base") {
            every_attribute().apply_to(details);
            details.boundary = Some(Boundary::CustomerPolicy(customer_policy("dev-boundary", "/")));
            set.outdated.clone_from(&set.provisioned);
        }
    }
    wanted.access_control = AccessControlState::On(attributes_of(&[("title", "${path:title}")]));
    wanted.assignments.push(grant("Watch", 20, 5));
    wanted
        .assignments
        .retain(|row| row.permission_set != name("Plain1") && row.principal != Principal::User(user(200)));
    wanted.sort();
    wanted
}

async fn run_every_kind(dealer: impl Fn(&str, usize) -> Deal + Send + Sync + 'static) {
    let sandbox = Sandbox::new(world(), Settings::default());
    let target = target(&sandbox, dealer).await;
    for operation in every_kind() {
        if let Err(failure) = run(&target, &operation).await {
            panic!("{operation}: {failure}");
        }
    }
    let scope = Scope { everything: true, ..Scope::default() };
    let read = observe(&connected(sandbox.http_client()).await, &scope, &|_| {}).await.unwrap();
    let watch = read.permission_set(&name("Watch")).unwrap().arn.clone();
    assert_eq!(read, every_kind_done(watch));
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_operation_does_what_it_says() {
    run_every_kind(|_, _| Deal::Pass).await;
}

/// What is sent again after its answer was lost finds its own doing, and is done all the same.
#[tokio::test(start_paused = true)]
async fn every_kind_of_operation_survives_the_loss_of_its_answer() {
    run_every_kind(|_, number| if number == 1 { Deal::LoseAnswer } else { Deal::Pass }).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_already_or_there_already_is_done() {
    let (sandbox, target) = plain_target().await;
    for operation in [
        AwsOperation::DeleteAssignment(grant("Deploy", 9, 99)),
        edit("Base", Edit::DetachManagedPolicy(VIEW.to_owned())),
        edit("Base", Edit::DetachCustomerPolicy(customer_policy("none", "/"))),
        edit("Plain1", Edit::DeleteBoundary),
        edit("Plain1", Edit::Untag(BTreeSet::from(["none".to_owned()]))),
        edit("Deploy", Edit::AttachCustomerPolicy(customer_policy("deploy-base", "/platform/"))),
        edit("Deploy", Edit::AttachManagedPolicy("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned())),
    ] {
        assert_eq!(run(&target, &operation).await, Ok(()), "{operation}");
    }
    assert_eq!(sandbox.snapshot().assignments, world().assignments);
}

#[tokio::test(start_paused = true)]
async fn a_set_is_deleted_once_it_has_left_its_accounts_and_deleting_it_again_is_done() {
    let (sandbox, target) = plain_target().await;
    run(&target, &AwsOperation::DeleteAssignment(grant("Plain2", 3, 2))).await.unwrap();
    let delete = AwsOperation::DeletePermissionSet { permission_set: name("Plain2") };
    assert!(matches!(start(&target, &delete).await, Ok(Started::Done { .. })));
    assert!(sandbox.snapshot().permission_set(&name("Plain2")).is_none());
    assert!(matches!(start(&target, &delete).await, Ok(Started::Done { .. })));
    assert_eq!(target.principals(&name("Plain2"), account(3)).await, Ok(BTreeSet::new()));
}

/// What `release-permission-set` does: the stack's tag goes, and nothing else does.
#[tokio::test(start_paused = true)]
async fn a_set_that_is_untagged_keeps_everything_else() {
    let (sandbox, target) = plain_target().await;
    run(&target, &edit("Base", Edit::Untag(BTreeSet::from([STACK_TAG.to_owned()])))).await.unwrap();
    let mut wanted = world();
    let base = wanted.permission_sets.iter_mut().find(|set| set.name == name("Base")).unwrap();
    assert!(base.tags.remove(STACK_TAG).is_some());
    assert_eq!(sandbox.snapshot(), wanted);
}

/// A target, and a sandbox whose attributes for access control are off.
async fn target_without_attributes(
    dealer: impl Fn(&str, usize) -> Deal + Send + Sync + 'static,
) -> (Sandbox, AwsTarget) {
    let snapshot = Snapshot { access_control: AccessControlState::Off, ..world() };
    let sandbox = Sandbox::new(snapshot, Settings::default());
    let target = target(&sandbox, dealer).await;
    (sandbox, target)
}

const CREATE_ATTRIBUTES: &str = "CreateInstanceAccessControlAttributeConfiguration";

#[tokio::test(start_paused = true)]
async fn attributes_for_access_control_are_done_when_they_are_there() {
    let wanted = [("title", "${path:title}")];
    let none = |_: &str, _| Deal::Pass;
    let (sandbox, target) = target_without_attributes(none).await;
    let started = start(&target, &set_access_control(&wanted, true)).await.unwrap();
    assert!(matches!(started, Started::Done { request_id: Some(_) }), "{started:?}");
    assert_eq!(sandbox.snapshot().access_control, AccessControlState::On(attributes_of(&wanted)));

    // The answer is lost, and AWS says to the second attempt that they exist.
    let lost = |operation: &str, number| match operation {
        CREATE_ATTRIBUTES if number == 1 => Deal::LoseAnswer,
        _ => Deal::Pass,
    };
    let (sandbox, target) = target_without_attributes(lost).await;
    run(&target, &set_access_control(&wanted, true)).await.unwrap();
    assert_eq!(sandbox.snapshot().access_control, AccessControlState::On(attributes_of(&wanted)));
    assert_eq!(sandbox.call_counts()[&format!("sso-admin:{CREATE_ATTRIBUTES}")], 2);
}

#[tokio::test(start_paused = true)]
async fn attributes_wait_for_what_is_in_their_way() {
    let busy = |operation: &str, number| match operation {
        CREATE_ATTRIBUTES if number <= 3 => refusal("ConflictException", "something is under way"),
        _ => Deal::Pass,
    };
    let (sandbox, target) = target_without_attributes(busy).await;
    let create = set_access_control(&[("title", "${path:title}")], true);
    // While they are being made, an update is a conflict; it goes on when they are there.
    let update = set_access_control(&[("cost", "${path:enterprise.costCenter}")], false);
    run(&target, &create).await.unwrap();
    run(&target, &update).await.unwrap();
    let wanted = attributes_of(&[("cost", "${path:enterprise.costCenter}")]);
    assert_eq!(sandbox.snapshot().access_control, AccessControlState::On(wanted));
}

#[tokio::test(start_paused = true)]
async fn attributes_that_others_set_meanwhile_are_not_overwritten() {
    let (sandbox, target) = plain_target().await;
    let before = sandbox.snapshot();
    let create = set_access_control(&[("title", "${path:title}")], true);
    let failure = start(&target, &create).await.unwrap_err();
    assert_eq!(failure.code, "ConflictException");
    assert_eq!(sandbox.snapshot(), before);
    assert_eq!(sandbox.call_counts()[&format!("sso-admin:{CREATE_ATTRIBUTES}")], 1, "nothing to wait for");

    let (_, target) = target_without_attributes(|_, _| Deal::Pass).await;
    let update = set_access_control(&[("title", "${path:title}")], false);
    assert_eq!(start(&target, &update).await.unwrap_err().code, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn attributes_that_aws_cannot_make_are_a_failure_with_its_reason() {
    let failed = |operation: &str, _| match operation {
        "DescribeInstanceAccessControlAttributeConfiguration" => {
            Deal::Answer(200, r#"{"Status":"CREATION_FAILED","StatusReason":"no directory"}"#.to_owned())
        }
        _ => Deal::Pass,
    };
    let (_, target) = target_without_attributes(failed).await;
    let failure = start(&target, &set_access_control(&[], true)).await.unwrap_err();
    assert_eq!(failure.to_string(), "CREATION_FAILED: no directory");
}

#[tokio::test(start_paused = true)]
async fn a_set_that_stays_assigned_is_a_failure_in_the_end() {
    let (_, target) = plain_target().await;
    let failure = start(&target, &AwsOperation::DeletePermissionSet { permission_set: name("Base") })
        .await
        .unwrap_err();
    assert_eq!(failure.code, "ConflictException");
    assert!(failure.request_id.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_not_waited_out_once_an_apply_is_to_stop() {
    let (sandbox, target) = plain_target().await;
    let delete = AwsOperation::DeletePermissionSet { permission_set: name("Base") };
    let stop = CancellationToken::new();
    stop.cancel();
    let failure = target.start(&delete, &stop).await.unwrap_err();
    assert_eq!(failure.code, "ConflictException");
    assert_eq!(sandbox.call_counts()["sso-admin:DeletePermissionSet"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_somebody_else_has_taken_is_a_failure_at_once() {
    let (sandbox, target) = plain_target().await;
    let failure = start(&target, &create("Plain7")).await.unwrap_err();
    assert_eq!(failure.code, "ConflictException");
    assert_eq!(sandbox.call_counts()["sso-admin:CreatePermissionSet"], 1);
}

#[tokio::test(start_paused = true)]
async fn grants_on_one_account_wait_for_each_other() {
    let (_, target) = plain_target().await;
    let rows = [grant("Deploy", 20, 50), grant("Deploy", 20, 51), grant("Base", 20, 50)];
    let [one, two, three] = rows.clone().map(AwsOperation::CreateAssignment);
    let (one, two, three) = tokio::join!(run(&target, &one), run(&target, &two), run(&target, &three));
    assert_eq!((one, two, three), (Ok(()), Ok(()), Ok(())));
    let principals = target.principals(&name("Deploy"), account(20)).await.unwrap();
    assert!([50, 51].iter().all(|number| principals.contains(&Principal::Group(group(*number)))));
}

#[tokio::test(start_paused = true)]
async fn requests_in_progress_are_listed_by_kind_until_they_end() {
    let (_, target) = plain_target().await;
    let mut started = Vec::new();
    for number in 12..20 {
        started
            .push(start(&target, &AwsOperation::CreateAssignment(grant("Base", number, 1))).await.unwrap());
    }
    let ids: BTreeSet<String> = started
        .iter()
        .map(|started| match started {
            Started::Pending(request) => request.id.clone(),
            Started::Done { .. } => panic!("the sandbox takes its time"),
        })
        .collect();
    assert_eq!(target.in_progress(RequestKind::AssignmentCreation).await, Ok(ids));
    assert_eq!(target.in_progress(RequestKind::AssignmentDeletion).await, Ok(BTreeSet::new()));
    assert_eq!(target.in_progress(RequestKind::Provisioning).await, Ok(BTreeSet::new()));
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(target.in_progress(RequestKind::AssignmentCreation).await, Ok(BTreeSet::new()));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final_and_says_what_aws_said() {
    let sandbox = Sandbox::new(world(), Settings::default());
    let quota = |operation: &str, _| match operation {
        "AttachManagedPolicyToPermissionSet" => refusal("ServiceQuotaExceededException", "25 policies"),
        _ => Deal::Pass,
    };
    let target = target(&sandbox, quota).await;
    let attach = edit("Base", Edit::AttachManagedPolicy(VIEW.to_owned()));
    let failure = start(&target, &attach).await.unwrap_err();
    assert_eq!(failure.to_string(), "ServiceQuotaExceededException: 25 policies (request request-of-a-test)");
    let unknown = edit("Nowhere", Edit::DeleteBoundary);
    assert_eq!(start(&target, &unknown).await.unwrap_err().code, "UnknownPermissionSet");
}
