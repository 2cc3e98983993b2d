//! References from one part of a configuration to another.

use std::collections::BTreeSet;

use super::{AccountSet, Config, DeclaredPermissionSet, ExternalPermissionSet, Group};

/// Defines a reference into one of the configuration's lists.
macro_rules! reference {
    ($(#[$doc:meta])* $name:ident, $list:ident, $item:ty, $(#[$all_doc:meta])* $all:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// Returns the position in the configuration's list.
            pub fn position(self) -> usize {
                self.0 as usize
            }

            fn at(position: usize) -> Option<Self> {
                u32::try_from(position).ok().map(Self)
            }
        }

        impl std::ops::Index<$name> for Config {
            type Output = $item;

            fn index(&self, reference: $name) -> &$item {
                &self.$list[reference.position()]
            }
        }

        impl Config {
            $(#[$all_doc])*
            pub fn $all(&self) -> impl Iterator<Item = ($name, &$item)> {
                self.$list.iter().enumerate().filter_map(|(at, item)| Some(($name::at(at)?, item)))
            }
        }
    };
}

reference!(
    /// A reference to a declared group.
    GroupIx, groups, Group,
    /// Returns every declared group with the reference to it.
    referenced_groups
);
reference!(
    /// A reference to a declared account set.
    AccountSetIx, account_sets, AccountSet,
    /// Returns every declared account set with the reference to it.
    referenced_account_sets
);
reference!(
    /// A reference to a permission set that the stack owns.
    PermissionSetIx, permission_sets, DeclaredPermissionSet,
    /// Returns every permission set that the stack owns with the reference to it.
    referenced_permission_sets
);
reference!(
    /// A reference to an externally managed permission set.
    ExternalIx, external_permission_sets, ExternalPermissionSet,
    /// Returns every externally managed permission set with the reference to it.
    referenced_external_permission_sets
);

/// A reference to a declared permission set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PermissionSetRef {
    /// The stack owns it.
    Owned(PermissionSetIx),
    /// It is externally managed.
    External(ExternalIx),
}

/// The names that a project declares, by kind.
#[derive(Debug, Clone, Default)]
pub struct DeclaredNames {
    /// The labels of groups.
    pub groups: BTreeSet<String>,
    /// The names of account sets.
    pub account_sets: BTreeSet<String>,
    /// The names of permission sets that the stack owns.
    pub permission_sets: BTreeSet<String>,
    /// The names of externally managed permission sets. None is among `permission_sets`.
    pub external_permission_sets: BTreeSet<String>,
}

/// The declared names in the order of the lists of a [`Config`]. Only this type creates references from names, so there is
/// none for an undeclared name.
#[derive(Debug, Clone, Default)]
pub struct Declarations {
    groups: Vec<String>,
    account_sets: Vec<String>,
    permission_sets: Vec<String>,
    external_permission_sets: Vec<String>,
}

impl From<DeclaredNames> for Declarations {
    fn from(names: DeclaredNames) -> Self {
        let DeclaredNames { groups, account_sets, permission_sets, external_permission_sets } = names;
        let sorted = |names: BTreeSet<String>| names.into_iter().collect();
        Self {
            groups: sorted(groups),
            account_sets: sorted(account_sets),
            permission_sets: sorted(permission_sets),
            external_permission_sets: sorted(external_permission_sets),
        }
    }
}

impl Declarations {
    /// Returns the reference to the group of that label.
    pub fn group(&self, label: &str) -> Option<GroupIx> {
        position(&self.groups, label).and_then(GroupIx::at)
    }

    /// Returns the reference to the account set of that name.
    pub fn account_set(&self, name: &str) -> Option<AccountSetIx> {
        position(&self.account_sets, name).and_then(AccountSetIx::at)
    }

    /// Returns the reference to the permission set of that name, whoever manages it.
    pub fn permission_set(&self, name: &str) -> Option<PermissionSetRef> {
        let owned = position(&self.permission_sets, name).and_then(PermissionSetIx::at);
        let external = || position(&self.external_permission_sets, name).and_then(ExternalIx::at);
        owned.map(PermissionSetRef::Owned).or_else(|| external().map(PermissionSetRef::External))
    }
}

fn position(names: &[String], name: &str) -> Option<usize> {
    names.binary_search_by(|declared| declared.as_str().cmp(name)).ok()
}
