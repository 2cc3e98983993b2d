//! The organization, groups and their members.

use rolecall_model::ObjectId;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Organization {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) verified_domains: Vec<VerifiedDomain>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct VerifiedDomain {
    pub(crate) name: String,
}

/// What is selected of a group.
pub(crate) const GROUP: &str = "id,displayName,securityEnabled";

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    pub(crate) id: ObjectId,
    pub(crate) display_name: String,
    /// `null` for groups that Graph shows a part of.
    pub(crate) security_enabled: Option<bool>,
}

/// What is selected of a member.
pub(crate) const MEMBER: &str =
    "id,displayName,userPrincipalName,givenName,surname,accountEnabled,securityEnabled";

/// The types of members that matter: devices, contacts and service principals are not provisioned.
pub(crate) const USER: &str = "#microsoft.graph.user";
pub(crate) const NESTED: &str = "#microsoft.graph.group";

/// A member of any type. What the caller may not see is `null`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    #[serde(rename = "@odata.type")]
    pub(crate) kind: String,
    pub(crate) id: ObjectId,
    pub(crate) display_name: Option<String>,
    pub(crate) user_principal_name: Option<String>,
    pub(crate) given_name: Option<String>,
    pub(crate) surname: Option<String>,
    pub(crate) account_enabled: Option<bool>,
    pub(crate) security_enabled: Option<bool>,
}
