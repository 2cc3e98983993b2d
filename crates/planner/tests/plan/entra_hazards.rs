//! What in the Entra half would lock people out, let someone in, or take access away unseen.

use rolecall_model::entra::{EnterpriseApplication, PolicyState};
use rolecall_model::snapshot::{ExternalId, Group};
use rolecall_model::{EntraOperation, Snapshot};
use rolecall_planner::Plan;
use rolecall_planner::plan::{Action, Change};

use crate::case::settings;
use crate::entra::plan_with;
use crate::tenants::{
    EVERYTHING, FILES, application, certificate, group, live, object, policy, project, tenant, working,
};
use crate::world::{id_of, row};

fn plan(config: &str, snapshot: &Snapshot) -> Plan {
    plan_with(&project(config), snapshot, &settings()).unwrap_or_else(|found| panic!("{found}"))
}

fn steps(plan: &Plan) -> Vec<&EntraOperation> {
    let steps = plan.changes.iter().filter_map(|change| match &change.action {
        Action::Entra(entra) => Some(&entra.step),
        _ => None,
    });
    steps.collect()
}

fn handmade(snapshot: &mut Snapshot, name: &str, external: Option<String>) {
    let external = external.map(|id| ExternalId { issuer: "entra".to_owned(), id });
    let id = id_of(&format!("handmade:{name}")).parse().unwrap();
    snapshot.groups.push(Group {
        id,
        display_name: name.to_owned(),
        external_ids: external.into_iter().collect(),
    });
    snapshot.sort();
}

#[test]
fn a_group_created_in_aws_does_not_count_as_one_of_entra() {
    let mut tenant = tenant(&["devs", "break-glass"]);
    tenant.applications.push(working(&["devs"]));
    for pin in [String::new(), format!(" id=\"{}\"", object("devs"))] {
        let files = FILES.replace("group \"devs\"", &format!("group \"devs\"{pin}"));
        let config = format!("{}{files}", application("assign-groups"));
        let mut snapshot = live("", &["break-glass"], tenant.clone());
        handmade(&mut snapshot, "devs", None);
        let plan = plan(&config, &snapshot);
        assert!(
            steps(&plan).iter().any(|step| matches!(step, EntraOperation::ProvisionGroup { .. })),
            "{pin}"
        );
    }
}

#[test]
fn a_recreated_group_waits_while_the_old_one_is_still_in_aws() {
    let mut tenant = tenant(&["devs", "break-glass"]);
    tenant.applications.push(working(&["devs"]));
    let mut snapshot = live("", &["break-glass"], tenant);
    handmade(&mut snapshot, "devs", Some(id_of("entra:devs before")));
    let old = snapshot.groups.iter().find(|group| group.display_name == "devs").unwrap().id.clone();
    let mut held = row(&snapshot, "Deploy", "break-glass", "one");
    held.principal = rolecall_model::Principal::Group(old);
    snapshot.assignments.push(held);
    let config = format!("{}{FILES}", application("assign-groups"));
    let waits = plan(&config, &snapshot);
    assert_eq!((waits.rebinds.len(), waits.changes.iter().filter_map(Change::granted).count()), (1, 0));
    let pinned = config.replace("group \"devs\"", &format!("group \"devs\" id=\"{}\"", object("devs")));
    assert!(plan(&pinned, &snapshot).rebinds.is_empty());
}

#[test]
fn only_a_policy_that_ran_in_report_only_is_enabled() {
    let line = "assign-groups\nrequire-mfa \"AWS needs MFA\" strength=\"phishing-resistant\" state=\"enabled\" { except-to \"break-glass\" }";
    let config = format!("{}{FILES}", application(line));
    let with = |change: &dyn Fn(&mut rolecall_model::entra::AccessPolicy), state| {
        let mut tenant = tenant(&["devs", "break-glass"]);
        tenant.applications.push(working(&["devs"]));
        let mut policy = policy(state);
        change(&mut policy.policy);
        tenant.conditional_access.push(policy);
        live("", &["devs", "break-glass"], tenant)
    };
    let state_after = |snapshot: &Snapshot| {
        let plan = plan(&config, snapshot);
        let found = steps(&plan).into_iter().find_map(|step| match step {
            EntraOperation::UpdatePolicy { policy, .. } => Some(policy.clone()),
            _ => None,
        });
        (found, plan.violations.len())
    };
    let report_only = PolicyState::EnabledForReportingButNotEnforced;
    let (enabled, _) = state_after(&with(&|_| {}, report_only));
    assert_eq!(enabled.unwrap().state, PolicyState::Enabled);
    let (other, _) = state_after(&with(&|policy| policy.strength = None, report_only));
    assert_eq!(other.unwrap().state, report_only, "it said something else");
    // Nothing of an enforced policy goes by omission, and a strength that is not known is not replaced in silence.
    let kept = |policy: &mut rolecall_model::entra::AccessPolicy| {
        policy.controls = ["compliantDevice".to_owned()].into();
        policy.exclude_groups.insert(object("others"));
    };
    assert_eq!(state_after(&with(&kept, PolicyState::Enabled)).0, None);
    let own = |policy: &mut rolecall_model::entra::AccessPolicy| policy.strength = Some("own".to_owned());
    assert_eq!(state_after(&with(&own, PolicyState::Enabled)).1, 1);

    let mut empty = with(&|_| {}, report_only);
    for group in &mut empty.entra.as_mut().unwrap().groups {
        group.members.clear();
    }
    let refused = plan_with(&project(&config), &empty, &settings()).unwrap_err();
    assert!(refused.contains("RC0226"), "{refused}");
}

