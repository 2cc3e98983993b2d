//! Conditional access policies, as far as Rolecall reads and writes them.

use std::collections::BTreeSet;

use rolecall_model::ObjectId;
use rolecall_model::entra::{AccessPolicy, ConditionalAccessPolicy, MfaStrength, PolicyState};
use serde_json::{Map, Value, json};

use super::ask::Ask;
use super::listing::{Entity, context};
use super::tenancy::Tenancy;
use super::wire::{Done, GraphAnswer, GraphFailure};
use crate::world::World;

const POLICY: Entity = Entity {
    name: "ConditionalAccessPolicy",
    context: "identity/conditionalAccess/policies",
    properties: &[
        "id",
        "templateId",
        "displayName",
        "createdDateTime",
        "modifiedDateTime",
        "state",
        "conditions",
        "grantControls",
        "sessionControls",
    ],
    on_request: &[],
    filterable: &["id", "displayName", "state"],
    is_exact: false,
};

const STRENGTH: Entity = Entity {
    name: "AuthenticationStrengthPolicy",
    context: "policies/authenticationStrengthPolicies",
    properties: &[
        "id",
        "displayName",
        "description",
        "policyType",
        "requirementsSatisfied",
        "allowedCombinations",
    ],
    on_request: &[],
    filterable: &["id", "displayName", "policyType"],
    is_exact: false,
};

/// The client application types of a policy.
const CLIENTS: [&str; 5] = ["all", "browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other"];
/// The built-in grant controls.
const CONTROLS: [&str; 6] =
    ["block", "mfa", "compliantDevice", "domainJoinedDevice", "approvedApplication", "passwordChange"];

pub(super) fn list(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let policies = tenancy.tenant().conditional_access.iter();
    POLICY.page(tenancy, ask, policies.map(|one| (one.id.to_string(), render(one))))
}

pub(super) fn get(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    POLICY.one(ask, render(policy(tenancy, ask)?))
}

pub(super) fn create(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let mut policy = AccessPolicy {
        name: String::new(),
        state: PolicyState::Disabled,
        applications: BTreeSet::new(),
        include_users: BTreeSet::new(),
        include_groups: BTreeSet::new(),
        exclude_groups: BTreeSet::new(),
        exclude_users: BTreeSet::new(),
        client_app_types: BTreeSet::from(["all".to_owned()]),
        controls: BTreeSet::new(),
        strength: None,
    };
    if ask.body["state"].is_null() {
        return Err(GraphFailure::invalid("state is needed."));
    }
    edit(&mut policy, ask.body)?;
    check(tenancy, &policy)?;
    let made = ConditionalAccessPolicy { id: world.source.object_id(), policy };
    let mut body = render(&made);
    body["@odata.context"] = json!(context(POLICY.context, "/$entity"));
    let policies = &mut tenancy.change(world.now).conditional_access;
    policies.push(made);
    policies.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(Done::created(body))
}

pub(super) fn update(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let ConditionalAccessPolicy { id, mut policy } = policy(tenancy, ask)?.clone();
    edit(&mut policy, ask.body)?;
    check(tenancy, &policy)?;
    let policies = &mut tenancy.change(world.now).conditional_access;
    if let Some(found) = policies.iter_mut().find(|one| one.id == id) {
        found.policy = policy;
    }
    Ok(Done::no_content())
}

pub(super) fn delete(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = policy(tenancy, ask)?.id.clone();
    tenancy.change(world.now).conditional_access.retain(|one| one.id != id);
    Ok(Done::no_content())
}

pub(super) fn list_strengths(tenancy: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    STRENGTH.page(
        tenancy,
        ask,
        STRENGTHS.iter().map(|one| (one.strength_id().to_owned(), render_strength(*one))),
    )
}

pub(super) fn get_strength(_: &mut Tenancy, _: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let id = ask.first();
    let found = STRENGTHS.iter().find(|one| one.strength_id() == id).ok_or_else(|| not_found(id))?;
    STRENGTH.one(ask, render_strength(*found))
}

const STRENGTHS: [MfaStrength; 3] =
    [MfaStrength::Mfa, MfaStrength::Passwordless, MfaStrength::PhishingResistant];

fn policy<'a>(tenancy: &'a Tenancy, ask: &Ask<'_>) -> Result<&'a ConditionalAccessPolicy, GraphFailure> {
    let id = ask.first();
    let found = tenancy.tenant().conditional_access.iter().find(|one| one.id.as_str() == id);
    found.ok_or_else(|| not_found(id))
}

fn not_found(id: &str) -> GraphFailure {
    GraphFailure::new(404, "ResourceNotFound", format!("'{id}' could not be found."))
}

/// Returns the members of an object that are neither null nor empty lists, which are ignored.
fn members<'a>(name: &str, value: &'a Value) -> Result<&'a Map<String, Value>, GraphFailure> {
    value.as_object().ok_or_else(|| GraphFailure::invalid(format!("{name} must be an object.")))
}

fn says_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

