//! The desired configuration, with every name resolved to its declaration.
//!
//! References are positions in the configuration's own lists ([`GroupIx`] and the like). Only [`Declarations`], which
//! resolution fills with the declared names, creates them, so a reference to an undeclared name cannot exist. Accounts,
//! units and groups of the live state are still names; the planner resolves them against a [`Snapshot`](crate::Snapshot).

mod entra;
mod guard;
mod reference;

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobSet;

use crate::Date;
use crate::identity::{
    AccountId, InstanceId, ObjectId, OuId, PermissionSetName, Region, StackName, UserName,
};
use crate::lint::LintLevels;
use crate::origin::OriginId;
use crate::permission_set::PermissionSet;

pub use entra::{Application, Entra, Provisioning, RequireMfa, Saml, ServiceProvider, Unassign};
pub use guard::{Forbid, Guard, GuardException, MaxDeletions, MaxGrants, Protected, RequireUntil, RowFilter};
pub use reference::{
    AccountSetIx, Declarations, DeclaredNames, ExternalIx, GroupIx, PermissionSetIx, PermissionSetRef,
};

/// The configuration of a project.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The stack, which identifies the owner of permission sets.
    pub stack: StackName,
    /// The instance of IAM Identity Center.
    pub identity_center: IdentityCenter,
    /// The `entra` node. Without it, groups are looked up only in the Identity Store.
    pub entra: Option<Entra>,
    /// The declared groups, sorted by label.
    pub groups: Vec<Group>,
    /// The declared account sets, sorted by name.
    pub account_sets: Vec<AccountSet>,
    /// The permission sets that the stack owns, sorted by name.
    pub permission_sets: Vec<DeclaredPermissionSet>,
    /// The externally managed permission sets, sorted by name.
    pub external_permission_sets: Vec<ExternalPermissionSet>,
    /// The permission sets that the stack releases (`release-permission-set`), sorted by name.
    pub releases: Vec<Release>,
    /// The `assign` nodes, including those that templates generate.
    pub assignments: Vec<AssignmentRule>,
    /// The `keep` nodes, including those that templates generate.
    pub keeps: Vec<KeepRule>,
    /// The `attributes` node: attributes for access control, by key. `None` if the configuration has no such node; the
    /// attributes are then left unchanged.
    pub attributes: Option<AccessControl>,
    /// All `guard` nodes combined.
    pub guard: Guard,
    /// The levels of lints.
    pub lints: LintLevels,
    /// The patterns of the `include` nodes, in the order of the project file.
    pub includes: Vec<Include>,
}

/// A pattern of an `include`, with what its files may contain. The parser has applied the limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Include {
    /// The pattern, relative to the project directory.
    pub pattern: String,
    /// The words of `may-contain`; `None` for every word.
    pub may_contain: Option<BTreeSet<String>>,
    /// Where the pattern is written.
    pub origin: OriginId,
}

/// The `identity-center` node.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityCenter {
    /// The primary Region of the instance.
    pub region: Region,
    /// The instance, in case the caller can see several.
    pub instance: Option<InstanceId>,
    /// Where it is written.
    pub origin: OriginId,
}

/// A declared group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The label, by which the configuration refers to it.
    pub label: String,
    /// The display name in Entra and in the Identity Store.
    pub display_name: String,
    /// The object ID in Entra, which survives renames. If it is set, the group is found by it alone.
    pub object_id: Option<ObjectId>,
    /// Where it is declared.
    pub origin: OriginId,
}

/// A named account set.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountSet {
    /// Its name.
    pub name: String,
    /// The accounts that it selects.
    pub selection: Selection,
    /// Where it is declared.
    pub origin: OriginId,
}

/// The union of `lines`, narrowed to what every `only` matches, without what any `except` matches.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    /// The lines, which add up.
    pub lines: Vec<SelectorLine>,
    /// The filters that must all match.
    pub only: Vec<Filter>,
    /// The filters of which none may match.
    pub except: Vec<Filter>,
}

