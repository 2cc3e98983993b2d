//! Which rows a `keep` or a guard is about.

use fixedbitset::FixedBitSet;

use crate::accounts::Mask;
use crate::expand::{Key, Tables};

/// Rows that every given part matches; a part that is left out matches everything.
#[derive(Debug, Default)]
pub(crate) struct RowMatcher {
    /// By the numbers of sets.
    pub(crate) sets: Option<FixedBitSet>,
    /// By the positions of accounts.
    pub(crate) accounts: Option<Mask>,
    /// By the numbers of principals.
    pub(crate) principals: Option<FixedBitSet>,
    /// Principals that are not meant after all.
    pub(crate) excepted: FixedBitSet,
}

impl RowMatcher {
    pub(crate) fn matches(&self, key: Key) -> bool {
        let holds = |part: &Option<FixedBitSet>, number: u32| {
            part.as_ref().is_none_or(|part| part.contains(number as usize))
        };
        holds(&self.sets, key.set)
            && holds(&self.accounts, key.account)
            && holds(&self.principals, key.principal)
            && !self.excepted.contains(key.principal as usize)
    }
}

/// Numbers as a set that is as large as a table.
pub(crate) fn numbers(of: impl Iterator<Item = u32>, size: usize) -> FixedBitSet {
    let mut set = FixedBitSet::with_capacity(size);
    for number in of {
        set.grow_and_insert(number as usize);
    }
    set
}

impl Tables<'_> {
    /// Sets by name; a name that is neither declared nor live has no rows.
    pub(crate) fn set_numbers<'n>(
        &self,
        names: impl Iterator<Item = &'n rolecall_model::PermissionSetName>,
    ) -> FixedBitSet {
        numbers(names.filter_map(|name| self.set(name)), self.sets.len())
    }

    /// Principals by id; one that has no row and is granted none has no number.
    pub(crate) fn principal_numbers(
        &self,
        principals: impl Iterator<Item = rolecall_model::Principal>,
    ) -> FixedBitSet {
        numbers(principals.filter_map(|principal| self.principal(&principal)), self.principals.len())
    }
}
