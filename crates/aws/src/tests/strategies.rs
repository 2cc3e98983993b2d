//! What each way of reading costs, counted, and what it sees.

use std::collections::BTreeSet;

use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::{Coverage, Depth};
use rolecall_model::{Principal, Snapshot};
use rolecall_sandbox::generate::{GenerateSpec, generate};
use rolecall_sandbox::{Sandbox, Settings};

use super::interposed::{Deal, interposed};
use super::observing::connected_in;
use crate::{Clients, Progress, Scope, Size, Statistics, Strategy, observe, observe_pairs};

fn company(accounts: usize, permission_sets: usize, groups: usize, assignments: usize) -> Snapshot {
    let spec = GenerateSpec { accounts, permission_sets, groups, assignments, seed: 7, drift: 0 };
    generate(&spec).unwrap().snapshot
}

fn scope(world: &Snapshot, strategy: Strategy) -> Scope {
    let compare = world.permission_sets.iter().map(|set| set.name.clone()).collect();
    let stack = world.permission_sets.iter().find_map(|set| set.tags.get(STACK_TAG));
    Scope { compare, strategy, stack: stack.map(|stack| stack.parse().unwrap()), ..Scope::default() }
}

async fn read(world: &Snapshot, strategy: Strategy) -> (Snapshot, Statistics) {
    let sandbox = Sandbox::new(world.clone(), Settings { empty_pages: false, ..Settings::default() });
    let clients = connected_in(&world.instance.region, sandbox.http_client()).await;
    let snapshot = observe(&clients, &scope(world, strategy), &|_| {}).await.unwrap();
    (snapshot, clients.statistics())
}

/// What the formula says, from the world itself.
fn size(world: &Snapshot) -> Size {
    let sets = world.permission_sets.len() as u64;
    let pages = world.permission_sets.iter().map(|set| (set.provisioned.len() as u64).div_ceil(100).max(1));
    Size {
        permission_sets: sets,
        compared: sets,
        provisioned_pages: pages.sum(),
        pairs: world.permission_sets.iter().map(|set| set.provisioned.len() as u64).sum(),
        principals: world.groups.len() as u64,
        ..Size::default()
    }
}

fn calls(statistics: &Statistics, is_counted: impl Fn(&str) -> bool) -> u64 {
    statistics.calls.iter().filter(|(name, _)| is_counted(name)).map(|(_, number)| number).sum()
}

fn sso_admin_calls(statistics: &Statistics) -> u64 {
    calls(statistics, |name| name.starts_with("sso-admin:"))
}

fn other_calls(statistics: &Statistics) -> u64 {
    let is_name_or_tag = |name: &str| {
        name == "organizations:ListOrganizationalUnitsForParent"
            || name == "organizations:ListTagsForResource"
    };
    calls(statistics, |name| !name.starts_with("sso-admin:") && !is_name_or_tag(name))
}

/// More pages than one listing each: of a principal with more than 100 rows, of a pair with more than 100 groups.
fn further_pages(world: &Snapshot, key: impl Fn(&rolecall_model::Assignment) -> String) -> u64 {
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    for row in &world.assignments {
        *counts.entry(key(row)).or_default() += 1;
    }
    counts.values().map(|number| number.div_ceil(100) - 1).sum()
}

#[tokio::test(start_paused = true)]
async fn fast_reading_of_a_company_keeps_its_budget() {
    let world = company(500, 60, 300, 8_000);
    let (snapshot, statistics) = read(&world, Strategy::Fast).await;
    assert_eq!(snapshot.assignments, world.assignments);
    let further = further_pages(&world, |row| row.principal.id().to_owned());
    assert!(sso_admin_calls(&statistics) <= size(&world).fast_calls() + further);
    assert!(sso_admin_calls(&statistics) <= 850, "{}", sso_admin_calls(&statistics));
    assert!(other_calls(&statistics) <= 40, "{}", other_calls(&statistics));
    assert_eq!(statistics.throttled, 0);
}

#[tokio::test(start_paused = true)]
async fn fast_reading_of_a_large_group_keeps_its_budget() {
    let world = company(5_000, 300, 2_000, 100_000);
    let (snapshot, statistics) = read(&world, Strategy::Auto).await;
    assert_eq!(snapshot.assignments, world.assignments);
    assert!(sso_admin_calls(&statistics) <= 5_350, "{}", sso_admin_calls(&statistics));
    assert_eq!(statistics.throttled, 0);
}

#[tokio::test(start_paused = true)]
async fn thorough_reading_costs_what_the_formula_says() {
    let world = company(120, 20, 60, 1_500);
    let (snapshot, statistics) = read(&world, Strategy::Thorough).await;
    assert_eq!(snapshot.assignments, world.assignments);
    assert!(
        sso_admin_calls(&statistics) <= size(&world).thorough_calls(),
        "{}",
        sso_admin_calls(&statistics)
    );
}

/// What is said before reading is what reading takes.
#[tokio::test(start_paused = true)]
async fn the_estimate_holds() {
    let world = company(120, 20, 60, 1_500);
    for strategy in [Strategy::Thorough, Strategy::Fast] {
        let sandbox = Sandbox::new(world.clone(), Settings::default());
        let clients = connected_in(&world.instance.region, sandbox.http_client()).await;
        let said = std::cell::Cell::new(0);
        let note = |progress: Progress| {
            if let Progress::Estimate { in_all, .. } = progress {
                said.set(in_all);
            }
        };
        observe(&clients, &scope(&world, strategy), &note).await.unwrap();
        let counted = sso_admin_calls(&clients.statistics());
        // Pairs that no group explains, and further pages, are not known beforehand.
        assert!(said.get().abs_diff(counted) * 20 <= counted, "said {}, counted {counted}", said.get());
    }
}

