//! `require-mfa`: the conditional access policy of the application.

use std::collections::BTreeSet;

use rolecall_model::config::{GroupIx, RequireMfa};
use rolecall_model::entra::{AccessPolicy, ConditionalAccessPolicy, MfaStrength, PolicyState};
use rolecall_model::{Code, Diagnostic, EntraOperation, ObjectId};
use serde_json::Value;

use super::Comparer;
use crate::phrases::policy_state;
use crate::plan::Violation;

impl Comparer<'_> {
    pub(super) fn require_mfa(&mut self) {
        let Some(wanted) = self.declared.require_mfa.clone() else { return };
        let named: Vec<ConditionalAccessPolicy> = self
            .tenant
            .conditional_access
            .iter()
            .filter(|live| live.policy.name == wanted.name)
            .cloned()
            .collect();
        match &named[..] {
            [] => self.create_policy(&wanted),
            [one] => self.compare_policy(&wanted, one),
            several => {
                let ids: Vec<&str> = several.iter().map(|one| one.id.as_str()).collect();
                self.comparison.findings.push(
                    Diagnostic::error(
                        Code::AmbiguousPolicy,
                        format!("{} policies are named `{}`: {}", ids.len(), wanted.name, ids.join(", ")),
                    )
                    .at_origin(self.files.origins, wanted.origin, "the name is ambiguous")
                    .help("give the others different names in Entra ID"),
                );
            }
        }
    }

    /// A policy is made in report-only whatever is declared: one that binds the wrong people locks them out at once.
    fn create_policy(&mut self, wanted: &RequireMfa) {
        let policy = self.policy(wanted, PolicyState::EnabledForReportingButNotEnforced);
        if wanted.state == PolicyState::Enabled {
            self.warn(
                Code::MfaWaits,
                format!("`{}` is created in report-only first", wanted.name),
                wanted.origin,
                "`enabled` takes effect only for a policy that is already in report-only",
                "check its results in the sign-in logs of Entra ID; the next plan enables it",
            );
        }
        let application = self.declared.name.clone();
        self.change(EntraOperation::CreatePolicy { application, policy }, Value::Null, wanted.origin);
    }

    fn compare_policy(&mut self, wanted: &RequireMfa, live: &ConditionalAccessPolicy) {
        let ConditionalAccessPolicy { id, policy: before } = live;
        if wanted.state == PolicyState::Enabled && self.excepts_nobody(&wanted.except) {
            self.comparison.findings.push(
                Diagnostic::error(
                    Code::MfaWithoutException,
                    format!("the groups that `{}` excludes have no members", wanted.name),
                )
                .at_origin(
                    self.files.origins,
                    wanted.origin,
                    "if enabled, this policy would apply to everyone",
                )
                .help("add your emergency access accounts to one of them first"),
            );
            return;
        }
        // What is enabled must have stood in report-only as it is: a policy that is off, or that says something else, is put
        // into report-only first, like one that is made.
        let as_it_stands = merged(before, &self.policy(wanted, before.state));
        let has_stood =
            before.state == PolicyState::EnabledForReportingButNotEnforced && as_it_stands == *before;
        if before.state == PolicyState::Enabled && as_it_stands != *before {
            self.warn(
                Code::MfaWaits,
                format!("`{}` is enabled, and changes immediately", wanted.name),
                wanted.origin,
                "the changed policy has not run in report-only",
                "to see its results in the sign-in logs first, declare it under another name in report-only",
            );
        }
        let unnamed =
            before.exclude_groups.difference(&self.policy(wanted, before.state).exclude_groups).count();
        if unnamed > 0 {
            self.warn(
                Code::MfaWaits,
                format!("`{}` excludes {unnamed} more groups than the configuration", wanted.name),
                wanted.origin,
                "they stay excluded: omitting a group removes nothing in Entra ID",
                "name them with `except-to`, or remove them from the policy in Entra ID",
            );
        }
        let state = match (before.state, wanted.state) {
            (
                PolicyState::Disabled | PolicyState::EnabledForReportingButNotEnforced,
                PolicyState::Enabled,
            ) if !has_stood => {
                self.warn(
                    Code::MfaWaits,
                    format!("`{}` is set to report-only first", wanted.name),
                    wanted.origin,
                    "`enabled` takes effect only for a policy that is already in report-only",
                    "check its results in the sign-in logs of Entra ID; the next plan enables it",
                );
                PolicyState::EnabledForReportingButNotEnforced
            }
            (_, wanted) => wanted,
        };
        let after = merged(before, &self.policy(wanted, state));
        if after == *before {
            return;
        }
        let weaker = weakened(before, &after);
        if !weaker.is_empty() {
            self.comparison.violations.push(Violation {
                code: Code::PolicyWeakened,
                message: format!("`{}` would be weakened: {}", wanted.name, weaker.join(", ")),
                assignments: Vec::new(),
                written: Some(self.files.written(wanted.origin)),
            });
        }
        let step = EntraOperation::UpdatePolicy {
            id: id.clone(),
            application: self.declared.name.clone(),
            policy: after,
        };
        let before = serde_json::to_value(before).unwrap_or(Value::Null);
        self.change(step, before, wanted.origin);
    }

    /// Whether no excepted group has a member.
    fn excepts_nobody(&self, except: &[GroupIx]) -> bool {
        let mut groups = except.iter().filter_map(|index| self.resolution.group_of_tenant(*index));
        groups.all(|group| group.members.is_empty())
    }

    fn policy(&self, wanted: &RequireMfa, state: PolicyState) -> AccessPolicy {
        // A group that the tenant does not have has been reported.
        let except = wanted.except.iter().filter_map(|index| self.resolution.group_of_tenant(*index));
        let exclude_groups: BTreeSet<ObjectId> = except.map(|group| group.id.clone()).collect();
        // Until the application exists, its client id is filled in when the policy is made.
        let applications = self.live.map(|live| live.client_id.to_string()).into_iter().collect();
        let (controls, strength) = match wanted.strength {
            MfaStrength::Mfa => (["mfa".to_owned()].into(), None),
            stronger => (BTreeSet::new(), Some(stronger.strength_id().to_owned())),
        };
        AccessPolicy {
            name: wanted.name.clone(),
            state,
            applications,
            include_users: ["All".to_owned()].into(),
            include_groups: BTreeSet::new(),
            exclude_groups,
            exclude_users: BTreeSet::new(),
            client_app_types: ["all".to_owned()].into(),
            controls,
            strength,
        }
    }
}

