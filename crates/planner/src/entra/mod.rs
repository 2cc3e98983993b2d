//! The Entra half of a plan: the enterprise application, who is assigned to it, provisioning, SAML, and the conditional
//! access policy.
//!
//! Nothing in Entra is taken away by omission. A group is unassigned only where the files say so, URLs and
//! certificates are only added, and a policy is made in report-only first.

mod groups;
mod mfa;
mod saml;
mod sync;

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::{Application, GroupIx, KeptPrincipals, Unassign};
use rolecall_model::entra::{DirectoryGroup, EnterpriseApplication, Tenant};
use rolecall_model::{Code, Date, Diagnostic, EntraOperation, ObjectId, OriginId, Principal};
use serde_json::{Value, json};

pub(crate) use groups::TenantDirectory;

use crate::compare::Naming;
use crate::expand::{Desired, Key};
use crate::plan::{Action, Change, EntraChange, Reason, Row, Violation};
use crate::{Inputs, Settings};

/// So many members of a new group are provisioned on demand, at five a call and five calls in ten seconds; the others come
/// with the next cycle. The grants wait for the group, which the first call makes.
const MOST_MEMBERS_ON_DEMAND: usize = 50;

/// What comparing the Entra half yields.
#[derive(Default)]
pub(crate) struct EntraComparison {
    pub(crate) changes: Vec<Change>,
    pub(crate) findings: Vec<Diagnostic>,
    /// Guards that a change of the conditional access policy breaks.
    pub(crate) violations: Vec<Violation>,
}

/// Compares. Without an `entra` node, or without an application in it, there is nothing to compare.
pub(crate) fn compare(inputs: &Inputs<'_>, settings: &Settings, desired: &Desired<'_>) -> EntraComparison {
    let mut comparison = EntraComparison::default();
    let application = inputs.config.entra.as_ref().and_then(|entra| entra.application.as_ref());
    comparison.findings.extend(waiting_groups(inputs, settings, desired, application.is_some()));
    // That the tenant was read has been checked before anything was compared.
    let (Some(declared), Some(tenant)) = (application, inputs.snapshot.entra.as_ref()) else {
        return comparison;
    };
    let named: Vec<&EnterpriseApplication> =
        tenant.applications.iter().filter(|live| live.display_name == declared.name).collect();
    let live = match (&named[..], declared.create) {
        ([one], _) => Some(*one),
        ([], Some(_)) => None,
        ([], None) => {
            comparison.findings.push(missing(declared, inputs));
            return comparison;
        }
        (several, _) => {
            comparison.findings.push(ambiguous(declared, several, inputs));
            return comparison;
        }
    };
    let mut comparer =
        Comparer { inputs, settings, today: settings.today, desired, tenant, declared, live, comparison };
    comparer.run();
    comparer.comparison
}

/// The groups that the files use in an `assign` that is not over, with the directory's view of each.
pub(crate) fn used_groups<'a>(
    inputs: &Inputs<'_>,
    today: Date,
    tenant: &'a Tenant,
) -> Vec<(GroupIx, &'a DirectoryGroup)> {
    let rules = inputs.config.assignments.iter();
    let rules = rules.filter(|rule| rule.until.is_none_or(|until| until.date >= today));
    let used: BTreeSet<GroupIx> = rules.flat_map(|rule| &rule.groups).copied().collect();
    let directory = TenantDirectory::new(tenant);
    // A group that the directory does not have has been reported.
    let found = used
        .into_iter()
        .filter_map(|index| Some((index, directory.group(&inputs.config[index], inputs).ok()?)));
    found.collect()
}

struct Comparer<'a> {
    inputs: &'a Inputs<'a>,
    settings: &'a Settings,
    today: Date,
    desired: &'a Desired<'a>,
    tenant: &'a Tenant,
    declared: &'a Application,
    /// `None` where it is still to be made.
    live: Option<&'a EnterpriseApplication>,
    comparison: EntraComparison,
}

