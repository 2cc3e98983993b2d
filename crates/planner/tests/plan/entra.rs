//! The Entra half: what of a tenant changes, and what waits for it.

use rolecall_model::Snapshot;
use rolecall_model::entra::{
    DirectoryGroup, EnterpriseApplication, PolicyState, Quarantine, SigningCertificate, SyncJob, SyncState,
};
use rolecall_parser::Project;
use rolecall_planner::plan::Provenance;
use rolecall_planner::render::{Detail, json, markdown, text};
use rolecall_planner::{Plan, Settings, order};

use crate::case::{self, diagnostics_text, settings};
use crate::tenants::{
    EVERYTHING, FILES, application, certificate, group, job, live, object, policy, project, tenant, working,
};

pub(crate) fn plan_with(project: &Project, snapshot: &Snapshot, settings: &Settings) -> Result<Plan, String> {
    case::plan_with(project, snapshot, settings).map_err(|found| diagnostics_text(&found, project))
}

/// The plan, its graph and its findings, for a snapshot test.
fn shown(config: &str, snapshot: &Snapshot) -> String {
    let project = project(config);
    match plan_with(&project, snapshot, &settings()) {
        Err(found) => found,
        Ok(plan) => {
            let text = text::render(&plan, None, text::Style { detail: Detail::Changed, color: false });
            let graph = order(&plan).to_text();
            format!("{text}\n{graph}\n{}", diagnostics_text(&plan.findings, &project))
        }
    }
}

#[test]
fn one_plan_sets_up_a_new_company() {
    let config = format!("{}{FILES}", application(&format!("create\n{EVERYTHING}")));
    let snapshot = live("", &[], tenant(&["devs", "break-glass"]));
    insta::assert_snapshot!(shown(&config, &snapshot));
    let project = project(&config);
    let plan = plan_with(&project, &snapshot, &settings()).unwrap();
    insta::assert_snapshot!("from_nothing_json", json::render(&plan, None, &project.sources));
    let comment = markdown::render(&plan, None, &project.sources, Detail::Changed);
    insta::assert_snapshot!("from_nothing_markdown", comment);
}

#[test]
fn a_working_setup_is_not_changed() {
    let config = format!("{}{FILES}", application(EVERYTHING));
    let mut tenant = tenant(&["devs", "break-glass"]);
    tenant.applications.push(working(&["devs"]));
    tenant.conditional_access.push(policy(PolicyState::EnabledForReportingButNotEnforced));
    let snapshot = live("group ignored\n", &["devs", "break-glass"], tenant);
    let mut snapshot = snapshot;
    let row = crate::world::row(&snapshot, "Deploy", "devs", "one");
    snapshot.assignments.push(row);
    let project = project(&config);
    let plan = plan_with(&project, &snapshot, &settings()).unwrap();
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    assert_eq!(diagnostics_text(&plan.findings, &project), "");
}

#[test]
fn a_new_group_is_waited_for_or_deferred() {
    let config = format!("{}{FILES}", application(EVERYTHING));
    let mut tenant = tenant(&["devs", "break-glass"]);
    tenant.applications.push(working(&[]));
    tenant.conditional_access.push(policy(PolicyState::EnabledForReportingButNotEnforced));
    let snapshot = live("", &["break-glass"], tenant);
    insta::assert_snapshot!(shown(&config, &snapshot));
    let project = project(&config);
    let deferred = Settings { defer_missing_groups: true, ..settings() };
    let plan = plan_with(&project, &snapshot, &deferred).unwrap();
    let text = text::render(&plan, None, text::Style { detail: Detail::Changed, color: false });
    insta::assert_snapshot!("a_new_group_deferred", text);
    assert!(diagnostics_text(&plan.findings, &project).contains("RC0914"));
}

#[test]
fn without_an_application_a_new_group_is_not_provisioned() {
    let config = format!("entra tenant=\"acme.onmicrosoft.com\"\n{FILES}");
    let snapshot = live("", &[], tenant(&["devs", "break-glass"]));
    let files = project(&config);
    let refused = plan_with(&files, &snapshot, &settings()).unwrap_err();
    assert!(refused.starts_with("RC0914"), "{refused}");
    let deferred = Settings { defer_missing_groups: true, ..settings() };
    let plan = plan_with(&files, &snapshot, &deferred).unwrap();
    assert!(plan.is_empty() && plan.blocked.len() == 1, "{plan:#?}");
}

