//! The assignments that a `keep` or a guard matches.

use super::keys::{AccountIx, IndexSet, Key, PrincipalIx, SetIx};

/// Assignments that every given part matches; a part that is left out matches everything.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    pub(crate) sets: Option<IndexSet<SetIx>>,
    pub(crate) accounts: Option<IndexSet<AccountIx>>,
    pub(crate) principals: Option<IndexSet<PrincipalIx>>,
    /// Excluded principals.
    pub(crate) excepted: IndexSet<PrincipalIx>,
}

impl Matcher {
    pub(crate) fn matches(&self, key: Key) -> bool {
        let Self { sets, accounts, principals, excepted } = self;
        sets.as_ref().is_none_or(|sets| sets.contains(key.set))
            && accounts.as_ref().is_none_or(|accounts| accounts.contains(key.account))
            && principals.as_ref().is_none_or(|principals| principals.contains(key.principal))
            && !excepted.contains(key.principal)
    }
}
