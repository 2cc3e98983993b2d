//! What is live, as it was read, and the file that holds it.
//!
//! The same file is the state of the sandbox, so a snapshot of a real organization runs there.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::access_control::AccessControlState;
use crate::assignment::{Assignment, Principal};
use crate::entra::Tenant;
use crate::identity::{
    AccountId, GroupId, InstanceId, ObjectId, OuId, PermissionSetName, Region, UserId, UserName,
};
use crate::organization::{Account, OrganizationalUnit};
use crate::permission_set::PermissionSet;

/// The live state, as far as it was read.
///
/// Invariants, which readers keep and [`SnapshotFile::into_snapshot`] checks: `accounts` is sorted by id and
/// `permission_sets` by name, both without repetitions; `assignments` is sorted and names only sets that are listed.
/// A group that is not in `groups` does not exist. A user who has a row and is not in `users` does not exist.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The Identity Center instance.
    pub instance: Instance,
    /// Who read it.
    pub caller: Caller,
    /// The organization around it.
    pub organization: Organization,
    /// All groups of the Identity Store.
    pub groups: Vec<Group>,
    /// The users of the Identity Store who are named by rows or by the files (all of them, in a sandbox's state).
    pub users: Vec<User>,
    /// All permission sets of the instance.
    pub permission_sets: Vec<LivePermissionSet>,
    /// The account assignments that were read.
    pub assignments: Vec<Assignment>,
    /// Of which permission sets the assignments were read.
    pub coverage: Coverage,
    /// Attributes for access control, if they were read.
    pub access_control: AccessControlState,
    /// Who is in which group of the Identity Store, of the groups for which it was read; in a sandbox's state, of all
    /// that have members.
    pub memberships: BTreeMap<GroupId, BTreeSet<UserId>>,
    /// The Entra tenant that provisions to the Identity Store. `None` where there is none, or none was read.
    pub entra: Option<Tenant>,
    /// Operations whose missing lists were accepted as empty, such as `sso-admin:ListInstances`.
    pub absent_means_empty: BTreeSet<String>,
}

/// Which assignments were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// Those of every permission set.
    Everything,
    /// Those of these permission sets.
    PermissionSets(BTreeMap<PermissionSetName, Depth>),
}

/// How the assignments of a permission set were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// By provisioned pair of set and account: every row was seen.
    Whole,
    /// By principal: the rows of all groups that exist and of the users that the files name. A row of another user,
    /// or of a group that is gone, was not seen but on these accounts.
    ByPrincipal {
        /// The accounts on which every row was seen all the same.
        whole_on: BTreeSet<AccountId>,
    },
}

impl Coverage {
    /// How the assignments of this set were read, if they were.
    pub fn depth(&self, name: &PermissionSetName) -> Option<&Depth> {
        match self {
            Self::Everything => Some(&Depth::Whole),
            Self::PermissionSets(depths) => depths.get(name),
        }
    }

    /// Whether every row of this set on this account was seen.
    pub fn sees_all(&self, name: &PermissionSetName, account: AccountId) -> bool {
        match self.depth(name) {
            Some(Depth::Whole) => true,
            Some(Depth::ByPrincipal { whole_on }) => whole_on.contains(&account),
            None => false,
        }
    }
}

/// The Identity Center instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Instance {
    /// `arn:aws:sso:::instance/ssoins-…`.
    pub arn: String,
    /// The id at the ARN's end.
    pub id: InstanceId,
    /// The Identity Store behind it, `d-…`.
    pub identity_store_id: String,
    /// The account that owns it: the management account of an organization instance.
    pub owner_account: AccountId,
    /// Its primary Region. Permission sets and assignments work there only.
    pub region: Region,
}

/// The identity that read the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Caller {
    /// The account of the credentials: the management account, or a delegated administrator's.
    pub account: AccountId,
    /// The ARN of the identity.
    pub arn: String,
}

/// The organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Organization {
    /// `o-…`.
    pub id: String,
    /// The management account. It is in `accounts` too.
    pub management_account: AccountId,
    /// The root, `r-…`.
    pub root: OuId,
    /// Accounts that administer Identity Center for the organization, besides the management account.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub delegated_administrators: BTreeSet<AccountId>,
    /// The units, sorted by id.
    pub units: Vec<OrganizationalUnit>,
    /// The accounts, sorted by id.
    pub accounts: Vec<Account>,
}

/// A group of the Identity Store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Group {
    /// Its id there.
    pub id: GroupId,
    /// Its display name, compared exactly.
    pub display_name: String,
    /// What the identity provider calls it. SCIM from Entra sends the object id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external_ids: Vec<ExternalId>,
}

