//! The audit logs: provisioning steps and sign-ins.

use rolecall_model::entra::{EnterpriseApplication, ProvisioningEvent, SignIn};
use serde_json::{Value, json};

use super::ask::Ask;
use super::listing::Entity;
use super::tenancy::Tenancy;
use super::wire::GraphAnswer;
use crate::world::World;

const PROVISIONING: Entity = Entity {
    name: "ProvisioningObjectSummary",
    context: "auditLogs/provisioning",
    properties: &[
        "id",
        "activityDateTime",
        "tenantId",
        "jobId",
        "cycleId",
        "changeId",
        "provisioningAction",
        "durationInMilliseconds",
        "provisioningStatusInfo",
        "provisioningSteps",
        "modifiedProperties",
        "servicePrincipal",
        "sourceSystem",
        "targetSystem",
        "initiatedBy",
        "sourceIdentity",
        "targetIdentity",
    ],
    on_request: &[],
    filterable: &[
        "activityDateTime",
        "jobId",
        "provisioningAction",
        "provisioningStatusInfo/status",
        "servicePrincipal/id",
        "sourceIdentity/displayName",
        "sourceIdentity/identityType",
    ],
    is_exact: true,
};

const SIGN_IN: Entity = Entity {
    name: "SignIn",
    context: "auditLogs/signIns",
    properties: &[
        "id",
        "createdDateTime",
        "appDisplayName",
        "appId",
        "userDisplayName",
        "userPrincipalName",
        "clientAppUsed",
        "conditionalAccessStatus",
        "status",
    ],
    on_request: &[],
    filterable: &["appId", "createdDateTime", "status/errorCode", "userPrincipalName"],
    is_exact: true,
};

/// Returns the application of the logs: the first one with a job, or else the first one.
fn application(tenancy: &Tenancy) -> Option<&EnterpriseApplication> {
    let all = &tenancy.tenant().applications;
    all.iter().find(|one| !one.jobs.is_empty()).or_else(|| all.first())
}

pub(super) fn list_provisioning(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let events = tenancy.tenant().logs.provisioning.iter().enumerate();
    PROVISIONING.page(
        tenancy,
        ask,
        events.map(|(number, event)| (key(number), render_event(tenancy, number, event))),
    )
}

pub(super) fn list_sign_ins(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let sign_ins = tenancy.tenant().logs.sign_ins.iter().enumerate();
    SIGN_IN.page(
        tenancy,
        ask,
        sign_ins.map(|(number, one)| (key(number), render_sign_in(tenancy, number, one))),
    )
}

/// Returns a key that keeps the order of the log.
fn key(number: usize) -> String {
    format!("{number:09}")
}

fn render_event(tenancy: &Tenancy, number: usize, event: &ProvisioningEvent) -> Value {
    let ProvisioningEvent { at, action, kind, name, status, error_code, reason } = event;
    let application = application(tenancy);
    let job = application.and_then(|one| one.jobs.first()).map(|job| job.id.as_str());
    let id =
        crate::random::uuid_of(&[b"event", at.to_string().as_bytes(), name.as_bytes(), action.as_bytes()]);
    let error = error_code.as_ref().map(|code| {
        json!({
            "errorCode": code,
            "reason": reason,
            "additionalDetails": null,
            "errorCategory": "nonServiceFailure",
            "recommendedAction": null,
        })
    });
    let identity = |name: &str| json!({ "id": "", "displayName": name, "identityType": kind, "details": {} });
    let system = |name: &str| json!({ "id": "", "displayName": name, "details": {} });
    json!({
        "id": id,
        "activityDateTime": at.to_string(),
        "tenantId": tenancy.tenant().id,
        "jobId": job,
        "cycleId": id,
        "changeId": format!("{id}-{number}"),
        "provisioningAction": action,
        "durationInMilliseconds": 250,
        "provisioningStatusInfo": { "status": status, "errorInformation": error },
        "provisioningSteps": [],
        "modifiedProperties": [],
        "servicePrincipal": {
            "id": application.map(|one| one.service_principal_id.as_str()),
            "displayName": application.map(|one| one.display_name.as_str()),
        },
        "sourceSystem": system("Azure Active Directory"),
        "targetSystem": system("AWS IAM Identity Center"),
        "initiatedBy": { "id": "", "displayName": "Azure AD Provisioning Service", "initiatorType": "system" },
        "sourceIdentity": identity(name),
        "targetIdentity": identity(name),
    })
}

fn render_sign_in(tenancy: &Tenancy, number: usize, sign_in: &SignIn) -> Value {
    let SignIn { at, user, error_code, reason } = sign_in;
    let application = application(tenancy);
    let users = &tenancy.tenant().users;
    let name = users.iter().find(|one| one.user_principal_name == *user).map(|one| one.display_name.as_str());
    json!({
        "id": crate::random::uuid_of(&[b"sign-in", &number.to_be_bytes(), at.to_string().as_bytes(), user.as_bytes()]),
        "createdDateTime": at.to_string(),
        "appDisplayName": application.map(|one| one.display_name.as_str()),
        "appId": application.map(|one| one.client_id.as_str()),
        "userDisplayName": name.unwrap_or(user),
        "userPrincipalName": user,
        "clientAppUsed": "Browser",
        "conditionalAccessStatus": "notApplied",
        "status": { "errorCode": error_code, "failureReason": reason, "additionalDetails": null },
    })
}
