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

pub(super) fn create(after: &PermissionSet) -> Vec<AwsOperation> {
    let mut bare = PermissionSet::new(after.name.clone());
    bare.tags.clone_from(&after.tags);
    let create = AwsOperation::CreatePermissionSet {
        permission_set: after.name.clone(),
        attributes: Attributes::from(after),
        tags: after.tags.clone(),
    };
    // The creation sets the attributes.
    let edits = edits(after, &differences(&bare, after)).into_iter();
    let edits = edits.filter(|(rank, _)| *rank != Rank::Attributes).map(|(_, edit)| edit);
    std::iter::once(create).chain(edits.map(|edit| edit_operation(after, edit))).collect()
}

/// One call per difference, except one for all attributes, which AWS sets together, and one for all tags, which come
/// last because nothing depends on them.
pub(super) fn update(after: &PermissionSet, differences: &[Difference]) -> Vec<AwsOperation> {
    let tags: BTreeMap<String, String> = differences.iter().filter_map(changed_tag).collect();
    let is_adoption = tags.contains_key(STACK_TAG);
    let tag = (!tags.is_empty()).then_some(Edit::Tag(tags));
    // An adopted permission set is tagged before it is edited, so that no edited permission set lacks an owner.
    let (first, last) = if is_adoption { (tag, None) } else { (None, tag) };
    let edits = edits(after, differences).into_iter().map(|(_, edit)| edit);
    let edits = first.into_iter().chain(edits).chain(last);
    edits.map(|edit| edit_operation(after, edit)).collect()
}

fn edit_operation(after: &PermissionSet, edit: Edit) -> AwsOperation {
    AwsOperation::Edit { permission_set: after.name.clone(), edit }
}

fn changed_tag(difference: &Difference) -> Option<(String, String)> {
    match difference {
        Difference::Tag { key, before: _, after } => Some((key.clone(), after.clone())),
        Difference::Text { .. }
        | Difference::Session { .. }
        | Difference::ManagedPolicyAttached(_)
        | Difference::ManagedPolicyDetached(_)
        | Difference::CustomerPolicyAttached(_)
        | Difference::CustomerPolicyDetached(_)
        | Difference::Boundary { .. }
        | Difference::InlinePolicy { .. } => None,
    }
}

/// Order of edits within one permission set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Boundary,
    Detach,
    Attach,
    Attributes,
}

/// Returns the edits that the differences need, except those of tags, in order.
fn edits(after: &PermissionSet, differences: &[Difference]) -> Vec<(Rank, Edit)> {
    let mut edits: Vec<(Rank, Edit)> =
        differences.iter().filter_map(|difference| edit_of(difference, after)).collect();
    edits.sort_by_key(|(rank, _)| *rank);
    // Each difference of an attribute asks for the same call.
    edits.dedup_by(|(next, _), (rank, _)| *rank == Rank::Attributes && next == rank);
    edits
}

/// Returns the edit of a difference, and its rank; `None` for tags, which are set together.
fn edit_of(difference: &Difference, after: &PermissionSet) -> Option<(Rank, Edit)> {
    Some(match difference {
        Difference::Boundary { after: Some(boundary), .. } => {
            (Rank::Boundary, Edit::PutBoundary(boundary.clone()))
        }
        Difference::Boundary { after: None, .. } => (Rank::Boundary, Edit::DeleteBoundary),
        Difference::ManagedPolicyDetached(arn) => (Rank::Detach, Edit::DetachManagedPolicy(arn.clone())),
        Difference::CustomerPolicyDetached(policy) => {
            (Rank::Detach, Edit::DetachCustomerPolicy(policy.clone()))
        }
        Difference::InlinePolicy { after: None, .. } => (Rank::Detach, Edit::DeleteInlinePolicy),
        Difference::ManagedPolicyAttached(arn) => (Rank::Attach, Edit::AttachManagedPolicy(arn.clone())),
        Difference::CustomerPolicyAttached(policy) => {
            (Rank::Attach, Edit::AttachCustomerPolicy(policy.clone()))
        }
        Difference::InlinePolicy { after: Some(policy), .. } => {
            (Rank::Attach, Edit::PutInlinePolicy(policy.clone()))
        }
        Difference::Text { .. } | Difference::Session { .. } => {
            (Rank::Attributes, Edit::SetAttributes(Attributes::from(after)))
        }
        Difference::Tag { .. } => return None,
    })
}