fn unknown(name: &str) -> GraphFailure {
    GraphFailure::invalid(format!("The sandbox does not take '{name}' in a conditional access policy."))
}

fn texts(name: &str, value: &Value) -> Result<BTreeSet<String>, GraphFailure> {
    if value.is_null() {
        return Ok(BTreeSet::new());
    }
    let texts =
        value.as_array().and_then(|all| all.iter().map(|one| one.as_str().map(str::to_owned)).collect());
    texts.ok_or_else(|| GraphFailure::invalid(format!("{name} must be a list of texts.")))
}

fn ids(name: &str, value: &Value) -> Result<BTreeSet<ObjectId>, GraphFailure> {
    let ids = texts(name, value)?.iter().map(|id| id.parse::<ObjectId>()).collect::<Result<_, _>>();
    ids.map_err(|_| GraphFailure::invalid(format!("{name} must be a list of object ids.")))
}

/// Updates a policy with a body. Absent members stay unchanged; `users` and `applications` are replaced as a whole.
fn edit(policy: &mut AccessPolicy, body: &Value) -> Result<(), GraphFailure> {
    for (name, value) in members("The body", body)? {
        match name.as_str() {
            "displayName" => {
                let text =
                    value.as_str().ok_or_else(|| GraphFailure::invalid("displayName must be a text."))?;
                text.clone_into(&mut policy.name);
            }
            "state" => {
                let states = [
                    PolicyState::Disabled,
                    PolicyState::EnabledForReportingButNotEnforced,
                    PolicyState::Enabled,
                ];
                let state = states.into_iter().find(|state| Some(state.as_str()) == value.as_str());
                policy.state = state.ok_or_else(|| GraphFailure::invalid("state is not valid."))?;
            }
            "conditions" => edit_conditions(policy, value)?,
            "grantControls" => edit_controls(policy, value)?,
            _ if says_nothing(value) => {}
            _ => return Err(unknown(name)),
        }
    }
    Ok(())
}

fn edit_conditions(policy: &mut AccessPolicy, value: &Value) -> Result<(), GraphFailure> {
    for (name, value) in members("conditions", value)? {
        match name.as_str() {
            "clientAppTypes" => policy.client_app_types = texts(name, value)?,
            "applications" => {
                policy.applications = BTreeSet::new();
                for (name, value) in members(name, value)? {
                    match name.as_str() {
                        "includeApplications" => policy.applications = texts(name, value)?,
                        _ if says_nothing(value) => {}
                        _ => return Err(unknown(name)),
                    }
                }
            }
            "users" => {
                policy.include_users = BTreeSet::new();
                policy.exclude_users = BTreeSet::new();
                policy.include_groups = BTreeSet::new();
                policy.exclude_groups = BTreeSet::new();
                for (name, value) in members(name, value)? {
                    match name.as_str() {
                        "includeUsers" => policy.include_users = texts(name, value)?,
                        "excludeUsers" => policy.exclude_users = texts(name, value)?,
                        "includeGroups" => policy.include_groups = ids(name, value)?,
                        "excludeGroups" => policy.exclude_groups = ids(name, value)?,
                        _ if says_nothing(value) => {}
                        _ => return Err(unknown(name)),
                    }
                }
            }
            _ if says_nothing(value) => {}
            _ => return Err(unknown(name)),
        }
    }
    Ok(())
}

fn edit_controls(policy: &mut AccessPolicy, value: &Value) -> Result<(), GraphFailure> {
    policy.controls = BTreeSet::new();
    policy.strength = None;
    if value.is_null() {
        return Ok(());
    }
    let fields = members("grantControls", value)?;
    if !matches!(fields.get("operator").and_then(Value::as_str), Some("OR" | "AND")) {
        return Err(GraphFailure::invalid("grantControls.operator must be OR or AND."));
    }
    for (name, value) in fields {
        match name.as_str() {
            "operator" => {}
            "builtInControls" => policy.controls = texts(name, value)?,
            "authenticationStrength" if !value.is_null() => {
                let id = value["id"]
                    .as_str()
                    .ok_or_else(|| GraphFailure::invalid("authenticationStrength needs an id."))?;
                policy.strength = Some(id.to_owned());
            }
            _ if says_nothing(value) => {}
            _ => return Err(unknown(name)),
        }
    }
    Ok(())
}