#[test]
fn a_renamed_group_keeps_its_access_and_a_taken_name_waits() {
    // In Entra the group is called otherwise now; the Identity Store still has the old name.
    let config = format!("{}{}", application("assign-groups"), FILES.replace("\"devs\"", "\"developers\""));
    let mut renamed = tenant(&["devs", "break-glass"]);
    renamed.groups.iter_mut().filter(|group| group.display_name == "devs").for_each(|group| {
        "developers".clone_into(&mut group.display_name);
    });
    renamed.applications.push(working(&["devs"]));
    let mut snapshot = live("", &["devs", "break-glass"], renamed);
    let row = crate::world::row(&snapshot, "Deploy", "devs", "one");
    snapshot.assignments.push(row);
    let files = project(&config);
    let plan = plan_with(&files, &snapshot, &settings()).unwrap();
    assert!(plan.is_empty(), "{:#?}", plan.changes);

    // The group was deleted and made again: its row is an orphan's, and its name is not enough.
    let config = format!("{}{FILES}", application("assign-groups"));
    let mut again = tenant(&["devs", "break-glass"]);
    again.applications.push(working(&["devs"]));
    let snapshot = live("row Deploy gone:devs one\n", &["break-glass"], again);
    let files = project(&config);
    let plan = plan_with(&files, &snapshot, &settings()).unwrap();
    assert_eq!(plan.rebinds.len(), 1, "{plan:#?}");
    let pinned = config.replace("group \"devs\"", &format!("group \"devs\" id=\"{}\"", object("devs")));
    let files = project(&pinned);
    let plan = plan_with(&files, &snapshot, &settings()).unwrap();
    assert!(plan.rebinds.is_empty());
    insta::assert_snapshot!("pinned_group_made_again", order(&plan).to_text());
}

#[test]
fn unusable_groups_are_reported_with_their_places() {
    let files = "group \"devs\"\ngroup \"missing\"\ngroup \"twice\"\ngroup \"mail\"\ngroup \"outer\"
permission-set \"Deploy\" { managed-policy \"A\" }
assign \"Deploy\" { to \"devs\" \"missing\" \"twice\" \"mail\" \"outer\"; on { account \"one\" } }\n";
    let config = format!("{}{files}", application("assign-groups"));
    let mut tenant = tenant(&["devs", "twice", "mail", "outer", "inner"]);
    tenant.groups.push(DirectoryGroup { id: object("other"), ..group("twice") });
    for group in &mut tenant.groups {
        group.security_enabled = group.display_name != "mail";
        if group.display_name == "outer" {
            group.nested = [object("inner")].into();
        }
    }
    tenant.applications.push(working(&[]));
    let snapshot = live("", &[], tenant.clone());
    insta::assert_snapshot!(shown(&config, &snapshot));
    let config = config.replace(" \"missing\" \"twice\"", "");
    let config = config.replace("group \"missing\"\ngroup \"twice\"\n", "");
    insta::assert_snapshot!("groups_that_cannot_be_assigned", shown(&config, &live("", &[], tenant)));
}

#[test]
fn unassigning_lists_what_is_removed_with_the_group() {
    let config = format!(
        "guard {{ max-deletions 1 }}\n{}{FILES}",
        application("assign-groups\nunassign-group \"old\" \"devs\" \"nobody\"")
    );
    let mut tenant = tenant(&["devs", "break-glass"]);
    tenant.applications.push(working(&["devs", "old"]));
    let mut snapshot =
        live("set Foreign\naccount two 222222222222 /\n", &["devs", "break-glass", "old"], tenant);
    for (set, account) in [("Foreign", "one"), ("Foreign", "two")] {
        let row = crate::world::row(&snapshot, set, "old", account);
        snapshot.assignments.push(row);
    }
    snapshot.sort();
    insta::assert_snapshot!(shown(&config, &snapshot));
    insta::assert_snapshot!("unassigned", shown(&config.replace(" \"devs\" \"nobody\"", ""), &snapshot));
}