/// An id given by an identity provider. Which issuer Entra's carry is not confirmed, so ids are matched alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalId {
    /// Who gave it.
    pub issuer: String,
    /// The id.
    pub id: String,
}

/// A user of the Identity Store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct User {
    /// Its id there.
    pub id: UserId,
    /// The user name.
    pub user_name: UserName,
}

/// A permission set of the instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LivePermissionSet {
    /// `arn:aws:sso:::permissionSet/ssoins-…/ps-…`.
    pub arn: String,
    /// Its name.
    pub name: PermissionSetName,
    /// All its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// What it is; `None` where it need not be compared and was not read. Its own `tags` field is empty here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<PermissionSet>,
    /// The accounts in which it is provisioned, assigned there or not.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub provisioned: BTreeSet<AccountId>,
    /// Those of `provisioned` that hold an older version of the set.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub outdated: BTreeSet<AccountId>,
}

impl Snapshot {
    /// The account of that id.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        let accounts = &self.organization.accounts;
        accounts.binary_search_by_key(&id, |account| account.id).ok().map(|at| &accounts[at])
    }

    /// The permission set of that name.
    pub fn permission_set(&self, name: &PermissionSetName) -> Option<&LivePermissionSet> {
        let sets = &self.permission_sets;
        sets.binary_search_by(|set| set.name.cmp(name)).ok().map(|at| &sets[at])
    }

    /// The rows of one permission set: one run of the sorted list.
    pub fn rows_of(&self, name: &PermissionSetName) -> &[Assignment] {
        let start = self.assignments.partition_point(|row| row.permission_set < *name);
        let rows = &self.assignments[start..];
        &rows[..rows.partition_point(|row| row.permission_set == *name)]
    }

    /// The rows of one permission set on one account.
    pub fn rows_on(&self, name: &PermissionSetName, account: AccountId) -> &[Assignment] {
        let rows = self.rows_of(name);
        let start = rows.partition_point(|row| row.account < account);
        let rows = &rows[start..];
        &rows[..rows.partition_point(|row| row.account == account)]
    }

    /// Whether the caller administers Identity Center by delegation. Such a caller can neither assign in the
    /// management account nor change a set that is provisioned there.
    pub fn caller_is_delegated(&self) -> bool {
        self.caller.account != self.organization.management_account
    }

    /// Puts the lists into the order that the type promises.
    pub fn sort(&mut self) {
        self.organization.units.sort_by(|a, b| a.id.cmp(&b.id));
        self.organization.accounts.sort_by_key(|account| account.id);
        self.groups.sort_by(|a, b| a.id.cmp(&b.id));
        self.users.sort_by(|a, b| a.id.cmp(&b.id));
        self.permission_sets.sort_by(|a, b| a.name.cmp(&b.name));
        self.assignments.sort_unstable();
        self.assignments.dedup();
        if let Some(tenant) = &mut self.entra {
            tenant.sort();
        }
    }
}

/// The file form of a snapshot, version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SnapshotFile {
    /// Always [`SnapshotFile::FORMAT`].
    pub format: String,
    /// Always [`SnapshotFile::VERSION`] here; a reader refuses others.
    pub version: u32,
    /// The instance.
    pub instance: Instance,
    /// Who read it.
    pub caller: Caller,
    /// The organization.
    pub organization: Organization,
    /// The groups.
    pub groups: Vec<Group>,
    /// The users.
    pub users: Vec<User>,
    /// The permission sets.
    pub permission_sets: Vec<LivePermissionSet>,
    /// The assignments, grouped by set and account as AWS lists them.
    pub assignments: Vec<AssignmentGroup>,
    /// The sets whose assignments were read, and how; absent when those of all sets were read whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignments_read_of: Option<BTreeMap<PermissionSetName, Depth>>,
    /// Attributes for access control: `"off"`, or `{"on": {KEY: SOURCE}}`; absent when they were not read.
    #[serde(default, skip_serializing_if = "AccessControlState::is_not_read")]
    pub access_control: AccessControlState,
    /// The members of the groups for which they were read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub memberships: BTreeMap<GroupId, BTreeSet<UserId>>,
    /// The Entra tenant, if one was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entra: Option<Tenant>,
    /// Operations whose missing lists were accepted as empty when it was read.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub absent_means_empty: BTreeSet<String>,
}

/// All assignments of one permission set on one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssignmentGroup {
    /// The set.
    pub permission_set: PermissionSetName,
    /// The account.
    pub account: AccountId,
    /// The groups that have it there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupId>,
    /// The users who have it there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserId>,
}

