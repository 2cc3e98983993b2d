//! Reads the organization: units, accounts and their parents.
//!
//! `ListAccounts` returns the parents of accounts (`Paths`). On endpoints without it, the accounts of each unit are
//! listed. Either way the organization may change between two pages, so an inconsistent result is read again.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_organizations::types;
use rolecall_model::snapshot::Organization;
use rolecall_model::{Account, AccountId, AccountState, OrganizationalUnit, OuId};

use super::instance::Found;
use super::{ORGANIZATIONS_PAGE_SIZE, ObserveError, Reader, Step};
use crate::api::Api;
use crate::retry::CallError;

/// Maximum number of reads until the organization is consistent.
const READINGS: u32 = 4;

/// The reason that a read is discarded.
enum Unfit {
    /// It is inconsistent.
    Changed(String),
    /// A call failed.
    Failed(CallError),
}

impl From<CallError> for Unfit {
    fn from(error: CallError) -> Self {
        // A unit that was deleted between its listing and that of its children.
        if error.failure.code == "ParentNotFoundException" {
            return Self::Changed(error.failure.message);
        }
        Self::Failed(error)
    }
}

pub(super) async fn read(reader: &Reader<'_>, found: &Found) -> Result<Organization, ObserveError> {
    let root = root(reader).await?;
    let mut readings = 0;
    let (units, mut accounts) = loop {
        readings += 1;
        match units_and_accounts(reader, &root).await {
            Ok(read) => break read,
            Err(Unfit::Failed(error)) => return Err(error.into()),
            Err(Unfit::Changed(what)) if readings == READINGS => {
                return Err(ObserveError::OrganizationChanged { what });
            }
            Err(Unfit::Changed(_)) => {}
        }
    };
    if reader.scope.account_tags || reader.scope.everything {
        read_tags(reader, &mut accounts).await?;
    }
    Ok(Organization {
        id: found.organization_id.clone(),
        management_account: found.management_account,
        root,
        delegated_administrators: found.delegated_administrators.clone(),
        units,
        accounts: accounts.into_values().collect(),
    })
}

async fn root(reader: &Reader<'_>) -> Result<OuId, CallError> {
    let api = Api::organizations("ListRoots");
    let roots = reader
        .clients
        .pages(
            api,
            |token| {
                let call = reader.clients.organizations().list_roots();
                call.max_results(ORGANIZATIONS_PAGE_SIZE).set_next_token(token).send()
            },
            |page| (page.roots, page.next_token),
        )
        .await?;
    match roots.as_slice() {
        [root] => unit_id(api, root.id.as_deref()),
        roots => {
            Err(CallError::unreadable(api, format!("an organization has one root, not {}", roots.len())))
        }
    }
}

fn unit_id(api: Api, id: Option<&str>) -> Result<OuId, CallError> {
    id.unwrap_or_default().parse().map_err(|error| CallError::unreadable(api, error))
}

/// Reads everything that can move, once.
async fn units_and_accounts(
    reader: &Reader<'_>,
    root: &OuId,
) -> Result<(Vec<OrganizationalUnit>, BTreeMap<AccountId, Account>), Unfit> {
    let (units, listed) = tokio::try_join!(units(reader, root), async { Ok(list_accounts(reader).await?) })?;
    let parents: Option<Vec<(AccountId, OuId)>> =
        listed.iter().map(|account| Some((account.id, account.parent.clone()?))).collect();
    let parents = match parents {
        Some(parents) => parents,
        None => walk(reader, root, &units).await?,
    };
    let known: BTreeSet<&OuId> = units.iter().map(|unit| &unit.id).chain([root]).collect();
    let mut places: BTreeMap<AccountId, OuId> = BTreeMap::new();
    for (account, parent) in parents {
        if !known.contains(&parent) {
            return Err(Unfit::Changed(format!("account {account} is in {parent}, which was not listed")));
        }
        if places.insert(account, parent).is_some() {
            return Err(Unfit::Changed(format!("account {account} was listed twice")));
        }
    }
    let mut accounts = BTreeMap::new();
    for Listed { id, name, state, parent: _ } in listed {
        let Some(parent) = places.remove(&id) else {
            return Err(Unfit::Changed(format!(
                "account {id} is in no organizational unit, or was listed twice"
            )));
        };
        accounts.insert(id, Account { id, name, state, parent, tags: None });
    }
    match places.first_key_value() {
        None => Ok((units, accounts)),
        Some((account, parent)) => {
            Err(Unfit::Changed(format!("account {account} in {parent} was not listed")))
        }
    }
}

