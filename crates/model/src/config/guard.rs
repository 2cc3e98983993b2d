//! Limits of plans and of the configuration.

use super::{GroupIx, On, PermissionSetRef, Until, UserRef};
use crate::identity::PermissionSetName;
use crate::origin::OriginId;

/// All `guard` nodes combined.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    /// The limit of deletions in a plan.
    pub max_deletions: MaxDeletions,
    /// The limit of grants in a plan, if there is one.
    pub max_grants: Option<MaxGrants>,
    /// `protect`: permission sets that are never deleted, and that lose only orphaned and expired assignments.
    pub protected: Vec<Protected>,
    /// `forbid`, sorted by name.
    pub forbids: Vec<Forbid>,
    /// `require-until`.
    pub require_untils: Vec<RequireUntil>,
}

/// The limit of grants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaxGrants {
    /// The maximum number of assignments.
    pub count: u32,
    /// Where it is written.
    pub origin: OriginId,
}

/// `protect "name"`: given by name, because it also covers permission sets that are no longer declared.
#[derive(Debug, Clone, PartialEq)]
pub struct Protected {
    /// The name of the permission set.
    pub name: PermissionSetName,
    /// Where it is written.
    pub origin: OriginId,
}

/// `forbid "name"`: assignments that the configuration must not contain.
#[derive(Debug, Clone, PartialEq)]
pub struct Forbid {
    /// Its name, which is unique among `forbid` nodes.
    pub name: String,
    /// The assignments.
    pub rows: RowFilter,
    /// `exception "name"`: assignments that are exempt for a limited time.
    pub exceptions: Vec<GuardException>,
    /// Where it is written.
    pub origin: OriginId,
}

/// `require-until`: assignments that must have an end.
#[derive(Debug, Clone, PartialEq)]
pub struct RequireUntil {
    /// Maximum number of days between the day of the plan and the end; `None` if any end is sufficient.
    pub within_days: Option<u32>,
    /// The assignments.
    pub rows: RowFilter,
    /// Where it is written.
    pub origin: OriginId,
}

/// `exception "name"`: until its last day, matching assignments are exempt from the `forbid` of that name.
#[derive(Debug, Clone, PartialEq)]
pub struct GuardException {
    /// The assignments.
    pub rows: RowFilter,
    /// The last day of the exception.
    pub until: Until,
    /// The reason.
    pub reason: String,
    /// Where it is written.
    pub origin: OriginId,
}

/// The assignments that a guard applies to: those that match every part. A part that is omitted matches everything.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RowFilter {
    /// `permission-set`: any of these.
    pub permission_sets: Vec<PermissionSetRef>,
    /// `grants-policy`: permission sets with an attached policy of one of these names (with the path, or the ARN). An
    /// inline policy that allows `*` on `*` counts as `AdministratorAccess`.
    pub grants_policies: Vec<String>,
    /// `to`: any of these groups, in addition to `users`.
    pub groups: Vec<GroupIx>,
    /// `to-user`.
    pub users: Vec<UserRef>,
    /// `on`: any of these; empty for every account, including the management account.
    pub on: Vec<On>,
    /// `except-to`: none of these groups.
    pub except_groups: Vec<GroupIx>,
    /// `except-to-user`: none of these users.
    pub except_users: Vec<UserRef>,
}

impl RowFilter {
    /// Whether it depends on the contents of permission sets, and not only on their names and assignments.
    pub fn depends_on_contents(&self) -> bool {
        // Destructured, so that a new part is not forgotten here.
        let Self {
            grants_policies,
            permission_sets: _,
            groups: _,
            users: _,
            on: _,
            except_groups: _,
            except_users: _,
        } = self;
        !grants_policies.is_empty()
    }
}

/// The limits of deletions. Either of them stops a plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaxDeletions {
    /// The maximum number of assignments and permission sets.
    pub count: u32,
    /// The maximum share of the stack's live assignments that are not blocked, in percent. It applies from 10 deletions on.
    pub percent: u32,
    /// Where it is written; `None` for the default.
    pub origin: Option<OriginId>,
}

impl Default for Guard {
    /// Returns the defaults: 50 deletions, 30 percent.
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
    /// Returns the filters of all guards.
    pub fn filters(&self) -> impl Iterator<Item = &RowFilter> {
        let forbids = self.forbids.iter().flat_map(|forbid| {
            std::iter::once(&forbid.rows).chain(forbid.exceptions.iter().map(|exception| &exception.rows))
        });
        forbids.chain(self.require_untils.iter().map(|guard| &guard.rows))
    }
}
