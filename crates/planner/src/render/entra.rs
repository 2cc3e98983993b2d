//! Changes in Entra ID, in words and in lines.

use std::collections::BTreeSet;

use rolecall_model::EntraOperation;
use rolecall_model::entra::AccessPolicy;
use serde_json::Value;

use super::diff::line_diff;
use crate::phrases::{self, policy_state};
use crate::plan::{Action, Change, EntraChange};

/// A change in Entra ID.
pub(crate) struct EntraWords {
    /// Its mark.
    pub(crate) mark: &'static str,
    /// Returns the verb of the change.
    pub(crate) verb: &'static str,
    /// The subject.
    pub(crate) what: String,
    /// Additional words; may be empty.
    pub(crate) words: String,
    /// The differences, or the assignments that are removed with it.
    pub(crate) lines: Vec<String>,
}

/// Returns the verb of the change.
pub(crate) fn verb(step: &EntraOperation) -> &'static str {
    match step {
        EntraOperation::CreateApplication { .. }
        | EntraOperation::CreateSyncJob { .. }
        | EntraOperation::CreatePolicy { .. } => "create",
        EntraOperation::SetSamlMode { .. }
        | EntraOperation::SetUrls { .. }
        | EntraOperation::SetSyncSecrets { .. } => "set",
        EntraOperation::AddCertificate { .. } => "add",
        EntraOperation::PreferCertificate { .. } => "switch",
        EntraOperation::AssignGroup { .. } => "assign",
        EntraOperation::UnassignGroup { .. } => "unassign",
        EntraOperation::StartSync { .. } => "start",
        EntraOperation::RestartSync { .. } => "restart",
        EntraOperation::ProvisionGroup { .. } => "provision",
        EntraOperation::UpdatePolicy { .. } => "change",
    }
}

/// Returns the mark of a change.
pub(crate) fn mark(step: &EntraOperation) -> &'static str {
    match step {
        EntraOperation::CreateApplication { .. }
        | EntraOperation::CreateSyncJob { .. }
        | EntraOperation::CreatePolicy { .. }
        | EntraOperation::AddCertificate { .. }
        | EntraOperation::AssignGroup { .. }
        | EntraOperation::ProvisionGroup { .. } => "+",
        EntraOperation::UnassignGroup { .. } => "-",
        EntraOperation::SetSamlMode { .. }
        | EntraOperation::SetUrls { .. }
        | EntraOperation::SetSyncSecrets { .. }
        | EntraOperation::PreferCertificate { .. }
        | EntraOperation::StartSync { .. }
        | EntraOperation::RestartSync { .. }
        | EntraOperation::UpdatePolicy { .. } => "~",
    }
}

/// Describes a change in Entra ID; `None` for other changes.
pub(crate) fn entra_change(change: &Change) -> Option<EntraWords> {
    let Action::Entra(change) = &change.action else { return None };
    let EntraChange { tenant: _, service_principal: _, step, before, lost, is_awaited } = &**change;
    let (what, words, lines) = match step {
        EntraOperation::CreateApplication { name } => {
            (format!("application {name}"), "from the gallery".to_owned(), Vec::new())
        }
        EntraOperation::SetSamlMode { .. } => ("single sign-on".to_owned(), "to SAML".to_owned(), Vec::new()),
        EntraOperation::SetUrls { identifier_uris, redirect_uris, .. } => {
            let lines = added_urls(before, identifier_uris, redirect_uris);
            ("SAML URLs".to_owned(), format!("{} added", lines.len()), lines)
        }
        EntraOperation::AddCertificate { subject, not_after, .. } => {
            ("signing certificate".to_owned(), format!("{subject}, valid until {not_after}"), Vec::new())
        }
        EntraOperation::PreferCertificate { thumbprint, .. } => {
            let to = thumbprint.as_deref().unwrap_or("the new one");
            let from = before["thumbprint"].as_str().map(|from| format!("from {from} ")).unwrap_or_default();
            ("signing certificate".to_owned(), format!("{from}to {to}"), Vec::new())
        }
        EntraOperation::AssignGroup { application, name, .. } => {
            (format!("group {name}"), format!("to {application}"), Vec::new())
        }
        EntraOperation::UnassignGroup { application, name, .. } => {
            let lines = lost.iter().map(|one| format!("- {}", phrases::assignment(one))).collect();
            (format!("group {name}"), unassigned(application, lost.len()), lines)
        }
        EntraOperation::CreateSyncJob { .. } => {
            ("provisioning job".to_owned(), "SCIM to AWS".to_owned(), Vec::new())
        }
        EntraOperation::SetSyncSecrets { .. } => {
            ("provisioning credentials".to_owned(), "from the environment".to_owned(), Vec::new())
        }
        EntraOperation::StartSync { .. } => ("provisioning job".to_owned(), String::new(), Vec::new()),
        EntraOperation::RestartSync { .. } => {
            ("provisioning job".to_owned(), "to leave quarantine".to_owned(), Vec::new())
        }
        EntraOperation::ProvisionGroup { name, members, .. } => {
            let waits = if *is_awaited { "; grants wait for it" } else { "" };
            let words = format!("to AWS with {}{waits}", phrases::count(members.len(), "member"));
            (format!("group {name}"), words, Vec::new())
        }
        EntraOperation::CreatePolicy { policy, .. } => (
            format!("policy {}", policy.name),
            policy_state(policy.state).to_owned(),
            policy_lines(None, policy),
        ),
        EntraOperation::UpdatePolicy { policy, .. } => {
            let (words, lines) = policy_change(before, policy);
            (format!("policy {}", policy.name), words, lines)
        }
    };
    Some(EntraWords { mark: mark(step), verb: verb(step), what, words, lines })
}

/// The URLs that are new, with the list that each is in.
fn added_urls(before: &Value, identifiers: &BTreeSet<String>, redirects: &BTreeSet<String>) -> Vec<String> {
    let is_known = |list: &str, uri: &String| {
        before[list].as_array().is_some_and(|known| known.iter().any(|one| one == uri))
    };
    let identifiers = identifiers.iter().filter(|uri| !is_known("identifierUris", uri));
    let redirects = redirects.iter().filter(|uri| !is_known("redirectUris", uri));
    identifiers
        .map(|uri| format!("+ identifier  {uri}"))
        .chain(redirects.map(|uri| format!("+ reply URL   {uri}")))
        .collect()
}

fn unassigned(application: &str, lost: usize) -> String {
    match lost {
        0 => format!("from {application}; it has no account assignments"),
        count => format!(
            "from {application}; {} in AWS {} removed with it",
            phrases::count(count, "account assignment"),
            if count == 1 { "is" } else { "are" }
        ),
    }
}

/// The states of a policy before and after, and the lines that differ.
fn policy_change(before: &Value, policy: &AccessPolicy) -> (String, Vec<String>) {
    let live: Option<AccessPolicy> = serde_json::from_value(before.clone()).ok();
    let lines = policy_lines(live.as_ref(), policy);
    let was = live.map_or(policy.state, |live| live.state);
    let words = if was == policy.state {
        policy_state(was).to_owned()
    } else {
        format!("{} to {}", policy_state(was), policy_state(policy.state))
    };
    (words, lines)
}

/// Returns the lines of a policy, or those that differ.
fn policy_lines(before: Option<&AccessPolicy>, after: &AccessPolicy) -> Vec<String> {
    let text = |policy: &AccessPolicy| format!("{:#}", serde_json::to_value(policy).unwrap_or_default());
    line_diff(&before.map(text).unwrap_or_default(), &text(after))
}