/// Reads all units, level by level; the units of a level are listed concurrently.
async fn units(reader: &Reader<'_>, root: &OuId) -> Result<Vec<OrganizationalUnit>, Unfit> {
    let mut all: Vec<OrganizationalUnit> = Vec::new();
    let mut level = vec![root.clone()];
    while !level.is_empty() {
        let below =
            reader.each(Step::Organization, level.into_iter(), |parent| units_below(reader, parent)).await?;
        let below: Vec<OrganizationalUnit> = below.into_iter().flatten().collect();
        level = below.iter().map(|unit| unit.id.clone()).collect();
        all.extend(below);
    }
    let ids: BTreeSet<&OuId> = all.iter().map(|unit| &unit.id).collect();
    if ids.len() < all.len() {
        return Err(Unfit::Changed("an organizational unit was listed twice".to_owned()));
    }
    Ok(all)
}

async fn units_below(reader: &Reader<'_>, parent: OuId) -> Result<Vec<OrganizationalUnit>, CallError> {
    let api = Api::organizations("ListOrganizationalUnitsForParent");
    let units = reader
        .clients
        .pages(
            api,
            |token| {
                let call = reader.clients.organizations().list_organizational_units_for_parent();
                call.parent_id(parent.as_str())
                    .max_results(ORGANIZATIONS_PAGE_SIZE)
                    .set_next_token(token)
                    .send()
            },
            |page| (page.organizational_units, page.next_token),
        )
        .await?;
    units
        .into_iter()
        .map(|unit| {
            Ok(OrganizationalUnit {
                id: unit_id(api, unit.id.as_deref())?,
                name: unit.name.unwrap_or_default(),
                parent: parent.clone(),
            })
        })
        .collect()
}

/// An account in a listing.
struct Listed {
    id: AccountId,
    name: String,
    state: AccountState,
    /// Its parent, if the endpoint returns it.
    parent: Option<OuId>,
}

async fn list_accounts(reader: &Reader<'_>) -> Result<Vec<Listed>, CallError> {
    let api = Api::organizations("ListAccounts");
    let accounts = reader
        .clients
        .pages(
            api,
            |token| {
                let call = reader.clients.organizations().list_accounts();
                call.max_results(ORGANIZATIONS_PAGE_SIZE).set_next_token(token).send()
            },
            |page| (page.accounts, page.next_token),
        )
        .await?;
    accounts.into_iter().map(|account| to_listed(api, account)).collect()
}

fn to_listed(api: Api, account: types::Account) -> Result<Listed, CallError> {
    let id = account_id(api, &account)?;
    let state = state(&account)
        .ok_or_else(|| CallError::unreadable(api, format!("account {id} has an unknown state")))?;
    let parent = account.paths().iter().find_map(|path| parent_of(path));
    Ok(Listed { id, name: account.name.unwrap_or_default(), state, parent })
}

fn account_id(api: Api, account: &types::Account) -> Result<AccountId, CallError> {
    account.id().unwrap_or_default().parse().map_err(|error| CallError::unreadable(api, error))
}

