//! What no plan may do.

use super::{GroupIx, On, PermissionSetRef, Until, UserRef};
use crate::identity::PermissionSetName;
use crate::origin::OriginId;

/// What the guards allow: all `guard` nodes together.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    /// How many deletions one plan may hold.
    pub max_deletions: MaxDeletions,
    /// How many grants one plan may hold; `None` for any number.
    pub max_grants: Option<MaxGrants>,
    /// `protect`: permission sets that are never deleted and lose no row but orphans' and expired ones.
    pub protected: Vec<Protected>,
    /// `forbid`, sorted by name.
    pub forbids: Vec<Forbid>,
    /// `require-until`.
    pub require_untils: Vec<RequireUntil>,
}

/// The bound on grants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaxGrants {
    /// At most so many rows.
    pub count: u32,
    /// Where it was written.
    pub origin: OriginId,
}

/// `protect "name"`: by name, since a set that is no longer declared is what it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Protected {
    /// The set's name.
    pub name: PermissionSetName,
    /// Where it was written.
    pub origin: OriginId,
}

/// `forbid "name"`: rows that must not be wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Forbid {
    /// Its name, which no other `forbid` has.
    pub name: String,
    /// Which rows.
    pub rows: RowFilter,
    /// `exception "name"`: rows that it does not stop for a time.
    pub exceptions: Vec<GuardException>,
    /// Where it was written.
    pub origin: OriginId,
}

/// `require-until`: rows that must have an end.
#[derive(Debug, Clone, PartialEq)]
pub struct RequireUntil {
    /// The end must come within so many days of the plan's day; `None` for any end.
    pub within_days: Option<u32>,
    /// Which rows.
    pub rows: RowFilter,
    /// Where it was written.
    pub origin: OriginId,
}

/// `exception "name"`: until its day, the `forbid` of that name does not stop rows that this matches.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardException {
    /// Which rows.
    pub rows: RowFilter,
    /// The last day on which it holds.
    pub until: Until,
    /// Why.
    pub reason: String,
    /// Where it was written.
    pub origin: OriginId,
}

/// Which rows a guard is about: those that every given part matches. A part that is left out matches everything.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowFilter {
    /// `permission-set`: any of these.
    pub permission_sets: Vec<PermissionSetRef>,
    /// `grants-policy`: sets with an attached policy of any of these names (with the path, or the ARN); an inline
    /// policy that allows `*` on `*` counts as `AdministratorAccess`.
    pub grants_policies: Vec<String>,
    /// `to`: any of these groups, or of `users`.
    pub groups: Vec<GroupIx>,
    /// `to-user`.
    pub users: Vec<UserRef>,
    /// `on`: any of these; none for everywhere, the management account included.
    pub on: Vec<On>,
    /// `except-to`: none of these groups.
    pub except_groups: Vec<GroupIx>,
    /// `except-to-user`: none of these users.
    pub except_users: Vec<UserRef>,
}

/// The bound on deletions; either part stops a plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaxDeletions {
    /// At most so many rows and permission sets.
    pub count: u32,
    /// At most so many per cent of the live rows that are ours and not blocked; counts from 10 deletions up.
    pub percent: u32,
    /// Where it was written; `None` for the default.
    pub origin: Option<OriginId>,
}

impl Default for Guard {
    /// What holds where the files say nothing: 50 deletions, 30 per cent.
    fn default() -> Self {
        Self {
            max_deletions: MaxDeletions { count: 50, percent: 30, origin: None },
            max_grants: None,
            protected: Vec::new(),
            forbids: Vec::new(),
            require_untils: Vec::new(),
        }
    }
}

impl Guard {
    /// Every filter of every guard.
    pub fn filters(&self) -> impl Iterator<Item = &RowFilter> {
        let forbids = self.forbids.iter().flat_map(|forbid| {
            std::iter::once(&forbid.rows).chain(forbid.exceptions.iter().map(|exception| &exception.rows))
        });
        forbids.chain(self.require_untils.iter().map(|guard| &guard.rows))
    }
}
