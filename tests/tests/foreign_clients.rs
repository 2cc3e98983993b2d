//! boto3 and the AWS CLI against `rolecall sandbox serve`: botocore, which knows nothing of Rolecall, parses the
//! answers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use rolecall_e2e::python::aws_cli;
use rolecall_e2e::run::{Ran, isolated, run_script};
use rolecall_e2e::server::Server;

use crate::project::Project;

const INSTANCE: &str = "arn:aws:sso:::instance/ssoins-7223000000000001";
const READ_ONLY: &str = "arn:aws:sso:::permissionSet/ssoins-7223000000000001/ps-0123456789abcdef";
const DEVELOPERS: &str = "9067000001-11111111-1111-4111-8111-111111111111";
const OPERATORS: &str = "9067000001-22222222-2222-4222-8222-222222222222";
const JANE: &str = "9067000001-33333333-3333-4333-8333-333333333333";
const STORE: &str = "d-9067000001";

fn world() -> Value {
    json!({
        "format": "rolecall-snapshot",
        "version": 1,
        "instance": {
            "arn": INSTANCE,
            "id": "ssoins-7223000000000001",
            "identityStoreId": STORE,
            "ownerAccount": "205000000001",
            "region": "eu-west-1",
        },
        "caller": {"account": "205000000001", "arn": "arn:aws:sts::205000000001:assumed-role/tester/session"},
        "organization": {
            "id": "o-minimal0001",
            "managementAccount": "205000000001",
            "root": "r-min1",
            "units": [
                {"id": "ou-min1-prod", "name": "Prod", "parent": "ou-min1-workloads"},
                {"id": "ou-min1-workloads", "name": "Workloads", "parent": "r-min1"},
            ],
            "accounts": [
                {"id": "205000000001", "name": "management", "state": "ACTIVE", "parent": "r-min1", "tags": {}},
                {"id": "311100000002", "name": "test", "state": "ACTIVE", "parent": "ou-min1-workloads", "tags": {}},
                {
                    "id": "322200000003", "name": "prod", "state": "ACTIVE", "parent": "ou-min1-prod",
                    "tags": {"domain": "shop"},
                },
                {"id": "333300000004", "name": "closed", "state": "SUSPENDED", "parent": "r-min1", "tags": {}},
            ],
        },
        "groups": [
            {"id": DEVELOPERS, "displayName": "developers"},
            {
                "id": OPERATORS, "displayName": "operators",
                "externalIds": [{"issuer": "https://sts.windows.net/t/", "id": "4f6c1d2e-0000-4000-8000-000000000001"}],
            },
        ],
        "users": [{"id": JANE, "userName": "jane@acme.example"}],
        "memberships": {OPERATORS: [JANE]},
        "permissionSets": [{
            "arn": READ_ONLY,
            "name": "ReadOnly",
            "tags": {"rolecall:stack": "minimal"},
            "details": {
                "name": "ReadOnly",
                "description": "Look",
                "session": "1h",
                "managedPolicies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
                "boundary": {"customerPolicy": {"name": "edge", "path": "/"}},
            },
            "provisioned": ["311100000002"],
        }],
        "assignments": [
            {"permissionSet": "ReadOnly", "account": "311100000002", "groups": [DEVELOPERS], "users": [JANE]},
        ],
        "accessControl": {"on": {"costCenter": "${path:enterprise.costCenter}"}},
    })
}

/// A sandbox with a clock so fast that asynchronous operations finish immediately, and rate limits never apply.
fn sandbox() -> (Project, Server) {
    let project = Project::of(&[("world.json", &world().to_string())]);
    let server = Server::sandbox(&project.file("world.json"), "1000");
    (project, server)
}

#[test]
fn boto3_calls_every_operation() {
    let (_project, server) = sandbox();
    let called: BTreeMap<String, BTreeSet<String>> =
        serde_json::from_str(&run_script::<&str>("sandbox_boto3.py", &server.endpoint, &[], "")).unwrap();
    let called: BTreeSet<String> = called
        .iter()
        .flat_map(|(service, names)| names.iter().map(move |name| format!("{service}:{name}")))
        .collect();
    assert_eq!(called, offered());
}

/// Returns every supported operation, as `service:Operation`.
fn offered() -> BTreeSet<String> {
    rolecall_sandbox::operations().map(|(service, name)| format!("{service}:{name}")).collect()
}

/// One call of the AWS CLI: its arguments, and a JSON pointer into the answer with the expected value. An empty pointer
/// means that the command prints nothing.
struct Call {
    arguments: Vec<&'static str>,
    pointer: &'static str,
    value: Value,
}