#[tokio::test(start_paused = true)]
async fn a_small_organization_is_read_whole_by_itself() {
    let world = company(40, 8, 20, 200);
    let (snapshot, statistics) = read(&world, Strategy::Auto).await;
    assert_eq!(calls(&statistics, |name| name.ends_with("ListAccountAssignmentsForPrincipal")), 0);
    let Coverage::PermissionSets(depths) = snapshot.coverage else {
        panic!("only the declared sets were read")
    };
    assert!(depths.values().all(|depth| *depth == Depth::Whole));
}

/// A world in which a user and a group that is gone have rows, beside a group in one pair and alone in another.
fn with_strangers(world: &mut Snapshot) -> (usize, usize) {
    let (first, second) = (world.assignments[0].clone(), world.assignments.last().unwrap().clone());
    let stranger = |number: u32| format!("{number:08x}-0000-4000-8000-000000000000");
    let mut beside = first;
    beside.principal = Principal::Group(stranger(1).parse().unwrap());
    let mut alone = second;
    alone.principal = Principal::User(stranger(2).parse().unwrap());
    let name = alone.permission_set.clone();
    let set = world.permission_sets.iter_mut().find(|set| set.name == name).unwrap();
    let free =
        world.organization.accounts.iter().find(|account| !set.provisioned.contains(&account.id)).unwrap();
    alone.account = free.id;
    set.provisioned.insert(free.id);
    world.assignments.extend([beside, alone]);
    world.sort();
    let thorough = world.assignments.len();
    (thorough, thorough - 1)
}

#[tokio::test(start_paused = true)]
async fn fast_reading_is_blind_only_where_a_group_explains_a_pair() {
    let mut world = company(40, 8, 20, 200);
    let (thorough, fast) = with_strangers(&mut world);
    assert_eq!(read(&world, Strategy::Thorough).await.0.assignments.len(), thorough);
    let (snapshot, _) = read(&world, Strategy::Fast).await;
    assert_eq!(snapshot.assignments.len(), fast);
    let Coverage::PermissionSets(depths) = snapshot.coverage else {
        panic!("only the declared sets were read")
    };
    assert!(
        depths.values().all(|depth| matches!(depth, Depth::ByPrincipal { .. })),
        "and the plan can say so"
    );
}

/// What a plan would change is looked at again, whole.
#[tokio::test(start_paused = true)]
async fn looking_closer_shows_what_fast_reading_left_out() {
    let mut world = company(40, 8, 20, 200);
    let (thorough, _) = with_strangers(&mut world);
    let sandbox = Sandbox::new(world.clone(), Settings::default());
    let clients = connected_in(&world.instance.region, sandbox.http_client()).await;
    let mut snapshot = observe(&clients, &scope(&world, Strategy::Fast), &|_| {}).await.unwrap();
    let pairs: BTreeSet<_> =
        world.assignments.iter().map(|row| (row.permission_set.clone(), row.account)).collect();
    observe_pairs(&clients, &mut snapshot, &pairs, &|_| {}).await.unwrap();
    assert_eq!(snapshot.assignments.len(), thorough);
    assert!(pairs.iter().all(|(name, account)| snapshot.coverage.sees_all(name, *account)));
}

#[tokio::test(start_paused = true)]
async fn what_is_to_be_deleted_is_seen_whole_even_when_reading_is_fast() {
    let mut world = company(40, 8, 20, 200);
    with_strangers(&mut world);
    let dropped = world.assignments[0].permission_set.clone();
    let sandbox = Sandbox::new(world.clone(), Settings::default());
    let clients = connected_in(&world.instance.region, sandbox.http_client()).await;
    let mut scope = scope(&world, Strategy::Fast);
    scope.compare.remove(&dropped);
    let snapshot = observe(&clients, &scope, &|_| {}).await.unwrap();
    let rows = |snapshot: &Snapshot| snapshot.rows_of(&dropped).to_vec();
    assert_eq!(rows(&snapshot), rows(&world));
    assert_eq!(snapshot.coverage.depth(&dropped), Some(&Depth::Whole));
}

/// The API is one of the management account by AWS's model; where it is refused, reading goes on by pair.
#[tokio::test(start_paused = true)]
async fn reading_falls_back_when_listing_by_principal_is_refused() {
    let world = company(40, 8, 20, 200);
    let sandbox = Sandbox::new(world.clone(), Settings::default());
    let refused = |operation: &str, _| match operation {
        "ListAccountAssignmentsForPrincipal" => {
            Deal::Answer(400, r#"{"__type":"AccessDeniedException","Message":"not for you"}"#.to_owned())
        }
        _ => Deal::Pass,
    };
    let clients: Clients =
        connected_in(&world.instance.region, interposed(sandbox.http_client(), refused)).await;
    let snapshot = observe(&clients, &scope(&world, Strategy::Fast), &|_| {}).await.unwrap();
    assert_eq!(snapshot.assignments, world.assignments);
    let names: BTreeSet<_> = world.permission_sets.iter().map(|set| set.name.clone()).collect();
    assert!(names.iter().all(|name| snapshot.coverage.depth(name) == Some(&Depth::Whole)));
}
