//! What Terraform manages, from a state in the form of `terraform show -json` with the attributes that the aws provider
//! documents (`tests/import/terraform/state.json`, written by hand), beside a live world that has moved on.

use std::collections::BTreeSet;

use rolecall_import::{Import, States, Terraform, TerraformError};
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::SnapshotFile;
use rolecall_model::{Principal, Snapshot};
use serde_json::{Value, json};

use crate::roundtrip::{Found, found, imported, planned};

const STATE: &str = include_str!("terraform/state.json");
const INSTANCE: &str = "arn:aws:sso:::instance/ssoins-7223abcd1234ef56";

fn group(number: u32) -> String {
    format!("9067642ac3-00000000-0000-4000-8000-0000000000{number:02}")
}

fn set(number: u32, name: &str, details: &Value) -> Value {
    let mut details = details.clone();
    details["name"] = name.into();
    let arn =
        format!("arn:aws:sso:::permissionSet/ssoins-7223abcd1234ef56/ps-{}", number.to_string().repeat(16));
    json!({ "arn": arn, "name": name, "details": details })
}

/// The world that the state is about: one set and some rows are gone, others were made by hand.
fn world() -> Snapshot {
    let account = |id: &str, name: &str, parent: &str| json!({ "id": id, "name": name, "state": "ACTIVE", "parent": parent });
    let rows = |set: &str, account: &str, groups: &[u32]| {
        let groups: Vec<String> = groups.iter().map(|number| group(*number)).collect();
        json!({ "permissionSet": set, "account": account, "groups": groups })
    };
    let policy = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "s3:*", "Resource": "*" } });
    let live_group = |number: u32, name: &str| {
        let id = format!("4f6c1d2e-0000-4000-8000-0000000000{number:02}");
        json!({ "id": group(number), "displayName": name, "externalIds": [{ "issuer": "scim", "id": id }] })
    };
    let file = json!({
        "format": "rolecall-snapshot",
        "version": 1,
        "accessControl": { "on": { "costCenter": "${path:enterprise.costCenter}" } },
        "instance": {
            "arn": INSTANCE, "id": "ssoins-7223abcd1234ef56", "identityStoreId": "d-9067642ac3",
            "ownerAccount": "999999999999", "region": "eu-west-1",
        },
        "caller": { "account": "999999999999", "arn": "arn:aws:sts::999999999999:assumed-role/ci/ci" },
        "organization": {
            "id": "o-abcdefghij", "managementAccount": "999999999999", "root": "r-abcd",
            "units": [{ "id": "ou-abcd-11111111", "name": "Payments", "parent": "r-abcd" }],
            "accounts": [
                account("111111111111", "payments-dev", "ou-abcd-11111111"),
                account("222222222222", "payments-test", "ou-abcd-11111111"),
                account("333333333333", "shared", "r-abcd"),
                account("999999999999", "management", "r-abcd"),
            ],
        },
        "groups": [live_group(1, "payments-devs"), live_group(2, "auditors"), live_group(3, "late-arrivals")],
        "users": [],
        "permissionSets": [
            set(3, "AWSReadOnlyAccess", &json!({ "session": "1h" })),
            set(1, "Deploy", &json!({
                "description": "Ship it", "session": "4h", "inlinePolicy": policy,
                "customerPolicies": [{ "name": "deploy-base", "path": "/platform/" }],
                "boundary": { "customerPolicy": { "name": "dev-boundary", "path": "/" } },
            })),
            set(2, "ReadOnly", &json!({
                "session": "8h",
                "managedPolicies": ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/job-function/Billing"],
            })),
            set(5, "Console", &json!({ "session": "1h" })),
        ],
        "assignments": [
            rows("AWSReadOnlyAccess", "333333333333", &[2]),
            rows("AWSReadOnlyAccess", "111111111111", &[2, 3]),
            rows("Deploy", "111111111111", &[1]),
            rows("Deploy", "222222222222", &[1, 2, 3, 9]),
            rows("ReadOnly", "111111111111", &[2]),
            rows("Console", "111111111111", &[1]),
        ],
    });
    SnapshotFile::from_json(file.to_string().as_bytes()).unwrap().into_snapshot().unwrap()
}

fn read(state: &Value) -> Result<Terraform, TerraformError> {
    States::read([("state.json", state.to_string().as_bytes())])?.of_instance(INSTANCE)
}

fn state() -> Value {
    serde_json::from_str(STATE).unwrap()
}