#[test]
fn a_certificate_signs_only_when_aws_has_it() {
    let full = |text: &str| format!("{text:0>40}");
    let cert = |name: &str, end: &str| certificate(&full(name), end);
    let (later, last) = ("2028-01-01T00:00:00Z", "2029-01-01T00:00:00Z");
    let switched = |certificates: &[_], preferred: Option<&str>, aws_has: &str| {
        let mut tenant = tenant(&["devs", "break-glass"]);
        tenant.applications.push(EnterpriseApplication {
            certificates: certificates.to_vec(),
            preferred_thumbprint: preferred.map(full),
            ..working(&["devs"])
        });
        let known = if aws_has.is_empty() {
            String::new()
        } else {
            format!(" aws-has-certificate=\"{}\"", full(aws_has))
        };
        let config = format!(
            "{}{FILES}",
            application(&format!("assign-groups\nsaml sign-on-metadata=\"aws.xml\"{known}"))
        );
        let plan = plan(&config, &live("", &["devs", "break-glass"], tenant));
        steps(&plan).into_iter().find_map(|step| match step {
            EntraOperation::PreferCertificate { thumbprint, .. } => Some(thumbprint.clone()),
            _ => None,
        })
    };
    // It still signs on its last day; then the one that AWS has takes over, whichever ends last.
    assert_eq!(switched(&[cert("A", "2026-11-24T23:59:59Z")], Some("A"), ""), None);
    let ended = [cert("A", "2026-11-20T00:00:00Z"), cert("B", later), cert("C", last)];
    assert_eq!(switched(&ended, Some("A"), "B"), Some(Some(full("B"))));
    assert_eq!(switched(&ended, Some("A"), ""), None);
    let soon = [cert("A", "2026-12-10T00:00:00Z"), cert("B", later), cert("C", last)];
    assert_eq!(switched(&soon, Some("A"), "B"), Some(Some(full("B"))));
    assert_eq!(switched(&[cert("B", later), cert("C", last)], None, ""), None);
    assert_eq!(switched(&[cert("B", later)], None, ""), Some(Some(full("B"))), "a killed apply left it");
}

#[test]
fn assignments_lost_with_an_unassigned_group_are_guarded_and_approved() {
    let lines = "assign-groups\nunassign-group \"old\"";
    let mut tenant = tenant(&["devs", "break-glass", "old"]);
    tenant.applications.push(working(&["devs", "old"]));
    let mut snapshot = live("set Foreign\n", &["devs", "break-glass", "old"], tenant);
    let config = format!("guard {{ protect \"Foreign\" }}\n{}{FILES}", application(lines));
    let before = plan(&config, &snapshot);
    let lost = row(&snapshot, "Foreign", "old", "one");
    snapshot.assignments.push(lost);
    snapshot.sort();
    let after = plan(&config, &snapshot);
    assert_ne!(before.digest, after.digest, "what goes is what is approved");
    assert_eq!((before.violations.len(), after.violations.len()), (0, 1));
    let kept = config.replace("guard", "group \"old\"\nkeep \"Deploy\" { to \"old\" }\nguard");
    assert!(plan_with(&project(&kept), &snapshot, &settings()).unwrap_err().contains("RC0906"));
}

#[test]
fn a_digest_covers_the_tenant_and_the_application() {
    let config = format!("{}{FILES}", application(EVERYTHING));
    let digest = |change: &dyn Fn(&mut rolecall_model::entra::Tenant)| {
        let mut tenant = tenant(&["devs", "break-glass"]);
        tenant.applications.push(working(&[]));
        change(&mut tenant);
        plan(&config, &live("", &["break-glass"], tenant)).digest
    };
    let plain = digest(&|_| {});
    assert_ne!(plain, digest(&|tenant| tenant.id = "00000000-66e1-4f0a-8c55-1b9e2f7a4d10".to_owned()));
    assert_ne!(plain, digest(&|tenant| tenant.applications[0].service_principal_id = object("another")));
    // Who joins or leaves a group that is provisioned does not make another plan of it.
    assert_eq!(
        plain,
        digest(&|tenant| {
            let devs = tenant.groups.iter_mut().find(|group| group.display_name == "devs").unwrap();
            devs.members = group("others").members;
        })
    );
}
