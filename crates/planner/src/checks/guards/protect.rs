//! `protect`: permission sets that must not lose assignments.

use std::collections::BTreeSet;

use rolecall_model::config::Protected;
use rolecall_model::{Assignment, Code, Diagnostic, OriginId, PermissionSetName};

use super::{Evaluator, Subject};
use crate::desired::expand;
use crate::phrases;
use crate::plan::{Action, AssignmentChange, Change, NamedAssignment, PermissionSetChange, Reason};
use crate::suggest::nearest;

impl Evaluator<'_> {
    /// `ended` are the assignments of [`Self::ended_assignments`].
    pub(super) fn protected(&mut self, protected: &Protected, ended: Option<&BTreeSet<Assignment>>) {
        let Protected { name, origin } = protected;
        let written = Some(self.source.files.written(*origin));
        let lost = self.lost(name, ended);
        let (mut is_deleted, mut is_released) = (false, false);
        for change in self.subject.changes {
            if let Action::PermissionSet(change) = &change.action
                && change.name() == name
            {
                match change {
                    PermissionSetChange::Delete { .. } => is_deleted = true,
                    PermissionSetChange::Release { .. } => is_released = true,
                    PermissionSetChange::Create { .. }
                    | PermissionSetChange::Update { .. }
                    | PermissionSetChange::Provision { .. } => {}
                }
            }
        }
        if is_released {
            let message = format!(
                "`{name}` is protected, and would be released: after that, no guard would protect it"
            );
            self.stop(Code::ProtectedLoses, message, Vec::new(), written.clone());
        }
        let rows = phrases::count(lost.len(), "assignment");
        let message = match (is_deleted, lost.is_empty()) {
            (false, true) => {
                self.check_exists(name, *origin);
                return;
            }
            (true, true) => format!("`{name}` is protected, and would be deleted"),
            (true, false) => format!("`{name}` is protected, and would be deleted with {rows}"),
            (false, false) => format!("`{name}` is protected, and would lose {rows}"),
        };
        self.stop(Code::ProtectedLoses, message, lost, written);
    }

    /// Returns the lost assignments of a permission set, except those of deleted principals and those whose end has
    /// passed.
    fn lost(&self, name: &PermissionSetName, ended: Option<&BTreeSet<Assignment>>) -> Vec<NamedAssignment> {
        let Subject { changes, replacements, .. } = *self.subject;
        let is_allowed = |change: &Change| match (&change.reason, &change.action) {
            (Reason::Orphan, _) => true,
            (
                Reason::Expired { .. },
                Action::Assignment(AssignmentChange::Revoke { assignment, order: _ }),
            ) => ended.is_none_or(|ended| ended.contains(&assignment.assignment)),
            _ => false,
        };
        let is_of_set = |named: &&NamedAssignment| named.assignment.permission_set == *name;
        let revoked = changes.iter().filter(|change| !is_allowed(change)).filter_map(Change::revoked);
        let revoked = revoked.filter(|revoked| !replacements.orphans.contains(&revoked.assignment));
        let unassigned = changes.iter().flat_map(Change::lost_with_group);
        let lost: BTreeSet<&NamedAssignment> = revoked.chain(unassigned).filter(is_of_set).collect();
        lost.into_iter().cloned().collect()
    }

    fn check_exists(&mut self, name: &PermissionSetName, origin: OriginId) {
        let (config, snapshot) = (self.subject.files.config, self.subject.snapshot);
        let is_declared = config.permission_sets.iter().any(|set| set.permission_set.name == *name)
            || config.external_permission_sets.iter().any(|set| set.name == *name);
        if is_declared || snapshot.permission_set(name).is_some() {
            return;
        }
        let declared = config.permission_sets.iter().map(|set| set.permission_set.name.as_str());
        let live = snapshot.permission_sets.iter().map(|set| set.name.as_str());
        let help = match nearest(name.as_str(), declared.chain(live)) {
            Some(near) => format!("did you mean `{near}`? Names match exactly"),
            None => "if the permission set was deleted for good, remove the `protect`".to_owned(),
        };
        let what = format!("`protect` names `{name}`, which is not declared and does not exist");
        let lint = Diagnostic::warning(Code::IdleWord, what)
            .at_origin(self.source.files.origins, origin, "no permission set of this name exists")
            .help(help);
        self.report(lint);
    }

    /// Returns the assignments whose end has passed in the checkout of the guards: an end that the change itself adds
    /// does not count. `None` where that is the planned checkout.
    pub(super) fn ended_assignments(&self, protected: &[Protected]) -> Option<BTreeSet<Assignment>> {
        if !self.source.is_foreign {
            return None;
        }
        let has_expired = self.subject.changes.iter().any(|change| {
            matches!(change.reason, Reason::Expired { .. })
                && protected.iter().any(|one| change.action.permission_set() == Some(&one.name))
        });
        if !has_expired {
            return Some(BTreeSet::new());
        }
        let Subject { snapshot, today, .. } = *self.subject;
        let expansion = expand(self.source.files, snapshot, self.source.resolution, today);
        let Some(desired) = expansion.desired else { return Some(BTreeSet::new()) };
        Some(desired.expired.iter().map(|expired| desired.named(expired.key).assignment).collect())
    }
}