fn shown(import: &Import) -> String {
    let files = import.files.iter().map(|(path, text)| format!("=== {path}\n{text}"));
    let warnings = import
        .diagnostics
        .iter()
        .map(|one| format!("{}: {}\n  {}\n", one.code, one.message, one.help.as_deref().unwrap_or_default()));
    files.chain(["=== warnings\n".to_owned()]).chain(warnings).collect()
}

#[test]
fn a_project_holds_what_the_state_manages() {
    let terraform = read(&state()).unwrap();
    let written = imported(&world(), Some(&terraform));
    insta::assert_snapshot!("terraform", shown(&written));
    // Rows that the state does not hold stay while `adopt` stands.
    let adopted: BTreeSet<_> = ["Deploy", "ReadOnly"].map(|name| name.parse().unwrap()).into();
    assert_eq!(found(&written.files, &world()), Found { adopted, ..Found::default() });
    let kept: BTreeSet<String> = planned(&written.files, &world())
        .kept
        .iter()
        .map(|kept| {
            format!(
                "{} {}",
                kept.assignment.assignment.permission_set,
                kept.assignment.assignment.principal.id()
            )
        })
        .collect();
    assert_eq!(kept, [2, 3, 9].map(|number| format!("Deploy {}", group(number))).into());
}

#[test]
fn a_set_that_is_the_stacks_already_keeps_all_its_rows() {
    let terraform = read(&state()).unwrap();
    let mut world = world();
    for set in &mut world.permission_sets {
        if set.name.as_str() != "AWSReadOnlyAccess" {
            set.tags.insert(STACK_TAG.to_owned(), "acme".to_owned());
        }
    }
    let written = imported(&world, Some(&terraform));
    // The one that cannot be written stays with `adopt`, and that is told.
    assert_eq!(found(&written.files, &world), Found::default());
    let kept = planned(&written.files, &world).kept;
    let [kept] = kept.try_into().unwrap();
    assert_eq!(kept.assignment.assignment.principal, Principal::Group(group(9).parse().unwrap()));
    let told = |warning: &rolecall_model::Diagnostic| {
        warning.message.contains("of deleted principals")
            && warning.help.as_deref().is_some_and(|help| help.contains("reported and not revoked"))
    };
    assert!(written.diagnostics.iter().any(told), "{:#?}", written.diagnostics);
}

#[test]
fn several_states_add_up() {
    let mut sets = state();
    let mut rows = state();
    let modules = rows["values"]["root_module"]["child_modules"].take();
    rows["values"]["root_module"] = json!({ "child_modules": modules });
    sets["values"]["root_module"].as_object_mut().unwrap().remove("child_modules");
    let (sets, rows) = (sets.to_string(), rows.to_string());
    let both = States::read([("rows.json", rows.as_bytes()), ("sets.json", sets.as_bytes())]).unwrap();
    let both = both.of_instance(INSTANCE).unwrap();
    assert_eq!(imported(&world(), Some(&both)), imported(&world(), Some(&read(&state()).unwrap())));
}

/// The state with other resources in the root module.
fn with(resources: impl IntoIterator<Item = Value>) -> Value {
    let mut state = state();
    state["values"]["root_module"]["resources"].as_array_mut().unwrap().extend(resources);
    state
}

fn resource(kind: &str, name: &str, values: &Value) -> Value {
    let address = format!("{kind}.{name}");
    let mut values = values.clone();
    values["instance_arn"] = INSTANCE.into();
    json!({ "address": address, "mode": "managed", "type": kind, "name": name, "values": values })
}

fn arn(number: u32) -> String {
    set(number, "any", &json!({}))["arn"].as_str().unwrap().to_owned()
}

/// When a replacement failed halfway, the old object waits for its deletion under the address of the new one.
#[test]
fn a_deposed_object_is_not_what_terraform_manages() {
    let plain = imported(&world(), Some(&read(&state()).unwrap()));
    let values = json!({ "arn": arn(5), "name": "Console", "permission_set_arn": arn(5) });
    let mut deposed = resource("aws_ssoadmin_permission_set", "deploy", &values);
    let current = with([deposed.clone()]);
    assert_ne!(imported(&world(), Some(&read(&current).unwrap())), plain);
    deposed["deposed_key"] = "3f1c9a02".into();
    assert_eq!(imported(&world(), Some(&read(&with([deposed])).unwrap())), plain);
}

