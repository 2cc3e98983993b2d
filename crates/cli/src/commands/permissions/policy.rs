//! The IAM policy document.

use rolecall_aws::{Access, Call, Service};
use rolecall_model::Config;
use rolecall_model::permission_set::STACK_TAG;
use serde::Serialize;
use serde_json::{Value, json};

use super::calls;
use crate::args::Purpose;

/// An action that AWS requires in addition to the call's own when attributes for access control are created (source: the
/// handler permissions of CloudFormation's `AWS::SSO::InstanceAccessControlAttributeConfiguration`).
const BESIDE_ATTRIBUTES: &str = "sso:UpdateApplicationProfileForAWSAccountInstance";
const ANY_PERMISSION_SET: &str = "arn:aws:sso:::permissionSet/*/*";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: String,
    effect: &'static str,
    action: Vec<String>,
    resource: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

/// Returns the policy for a command as JSON, with a line break at the end.
pub(super) fn document(config: &Config, purpose: Purpose) -> String {
    let document = Document { version: "2012-10-17", statement: statements(config, purpose) };
    // Text always serializes.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn statements(config: &Config, purpose: Purpose) -> Vec<Statement> {
    let actions = |wanted: &dyn Fn(&Call) -> bool| -> Vec<String> {
        let mut actions: Vec<String> =
            calls(config, purpose).filter(|call| wanted(call)).map(|call| call.api.iam_action()).collect();
        actions.sort();
        actions
    };
    let of = |access: Access, service: Service| {
        actions(&|call: &Call| call.access == access && call.api.service == service)
    };
    let all = json!("*");
    let permission_sets = json!(ANY_PERMISSION_SET);
    let stack = config.stack.as_str();
    let (ours, given) = (format!("aws:ResourceTag/{STACK_TAG}"), format!("aws:RequestTag/{STACK_TAG}"));
    let only = |operator: &str, keys: &[&String]| {
        let keys: serde_json::Map<String, Value> =
            keys.iter().map(|key| ((*key).clone(), json!(stack))).collect();
        Some(json!({ operator: keys }))
    };
    let sso = Service::SsoAdmin;
    let mut found = vec![
        statement("ReadIdentityCenter", of(Access::Read, sso), &all, None),
        statement("ReadGroupsAndUsers", of(Access::Read, Service::IdentityStore), &all, None),
        statement("ReadOrganization", of(Access::Read, Service::Organizations), &all, None),
        statement("FollowRequests", of(Access::Follow, sso), &all, None),
        statement("WaitForGroups", of(Access::Follow, Service::IdentityStore), &all, None),
        statement(
            "MakePermissionSetsWithOurTag",
            of(Access::Create, sso),
            &all,
            only("StringEquals", &[&given]),
        ),
        statement(
            "TagOurs",
            of(Access::Tag, sso),
            &permission_sets,
            only("StringEqualsIfExists", &[&ours, &given]),
        ),
        statement("ChangeOurs", of(Access::Change, sso), &permission_sets, only("StringEquals", &[&ours])),
        statement(
            "TheOtherResourcesOfTheseCalls",
            actions(&|call| matches!(call.access, Access::Change | Access::Tag)),
            &json!(["arn:aws:sso:::instance/*", "arn:aws:sso:::account/*"]),
            None,
        ),
    ];
    if purpose == Purpose::Apply {
        found.extend(external(config));
    }
    let mut instance = of(Access::Instance, sso);
    if !instance.is_empty() {
        instance.push(BESIDE_ATTRIBUTES.to_owned());
    }
    found.push(statement("SetAttributesForAccessControl", instance, &all, None));
    found.retain(|statement| !statement.action.is_empty());
    found
}

/// Returns the statement for external permission sets. They do not have the stack's tag, and their ids are not known offline.
/// The placeholder for an id matches nothing, so an unedited policy grants too little rather than too much.
fn external(config: &Config) -> Option<Statement> {
    let instance = config.identity_center.instance.as_ref().map_or("ssoins-INSTANCE", |id| id.as_str());
    let resources: Vec<String> = config
        .external_permission_sets
        .iter()
        .map(|set| format!("arn:aws:sso:::permissionSet/{instance}/ps-ID-OF-{}", set.name))
        .collect();
    let actions = ["sso:CreateAccountAssignment", "sso:DeleteAccountAssignment"].map(str::to_owned);
    (!resources.is_empty()).then(|| statement("AssignExternal", actions.to_vec(), &json!(resources), None))
}

fn statement(sid: &str, action: Vec<String>, resource: &Value, condition: Option<Value>) -> Statement {
    Statement { sid: sid.to_owned(), effect: "Allow", action, resource: resource.clone(), condition }
}
