//! Groups and users that are missing from a list and exist.

use rolecall_model::{Principal, Snapshot};
use rolecall_sandbox::{Sandbox, Settings};
use serde_json::json;

use super::interposed::{Deal, interposed, refusal};
use super::observing::connected;
use super::world::world;
use crate::{ObserveError, Scope, observe};

/// Returns the ids of all groups of the world as a page, without those for which there are assignments.
fn page_without_assigned_groups() -> String {
    let world = world();
    let is_assigned = |id| {
        let principal = Principal::Group(id);
        world.assignments.iter().any(|row| row.principal == principal)
    };
    let groups = world.groups.iter().filter(|group| !is_assigned(group.id.clone()));
    let groups = groups.map(|group| {
        let ids = group.external_ids.iter().map(|id| json!({ "Issuer": id.issuer, "Id": id.id }));
        json!({
            "GroupId": group.id,
            "DisplayName": group.display_name,
            "ExternalIds": ids.collect::<Vec<_>>(),
            "IdentityStoreId": world.instance.identity_store_id,
        })
    });
    json!({ "Groups": groups.collect::<Vec<_>>() }).to_string()
}

async fn read_with(
    deal: impl Fn(&str, usize) -> Deal + Send + Sync + 'static,
) -> Result<Snapshot, ObserveError> {
    let sandbox = Sandbox::new(world(), Settings::default());
    let clients = connected(interposed(sandbox.http_client(), deal)).await;
    observe(&clients, &Scope { everything: true, ..Scope::default() }, &|_| {}).await
}

#[tokio::test(start_paused = true)]
async fn a_group_or_user_that_is_missing_from_a_list_is_not_gone() {
    let page = page_without_assigned_groups();
    let read = read_with(move |operation, _| match operation {
        "ListGroups" => Deal::Answer(200, page.clone()),
        "ListUsers" => Deal::Answer(200, r#"{"Users":[]}"#.to_owned()),
        _ => Deal::Pass,
    });
    let read = read.await.unwrap();
    assert_eq!(read.groups, world().groups);
    let is_assigned = |id: &rolecall_model::UserId| {
        world().assignments.iter().any(|row| row.principal == Principal::User(id.clone()))
    };
    let mut users = world().users;
    users.retain(|user| is_assigned(&user.id));
    assert!(!users.is_empty());
    assert_eq!(read.users, users);
}

#[tokio::test(start_paused = true)]
async fn only_not_found_shows_that_a_group_is_gone() {
    for code in ["AccessDeniedException", "ValidationException"] {
        let read = read_with(move |operation, _| match operation {
            "DescribeGroup" => refusal(code, "no"),
            _ => Deal::Pass,
        });
        let error = read.await.unwrap_err().to_string();
        assert!(error.contains(&format!("identitystore:DescribeGroup failed: {code}")), "{error}");
    }
}
