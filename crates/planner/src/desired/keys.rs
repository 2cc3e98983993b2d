//! Small indices for permission sets, accounts and principals. A large organization has a hundred thousand assignments;
//! as three indices each they sort, merge and compare fast, and names are looked up only for those that differ.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::marker::PhantomData;

use fixedbitset::FixedBitSet;
use rolecall_model::{Account, Config, PermissionSetName, Principal, Snapshot};

use crate::directory::Resolution;

/// A position in a list of one kind of item.
pub(crate) trait Index: Copy {
    /// The index of a position.
    fn new(position: usize) -> Self;
    /// The position.
    fn at(self) -> usize;
}

macro_rules! indices {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(u32);

        impl Index for $name {
            fn new(position: usize) -> Self {
                // The lists are bounded by AWS's quotas and by the size of files, far below this.
                Self(u32::try_from(position).unwrap_or(u32::MAX))
            }

            fn at(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

indices! {
    /// A permission set, declared or live.
    SetIx;
    /// An account of the organization.
    AccountIx;
    /// A principal that has an assignment or is to get one.
    PrincipalIx;
    /// An `assign` of the configuration.
    RuleIx;
    /// A `keep` of the configuration.
    KeepIx;
}

/// Items of a list with their indices.
pub(crate) fn indexed<I: Index, T>(items: impl IntoIterator<Item = T>) -> impl Iterator<Item = (I, T)> {
    items.into_iter().enumerate().map(|(position, item)| (I::new(position), item))
}

/// A set of indices of one kind.
#[derive(Debug, Clone)]
pub(crate) struct IndexSet<I> {
    bits: FixedBitSet,
    kind: PhantomData<I>,
}

impl<I> Default for IndexSet<I> {
    fn default() -> Self {
        Self { bits: FixedBitSet::new(), kind: PhantomData }
    }
}

impl<I: Index> IndexSet<I> {
    pub(crate) fn contains(&self, index: I) -> bool {
        self.bits.contains(index.at())
    }

    pub(crate) fn intersect_with(&mut self, other: &Self) {
        self.bits.intersect_with(&other.bits);
    }
}

impl<I> From<FixedBitSet> for IndexSet<I> {
    fn from(bits: FixedBitSet) -> Self {
        Self { bits, kind: PhantomData }
    }
}

impl<I: Index> FromIterator<I> for IndexSet<I> {
    fn from_iter<T: IntoIterator<Item = I>>(indices: T) -> Self {
        let mut bits = FixedBitSet::new();
        for index in indices {
            bits.grow_and_insert(index.at());
        }
        Self { bits, kind: PhantomData }
    }
}

/// An assignment by indices into [`Tables`]; its order is the order of what the indices stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) set: SetIx,
    pub(crate) account: AccountIx,
    pub(crate) principal: PrincipalIx,
}

/// An assignment that a rule grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted {
    pub(crate) key: Key,
    pub(crate) rule: RuleIx,
}

/// The lists that keys index into, all sorted.
pub(crate) struct Tables<'a> {
    sets: Vec<&'a PermissionSetName>,
    accounts: &'a [Account],
    principals: Vec<Principal>,
}

impl<'a> Tables<'a> {
    pub(crate) fn new(config: &'a Config, snapshot: &'a Snapshot, resolution: &Resolution<'_>) -> Self {
        let declared = config.permission_sets.iter().map(|set| &set.permission_set.name);
        let external = config.external_permission_sets.iter().map(|set| &set.name);
        let live = snapshot.permission_sets.iter().map(|set| &set.name);
        let sets: BTreeSet<&PermissionSetName> = declared.chain(external).chain(live).collect();
        let groups = resolution.group_principals().map(|(_, principal)| principal);
        let wanted = groups.chain(resolution.user_principals().map(|(_, principal)| principal));
        let mut seen: HashSet<&Principal> = HashSet::new();
        let live = snapshot.assignments.iter().map(|assignment| &assignment.principal);
        let live = live.filter(|principal| seen.insert(principal));
        let mut principals: Vec<Principal> = live.chain(wanted).cloned().collect();
        principals.sort_unstable();
        principals.dedup();
        Self { sets: sets.into_iter().collect(), accounts: &snapshot.organization.accounts, principals }
    }

    pub(crate) fn sets(&self) -> impl Iterator<Item = (SetIx, &'a PermissionSetName)> {
        indexed(self.sets.iter().copied())
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = (AccountIx, &'a Account)> {
        indexed(self.accounts)
    }

    pub(crate) fn principals(&self) -> impl Iterator<Item = (PrincipalIx, &Principal)> {
        indexed(&self.principals)
    }

    pub(crate) fn set(&self, index: SetIx) -> &'a PermissionSetName {
        self.sets[index.at()]
    }

    pub(crate) fn account(&self, index: AccountIx) -> &'a Account {
        &self.accounts[index.at()]
    }

    pub(crate) fn principal(&self, index: PrincipalIx) -> &Principal {
        &self.principals[index.at()]
    }

    pub(crate) fn find_set(&self, name: &PermissionSetName) -> Option<SetIx> {
        self.sets.binary_search(&name).ok().map(SetIx::new)
    }

    pub(crate) fn find_principal(&self, principal: &Principal) -> Option<PrincipalIx> {
        self.principals.binary_search(principal).ok().map(PrincipalIx::new)
    }

    /// Sets by name; a name that is neither declared nor live has no assignments.
    pub(crate) fn find_sets<'n>(
        &self,
        names: impl Iterator<Item = &'n PermissionSetName>,
    ) -> IndexSet<SetIx> {
        names.filter_map(|name| self.find_set(name)).collect()
    }

    /// Principals by id; one that has no assignment and is granted none has no index.
    pub(crate) fn find_principals<'p>(
        &self,
        principals: impl Iterator<Item = &'p Principal>,
    ) -> IndexSet<PrincipalIx> {
        principals.filter_map(|principal| self.find_principal(principal)).collect()
    }

    /// The live assignments by the same indices, sorted like the snapshot's list.
    pub(crate) fn live_keys(&self, snapshot: &Snapshot) -> Vec<Key> {
        let indices: HashMap<&Principal, PrincipalIx> =
            self.principals().map(|(index, principal)| (principal, index)).collect();
        let mut keys = Vec::with_capacity(snapshot.assignments.len());
        let is_same_pair = |a: &rolecall_model::Assignment, b: &rolecall_model::Assignment| {
            a.account == b.account && a.permission_set == b.permission_set
        };
        for pair in snapshot.assignments.chunk_by(is_same_pair) {
            let account = self.accounts.binary_search_by_key(&pair[0].account, |account| account.id).ok();
            // A snapshot lists the set and the account of every assignment: both are always found.
            let (Some(set), Some(account)) = (self.find_set(&pair[0].permission_set), account) else {
                continue;
            };
            for assignment in pair {
                let principal = indices[&assignment.principal];
                keys.push(Key { set, account: AccountIx::new(account), principal });
            }
        }
        keys
    }
}
