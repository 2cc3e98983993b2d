//! What the doctor says of a company that is well, of one where everything ails, and where a half cannot be read.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

use rolecall_doctor::{Diagnosis, Reading, compared_groups, diagnose, render, without_aws};
use rolecall_model::entra::{
    DirectoryUser, FederationMetadata, PolicyState, ProvisioningEvent, Quarantine, SignIn, SyncState, Tenant,
};
use rolecall_model::snapshot::User;
use rolecall_model::{Code, Diagnostic, Snapshot, UserId};
use rolecall_parser::Project;
use rolecall_planner::plan::Provenance;

use crate::case::checkout;
use crate::tenants::{
    EVERYTHING, FILES, application, certificate, group, job, live, object, policy, project, tenant, working,
};
use crate::world::id_of;

// The planner's tests write worlds, tenants and configurations in a few lines; this crate's do it alike.
#[allow(dead_code, reason = "the planner's tests need more of it")]
#[path = "../../../planner/tests/plan/case.rs"]
mod case;
#[allow(dead_code, reason = "the planner's tests need more of it")]
#[path = "../../../planner/tests/plan/tenants.rs"]
mod tenants;
#[allow(dead_code, reason = "the planner's tests need more of it")]
#[path = "../../../planner/tests/plan/world.rs"]
mod world;

const NOW: &str = "2026-11-24T12:00:00Z";

fn reading() -> Reading {
    Reading {
        now: NOW.parse().unwrap(),
        provenance: Provenance::Live,
        tenant: None,
        logs: None,
        memberships: None,
    }
}

fn diagnosed(project: &Project, snapshot: &Snapshot, reading: &Reading) -> Diagnosis {
    diagnose(&checkout(project), snapshot, reading)
}

fn text(project: &Project, diagnosis: &Diagnosis) -> String {
    render::text(diagnosis, &project.sources, false)
}

fn user(name: &str, has_last_name: bool) -> DirectoryUser {
    DirectoryUser {
        id: object(name),
        user_principal_name: format!("{name}@acme.com"),
        display_name: name.to_owned(),
        given_name: Some(name.to_owned()),
        surname: has_last_name.then(|| "Doe".to_owned()),
        account_enabled: true,
    }
}

fn store_user(name: &str) -> UserId {
    id_of(&format!("store:{name}")).parse().unwrap()
}

/// Puts users into a group, as provisioning would, or someone by hand.
fn put(snapshot: &mut Snapshot, into: &str, names: &[&str]) {
    for name in names {
        let user_name = format!("{name}@acme.com").parse().unwrap();
        snapshot.users.push(User { id: store_user(name), user_name });
    }
    let members = names.iter().map(|name| store_user(name)).collect();
    snapshot.memberships.insert(id_of(into).parse().unwrap(), members);
    snapshot.sort();
}

/// `devs` holds jane and sam, on both sides.
fn well() -> Snapshot {
    let mut tenant = tenant(&["break-glass", "devs"]);
    for group in &mut tenant.groups {
        group.members = [object("jane"), object("sam")].into();
    }
    tenant.users = vec![user("jane", true), user("sam", true)];
    let mut application = working(&["devs"]);
    application.jobs[0].last_success = Some("2026-11-24T11:30:00Z".parse().unwrap());
    application.federation = Some(FederationMetadata {
        entity_id: format!("https://sts.windows.net/{}/", tenant.id),
        certificates: application.certificates.clone(),
        characters: 9_000,
    });
    tenant.applications = vec![application];
    tenant.conditional_access = vec![policy(PolicyState::EnabledForReportingButNotEnforced)];
    tenant.sort();
    let mut snapshot = live("", &["devs"], tenant);
    // User names are compared without case, as both sides do.
    put(&mut snapshot, "devs", &["jane", "sam"]);
    snapshot
}

fn files() -> Project {
    project(&format!("{}{FILES}", application(EVERYTHING)))
}

#[test]
fn a_healthy_company() {
    let project = files();
    let diagnosis = diagnosed(&project, &well(), &reading());
    assert!(!diagnosis.has_failures());
    insta::assert_snapshot!(text(&project, &diagnosis));
}

