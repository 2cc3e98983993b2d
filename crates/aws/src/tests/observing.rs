//! What observing gives, and what it costs.

use std::collections::BTreeSet;
use std::sync::Mutex;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use rolecall_model::snapshot::{Coverage, Depth};
use rolecall_model::{AccessControlState, Code, Region, Snapshot};
use rolecall_sandbox::{Sandbox, Settings};

use super::interposed::{Deal, interposed, refusal};
use super::world::{group, name, sandbox, user, world};
use crate::{
    Clients, Connection, ObserveError, Progress, Scope, Step, connect, observe, observe_memberships,
};

fn everything() -> Scope {
    Scope { everything: true, ..Scope::default() }
}

pub(super) async fn connected(client: SharedHttpClient) -> Clients {
    connected_in(&world().instance.region, client).await
}

pub(super) async fn connected_in(region: &Region, client: SharedHttpClient) -> Clients {
    connect(Connection::embedded(region.clone(), client)).await
}

async fn read_all(clients: &Clients) -> Result<Snapshot, ObserveError> {
    observe(clients, &everything(), &|_| {}).await
}

#[tokio::test(start_paused = true)]
async fn reading_everything_gives_the_whole_world() {
    let (sandbox, clients) = sandbox().await;
    let read = read_all(&clients).await.unwrap();
    assert_eq!(read, world());
    let statistics = clients.statistics();
    assert_eq!(statistics.calls, sandbox.call_counts());
    assert_eq!((statistics.throttled, statistics.retries), (0, 0), "the rates start below AWS's");
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_without_paths_is_walked() {
    let settings = Settings { account_paths: false, ..Settings::default() };
    let sandbox = Sandbox::new(world(), settings);
    let clients = connected(sandbox.http_client()).await;
    let mut read = read_all(&clients).await.unwrap();
    let mut wanted = world();
    // `Status` cannot tell these two states; the sandbox says how it maps them.
    for snapshot in [&mut read, &mut wanted] {
        snapshot.organization.accounts.retain(|account| account.state.as_str() == "ACTIVE");
    }
    assert_eq!(read.organization, wanted.organization);
    assert_eq!(clients.statistics().calls["organizations:ListAccountsForParent"], 25 + 3);
}

#[tokio::test(start_paused = true)]
async fn an_organization_that_moves_is_read_again() {
    let settings = Settings { account_paths: false, empty_pages: false, ..Settings::default() };
    let sandbox = Sandbox::new(world(), settings);
    let moved_away = |operation: &str, number: usize| match (operation, number) {
        ("ListAccountsForParent", 3) => Deal::Answer(200, r#"{"Accounts":[]}"#.to_owned()),
        _ => Deal::Pass,
    };
    let clients = connected(interposed(sandbox.http_client(), moved_away)).await;
    let read = observe(&clients, &Scope::default(), &|_| {}).await.unwrap();
    assert_eq!(read.organization.accounts.len(), 45);
    assert_eq!(clients.statistics().calls["organizations:ListAccountsForParent"], 50);

    let always = |operation: &str, _| match operation {
        "ListAccountsForParent" => Deal::Answer(200, r#"{"Accounts":[]}"#.to_owned()),
        _ => Deal::Pass,
    };
    let clients = connected(interposed(sandbox.http_client(), always)).await;
    let error = observe(&clients, &Scope::default(), &|_| {}).await.unwrap_err();
    assert!(matches!(error, ObserveError::OrganizationChanged { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_scope_reads_no_more_than_it_names() {
    let (_, clients) = sandbox().await;
    let scope = Scope {
        compare: BTreeSet::from([name("Deploy"), name("NotYetThere")]),
        assignments_of: BTreeSet::from([name("Plain1")]),
        ..Scope::default()
    };
    let read = observe(&clients, &scope, &|_| {}).await.unwrap();

    let mut wanted = world();
    let named = ["Deploy", "NotYetThere", "Plain1"].map(name);
    wanted.coverage = Coverage::PermissionSets(named.clone().map(|name| (name, Depth::Whole)).into());
    wanted.assignments.retain(|row| named.contains(&row.permission_set));
    wanted.users.retain(|one| one.id == user(1));
    for set in &mut wanted.permission_sets {
        if set.name != name("Deploy") {
            set.details = None;
            set.outdated.clear();
        }
        if !named.contains(&set.name) {
            set.provisioned.clear();
        }
    }
    for account in &mut wanted.organization.accounts {
        account.tags = None;
    }
    wanted.access_control = AccessControlState::NotRead;
    assert_eq!(read, wanted);

    let calls = clients.statistics().calls;
    let count = |operation: &str| calls.get(operation).copied().unwrap_or_default();
    assert_eq!(count("sso-admin:ListPermissionSets"), 2);
    assert_eq!(count("sso-admin:DescribePermissionSet"), 103);
    assert_eq!(count("sso-admin:ListTagsForResource"), 103);
    assert_eq!(count("sso-admin:GetInlinePolicyForPermissionSet"), 1);
    assert_eq!(count("sso-admin:ListAccountsForProvisionedPermissionSet"), 3);
    assert_eq!(count("sso-admin:ListAccountAssignments"), 31);
    assert_eq!(count("organizations:ListTagsForResource"), 0);
    assert_eq!(count("sso-admin:DescribeInstanceAccessControlAttributeConfiguration"), 0);
    // User 1 and the orphan; user 3 is not asked for.
    assert_eq!(count("identitystore:DescribeUser"), 2);
}

#[tokio::test(start_paused = true)]
async fn the_sets_of_the_stack_are_compared_though_nothing_names_them() {
    let (_, clients) = sandbox().await;
    let scope = Scope { stack: Some("acme".parse().unwrap()), account_tags: true, ..Scope::default() };
    let read = observe(&clients, &scope, &|_| {}).await.unwrap();
    let compared: Vec<_> = read.permission_sets.iter().filter(|set| set.details.is_some()).collect();
    assert_eq!(compared, world().permission_sets.iter().take(2).collect::<Vec<_>>());
    assert!(read.coverage.depth(&name("Base")).is_some() && read.coverage.depth(&name("Plain7")).is_none());
    assert_eq!(read.organization, world().organization);
}

/// Guards ask what an external set grants, and compare nothing of it.
#[tokio::test(start_paused = true)]
async fn what_a_set_is_can_be_read_of_one_that_is_not_compared() {
    let (_, clients) = sandbox().await;
    let scope = Scope {
        assignments_of: BTreeSet::from([name("Deploy")]),
        details_of: ["Deploy", "Base", "NotYetThere"].map(name).into(),
        ..Scope::default()
    };
    let read = observe(&clients, &scope, &|_| {}).await.unwrap();
    let set = |text: &str| read.permission_set(&name(text)).unwrap();
    let details = |text: &str| world().permission_set(&name(text)).unwrap().details.clone();
    assert_eq!((&set("Deploy").details, &set("Base").details), (&details("Deploy"), &details("Base")));
    assert_eq!(set("Deploy").provisioned.len(), 30);
    assert!(set("Base").provisioned.is_empty() && read.coverage.depth(&name("Base")).is_none());
    assert_eq!(set("Plain1").details, None);
}

#[tokio::test(start_paused = true)]
async fn attributes_for_access_control_are_read_on_demand() {
    let scope = Scope { access_control: true, ..Scope::default() };
    for state in [AccessControlState::Off, world().access_control] {
        let sandbox =
            Sandbox::new(Snapshot { access_control: state.clone(), ..world() }, Settings::default());
        let clients = connected(sandbox.http_client()).await;
        assert_eq!(observe(&clients, &scope, &|_| {}).await.unwrap().access_control, state);
    }
}

#[tokio::test(start_paused = true)]
async fn attributes_that_cannot_be_read_are_never_off() {
    const DESCRIBE: &str = "DescribeInstanceAccessControlAttributeConfiguration";
    let on_demand = Scope { access_control: true, ..Scope::default() };
    let read = async |scope: &Scope, deal: Deal| {
        let (sandbox, _) = sandbox().await;
        let dealer = move |called: &str, _| if called == DESCRIBE { deal.clone() } else { Deal::Pass };
        let clients = connected(interposed(sandbox.http_client(), dealer)).await;
        let read = observe(&clients, scope, &|_| {}).await;
        read.map(|snapshot| snapshot.access_control).map_err(|error| error.to_string())
    };
    let denied = refusal("AccessDeniedException", "no rights here");
    for scope in [&on_demand, &everything()] {
        let error = read(scope, denied.clone()).await.unwrap_err();
        assert!(error.contains("AccessDeniedException: no rights here"), "{error}");
    }
    let no_key =
        r#"{"__type":"ResourceNotFoundException","message":"no key","Reason":"KMS_NotFoundException"}"#;
    let error = read(&on_demand, Deal::Answer(400, no_key.to_owned())).await.unwrap_err();
    assert!(error.contains("no key"), "{error}");
    let two = r#"{"Status":"ENABLED","InstanceAccessControlAttributeConfiguration":
        {"AccessControlAttributes":[{"Key":"a","Value":{"Source":["x","y"]}}]}}"#;
    let error = read(&on_demand, Deal::Answer(200, two.to_owned())).await.unwrap_err();
    assert!(error.contains("the attribute a has 2 sources, not one"), "{error}");

    // What a plan does not ask for stops no snapshot.
    let failed = Deal::Answer(200, r#"{"Status":"CREATION_FAILED","StatusReason":"why"}"#.to_owned());
    let error = read(&on_demand, failed.clone()).await.unwrap_err();
    assert_eq!(error, "AWS failed to create attributes for access control: why");
    assert_eq!(read(&everything(), failed).await, Ok(AccessControlState::NotRead));
    let unknown = Deal::Answer(501, String::new());
    assert!(read(&on_demand, unknown.clone()).await.is_err());
    assert_eq!(read(&everything(), unknown).await, Ok(AccessControlState::NotRead));
}

#[tokio::test(start_paused = true)]
async fn named_users_are_looked_up_and_one_who_is_missing_is_left_out() {
    let (_, clients) = sandbox().await;
    let user_names = ["user3@acme.com", "nobody@acme.com"].map(|name| name.parse().unwrap()).into();
    let scope = Scope { user_names, ..Scope::default() };
    let read = observe(&clients, &scope, &|_| {}).await.unwrap();
    assert_eq!(read.users, [world().users[2].clone()]);
}

#[tokio::test(start_paused = true)]
async fn two_callers_who_share_the_limits_both_read_everything() {
    let (sandbox, one) = sandbox().await;
    let other = connected(sandbox.http_client()).await;
    let (of_one, of_other) = tokio::join!(read_all(&one), read_all(&other));
    assert_eq!(of_one.unwrap(), world());
    assert_eq!(of_other.unwrap(), world());
    let (one, other) = (one.statistics(), other.statistics());
    assert!(one.throttled + other.throttled > 0, "they ask for 36 a second together, and AWS gives 20");
    assert_eq!((one.retries, other.retries), (one.throttled, other.throttled));
}

#[tokio::test(start_paused = true)]
async fn dropped_connections_and_failures_of_the_service_lose_nothing() {
    let (sandbox, _) = sandbox().await;
    let dealer = |_: &str, number: usize| match number % 5 {
        1 => Deal::Drop,
        3 => Deal::Answer(503, r#"{"__type":"InternalServerException"}"#.to_owned()),
        _ => Deal::Pass,
    };
    let clients = connected(interposed(sandbox.http_client(), dealer)).await;
    assert_eq!(read_all(&clients).await.unwrap(), world());
    assert!(clients.statistics().retries > 0);
}

#[tokio::test(start_paused = true)]
async fn a_throttle_is_waited_out_however_long_it_lasts() {
    let (sandbox, _) = sandbox().await;
    let dealer = |operation: &str, number: usize| match operation {
        "ListAccountAssignments" if number <= 500 => refusal("ThrottlingException", "Rate exceeded"),
        _ => Deal::Pass,
    };
    let clients = connected(interposed(sandbox.http_client(), dealer)).await;
    assert_eq!(read_all(&clients).await.unwrap().assignments, world().assignments);
    assert_eq!(clients.statistics().throttled, 500);
}

/// The error of a reading in which one operation is dealt this.
pub(super) async fn error_when(operation: &'static str, deal: Deal) -> ObserveError {
    let (sandbox, _) = sandbox().await;
    let dealer = move |called: &str, _| if called == operation { deal.clone() } else { Deal::Pass };
    let clients = connected(interposed(sandbox.http_client(), dealer)).await;
    read_all(&clients).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_ends_the_reading_with_what_aws_said() {
    let denied =
        error_when("ListAccountAssignments", refusal("AccessDeniedException", "no rights here")).await;
    assert_eq!(
        denied.to_string(),
        "sso-admin:ListAccountAssignments failed: AccessDeniedException: no rights here (request request-of-a-test)"
    );
    assert_eq!(denied.code(), Code::ReadFailed);
    assert_eq!(denied.help(), "allow the role to call sso:ListAccountAssignments; nothing was changed");

    let dropped = error_when("ListGroups", Deal::Drop).await.to_string();
    assert_eq!(
        dropped,
        "identitystore:ListGroups failed: ConnectionFailed: dispatch failure: io error: connection reset by peer"
    );

    let nonsense = error_when("ListGroups", Deal::Answer(200, "<html>".to_owned())).await.to_string();
    assert!(nonsense.starts_with("identitystore:ListGroups failed: "), "{nonsense}");
}

#[tokio::test(start_paused = true)]
async fn a_missing_encryption_key_is_an_error_and_not_a_missing_boundary_or_user() {
    let body =
        r#"{"__type":"ResourceNotFoundException","message":"no key","Reason":"KMS_NotFoundException"}"#;
    for operation in ["GetPermissionsBoundaryForPermissionSet", "ListUsers"] {
        let error = error_when(operation, Deal::Answer(400, body.to_owned())).await;
        assert!(error.to_string().contains("ResourceNotFoundException: no key"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_step_reports_its_end() {
    let (_, clients) = sandbox().await;
    let last = Mutex::new(std::collections::BTreeMap::new());
    let note = |progress: Progress| {
        if let Progress::Step { step, done, total } = progress {
            last.lock().unwrap().insert(step, (done, total));
        }
    };
    observe(&clients, &everything(), &note).await.unwrap();
    let last = last.into_inner().unwrap();
    assert!(last.values().all(|(done, total)| done == total), "{last:?}");
    let pairs = world().permission_sets.iter().map(|set| set.provisioned.len()).sum();
    assert_eq!(last[&Step::Assignments], (pairs, pairs));
    assert_eq!(last.len(), 9);
}

#[tokio::test(start_paused = true)]
async fn members_are_read_with_their_names_and_a_group_that_is_gone_has_none() {
    let mut world = world();
    world.memberships = [(group(1), [user(1), user(2)].into()), (group(2), [user(2)].into())].into();
    let sandbox = Sandbox::new(world.clone(), Settings::default());
    let clients = connected(sandbox.http_client()).await;
    let mut read = observe(&clients, &Scope::default(), &|_| {}).await.unwrap();
    read.users.clear();
    let gone = group(250);
    let of = [group(1), group(2), gone.clone()].into();
    observe_memberships(&clients, &mut read, &of, &|_| {}).await.unwrap();
    world.memberships.insert(gone, BTreeSet::new());
    assert_eq!(read.memberships, world.memberships);
    let known = |user: &&rolecall_model::snapshot::User| user.id != super::world::user(3);
    assert_eq!(read.users, world.users.iter().filter(known).cloned().collect::<Vec<_>>());
    assert_eq!(
        clients.statistics().calls.get("identitystore:ListUsers"),
        None,
        "two are looked up one by one"
    );
}
