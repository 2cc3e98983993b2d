//! The table of all API calls, with what a policy must allow for each.
//!
//! `rolecall permissions` prints policies from this table, and a debug build panics on a call that is not in it.

use crate::api::{Api, Service};

/// The effect of a call, which decides the policy statement that allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Reads, in a plan and in an apply.
    Read,
    /// Reads, only in an apply: follows a request, or waits for a group.
    Follow,
    /// Creates a permission set, with the stack's tag in the request (`aws:RequestTag`).
    Create,
    /// Tags a permission set that carries the stack's tag, or is given it.
    Tag,
    /// Changes, assigns or deletes a permission set that carries the stack's tag (`aws:ResourceTag`). AWS also checks
    /// the instance and, if there is one, the account, which carry no tag of a stack.
    Change,
    /// Changes the instance, which carries no tag of a stack.
    Instance,
    /// Needs no permission.
    Free,
}

/// The feature that needs a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Any project.
    Always,
    /// A selector by account tag, or `rolecall snapshot`.
    AccountTags,
    /// An `attributes` node, or `rolecall snapshot`.
    Attributes,
    /// An `entra` node: its groups may have to arrive in the Identity Store first.
    NewGroups,
    /// `rolecall doctor` and `rolecall profiles`, which read group members.
    Members,
    /// `rolecall snapshot`, which lists all users, and lookups of many group members.
    AllUsers,
}

/// An API call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Its API.
    pub api: Api,
    /// Its effect.
    pub access: Access,
    /// The feature that needs it.
    pub need: Need,
}

const fn call(api: Api, access: Access, need: Need) -> Call {
    Call { api, access, need }
}

const fn sso(operation: &'static str, access: Access) -> Call {
    call(Api::sso_admin(operation), access, Need::Always)
}

/// All API calls of this crate, sorted by service and operation within each part.
pub const CALLS: &[Call] = &[
    call(Api::identity_store("DescribeGroup"), Access::Read, Need::Always),
    call(Api::identity_store("DescribeUser"), Access::Read, Need::Always),
    call(Api::identity_store("GetGroupId"), Access::Follow, Need::NewGroups),
    call(Api::identity_store("GetUserId"), Access::Read, Need::Always),
    call(Api::identity_store("ListGroupMemberships"), Access::Read, Need::Members),
    call(Api::identity_store("ListGroups"), Access::Read, Need::Always),
    call(Api::identity_store("ListUsers"), Access::Read, Need::AllUsers),
    call(Api::organizations("DescribeOrganization"), Access::Read, Need::Always),
    call(Api::organizations("ListAccounts"), Access::Read, Need::Always),
    call(Api::organizations("ListAccountsForParent"), Access::Read, Need::Always),
    call(Api::organizations("ListDelegatedAdministrators"), Access::Read, Need::Always),
    call(Api::organizations("ListOrganizationalUnitsForParent"), Access::Read, Need::Always),
    call(Api::organizations("ListRoots"), Access::Read, Need::Always),
    call(Api::organizations("ListTagsForResource"), Access::Read, Need::AccountTags),
    sso("DescribeInstance", Access::Read),
    call(
        Api::sso_admin("DescribeInstanceAccessControlAttributeConfiguration"),
        Access::Read,
        Need::Attributes,
    ),
    sso("DescribePermissionSet", Access::Read),
    sso("GetInlinePolicyForPermissionSet", Access::Read),
    sso("GetPermissionsBoundaryForPermissionSet", Access::Read),
    sso("ListAccountAssignments", Access::Read),
    sso("ListAccountAssignmentsForPrincipal", Access::Read),
    sso("ListAccountsForProvisionedPermissionSet", Access::Read),
    sso("ListCustomerManagedPolicyReferencesInPermissionSet", Access::Read),
    sso("ListInstances", Access::Read),
    sso("ListManagedPoliciesInPermissionSet", Access::Read),
    sso("ListPermissionSets", Access::Read),
    sso("ListTagsForResource", Access::Read),
    call(Api::sts("GetCallerIdentity"), Access::Free, Need::Always),
    sso("DescribeAccountAssignmentCreationStatus", Access::Follow),
    sso("DescribeAccountAssignmentDeletionStatus", Access::Follow),
    sso("DescribePermissionSetProvisioningStatus", Access::Follow),
    sso("ListAccountAssignmentCreationStatus", Access::Follow),
    sso("ListAccountAssignmentDeletionStatus", Access::Follow),
    sso("ListPermissionSetProvisioningStatus", Access::Follow),
    sso("CreatePermissionSet", Access::Create),
    sso("TagResource", Access::Tag),
    sso("AttachCustomerManagedPolicyReferenceToPermissionSet", Access::Change),
    sso("AttachManagedPolicyToPermissionSet", Access::Change),
    sso("CreateAccountAssignment", Access::Change),
    sso("DeleteAccountAssignment", Access::Change),
    sso("DeleteInlinePolicyFromPermissionSet", Access::Change),
    sso("DeletePermissionSet", Access::Change),
    sso("DeletePermissionsBoundaryFromPermissionSet", Access::Change),
    sso("DetachCustomerManagedPolicyReferenceFromPermissionSet", Access::Change),
    sso("DetachManagedPolicyFromPermissionSet", Access::Change),
    sso("ProvisionPermissionSet", Access::Change),
    sso("PutInlinePolicyToPermissionSet", Access::Change),
    sso("PutPermissionsBoundaryToPermissionSet", Access::Change),
    sso("UntagResource", Access::Change),
    sso("UpdatePermissionSet", Access::Change),
    call(
        Api::sso_admin("CreateInstanceAccessControlAttributeConfiguration"),
        Access::Instance,
        Need::Attributes,
    ),
    call(
        Api::sso_admin("UpdateInstanceAccessControlAttributeConfiguration"),
        Access::Instance,
        Need::Attributes,
    ),
];