/// A snapshot file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Not JSON, or not of this form.
    #[error("it is not a snapshot: {0}")]
    Malformed(#[from] serde_json::Error),
    /// JSON, but another format.
    #[error("its format is {0:?}; a snapshot says {expected:?}", expected = SnapshotFile::FORMAT)]
    OtherFormat(String),
    /// A version that this program does not know.
    #[error("its version is {0}; this program reads version {expected}", expected = SnapshotFile::VERSION)]
    OtherVersion(u32),
    /// Something is listed twice.
    #[error("it lists {0} twice")]
    Repeated(String),
    /// An account or unit is in a unit that is not listed, or the management account is not listed.
    #[error("it does not list {0}")]
    Unlisted(String),
    /// A row names a permission set or an account that is not listed.
    #[error("it has an assignment of {permission_set} on {account}, and does not list that {missing}")]
    Dangling {
        /// The set of the row.
        permission_set: PermissionSetName,
        /// The account of the row.
        account: AccountId,
        /// "permission set" or "account".
        missing: &'static str,
    },
}

/// The fields that are read first, to distinguish a file of another format or version from a broken one.
#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    format: String,
    #[serde(default)]
    version: u32,
}

impl SnapshotFile {
    /// The value of `format`.
    pub const FORMAT: &'static str = "rolecall-snapshot";
    /// The version that this program reads and writes.
    pub const VERSION: u32 = 1;

    /// Reads the file form.
    ///
    /// # Errors
    /// The text is no snapshot, or one of another version.
    pub fn from_json(text: &[u8]) -> Result<Self, SnapshotError> {
        let header: Header = serde_json::from_slice(text)?;
        if header.format != Self::FORMAT {
            return Err(SnapshotError::OtherFormat(header.format));
        }
        if header.version != Self::VERSION {
            return Err(SnapshotError::OtherVersion(header.version));
        }
        Ok(serde_json::from_slice(text)?)
    }

