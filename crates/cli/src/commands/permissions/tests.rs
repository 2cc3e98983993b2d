//! Every call of a plan, an apply and a doctor on the examples is granted, and the tables grant no more than is called.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use rolecall_aws::{Access, AwsTarget, CALLS};
use rolecall_entra::ROUTES;
use rolecall_model::Config;
use rolecall_model::snapshot::SnapshotFile;
use rolecall_parser::MemoryFiles;
use rolecall_planner::order;
use rolecall_sandbox::Sandbox;

use super::{calls, graph};
use crate::args::{Args, Command, Purpose};
use crate::commands::{doctor, plan};
use crate::configuration::{self, Loaded};
use crate::directory;
use crate::live::Live;
use crate::state::{self, WORLD_FILE};

const METADATA: &str = r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://eu-west-1.signin.aws.amazon.com/platform/saml/d-1234567890">
<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://eu-west-1.signin.aws.amazon.com/platform/saml/acs/1234" index="0" isDefault="true"/>
</SPSSODescriptor></EntityDescriptor>"#;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

/// Copies a project without what begins with a dot: the state that a demo left behind is not the example.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What the sandbox was asked in a command, by service and operation.
fn asked(sandbox: &Sandbox) -> BTreeSet<(String, String)> {
    let calls = sandbox.calls().into_iter().chain(sandbox.graph_calls());
    calls.map(|call| (call.service.to_string(), call.operation.to_owned())).collect()
}

/// What of it is not granted.
fn uncovered(asked: &BTreeSet<(String, String)>, loaded: &Loaded, purpose: Purpose) -> Vec<String> {
    let config = &loaded.config;
    let free = CALLS.iter().filter(|call| call.access == Access::Free);
    let aws: BTreeSet<String> = calls(config, purpose).chain(free).map(|call| call.api.to_string()).collect();
    let graph: BTreeSet<String> = graph::routes(config, purpose).map(ToString::to_string).collect();
    let is_covered = |(service, operation): &&(String, String)| match service.as_str() {
        "graph" => graph.contains(operation),
        _ => aws.contains(&format!("{service}:{operation}")),
    };
    asked
        .iter()
        .filter(|call| !is_covered(call))
        .map(|(service, operation)| format!("{service} {operation}"))
        .collect()
}

fn sandbox_of(live: &Live) -> &Sandbox {
    match live {
        Live::Sandbox { sandbox, .. } => sandbox,
        Live::Aws => panic!("the sandbox was asked for"),
    }
}

/// Plans, applies and examines a project in its sandbox, and checks each against what is granted for it.
fn check(project: &Path) {
    let arguments = ["rolecall", "apply", project.to_str().unwrap(), "--sandbox", "--auto-approve"];
    let Command::Apply(args) = Args::try_parse_from(arguments).unwrap().command else {
        panic!("it is an apply")
    };
    let loaded = configuration::load_planned(&args.planning).unwrap();
    let open = || Live::open(&args.planning.sandbox, &loaded.directory).unwrap();
    let live = open();
    live.runtime().unwrap().block_on(async {
        let clients =
            live.connect(&loaded.config.identity_center.region, &args.planning.reading.answers).await;
        let client = directory::client(&live, &loaded.config).unwrap();
        let reader = client.as_ref().map(directory::Client::reader);
        let settings = plan::settings(None, live.provenance(), &args.planning, &loaded).unwrap();
        let reading = &args.planning.reading;
        let read = plan::read_and_make(&clients, reader, &loaded, reading, &settings).await;
        let (snapshot, made, _) = read.unwrap();
        assert_eq!(uncovered(&asked(sandbox_of(&live)), &loaded, Purpose::Plan), [""; 0], "plan");
        assert!(!made.is_empty());
        let operations = order(&made);
        let aws = AwsTarget::new(clients.clone(), &snapshot);
        let tenant = snapshot.entra.as_ref();
        let entra = directory::target(client.as_ref(), &operations, tenant).unwrap();
        let bound = rolecall_applier::Bound::new(&operations, &aws, entra.as_ref()).unwrap();
        let limits = rolecall_applier::Limits::default();
        let report =
            rolecall_applier::run(&bound, limits, rolecall_applier::CancellationToken::new(), |_| {}).await;
        assert!(report.is_complete(), "{:?}", report.counts());
    });
    assert_eq!(uncovered(&asked(sandbox_of(&live)), &loaded, Purpose::Apply), [""; 0], "apply");
    live.save().unwrap();
    let live = open();
    let diagnosis =
        live.runtime().unwrap().block_on(doctor::examine(&live, &loaded, &args.planning.reading.answers));
    assert!(!diagnosis.has_failures(), "{diagnosis:#?}");
    let asked = asked(sandbox_of(&live));
    assert_eq!(uncovered(&asked, &loaded, Purpose::Doctor), [""; 0], "doctor");
    // The doctor looks at everything that is there by now, so each permission to read has its use.
    for (permission, routes) in graph::needed(&loaded.config, Purpose::Doctor).unwrap_or_default() {
        let is_used =
            asked.iter().any(|(service, operation)| service == "graph" && routes.contains(operation));
        assert!(is_used, "{permission} is granted and not used");
    }
}