fn call(arguments: &[&'static str], pointer: &'static str, value: Value) -> Call {
    Call { arguments: arguments.to_vec(), pointer, value }
}

/// Returns a call to sso-admin for the instance.
fn on_instance(arguments: &[&'static str], pointer: &'static str, value: Value) -> Call {
    let mut all = vec!["sso-admin"];
    all.extend(arguments);
    all.extend(["--instance-arn", INSTANCE]);
    Call { arguments: all, pointer, value }
}

/// Returns a call to sso-admin for the permission set of the world.
fn on_set(arguments: &[&'static str], pointer: &'static str, value: Value) -> Call {
    let mut all = arguments.to_vec();
    all.extend(["--permission-set-arn", READ_ONLY]);
    on_instance(&all, pointer, value)
}

/// Returns every read, with an answer that only the world above gives.
fn reads() -> Vec<Call> {
    vec![
        call(&["sts", "get-caller-identity"], "/Account", json!("205000000001")),
        call(&["organizations", "describe-organization"], "/Organization/Id", json!("o-minimal0001")),
        call(&["organizations", "list-roots"], "/Roots/0/Id", json!("r-min1")),
        call(&["organizations", "list-accounts"], "/Accounts/3/State", json!("SUSPENDED")),
        call(
            &["organizations", "list-accounts-for-parent", "--parent-id", "ou-min1-prod"],
            "/Accounts/0/Name",
            json!("prod"),
        ),
        call(
            &[
                "organizations",
                "list-children",
                "--parent-id",
                "r-min1",
                "--child-type",
                "ORGANIZATIONAL_UNIT",
            ],
            "/Children/0/Id",
            json!("ou-min1-workloads"),
        ),
        call(
            &["organizations", "list-parents", "--child-id", "322200000003"],
            "/Parents/0/Id",
            json!("ou-min1-prod"),
        ),
        call(
            &["organizations", "describe-account", "--account-id", "322200000003"],
            "/Account/Paths/0",
            json!("o-minimal0001/r-min1/ou-min1-workloads/ou-min1-prod/322200000003/"),
        ),
        call(
            &["organizations", "describe-organizational-unit", "--organizational-unit-id", "ou-min1-prod"],
            "/OrganizationalUnit/Name",
            json!("Prod"),
        ),
        call(
            &["organizations", "list-organizational-units-for-parent", "--parent-id", "r-min1"],
            "/OrganizationalUnits/0/Name",
            json!("Workloads"),
        ),
        call(
            &["organizations", "list-tags-for-resource", "--resource-id", "322200000003"],
            "/Tags/0/Value",
            json!("shop"),
        ),
        call(
            &["organizations", "list-delegated-administrators", "--service-principal", "sso.amazonaws.com"],
            "/DelegatedAdministrators",
            json!([]),
        ),
        call(
            &["identitystore", "list-groups", "--identity-store-id", STORE],
            "/Groups/0/DisplayName",
            json!("developers"),
        ),
        call(
            &["identitystore", "describe-group", "--identity-store-id", STORE, "--group-id", OPERATORS],
            "/DisplayName",
            json!("operators"),
        ),
        call(
            &[
                "identitystore",
                "get-group-id",
                "--identity-store-id",
                STORE,
                "--alternate-identifier",
                r#"{"UniqueAttribute":{"AttributePath":"displayName","AttributeValue":"operators"}}"#,
            ],
            "/GroupId",
            json!(OPERATORS),
        ),
        call(
            &[
                "identitystore",
                "list-group-memberships",
                "--identity-store-id",
                STORE,
                "--group-id",
                OPERATORS,
            ],
            "/GroupMemberships/0/MemberId/UserId",
            json!(JANE),
        ),
        call(&["identitystore", "list-users", "--identity-store-id", STORE], "/Users/0/UserId", json!(JANE)),
        call(
            &["identitystore", "describe-user", "--identity-store-id", STORE, "--user-id", JANE],
            "/UserName",
            json!("jane@acme.example"),
        ),
        call(
            &[
                "identitystore",
                "get-user-id",
                "--identity-store-id",
                STORE,
                "--alternate-identifier",
                r#"{"UniqueAttribute":{"AttributePath":"userName","AttributeValue":"jane@acme.example"}}"#,
            ],
            "/UserId",
            json!(JANE),
        ),
        call(&["sso-admin", "list-instances"], "/Instances/0/InstanceArn", json!(INSTANCE)),
        on_instance(&["describe-instance"], "/OwnerAccountId", json!("205000000001")),
        on_instance(
            &["describe-instance-access-control-attribute-configuration"],
            "/InstanceAccessControlAttributeConfiguration/AccessControlAttributes/0/Value/Source/0",
            json!("${path:enterprise.costCenter}"),
        ),
        on_instance(&["list-regions"], "/Regions/0/RegionName", json!("eu-west-1")),
        on_instance(&["describe-region", "--region-name", "eu-west-1"], "/Status", json!("ACTIVE")),
        on_instance(&["list-permission-sets"], "/PermissionSets", json!([READ_ONLY])),
        on_set(&["describe-permission-set"], "/PermissionSet/Description", json!("Look")),
        on_instance(
            &["list-tags-for-resource", "--resource-arn", READ_ONLY],
            "/Tags/0/Value",
            json!("minimal"),
        ),
        on_set(
            &["list-managed-policies-in-permission-set"],
            "/AttachedManagedPolicies/0/Name",
            json!("ReadOnlyAccess"),
        ),
        on_set(
            &["list-customer-managed-policy-references-in-permission-set"],
            "/CustomerManagedPolicyReferences",
            json!([]),
        ),
        on_set(&["get-inline-policy-for-permission-set"], "/InlinePolicy", json!("")),
        on_set(
            &["get-permissions-boundary-for-permission-set"],
            "/PermissionsBoundary/CustomerManagedPolicyReference/Name",
            json!("edge"),
        ),
        on_set(
            &["list-account-assignments", "--account-id", "311100000002"],
            "/AccountAssignments/1/PrincipalId",
            json!(JANE),
        ),
        on_instance(
            &[
                "list-account-assignments-for-principal",
                "--principal-type",
                "GROUP",
                "--principal-id",
                DEVELOPERS,
            ],
            "/AccountAssignments/0/AccountId",
            json!("311100000002"),
        ),
        on_set(&["list-accounts-for-provisioned-permission-set"], "/AccountIds", json!(["311100000002"])),
        on_instance(
            &["list-permission-sets-provisioned-to-account", "--account-id", "311100000002"],
            "/PermissionSets",
            json!([READ_ONLY]),
        ),
        on_instance(
            &["list-account-assignment-creation-status"],
            "/AccountAssignmentsCreationStatus",
            json!([]),
        ),
        on_instance(
            &["list-account-assignment-deletion-status"],
            "/AccountAssignmentsDeletionStatus",
            json!([]),
        ),
        on_instance(
            &["list-permission-set-provisioning-status"],
            "/PermissionSetsProvisioningStatus",
            json!([]),
        ),
    ]
}

/// Returns writes, in an order in which each succeeds.
fn writes() -> Vec<Call> {
    vec![
        on_instance(
            &["create-permission-set", "--name", "New"],
            "/PermissionSet/SessionDuration",
            json!("PT1H"),
        ),
        on_set(&["update-permission-set", "--description", "Look again"], "", Value::Null),
        on_instance(
            &["tag-resource", "--resource-arn", READ_ONLY, "--tags", "Key=owner,Value=platform"],
            "",
            Value::Null,
        ),
        on_instance(&["untag-resource", "--resource-arn", READ_ONLY, "--tag-keys", "owner"], "", Value::Null),
        on_set(
            &[
                "attach-managed-policy-to-permission-set",
                "--managed-policy-arn",
                "arn:aws:iam::aws:policy/SecurityAudit",
            ],
            "",
            Value::Null,
        ),
        on_set(
            &[
                "detach-managed-policy-from-permission-set",
                "--managed-policy-arn",
                "arn:aws:iam::aws:policy/SecurityAudit",
            ],
            "",
            Value::Null,
        ),
        on_set(
            &[
                "attach-customer-managed-policy-reference-to-permission-set",
                "--customer-managed-policy-reference",
                "Name=base,Path=/platform/",
            ],
            "",
            Value::Null,
        ),
        on_set(
            &[
                "detach-customer-managed-policy-reference-from-permission-set",
                "--customer-managed-policy-reference",
                "Name=base,Path=/platform/",
            ],
            "",
            Value::Null,
        ),
        on_set(
            &[
                "put-inline-policy-to-permission-set",
                "--inline-policy",
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#,
            ],
            "",
            Value::Null,
        ),
        on_set(&["delete-inline-policy-from-permission-set"], "", Value::Null),
        on_set(&["delete-permissions-boundary-from-permission-set"], "", Value::Null),
        on_set(
            &[
                "put-permissions-boundary-to-permission-set",
                "--permissions-boundary",
                "ManagedPolicyArn=arn:aws:iam::aws:policy/ReadOnlyAccess",
            ],
            "",
            Value::Null,
        ),
        on_instance(
            &[
                "update-instance-access-control-attribute-configuration",
                "--instance-access-control-attribute-configuration",
                r#"{"AccessControlAttributes":[{"Key":"title","Value":{"Source":["${path:title}"]}}]}"#,
            ],
            "",
            Value::Null,
        ),
        on_instance(&["delete-instance-access-control-attribute-configuration"], "", Value::Null),
        on_instance(
            &[
                "create-instance-access-control-attribute-configuration",
                "--instance-access-control-attribute-configuration",
                r#"{"AccessControlAttributes":[]}"#,
            ],
            "",
            Value::Null,
        ),
        on_set(
            &["provision-permission-set", "--target-type", "ALL_PROVISIONED_ACCOUNTS"],
            "/PermissionSetProvisioningStatus/Status",
            json!("IN_PROGRESS"),
        ),
        on_set(
            &[
                "create-account-assignment",
                "--target-id",
                "322200000003",
                "--target-type",
                "AWS_ACCOUNT",
                "--principal-type",
                "GROUP",
                "--principal-id",
                OPERATORS,
            ],
            "/AccountAssignmentCreationStatus/PrincipalId",
            json!(OPERATORS),
        ),
        on_set(
            &[
                "delete-account-assignment",
                "--target-id",
                "311100000002",
                "--target-type",
                "AWS_ACCOUNT",
                "--principal-type",
                "USER",
                "--principal-id",
                JANE,
            ],
            "/AccountAssignmentDeletionStatus/PrincipalId",
            json!(JANE),
        ),
    ]
}

fn aws(project: &Project, server: &Server, arguments: &[&str]) -> Ran {
    let mut command = isolated(aws_cli(), project.path(), Some(&server.endpoint));
    // What an older page of the documentation calls a default; the command line takes it from here too.
    command.env("AWS_MAX_ATTEMPTS", "10").env("AWS_RETRY_MODE", "standard");
    command.args(arguments).args(["--output", "json", "--endpoint-url", &server.endpoint]);
    command.output().unwrap_or_else(|error| panic!("cannot start aws: {error}")).into()
}

fn carry_out(project: &Project, server: &Server, call: &Call) {
    let ran = aws(project, server, &call.arguments).exits(0);
    if call.pointer.is_empty() {
        assert_eq!(ran.stdout.trim(), "", "{:?}", call.arguments);
    } else {
        let answer = ran.json();
        assert_eq!(answer.pointer(call.pointer), Some(&call.value), "{:?}: {answer:#}", call.arguments);
    }
}

#[test]
fn the_aws_command_line_reads_everything_and_writes() {
    let (project, server) = sandbox();
    for call in reads().iter().chain(&writes()) {
        carry_out(&project, &server, call);
    }
    let refused = aws(
        &project,
        &server,
        &["sso-admin", "create-permission-set", "--instance-arn", INSTANCE, "--name", "New"],
    );
    assert_ne!(refused.code, Some(0));
    assert!(refused.stderr.contains("(ConflictException)"), "{}", refused.stderr);
}

#[test]
fn the_command_line_is_tried_with_every_read_that_the_sandbox_offers() {
    let tried: BTreeSet<String> = reads()
        .iter()
        .map(|call| {
            format!(
                "{}:{}",
                call.arguments[0],
                call.arguments[1].split('-').map(capitalised).collect::<String>()
            )
        })
        .collect();
    let reading = |name: &str| ["List", "Get", "Describe"].iter().any(|verb| name.starts_with(verb));
    let missing: Vec<String> = offered()
        .into_iter()
        .filter(|operation| operation.split_once(':').is_some_and(|(_, name)| reading(name)))
        // They describe a request that must be made first, which boto3 does.
        .filter(|operation| !operation.ends_with("Status") || operation.starts_with("sso-admin:List"))
        .filter(|operation| !tried.contains(operation))
        .collect();
    assert_eq!(missing, [""; 0]);
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[test]
fn what_a_client_changes_is_saved() {
    let (project, server) = sandbox();
    let update = on_set(&["update-permission-set", "--description", "Look again"], "", Value::Null);
    carry_out(&project, &server, &update);
    server.stop();
    let again = Server::sandbox(&project.file("world.json"), "1000");
    let described = aws(
        &project,
        &again,
        &[
            "sso-admin",
            "describe-permission-set",
            "--instance-arn",
            INSTANCE,
            "--permission-set-arn",
            READ_ONLY,
        ],
    );
    assert_eq!(described.exits(0).json()["PermissionSet"]["Description"], "Look again");
}
