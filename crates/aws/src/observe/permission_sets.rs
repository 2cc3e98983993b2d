//! Reads permission sets: names and tags of all, and more of those in the scope.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::operation::Attributes;
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::LivePermissionSet;
use rolecall_model::{AccountId, PermissionSet, PermissionSetName};

use super::cost::Size;
use super::{ObserveError, Part, Progress, Reader, Scope, Step};
use crate::client::Clients;
use crate::permission_set::{self, Described, PAGE_SIZE, Provisioned, SetAddress};
use crate::retry::CallError;

/// The permission sets that were read.
pub(super) struct Read {
    /// All of the instance.
    pub(super) sets: Vec<LivePermissionSet>,
    /// The permission sets whose assignments are read.
    pub(super) wanted: Wanted,
}

/// The permission sets whose rows are read.
pub(super) struct Wanted {
    /// All of them, including those of the scope that do not exist and have no assignments.
    pub(super) assignments_of: BTreeSet<PermissionSetName>,
    /// Those that must be read completely with any strategy: permission sets of the stack that the configuration no
    /// longer contains are to be deleted, which AWS rejects while they are assigned.
    pub(super) whole: BTreeSet<PermissionSetName>,
    /// The sizes found.
    pub(super) size: Size,
}

/// Accounts per page of `ListAccountsForProvisionedPermissionSet`.
const ACCOUNTS_A_PAGE: u64 = PAGE_SIZE as u64;

impl Read {
    /// Keeps only these accounts.
    pub(super) fn within(mut self, accounts: &BTreeSet<AccountId>) -> Self {
        for set in &mut self.sets {
            set.provisioned.retain(|account| accounts.contains(account));
            set.outdated.retain(|account| accounts.contains(account));
        }
        self
    }
}

/// A permission set of which only name and tags are known.
struct Header {
    arn: String,
    name: PermissionSetName,
    described: Described,
    tags: BTreeMap<String, String>,
}

impl Header {
    fn is_ours(&self, scope: &Scope) -> bool {
        let owner = self.tags.get(STACK_TAG);
        scope.stack.as_ref().is_some_and(|stack| owner.is_some_and(|owner| owner == stack.as_str()))
    }

    fn is_compared(&self, scope: &Scope) -> bool {
        scope.everything || self.is_ours(scope) || scope.compare.contains(&self.name)
    }
}

pub(super) async fn read(reader: &Reader<'_>, instance: &str) -> Result<Read, ObserveError> {
    let scope = reader.scope;
    let arns = permission_set::list(reader.clients, instance).await?;
    let size = base_size(scope, arns.len());
    let calls = size.base_calls();
    (reader.progress)(Progress::estimate(Part::PermissionSets, calls, calls));
    let headers =
        reader.each(Step::PermissionSets, arns.into_iter(), |arn| header(reader, instance, arn)).await?;
    let mut assignments_of: BTreeSet<PermissionSetName> =
        scope.compare.union(&scope.assignments_of).cloned().collect();
    let compared = headers.iter().filter(|header| header.is_compared(scope));
    assignments_of.extend(compared.map(|header| header.name.clone()));
    let dropped =
        headers.iter().filter(|header| header.is_ours(scope) && !scope.compare.contains(&header.name));
    let whole = dropped.map(|header| header.name.clone()).collect();
    let (read_on, rest): (Vec<Header>, Vec<Header>) = headers.into_iter().partition(|header| {
        scope.provisioned_of_all
            || assignments_of.contains(&header.name)
            || scope.details_of.contains(&header.name)
    });
    let needs_assignments = &assignments_of;
    let mut sets = reader
        .each(Step::Details, read_on.into_iter(), |header| async move {
            if header.is_compared(scope) {
                compared_set(reader, instance, header).await
            } else {
                counted_set(reader, instance, header, needs_assignments).await
            }
        })
        .await?;
    sets.extend(rest.into_iter().map(|header| header.into_set(None, BTreeSet::new(), BTreeSet::new())));
    let pages = sets.iter().filter(|set| assignments_of.contains(&set.name));
    let pages = pages.map(|set| (set.provisioned.len() as u64).div_ceil(ACCOUNTS_A_PAGE).max(1)).sum();
    let size = Size { provisioned_pages: pages, ..size };
    Ok(Read { sets, wanted: Wanted { assignments_of, whole, size } })
}