#[test]
fn every_call_on_the_examples_is_granted() {
    for name in ["minimal", "acme"] {
        let directory = tempfile::tempdir().unwrap();
        copy(&example(name), directory.path());
        check(directory.path());
    }
}

/// The tenant begins with groups and users alone.
#[test]
fn every_call_that_makes_the_entra_half_is_granted() {
    let directory = tempfile::tempdir().unwrap();
    copy(&example("acme"), directory.path());
    let file = directory.path().join("entra.kdl");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("        assign-groups\n"));
    std::fs::write(&file, text.replace("        assign-groups\n", "        create\n        assign-groups\n"))
        .unwrap();
    let world = directory.path().join(WORLD_FILE);
    let mut snapshot = state::read_snapshot(&world).unwrap();
    let tenant = snapshot.entra.as_mut().unwrap();
    tenant.applications.clear();
    tenant.conditional_access.clear();
    std::fs::write(&world, SnapshotFile::from_snapshot(&snapshot).to_json()).unwrap();
    check(directory.path());
}

fn config(text: &str) -> Config {
    let files: MemoryFiles =
        [("rolecall.kdl", text), ("aws-sp-metadata.xml", METADATA)].into_iter().collect();
    let project = rolecall_parser::load(&files, "rolecall.kdl");
    project.config.unwrap_or_else(|| panic!("{:#?}", project.diagnostics))
}

#[test]
fn what_the_files_do_not_use_is_not_granted() {
    let bare = config(
        "rolecall language=1 stack=\"acme\"\nidentity-center region=\"eu-west-1\"\n\
         entra tenant=\"acme.onmicrosoft.com\" {\n application \"AWS\"\n}\n",
    );
    let actions =
        |purpose| -> BTreeSet<String> { calls(&bare, purpose).map(|call| call.api.iam_action()).collect() };
    for purpose in [Purpose::Plan, Purpose::Doctor, Purpose::Snapshot] {
        let changes = calls(&bare, purpose).filter(|call| call.is_change()).count();
        assert_eq!(changes, 0, "{purpose:?} changes nothing");
    }
    let members = "identitystore:ListGroupMemberships";
    assert!(actions(Purpose::Doctor).contains(members) && !actions(Purpose::Apply).contains(members));
    let attributes = "sso:UpdateInstanceAccessControlAttributeConfiguration";
    assert!(!actions(Purpose::Apply).contains(attributes));
    let granted =
        |purpose| -> BTreeSet<&str> { graph::needed(&bare, purpose).unwrap().into_keys().collect() };
    let apply = granted(Purpose::Apply);
    for beyond in ["AppRoleAssignment.ReadWrite.All", "Policy.ReadWrite.ConditionalAccess", "Policy.Read.All"]
    {
        assert!(!apply.contains(beyond), "{beyond}: {apply:?}");
    }
    assert!(!granted(Purpose::Plan).iter().any(|name| name.contains("Write")));
}

