//! Possible rebinds: grants to a group that is identified by name, where a deleted group has the same access. Another
//! group may have taken the name.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{AccountId, Code, Diagnostic, PermissionSetName};

use super::{Context, Differing, KeptKey};
use crate::desired::keys::{AccountIx, Key, SetIx};
use crate::plan::Rebind;

/// Grants that wait until their group is pinned by id or accepted, with the findings.
pub(super) struct Withheld {
    pub(super) rebinds: Vec<Rebind>,
    pub(super) findings: Vec<Diagnostic>,
}

impl Context<'_> {
    /// Separates grants to groups that may have taken a name, and the revokes of the orphaned assignments involved.
    pub(super) fn withhold_rebinds(
        &self,
        differing: Differing,
        kept: &[KeptKey],
        foreign_orphans: &[Key],
    ) -> (Differing, Withheld) {
        let Differing { mut grants, mut revokes } = differing;
        let orphans = self.orphans(&revokes, kept, foreign_orphans);
        let revoked: BTreeSet<Key> = revokes.iter().copied().collect();
        let mut pairs: BTreeSet<(SetIx, AccountIx)> = BTreeSet::new();
        let mut rebinds = Vec::new();
        grants.retain(|wanted| {
            let pair = (wanted.key.set, wanted.key.account);
            let Some(gone) = orphans.get(&pair) else { return true };
            if self.trusted.contains(&wanted.key.principal) {
                return true;
            }
            pairs.insert(pair);
            rebinds.push(Rebind {
                grant: self.desired.named(wanted.key),
                orphans: gone.iter().map(|key| self.desired.named(*key)).collect(),
                orphans_are_ours: gone.iter().any(|key| revoked.contains(key)),
                written: Some(self.written_of_rule(wanted.rule)),
            });
            false
        });
        revokes
            .retain(|key| !(self.is_orphaned_group(*key) && pairs.contains(&self.pair_of_successor(*key))));
        let findings = self.rebind_findings(&rebinds);
        (Differing { grants, revokes }, Withheld { rebinds, findings })
    }

    /// Returns the assignments of deleted groups, by the pair of permission set and account in which a grant may go to
    /// the wrong group. This includes kept ones: a group that took the name must not get access next to them either.
    fn orphans(
        &self,
        revokes: &[Key],
        kept: &[KeptKey],
        foreign: &[Key],
    ) -> BTreeMap<(SetIx, AccountIx), Vec<Key>> {
        let ours = revokes.iter().filter(|key| self.is_orphaned_group(**key));
        let kept = kept.iter().map(|kept| &kept.key).filter(|key| self.is_orphaned_group(**key));
        let mut orphans: BTreeMap<(SetIx, AccountIx), Vec<Key>> = BTreeMap::new();
        for key in ours.chain(foreign).chain(kept) {
            orphans.entry(self.pair_of_successor(*key)).or_default().push(*key);
        }
        orphans
    }

    /// A renamed permission set takes over the old one's assignments, so the pair of its replacement counts.
    fn pair_of_successor(&self, key: Key) -> (SetIx, AccountIx) {
        (self.successors.get(&key.set).copied().unwrap_or(key.set), key.account)
    }

    fn rebind_findings(&self, rebinds: &[Rebind]) -> Vec<Diagnostic> {
        let labels: BTreeSet<&str> =
            rebinds.iter().map(|rebind| rebind.grant.principal_name.sort_text()).collect();
        let config = self.files.config;
        let groups =
            labels.into_iter().filter_map(|label| config.groups.iter().find(|group| group.label == *label));
        let found = groups.map(|group| {
            let label = &group.label;
            Diagnostic::warning(
                Code::PossibleRebind,
                format!("group `{label}` may have taken the name of a deleted group; its grants are withheld"),
            )
            .at_origin(self.files.origins, group.origin, "it is identified only by its name")
            .help(format!(
                "make sure that it is the intended group, then pin it with id=\"…\" (its Entra object id), or \
                 plan and apply with --accept-rebind \"{label}\""
            ))
        });
        found.collect()
    }

    /// Returns pairs whose assignments must be read completely: a revoke may empty the account, and a group that is
    /// identified only by its name may have taken the name of a deleted one.
    pub(super) fn unseen(&self, differing: &Differing) -> BTreeSet<(PermissionSetName, AccountId)> {
        let granted = differing.grants.iter().map(|wanted| wanted.key);
        let doubtful = granted.filter(|key| !self.trusted.contains(&key.principal));
        let pairs = differing.revokes.iter().copied().chain(doubtful).filter_map(|key| {
            let name = self.name_of(key.set);
            let account = self.desired.tables.account(key.account).id;
            // Assignments exist only on provisioned pairs.
            let is_provisioned = self.snapshot.permission_set(name)?.provisioned.contains(&account);
            let is_unseen = is_provisioned && !self.snapshot.coverage.sees_all(name, account);
            is_unseen.then(|| (name.clone(), account))
        });
        pairs.collect()
    }
}