impl Comparer<'_> {
    fn run(&mut self) {
        let name = self.declared.name.clone();
        if self.live.is_none() {
            let origin = self.declared.create.unwrap_or(self.declared.origin);
            self.change(EntraOperation::CreateApplication { name }, Value::Null, origin);
        }
        self.saml();
        self.provisioning();
        self.assign_groups();
        self.unassign_groups();
        self.require_mfa();
    }

    fn used_groups(&self) -> Vec<(GroupIx, &DirectoryGroup)> {
        used_groups(self.inputs, self.today, self.tenant)
    }

    /// The groups that a `keep` names.
    fn kept_groups(&self) -> BTreeSet<ObjectId> {
        let directory = TenantDirectory::new(self.tenant);
        let named = self.inputs.config.keeps.iter().flat_map(|keep| match &keep.principals {
            KeptPrincipals::These { groups, users: _ } => groups.as_slice(),
            KeptPrincipals::Anyone | KeptPrincipals::Undeclared => &[],
        });
        let found = named.filter_map(|index| {
            Some(directory.group(&self.inputs.config[*index], self.inputs).ok()?.id.clone())
        });
        found.collect()
    }

    fn is_assigned(&self, group: &ObjectId) -> bool {
        let assignments = self.live.map(|live| &live.assignments[..]).unwrap_or_default();
        assignments.iter().any(|assignment| assignment.principal == *group)
    }

    fn assign_groups(&mut self) {
        let used: Vec<(GroupIx, DirectoryGroup)> =
            self.used_groups().into_iter().map(|(index, group)| (index, group.clone())).collect();
        for (index, group) in used {
            let declaration = &self.inputs.config[index];
            if !group.nested.is_empty() {
                self.comparison.findings.push(self.nested(&group, declaration.origin));
            }
            let is_assigned = self.is_assigned(&group.id);
            let is_new =
                self.desired.principals.groups.get(&index) == Some(&Principal::NewGroup(group.id.clone()));
            match self.declared.assign_groups {
                Some(origin) if !is_assigned => {
                    if !group.security_enabled {
                        self.comparison.findings.push(not_assignable(
                            &group,
                            declaration.origin,
                            self.inputs,
                        ));
                        continue;
                    }
                    let step = EntraOperation::AssignGroup {
                        application: self.declared.name.clone(),
                        group: group.id.clone(),
                        name: group.display_name.clone(),
                    };
                    self.change(step, Value::Null, origin);
                }
                None if !is_assigned => {
                    self.comparison.findings.push(self.not_assigned(&group, declaration.origin, is_new));
                    continue;
                }
                Some(_) | None => {}
            }
            if is_new {
                self.provision_group(&group, declaration.origin);
            }
        }
    }

    /// A group that is not in the Identity Store yet is carried there, so that one apply is enough.
    fn provision_group(&mut self, group: &DirectoryGroup, origin: OriginId) {
        let step = EntraOperation::ProvisionGroup {
            application: self.declared.name.clone(),
            group: group.id.clone(),
            name: group.display_name.clone(),
            members: group.members.iter().take(MOST_MEMBERS_ON_DEMAND).cloned().collect(),
        };
        self.change(step, Value::Null, origin);
    }

    fn unassign_groups(&mut self) {
        let used: BTreeSet<ObjectId> =
            self.used_groups().into_iter().map(|(_, group)| group.id.clone()).collect();
        let kept: BTreeSet<ObjectId> = self.kept_groups();
        let assignments = self.live.map(|live| live.assignments.clone()).unwrap_or_default();
        for Unassign { group, origin } in &self.declared.unassign {
            let meant: Vec<_> = assignments
                .iter()
                .filter(|one| one.is_group)
                .filter(|one| {
                    one.principal_name == *group || one.principal.as_str().eq_ignore_ascii_case(group)
                })
                .collect();
            let [assignment] = meant[..] else {
                if meant.is_empty() {
                    let what = format!("`{group}` is not assigned to the application");
                    self.idle(what, *origin, "there is nothing to take off");
                } else {
                    self.comparison.findings.push(
                        Diagnostic::error(
                            Code::AmbiguousGroup,
                            format!("{} assigned groups are named `{group}`", meant.len()),
                        )
                        .at_origin(self.inputs.origins, *origin, "the name does not say which of them")
                        .help("write the group's object id"),
                    );
                }
                continue;
            };
            if used.contains(&assignment.principal) || kept.contains(&assignment.principal) {
                self.comparison.findings.push(
                    Diagnostic::error(
                        Code::UnassignContradiction,
                        format!(
                            "`{group}` is taken off the application, and an `assign` or a `keep` uses it"
                        ),
                    )
                    .at_origin(
                        self.inputs.origins,
                        *origin,
                        "this deletes the group in AWS, with all its rows",
                    )
                    .help("take the group out of every `assign` and `keep` first, or leave it assigned"),
                );
                continue;
            }
            let step = EntraOperation::UnassignGroup {
                application: self.declared.name.clone(),
                group: assignment.principal.clone(),
                name: assignment.principal_name.clone(),
            };
            let unread = self
                .inputs
                .snapshot
                .permission_sets
                .iter()
                .find(|set| self.inputs.snapshot.coverage.depth(&set.name).is_none());
            if let Some(set) = unread {
                self.comparison.findings.push(
                    Diagnostic::error(
                        Code::SnapshotUnusable,
                        format!("the rows of `{}` were not read, and some may go with `{group}`", set.name),
                    )
                    .at_origin(self.inputs.origins, *origin, "what this takes away must be known whole")
                    .help("take the snapshot again with `rolecall snapshot`, which reads every row"),
                );
                continue;
            }
            let rows = self.rows_of(&assignment.principal, &assignment.principal_name);
            let before = json!({ "assigned": true });
            self.change_with_rows(step, before, *origin, rows);
        }
    }

    /// Every live row of a group of Entra, on permission sets of any owner: AWS drops them all with the group.
    fn rows_of(&self, group: &ObjectId, name: &str) -> Vec<Row> {
        let groups = &self.inputs.snapshot.groups;
        let by_id = groups.iter().find(|live| {
            live.external_ids.iter().any(|external| external.id.eq_ignore_ascii_case(group.as_str()))
        });
        let by_name = || groups.iter().find(|live| live.display_name == name && live.external_ids.is_empty());
        // A group that provisioning never brought has none.
        let Some(live) = by_id.or_else(by_name) else { return Vec::new() };
        let tables = &self.desired.tables;
        let Some(principal) = tables.principal(&Principal::Group(live.id.clone())) else {
            return Vec::new();
        };
        let naming = Naming::new(self.inputs, self.desired);
        let rows = crate::expand::live_keys(self.inputs, tables).into_iter();
        let rows = rows.filter(|Key { principal: of, .. }| *of == principal);
        rows.map(|key| naming.row(key)).collect()
    }

    fn change(&mut self, step: EntraOperation, before: Value, origin: OriginId) {
        self.change_with_rows(step, before, origin, Vec::new());
    }

    fn change_with_rows(&mut self, step: EntraOperation, before: Value, origin: OriginId, rows: Vec<Row>) {
        self.comparison.changes.push(Change {
            action: Action::Entra(Box::new(EntraChange {
                tenant: self.tenant.id.clone(),
                service_principal: self.live.map(|live| live.service_principal_id.clone()),
                is_awaited: self.is_awaited(&step),
                step,
                before,
                rows,
            })),
            reason: Reason::Declared { until: None, note: None },
            written: Some(self.inputs.written(origin)),
        });
    }

    /// Whether grants wait for the group that the step brings to AWS.
    fn is_awaited(&self, step: &EntraOperation) -> bool {
        let EntraOperation::ProvisionGroup { group, .. } = step else { return false };
        let is_new = |principal: &Principal| *principal == Principal::NewGroup(group.clone());
        !self.settings.defer_missing_groups && self.desired.principals.groups.values().any(is_new)
    }

    fn warn(&mut self, code: Code, message: String, origin: OriginId, label: &str, help: &str) {
        self.comparison.findings.push(
            Diagnostic::warning(code, message).at_origin(self.inputs.origins, origin, label).help(help),
        );
    }

    fn idle(&mut self, message: String, origin: OriginId, label: &str) {
        self.warn(Code::IdleWord, message, origin, label, "take the word away");
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
            format!("members of {} do not get what `{}` gets", nested.join(", "), group.display_name),
        )
        .at_origin(
            self.inputs.origins,
            origin,
            "groups are within this group, and provisioning does not look into them",
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
            .at_origin(self.inputs.origins, origin, "provisioning does not carry this group to AWS")
            .help("write `assign-groups` into the `application`, or assign the group in Entra ID")
    }
}

