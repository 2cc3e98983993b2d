//! Changes of assignments and permission sets. Every change goes through here, which records it in the journal and keeps it
//! for outdated lists.

use std::collections::BTreeMap;
use std::time::Duration;

use rolecall_model::{AccessControlState, AccountId, Assignment, PermissionSet, PermissionSetName};

use crate::observations::{Actor, Change};
use crate::past::Step;
use crate::permission_sets::StoredSet;
use crate::world::World;

impl World {
    /// Calls `look` with assignments and permission sets as they were at `then`.
    pub(crate) fn look_back<T>(&mut self, then: Duration, look: impl FnOnce(&mut Self) -> T) -> T {
        let mut past = std::mem::take(&mut self.past);
        let first = past.steps.partition_point(|(at, _)| *at <= then);
        for (_, step) in past.steps.range_mut(first..).rev() {
            self.exchange(step);
        }
        self.seen_at = Some(then);
        let seen = look(self);
        self.seen_at = None;
        for (_, step) in past.steps.range_mut(first..) {
            self.exchange(step);
        }
        self.past = past;
        seen
    }

    fn exchange(&mut self, step: &mut Step) {
        match step {
            Step::Row { row, present } => {
                let now_present = self.rows.contains(row);
                if *present {
                    self.rows.insert(row);
                } else {
                    self.rows.remove(row);
                }
                *present = now_present;
            }
            Step::Set { name, other } => {
                let current = self.permission_sets.remove(name).map(Box::new);
                if let Some(other) = std::mem::replace(other, current) {
                    self.permission_sets.insert(*other);
                }
            }
            Step::Provision { name, account, provisioned, outdated } => {
                if let Some(set) = self.permission_sets.get_mut(name) {
                    (*provisioned, *outdated) = set.set_provisioned(*account, *provisioned, *outdated);
                }
            }
        }
    }

    /// Adds an assignment and provisions `version` of its permission set; returns `false` if it exists.
    pub(crate) fn grant(&mut self, by: Actor, at: Duration, row: &Assignment, version: u64) -> bool {
        if self.rows.contains(row) {
            return false;
        }
        self.rows.insert(row);
        self.agenda.stay(&row.permission_set, row.account);
        self.past.add(at, Step::Row { row: row.clone(), present: false });
        self.observations.journal(at, by, Change::Granted(row.clone()));
        self.provision(by, at, &row.permission_set, row.account, version);
        true
    }

    /// Removes an assignment; returns `false` if it does not exist. After its last assignment in an account, a permission set
    /// is removed from there some time later.
    pub(crate) fn revoke(&mut self, by: Actor, at: Duration, row: &Assignment) -> bool {
        if !self.rows.contains(row) {
            return false;
        }
        if self.rows.remove(row) {
            let end = at + self.source.latency(self.settings.deprovision_latency_mean);
            self.agenda.depart(&row.permission_set, row.account, end);
        }
        self.past.add(at, Step::Row { row: row.clone(), present: true });
        self.observations.journal(at, by, Change::Revoked(row.clone()));
        true
    }

    /// Provisions `version` of a permission set in an account, unless it is there.
    pub(crate) fn provision(
        &mut self,
        by: Actor,
        at: Duration,
        name: &PermissionSetName,
        account: AccountId,
        version: u64,
    ) {
        let Some(set) = self.permission_sets.get_mut(name) else { return };
        let (provisioned, outdated) = (set.provisioned.contains(&account), set.outdated.contains(&account));
        set.provision(account, version);
        if (provisioned, outdated) == (true, set.outdated.contains(&account)) {
            return;
        }
        self.past.add(at, Step::Provision { name: name.clone(), account, provisioned, outdated });
        let permission_set = name.clone();
        self.observations.journal(at, by, Change::Provisioned { permission_set, account });
    }

    /// Removes a permission set from an account.
    pub(crate) fn deprovision(&mut self, at: Duration, name: &PermissionSetName, account: AccountId) {
        let Some(set) = self.permission_sets.get_mut(name) else { return };
        let (provisioned, outdated) = set.set_provisioned(account, false, false);
        if provisioned {
            self.past.add(at, Step::Provision { name: name.clone(), account, provisioned, outdated });
            let permission_set = name.clone();
            let change = Change::Deprovisioned { permission_set, account };
            self.observations.journal(at, Actor::IdentityCenter, change);
        }
    }

    /// Adds a permission set.
    pub(crate) fn create_set(&mut self, by: Actor, at: Duration, set: StoredSet) {
        let (name, tags) = (set.name.clone(), set.tags.clone());
        self.permission_sets.insert(set);
        self.past.add(at, Step::Set { name: name.clone(), other: None });
        self.observations.journal(at, by, Change::SetCreated { permission_set: name, tags });
    }

    /// Replaces the permission set with the name of `after`; returns `false` if there is none.
    pub(crate) fn edit_set(&mut self, by: Actor, at: Duration, after: PermissionSet) -> bool {
        let name = after.name.clone();
        if self.permission_sets.get(&name).is_none() {
            return false;
        }
        self.remember_set(at, &name);
        let Some(set) = self.permission_sets.get_mut(&name) else { return false };
        let before = Box::new(set.details().into_owned());
        set.edit(after.clone());
        self.observations.journal(at, by, Change::SetEdited { before, after: Box::new(after) });
        true
    }

    /// Replaces the tags of a permission set; returns `false` if there is no difference.
    pub(crate) fn retag_set(
        &mut self,
        by: Actor,
        at: Duration,
        name: &PermissionSetName,
        after: BTreeMap<String, String>,
    ) -> bool {
        if self.permission_sets.get(name).is_none_or(|set| set.tags == after) {
            return false;
        }
        self.remember_set(at, name);
        if let Some(set) = self.permission_sets.get_mut(name) {
            let before = std::mem::replace(&mut set.tags, after.clone());
            let permission_set = name.clone();
            self.observations.journal(at, by, Change::SetTagged { permission_set, before, after });
        }
        true
    }

    /// Removes a permission set.
    pub(crate) fn delete_set(&mut self, by: Actor, at: Duration, name: &PermissionSetName) {
        if let Some(set) = self.permission_sets.remove(name) {
            self.past.add(at, Step::Set { name: name.clone(), other: Some(Box::new(set)) });
            self.observations.journal(at, by, Change::SetDeleted { permission_set: name.clone() });
        }
    }

    /// Replaces the attributes for access control, or turns them off; returns `false` if there is no difference. No list
    /// contains them, so their past is not kept.
    pub(crate) fn set_access_control(&mut self, by: Actor, at: Duration, after: AccessControlState) -> bool {
        if self.access_control == after {
            return false;
        }
        let before = std::mem::replace(&mut self.access_control, after.clone());
        self.observations.journal(at, by, Change::AccessControlSet { before, after });
        true
    }

    /// Keeps a copy of a permission set before it changes, if outdated lists are possible.
    fn remember_set(&mut self, at: Duration, name: &PermissionSetName) {
        if self.past.is_kept() {
            let other = self.permission_sets.get(name).cloned().map(Box::new);
            self.past.add(at, Step::Set { name: name.clone(), other });
        }
    }
}