#[test]
fn what_terraform_would_replace_and_what_is_passed_over_is_named() {
    let values =
        json!({ "permission_set_arn": arn(1), "managed_policy_arn": "arn:aws:iam::aws:policy/Gone" });
    let mut tainted = resource("aws_ssoadmin_managed_policy_attachment", "gone", &values);
    tainted["tainted"] = true.into();
    let application = resource("aws_ssoadmin_application", "wiki", &json!({}));
    let mut looked_up = resource("aws_ssoadmin_application_providers", "all", &json!({}));
    looked_up["mode"] = "data".into();
    let unrelated = resource("aws_vpc", "main", &json!({}));
    let terraform = read(&with([tainted, application, looked_up, unrelated])).unwrap();
    let said: Vec<String> =
        imported(&world(), Some(&terraform)).diagnostics.into_iter().map(|found| found.message).collect();
    for wanted in [
        "Terraform's state marks resources as tainted: aws_ssoadmin_managed_policy_attachment.gone",
        "resources of the type aws_ssoadmin_application are not imported: aws_ssoadmin_application.wiki",
    ] {
        assert!(said.iter().any(|message| message == wanted), "{said:#?}");
    }
    assert!(
        !said.iter().any(|message| message.contains("providers") || message.contains("vpc")),
        "{said:#?}"
    );
}

/// The resources that attach all policies at once are as good as one resource for each policy.
#[test]
fn exclusive_attachments_are_attachments() {
    let single = state();
    let mut exclusive = state();
    let mut modules = vec![&mut exclusive["values"]["root_module"]];
    while let Some(module) = modules.pop() {
        let module = module.as_object_mut().unwrap();
        for resource in module.get_mut("resources").and_then(Value::as_array_mut).into_iter().flatten() {
            let kind = match resource["type"].as_str().unwrap() {
                "aws_ssoadmin_managed_policy_attachment" => {
                    "aws_ssoadmin_managed_policy_attachments_exclusive"
                }
                "aws_ssoadmin_customer_managed_policy_attachment" => {
                    "aws_ssoadmin_customer_managed_policy_attachments_exclusive"
                }
                _ => continue,
            };
            let values = resource["values"].as_object_mut().unwrap();
            if let Some(arn) = values.remove("managed_policy_arn") {
                values.insert("managed_policy_arns".to_owned(), json!([arn]));
            }
            resource["type"] = kind.into();
        }
        modules.extend(module.get_mut("child_modules").and_then(Value::as_array_mut).into_iter().flatten());
    }
    assert_ne!(single, exclusive);
    let project = |state: &Value| imported(&world(), Some(&read(state).unwrap()));
    assert_eq!(project(&single), project(&exclusive));
    // A permission set without any has null, or an empty list.
    for none in [json!(null), json!([])] {
        let values = json!({
            "permission_set_arn": arn(1), "managed_policy_arns": none, "customer_managed_policy_reference": none,
        });
        let kinds = [
            "aws_ssoadmin_managed_policy_attachments_exclusive",
            "aws_ssoadmin_customer_managed_policy_attachments_exclusive",
        ];
        let state = with(kinds.map(|kind| resource(kind, "none", &values)));
        assert_eq!(project(&single), project(&state));
    }
}

/// Keys of `for_each` are part of addresses, and of nothing else that is read.
#[test]
fn keys_of_a_module_do_not_matter() {
    let renamed = |text: &str| {
        let mut state: Value = serde_json::from_str(text).unwrap();
        let mut modules = vec![&mut state["values"]["root_module"]];
        let mut number = 0;
        while let Some(module) = modules.pop() {
            let module = module.as_object_mut().unwrap();
            for resource in module.get_mut("resources").and_then(Value::as_array_mut).into_iter().flatten() {
                number += 1;
                resource["index"] = json!(format!("any \"key\" {number}"));
                let address = resource["address"].as_str().unwrap();
                let is_assignment = resource["type"] == "aws_ssoadmin_account_assignment";
                let address = if is_assignment {
                    format!("module.m[{number:?}].{address}")
                } else {
                    address.to_owned()
                };
                resource["address"] = address.into();
            }
            modules
                .extend(module.get_mut("child_modules").and_then(Value::as_array_mut).into_iter().flatten());
        }
        state
    };
    let project = |state: &Value| imported(&world(), Some(&read(state).unwrap()));
    assert_eq!(project(&renamed(STATE)), project(&state()));
}