/// A group that no application takes.
pub(crate) fn not_assignable(group: &DirectoryGroup, origin: OriginId, inputs: &Inputs<'_>) -> Diagnostic {
    Diagnostic::error(
        Code::GroupNotAssignable,
        format!("`{}` is not a security group, and cannot be assigned to an application", group.display_name),
    )
    .at_origin(inputs.origins, origin, "this group has securityEnabled=false in Entra ID")
    .help("make a security group with the same members, and declare that")
}

/// Groups that are not in the Identity Store yet, where nothing of this plan brings them there in time.
fn waiting_groups(
    inputs: &Inputs<'_>,
    settings: &Settings,
    desired: &Desired<'_>,
    has_application: bool,
) -> Vec<Diagnostic> {
    if has_application && !settings.defer_missing_groups {
        return Vec::new();
    }
    let rules = inputs.config.assignments.iter();
    let rules = rules.filter(|rule| rule.until.is_none_or(|until| until.date >= settings.today));
    let used: BTreeSet<GroupIx> = rules.flat_map(|rule| &rule.groups).copied().collect();
    let is_new =
        |index: &GroupIx| matches!(desired.principals.groups.get(index), Some(Principal::NewGroup(_)));
    let found = used.into_iter().filter(is_new).map(|index| {
        let group = &inputs.config[index];
        let message = format!("`{}` is in Entra ID, and not in the Identity Store yet", group.label);
        let found = if settings.defer_missing_groups {
            Diagnostic::warning(Code::GroupWaits, message)
                .help("its grants are left out; the plan after provisioning has brought the group has them")
        } else {
            Diagnostic::error(Code::GroupWaits, message).help(
                "assign it to the enterprise application and wait for provisioning (about 40 minutes), declare the \
                 `application` to have that done, or plan with --defer-missing-groups",
            )
        };
        found.at_origin(inputs.origins, group.origin, "nothing can be granted to it there")
    });
    found.collect()
}

fn missing(declared: &Application, inputs: &Inputs<'_>) -> Diagnostic {
    Diagnostic::error(
        Code::ApplicationMissing,
        format!("the tenant has no enterprise application named `{}`", declared.name),
    )
    .at_origin(inputs.origins, declared.origin, "names match exactly")
    .help("correct the name, or write `create` into its block to make it from the gallery")
}

fn ambiguous(declared: &Application, found: &[&EnterpriseApplication], inputs: &Inputs<'_>) -> Diagnostic {
    let ids: Vec<&str> = found.iter().map(|one| one.service_principal_id.as_str()).collect();
    Diagnostic::error(
        Code::AmbiguousApplication,
        format!("{} enterprise applications are named `{}`: {}", ids.len(), declared.name, ids.join(", ")),
    )
    .at_origin(inputs.origins, declared.origin, "the name does not say which of them")
    .help("give the one that is meant another name in Entra ID, and write that")
}