#[test]
fn provisioning_is_repaired_and_its_problems_are_reported() {
    let config =
        format!("{}{FILES}", application("assign-groups\nprovisioning scim-token-expires=\"2026-12-01\""));
    let mut shown_all = String::new();
    for (what, job) in [
        ("paused", SyncJob { last_error: Some("Timeout: no answer".to_owned()), ..job(SyncState::Paused) }),
        ("not configured", SyncJob { has_secrets: false, ..job(SyncState::NotConfigured) }),
        (
            "quarantine",
            SyncJob {
                quarantine: Some(Quarantine {
                    reason: "TenantProvisioningInvalidCredentials".to_owned(),
                    message: Some("401".to_owned()),
                    since: None,
                }),
                group_external_id: Some("displayName".to_owned()),
                ..job(SyncState::Quarantine)
            },
        ),
    ] {
        let mut tenant = tenant(&["devs", "break-glass"]);
        tenant.applications.push(EnterpriseApplication { jobs: vec![job], ..working(&["devs"]) });
        let mut snapshot = live("", &["devs", "break-glass"], tenant);
        let row = crate::world::row(&snapshot, "Deploy", "devs", "one");
        snapshot.assignments.push(row);
        shown_all.push_str(&format!("=== {what}\n{}\n", shown(&config, &snapshot)));
    }
    insta::assert_snapshot!(shown_all);
}

#[test]
fn a_certificate_is_rotated_in_two_applies() {
    let config = format!("{}{FILES}", application("assign-groups\nsaml sign-on-metadata=\"aws.xml\""));
    let mut shown_all = String::new();
    let old = certificate("AA", "2026-12-20T12:00:00Z");
    let both = vec![old.clone(), certificate("BB", "2029-11-23T00:00:00Z")];
    let carried = config
        .replace("aws.xml\"", "aws.xml\" aws-has-certificate=\"00000000000000000000000000000000000000BB\"");
    let full = |mut certificates: Vec<SigningCertificate>| {
        certificates.iter_mut().for_each(|one| one.thumbprint = format!("{:0>40}", one.thumbprint));
        certificates
    };
    for (what, config, certificates) in [
        ("it ends soon", &config, full(vec![old])),
        ("the next is there", &config, full(both.clone())),
        ("AWS has it", &carried, full(both)),
    ] {
        let mut tenant = tenant(&["devs", "break-glass"]);
        let preferred_thumbprint = Some(format!("{:0>40}", "AA"));
        let application = EnterpriseApplication { certificates, preferred_thumbprint, ..working(&["devs"]) };
        tenant.applications.push(application);
        let mut snapshot = live("", &["devs", "break-glass"], tenant);
        let row = crate::world::row(&snapshot, "Deploy", "devs", "one");
        snapshot.assignments.push(row);
        shown_all.push_str(&format!("=== {what}\n{}\n", shown(config, &snapshot)));
    }
    insta::assert_snapshot!(shown_all);
}

#[test]
fn a_policy_is_enabled_in_two_applies_and_never_weakened_silently() {
    let mfa = |state: &str, strength: &str| {
        let line = format!(
            "assign-groups\nrequire-mfa \"AWS needs MFA\" strength=\"{strength}\" state=\"{state}\" {{ except-to \"break-glass\" }}"
        );
        format!("{}{FILES}", application(&line))
    };
    let mut shown_all = String::new();
    let stands = [
        ("made", None, mfa("enabled", "mfa")),
        ("off", Some(PolicyState::Disabled), mfa("enabled", "phishing-resistant")),
        (
            "report-only",
            Some(PolicyState::EnabledForReportingButNotEnforced),
            mfa("enabled", "phishing-resistant"),
        ),
        ("weaker", Some(PolicyState::Enabled), mfa("report-only", "mfa")),
    ];
    for (what, state, config) in stands {
        let mut tenant = tenant(&["devs", "break-glass"]);
        tenant.applications.push(working(&["devs"]));
        tenant.conditional_access.extend(state.map(policy));
        let mut snapshot = live("", &["devs", "break-glass"], tenant);
        let row = crate::world::row(&snapshot, "Deploy", "devs", "one");
        snapshot.assignments.push(row);
        shown_all.push_str(&format!("=== {what}\n{}\n", shown(&config, &snapshot)));
    }
    insta::assert_snapshot!(shown_all);
}

#[test]
fn a_snapshot_without_the_tenant_is_rejected() {
    let config = format!("{}{FILES}", application(EVERYTHING));
    let mut snapshot = live("", &[], tenant(&[]));
    snapshot.entra = None;
    let found = plan_with(&project(&config), &snapshot, &settings()).unwrap_err();
    assert!(found.starts_with("RC0506"), "{found}");
    assert_eq!(settings().provenance, Provenance::Live);
}
