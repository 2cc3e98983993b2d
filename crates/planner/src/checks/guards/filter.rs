//! Filters: the assignments that a guard matches.

use rolecall_model::config::{GroupIx, RowFilter, UserRef};
use rolecall_model::permission_set::{ADMINISTRATOR_ACCESS, managed_policy_name};
use rolecall_model::{Code, Diagnostic, OriginId, PermissionSet, PermissionSetName, Principal, Severity};

use super::Evaluator;
use crate::desired::keys::{IndexSet, SetIx};
use crate::desired::matcher::Matcher;
use crate::desired::selectors::AccountResolver;
use crate::suggest::nearest;

impl Evaluator<'_> {
    /// Builds the matcher of a filter. Names that do not exist in the live state match nothing.
    ///
    /// `missing` is the severity for a group or user that does not resolve: if that weakens a guard, it is an error.
    pub(super) fn matcher(
        &mut self,
        filter: &RowFilter,
        origin: OriginId,
        missing: Severity,
        resolver: &mut AccountResolver<'_>,
    ) -> Matcher {
        let RowFilter { permission_sets, grants_policies, groups, users, on, except_groups, except_users } =
            filter;
        let tables = &self.subject.desired.tables;
        let names: Vec<&PermissionSetName> =
            permission_sets.iter().map(|one| self.source.files.config.permission_set_name(*one)).collect();
        let mut sets = (!names.is_empty()).then(|| self.named_sets(&names));
        if !grants_policies.is_empty() {
            self.report_unknown_policies(grants_policies, origin);
            let granting = self.sets_that_grant(grants_policies);
            let granting = tables.find_sets(granting.iter());
            match &mut sets {
                Some(sets) => sets.intersect_with(&granting),
                None => sets = Some(granting),
            }
        }
        let principals =
            (!groups.is_empty() || !users.is_empty()).then(|| self.principals(groups, users, missing));
        let principals = principals.map(|found| tables.find_principals(found.iter()));
        let excepted = self.principals(except_groups, except_users, Severity::Warning);
        Matcher {
            sets,
            accounts: (!on.is_empty()).then(|| resolver.all_of(on).into()),
            principals,
            excepted: tables.find_principals(excepted.iter()),
        }
    }

    /// Returns the permission sets with these names, and those that replace them (`renamed-from`).
    fn named_sets(&self, names: &[&PermissionSetName]) -> IndexSet<SetIx> {
        let successors =
            self.subject.files.config.permission_sets.iter().filter(|set| {
                set.renamed_from.as_ref().is_some_and(|renamed| names.contains(&&renamed.name))
            });
        let successors = successors.map(|set| &set.permission_set.name);
        self.subject.desired.tables.find_sets(names.iter().copied().chain(successors))
    }

    fn principals(&mut self, groups: &[GroupIx], users: &[UserRef], missing: Severity) -> Vec<Principal> {
        let mut found = Vec::new();
        for index in groups {
            found.extend(self.source.resolution.group(*index).cloned());
            // Groups of the planned checkout are reported elsewhere, as errors. A group of another checkout may have
            // been renamed or may now be ambiguous: then the guard's targets are unknown, and the guard must not be
            // ignored.
            if let Some(error) = self.source.resolution.group_error(*index).filter(|_| self.source.is_foreign)
            {
                self.report(Diagnostic { severity: missing, ..error.clone() });
            }
        }
        for user in users {
            match self.source.directory.user(user, self.source.files.origins) {
                Ok(user) => found.push(user),
                Err(diagnostic) => {
                    self.report(Diagnostic { severity: Severity::Warning, ..*diagnostic });
                }
            }
        }
        found
    }

    /// Reports policies that no permission set grants, because such a guard matches nothing; usually a typo.
    fn report_unknown_policies(&mut self, policies: &[String], origin: OriginId) {
        let declared = self.subject.files.config.permission_sets.iter().map(|set| &set.permission_set);
        let live = self.subject.snapshot.permission_sets.iter().filter_map(|set| set.details.as_ref());
        let sets: Vec<&PermissionSet> = declared.chain(live).collect();
        for policy in policies {
            let is_administrators = managed_policy_name(policy) == ADMINISTRATOR_ACCESS;
            if is_administrators || sets.iter().any(|set| set.grants_policy(policy)) {
                continue;
            }
            let attached = sets.iter().flat_map(|set| {
                let customer = set.customer_policies.iter().map(|policy| policy.name.as_str());
                set.managed_policies.iter().map(|arn| managed_policy_name(arn)).chain(customer)
            });
            let help = match nearest(policy, attached.chain([ADMINISTRATOR_ACCESS])) {
                Some(near) => format!("did you mean `{near}`? Names match exactly"),
                None => {
                    "names match exactly, including the path; correct it, or remove the filter".to_owned()
                }
            };
            let lint = Diagnostic::warning(Code::IdleWord, format!("no permission set grants `{policy}`"))
                .at_origin(self.source.files.origins, origin, "`grants-policy` matches nothing here")
                .help(help);
            self.report(lint);
        }
    }

    /// Returns the permission sets that grant one of these policies: declared ones by configuration, external ones by
    /// live state.
    fn sets_that_grant(&mut self, policies: &[String]) -> Vec<PermissionSetName> {
        let config = self.subject.files.config;
        let mut found = Vec::new();
        let grants = |set: &PermissionSet| policies.iter().any(|policy| set.grants_policy(policy));
        for set in config.permission_sets.iter().map(|set| &set.permission_set) {
            if grants(set) {
                found.push(set.name.clone());
            }
        }
        for external in &config.external_permission_sets {
            let live = self.subject.snapshot.permission_set(&external.name);
            match live.and_then(|live| live.details.as_ref()) {
                Some(details) if grants(details) => found.push(external.name.clone()),
                Some(_) => {}
                None => self.verdict.findings.push(
                    Diagnostic::error(
                        Code::SnapshotUnusable,
                        format!(
                            "the policies of `{}` were not read, and a guard needs them for `grants-policy`",
                            external.name
                        ),
                    )
                    .at_origin(self.subject.files.origins, external.origin, "externally managed, so only the live permission set has them")
                    .help("take the snapshot again with `rolecall snapshot`, which reads every permission set in full"),
                ),
            }
        }
        found
    }
}
