//! The audit logs.

use jiff::Timestamp;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProvisioningEntry {
    pub(crate) activity_date_time: Timestamp,
    pub(crate) provisioning_action: Option<String>,
    pub(crate) provisioning_status_info: Option<StatusInfo>,
    pub(crate) source_identity: Option<Identity>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusInfo {
    pub(crate) status: Option<String>,
    pub(crate) error_information: Option<ErrorInformation>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorInformation {
    pub(crate) error_code: Option<String>,
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    pub(crate) display_name: Option<String>,
    pub(crate) identity_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInEntry {
    pub(crate) created_date_time: Timestamp,
    pub(crate) user_principal_name: Option<String>,
    pub(crate) status: Option<SignInStatus>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignInStatus {
    #[serde(default)]
    pub(crate) error_code: u32,
    pub(crate) failure_reason: Option<String>,
}
