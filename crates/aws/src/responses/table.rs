//! The table of required members.

use super::{Form, Member, Response};
use crate::api::Api;

const fn list(path: &'static str) -> Member {
    Member { path, form: Form::List, can_be_empty: true, unless: None }
}

const fn text(path: &'static str) -> Member {
    Member { path, form: Form::Text, can_be_empty: false, unless: None }
}

const fn response(api: Api, members: &'static [Member]) -> Response {
    Response { api, members }
}

const fn sso(operation: &'static str, members: &'static [Member]) -> Response {
    response(Api::sso_admin(operation), members)
}

/// The required members of the responses to all calls: every list of the output shape, and the members without which
/// the response would say something else.
pub const RESPONSES: &[Response] = &[
    response(Api::identity_store("DescribeGroup"), &[text("GroupId")]),
    response(Api::identity_store("DescribeUser"), &[text("UserId")]),
    response(Api::identity_store("GetGroupId"), &[text("GroupId")]),
    response(Api::identity_store("GetUserId"), &[text("UserId")]),
    response(
        Api::identity_store("ListGroupMemberships"),
        &[list("GroupMemberships"), text("GroupMemberships[].MemberId.UserId")],
    ),
    response(Api::identity_store("ListGroups"), &[list("Groups"), text("Groups[].GroupId")]),
    response(Api::identity_store("ListUsers"), &[list("Users"), text("Users[].UserId")]),
    response(
        Api::organizations("DescribeOrganization"),
        &[text("Organization.Id"), text("Organization.MasterAccountId")],
    ),
    response(
        Api::organizations("ListAccounts"),
        &[list("Accounts"), text("Accounts[].Id"), text("Accounts[].Name")],
    ),
    response(Api::organizations("ListAccountsForParent"), &[list("Accounts"), text("Accounts[].Id")]),
    response(
        Api::organizations("ListDelegatedAdministrators"),
        &[list("DelegatedAdministrators"), text("DelegatedAdministrators[].Id")],
    ),
    response(
        Api::organizations("ListOrganizationalUnitsForParent"),
        &[list("OrganizationalUnits"), text("OrganizationalUnits[].Id"), text("OrganizationalUnits[].Name")],
    ),
    response(Api::organizations("ListRoots"), &[list("Roots"), text("Roots[].Id")]),
    response(
        Api::organizations("ListTagsForResource"),
        &[list("Tags"), text("Tags[].Key"), text("Tags[].Value")],
    ),
    sso("DescribeInstance", &[text("Status")]),
    sso(
        "DescribeInstanceAccessControlAttributeConfiguration",
        &[
            text("Status"),
            // There is a reason instead of a configuration that could not be created.
            Member {
                unless: Some(("Status", "CREATION_FAILED")),
                ..list("InstanceAccessControlAttributeConfiguration.AccessControlAttributes")
            },
            text("InstanceAccessControlAttributeConfiguration.AccessControlAttributes[].Key"),
        ],
    ),
    sso("DescribePermissionSet", &[text("PermissionSet.Name"), text("PermissionSet.SessionDuration")]),
    sso(
        "GetInlinePolicyForPermissionSet",
        &[Member { path: "InlinePolicy", form: Form::Text, can_be_empty: true, unless: None }],
    ),
    sso(
        "GetPermissionsBoundaryForPermissionSet",
        &[Member { path: "PermissionsBoundary", form: Form::Object, can_be_empty: true, unless: None }],
    ),
    sso(
        "ListAccountAssignments",
        &[
            list("AccountAssignments"),
            text("AccountAssignments[].PrincipalId"),
            text("AccountAssignments[].PrincipalType"),
        ],
    ),
    sso(
        "ListAccountAssignmentsForPrincipal",
        &[
            list("AccountAssignments"),
            text("AccountAssignments[].AccountId"),
            text("AccountAssignments[].PermissionSetArn"),
            text("AccountAssignments[].PrincipalId"),
        ],
    ),
    sso("ListAccountsForProvisionedPermissionSet", &[list("AccountIds")]),
    sso(
        "ListCustomerManagedPolicyReferencesInPermissionSet",
        &[list("CustomerManagedPolicyReferences"), text("CustomerManagedPolicyReferences[].Name")],
    ),
    sso(
        "ListInstances",
        &[list("Instances"), text("Instances[].InstanceArn"), text("Instances[].IdentityStoreId")],
    ),
    sso(
        "ListManagedPoliciesInPermissionSet",
        &[list("AttachedManagedPolicies"), text("AttachedManagedPolicies[].Arn")],
    ),
    sso("ListPermissionSets", &[list("PermissionSets")]),
    sso("ListTagsForResource", &[list("Tags"), text("Tags[].Key"), text("Tags[].Value")]),
    response(Api::sts("GetCallerIdentity"), &[text("Account"), text("Arn")]),
    sso("DescribeAccountAssignmentCreationStatus", &[text("AccountAssignmentCreationStatus.Status")]),
    sso("DescribeAccountAssignmentDeletionStatus", &[text("AccountAssignmentDeletionStatus.Status")]),
    sso("DescribePermissionSetProvisioningStatus", &[text("PermissionSetProvisioningStatus.Status")]),
    sso("ListAccountAssignmentCreationStatus", &[list("AccountAssignmentsCreationStatus")]),
    sso("ListAccountAssignmentDeletionStatus", &[list("AccountAssignmentsDeletionStatus")]),
    sso("ListPermissionSetProvisioningStatus", &[list("PermissionSetsProvisioningStatus")]),
    sso("CreatePermissionSet", &[text("PermissionSet.PermissionSetArn")]),
    sso("TagResource", &[]),
    sso("AttachCustomerManagedPolicyReferenceToPermissionSet", &[]),
    sso("AttachManagedPolicyToPermissionSet", &[]),
    sso("CreateAccountAssignment", &[text("AccountAssignmentCreationStatus.Status")]),
    sso("DeleteAccountAssignment", &[text("AccountAssignmentDeletionStatus.Status")]),
    sso("DeleteInlinePolicyFromPermissionSet", &[]),
    sso("DeletePermissionSet", &[]),
    sso("DeletePermissionsBoundaryFromPermissionSet", &[]),
    sso("DetachCustomerManagedPolicyReferenceFromPermissionSet", &[]),
    sso("DetachManagedPolicyFromPermissionSet", &[]),
    sso("ProvisionPermissionSet", &[text("PermissionSetProvisioningStatus.Status")]),
    sso("PutInlinePolicyToPermissionSet", &[]),
    sso("PutPermissionsBoundaryToPermissionSet", &[]),
    sso("UntagResource", &[]),
    sso("UpdatePermissionSet", &[]),
    sso("CreateInstanceAccessControlAttributeConfiguration", &[]),
    sso("UpdateInstanceAccessControlAttributeConfiguration", &[]),
];

