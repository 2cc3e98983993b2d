//! Responses that lack what they must have.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::http::StatusCode;
use rolecall_sandbox::Sandbox;
use serde_json::{Value, json};

use super::interposed::{Deal, interposed};
use super::world::world;
use crate::responses::check;
use crate::{
    AbsentMeansEmpty, Connection, Form, ObserveError, RESPONSES, Scope, UnknownOperation, connect, observe,
};

/// Reads everything, with these responses to an operation.
async fn read_with(
    operation: &'static str,
    absent_means_empty: &[&str],
    deal: impl Fn(usize) -> Deal + Send + Sync + 'static,
) -> Result<rolecall_model::Snapshot, ObserveError> {
    let sandbox = Sandbox::new(world(), rolecall_sandbox::Settings::default());
    let dealer = move |called: &str, number| if called == operation { deal(number) } else { Deal::Pass };
    let client = interposed(sandbox.http_client(), dealer);
    let mut connection = Connection::embedded(world().instance.region, client);
    connection.absent_means_empty =
        absent_means_empty.iter().map(|name| AbsentMeansEmpty::of(name).unwrap()).collect();
    let scope = Scope { everything: true, ..Scope::default() };
    observe(&connect(connection).await, &scope, &|_| {}).await
}

fn bad_bodies() -> Vec<String> {
    ["", "{}", "[]", "null", "<html></html>", "{\"Tags\":[", "{\"Tags\":null}"].map(str::to_owned).into()
}

#[tokio::test(start_paused = true)]
async fn one_incomplete_response_is_repeated_and_changes_nothing() {
    for body in bad_bodies() {
        let deal = move |number| if number == 2 { Deal::Answer(200, body.clone()) } else { Deal::Pass };
        assert_eq!(read_with("ListPermissionSets", &[], deal).await.unwrap(), world());
    }
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_response_is_an_error_with_operation_member_and_request_in_the_end() {
    for body in bad_bodies() {
        let deal = move |_| Deal::Answer(200, body.clone());
        let error = read_with("ListPermissionSets", &[], deal).await.unwrap_err().to_string();
        assert!(error.contains("sso-admin:ListPermissionSets failed: IncompleteResponse"), "{error}");
        assert!(error.contains("request-of-a-test"), "{error}");
    }
    let lacking = |_| Deal::Answer(200, "{}".to_owned());
    let error = read_with("ListPermissionSets", &[], lacking).await.unwrap_err().to_string();
    assert!(error.contains("it lacks `PermissionSets`"), "{error}");
    let nameless = |_| Deal::Answer(200, r#"{"Accounts":[{"Id":"111111111101"}]}"#.to_owned());
    let error = read_with("ListAccounts", &[], nameless).await.unwrap_err().to_string();
    assert!(error.contains("it lacks `Accounts[0].Name`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_absent_list_is_empty_only_where_that_is_declared() {
    let lacking = |_| Deal::Answer(200, "{}".to_owned());
    let names = ["ListDelegatedAdministrators"];
    let read = read_with("ListDelegatedAdministrators", &names, lacking).await.unwrap();
    assert!(read.organization.delegated_administrators.is_empty());
    assert_eq!(read.absent_means_empty, ["organizations:ListDelegatedAdministrators".to_owned()].into());
    assert!(read_with("ListDelegatedAdministrators", &["ListGroups"], lacking).await.is_err());
    // What is there must still have the right form.
    let wrong = |_| Deal::Answer(200, r#"{"DelegatedAdministrators":"none"}"#.to_owned());
    assert!(read_with("ListDelegatedAdministrators", &names, wrong).await.is_err());
}

#[test]
fn only_operations_that_can_be_empty_are_taken() {
    let error = |name: &str| AbsentMeansEmpty::of(name).unwrap_err();
    assert!(matches!(error("ListEverything"), UnknownOperation::Unknown { .. }));
    assert!(matches!(error("GetCallerIdentity"), UnknownOperation::Unknown { .. }));
    assert!(matches!(error("ListTagsForResource"), UnknownOperation::Ambiguous { .. }));
    let both = ["sso-admin:ListTagsForResource", "organizations:ListTagsForResource"];
    let all: AbsentMeansEmpty = both.iter().map(|name| AbsentMeansEmpty::of(name).unwrap()).collect();
    assert_eq!(all.names(), both.map(str::to_owned).into());
}

#[test]
fn every_list_that_is_missing_null_or_of_another_type_is_told() {
    for entry in RESPONSES {
        for member in entry.members.iter().filter(|member| member.form == Form::List) {
            for wrong in [json!({}), with(member.path, Value::Null), with(member.path, json!("none"))] {
                let response =
                    HttpResponse::new(StatusCode::try_from(200).unwrap(), wrong.to_string().into());
                assert!(check(entry, false, &response).is_err(), "{}: {wrong}", entry.api);
            }
        }
    }
}

/// Returns an object with this value at a path.
fn with(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |inner, name| json!({ name: inner }))
}

#[tokio::test(start_paused = true)]
async fn a_listing_whose_tokens_alternate_or_never_end_is_an_error() {
    let page = |token: &str| Deal::Answer(200, format!(r#"{{"Groups":[],"NextToken":"{token}"}}"#));
    let alternating = move |number| page(if number % 2 == 0 { "A" } else { "B" });
    let error = read_with("ListGroups", &[], alternating).await.unwrap_err().to_string();
    assert!(error.contains("identitystore:ListGroups failed"), "{error}");
    assert!(error.contains("the token after page 3 repeats that of an earlier page"), "{error}");

    // 50 tags fit on one page.
    let endless = |number| Deal::Answer(200, format!(r#"{{"Tags":[],"NextToken":"{number}"}}"#));
    let error = read_with("ListTagsForResource", &[], endless).await.unwrap_err().to_string();
    assert!(error.contains("ListTagsForResource failed"), "{error}");
    assert!(error.contains("the list does not end after"), "{error}");
}
