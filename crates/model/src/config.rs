//! What the files want, with every name resolved to its declaration.
//!
//! References are positions in the configuration's own lists ([`GroupIx`] and its like). [`Declarations`], which
//! resolution fills with the declared names, alone makes them, so nothing behind it can hold a name that is not declared. Accounts, units and groups of the live world are still
//! names here; the planner resolves those against a [`Snapshot`](crate::Snapshot).

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

/// Everything that a project says.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The owner's mark.
    pub stack: StackName,
    /// Which instance.
    pub identity_center: IdentityCenter,
    /// The `entra` node. Without one, groups are looked up in the Identity Store alone.
    pub entra: Option<Entra>,
    /// The declared groups, sorted by label.
    pub groups: Vec<Group>,
    /// The declared account sets, sorted by name.
    pub account_sets: Vec<AccountSet>,
    /// The permission sets that the stack owns, sorted by name.
    pub permission_sets: Vec<DeclaredPermissionSet>,
    /// The permission sets that are made elsewhere, sorted by name.
    pub external_permission_sets: Vec<ExternalPermissionSet>,
    /// The permission sets whose tag is taken off (`release-permission-set`), sorted by name.
    pub releases: Vec<Release>,
    /// The `assign` nodes, those that templates made among them.
    pub assignments: Vec<AssignmentRule>,
    /// The `keep` nodes, those that templates made among them.
    pub keeps: Vec<KeepRule>,
    /// The `attributes` node: attributes for access control, by key. `None` where the files do not speak of them;
    /// then they are left as they are.
    pub attributes: Option<AccessControl>,
    /// What all `guard` nodes say together.
    pub guard: Guard,
    /// The levels of lints.
    pub lints: LintLevels,
    /// The patterns of the `include` nodes, in the order of the project file.
    pub includes: Vec<Include>,
}

/// A pattern of an `include`, with what its files may say. The parser has held the files against it.
#[derive(Debug, Clone, PartialEq)]
pub struct Include {
    /// The pattern, relative to the project's directory.
    pub pattern: String,
    /// The words of `may-contain`; `None` for every word.
    pub may_contain: Option<BTreeSet<String>>,
    /// Where the pattern was written.
    pub origin: OriginId,
}

/// The `identity-center` node.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityCenter {
    /// The primary Region of the instance.
    pub region: Region,
    /// Which instance, where the caller might see several.
    pub instance: Option<InstanceId>,
    /// Where it was written.
    pub origin: OriginId,
}

/// A declared group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// How the files name it.
    pub label: String,
    /// The display name in Entra and in the Identity Store.
    pub display_name: String,
    /// The Entra object id, which survives a rename. Where it is given, the name is not looked at to find the group.
    pub object_id: Option<ObjectId>,
    /// Where it was declared.
    pub origin: OriginId,
}

/// A named account set.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountSet {
    /// Its name.
    pub name: String,
    /// What it selects.
    pub selection: Selection,
    /// Where it was declared.
    pub origin: OriginId,
}

/// The union of `lines`, cut down to what each of `only` matches, minus what any of `except` matches.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    /// What is added up.
    pub lines: Vec<SelectorLine>,
    /// Each must match.
    pub only: Vec<Filter>,
    /// None may match.
    pub except: Vec<Filter>,
}

/// An `only` or `except` block: the union of its lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// What is added up.
    pub lines: Vec<SelectorLine>,
    /// Where it was written.
    pub origin: OriginId,
}

/// One line of a selection.
#[derive(Debug, Clone, PartialEq)]
pub struct SelectorLine {
    /// What it selects.
    pub selector: Selector,
    /// Whether it may match nothing (`empty="allowed"`).
    pub may_be_empty: bool,
    /// Where it was written.
    pub origin: OriginId,
}

/// What one line selects. Only [`Selector::Account`] can select the management account.
#[derive(Debug, Clone, PartialEq)]
pub enum Selector {
    /// `account "name-or-id"…`: each must exist, and has its own place.
    Account(Vec<(AccountRef, OriginId)>),
    /// `ou "path-or-id"`.
    Unit {
        /// Which unit.
        unit: UnitRef,
        /// Whether only accounts directly in it count (`depth="direct"`).
        direct: bool,
    },
    /// `tag "key" "value"…`: any of the values.
    Tag {
        /// The key, compared exactly.
        key: String,
        /// The values, any of which will do.
        values: BTreeSet<String>,
    },
    /// `name "glob"`: `*` and `?` over the whole account name.
    Name(NamePattern),
    /// `accounts "set"…`.
    Accounts(Vec<AccountSetIx>),
    /// `every-member-account`.
    EveryMemberAccount,
}

