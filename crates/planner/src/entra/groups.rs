//! Groups: their assignment to the application, and their provisioning to AWS.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::{GroupIx, KeptPrincipals, Unassign};
use rolecall_model::entra::{AppRoleAssignment, DirectoryGroup};
use rolecall_model::{Code, Diagnostic, EntraOperation, ObjectId, OriginId, Origins, Principal};
use serde_json::{Value, json};

use super::Comparer;
use crate::directory::Resolution;
use crate::inputs::{Checkout, Settings};
use crate::plan::NamedAssignment;

/// Maximum number of members of a new group that are provisioned on demand, at five per call and five calls per ten
/// seconds; the next cycle provisions the others. Grants wait only for the group, which the first call creates.
const MOST_MEMBERS_ON_DEMAND: usize = 50;

impl Comparer<'_> {
    /// Assigns each used group to the application, and provisions those that are not in the Identity Store yet.
    pub(super) fn assign_groups(&mut self) {
        for (index, group) in self.resolution.used_groups(self.files.config, self.settings.today) {
            let origin = self.files.config[index].origin;
            if !group.nested.is_empty() {
                self.comparison.findings.push(self.nested(group, origin));
            }
            let is_new = self.resolution.group(index) == Some(&Principal::NewGroup(group.id.clone()));
            let comes_to_aws = self.is_assigned(&group.id) || self.assign_group(group, origin, is_new);
            if is_new && comes_to_aws {
                self.provision_group(group, origin);
            }
        }
    }

    /// Assigns a group that is not assigned, if the configuration says so and Entra ID allows it.
    fn assign_group(&mut self, group: &DirectoryGroup, declared: OriginId, is_new: bool) -> bool {
        let Some(origin) = self.declared.assign_groups else {
            self.comparison.findings.push(self.not_assigned(group, declared, is_new));
            return false;
        };
        if !group.security_enabled {
            self.comparison.findings.push(not_assignable(group, declared, self.files.origins));
            return false;
        }
        let step = EntraOperation::AssignGroup {
            application: self.declared.name.clone(),
            group: group.id.clone(),
            name: group.display_name.clone(),
        };
        self.change(step, Value::Null, origin);
        true
    }

    fn is_assigned(&self, group: &ObjectId) -> bool {
        self.assignments().iter().any(|assignment| assignment.principal == *group)
    }

    fn assignments(&self) -> &[AppRoleAssignment] {
        self.live.map(|live| &live.assignments[..]).unwrap_or_default()
    }

    /// Provisions a group that is not in the Identity Store yet, so that one apply is enough.
    fn provision_group(&mut self, group: &DirectoryGroup, origin: OriginId) {
        let step = EntraOperation::ProvisionGroup {
            application: self.declared.name.clone(),
            group: group.id.clone(),
            name: group.display_name.clone(),
            members: group.members.iter().take(MOST_MEMBERS_ON_DEMAND).cloned().collect(),
        };
        self.change(step, Value::Null, origin);
    }

    /// Unassigns groups from the application where the configuration says so.
    pub(super) fn unassign_groups(&mut self) {
        let needed = self.needed_groups();
        for unassign in &self.declared.unassign {
            let Some(assignment) = self.assignment_to_remove(unassign) else { continue };
            let (group, origin) = (&unassign.group, unassign.origin);
            if needed.contains(&assignment.principal) {
                self.comparison.findings.push(self.contradiction(group, origin));
            } else if let Some(unread) = self.unread(group, origin) {
                self.comparison.findings.push(unread);
            } else {
                let step = EntraOperation::UnassignGroup {
                    application: self.declared.name.clone(),
                    group: assignment.principal.clone(),
                    name: assignment.principal_name.clone(),
                };
                let lost = self.assignments_of(&assignment.principal, &assignment.principal_name);
                self.change_with_loss(step, json!({ "assigned": true }), origin, lost);
            }
        }
    }

    /// Returns the groups that a current `assign` or a `keep` names.
    fn needed_groups(&self) -> BTreeSet<ObjectId> {
        let used = self.resolution.used_groups(self.files.config, self.settings.today);
        let named = self.files.config.keeps.iter().flat_map(|keep| match &keep.principals {
            KeptPrincipals::These { groups, users: _ } => groups.as_slice(),
            KeptPrincipals::Anyone | KeptPrincipals::Undeclared => &[],
        });
        let kept = named.filter_map(|index| self.resolution.group_of_tenant(*index));
        used.into_iter().map(|(_, group)| group).chain(kept).map(|group| group.id.clone()).collect()
    }

    /// Returns the assignment that an `unassign` refers to.
    fn assignment_to_remove(&mut self, unassign: &Unassign) -> Option<AppRoleAssignment> {
        let Unassign { group, origin } = unassign;
        let is_meant = |one: &&AppRoleAssignment| {
            one.is_group
                && (one.principal_name == *group || one.principal.as_str().eq_ignore_ascii_case(group))
        };
        let meant: Vec<AppRoleAssignment> = self.assignments().iter().filter(is_meant).cloned().collect();
        match &meant[..] {
            [assignment] => Some(assignment.clone()),
            [] => {
                let what = format!("`{group}` is not assigned to the application");
                self.idle(what, *origin, "there is nothing to unassign");
                None
            }
            several => {
                self.comparison.findings.push(
                    Diagnostic::error(
                        Code::AmbiguousGroup,
                        format!("{} assigned groups are named `{group}`", several.len()),
                    )
                    .at_origin(self.files.origins, *origin, "the name is ambiguous")
                    .help("write the group's object id instead"),
                );
                None
            }
        }
    }

    fn contradiction(&self, group: &str, origin: OriginId) -> Diagnostic {
        Diagnostic::error(
            Code::UnassignContradiction,
            format!("`{group}` is unassigned from the application, but an `assign` or a `keep` uses it"),
        )
        .at_origin(self.files.origins, origin, "this deletes the group in AWS, with all its assignments")
        .help("remove the group from every `assign` and `keep` first, or leave it assigned")
    }

    /// Reports a snapshot that lacks assignments, because those removed with a group are then unknown.
    fn unread(&self, group: &str, origin: OriginId) -> Option<Diagnostic> {
        let sets = &self.snapshot.permission_sets;
        let unread = sets.iter().find(|set| self.snapshot.coverage.depth(&set.name).is_none())?;
        Some(
            Diagnostic::error(
                Code::SnapshotUnusable,
                format!(
                    "the assignments of `{}` were not read, and some may be removed with `{group}`",
                    unread.name
                ),
            )
            .at_origin(self.files.origins, origin, "the plan must show everything that this removes")
            .help("take the snapshot again with `rolecall snapshot`, which reads every assignment"),
        )
    }

    /// Returns every live assignment of a group of Entra ID, on permission sets of any owner: AWS removes them all with
    /// the group.
    fn assignments_of(&self, group: &ObjectId, name: &str) -> Vec<NamedAssignment> {
        let groups = &self.snapshot.groups;
        let by_id = groups.iter().find(|live| {
            live.external_ids.iter().any(|external| external.id.eq_ignore_ascii_case(group.as_str()))
        });
        let by_name = || groups.iter().find(|live| live.display_name == name && live.external_ids.is_empty());
        // A group that was never provisioned has none.
        let Some(live) = by_id.or_else(by_name) else { return Vec::new() };
        let principal = Principal::Group(live.id.clone());
        let principal_name = self.resolution.name_of(&principal);
        let assignments = self.snapshot.assignments.iter();
        let assignments = assignments.filter(|assignment| assignment.principal == principal);
        let named = assignments.map(|assignment| NamedAssignment {
            assignment: assignment.clone(),
            principal_name: principal_name.clone(),
            account_name: self
                .snapshot
                .account(assignment.account)
                .map_or_else(String::new, |account| account.name.clone()),
        });
        named.collect()
    }

    fn nested(&self, group: &DirectoryGroup, origin: OriginId) -> Diagnostic {
        let names: BTreeMap<&ObjectId, &str> =
            self.tenant.groups.iter().map(|one| (&one.id, one.display_name.as_str())).collect();
        let nested: Vec<String> = group
            .nested
            .iter()
            .map(|id| names.get(id).map_or_else(|| id.to_string(), |name| format!("`{name}`")))
            .collect();
        Diagnostic::warning(
            Code::NestedGroups,
            format!("members of {} do not get the access of `{}`", nested.join(", "), group.display_name),
        )
        .at_origin(
            self.files.origins,
            origin,
            "this group contains groups, and provisioning does not provision their members",
        )
        .help("assign the inner groups themselves, or make their users direct members")
    }

    fn not_assigned(&self, group: &DirectoryGroup, origin: OriginId, is_new: bool) -> Diagnostic {
        let message = format!("`{}` is not assigned to `{}`", group.display_name, self.declared.name);
        let found = if is_new {
            Diagnostic::error(Code::GroupNotAssigned, message)
        } else {
            Diagnostic::warning(Code::GroupNotAssigned, message)
        };
        found
            .at_origin(self.files.origins, origin, "this group is not provisioned to AWS")
            .help("write `assign-groups` into the `application`, or assign the group in Entra ID")
    }
}