    /// The file as pretty JSON with a line break at its end.
    pub fn to_json(&self) -> String {
        // Plain data with text keys has no way to fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Checks the file and takes it over.
    ///
    /// # Errors
    /// Something is listed twice, or a row refers to what is not listed.
    pub fn into_snapshot(self) -> Result<Snapshot, SnapshotError> {
        let Self {
            format: _,
            version: _,
            instance,
            caller,
            organization,
            groups,
            users,
            permission_sets,
            assignments,
            assignments_read_of,
            access_control,
            memberships,
            entra,
            absent_means_empty,
        } = self;
        let mut snapshot = Snapshot {
            instance,
            caller,
            organization,
            groups,
            users,
            permission_sets,
            assignments: Vec::new(),
            coverage: assignments_read_of.map_or(Coverage::Everything, Coverage::PermissionSets),
            access_control,
            memberships,
            entra,
            absent_means_empty,
        };
        snapshot.assignments = share_rows(assignments, &snapshot)?;
        snapshot.sort();
        refuse_repetitions(&snapshot)?;
        refuse_dangling(&snapshot)?;
        Ok(snapshot)
    }

    /// The file form of a snapshot.
    pub fn from_snapshot(snapshot: &Snapshot) -> Self {
        let Snapshot {
            instance,
            caller,
            organization,
            groups,
            users,
            permission_sets,
            assignments,
            coverage,
            access_control,
            memberships,
            entra,
            absent_means_empty,
        } = snapshot;
        let same_pair =
            |a: &Assignment, b: &Assignment| a.permission_set == b.permission_set && a.account == b.account;
        Self {
            format: Self::FORMAT.to_owned(),
            version: Self::VERSION,
            instance: instance.clone(),
            caller: caller.clone(),
            organization: organization.clone(),
            groups: groups.clone(),
            users: users.clone(),
            permission_sets: permission_sets.clone(),
            assignments: assignments.chunk_by(same_pair).map(group_of_rows).collect(),
            assignments_read_of: match coverage {
                Coverage::Everything => None,
                Coverage::PermissionSets(names) => Some(names.clone()),
            },
            access_control: access_control.clone(),
            memberships: memberships.clone(),
            entra: entra.clone(),
            absent_means_empty: absent_means_empty.clone(),
        }
    }
}

/// Opens the groups of rows, sharing one allocation per id among all of them.
fn share_rows(groups: Vec<AssignmentGroup>, snapshot: &Snapshot) -> Result<Vec<Assignment>, SnapshotError> {
    let names: BTreeSet<PermissionSetName> =
        snapshot.permission_sets.iter().map(|set| set.name.clone()).collect();
    let mut principals: BTreeSet<Principal> = snapshot
        .groups
        .iter()
        .map(|group| Principal::Group(group.id.clone()))
        .chain(snapshot.users.iter().map(|user| Principal::User(user.id.clone())))
        .collect();
    let mut rows =
        Vec::with_capacity(groups.iter().map(|group| group.groups.len() + group.users.len()).sum());
    for group in groups {
        let AssignmentGroup { permission_set, account, groups, users } = group;
        let permission_set = names.get(&permission_set).cloned().ok_or(SnapshotError::Dangling {
            permission_set,
            account,
            missing: "permission set",
        })?;
        let all = groups.into_iter().map(Principal::Group).chain(users.into_iter().map(Principal::User));
        for principal in all {
            let shared = principals.get(&principal).cloned().unwrap_or_else(|| {
                principals.insert(principal.clone());
                principal
            });
            rows.push(Assignment { permission_set: permission_set.clone(), account, principal: shared });
        }
    }
    Ok(rows)
}

fn group_of_rows(rows: &[Assignment]) -> AssignmentGroup {
    let mut group = AssignmentGroup {
        permission_set: rows[0].permission_set.clone(),
        account: rows[0].account,
        groups: Vec::new(),
        users: Vec::new(),
    };
    for row in rows {
        match &row.principal {
            Principal::Group(id) => group.groups.push(id.clone()),
            // A group that is not in the Identity Store has no row there.
            Principal::NewGroup(_) => {}
            Principal::User(id) => group.users.push(id.clone()),
        }
    }
    group
}

fn refuse_repetitions(snapshot: &Snapshot) -> Result<(), SnapshotError> {
    fn first_repeated<T: PartialEq>(mut items: impl Iterator<Item = T>) -> Option<T> {
        let mut before = items.next()?;
        for item in items {
            if item == before {
                return Some(item);
            }
            before = item;
        }
        None
    }
    let organization = &snapshot.organization;
    let repeated = first_repeated(organization.accounts.iter().map(|account| account.id))
        .map(|id| format!("account {id}"))
        .or_else(|| {
            first_repeated(organization.units.iter().map(|unit| &unit.id)).map(|id| format!("unit {id}"))
        })
        .or_else(|| {
            first_repeated(snapshot.groups.iter().map(|group| &group.id)).map(|id| format!("group {id}"))
        })
        .or_else(|| first_repeated(snapshot.users.iter().map(|user| &user.id)).map(|id| format!("user {id}")))
        .or_else(|| {
            first_repeated(snapshot.permission_sets.iter().map(|set| &set.name))
                .map(|name| format!("permission set {name}"))
        })
        .or_else(|| snapshot.entra.as_ref().and_then(repeated_in_tenant));
    repeated.map_or(Ok(()), |what| Err(SnapshotError::Repeated(what)))
}

/// What a tenant whose lists are sorted lists twice.
fn repeated_in_tenant(tenant: &Tenant) -> Option<String> {
    fn first<'a>(mut ids: impl Iterator<Item = &'a ObjectId>) -> Option<&'a ObjectId> {
        let mut before = ids.next()?;
        ids.find(|id| std::mem::replace(&mut before, *id) == *id)
    }
    first(tenant.groups.iter().map(|group| &group.id))
        .or_else(|| first(tenant.users.iter().map(|user| &user.id)))
        .or_else(|| first(tenant.applications.iter().map(|one| &one.service_principal_id)))
        .or_else(|| first(tenant.conditional_access.iter().map(|policy| &policy.id)))
        .map(|id| format!("the object {id} of the Entra tenant"))
}

fn refuse_dangling(snapshot: &Snapshot) -> Result<(), SnapshotError> {
    let organization = &snapshot.organization;
    let accounts: BTreeSet<AccountId> = organization.accounts.iter().map(|account| account.id).collect();
    let units: BTreeSet<&OuId> =
        organization.units.iter().map(|unit| &unit.id).chain([&organization.root]).collect();
    let parents = organization.accounts.iter().map(|account| &account.parent);
    let mut parents = parents.chain(organization.units.iter().map(|unit| &unit.parent));
    if let Some(parent) = parents.find(|parent| !units.contains(*parent)) {
        // An account there would silently drop out of every selector by unit.
        return Err(SnapshotError::Unlisted(format!(
            "the unit {parent}, which holds something that is listed"
        )));
    }
    if !accounts.contains(&organization.management_account) {
        return Err(SnapshotError::Unlisted(format!(
            "the management account {}",
            organization.management_account
        )));
    }
    let dangling = snapshot.assignments.iter().find(|row| !accounts.contains(&row.account));
    dangling.map_or(Ok(()), |row| {
        Err(SnapshotError::Dangling {
            permission_set: row.permission_set.clone(),
            account: row.account,
            missing: "account",
        })
    })
}