/// An `only` or `except` block: the union of its lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The lines, which add up.
    pub lines: Vec<SelectorLine>,
    /// Where it is written.
    pub origin: OriginId,
}

/// One line of a selection.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectorLine {
    /// The accounts that it selects.
    pub selector: Selector,
    /// Whether it may match nothing (`empty="allowed"`).
    pub may_be_empty: bool,
    /// Where it is written.
    pub origin: OriginId,
}

/// The selector of one line. Only [`Selector::Account`] can select the management account.
#[derive(Debug, Clone, PartialEq)]
pub enum Selector {
    /// `account "name-or-id"…`: each must exist, and has its own place.
    Account(Vec<(AccountRef, OriginId)>),
    /// `ou "path-or-id"`.
    Unit {
        /// The unit.
        unit: UnitRef,
        /// Whether it selects only accounts directly in the unit (`depth="direct"`).
        direct: bool,
    },
    /// `tag "key" "value"…`: any of the values.
    Tag {
        /// The key, compared exactly.
        key: String,
        /// The values, one of which must match.
        values: BTreeSet<String>,
    },
    /// `name "glob"`: `*` and `?` over the whole account name.
    Name(NamePattern),
    /// `accounts "set"…`.
    Accounts(Vec<AccountSetIx>),
    /// `every-member-account`.
    EveryMemberAccount,
}

/// An account, as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountRef {
    /// By its ID.
    Id(AccountId),
    /// By its name, compared exactly.
    Name(String),
}

/// An organizational unit, as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitRef {
    /// By its ID.
    Id(OuId),
    /// By the path of names from the root; at least one name.
    Path(Vec<String>),
}

/// A pattern over account names, compiled once.
#[derive(Debug, Clone)]
pub struct NamePattern {
    text: String,
    matcher: GlobSet,
}

impl NamePattern {
    /// Compiles a pattern of `*`, `?`, `[…]` and `{a,b}`.
    ///
    /// # Errors
    /// The text is not a valid pattern.
    pub fn new(text: &str) -> Result<Self, globset::Error> {
        let glob = globset::GlobBuilder::new(text).literal_separator(false).build()?;
        // Deep nesting is refused only when the pattern is compiled; a set of one returns that as an error.
        let matcher = GlobSet::builder().add(glob).build()?;
        Ok(Self { text: text.to_owned(), matcher })
    }

    /// Returns the pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether the entire `name` matches.
    pub fn matches(&self, name: &str) -> bool {
        self.matcher.is_match(name)
    }
}

impl PartialEq for NamePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// A declared permission set.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredPermissionSet {
    /// The desired permission set. Its tags are the declared ones; only their keys are managed.
    pub permission_set: PermissionSet,
    /// `adopt`: takes over a live permission set of this name that no stack owns. As long as the word is there,
    /// assignments that the configuration does not contain are reported and not revoked.
    pub adopt: Option<OriginId>,
    /// `renamed-from "Old"`: the permission set replaces another one of this stack.
    pub renamed_from: Option<RenamedFrom>,
    /// Where it is declared.
    pub origin: OriginId,
}

/// `renamed-from`: the permission set that is replaced. It is not declared, released or named by another
/// `renamed-from`.
#[derive(Debug, Clone, PartialEq)]
pub struct RenamedFrom {
    /// The previous name of the permission set.
    pub name: PermissionSetName,
    /// Where it is written.
    pub origin: OriginId,
}

/// `release-permission-set`: the tag is removed, and the permission set and its assignments stay. It may be declared as
/// external.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// The name of the permission set.
    pub name: PermissionSetName,
    /// Where it is written.
    pub origin: OriginId,
}

/// An externally managed permission set, for example of Control Tower.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalPermissionSet {
    /// Its name.
    pub name: PermissionSetName,
    /// Where it is declared.
    pub origin: OriginId,
}

