//! Plan and apply against moto, an independent implementation of AWS, over real HTTP, with boto3 as the witness.

use serde_json::{Value, json};

use rolecall_e2e::run::run_script;
use rolecall_e2e::server::Server;

use crate::project::Project;

const PROJECT: &str = r#"
rolecall language=1 stack="acme"
identity-center region="eu-west-1"

group "admins"
group "payments-devs" display-name="AWS Payments Developers"
group "payments-oncall"
group "auditors"

accounts "everywhere" { every-member-account }
accounts "production" { ou "Workloads/Prod" }
accounts "payments-nonprod" {
    ou "Workloads/NonProd"
    only { tag "domain" "payments" }
    except { account "payments-perf" }
}
accounts "sandboxes" { name "sandbox-*" }

permission-set "AdministratorAccess" {
    managed-policy "AdministratorAccess"
}
permission-set "Deploy" {
    description "Ship payments services"
    session "1h30m"
    relay-state "https://console.aws.amazon.com/ecs"
    managed-policy "ReadOnlyAccess" "job-function/SupportUser"
    customer-policy "deploy-base" path="/platform/"
    boundary { customer-policy "dev-boundary" path="/platform/" }
    inline-policy {
        allow "s3:GetObject" sid="Read" {
            resource "arn:aws:s3:::deploy-${aws:username}/*"
            when "StringEquals" "aws:PrincipalTag/team" "payments" "search"
        }
    }
    tag "owner" "payments"
}
permission-set "Audit" {
    session "8h"
    boundary { managed-policy "ReadOnlyAccess" }
    inline-policy file="policies/audit.json"
}
external-permission-set "AWSReadOnlyAccess"

assign "AdministratorAccess" {
    to "admins"
    on { account "master" }
    on { ou "Workloads"; except { accounts "production" } }
}
assign "Deploy" {
    to "payments-devs" "payments-oncall"
    on "payments-nonprod"
}
assign "Deploy" {
    to "payments-oncall"
    on { accounts "production"; only { name "payments-*" } }
    until "2999-12-31"
    reason "on call"
}
assign "Audit" {
    to "auditors"
    to-user "jane@acme.example"
    on "sandboxes"
}
assign "AWSReadOnlyAccess" {
    to "auditors"
    on { ou "Workloads/Prod/Core" depth="direct" }
}
"#;

const AUDIT_POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:GetObject","Resource":"*"}]}"#;

