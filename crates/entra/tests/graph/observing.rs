//! Reading a tenant.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use rolecall_entra::{ObserveError, Scope, observe, observe_logs};
use rolecall_model::entra::{
    AuditLogs, DirectoryGroup, FederationMetadata, ProvisioningEvent, SignIn, SigningCertificate, Tenant,
};
use rolecall_model::{Code, ObjectId};
use rolecall_sandbox::Settings;

use crate::world::{Bench, DEVS, DOMAIN, NAME, NESTED, NEWS, OPS, TENANT, answer, object, scope, tenant};

fn without_federation(mut tenant: Tenant) -> (Tenant, Vec<Option<FederationMetadata>>) {
    let documents = tenant.applications.iter_mut().map(|one| one.federation.take()).collect();
    (tenant, documents)
}

#[tokio::test(start_paused = true)]
async fn a_tenant_is_read_as_it_is() {
    let bench = Bench::working().await;
    let read = observe(&bench.reader(), &scope()).await.unwrap();
    let (read, documents) = without_federation(read);
    let mut live = bench.live();
    live.logs = read.logs.clone();
    assert_eq!(read, live);
    // Both sides of SAML agree on the certificate that signs.
    let [Some(document)] = &documents[..] else { panic!("{documents:?}") };
    let application = &read.applications[0];
    assert_eq!(document.entity_id, format!("https://sts.windows.net/{TENANT}/"));
    let thumbprints: Vec<&String> = document.certificates.iter().map(|one| &one.thumbprint).collect();
    assert_eq!(thumbprints, application.preferred_thumbprint.iter().collect::<Vec<_>>());
    let same = |one: &SigningCertificate| (one.thumbprint.clone(), one.subject.clone(), one.not_after);
    assert_eq!(same(&document.certificates[0]), same(&application.certificates[0]));
    assert!(document.characters > 1_000);
}

#[tokio::test(start_paused = true)]
async fn small_pages_hold_the_same() {
    let mut bench = Bench::working().await;
    let whole = observe(&bench.reader(), &scope()).await.unwrap();
    let live = bench.live();
    bench = Bench::of(live, Settings { graph_page_size: 1, ..Settings::default() });
    let mut paged = observe(&bench.reader(), &scope()).await.unwrap();
    for (one, other) in paged.applications.iter_mut().zip(&whole.applications) {
        one.jobs.clone_from(&other.jobs);
    }
    assert_eq!(paged, whole);
}

#[tokio::test(start_paused = true)]
async fn all_groups_of_one_name_come_from_all_pages() {
    let mut tenant = tenant();
    let twins: BTreeSet<ObjectId> =
        (0..5).map(|number| object(&format!("00000000-0000-4000-8000-0000000f{number:04}"))).collect();
    tenant.groups.extend(twins.iter().map(|id| DirectoryGroup {
        id: id.clone(),
        display_name: "twins".to_owned(),
        security_enabled: true,
        members: BTreeSet::new(),
        nested: BTreeSet::new(),
    }));
    let bench = Bench::of(tenant, Settings { graph_page_size: 2, ..Settings::default() });
    let scope =
        Scope { tenant: TENANT.to_owned(), group_names: ["twins".to_owned()].into(), ..Scope::default() };
    let read = observe(&bench.reader(), &scope).await.unwrap();
    assert_eq!(read.groups.into_iter().map(|group| group.id).collect::<BTreeSet<_>>(), twins);
}

