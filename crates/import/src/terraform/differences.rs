//! Differences between a live permission set and Terraform's state.

use std::collections::BTreeSet;
use std::fmt::Display;

use rolecall_model::permission_set::managed_policy_name;
use rolecall_model::{PermissionSet, SessionDuration};

use super::ManagedSet;

/// Returns the differences, each in a few words.
pub(crate) fn differences(state: &ManagedSet, live: &PermissionSet) -> Vec<String> {
    let ManagedSet {
        address: _,
        name: _,
        description,
        session,
        relay_state,
        managed_policies,
        customer_policies,
        boundary,
        inline_policy,
    } = state;
    let mut found = Vec::new();
    let mut compare = |is_same: bool, what: &str| {
        if !is_same {
            found.push(format!("a different {what}"));
        }
    };
    compare(*description == live.description, "description");
    let session = session.as_deref().map(SessionDuration::from_iso_8601);
    compare(session.unwrap_or(Ok(SessionDuration::ONE_HOUR)) == Ok(live.session), "session");
    compare(*relay_state == live.relay_state, "relay state");
    compare(*boundary == live.boundary, "boundary");
    compare(*inline_policy == live.inline_policy, "inline policy");
    let names = |arns: &BTreeSet<String>| -> BTreeSet<String> {
        arns.iter().map(|arn| managed_policy_name(arn).to_owned()).collect()
    };
    found.extend(set_differences(&names(managed_policies), &names(&live.managed_policies)));
    found.extend(set_differences(customer_policies, &live.customer_policies));
    found
}

fn set_differences<T: Ord + Display>(state: &BTreeSet<T>, live: &BTreeSet<T>) -> Vec<String> {
    let missing = state.difference(live).map(|policy| format!("no policy {policy}"));
    let added = live.difference(state).map(|policy| format!("the additional policy {policy}"));
    missing.chain(added).collect()
}
