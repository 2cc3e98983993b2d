//! Bounds of listings: reading the pages of a list must end.

use std::collections::BTreeSet;

use crate::api::{Api, Service};
use crate::retry::CallError;

/// How many times as many pages are read as AWS's quotas and the page size allow: quotas can be raised, and a page may be
/// empty and still have a successor.
const MARGIN: usize = 10;

/// The pages of a listing so far.
pub(crate) struct Pages {
    api: Api,
    tokens: BTreeSet<String>,
    read: usize,
    most: usize,
}

impl Pages {
    /// Begins a listing.
    pub(crate) fn new(api: Api) -> Self {
        let Quota { items, page_size } = quota(api);
        Self { api, tokens: BTreeSet::new(), read: 0, most: MARGIN * items.div_ceil(page_size) }
    }

    /// Takes the token of the page that was just read, and returns it if there is a next page.
    ///
    /// # Errors
    /// Returns an error for a token that led to an earlier page, and for a page beyond the bound.
    pub(crate) fn next(&mut self, token: Option<String>) -> Result<Option<String>, CallError> {
        self.read += 1;
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
        if !self.tokens.insert(token.clone()) {
            let what = format!("the token after page {} repeats that of an earlier page", self.read);
            return Err(CallError::unreadable(self.api, what));
        }
        if self.read >= self.most {
            let what = format!(
                "the list does not end after {} pages, {MARGIN} times as many as AWS's quotas allow",
                self.read
            );
            return Err(CallError::unreadable(self.api, what));
        }
        Ok(Some(token))
    }
}

/// How long a list can be.
struct Quota {
    items: usize,
    page_size: usize,
}

/// Returns the quota on which the length of a list depends (quota pages of IAM Identity Center, Organizations and the
/// Identity Store; defaults).
fn quota(api: Api) -> Quota {
    let page_size = match api.service {
        Service::Organizations => 20,
        Service::IdentityStore | Service::SsoAdmin | Service::Sts => 100,
    };
    let items = match api.operation {
        // 7,000 accounts.
        "ListAccounts"
        | "ListAccountsForParent"
        | "ListAccountsForProvisionedPermissionSet"
        | "ListDelegatedAdministrators" => 7_000,
        "ListOrganizationalUnitsForParent" => 2_000,
        "ListPermissionSets" => 3_500,
        // 100,000 groups and as many users, any of which may be assigned anywhere.
        "ListGroups" | "ListUsers" | "ListGroupMemberships" => 100_000,
        "ListAccountAssignments" => 200_000,
        // 500 permission sets in each account.
        "ListAccountAssignmentsForPrincipal" => 500 * 7_000,
        // Without a filter, requests would be kept for 90 days; 15 can be outstanding.
        "ListAccountAssignmentCreationStatus"
        | "ListAccountAssignmentDeletionStatus"
        | "ListPermissionSetProvisioningStatus" => 1_000,
        // 50 tags, 25 policies, one root, and one instance besides the organization's: one page.
        _ => 50,
    };
    Quota { items, page_size }
}
