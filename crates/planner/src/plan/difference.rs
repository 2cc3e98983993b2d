//! Differences between two versions of a permission set.

use std::collections::BTreeMap;

use rolecall_model::{Boundary, CustomerPolicy, PermissionSet, Policy, SessionDuration};

/// One difference between two versions of a permission set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// An optional attribute that is a text.
    Text {
        /// The attribute.
        attribute: TextAttribute,
        /// Before.
        before: Option<String>,
        /// After.
        after: Option<String>,
    },
    /// The session duration.
    Session {
        /// Before.
        before: SessionDuration,
        /// After.
        after: SessionDuration,
    },
    /// An additional AWS managed policy, by ARN.
    ManagedPolicyAttached(String),
    /// A removed AWS managed policy, by ARN.
    ManagedPolicyDetached(String),
    /// An additional customer managed policy.
    CustomerPolicyAttached(CustomerPolicy),
    /// A removed customer managed policy.
    CustomerPolicyDetached(CustomerPolicy),
    /// The permissions boundary.
    Boundary {
        /// Before.
        before: Option<Boundary>,
        /// After.
        after: Option<Boundary>,
    },
    /// The inline policy.
    InlinePolicy {
        /// Before.
        before: Option<Policy>,
        /// After.
        after: Option<Policy>,
    },
    /// The value of a managed tag.
    Tag {
        /// Its key.
        key: String,
        /// Before.
        before: Option<String>,
        /// After.
        after: String,
    },
}

/// An optional attribute of a permission set that is a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextAttribute {
    /// The description.
    Description,
    /// The relay state.
    RelayState,
}

impl TextAttribute {
    /// Returns the name of the attribute, as plans use it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::RelayState => "relay state",
        }
    }

    fn difference(self, before: Option<&String>, after: Option<&String>) -> Option<Difference> {
        let differs = before != after;
        differs.then(|| Difference::Text { attribute: self, before: before.cloned(), after: after.cloned() })
    }
}

/// Returns every difference, in a fixed order. Live tags with undeclared keys are ignored, because they are unmanaged.
pub(crate) fn differences(before: &PermissionSet, after: &PermissionSet) -> Vec<Difference> {
    // Both sides are destructured in full, so that no new field is forgotten.
    let PermissionSet {
        name: _,
        description,
        session,
        relay_state,
        managed_policies,
        customer_policies,
        boundary,
        inline_policy,
        tags,
    } = before;
    let PermissionSet {
        name: _,
        description: wanted_description,
        session: wanted_session,
        relay_state: wanted_relay_state,
        managed_policies: wanted_managed,
        customer_policies: wanted_customer,
        boundary: wanted_boundary,
        inline_policy: wanted_inline,
        tags: wanted_tags,
    } = after;

    let mut found = Vec::new();
    found.extend(TextAttribute::Description.difference(description.as_ref(), wanted_description.as_ref()));
    if session != wanted_session {
        found.push(Difference::Session { before: *session, after: *wanted_session });
    }
    found.extend(TextAttribute::RelayState.difference(relay_state.as_ref(), wanted_relay_state.as_ref()));
    if boundary != wanted_boundary {
        let (before, after) = (boundary.clone(), wanted_boundary.clone());
        found.push(Difference::Boundary { before, after });
    }
    found.extend(managed_policies.difference(wanted_managed).cloned().map(Difference::ManagedPolicyDetached));
    found.extend(
        customer_policies.difference(wanted_customer).cloned().map(Difference::CustomerPolicyDetached),
    );
    found.extend(wanted_managed.difference(managed_policies).cloned().map(Difference::ManagedPolicyAttached));
    found.extend(
        wanted_customer.difference(customer_policies).cloned().map(Difference::CustomerPolicyAttached),
    );
    if inline_policy != wanted_inline {
        let (before, after) = (inline_policy.clone(), wanted_inline.clone());
        found.push(Difference::InlinePolicy { before, after });
    }
    for (key, after) in wanted_tags {
        let before = tags.get(key);
        if before != Some(after) {
            found.push(Difference::Tag { key: key.clone(), before: before.cloned(), after: after.clone() });
        }
    }
    found
}

impl Difference {
    /// Whether it changes the roles in the accounts, and must be provisioned to reach them. Tags affect only the
    /// permission set. For the other attributes, AWS does not document which need provisioning; provisioning for all of
    /// them is harmless.
    pub fn reaches_accounts(&self) -> bool {
        match self {
            Self::Text { .. }
            | Self::Session { .. }
            | Self::ManagedPolicyAttached(_)
            | Self::ManagedPolicyDetached(_)
            | Self::CustomerPolicyAttached(_)
            | Self::CustomerPolicyDetached(_)
            | Self::Boundary { .. }
            | Self::InlinePolicy { .. } => true,
            Self::Tag { .. } => false,
        }
    }
}

/// Returns the live tags whose keys are declared.
pub(crate) fn managed_tags(
    live: &BTreeMap<String, String>,
    declared: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    live.iter().filter(|(key, _)| declared.contains_key(*key)).map(|(k, v)| (k.clone(), v.clone())).collect()
}