/// A project that uses whatever takes a permission of its own.
const EVERYTHING: &str = r#"
rolecall language=1 stack="acme"
identity-center region="eu-west-1"
attributes { attribute "costCenter" source="${path:enterprise.costCenter}" }
accounts "tagged" { tag "domain" "payments" }
group "platform-admins"
permission-set "Deploy" { managed-policy "ReadOnlyAccess" }
assign "Deploy" { to "platform-admins"; on "tagged" }
entra tenant="acme.onmicrosoft.com" {
    application "AWS" {
        create
        assign-groups
        unassign-group "old"
        provisioning
        saml sign-on-metadata="aws-sp-metadata.xml"
        require-mfa "AWS needs MFA" strength="mfa" state="report-only" { except-to "platform-admins" }
    }
}
"#;

#[test]
fn the_page_shows_what_is_printed() {
    let config = config(EVERYTHING);
    let all = [Purpose::Plan, Purpose::Apply, Purpose::Doctor, Purpose::Snapshot];
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/permissions.md");
    let mut page = std::fs::read_to_string(&file).unwrap();
    let before = page.clone();
    for (purpose, name) in all.into_iter().zip(["plan", "apply", "doctor", "snapshot"]) {
        let policy = super::policy::document(&config, purpose);
        page =
            with_block(&page, &format!("--for {name} --format aws-json"), &format!("```json\n{policy}```\n"));
    }
    page = with_block(&page, "application permissions of Microsoft Graph", &permission_table(&config));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, page).unwrap();
    } else {
        assert!(page == before, "docs/permissions.md is stale: run `just update-snapshots`");
    }
}

/// The page with the block of that name written anew.
fn with_block(page: &str, name: &str, block: &str) -> String {
    let begin = format!("<!-- made by the program: {name} -->\n\n");
    let start = page.find(&begin).unwrap_or_else(|| panic!("the page has no block {name:?}")) + begin.len();
    let end = start + page[start..].find("<!-- end -->").unwrap();
    format!("{}{block}\n{}", &page[..start], &page[end..])
}

/// Each permission with the commands and the words that it is for.
fn permission_table(config: &Config) -> String {
    let of = |purpose| graph::needed(config, purpose).unwrap();
    let (plan, apply, doctor) = (of(Purpose::Plan), of(Purpose::Apply), of(Purpose::Doctor));
    let mut table = String::from(
        "| permission | plan | apply | doctor | where the files have |\n|---|---|---|---|---|\n",
    );
    let names: BTreeSet<&str> = plan.keys().chain(apply.keys()).chain(doctor.keys()).copied().collect();
    for name in names {
        let routes =
            ROUTES.iter().filter(|route| route.plan.iter().chain(route.apply).any(|one| *one == name));
        let parts: BTreeSet<rolecall_entra::Part> = routes.map(|route| route.part).collect();
        let words: Vec<&str> = parts.into_iter().map(word).collect();
        let mark = |is_needed: bool| if is_needed { "yes" } else { "" };
        let marks = [plan.contains_key(name), apply.contains_key(name), doctor.contains_key(name)].map(mark);
        table.push_str(&format!("| `{name}` | {} | {} |\n", marks.join(" | "), words.join(", ")));
    }
    table
}

fn word(part: rolecall_entra::Part) -> &'static str {
    use rolecall_entra::Part;
    match part {
        Part::Directory => "`entra`",
        Part::Application => "`application`",
        Part::Create => "`create`",
        Part::AssignGroups => "`assign-groups`",
        Part::UnassignGroup => "`unassign-group`",
        Part::Saml => "`saml`",
        Part::Provisioning => "`provisioning` or `assign-groups`",
        Part::Mfa => "`require-mfa`",
        Part::Logs => "`application`, for the logs",
    }
}