#[tokio::test(start_paused = true)]
async fn groups_that_do_not_exist_are_not_there_and_nested_ones_are() {
    let bench = Bench::new();
    let nobody = object("00000000-0000-4000-8000-00000000ffff");
    let scope = Scope {
        tenant: DOMAIN.to_owned(),
        group_names: ["devs' friends".to_owned()].into(),
        group_ids: [nobody, object(OPS), object(NEWS)].into(),
        ..Scope::default()
    };
    let read = observe(&bench.reader(), &scope).await.unwrap();
    let ids: Vec<&str> = read.groups.iter().map(|group| group.id.as_str()).collect();
    assert_eq!(ids, [OPS, NESTED, NEWS]);
    let calls = bench.sandbox.graph_calls();
    let read_by_id = calls.iter().filter(|call| call.operation == "GET /groups/{id}").count();
    assert_eq!(read_by_id, 3, "the page of members shows what a nested group is");
    assert!(!read.groups[2].security_enabled);
    assert_eq!(read.users.len(), 2);
    assert_eq!((read.applications.len(), read.conditional_access.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn groups_are_looked_up_twenty_at_a_time() {
    let bench = Bench::new();
    let names = (0..45).map(|number| format!("group {number}")).chain(["devs".to_owned()]).collect();
    let scope = Scope { tenant: DOMAIN.to_owned(), group_names: names, ..Scope::default() };
    let reader = bench.reader();
    let read = observe(&reader, &scope).await.unwrap();
    assert_eq!(read.groups[0].id, object(DEVS));
    // Three batches of names, and one of members.
    assert_eq!(reader.statistics().calls["POST /$batch"], 4);
    assert_eq!(bench.wire.sent.lock().unwrap().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn another_tenant_is_an_error() {
    let bench = Bench::new();
    let scope = Scope { tenant: "other.onmicrosoft.com".to_owned(), ..Scope::default() };
    let error = observe(&bench.reader(), &scope).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the credentials are for tenant {TENANT} (acme.com, {DOMAIN}), not for other.onmicrosoft.com"
        )
    );
    for name in [TENANT.to_uppercase(), "ACME.com".to_owned()] {
        observe(&bench.reader(), &Scope { tenant: name, ..Scope::default() }).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_not_read_learns_which_permission_is_lacking() {
    let bench = Bench::answering(|request| {
        let body = r#"{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges.","innerError":{"request-id":"4711"}}}"#;
        request.uri().path().ends_with("/policies").then(|| answer(403, body))
    });
    let error = observe(&bench.reader(), &scope()).await.unwrap_err();
    assert_eq!(error.code(), Code::ReadFailed);
    assert_eq!(
        format!("{error}; {}", error.help()),
        "GET /identity/conditionalAccess/policies failed: Authorization_RequestDenied: Insufficient privileges. \
         (HTTP 403, request 4711); grant Policy.Read.All to the application, with admin consent; \
         nothing was changed"
    );
}

#[tokio::test(start_paused = true)]
async fn members_that_the_caller_may_not_see_end_the_reading() {
    let bench = Bench::answering(|request| {
        let is_members = request.uri().path().ends_with("/$batch")
            && String::from_utf8_lossy(request.body()).contains("/members");
        is_members.then(|| {
            let body = r##"{"responses":[{"id":"0","status":200,"body":{"value":[{"@odata.type":"#microsoft.graph.user","id":"dddddddd-0000-4000-8000-000000000001","displayName":null}]}}]}"##;
            answer(200, body)
        })
    });
    let scope = Scope { tenant: DOMAIN.to_owned(), group_ids: [object(DEVS)].into(), ..Scope::default() };
    let error = observe(&bench.reader(), &scope).await.unwrap_err();
    assert!(matches!(error, ObserveError::LimitedMember { .. }), "{error}");
    assert!(error.help().contains("User.ReadBasic.All"));
}

#[tokio::test(start_paused = true)]
async fn logs_hold_what_went_wrong_since_then() {
    let working = Bench::working().await;
    let mut tenant = working.live();
    let event = |at: &str, status: &str| ProvisioningEvent {
        at: at.parse().unwrap(),
        action: "create".to_owned(),
        kind: "User".to_owned(),
        name: "User 8".to_owned(),
        status: status.to_owned(),
        error_code: (status != "success").then(|| "AttributeMissing".to_owned()),
        reason: (status != "success").then(|| "surname".to_owned()),
    };
    tenant.logs.provisioning = vec![
        event("2026-03-03T00:00:00Z", "success"),
        event("2026-03-02T00:00:00Z", "skipped"),
        event("2026-03-01T00:00:00Z", "failure"),
        event("2026-01-01T00:00:00Z", "failure"),
    ];
    let sign_in = |at: &str, error_code| SignIn {
        at: at.parse().unwrap(),
        user: "user1@acme.com".to_owned(),
        error_code,
        reason: (error_code != 0).then(|| "not assigned".to_owned()),
    };
    tenant.logs.sign_ins = vec![sign_in("2026-03-03T00:00:00Z", 50_105), sign_in("2026-03-02T00:00:00Z", 0)];
    let bench = Bench::of(tenant, Settings::default());
    let reader = bench.reader();
    let tenant = observe(&reader, &scope()).await.unwrap();
    assert_eq!(tenant.logs, AuditLogs::default(), "they are read on their own");
    let since: Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
    let read = observe_logs(&reader, &tenant, since).await.unwrap();
    let mut live = bench.live().logs;
    live.provisioning.retain(|event| event.status != "success" && event.at > since);
    live.sign_ins.retain(|sign_in| sign_in.error_code != 0);
    assert_eq!((live.provisioning.len() >= 2, live.sign_ins.len()), (true, 1));
    assert_eq!(read, live);
}

#[tokio::test(start_paused = true)]
async fn the_limits_of_graph_are_kept() {
    let bench = Bench::working().await;
    // What the client before this one sent counts for Graph, too.
    tokio::time::sleep(Duration::from_secs(30)).await;
    let start = tokio::time::Instant::now();
    let reader = bench.reader();
    for _ in 0..6 {
        let tenant = observe(&reader, &scope()).await.unwrap();
        observe_logs(&reader, &tenant, "2026-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
    }
    // Twelve requests of audit logs, of which ten seconds take five.
    assert!(start.elapsed() > Duration::from_secs(20), "{:?}", start.elapsed());
    let refusals = bench.sandbox.refusals().graph;
    assert_eq!((refusals.provoked, reader.statistics().throttled), (0, 0));
    assert_eq!(reader.statistics().retries, 0);
}

#[tokio::test(start_paused = true)]
async fn two_applications_of_one_name_are_both_read() {
    let mut tenant = Bench::working().await.live();
    let mut other = tenant.applications[0].clone();
    for (id, at) in
        [(&mut other.service_principal_id, 1), (&mut other.application_id, 2), (&mut other.client_id, 3)]
    {
        *id = object(&format!("eeeeeeee-0000-4000-8000-00000000000{at}"));
    }
    other.jobs.clear();
    other.identifier_uris.clear();
    tenant.applications.push(other);
    let bench = Bench::of(tenant, Settings::default());
    let read = observe(&bench.reader(), &scope()).await.unwrap();
    assert_eq!(read.applications.len(), 2);
    assert!(read.applications.iter().all(|one| one.display_name == NAME));
}
