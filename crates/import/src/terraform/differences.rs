//! Differences between a live permission set and Terraform's state.

use std::collections::BTreeSet;
use std::fmt::Display;

use rolecall_model::permission_set::managed_policy_name;
use rolecall_model::{PermissionSet, SessionDuration};

use super::{Attached, ManagedSet};

/// Returns the differences, each in a few words.
pub(crate) fn differences(state: &ManagedSet, live: &PermissionSet) -> Vec<String> {
    let ManagedSet {
        address: _,
        name: _,
        description,
        session,
        relay_state,
        attached: Attached { managed_policies, customer_policies, boundary, inline_policy },
    } = state;
    let PermissionSet {
        name: _,
        description: live_description,
        session: live_session,
        relay_state: live_relay_state,
        managed_policies: live_managed,
        customer_policies: live_customer,
        boundary: live_boundary,
        inline_policy: live_inline,
        // Terraform's tags are not compared, because they are not part of the details.
        tags: _,
    } = live;
    let mut found = Vec::new();
    let mut compare = |is_same: bool, what: &str| {
        if !is_same {
            found.push(format!("a different {what}"));
        }
    };
    compare(description == live_description, "description");
    let session = session.as_deref().map(SessionDuration::from_iso_8601);
    compare(session.unwrap_or(Ok(SessionDuration::ONE_HOUR)) == Ok(*live_session), "session");
    compare(relay_state == live_relay_state, "relay state");
    compare(boundary == live_boundary, "boundary");
    compare(inline_policy == live_inline, "inline policy");
    let names = |arns: &BTreeSet<String>| -> BTreeSet<String> {
        arns.iter().map(|arn| managed_policy_name(arn).to_owned()).collect()
    };
    found.extend(set_differences(&names(managed_policies), &names(live_managed)));
    found.extend(set_differences(customer_policies, live_customer));
    found
}

fn set_differences<T: Ord + Display>(state: &BTreeSet<T>, live: &BTreeSet<T>) -> Vec<String> {
    let missing = state.difference(live).map(|policy| format!("no policy {policy}"));
    let added = live.difference(state).map(|policy| format!("the additional policy {policy}"));
    missing.chain(added).collect()
}
