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

    /// Creates a policy in report-only, whatever is declared: an enabled policy that applies to the wrong people locks
    /// them out immediately.
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
        if wanted.state == PolicyState::Enabled && self.excludes_only_empty_groups(&wanted.except) {
            self.comparison.findings.push(self.excludes_nobody(wanted));
            return;
        }
        let state = self.next_state(wanted, before);
        self.warn_of_other_exclusions(wanted, before);
        let after = merge(before, &self.policy(wanted, state));
        if after == *before {
            return;
        }
        let weaker = weakenings(before, &after);
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

    fn excludes_nobody(&self, wanted: &RequireMfa) -> Diagnostic {
        Diagnostic::error(
            Code::MfaWithoutException,
            format!("the groups that `{}` excludes have no members", wanted.name),
        )
        .at_origin(self.files.origins, wanted.origin, "if enabled, this policy would apply to everyone")
        .help("add your emergency access accounts to one of them first")
    }

    /// The state to set. A policy must run in report-only before it is enabled: one that is off or different is set to
    /// report-only first, like a new one.
    fn next_state(&mut self, wanted: &RequireMfa, before: &AccessPolicy) -> PolicyState {
        let would_stay = merge(before, &self.policy(wanted, before.state)) == *before;
        match (before.state, wanted.state) {
            (PolicyState::Enabled, _) if !would_stay => {
                self.warn(
                    Code::MfaWaits,
                    format!("`{}` is enabled, and changes immediately", wanted.name),
                    wanted.origin,
                    "the changed policy has not run in report-only",
                    "to see its results in the sign-in logs first, declare it under another name in report-only",
                );
                wanted.state
            }
            (PolicyState::EnabledForReportingButNotEnforced, PolicyState::Enabled) if would_stay => {
                wanted.state
            }
            (
                PolicyState::Disabled | PolicyState::EnabledForReportingButNotEnforced,
                PolicyState::Enabled,
            ) => {
                self.warn(
                    Code::MfaWaits,
                    format!("`{}` is set to report-only first", wanted.name),
                    wanted.origin,
                    "`enabled` takes effect only for a policy that is already in report-only",
                    "check its results in the sign-in logs of Entra ID; the next plan enables it",
                );
                PolicyState::EnabledForReportingButNotEnforced
            }
            (
                PolicyState::Disabled | PolicyState::EnabledForReportingButNotEnforced | PolicyState::Enabled,
                _,
            ) => wanted.state,
        }
    }

    fn warn_of_other_exclusions(&mut self, wanted: &RequireMfa, before: &AccessPolicy) {
        let named = self.policy(wanted, before.state).exclude_groups;
        let unnamed = before.exclude_groups.difference(&named).count();
        if unnamed > 0 {
            self.warn(
                Code::MfaWaits,
                format!("`{}` excludes {unnamed} more groups than the configuration", wanted.name),
                wanted.origin,
                "they stay excluded: omitting a group removes nothing in Entra ID",
                "name them with `except-to`, or remove them from the policy in Entra ID",
            );
        }
    }

    /// Whether no excluded group has a member.
    fn excludes_only_empty_groups(&self, except: &[GroupIx]) -> bool {
        let mut groups = except.iter().filter_map(|index| self.resolution.group_of_tenant(*index));
        groups.all(|group| group.members.is_empty())
    }

    fn policy(&self, wanted: &RequireMfa, state: PolicyState) -> AccessPolicy {
        // A group that the tenant does not have has been reported.
        let except = wanted.except.iter().filter_map(|index| self.resolution.group_of_tenant(*index));
        let exclude_groups: BTreeSet<ObjectId> = except.map(|group| group.id.clone()).collect();
        // If the application does not exist yet, its client id is filled in when the policy is created.
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

/// Merges the declared policy into the live one: excluded users stay excluded, because omissions must not lock anyone
/// out; other applications stay covered.
fn merge(before: &AccessPolicy, wanted: &AccessPolicy) -> AccessPolicy {
    let mut after = wanted.clone();
    after.exclude_users.clone_from(&before.exclude_users);
    after.exclude_groups.extend(before.exclude_groups.iter().cloned());
    after.controls.extend(before.controls.iter().filter(|control| *control != "mfa").cloned());
    if before.applications.contains("All") {
        // All applications include every list.
        after.applications.clone_from(&before.applications);
    } else {
        after.applications.extend(before.applications.iter().cloned());
    }
    after
}

/// Returns the strength of a policy's requirement.
fn strength(policy: &AccessPolicy) -> u8 {
    match policy.strength.as_deref() {
        Some(id) if id == MfaStrength::PhishingResistant.strength_id() => 3,
        Some(id) if id == MfaStrength::Passwordless.strength_id() => 2,
        // Custom authentication strengths are not read: replacing one may weaken the policy.
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

/// Describes how a policy would be weakened.
fn weakenings(before: &AccessPolicy, after: &AccessPolicy) -> Vec<String> {
    let mut found = Vec::new();
    if force(after.state) < force(before.state) {
        found.push(format!("from {} to {}", policy_state(before.state), policy_state(after.state)));
    }
    if strength(after) < strength(before) {
        found.push("it would accept a weaker sign-in method".to_owned());
    }
    let more = after.exclude_groups.difference(&before.exclude_groups).count();
    // In report-only no one is affected yet, and this is the time to add exclusions.
    if more > 0 && before.state == PolicyState::Enabled {
        found.push(format!("{more} more excluded groups"));
    }
    found
}