impl Config {
    /// Returns the name of a permission set.
    pub fn permission_set_name(&self, reference: PermissionSetRef) -> &PermissionSetName {
        match reference {
            PermissionSetRef::Owned(index) => &self[index].permission_set.name,
            PermissionSetRef::External(index) => &self[index].name,
        }
    }

    /// Where a permission set is declared, as the stack's own or as external.
    pub fn origin_of(&self, name: &PermissionSetName) -> Option<OriginId> {
        let owned = self.permission_sets.binary_search_by(|set| set.permission_set.name.cmp(name));
        let external = || self.external_permission_sets.binary_search_by(|set| set.name.cmp(name));
        match owned {
            Ok(at) => Some(self.permission_sets[at].origin),
            Err(_) => external().ok().map(|at| self.external_permission_sets[at].origin),
        }
    }

    /// Returns the users of all `assign` and `keep` nodes and guards, each as often as it is named.
    pub fn users(&self) -> impl Iterator<Item = &UserRef> {
        let kept = self.keeps.iter().flat_map(|keep| match &keep.principals {
            KeptPrincipals::These { groups: _, users } => users.as_slice(),
            KeptPrincipals::Anyone | KeptPrincipals::Undeclared => &[],
        });
        let guarded = self.guard.filters().flat_map(|filter| filter.users.iter().chain(&filter.except_users));
        self.assignments.iter().flat_map(|rule| &rule.users).chain(kept).chain(guarded)
    }
}

/// An `assign` node: every permission set, for every principal, in every account.
#[derive(Debug, Clone, PartialEq)]
pub struct AssignmentRule {
    /// The permission sets.
    pub permission_sets: Vec<PermissionSetRef>,
    /// The groups.
    pub groups: Vec<GroupIx>,
    /// The users.
    pub users: Vec<UserRef>,
    /// The accounts: the union of all `on`.
    pub on: Vec<On>,
    /// The last day of the assignment, which ends at 24:00 UTC.
    pub until: Option<Until>,
    /// The reason.
    pub reason: Option<String>,
    /// Where it is written.
    pub origin: OriginId,
}

/// One `on` of an `assign`.
#[derive(Debug, Clone, PartialEq)]
pub enum On {
    /// `on "set"`.
    Set(AccountSetIx, OriginId),
    /// `on { … }`.
    Selection(Selection, OriginId),
}

/// A user named by `to-user`.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRef {
    /// The user name in the Identity Store.
    pub name: UserName,
    /// Where it is written.
    pub origin: OriginId,
}

/// The end of an assignment, a `keep` or an exception.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Until {
    /// The last day, inclusive, in UTC.
    pub date: Date,
    /// Where it is written.
    pub origin: OriginId,
}

/// A `keep` node: matching live assignments stay, whoever created them. A part that is omitted matches everything, and at
/// least one part other than `until` and `reason` is given. It never grants access.
#[derive(Debug, Clone, PartialEq)]
pub struct KeepRule {
    /// The permission sets; empty for every declared one.
    pub permission_sets: Vec<PermissionSetRef>,
    /// The principals.
    pub principals: KeptPrincipals,
    /// The accounts; empty for every account, including the management account.
    pub on: Vec<On>,
    /// The last day on which assignments are kept.
    pub until: Option<Until>,
    /// The reason.
    pub reason: Option<String>,
    /// Where it is written.
    pub origin: OriginId,
}

/// The principals whose assignments a `keep` matches.
#[derive(Debug, Clone, PartialEq)]
pub enum KeptPrincipals {
    /// All principals: groups, users, and deleted ones.
    Anyone,
    /// `to-undeclared`: existing groups that the configuration does not declare.
    Undeclared,
    /// `to` and `to-user`.
    These {
        /// The groups.
        groups: Vec<GroupIx>,
        /// The users.
        users: Vec<UserRef>,
    },
}

/// The `attributes` node: what IAM Identity Center passes on for access control. The stack owns all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessControl {
    /// The source of each attribute, such as `${path:enterprise.costCenter}`, by key.
    pub attributes: BTreeMap<String, String>,
    /// Where it is written.
    pub origin: OriginId,
}
