//! Conditional access policies.

use std::collections::BTreeSet;

use rolecall_model::ObjectId;
use rolecall_model::entra::{AccessPolicy, ConditionalAccessPolicy, PolicyState};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What is selected of a policy.
pub(crate) const POLICY: &str = "id,displayName,state,conditions,grantControls";

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Policy {
    pub(crate) id: ObjectId,
    pub(crate) display_name: String,
    pub(crate) state: PolicyState,
    pub(crate) conditions: Conditions,
    pub(crate) grant_controls: Option<GrantControls>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Conditions {
    pub(crate) applications: Option<Applications>,
    pub(crate) users: Option<Users>,
    #[serde(default)]
    pub(crate) client_app_types: BTreeSet<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Applications {
    pub(crate) include_applications: BTreeSet<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Users {
    pub(crate) include_users: BTreeSet<String>,
    pub(crate) exclude_users: BTreeSet<String>,
    pub(crate) include_groups: BTreeSet<ObjectId>,
    pub(crate) exclude_groups: BTreeSet<ObjectId>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GrantControls {
    #[serde(default)]
    pub(crate) built_in_controls: BTreeSet<String>,
    pub(crate) authentication_strength: Option<Strength>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
pub(crate) struct Strength {
    pub(crate) id: String,
}

impl From<Policy> for ConditionalAccessPolicy {
    fn from(policy: Policy) -> Self {
        let Policy { id, display_name, state, conditions, grant_controls } = policy;
        let Conditions { applications, users, client_app_types } = conditions;
        let Users { include_users, exclude_users, include_groups, exclude_groups } =
            users.unwrap_or_default();
        let (controls, strength) = match grant_controls {
            Some(GrantControls { built_in_controls, authentication_strength }) => {
                (built_in_controls, authentication_strength.map(|strength| strength.id))
            }
            None => (BTreeSet::new(), None),
        };
        let policy = AccessPolicy {
            name: display_name,
            state,
            applications: applications.unwrap_or_default().include_applications,
            include_users,
            include_groups,
            exclude_groups,
            exclude_users,
            client_app_types,
            controls,
            strength,
        };
        Self { id, policy }
    }
}

/// The body that makes a policy.
pub(crate) fn new_policy(policy: &AccessPolicy) -> Value {
    edited(policy, &Value::Null)
}

/// The body that makes a live policy say what is wanted. Graph takes each condition whole, so what Rolecall does not
/// manage of them is sent as it is: excepted roles, guests, other controls.
pub(crate) fn edited(policy: &AccessPolicy, live: &Value) -> Value {
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
    let mut applied_to = kept(&live["conditions"]["applications"]);
    applied_to.insert("includeApplications".to_owned(), json!(applications));
    let mut users = kept(&live["conditions"]["users"]);
    users.insert("includeUsers".to_owned(), json!(include_users));
    users.insert("excludeUsers".to_owned(), json!(exclude_users));
    users.insert("includeGroups".to_owned(), json!(include_groups));
    users.insert("excludeGroups".to_owned(), json!(exclude_groups));
    let mut grant = kept(&live["grantControls"]);
    grant.entry("operator").or_insert_with(|| json!("OR"));
    grant.insert("builtInControls".to_owned(), json!(controls));
    grant.remove("authenticationStrength");
    if let Some(id) = strength {
        grant.insert("authenticationStrength".to_owned(), json!(Strength { id: id.clone() }));
    } else if !live["grantControls"]["authenticationStrength"].is_null() {
        grant.insert("authenticationStrength".to_owned(), Value::Null);
    }
    json!({
        "displayName": name,
        "state": state.as_str(),
        "conditions": {
            "applications": applied_to,
            "users": users,
            "clientAppTypes": client_app_types,
        },
        "grantControls": grant,
    })
}

/// The members of an object that say something, without OData's own.
fn kept(value: &Value) -> Map<String, Value> {
    let members = value.as_object().into_iter().flatten();
    members
        .filter(|(name, value)| {
            let says_nothing = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            !says_nothing && !name.contains("@odata")
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> AccessPolicy {
        AccessPolicy {
            name: "AWS needs MFA".to_owned(),
            state: PolicyState::Enabled,
            applications: ["a".to_owned()].into(),
            include_users: ["All".to_owned()].into(),
            include_groups: BTreeSet::new(),
            exclude_groups: BTreeSet::new(),
            exclude_users: BTreeSet::new(),
            client_app_types: ["all".to_owned()].into(),
            controls: BTreeSet::new(),
            strength: Some("00000000-0000-0000-0000-000000000004".to_owned()),
        }
    }

    #[test]
    fn what_is_not_managed_of_a_policy_stays() {
        let live = json!({
            "conditions": {
                "users": { "includeUsers": ["All"], "excludeRoles": ["admin"], "includeRoles": [], "excludeGroups": ["g"] },
                "locations": { "includeLocations": ["All"] },
            },
            "grantControls": {
                "operator": "AND",
                "builtInControls": ["mfa"],
                "termsOfUse": ["t"],
                "authenticationStrength@odata.context": "x",
            },
        });
        let body = edited(&wanted(), &live);
        let users = json!({
            "includeUsers": ["All"],
            "excludeUsers": [],
            "includeGroups": [],
            "excludeGroups": [],
            "excludeRoles": ["admin"],
        });
        assert_eq!(body["conditions"]["users"], users);
        // What is not sent stays.
        assert_eq!(body["conditions"]["locations"], Value::Null);
        let grant = json!({
            "operator": "AND",
            "builtInControls": [],
            "termsOfUse": ["t"],
            "authenticationStrength": { "id": "00000000-0000-0000-0000-000000000004" },
        });
        assert_eq!(body["grantControls"], grant);
    }

    #[test]
    fn a_strength_is_taken_away_by_saying_so() {
        let live = json!({ "grantControls": { "authenticationStrength": { "id": "x" } } });
        let weaker = AccessPolicy { strength: None, controls: ["mfa".to_owned()].into(), ..wanted() };
        assert_eq!(edited(&weaker, &live)["grantControls"]["authenticationStrength"], Value::Null);
        assert!(
            edited(&weaker, &live)["grantControls"]
                .as_object()
                .unwrap()
                .contains_key("authenticationStrength")
        );
        assert!(
            !new_policy(&weaker)["grantControls"].as_object().unwrap().contains_key("authenticationStrength")
        );
    }
}