/// Builds the error for a group that cannot be assigned to an application.
pub fn not_assignable(group: &DirectoryGroup, origin: OriginId, origins: &Origins) -> Diagnostic {
    Diagnostic::error(
        Code::GroupNotAssignable,
        format!("`{}` is not a security group, and cannot be assigned to an application", group.display_name),
    )
    .at_origin(origins, origin, "this group has securityEnabled=false in Entra ID")
    .help("create a security group with the same members, and declare it instead")
}

/// Reports groups that are not in the Identity Store yet and that this plan does not provision.
pub(super) fn waiting(
    files: &Checkout<'_>,
    settings: &Settings,
    resolution: &Resolution<'_>,
    has_application: bool,
) -> Vec<Diagnostic> {
    if has_application && !settings.defer_missing_groups {
        return Vec::new();
    }
    let used = resolution.used_groups(files.config, settings.today);
    let is_new = |index: &GroupIx| matches!(resolution.group(*index), Some(Principal::NewGroup(_)));
    let found = used.into_iter().map(|(index, _)| index).filter(is_new).map(|index| {
        let group = &files.config[index];
        let message = format!("`{}` is in Entra ID, but not in the Identity Store yet", group.label);
        let found = if settings.defer_missing_groups {
            Diagnostic::warning(Code::GroupWaits, message)
                .help("its grants are skipped; a plan includes them once the group is provisioned")
        } else {
            Diagnostic::error(Code::GroupWaits, message).help(
                "assign it to the enterprise application and wait for provisioning (about 40 minutes), declare the \
                 `application` so that an apply does both, or plan with --defer-missing-groups",
            )
        };
        found.at_origin(files.origins, group.origin, "AWS has no group to assign yet")
    });
    found.collect()
}
