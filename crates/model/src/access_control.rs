//! Attributes for access control (ABAC): what IAM Identity Center passes on about a user, for policies to compare.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Attributes for access control of the live instance. What was not read is neither off nor empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessControlState {
    /// They were not read.
    #[default]
    NotRead,
    /// The instance has no configuration of them: `DescribeInstanceAccessControlAttributeConfiguration` answers
    /// `ResourceNotFoundException`.
    Off,
    /// The instance has a configuration: the source of each attribute, such as `${path:enterprise.costCenter}`, by
    /// key. AWS's list of sources has exactly one (service model of sso-admin, `AccessControlAttributeValueSourceList`).
    On(BTreeMap<String, String>),
}

impl AccessControlState {
    /// Whether nothing is known of them.
    pub fn is_not_read(&self) -> bool {
        matches!(self, Self::NotRead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_tells_off_from_on_without_attributes() {
        let off: AccessControlState = serde_json::from_str(r#""off""#).unwrap();
        assert_eq!(off, AccessControlState::Off);
        let on: AccessControlState = serde_json::from_str(r#"{"on":{}}"#).unwrap();
        assert_eq!(on, AccessControlState::On(BTreeMap::new()));
        let cost = BTreeMap::from([("cost".to_owned(), "${path:enterprise.costCenter}".to_owned())]);
        let text = serde_json::to_string(&AccessControlState::On(cost)).unwrap();
        assert_eq!(text, r#"{"on":{"cost":"${path:enterprise.costCenter}"}}"#);
    }
}