/// Every check finds something.
fn sick() -> Snapshot {
    let mut snapshot = well();
    let mut tenant: Tenant = snapshot.entra.take().unwrap();
    tenant.users = vec![user("jane", true), user("sam", true), user("new", false)];
    for group in &mut tenant.groups {
        // Sam left; someone without a last name came.
        group.members = [object("jane"), object("new")].into();
        group.nested = [object("inner")].into();
        group.security_enabled = false;
    }
    tenant.groups.push(group("inner"));
    let application = &mut tenant.applications[0];
    application.assignments.clear();
    application.sign_on_mode = None;
    application.redirect_uris.clear();
    application.certificates = vec![certificate("AA", "2026-12-20T00:00:00Z")];
    application.federation = Some(FederationMetadata {
        entity_id: "https://sts.windows.net/another/".to_owned(),
        certificates: Vec::new(),
        characters: 80_000,
    });
    application.jobs = vec![rolecall_model::entra::SyncJob {
        quarantine: Some(Quarantine {
            reason: "EncounteredBaseEscrowThreshold".to_owned(),
            message: Some("too many deletions".to_owned()),
            since: None,
        }),
        user_external_id: Some("mailNickname".to_owned()),
        ..job(SyncState::Quarantine)
    }];
    tenant.conditional_access.clear();
    let event = |name: &str, code: Option<&str>, reason: &str| ProvisioningEvent {
        at: NOW.parse().unwrap(),
        action: "create".to_owned(),
        kind: "User".to_owned(),
        name: name.to_owned(),
        status: "failure".to_owned(),
        error_code: code.map(str::to_owned),
        reason: Some(reason.to_owned()),
    };
    tenant.logs.provisioning = vec![
        event("new", Some("MissingRequiredAttribute"), "surname"),
        event("devs", Some("InvalidGroup"), "group"),
        event("x", Some("SomethingNew"), "It went\u{202e} wrong."),
    ];
    let sign_in = |user: &str, error_code, reason: &str| SignIn {
        at: NOW.parse().unwrap(),
        user: user.to_owned(),
        error_code,
        reason: Some(reason.to_owned()),
    };
    tenant.logs.sign_ins = vec![
        sign_in("jane@acme.com", 50_105, ""),
        sign_in("jane@acme.com", 50_105, ""),
        sign_in("sam@acme.com", 53_003, ""),
        sign_in("sam@acme.com", 50_076, ""),
        sign_in("sam@acme.com", 999_999, "Nobody knows."),
    ];
    tenant.sort();
    let orphans = live("row Deploy gone:ghost one", &[], tenant);
    snapshot.assignments = orphans.assignments;
    snapshot.entra = orphans.entra;
    snapshot
}

#[test]
fn a_company_with_every_problem() {
    let config = EVERYTHING.replace("2027-06-01", "2026-11-01");
    let project = project(&format!("{}{FILES}", application(&config)));
    let diagnosis = diagnosed(&project, &sick(), &reading());
    assert!(diagnosis.has_failures());
    insta::assert_snapshot!("ailing_text", text(&project, &diagnosis));
    insta::assert_snapshot!("ailing_json", render::json(&diagnosis, &project.sources));
}

#[test]
fn stalled_provisioning_is_late_except_in_a_sandbox() {
    let project = files();
    let mut snapshot = well();
    let late = Some("2026-11-24T08:00:00Z".parse().unwrap());
    snapshot.entra.as_mut().unwrap().applications[0].jobs[0].last_success = late;
    let codes = |provenance| -> Vec<Code> {
        let diagnosis = diagnosed(&project, &snapshot, &Reading { provenance, ..reading() });
        diagnosis.checks.iter().flat_map(|check| &check.findings).map(|found| found.code).collect()
    };
    assert_eq!(codes(Provenance::Live), [Code::ProvisioningTrouble]);
    assert_eq!(codes(Provenance::Sandbox), []);
}

#[test]
fn an_unreadable_part_fails_and_the_rest_is_checked() {
    let project = files();
    let error =
        |what: &str| Diagnostic::error(Code::ReadFailed, format!("{what} cannot be read")).help("grant it");
    let without_logs =
        Reading { logs: Some(error("the log")), memberships: Some(error("the members")), ..reading() };
    let mut snapshot = well();
    let partly = text(&project, &diagnosed(&project, &snapshot, &without_logs));
    let tenant = snapshot.entra.take().unwrap();
    let without_entra = Reading { tenant: Some(error("the tenant")), ..reading() };
    let one_half = text(&project, &diagnosed(&project, &snapshot, &without_entra));
    let other_half = text(&project, &without_aws(error("AWS"), Some(Ok(&tenant))));
    insta::assert_snapshot!(format!("{partly}\n-----\n{one_half}\n-----\n{other_half}"));
}

#[test]
fn members_of_compared_groups_are_read() {
    let project = files();
    let snapshot = well();
    let groups = compared_groups(&checkout(&project), &snapshot, NOW.parse().unwrap());
    assert_eq!(groups, [id_of("devs").parse().unwrap()].into());
}