/// What is declared, over what is live: single users who are excepted stay excepted, since nothing is taken away by
/// omission that would lock somebody out; other applications stay bound.
fn merged(before: &AccessPolicy, wanted: &AccessPolicy) -> AccessPolicy {
    let mut after = wanted.clone();
    after.exclude_users.clone_from(&before.exclude_users);
    after.exclude_groups.extend(before.exclude_groups.iter().cloned());
    after.controls.extend(before.controls.iter().filter(|control| *control != "mfa").cloned());
    if before.applications.contains("All") {
        // Every application is one more than any list.
        after.applications.clone_from(&before.applications);
    } else {
        after.applications.extend(before.applications.iter().cloned());
    }
    after
}

/// How strong what a policy demands is.
fn strength(policy: &AccessPolicy) -> u8 {
    match policy.strength.as_deref() {
        Some(id) if id == MfaStrength::PhishingResistant.strength_id() => 3,
        Some(id) if id == MfaStrength::Passwordless.strength_id() => 2,
        // What a strength of one's own demands is not read: replacing it may be less.
        Some(id) if id == MfaStrength::Mfa.strength_id() => 1,
        Some(_) => 4,
        None => u8::from(policy.controls.contains("mfa")),
    }
}

fn force(state: PolicyState) -> u8 {
    match state {
        PolicyState::Disabled => 0,
        PolicyState::EnabledForReportingButNotEnforced => 1,
        PolicyState::Enabled => 2,
    }
}

/// In what a policy would demand less than it does.
fn weakened(before: &AccessPolicy, after: &AccessPolicy) -> Vec<String> {
    let mut found = Vec::new();
    if force(after.state) < force(before.state) {
        found.push(format!("from {} to {}", policy_state(before.state), policy_state(after.state)));
    }
    if strength(after) < strength(before) {
        found.push("a weaker sign-in would suffice".to_owned());
    }
    let more = after.exclude_groups.difference(&before.exclude_groups).count();
    // In report-only nobody is bound yet, and exceptions are what that time is for.
    if more > 0 && before.state == PolicyState::Enabled {
        found.push(format!("{more} more excluded groups"));
    }
    found
}
