//! What the files want, with every name resolved to its declaration.
//!
//! References are numbers into the configuration's own lists ([`GroupIx`] and its like). Only resolution makes them,
//! so nothing behind it can hold a name that is not declared. Accounts, units and groups of the live world are still
//! names here; the planner resolves those against a [`Snapshot`](crate::Snapshot).

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobSet;

use crate::Date;
use crate::entra::{MfaStrength, PolicyState};
use crate::identity::{
    AccountId, InstanceId, ObjectId, OuId, PermissionSetName, Region, StackName, UserName,
};
use crate::lint::LintLevels;
use crate::origin::OriginId;
use crate::permission_set::PermissionSet;

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

/// The `entra` node.
#[derive(Debug, Clone, PartialEq)]
pub struct Entra {
    /// The tenant: a verified domain or the directory id.
    pub tenant: String,
    /// The enterprise application.
    pub application: Option<Application>,
    /// Where it was written.
    pub origin: OriginId,
}

/// `application "name"`: the enterprise application that signs in to AWS and provisions to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// Its display name.
    pub name: String,
    /// `create`: it is made from the gallery's template where it does not exist.
    pub create: Option<OriginId>,
    /// `assign-groups`: every group that the files use is assigned to it.
    pub assign_groups: Option<OriginId>,
    /// `unassign-group "name"`: by display name or object id.
    pub unassign: Vec<Unassign>,
    /// `provisioning`.
    pub provisioning: Option<Provisioning>,
    /// `saml`.
    pub saml: Option<Saml>,
    /// `require-mfa`.
    pub require_mfa: Option<RequireMfa>,
    /// Where it was written.
    pub origin: OriginId,
}

/// `unassign-group`: a group that is taken off the application; Entra then deletes it in AWS, with all its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Unassign {
    /// The display name or the object id. The group need not be declared: it is used by nothing.
    pub group: String,
    /// Where it was written.
    pub origin: OriginId,
}

/// `provisioning`: the synchronization job runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Provisioning {
    /// When the SCIM token ends; AWS does not tell. A token lives one year.
    pub token_expires: Option<Date>,
    /// Where it was written.
    pub origin: OriginId,
}

/// `saml`: single sign-on.
#[derive(Debug, Clone, PartialEq)]
pub struct Saml {
    /// What the service provider's metadata document says (`sign-on-metadata=`), from Identity Center's console.
    pub service_provider: ServiceProvider,
    /// So many days before its end a certificate is told; 45 by default.
    pub certificate_warning_days: u32,
    /// `aws-has-certificate=`: the thumbprint of a certificate whose metadata somebody has uploaded in AWS, in upper-case
    /// hexadecimal digits. AWS has no API that would tell, and a certificate that AWS does not know must not sign.
    pub aws_has: Option<String>,
    /// Where it was written.
    pub origin: OriginId,
}

/// The service provider's half of SAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceProvider {
    /// Its entity id, `https://<region>.signin.aws.amazon.com/platform/saml/<id>`.
    pub entity_id: String,
    /// Its assertion consumer services, one for each Region and binding.
    pub assertion_consumers: BTreeSet<String>,
}

/// `require-mfa`: the conditional access policy for the application.
#[derive(Debug, Clone, PartialEq)]
pub struct RequireMfa {
    /// The policy's display name.
    pub name: String,
    /// What is required.
    pub strength: MfaStrength,
    /// `report-only` or `enabled`.
    pub state: PolicyState,
    /// `except-to`: groups that it does not bind. `enabled` needs at least one.
    pub except: Vec<GroupIx>,
    /// Where it was written.
    pub origin: OriginId,
}

/// Defines a number into one of the configuration's lists.
macro_rules! index {
    ($(#[$doc:meta])* $name:ident, $list:ident, $item:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl std::ops::Index<$name> for Config {
            type Output = $item;

            fn index(&self, index: $name) -> &$item {
                &self.$list[index.0 as usize]
            }
        }
    };
}

index!(
    /// A declared group.
    GroupIx, groups, Group
);
index!(
    /// A declared account set.
    AccountSetIx, account_sets, AccountSet
);
index!(
    /// A permission set that the stack owns.
    PermissionSetIx, permission_sets, DeclaredPermissionSet
);
index!(
    /// A permission set made elsewhere.
    ExternalIx, external_permission_sets, ExternalPermissionSet
);

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

/// A reference to a declared permission set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PermissionSetRef {
    /// The stack owns it.
    Owned(PermissionSetIx),
    /// It is made elsewhere.
    External(ExternalIx),
}

impl Config {
    /// The name behind a reference.
    pub fn permission_set_name(&self, reference: PermissionSetRef) -> &PermissionSetName {
        match reference {
            PermissionSetRef::Owned(index) => &self[index].permission_set.name,
            PermissionSetRef::External(index) => &self[index].name,
        }
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

impl Config {
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

impl Guard {
    /// Every filter of every guard.
    pub fn filters(&self) -> impl Iterator<Item = &RowFilter> {
        let forbids = self.forbids.iter().flat_map(|forbid| {
            std::iter::once(&forbid.rows).chain(forbid.exceptions.iter().map(|exception| &exception.rows))
        });
        forbids.chain(self.require_untils.iter().map(|guard| &guard.rows))
    }
}
