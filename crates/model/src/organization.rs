//! The organization: accounts and the organizational units above them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::identity::{AccountId, OuId};

/// The state of an account, as `Account.State` of Organizations names it. (`Status`, its older twin, is being
/// retired; readers map it onto this.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountState {
    /// Invited or being made.
    PendingActivation,
    /// In use. Only such accounts take assignments.
    Active,
    /// Suspended by AWS.
    Suspended,
    /// About to be closed.
    PendingClosure,
    /// Closed.
    Closed,
}

impl AccountState {
    /// The state as AWS spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PendingActivation => "PENDING_ACTIVATION",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Closed => "CLOSED",
        }
    }
}

/// An account of the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Account {
    /// The 12-digit id.
    pub id: AccountId,
    /// The account's name; Organizations does not keep names unique.
    pub name: String,
    /// Its state.
    pub state: AccountState,
    /// The organizational unit, or the root, that holds it directly.
    pub parent: OuId,
    /// Its tags, or `None` where they were not read: they cost one call an account, so they are read only where a
    /// selector needs them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

/// An organizational unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrganizationalUnit {
    /// Its id, `ou-…`.
    pub id: OuId,
    /// Its name, unique among its siblings.
    pub name: String,
    /// The unit above it, or the root.
    pub parent: OuId,
}
