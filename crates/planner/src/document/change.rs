//! Changes and assignments of a JSON plan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words::{ActionWord, Kind, PrincipalType, ReasonWord};

/// One change. Fields that do not concern its kind are absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeDocument {
    /// What happens.
    pub action: ActionWord,
    /// The kind of its subject.
    pub kind: Kind,
    /// The subject of the change.
    #[serde(flatten)]
    pub subject: SubjectDocument,
    /// The directory id of the tenant, for a change in Entra ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The object id of the application's service principal; absent where the application is still to be created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_principal_id: Option<String>,
    /// The complete state before; `null` if there is none.
    pub before: Value,
    /// The complete state after; `null` if there is none.
    pub after: Value,
    /// The ids of the accounts in which a permission set is provisioned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provisions: Vec<String>,
    /// For a group that is unassigned in Entra ID: its account assignments, which AWS removes with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<AssignmentDocument>,
    /// Why.
    pub reason: ReasonWord,
    /// The permission set that replaces this one, if the reason is `renamed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_to: Option<String>,
    /// The last day of an assignment with an end, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The text of `reason` in the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Where the configuration asks for it.
    #[serde(flatten)]
    pub place: PlaceDocument,
}

/// What something is about, by ids and names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubjectDocument {
    /// The permission set's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission_set: Option<String>,
    /// The account's 12-digit id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The account's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// The type of the principal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_type: Option<PrincipalType>,
    /// The principal's id in the Identity Store; of a group that is not there yet, its object id in Entra ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
    /// The group's display name or the user's name; absent for a principal that no longer exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_name: Option<String>,
    /// The configuration's label for the group; absent where it does not declare it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_label: Option<String>,
}

/// A line of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlaceDocument {
    /// The file, relative to the project's directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The file of the template, where a template made it; `file` is then that of the `use`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_file: Option<String>,
    /// The line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_line: Option<u32>,
}

/// An account assignment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AssignmentDocument {
    /// Who, what and where.
    #[serde(flatten)]
    pub subject: SubjectDocument,
    /// Where it is written, if it is.
    #[serde(flatten)]
    pub place: PlaceDocument,
}
