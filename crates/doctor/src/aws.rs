//! The AWS half.

use std::collections::BTreeSet;

use rolecall_model::snapshot::Depth;
use rolecall_model::{Code, Diagnostic, Principal};
use rolecall_planner::phrases::count;
use rolecall_planner::{check_instance, check_ownership, is_ours};

use super::{Doctor, Half};

impl Doctor<'_> {
    pub(super) fn aws(&mut self) {
        let holds = format!("AWS accepts the credentials of {}", self.snapshot.caller.arn);
        self.check(Half::Aws, "aws-access", holds, Vec::new());
        self.instance();
        self.administrator();
        self.permission_sets();
        self.orphans();
    }

    /// `unfound` contains the diagnostics of looking up the declared groups and named users.
    pub(super) fn found(&mut self, unfound: Vec<Diagnostic>) {
        let config = self.files.config;
        if self.reading.tenant.is_some() {
            // The tenant decides which groups exist, and could not be read.
            return;
        }
        let users: BTreeSet<&str> = config.users().map(|user| user.name.as_str()).collect();
        let holds = format!(
            "{} and {} in the configuration were found",
            count(config.groups.len(), "group"),
            count(users.len(), "user")
        );
        // If there is a tenant, groups are looked up there first.
        let half = match self.files.config.entra.is_some() && self.snapshot.entra.is_some() {
            true => Half::Entra,
            false => Half::Aws,
        };
        self.check(half, "groups-found", holds, unfound);
    }

    fn instance(&mut self) {
        let found = check_instance(self.files, self.snapshot);
        let instance = &self.snapshot.instance;
        let holds =
            format!("{} in {}, its primary Region, is the configured instance", instance.id, instance.region);
        self.check(Half::Aws, "aws-instance", holds, found);
    }

    fn administrator(&mut self) {
        let snapshot = self.snapshot;
        let (account, management) = (snapshot.caller.account, snapshot.organization.management_account);
        if !snapshot.caller_is_delegated() {
            let holds = format!("{account} is the management account");
            self.check(Half::Aws, "aws-administrator", holds, Vec::new());
            return;
        }
        let sealed: Vec<String> = snapshot
            .permission_sets
            .iter()
            .filter(|set| is_ours(set, self.files.config) && set.provisioned.contains(&management))
            .map(|set| set.name.to_string())
            .collect();
        let mut found = Vec::new();
        if !snapshot.organization.delegated_administrators.contains(&account) {
            found.push(
                Diagnostic::warning(
                    Code::SealedPermissionSet,
                    format!("{account} is not listed as a delegated administrator of IAM Identity Center"),
                )
                .help("register it in the management account: IAM Identity Center, Settings, Delegated administrator"),
            );
        }
        if !sealed.is_empty() {
            found.push(
                Diagnostic::warning(
                    Code::SealedPermissionSet,
                    format!(
                        "{account} is a delegated administrator and cannot change permission sets that are provisioned in \
                         the management account: {}",
                        super::some_of(&sealed)
                    ),
                )
                .help("use credentials of the management account for these, or do not provision them there"),
            );
        }
        let holds = format!("{account} is a delegated administrator of IAM Identity Center");
        self.check(Half::Aws, "aws-administrator", holds, found);
    }

    fn permission_sets(&mut self) {
        let found = check_ownership(self.files, self.snapshot);
        let sets = &self.snapshot.permission_sets;
        let ours = sets.iter().filter(|set| is_ours(set, self.files.config)).count();
        let holds = format!(
            "{} can be read, {ours} of them owned by stack {}",
            count(sets.len(), "permission set"),
            self.files.config.stack
        );
        self.check(Half::Aws, "permission-sets", holds, found);
    }

    /// Reports orphaned assignments. They use up quota, and no one can get such an id again.
    fn orphans(&mut self) {
        let snapshot = self.snapshot;
        let groups: BTreeSet<_> = snapshot.groups.iter().map(|group| &group.id).collect();
        let users: BTreeSet<_> = snapshot.users.iter().map(|user| &user.id).collect();
        let orphans: Vec<String> = snapshot
            .assignments
            .iter()
            .filter(|row| match &row.principal {
                Principal::Group(id) => !groups.contains(id),
                Principal::User(id) => !users.contains(id),
                Principal::NewGroup(_) => false,
            })
            .map(|row| format!("{} on {}", row.permission_set, row.account))
            .collect();
        let mut found = Vec::new();
        if !orphans.is_empty() {
            let named: BTreeSet<String> = orphans.iter().cloned().collect();
            let named: Vec<String> = named.into_iter().collect();
            found.push(
                Diagnostic::warning(
                    Code::OrphanedRows,
                    format!("{}: {}", count_orphans(orphans.len()), super::some_of(&named)),
                )
                .help(
                    "`rolecall plan` shows those of this stack's permission sets, and `rolecall apply` revokes them",
                ),
            );
        }
        let rows = snapshot.assignments.len();
        self.check(
            Half::Aws,
            "orphans",
            format!("none of the {} read is orphaned", count(rows, "assignment")),
            found,
        );
        let by_principal = snapshot
            .permission_sets
            .iter()
            .any(|set| matches!(snapshot.coverage.depth(&set.name), Some(Depth::ByPrincipal { .. })));
        if by_principal {
            self.unchecked(
                "orphaned assignments of permission sets that were read by principal, to save API calls",
            );
        }
    }
}

fn count_orphans(rows: usize) -> String {
    match rows {
        1 => "1 assignment belongs to a deleted group or user".to_owned(),
        rows => format!("{rows} assignments belong to deleted groups or users"),
    }
}
