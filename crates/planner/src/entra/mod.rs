//! The Entra half of a plan: the enterprise application, who is assigned to it, provisioning, SAML, and the conditional
//! access policy.
//!
//! Omissions remove nothing in Entra. A group is unassigned only if the configuration says so, URLs and certificates
//! are only added, and a policy is created in report-only first.

mod groups;
mod mfa;
mod saml;
mod sync;

use rolecall_model::config::Application;
use rolecall_model::entra::{EnterpriseApplication, Tenant};
use rolecall_model::{Code, Diagnostic, EntraOperation, OriginId, Principal, Snapshot};
use serde_json::Value;

pub use groups::not_assignable;

use crate::directory::Resolution;
use crate::inputs::{Checkout, Settings};
use crate::plan::{Action, Change, EntraChange, NamedAssignment, Reason, Violation};

/// Result of comparing the Entra half.
#[derive(Default)]
pub struct EntraComparison {
    /// Unsorted.
    pub changes: Vec<Change>,
    /// Errors and warnings.
    pub findings: Vec<Diagnostic>,
    /// Guards that a change of the conditional access policy violates.
    pub violations: Vec<Violation>,
}

/// Compares the Entra half. Without an `entra` node, or without an application in it, there is nothing to compare.
pub fn compare(
    files: &Checkout<'_>,
    snapshot: &Snapshot,
    settings: &Settings,
    resolution: &Resolution<'_>,
) -> EntraComparison {
    let mut comparison = EntraComparison::default();
    let application = files.config.entra.as_ref().and_then(|entra| entra.application.as_ref());
    comparison.findings.extend(groups::waiting(files, settings, resolution, application.is_some()));
    // An earlier check ensures that the tenant was read.
    let (Some(declared), Some(tenant)) = (application, snapshot.entra.as_ref()) else {
        return comparison;
    };
    let named: Vec<&EnterpriseApplication> =
        tenant.applications.iter().filter(|live| live.display_name == declared.name).collect();
    let live = match (&named[..], declared.create) {
        ([one], _) => Some(*one),
        ([], Some(_)) => None,
        ([], None) => {
            comparison.findings.push(missing(declared, files));
            return comparison;
        }
        (several, _) => {
            comparison.findings.push(ambiguous(declared, several, files));
            return comparison;
        }
    };
    let mut comparer = Comparer { files, snapshot, settings, resolution, tenant, declared, live, comparison };
    comparer.run();
    comparer.comparison
}

struct Comparer<'a> {
    files: &'a Checkout<'a>,
    snapshot: &'a Snapshot,
    settings: &'a Settings,
    resolution: &'a Resolution<'a>,
    tenant: &'a Tenant,
    declared: &'a Application,
    /// `None` if it does not exist yet.
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

    fn change(&mut self, step: EntraOperation, before: Value, origin: OriginId) {
        self.change_with_loss(step, before, origin, Vec::new());
    }

    fn change_with_loss(
        &mut self,
        step: EntraOperation,
        before: Value,
        origin: OriginId,
        lost: Vec<NamedAssignment>,
    ) {
        self.comparison.changes.push(Change {
            action: Action::Entra(Box::new(EntraChange {
                tenant: self.tenant.id.clone(),
                service_principal: self.live.map(|live| live.service_principal_id.clone()),
                is_awaited: self.is_awaited(&step),
                step,
                before,
                lost,
            })),
            reason: Reason::Declared { until: None, note: None },
            written: Some(self.files.written(origin)),
        });
    }

    /// Whether grants wait for the group that the step provisions.
    fn is_awaited(&self, step: &EntraOperation) -> bool {
        let EntraOperation::ProvisionGroup { group, .. } = step else { return false };
        let is_new = |principal: &Principal| *principal == Principal::NewGroup(group.clone());
        !self.settings.defer_missing_groups
            && self.resolution.group_principals().any(|(_, principal)| is_new(principal))
    }

    fn warn(&mut self, code: Code, message: String, origin: OriginId, label: &str, help: &str) {
        self.comparison
            .findings
            .push(Diagnostic::warning(code, message).at_origin(self.files.origins, origin, label).help(help));
    }

    fn idle(&mut self, message: String, origin: OriginId, label: &str) {
        self.warn(Code::IdleWord, message, origin, label, "remove it");
    }
}

fn missing(declared: &Application, files: &Checkout<'_>) -> Diagnostic {
    Diagnostic::error(
        Code::ApplicationMissing,
        format!("the tenant has no enterprise application named `{}`", declared.name),
    )
    .at_origin(files.origins, declared.origin, "names match exactly")
    .help("correct the name, or write `create` into its block to create it from the gallery")
}

fn ambiguous(declared: &Application, found: &[&EnterpriseApplication], files: &Checkout<'_>) -> Diagnostic {
    let ids: Vec<&str> = found.iter().map(|one| one.service_principal_id.as_str()).collect();
    Diagnostic::error(
        Code::AmbiguousApplication,
        format!("{} enterprise applications are named `{}`: {}", ids.len(), declared.name, ids.join(", ")),
    )
    .at_origin(files.origins, declared.origin, "the name is ambiguous")
    .help("give the intended one a unique name in Entra ID, and write that name")
}
