//! The accounts and units of an organization, level by level.

use std::collections::BTreeMap;

use rolecall_model::snapshot::Organization;
use rolecall_model::{Account, AccountId, AccountState, OrganizationalUnit, OuId};

/// The organization, indexed by parent.
#[derive(Debug)]
pub(crate) struct OrganizationTree {
    pub(super) organization: Organization,
    accounts_below: BTreeMap<OuId, Vec<usize>>,
    units_below: BTreeMap<OuId, Vec<usize>>,
}

impl OrganizationTree {
    /// Indexes an organization whose accounts and units are sorted by id.
    pub(crate) fn new(organization: Organization) -> Self {
        let mut accounts_below: BTreeMap<OuId, Vec<usize>> = BTreeMap::new();
        for (number, account) in organization.accounts.iter().enumerate() {
            accounts_below.entry(account.parent.clone()).or_default().push(number);
        }
        let mut units_below: BTreeMap<OuId, Vec<usize>> = BTreeMap::new();
        for (number, unit) in organization.units.iter().enumerate() {
            units_below.entry(unit.parent.clone()).or_default().push(number);
        }
        Self { organization, accounts_below, units_below }
    }

    pub(crate) fn to_model(&self) -> Organization {
        self.organization.clone()
    }

    pub(crate) fn management_account(&self) -> AccountId {
        self.organization.management_account
    }

    /// Returns all accounts, sorted by id.
    pub(crate) fn accounts(&self) -> &[Account] {
        &self.organization.accounts
    }

    /// Suspends an account; returns `false` if it is missing or suspended already.
    pub(crate) fn suspend(&mut self, id: AccountId) -> bool {
        let accounts = &mut self.organization.accounts;
        let Ok(at) = accounts.binary_search_by_key(&id, |account| account.id) else { return false };
        std::mem::replace(&mut accounts[at].state, AccountState::Suspended) != AccountState::Suspended
    }

    pub(crate) fn account(&self, id: AccountId) -> Option<&Account> {
        let accounts = &self.organization.accounts;
        accounts.binary_search_by_key(&id, |account| account.id).ok().map(|at| &accounts[at])
    }

    pub(super) fn unit(&self, id: &OuId) -> Option<&OrganizationalUnit> {
        let units = &self.organization.units;
        units.binary_search_by(|unit| unit.id.cmp(id)).ok().map(|at| &units[at])
    }

    pub(super) fn accounts_in<'a>(&'a self, parent: &OuId) -> impl Iterator<Item = &'a Account> + use<'a> {
        let numbers = self.accounts_below.get(parent).map_or(&[][..], Vec::as_slice);
        numbers.iter().map(|number| &self.organization.accounts[*number])
    }

    pub(super) fn units_in<'a>(
        &'a self,
        parent: &OuId,
    ) -> impl Iterator<Item = &'a OrganizationalUnit> + use<'a> {
        let numbers = self.units_below.get(parent).map_or(&[][..], Vec::as_slice);
        numbers.iter().map(|number| &self.organization.units[*number])
    }

    /// Returns `o-…/r-…/ou-…/` down to `parent`. AWS allows five levels; a cycle in a snapshot is cut off.
    pub(super) fn path_to(&self, parent: &OuId) -> String {
        let mut units = Vec::new();
        let mut above = parent;
        while let Some(unit) = self.unit(above).filter(|_| units.len() < 16) {
            units.push(unit.id.as_str());
            above = &unit.parent;
        }
        let below_root: String = units.iter().rev().map(|unit| format!("{unit}/")).collect();
        format!("{}/{}/{below_root}", self.organization.id, self.organization.root)
    }

    pub(super) fn arn(&self, kind: &str, id: &str) -> String {
        let Organization { management_account, id: organization, .. } = &self.organization;
        format!("arn:aws:organizations::{management_account}:{kind}/{organization}/{id}")
    }
}