fn world() -> Value {
    json!({
        "accounts": [
            {"name": "payments-dev", "unit": "Workloads/NonProd/Payments", "tags": {"domain": "payments"}},
            {"name": "payments-perf", "unit": "Workloads/NonProd/Payments", "tags": {"domain": "payments"}},
            {"name": "shop-dev", "unit": "Workloads/NonProd/Shop", "tags": {"domain": "shop"}},
            {"name": "payments-prod", "unit": "Workloads/Prod/Payments", "tags": {"domain": "payments"}},
            {"name": "core-prod", "unit": "Workloads/Prod/Core"},
            {"name": "core-network", "unit": "Workloads/Prod/Core/Network"},
            {"name": "sandbox-1", "unit": "Sandbox"},
            {"name": "sandbox-2", "unit": "Sandbox"},
        ],
        "groups": ["admins", "AWS Payments Developers", "payments-oncall", "auditors", "AWSControlTowerAdmins"],
        "users": ["jane@acme.example", "joe@acme.example"],
        "permissionSets": [
            {"name": "AWSReadOnlyAccess", "managedPolicies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
        ],
        "assignments": [
            ["AWSReadOnlyAccess", "core-prod", "GROUP", "AWSControlTowerAdmins"],
            ["AWSReadOnlyAccess", "core-prod", "USER", "joe@acme.example"],
            ["AWSReadOnlyAccess", "sandbox-1", "GROUP", "auditors"],
        ],
    })
}

fn project() -> Project {
    Project::of(&[("rolecall.kdl", PROJECT), ("policies/audit.json", AUDIT_POLICY)])
}

/// Applies, checks that a second plan is empty, and returns what boto3 sees.
fn apply(project: &Project, moto: &Server) -> Value {
    let _ = project.run_at(&moto.endpoint, &["apply", "--auto-approve"]).exits(0);
    let _ = project.run_at(&moto.endpoint, &["plan", "--detailed-exitcode"]).exits(0);
    serde_json::from_str(&run_script::<&str>("moto_dump.py", &moto.endpoint, &[], "")).unwrap()
}

fn seed(moto: &Server, world: &Value) {
    let _ = run_script::<&str>("moto_seed.py", &moto.endpoint, &[], &world.to_string());
}

/// Returns the declared assignments, and the unmanaged ones.
fn wanted_rows() -> Value {
    json!([
        ["AWSReadOnlyAccess", "core-prod", "GROUP", "AWSControlTowerAdmins"],
        ["AWSReadOnlyAccess", "core-prod", "GROUP", "auditors"],
        ["AWSReadOnlyAccess", "core-prod", "USER", "joe@acme.example"],
        ["AdministratorAccess", "master", "GROUP", "admins"],
        ["AdministratorAccess", "payments-dev", "GROUP", "admins"],
        ["AdministratorAccess", "payments-perf", "GROUP", "admins"],
        ["AdministratorAccess", "shop-dev", "GROUP", "admins"],
        ["Audit", "sandbox-1", "GROUP", "auditors"],
        ["Audit", "sandbox-1", "USER", "jane@acme.example"],
        ["Audit", "sandbox-2", "GROUP", "auditors"],
        ["Audit", "sandbox-2", "USER", "jane@acme.example"],
        ["Deploy", "payments-dev", "GROUP", "AWS Payments Developers"],
        ["Deploy", "payments-dev", "GROUP", "payments-oncall"],
        ["Deploy", "payments-prod", "GROUP", "payments-oncall"],
    ])
}

#[test]
fn a_first_apply_makes_exactly_what_the_files_say() {
    let (moto, project) = (Server::moto(), project());
    seed(&moto, &world());
    let plan =
        project.run_at(&moto.endpoint, &["plan", "--detailed-exitcode", "--format", "json"]).exits(2).json();
    assert_eq!(plan["changes"].as_array().unwrap().len(), 16, "{plan:#}");

    let seen = apply(&project, &moto);
    assert_eq!(seen["assignments"], wanted_rows());
    assert_eq!(
        seen["permissionSets"],
        json!({
            "AWSReadOnlyAccess": set(json!({"managedPolicies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"], "tags": {}})),
            "AdministratorAccess": set(json!({
                "managedPolicies": ["arn:aws:iam::aws:policy/AdministratorAccess"],
            })),
            "Audit": set(json!({
                "session": "PT8H",
                "boundary": {"ManagedPolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
                "inlinePolicy": serde_json::from_str::<Value>(AUDIT_POLICY).unwrap(),
            })),
            "Deploy": set(json!({
                "description": "Ship payments services",
                "session": "PT1H30M",
                "relayState": "https://console.aws.amazon.com/ecs",
                "tags": {"rolecall:stack": "acme", "owner": "payments"},
                "managedPolicies": [
                    "arn:aws:iam::aws:policy/ReadOnlyAccess",
                    "arn:aws:iam::aws:policy/job-function/SupportUser",
                ],
                "customerPolicies": ["/platform/deploy-base"],
                "boundary": {"CustomerManagedPolicyReference": {"Name": "dev-boundary", "Path": "/platform/"}},
                "inlinePolicy": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Sid": "Read",
                        "Effect": "Allow",
                        "Action": ["s3:GetObject"],
                        "Resource": ["arn:aws:s3:::deploy-${aws:username}/*"],
                        "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["payments", "search"]}},
                    }],
                },
            })),
        })
    );
}

