//! The account assignments in effect.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{AccountId, Assignment, PermissionSetName, Principal};

/// The permission sets and accounts of each principal.
type RowsOfPrincipals = BTreeMap<Principal, BTreeSet<(AccountId, PermissionSetName)>>;

/// All assignments, grouped by permission set and account.
#[derive(Debug)]
pub(crate) struct Rows {
    pairs: BTreeMap<(PermissionSetName, AccountId), BTreeSet<Principal>>,
    /// Built on first use, since a world of a million assignments is often read only by pair.
    by_principal: Option<RowsOfPrincipals>,
}

impl Rows {
    /// Builds the index from sorted assignments.
    pub(crate) fn from_sorted(rows: &[Assignment]) -> Self {
        let same_pair =
            |a: &Assignment, b: &Assignment| (&a.permission_set, a.account) == (&b.permission_set, b.account);
        let pairs = rows.chunk_by(same_pair).map(|pair| {
            let principals = pair.iter().map(|row| row.principal.clone()).collect();
            ((pair[0].permission_set.clone(), pair[0].account), principals)
        });
        Self { pairs: pairs.collect(), by_principal: None }
    }

    /// Returns all assignments, sorted.
    pub(crate) fn all(&self) -> Vec<Assignment> {
        let row = |(name, account): &(PermissionSetName, AccountId), principal: &Principal| Assignment {
            permission_set: name.clone(),
            account: *account,
            principal: principal.clone(),
        };
        self.pairs
            .iter()
            .flat_map(|(pair, principals)| principals.iter().map(move |one| row(pair, one)))
            .collect()
    }

    /// Returns the principals assigned a permission set in an account.
    pub(crate) fn of_pair(
        &self,
        name: &PermissionSetName,
        account: AccountId,
    ) -> Option<&BTreeSet<Principal>> {
        self.pairs.get(&(name.clone(), account))
    }

    /// Returns the assignments of a permission set.
    pub(crate) fn of_set<'a>(
        &'a self,
        name: &'a PermissionSetName,
    ) -> impl Iterator<Item = (AccountId, &'a Principal)> {
        let first = AccountId::from_number(0).map(|first| (name.clone(), first));
        let pairs = first.into_iter().flat_map(|first| self.pairs.range(first..));
        pairs
            .take_while(move |((found, _), _)| found == name)
            .flat_map(|((_, account), principals)| principals.iter().map(|one| (*account, one)))
    }

    /// Returns whether the permission set has any assignment.
    pub(crate) fn any_of(&self, name: &PermissionSetName) -> bool {
        self.of_set(name).next().is_some()
    }

    /// Returns the assignments of a principal.
    pub(crate) fn of_principal(
        &mut self,
        principal: &Principal,
    ) -> impl Iterator<Item = &(AccountId, PermissionSetName)> {
        let Self { pairs, by_principal } = self;
        let index = by_principal.get_or_insert_with(|| {
            let mut index = RowsOfPrincipals::new();
            for ((name, account), principals) in pairs.iter() {
                for principal in principals {
                    index.entry(principal.clone()).or_default().insert((*account, name.clone()));
                }
            }
            index
        });
        index.get(principal).into_iter().flatten()
    }

    pub(crate) fn contains(&self, row: &Assignment) -> bool {
        self.of_pair(&row.permission_set, row.account)
            .is_some_and(|principals| principals.contains(&row.principal))
    }

    pub(crate) fn insert(&mut self, row: &Assignment) {
        let Assignment { permission_set, account, principal } = row;
        self.pairs.entry((permission_set.clone(), *account)).or_default().insert(principal.clone());
        if let Some(index) = &mut self.by_principal {
            index.entry(principal.clone()).or_default().insert((*account, permission_set.clone()));
        }
    }

    /// Removes an assignment, and returns whether it was the last of its permission set in its account.
    pub(crate) fn remove(&mut self, row: &Assignment) -> bool {
        let Assignment { permission_set, account, principal } = row;
        if let Some(of_principal) = self.by_principal.as_mut().and_then(|index| index.get_mut(principal)) {
            of_principal.remove(&(*account, permission_set.clone()));
        }
        let pair = (permission_set.clone(), *account);
        let Some(principals) = self.pairs.get_mut(&pair) else { return false };
        principals.remove(principal);
        let last = principals.is_empty();
        if last {
            self.pairs.remove(&pair);
        }
        last
    }
}
