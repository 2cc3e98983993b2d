//! The permission sets of the instance.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rolecall_model::snapshot::LivePermissionSet;
use rolecall_model::{AccountId, PermissionSet, PermissionSetName};

/// A permission set in the sandbox.
#[derive(Debug, Clone)]
pub(crate) struct StoredSet {
    pub(crate) arn: String,
    pub(crate) name: PermissionSetName,
    pub(crate) tags: BTreeMap<String, String>,
    /// `None` if the snapshot does not contain them and they were not edited since.
    details: Option<PermissionSet>,
    pub(crate) provisioned: BTreeSet<AccountId>,
    pub(crate) outdated: BTreeSet<AccountId>,
    /// The number of edits. A provision uses the version at the time of its request.
    pub(crate) version: u64,
    pub(crate) created: Duration,
}

impl StoredSet {
    /// Creates a permission set.
    pub(crate) fn new(
        arn: String,
        details: PermissionSet,
        tags: BTreeMap<String, String>,
        created: Duration,
    ) -> Self {
        let name = details.name.clone();
        Self {
            arn,
            name,
            tags,
            details: Some(details),
            provisioned: BTreeSet::new(),
            outdated: BTreeSet::new(),
            version: 0,
            created,
        }
    }

    fn from_live(live: LivePermissionSet) -> Self {
        let LivePermissionSet { arn, name, tags, details, provisioned, outdated } = live;
        Self { arn, name, tags, details, provisioned, outdated, version: 0, created: Duration::ZERO }
    }

    fn to_live(&self) -> LivePermissionSet {
        let Self { arn, name, tags, details, provisioned, outdated, version: _, created: _ } = self;
        LivePermissionSet {
            arn: arn.clone(),
            name: name.clone(),
            tags: tags.clone(),
            details: details.clone(),
            provisioned: provisioned.clone(),
            outdated: outdated.clone(),
        }
    }

    /// Returns the details, with AWS's defaults where the snapshot does not contain them.
    pub(crate) fn details(&self) -> Cow<'_, PermissionSet> {
        match &self.details {
            Some(details) => Cow::Borrowed(details),
            None => Cow::Owned(PermissionSet::new(self.name.clone())),
        }
    }

    /// Edits the permission set. All accounts in which it is provisioned become outdated.
    pub(crate) fn edit(&mut self, details: PermissionSet) {
        self.details = Some(details);
        self.version += 1;
        self.outdated = self.provisioned.clone();
    }

    /// Provisions `version` in an account.
    pub(crate) fn provision(&mut self, account: AccountId, version: u64) {
        let is_new = self.provisioned.insert(account);
        if version == self.version {
            self.outdated.remove(&account);
        } else if is_new {
            self.outdated.insert(account);
        }
    }

    /// Sets whether the permission set is provisioned in an account, and outdated there. Returns the previous values.
    pub(crate) fn set_provisioned(
        &mut self,
        account: AccountId,
        provisioned: bool,
        outdated: bool,
    ) -> (bool, bool) {
        (put(&mut self.provisioned, account, provisioned), put(&mut self.outdated, account, outdated))
    }
}

/// Adds an account to a set or removes it, and returns whether it was a member.
fn put(accounts: &mut BTreeSet<AccountId>, account: AccountId, present: bool) -> bool {
    if present { !accounts.insert(account) } else { accounts.remove(&account) }
}

/// All permission sets, by name and ARN.
#[derive(Debug)]
pub(crate) struct PermissionSets {
    by_name: BTreeMap<PermissionSetName, StoredSet>,
    names: BTreeMap<String, PermissionSetName>,
}

impl PermissionSets {
    pub(crate) fn from_live(sets: Vec<LivePermissionSet>) -> Self {
        let names = sets.iter().map(|set| (set.arn.clone(), set.name.clone())).collect();
        let by_name = sets.into_iter().map(|set| (set.name.clone(), StoredSet::from_live(set))).collect();
        Self { by_name, names }
    }

    /// Returns all permission sets, sorted by name.
    pub(crate) fn to_live(&self) -> Vec<LivePermissionSet> {
        self.by_name.values().map(StoredSet::to_live).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &StoredSet> {
        self.by_name.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    pub(crate) fn get(&self, name: &PermissionSetName) -> Option<&StoredSet> {
        self.by_name.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &PermissionSetName) -> Option<&mut StoredSet> {
        self.by_name.get_mut(name)
    }

    pub(crate) fn of_arn(&self, arn: &str) -> Option<&StoredSet> {
        self.names.get(arn).and_then(|name| self.by_name.get(name))
    }

    pub(crate) fn insert(&mut self, set: StoredSet) {
        self.names.insert(set.arn.clone(), set.name.clone());
        self.by_name.insert(set.name.clone(), set);
    }

    pub(crate) fn remove(&mut self, name: &PermissionSetName) -> Option<StoredSet> {
        let set = self.by_name.remove(name)?;
        self.names.remove(&set.arn);
        Some(set)
    }

    /// Returns the number of permission sets provisioned in an account.
    pub(crate) fn count_in(&self, account: AccountId) -> usize {
        self.iter().filter(|set| set.provisioned.contains(&account)).count()
    }
}