/// An account, as the files name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountRef {
    /// By its id.
    Id(AccountId),
    /// By its name, compared exactly.
    Name(String),
}

/// An organizational unit, as the files name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitRef {
    /// By its id.
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
    /// The text is no such pattern.
    pub fn new(text: &str) -> Result<Self, globset::Error> {
        let glob = globset::GlobBuilder::new(text).literal_separator(false).build()?;
        // Deep nesting is refused only when the pattern is compiled; a set of one returns that as an error.
        let matcher = GlobSet::builder().add(glob).build()?;
        Ok(Self { text: text.to_owned(), matcher })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole of `name` matches.
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
    /// What it shall be. Its tags are the declared ones; only those keys are managed.
    pub permission_set: PermissionSet,
    /// `adopt`: takes over a live set of this name that no stack owns. While the word stands, rows of the set that
    /// the files do not want are reported, not revoked.
    pub adopt: Option<OriginId>,
    /// `renamed-from "Old"`: the set takes the place of another of this stack.
    pub renamed_from: Option<RenamedFrom>,
    /// Where it was declared.
    pub origin: OriginId,
}

/// `renamed-from`: the set that another takes the place of. It is not declared, released or named by another
/// `renamed-from`.
#[derive(Debug, Clone, PartialEq)]
pub struct RenamedFrom {
    /// The name that the set had.
    pub name: PermissionSetName,
    /// Where it was written.
    pub origin: OriginId,
}

/// `release-permission-set`: the stack's tag is taken off, the set and its rows stay. It may be declared as external.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// The set's name.
    pub name: PermissionSetName,
    /// Where it was written.
    pub origin: OriginId,
}

/// A permission set made elsewhere, by Control Tower for instance.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalPermissionSet {
    /// Its name.
    pub name: PermissionSetName,
    /// Where it was declared.
    pub origin: OriginId,
}

impl Config {
    /// The name behind a reference.
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

    /// Every user that the files name, in `assign`, `keep` and guards, each as often as it is named.
    pub fn users(&self) -> impl Iterator<Item = &UserRef> {
        let kept = self.keeps.iter().flat_map(|keep| match &keep.principals {
            KeptPrincipals::These { groups: _, users } => users.as_slice(),
            KeptPrincipals::Anyone | KeptPrincipals::Undeclared => &[],
        });
        let guarded = self.guard.filters().flat_map(|filter| filter.users.iter().chain(&filter.except_users));
        self.assignments.iter().flat_map(|rule| &rule.users).chain(kept).chain(guarded)
    }
}

/// An `assign` node: every set, to every principal, on every account.
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
    /// The last day on which the assignment is wanted; it ends at 24:00 UTC.
    pub until: Option<Until>,
    /// Why.
    pub reason: Option<String>,
    /// Where it was written.
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
    /// Where it was written.
    pub origin: OriginId,
}

/// An end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Until {
    /// The last day, inclusive, in UTC.
    pub date: Date,
    /// Where it was written.
    pub origin: OriginId,
}

/// A `keep` node: live rows that it matches stay, whoever made them. Each part that is left out matches everything,
/// and at least one part other than `until` and `reason` is given. It never grants.
#[derive(Debug, Clone, PartialEq)]
pub struct KeepRule {
    /// The permission sets; none for every declared one.
    pub permission_sets: Vec<PermissionSetRef>,
    /// Whose rows.
    pub principals: KeptPrincipals,
    /// On which accounts; none for every account, the management account included.
    pub on: Vec<On>,
    /// The last day on which rows are kept.
    pub until: Option<Until>,
    /// Why.
    pub reason: Option<String>,
    /// Where it was written.
    pub origin: OriginId,
}

/// Whose rows a `keep` matches.
#[derive(Debug, Clone, PartialEq)]
pub enum KeptPrincipals {
    /// Anybody's: groups, users, and principals that are gone.
    Anyone,
    /// `to-undeclared`: groups that exist and that the files do not declare.
    Undeclared,
    /// `to` and `to-user`.
    These {
        /// The groups.
        groups: Vec<GroupIx>,
        /// The users.
        users: Vec<UserRef>,
    },
}

/// The `attributes` node: what IAM Identity Center passes on for access control. It is owned whole.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessControl {
    /// The source of each attribute, such as `${path:enterprise.costCenter}`, by key.
    pub attributes: BTreeMap<String, String>,
    /// Where it was written.
    pub origin: OriginId,
}
