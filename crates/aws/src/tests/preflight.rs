//! What is found out before anything else is read.

use rolecall_model::{Code, Snapshot};
use rolecall_sandbox::{Sandbox, Settings};

use super::interposed::{Deal, interposed, refusal};
use super::observing::{connected, error_when};
use super::world::{account, sandbox, world};
use crate::{ObserveError, Scope, observe};

const ANOTHER: &str = "ssoins-aaaaaaaaaaaaaaaa";

fn instances(owners: &[(&str, u64)]) -> Deal {
    let instance = |(id, owner): &(&str, u64)| {
        let owner = account(*owner);
        format!(
            r#"{{"InstanceArn":"arn:aws:sso:::instance/{id}","IdentityStoreId":"d-9067642ac3","OwnerAccountId":"{owner}"}}"#
        )
    };
    let instances: Vec<String> = owners.iter().map(instance).collect();
    Deal::Answer(200, format!(r#"{{"Instances":[{}]}}"#, instances.join(",")))
}

fn says(error: &ObserveError, code: Code, text: &str) {
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(text), "{error}");
    assert!(!error.help().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_cannot_be_worked_with_is_refused() {
    let ours = "ssoins-7223abcd1234ef56";
    let none = error_when("ListInstances", instances(&[])).await;
    says(&none, Code::NoInstance, "account 111111111101 sees no IAM Identity Center instance in eu-west-1");

    let several = error_when("ListInstances", instances(&[(ours, 1), (ANOTHER, 1)])).await;
    says(&several, Code::SeveralInstances, &format!("{ours}, {ANOTHER}"));

    let of_a_member = error_when("ListInstances", instances(&[(ANOTHER, 9)])).await;
    says(&of_a_member, Code::PermissionSetsDisabled, "is an account instance of 111111111109");

    let disabled =
        r#"{"Status":"ACTIVE","PermissionSetsEnabled":false,"PrimaryRegion":"eu-west-1","Regions":[]}"#;
    let disabled = Deal::Answer(200, disabled.to_owned());
    says(&error_when("DescribeInstance", disabled).await, Code::PermissionSetsDisabled, "not enabled");

    let replica = Deal::Answer(
        200,
        r#"{"Status":"ACTIVE","Regions":[{"RegionName":"us-east-1","IsPrimaryRegion":true},{"RegionName":"eu-west-1"}]}"#
            .to_owned(),
    );
    says(&error_when("DescribeInstance", replica).await, Code::WrongRegion, "is us-east-1, not eu-west-1");

    let outside = refusal("AWSOrganizationsNotInUseException", "not a member");
    says(&error_when("DescribeOrganization", outside).await, Code::NoInstance, "is not in an organization");

    let expired = refusal("ExpiredTokenException", "the token has expired");
    says(&error_when("DescribeOrganization", expired).await, Code::NoCredentials, "the token has expired");
}

#[tokio::test(start_paused = true)]
async fn the_instance_that_is_named_is_taken_among_several() {
    let (sandbox, _) = sandbox().await;
    let both = |operation: &str, _| match operation {
        "ListInstances" => instances(&[(ANOTHER, 1), ("ssoins-7223abcd1234ef56", 1)]),
        _ => Deal::Pass,
    };
    let clients = connected(interposed(sandbox.http_client(), both)).await;
    let named = |id: &str| Scope { instance: Some(id.parse().unwrap()), ..Scope::default() };
    let read = observe(&clients, &named("ssoins-7223abcd1234ef56"), &|_| {}).await.unwrap();
    assert_eq!(read.instance, world().instance);
    let error = observe(&clients, &named("ssoins-bbbbbbbbbbbbbbbb"), &|_| {}).await.unwrap_err();
    says(&error, Code::NoInstance, "the caller sees ssoins-7223abcd1234ef56, ssoins-aaaaaaaaaaaaaaaa");
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_cannot_describe_its_instance_is_believed_and_one_that_may_not_say_is_not() {
    let unknown = [
        Deal::Answer(500, "<html>Internal Server Error</html>".to_owned()),
        Deal::Answer(501, String::new()),
        refusal("UnknownOperationException", "what?"),
    ];
    for deal in unknown {
        let (sandbox, _) = sandbox().await;
        let dealer =
            move |called: &str, _| if called == "DescribeInstance" { deal.clone() } else { Deal::Pass };
        let clients = connected(interposed(sandbox.http_client(), dealer)).await;
        let read = observe(&clients, &Scope::default(), &|_| {}).await.unwrap();
        assert_eq!(read.instance, world().instance);
    }
    let denied = error_when("DescribeInstance", refusal("AccessDeniedException", "no")).await;
    says(&denied, Code::ReadFailed, "AccessDeniedException");
}

#[tokio::test(start_paused = true)]
async fn a_delegated_administrator_who_may_not_list_its_like_still_reads() {
    let read_as = async |caller: u64| -> Result<Snapshot, ObserveError> {
        let mut world = world();
        world.caller.account = account(caller);
        let sandbox = Sandbox::new(world, Settings::default());
        let dealer = |operation: &str, _| match operation {
            "ListDelegatedAdministrators" => refusal("AccessDeniedException", "no"),
            _ => Deal::Pass,
        };
        let clients = connected(interposed(sandbox.http_client(), dealer)).await;
        observe(&clients, &Scope::default(), &|_| {}).await
    };
    let read = read_as(2).await.unwrap();
    assert!(read.caller_is_delegated() && read.organization.delegated_administrators.is_empty());
    assert!(read_as(1).await.is_err());
}