/// Returns `State`; or, if it is missing, the older `Status`, which has no value for an account that is being created
/// and is omitted then. Returns `None` for an unknown value.
fn state(account: &types::Account) -> Option<AccountState> {
    match account.state() {
        Some(types::AccountState::Active) => return Some(AccountState::Active),
        Some(types::AccountState::Closed) => return Some(AccountState::Closed),
        Some(types::AccountState::PendingActivation) => return Some(AccountState::PendingActivation),
        Some(types::AccountState::PendingClosure) => return Some(AccountState::PendingClosure),
        Some(types::AccountState::Suspended) => return Some(AccountState::Suspended),
        _ => {}
    }
    match account.status() {
        Some(types::AccountStatus::Active) => Some(AccountState::Active),
        Some(types::AccountStatus::PendingClosure) => Some(AccountState::PendingClosure),
        Some(types::AccountStatus::Suspended) => Some(AccountState::Suspended),
        None if account.state().is_none() => Some(AccountState::PendingActivation),
        _ => None,
    }
}

/// Returns the unit or root at the end of a path such as `o-…/r-…/ou-…/123456789012/`.
fn parent_of(path: &str) -> Option<OuId> {
    path.split('/').rev().find_map(|part| part.parse().ok())
}

/// Lists the accounts of every unit.
async fn walk(
    reader: &Reader<'_>,
    root: &OuId,
    units: &[OrganizationalUnit],
) -> Result<Vec<(AccountId, OuId)>, CallError> {
    let parents: Vec<&OuId> = units.iter().map(|unit| &unit.id).chain([root]).collect();
    let found =
        reader.each(Step::Organization, parents.into_iter(), |parent| accounts_below(reader, parent)).await?;
    Ok(found.into_iter().flatten().collect())
}

async fn accounts_below(reader: &Reader<'_>, parent: &OuId) -> Result<Vec<(AccountId, OuId)>, CallError> {
    let api = Api::organizations("ListAccountsForParent");
    let accounts = reader
        .clients
        .pages(
            api,
            |token| {
                let call =
                    reader.clients.organizations().list_accounts_for_parent().parent_id(parent.as_str());
                call.max_results(ORGANIZATIONS_PAGE_SIZE).set_next_token(token).send()
            },
            |page| (page.accounts, page.next_token),
        )
        .await?;
    accounts.iter().map(|account| Ok((account_id(api, account)?, parent.clone()))).collect()
}

async fn read_tags(
    reader: &Reader<'_>,
    accounts: &mut BTreeMap<AccountId, Account>,
) -> Result<(), CallError> {
    let ids: Vec<AccountId> = accounts.keys().copied().collect();
    let read = reader.each(Step::AccountTags, ids.into_iter(), |id| tags(reader, id)).await?;
    let mut read: BTreeMap<AccountId, BTreeMap<String, String>> = read.into_iter().collect();
    for account in accounts.values_mut() {
        account.tags = read.remove(&account.id);
    }
    Ok(())
}

async fn tags(
    reader: &Reader<'_>,
    account: AccountId,
) -> Result<(AccountId, BTreeMap<String, String>), CallError> {
    let id = account.to_string();
    let tags = reader
        .clients
        .pages(
            Api::organizations("ListTagsForResource"),
            |token| {
                let call = reader.clients.organizations().list_tags_for_resource();
                call.resource_id(&id).set_next_token(token).send()
            },
            |page| (page.tags, page.next_token),
        )
        .await?;
    Ok((account, tags.into_iter().map(|tag| (tag.key, tag.value)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_ends_in_the_account_and_its_parent_stands_before_it() {
        let parent = |path: &str| parent_of(path).map(|id| id.to_string());
        assert_eq!(parent("o-a1/r-ab12/ou-ab12-1/ou-ab12-2/123456789012/").as_deref(), Some("ou-ab12-2"));
        assert_eq!(parent("o-a1/r-ab12/123456789012/").as_deref(), Some("r-ab12"));
        assert_eq!(parent(""), None);
    }
}
