//! Permission sets: their contents, and refused input.

use std::collections::BTreeSet;

use aws_sdk_ssoadmin::types::{CustomerManagedPolicyReference, PermissionsBoundary, Tag};
use rolecall_model::snapshot::LivePermissionSet;

use crate::company::{INSTANCE, code, name};
use crate::{Clients, company, world};

fn deploy(clients: &Clients) -> LivePermissionSet {
    clients.sandbox.snapshot().permission_set(&name("Deploy")).unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn an_update_clears_what_it_is_not_sent() {
    let clients = world(company());
    let update =
        clients.sso.update_permission_set().instance_arn(INSTANCE).permission_set_arn(clients.deploy());
    update.session_duration("PT4H").send().await.unwrap();
    let describe = clients.sso.describe_permission_set().instance_arn(INSTANCE);
    let described =
        describe.permission_set_arn(clients.deploy()).send().await.unwrap().permission_set.unwrap();
    assert_eq!(described.session_duration.as_deref(), Some("PT4H"));
    assert_eq!((described.description, described.relay_state), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_set_is_made_with_everything_and_read_again() {
    let clients = world(company());
    let create = clients.sso.create_permission_set().instance_arn(INSTANCE);
    let tag = Tag::builder().key("rolecall:stack").value("acme").build().unwrap();
    let made =
        create.name("Audit").description("Looks").tags(tag).send().await.unwrap().permission_set.unwrap();
    let arn = made.permission_set_arn.unwrap();
    let managed = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess";
    let attach = clients.sso.attach_managed_policy_to_permission_set().instance_arn(INSTANCE);
    let attach = attach.permission_set_arn(&arn).managed_policy_arn(managed);
    attach.clone().send().await.unwrap();
    assert!(attach.send().await.unwrap_err().into_service_error().is_conflict_exception());
    let reference = CustomerManagedPolicyReference::builder().name("base").build().unwrap();
    let put = clients.sso.put_permissions_boundary_to_permission_set().instance_arn(INSTANCE);
    let boundary =
        PermissionsBoundary::builder().customer_managed_policy_reference(reference.clone()).build();
    put.permission_set_arn(&arn).permissions_boundary(boundary).send().await.unwrap();
    let attach =
        clients.sso.attach_customer_managed_policy_reference_to_permission_set().instance_arn(INSTANCE);
    attach.permission_set_arn(&arn).customer_managed_policy_reference(reference).send().await.unwrap();

    let snapshot = clients.sandbox.snapshot();
    insta::assert_snapshot!(
        serde_json::to_string_pretty(snapshot.permission_set(&name("Audit")).unwrap()).unwrap()
    );
    let tags =
        clients.sso.list_tags_for_resource().instance_arn(INSTANCE).resource_arn(&arn).send().await.unwrap();
    assert_eq!(tags.tags()[0].value, "acme");
    let boundary = clients.sso.get_permissions_boundary_for_permission_set().instance_arn(INSTANCE);
    let boundary = boundary.permission_set_arn(&arn).send().await.unwrap().permissions_boundary.unwrap();
    assert_eq!(boundary.customer_managed_policy_reference.unwrap().path.as_deref(), Some("/"));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_said_as_aws_says_it() {
    let clients = world(company());
    let inline = clients.sso.get_inline_policy_for_permission_set().instance_arn(INSTANCE);
    let inline = inline.permission_set_arn(clients.deploy()).send().await.unwrap();
    assert_eq!(inline.inline_policy.as_deref(), Some(""));
    let boundary = clients.sso.get_permissions_boundary_for_permission_set().instance_arn(INSTANCE);
    let error = boundary.permission_set_arn(clients.deploy()).send().await.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception(), "{}", code(&error));
    let other = "arn:aws:sso:::instance/ssoins-0000000000000000";
    let error = clients.sso.list_permission_sets().instance_arn(other).send().await.unwrap_err();
    assert!(error.into_service_error().is_resource_not_found_exception());
    let error = clients.sso.describe_instance().instance_arn(other).send().await.unwrap_err();
    assert!(error.into_service_error().is_access_denied_exception());
}

#[tokio::test(start_paused = true)]
async fn input_that_breaks_a_rule_is_refused_and_changes_nothing() {
    let clients = world(company());
    let before = clients.sandbox.snapshot();
    let create = clients.sso.create_permission_set().instance_arn(INSTANCE);
    let taken = create.clone().name("Deploy").send().await.unwrap_err().into_service_error();
    assert!(taken.is_conflict_exception() && code(&taken).contains("already exists"));
    let too_long = "n".repeat(33);
    let mut refused = Vec::new();
    for wrong in [
        create.clone(),
        create.clone().name(too_long),
        create.clone().name("two words"),
        create.clone().name("A").description(""),
        create.clone().name("A").description("d".repeat(701)),
        create.clone().name("A").session_duration("PT30M"),
        create.clone().name("A").session_duration("1h"),
        create.clone().name("A").relay_state("caf\u{e9}"),
    ] {
        refused.push(code(&wrong.send().await.unwrap_err().into_service_error()));
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let put = clients.sso.put_inline_policy_to_permission_set().instance_arn(INSTANCE);
    let put = put.permission_set_arn(clients.deploy());
    let characters = format!(r#"{{"Statement":[],"Id":"{}"}}"#, "x".repeat(10_300));
    for policy in ["not JSON", "{}", characters.as_str()] {
        refused.push(code(&put.clone().inline_policy(policy).send().await.unwrap_err().into_service_error()));
    }
    let list = clients.sso.list_permission_sets().instance_arn(INSTANCE);
    for list in [list.clone().max_results(0), list.clone().max_results(101), list.next_token("0011")] {
        refused.push(code(&list.send().await.unwrap_err().into_service_error()));
    }
    insta::assert_snapshot!(refused.join("\n"));
    assert_eq!(clients.sandbox.snapshot(), before);
}

#[tokio::test(start_paused = true)]
async fn tags_come_and_go_and_do_not_make_a_set_outdated() {
    let clients = world(company());
    let tag = |number: usize| Tag::builder().key(format!("k{number}")).value("v").build().unwrap();
    let add = clients.sso.tag_resource().instance_arn(INSTANCE).resource_arn(clients.deploy());
    add.clone().set_tags(Some((0..49).map(tag).collect())).send().await.unwrap();
    let error = add.tags(tag(50)).send().await.unwrap_err().into_service_error();
    assert!(error.is_service_quota_exceeded_exception(), "{}", code(&error));
    let untag = clients.sso.untag_resource().instance_arn(INSTANCE).resource_arn(clients.deploy());
    untag.set_tag_keys(Some((0..49).map(|number| format!("k{number}")).collect())).send().await.unwrap();
    assert_eq!(deploy(&clients).tags, company().permission_sets[0].tags);
    assert!(deploy(&clients).outdated.is_empty());
}

/// A snapshot in which only some permission sets were read runs in the sandbox, and is saved unchanged.
#[tokio::test(start_paused = true)]
async fn a_set_that_was_not_read_has_the_defaults_until_it_is_edited() {
    let mut snapshot = company();
    snapshot.permission_sets[0].details = None;
    let clients = world(snapshot);
    let describe = clients.sso.describe_permission_set().instance_arn(INSTANCE);
    let described =
        describe.permission_set_arn(clients.deploy()).send().await.unwrap().permission_set.unwrap();
    assert_eq!(described.session_duration.as_deref(), Some("PT1H"));
    assert_eq!(deploy(&clients).details, None);
    let update =
        clients.sso.update_permission_set().instance_arn(INSTANCE).permission_set_arn(clients.deploy());
    update.description("now known").send().await.unwrap();
    assert_eq!(deploy(&clients).details.unwrap().description.as_deref(), Some("now known"));
}

/// Ids are drawn from the same seed whenever a saved world is loaded.
#[tokio::test(start_paused = true)]
async fn a_set_that_is_made_after_a_reload_has_an_arn_of_its_own() {
    let mut snapshot = company();
    for round in 0..3 {
        let clients = world(snapshot);
        let create = clients.sso.create_permission_set().instance_arn(INSTANCE);
        create.name(format!("Round{round}")).send().await.unwrap();
        snapshot = clients.sandbox.snapshot();
    }
    let arns: BTreeSet<&str> = snapshot.permission_sets.iter().map(|set| set.arn.as_str()).collect();
    assert_eq!(arns.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_set_holds_25_policies_of_both_kinds_together() {
    let mut snapshot = company();
    let policies = (0..24).map(|number| format!("arn:aws:iam::aws:policy/Policy{number}"));
    snapshot.permission_sets[0].details.as_mut().unwrap().managed_policies = policies.collect();
    let clients = world(snapshot);
    let reference =
        CustomerManagedPolicyReference::builder().name("base").path("/platform/").build().unwrap();
    let attach =
        clients.sso.attach_customer_managed_policy_reference_to_permission_set().instance_arn(INSTANCE);
    let attach = attach.permission_set_arn(clients.deploy()).customer_managed_policy_reference(reference);
    attach.send().await.unwrap();
    let attach = clients.sso.attach_managed_policy_to_permission_set().instance_arn(INSTANCE);
    let attach =
        attach.permission_set_arn(clients.deploy()).managed_policy_arn("arn:aws:iam::aws:policy/More");
    let error = attach.send().await.unwrap_err().into_service_error();
    assert!(error.is_service_quota_exceeded_exception(), "{}", code(&error));
}