/// Estimates the sizes before permission sets are read: one page of accounts for each one whose assignments are
/// needed.
fn base_size(scope: &Scope, sets: usize) -> Size {
    let (compared, wanted) = if scope.everything {
        (sets, sets)
    } else {
        (scope.compare.len().min(sets), (scope.compare.len() + scope.assignments_of.len()).min(sets))
    };
    let detailed = if scope.everything { 0 } else { scope.details_of.difference(&scope.compare).count() };
    Size {
        permission_sets: sets as u64,
        compared: compared as u64,
        detailed: detailed.min(sets) as u64,
        access_control: u64::from(scope.access_control || scope.everything),
        provisioned_pages: wanted as u64,
        ..Size::default()
    }
}

impl Header {
    fn into_set(
        self,
        details: Option<PermissionSet>,
        provisioned: BTreeSet<AccountId>,
        outdated: BTreeSet<AccountId>,
    ) -> LivePermissionSet {
        let Self { arn, name, described: _, tags } = self;
        LivePermissionSet { arn, name, tags, details, provisioned, outdated }
    }
}

/// `ListPermissionSets` returns only ARNs, so the name takes one call and the tags another.
async fn header(reader: &Reader<'_>, instance: &str, arn: String) -> Result<Header, CallError> {
    let at = SetAddress { instance, set: &arn };
    let described = permission_set::describe(reader.clients, at).await?;
    let tags = permission_set::tags(reader.clients, at).await?;
    Ok(Header { arn, name: described.name.clone(), described, tags })
}

/// Reads a permission set that is not compared: where it is provisioned if its assignments are needed, and its
/// attributes if they are.
async fn counted_set(
    reader: &Reader<'_>,
    instance: &str,
    header: Header,
    needs_assignments: &BTreeSet<PermissionSetName>,
) -> Result<LivePermissionSet, CallError> {
    let Reader { clients, scope, .. } = *reader;
    let at = SetAddress { instance, set: &header.arn };
    let details = if scope.details_of.contains(&header.name) {
        Some(details(clients, at, &header).await?)
    } else {
        None
    };
    let provisioned = if scope.provisioned_of_all || needs_assignments.contains(&header.name) {
        permission_set::provisioned(clients, at, Provisioned::Anyhow).await?
    } else {
        BTreeSet::new()
    };
    Ok(header.into_set(details, provisioned, BTreeSet::new()))
}

/// Reads the attributes of a permission set, without its tags.
async fn details(clients: &Clients, at: SetAddress<'_>, header: &Header) -> Result<PermissionSet, CallError> {
    let Attributes { description, session, relay_state } = header.described.clone().attributes()?;
    Ok(PermissionSet {
        name: header.name.clone(),
        description,
        session,
        relay_state,
        managed_policies: permission_set::managed_policies(clients, at).await?,
        customer_policies: permission_set::customer_policies(clients, at).await?,
        boundary: permission_set::boundary(clients, at).await?,
        inline_policy: permission_set::inline_policy(clients, at).await?,
        tags: BTreeMap::new(),
    })
}

/// Reads a permission set to compare.
async fn compared_set(
    reader: &Reader<'_>,
    instance: &str,
    header: Header,
) -> Result<LivePermissionSet, CallError> {
    let clients = reader.clients;
    let at = SetAddress { instance, set: &header.arn };
    let details = details(clients, at, &header).await?;
    let provisioned = permission_set::provisioned(clients, at, Provisioned::Anyhow).await?;
    // A permission set that is provisioned nowhere is outdated nowhere, which saves a call.
    let outdated = if provisioned.is_empty() {
        BTreeSet::new()
    } else {
        permission_set::provisioned(clients, at, Provisioned::Outdated).await?
    };
    Ok(header.into_set(Some(details), provisioned, outdated))
}