/// Returns a permission set in the format of `moto_dump.py`: these parts, and otherwise AWS's defaults and this stack's
/// tag.
fn set(parts: Value) -> Value {
    let mut all = json!({
        "session": "PT1H", "description": null, "relayState": null, "tags": {"rolecall:stack": "acme"},
        "managedPolicies": [], "customerPolicies": [], "outdated": [], "inlinePolicy": null, "boundary": null,
    });
    let Value::Object(parts) = parts else { panic!("parts are an object") };
    all.as_object_mut().expect("it is an object").extend(parts);
    all
}

#[test]
fn a_second_apply_carries_out_edits_revokes_and_deletions() {
    let (moto, project) = (Server::moto(), project());
    seed(&moto, &world());
    let _ = apply(&project, &moto);

    // Others change our permission sets: a user and a deleted group are assigned one. They also create one of their
    // own.
    seed(
        &moto,
        &json!({
            "permissionSets": [{"name": "Theirs", "tags": {"owner": "them"}}],
            "assignments": [
                ["Deploy", "payments-dev", "USER", "joe@acme.example"],
                ["Deploy", "core-prod", "GROUP", "4f6c1d2e-0000-4000-8000-000000000001"],
                ["Theirs", "core-prod", "USER", "joe@acme.example"],
            ],
        }),
    );
    // The configuration changes, too: a permission set goes with its assignments, another is edited completely, and a
    // group loses an account.
    let text = project.read("rolecall.kdl");
    let without_audit = cut(&cut(&text, "permission-set \"Audit\""), "assign \"Audit\"");
    project.write("rolecall.kdl", &without_audit);
    project.edit("rolecall.kdl", "    description \"Ship payments services\"\n", "");
    project.edit("rolecall.kdl", "session \"1h30m\"", "session \"4h\"");
    project.edit("rolecall.kdl", "    relay-state \"https://console.aws.amazon.com/ecs\"\n", "");
    project.edit(
        "rolecall.kdl",
        "\"ReadOnlyAccess\" \"job-function/SupportUser\"",
        "\"AmazonEC2ReadOnlyAccess\"",
    );
    project.edit(
        "rolecall.kdl",
        "customer-policy \"deploy-base\" path=\"/platform/\"",
        "customer-policy \"deploy\"",
    );
    project.edit(
        "rolecall.kdl",
        "    boundary { customer-policy \"dev-boundary\" path=\"/platform/\" }\n",
        "",
    );
    project.edit("rolecall.kdl", " \"search\"\n", "\n");
    project.edit("rolecall.kdl", "tag \"owner\" \"payments\"", "tag \"team\" \"payments\"");
    project.edit(
        "rolecall.kdl",
        "except { accounts \"production\" }",
        "except { accounts \"production\"; name \"shop-*\" }",
    );

    let seen = apply(&project, &moto);
    let kept: Vec<Value> = wanted_rows()
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row[0] != "Audit" && (row[0] != "AdministratorAccess" || row[1] != "shop-dev"))
        .cloned()
        .chain([json!(["Theirs", "core-prod", "USER", "joe@acme.example"])])
        .collect();
    assert_eq!(seen["assignments"], json!(kept));
    let sets = seen["permissionSets"].as_object().unwrap();
    let names: Vec<&String> = sets.keys().collect();
    assert_eq!(names, ["AWSReadOnlyAccess", "AdministratorAccess", "Deploy", "Theirs"]);
    assert_eq!(
        sets["Deploy"],
        set(json!({
            "session": "PT4H",
            // Only declared keys are managed, so the one that is no longer declared stays.
            "tags": {"rolecall:stack": "acme", "owner": "payments", "team": "payments"},
            "managedPolicies": ["arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"],
            "customerPolicies": ["/deploy"],
            "inlinePolicy": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Sid": "Read",
                    "Effect": "Allow",
                    "Action": ["s3:GetObject"],
                    "Resource": ["arn:aws:s3:::deploy-${aws:username}/*"],
                    "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["payments"]}},
                }],
            },
        }))
    );
}

/// Returns the text without the top-level node that begins so.
fn cut(text: &str, node: &str) -> String {
    let start = text.find(node).unwrap();
    let end = start + text[start..].find("\n}\n").unwrap() + 3;
    format!("{}{}", &text[..start], &text[end..])
}