/// What the language cannot say is in the state, too: the set is left out, and nothing else is said about it.
#[test]
fn a_set_that_is_left_out_is_told_once() {
    let mut world = world();
    let set = world.permission_sets.iter_mut().find(|set| set.name.as_str() == "Deploy").unwrap();
    set.details.as_mut().unwrap().description = Some("\u{4e2d}".to_owned());
    let written = imported(&world, Some(&read(&state()).unwrap()));
    let of_deploy: Vec<_> =
        written.diagnostics.iter().filter(|found| found.message.contains("\"Deploy\"")).collect();
    let [told] = of_deploy.try_into().unwrap();
    assert!(told.is_error());
    assert_eq!(
        told.message,
        "the permission set \"Deploy\" is not imported: the language does not support its description \"\u{4e2d}\""
    );
    let adopted: BTreeSet<_> = ["ReadOnly"].map(|name| name.parse().unwrap()).into();
    assert_eq!(found(&written.files, &world), Found { adopted, ..Found::default() });
}

#[test]
fn what_is_no_state_is_refused_with_its_reason() {
    let said = |state: &Value| read(state).unwrap_err().to_string();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut state = state();
        change(&mut state);
        state
    };
    assert_eq!(
        said(&with(&|state| state["format_version"] = "2.0".into())),
        "state.json has format_version \"2.0\"; this program supports version 1"
    );
    assert_eq!(
        said(&with(&|state| drop(state.as_object_mut().unwrap().remove("format_version")))),
        "state.json is not the output of `terraform show -json`: it has no format_version"
    );
    assert_eq!(
        said(&json!({ "format_version": "1.2", "planned_values": {} })),
        "state.json is a Terraform plan, not a state"
    );
    assert_eq!(
        said(&json!({ "format_version": "1.0" })),
        "state.json contains no resources: it has no values.root_module"
    );
    assert!(said(&json!([])).starts_with("state.json is not the output of `terraform show -json`: "));
    let no_name = |state: &mut Value| {
        let resources = state["values"]["root_module"]["resources"].as_array_mut().unwrap();
        let set = resources.iter_mut().find(|one| one["type"] == "aws_ssoadmin_permission_set").unwrap();
        set["values"].as_object_mut().unwrap().remove("name");
    };
    assert_eq!(
        said(&with(&no_name)),
        "state.json: the resource aws_ssoadmin_permission_set.deploy cannot be parsed: missing field `name`"
    );
    let states = States::read([("state.json", STATE.as_bytes())]).unwrap();
    let other = states.of_instance("arn:aws:sso:::instance/ssoins-0000000000000000");
    assert_eq!(
        other.unwrap_err().to_string(),
        "the state manages no permission sets or assignments of arn:aws:sso:::instance/ssoins-0000000000000000; it belongs to \
         arn:aws:sso:::instance/ssoins-7223abcd1234ef56"
    );
    let deep = format!("{{\"format_version\":\"1.0\",\"values\":{}", "{\"root_module\":".repeat(100_000));
    assert!(States::read([("deep.json", deep.as_bytes())]).is_err());
}

#[test]
fn a_raw_state_file_and_one_of_powershell_are_told_the_command() {
    let refused = |bytes: &[u8]| {
        let error = States::read([("state.json", bytes)]).unwrap_err();
        (error.to_string(), error.help())
    };
    let raw = json!({ "version": 4, "terraform_version": "1.9.5", "serial": 7, "lineage": "5f0c", "outputs": {}, "resources": [] });
    let (message, help) = refused(raw.to_string().as_bytes());
    assert_eq!(
        message,
        "state.json is a raw state file of Terraform, not the output of `terraform show -json`"
    );
    assert!(help.contains("terraform show -json > state.json"), "{help}");
    let (_, help) = refused(b"{}");
    assert!(help.contains("terraform show -json > state.json"), "{help}");

    for export in [
        json!({ "version": 3, "deployment": { "manifest": {}, "resources": [] } }),
        json!({ "version": 3, "checkpoint": { "stack": "organization/access/prod", "latest": {} } }),
    ] {
        let (message, help) = refused(export.to_string().as_bytes());
        assert_eq!(
            message,
            "state.json is an export of a Pulumi stack, not the output of `terraform show -json`"
        );
        assert!(help.contains("without --from"), "{help}");
    }

    let little: Vec<u8> = STATE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = STATE.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked = [b"\xFF\xFE".as_slice(), &little].concat();
    for bytes in [little, big, marked] {
        let (message, help) = refused(&bytes);
        assert_eq!(message, "state.json is UTF-16");
        assert!(help.contains("Out-File -Encoding utf8"), "{help}");
    }
    // That command begins the file with a byte-order mark.
    let marked = format!("\u{FEFF}{STATE}");
    assert!(States::read([("state.json", marked.as_bytes())]).is_ok());
}