/// Returns whether the table contains the API.
pub(crate) fn is_listed(api: Api) -> bool {
    CALLS.iter().any(|call| call.api == api)
}

impl Call {
    /// Returns whether the call changes something.
    pub fn is_change(&self) -> bool {
        match self.access {
            Access::Read | Access::Follow | Access::Free => false,
            Access::Create | Access::Tag | Access::Change | Access::Instance => true,
        }
    }

    /// Returns whether this is the call of that service and operation, as CloudTrail names them.
    pub fn is(&self, service: Service, operation: &str) -> bool {
        self.api.service == service && self.api.operation == operation
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Collects the quoted names after `Api::service(` in the sources of a directory, except its tables.
    fn named(directory: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                named(&path, found);
                continue;
            }
            let tables = ["calls.rs", "limits.rs", "listings.rs", "table.rs"];
            if path.file_name().is_some_and(|name| tables.iter().any(|table| name == *table)) {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let calls = text.split("Api::").skip(1).filter_map(|call| call.split_once("(\""));
            let services = ["identity_store", "organizations", "sso_admin", "sts"];
            let calls = calls.filter(|(service, _)| services.contains(service));
            found.extend(calls.filter_map(|(_, rest)| Some(rest.split_once('"')?.0.to_owned())));
        }
    }

    #[test]
    fn the_table_holds_what_the_code_names_and_nothing_else() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut reads = BTreeSet::new();
        named(&sources, &mut reads);
        let listed = |changes: bool| -> BTreeSet<String> {
            let calls = CALLS.iter().filter(|call| call.is_change() == changes);
            calls.map(|call| call.api.operation.to_owned()).collect()
        };
        assert_eq!(listed(false), reads);
        // Changes are named in the model's operations.
        let operations = fs::read_to_string(sources.join("../../model/src/operation/aws.rs")).unwrap();
        for operation in listed(true) {
            assert!(operations.contains(&format!("\"{operation}\"")), "no operation sends {operation}");
        }
    }
}