/// Lists in output shapes that are not required, since nothing is concluded from their absence: AWS omits what a user
/// or group does not have, `AvailablePolicyTypes` is deprecated, an instance without network restrictions has no
/// details of them, and endpoints older than instances in several Regions have no `Regions`.
pub const NOT_REQUIRED: &[(Api, &str)] = &[
    (Api::identity_store("DescribeGroup"), "ExternalIds"),
    (Api::identity_store("DescribeUser"), "Addresses"),
    (Api::identity_store("DescribeUser"), "Emails"),
    (Api::identity_store("DescribeUser"), "ExternalIds"),
    (Api::identity_store("DescribeUser"), "PhoneNumbers"),
    (Api::identity_store("DescribeUser"), "Photos"),
    (Api::identity_store("DescribeUser"), "Roles"),
    (Api::organizations("DescribeOrganization"), "Organization.AvailablePolicyTypes"),
    (Api::sso_admin("DescribeInstance"), "NetworkConfigurationDetails.AllowSourceIps"),
    (Api::sso_admin("DescribeInstance"), "NetworkConfigurationDetails.ExcludeApplicationArns"),
    (Api::sso_admin("DescribeInstance"), "NetworkConfigurationDetails.RestrictSourceVpcs"),
    (Api::sso_admin("DescribeInstance"), "Regions"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::CALLS;

    #[test]
    fn every_call_has_one_entry_in_the_same_order() {
        let entries: Vec<Api> = RESPONSES.iter().map(|entry| entry.api).collect();
        let calls: Vec<Api> = CALLS.iter().map(|call| call.api).collect();
        assert_eq!(entries, calls);
    }
}