/// Takes every commented declaration and `keep` of a text, and says how many.
fn taken(text: &str) -> (String, usize) {
    let mut is_in_keep = false;
    let mut count = 0;
    let mut taken = String::new();
    for line in text.lines() {
        let bare = line.strip_prefix("// ").unwrap_or_default();
        let begins = bare.starts_with("keep ") || bare.starts_with("group ");
        is_in_keep |= bare.starts_with("keep ");
        count += usize::from(begins);
        taken.push_str(if begins || is_in_keep { bare } else { line });
        taken.push('\n');
        is_in_keep &= bare != "}";
    }
    (taken, count)
}

#[test]
fn a_keep_for_undeclared_groups_keeps_those_rows_and_no_others() {
    let terraform = read(&state()).unwrap();
    let mut world = world();
    // Another group that the state does not know, of the same name as one that is declared, on the same account.
    let mut twin = world.groups.iter().find(|group| group.display_name == "auditors").unwrap().clone();
    twin.id = group(4).parse().unwrap();
    twin.external_ids.iter_mut().for_each(|own| own.id = "4f6c1d2e-0000-4000-8000-000000000004".to_owned());
    world.groups.push(twin);
    let late = |row: &rolecall_model::Assignment| row.principal.id() == group(3);
    let of_twin = world.assignments.iter().filter(|row| late(row)).cloned().map(|mut row| {
        row.principal = Principal::Group(group(4).parse().unwrap());
        row
    });
    let of_twin: Vec<_> = of_twin.collect();
    world.assignments.extend(of_twin);
    world.assignments.sort();

    let mut files = imported(&world, Some(&terraform)).files;
    assert!(!files["assignments.kdl"].contains("to-undeclared"));
    let (text, count) = taken(&files["assignments.kdl"]);
    // Two groups, each with two sets, and the `keep` of the declared group.
    assert_eq!(count, 7, "{text}");
    files.insert("assignments.kdl".to_owned(), text);
    let sets = files["permission-sets.kdl"].replace("    adopt\n", "");
    files.insert("permission-sets.kdl".to_owned(), sets);
    for set in &mut world.permission_sets {
        if matches!(set.name.as_str(), "Deploy" | "ReadOnly") {
            set.tags.insert(STACK_TAG.to_owned(), "acme".to_owned());
        }
    }
    // Only the row of the group that is gone goes: neither those of the newcomers, nor what they have elsewhere.
    let gone = ("Deploy".parse().unwrap(), Principal::Group(group(9).parse().unwrap()));
    assert_eq!(found(&files, &world), Found { revoked: [gone].into(), ..Found::default() });

    // One of them taken away again is revoked, although the other stays.
    let late = "keep \"Deploy\" {\n    to \"late-arrivals\"";
    let without = files["assignments.kdl"].replace(late, "keep \"ReadOnly\" {\n    to \"late-arrivals\"");
    files.insert("assignments.kdl".to_owned(), without);
    let revoked: Vec<String> =
        found(&files, &world).revoked.iter().map(|(_, principal)| principal.id().to_owned()).collect();
    assert_eq!(revoked, [group(3), group(9)]);
}

#[test]
fn attributes_are_written_as_they_are_live_and_only_if_terraform_manages_them() {
    use rolecall_model::access_control::AccessControlState;
    let mut world = world();
    let project = |world: &Snapshot, state: Option<&Value>| {
        let terraform = state.map(|state| read(state).unwrap());
        let written = imported(world, terraform.as_ref());
        let has = written.files["rolecall.kdl"].contains("attribute \"costCenter\" source=\"${path:other}\"");
        (has, written.diagnostics.iter().any(|warning| warning.message.contains("attributes")))
    };
    world.access_control =
        AccessControlState::On([("costCenter".to_owned(), "${path:other}".to_owned())].into());
    assert_eq!(project(&world, None), (true, false));
    assert_eq!(project(&world, Some(&state())), (true, true));
    let mut without = state();
    let resources = without["values"]["root_module"]["resources"].as_array_mut().unwrap();
    resources.retain(|one| one["type"] != "aws_ssoadmin_instance_access_control_attributes");
    assert_eq!(project(&world, Some(&without)), (false, false));
    world.access_control = AccessControlState::Off;
    assert_eq!(project(&world, Some(&state())), (false, true));
    assert_eq!(project(&world, None), (false, false));
}
