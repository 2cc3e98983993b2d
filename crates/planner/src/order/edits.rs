//! The API calls that create or edit one permission set, in order.

use std::collections::BTreeMap;

use rolecall_model::operation::{Attributes, AwsOperation};
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::{Edit, PermissionSet, PermissionSetName};

use crate::plan::{Difference, differences};

pub(super) fn release(permission_set: &PermissionSetName) -> AwsOperation {
    let edit = Edit::Untag([STACK_TAG.to_owned()].into());
    AwsOperation::Edit { permission_set: permission_set.clone(), edit }
}

fn attributes(set: &PermissionSet) -> Attributes {
    Attributes {
        description: set.description.clone(),
        session: set.session,
        relay_state: set.relay_state.clone(),
    }
}

pub(super) fn create(after: &PermissionSet) -> Vec<AwsOperation> {
    let mut bare = PermissionSet::new(after.name.clone());
    bare.tags.clone_from(&after.tags);
    let made_whole: Vec<Difference> = differences(&bare, after)
        .into_iter()
        .filter(|difference| edit_rank(difference).is_some_and(|rank| rank != Rank::Attributes))
        .collect();
    let create = AwsOperation::CreatePermissionSet {
        permission_set: after.name.clone(),
        attributes: attributes(after),
        tags: after.tags.clone(),
    };
    std::iter::once(create).chain(update(after, &made_whole)).collect()
}

/// Order of edits within one permission set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Boundary,
    Detach,
    Attach,
    Attributes,
}

fn edit_rank(difference: &Difference) -> Option<Rank> {
    Some(match difference {
        Difference::Boundary { .. } => Rank::Boundary,
        Difference::ManagedPolicyDetached(_)
        | Difference::CustomerPolicyDetached(_)
        | Difference::InlinePolicy { after: None, .. } => Rank::Detach,
        Difference::ManagedPolicyAttached(_)
        | Difference::CustomerPolicyAttached(_)
        | Difference::InlinePolicy { after: Some(_), .. } => Rank::Attach,
        Difference::Description { .. } | Difference::Session { .. } | Difference::RelayState { .. } => {
            Rank::Attributes
        }
        Difference::Tag { .. } => return None,
    })
}

/// One call per difference, except one for all attributes, which AWS sets together, and one for all tags, which come
/// last because nothing depends on them.
pub(super) fn update(after: &PermissionSet, differences: &[Difference]) -> Vec<AwsOperation> {
    let mut ranked: Vec<(Rank, Edit)> = Vec::new();
    let mut tags = BTreeMap::new();
    for difference in differences {
        if let Difference::Tag { key, after: value, .. } = difference {
            tags.insert(key.clone(), value.clone());
        }
        let Some(rank) = edit_rank(difference) else {
            continue;
        };
        let is_repeated = rank == Rank::Attributes && ranked.iter().any(|(other, _)| *other == rank);
        if !is_repeated {
            ranked.extend(edit_of(difference, after).map(|edit| (rank, edit)));
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    let edits = ranked.into_iter().map(|(_, edit)| edit);
    let is_adoption = tags.contains_key(STACK_TAG);
    let tag = (!tags.is_empty()).then_some(Edit::Tag(tags));
    // An adopted permission set is tagged before it is edited, so that no edited permission set lacks an owner.
    let (first, last) = if is_adoption { (tag, None) } else { (None, tag) };
    let edits = first.into_iter().chain(edits).chain(last);
    edits.map(|edit| AwsOperation::Edit { permission_set: after.name.clone(), edit }).collect()
}

fn edit_of(difference: &Difference, after: &PermissionSet) -> Option<Edit> {
    Some(match difference {
        Difference::Description { .. } | Difference::Session { .. } | Difference::RelayState { .. } => {
            Edit::SetAttributes(attributes(after))
        }
        Difference::Boundary { after: Some(boundary), .. } => Edit::PutBoundary(boundary.clone()),
        Difference::Boundary { after: None, .. } => Edit::DeleteBoundary,
        Difference::ManagedPolicyDetached(arn) => Edit::DetachManagedPolicy(arn.clone()),
        Difference::CustomerPolicyDetached(policy) => Edit::DetachCustomerPolicy(policy.clone()),
        Difference::InlinePolicy { after: None, .. } => Edit::DeleteInlinePolicy,
        Difference::ManagedPolicyAttached(arn) => Edit::AttachManagedPolicy(arn.clone()),
        Difference::CustomerPolicyAttached(policy) => Edit::AttachCustomerPolicy(policy.clone()),
        Difference::InlinePolicy { after: Some(policy), .. } => Edit::PutInlinePolicy(policy.clone()),
        Difference::Tag { .. } => return None,
    })
}