/// Validates a policy as a whole.
fn check(tenancy: &Tenancy, policy: &AccessPolicy) -> Result<(), GraphFailure> {
    let tenant = tenancy.tenant();
    if policy.name.is_empty() || policy.name.chars().count() > 256 {
        return Err(GraphFailure::invalid("displayName must have 1 to 256 characters."));
    }
    if policy.applications.is_empty() {
        return Err(GraphFailure::invalid("conditions.applications.includeApplications must not be empty."));
    }
    let is_application = |name: &String| {
        matches!(name.as_str(), "All" | "None" | "Office365" | "MicrosoftAdminPortals")
            || tenant.applications.iter().any(|one| one.client_id.as_str() == name)
    };
    if let Some(name) = policy.applications.iter().find(|name| !is_application(name)) {
        return Err(GraphFailure::invalid(format!("1011: ServicePrincipal '{name}' was not found.")));
    }
    if policy.include_users.is_empty() && policy.include_groups.is_empty() {
        return Err(GraphFailure::invalid("conditions.users must include somebody."));
    }
    let mut groups = policy.include_groups.iter().chain(&policy.exclude_groups);
    if let Some(id) = groups.find(|id| tenant.group(id).is_none()) {
        return Err(GraphFailure::invalid(format!("1013: Group '{id}' was not found.")));
    }
    let is_user = |name: &str| {
        matches!(name, "All" | "None" | "GuestsOrExternalUsers")
            || name.parse::<ObjectId>().is_ok_and(|id| tenant.user(&id).is_some())
    };
    let mut users = policy.include_users.iter().chain(&policy.exclude_users);
    if let Some(name) = users.find(|name| !is_user(name)) {
        return Err(GraphFailure::invalid(format!("1012: User '{name}' was not found.")));
    }
    let is_client = |name: &String| CLIENTS.contains(&name.as_str());
    if policy.client_app_types.is_empty() || !policy.client_app_types.iter().all(is_client) {
        return Err(GraphFailure::invalid("conditions.clientAppTypes is not valid."));
    }
    check_controls(policy)
}

fn check_controls(policy: &AccessPolicy) -> Result<(), GraphFailure> {
    if policy.controls.is_empty() && policy.strength.is_none() {
        return Err(GraphFailure::invalid("1023: A policy needs grant controls."));
    }
    if let Some(control) = policy.controls.iter().find(|control| !CONTROLS.contains(&control.as_str())) {
        return Err(GraphFailure::invalid(format!("'{control}' is not a grant control.")));
    }
    let Some(strength) = &policy.strength else { return Ok(()) };
    if STRENGTHS.iter().all(|known| known.strength_id() != strength) {
        return Err(GraphFailure::invalid(format!(
            "The authentication strength '{strength}' was not found."
        )));
    }
    if policy.controls.contains("mfa") {
        return Err(GraphFailure::invalid(
            "An authentication strength cannot stand beside the control 'mfa'.",
        ));
    }
    Ok(())
}

fn render_strength(strength: MfaStrength) -> Value {
    let name = match strength {
        MfaStrength::Mfa => "Multifactor authentication",
        MfaStrength::Passwordless => "Passwordless MFA",
        MfaStrength::PhishingResistant => "Phishing-resistant MFA",
    };
    let combinations = match strength {
        MfaStrength::Mfa => {
            json!(["password,microsoftAuthenticatorPush", "fido2", "windowsHelloForBusiness"])
        }
        MfaStrength::Passwordless => json!(["fido2", "windowsHelloForBusiness", "deviceBasedPush"]),
        MfaStrength::PhishingResistant => {
            json!(["fido2", "windowsHelloForBusiness", "x509CertificateMultiFactor"])
        }
    };
    json!({
        "id": strength.strength_id(),
        "displayName": name,
        "description": name,
        "policyType": "builtIn",
        "requirementsSatisfied": "mfa",
        "allowedCombinations": combinations,
    })
}

fn render(one: &ConditionalAccessPolicy) -> Value {
    let ConditionalAccessPolicy { id, policy } = one;
    let AccessPolicy {
        name,
        state,
        applications,
        include_users,
        include_groups,
        exclude_groups,
        exclude_users,
        client_app_types,
        controls,
        strength,
    } = policy;
    let texts = |ids: &BTreeSet<ObjectId>| ids.iter().map(ObjectId::as_str).collect::<Value>();
    let strength = STRENGTHS.iter().find(|known| Some(known.strength_id()) == strength.as_deref());
    json!({
        "id": id.as_str(),
        "templateId": null,
        "displayName": name,
        "createdDateTime": null,
        "modifiedDateTime": null,
        "state": state.as_str(),
        "conditions": {
            "applications": {
                "includeApplications": applications,
                "excludeApplications": [],
                "includeUserActions": [],
                "includeAuthenticationContextClassReferences": [],
                "applicationFilter": null,
            },
            "clientAppTypes": client_app_types,
            "users": {
                "includeUsers": include_users,
                "excludeUsers": exclude_users,
                "includeGroups": texts(include_groups),
                "excludeGroups": texts(exclude_groups),
                "includeRoles": [],
                "excludeRoles": [],
                "includeGuestsOrExternalUsers": null,
                "excludeGuestsOrExternalUsers": null,
            },
            "devices": null,
            "locations": null,
            "platforms": null,
            "signInRiskLevels": [],
            "userRiskLevels": [],
        },
        "grantControls": {
            "operator": "OR",
            "builtInControls": controls,
            "customAuthenticationFactors": [],
            "termsOfUse": [],
            "authenticationStrength": strength.map(|one| render_strength(*one)),
        },
        "sessionControls": null,
    })
}
