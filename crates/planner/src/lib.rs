//! Computes a plan and its operation graph from a configuration and a snapshot.
//!
//! Everything here is pure: no async, no clock, no environment, no random order. The same input gives the same bytes.

mod base;
mod checks;
mod compare;
mod desired;
mod digest;
mod directory;
pub mod document;
pub mod entra;
mod estimate;
mod inputs;
mod limits;
mod needs;
mod order;
pub mod phrases;
pub mod plan;
pub mod render;
mod suggest;

use rolecall_model::snapshot::Depth;
use rolecall_model::{Config, Diagnostic, PermissionSetName, Snapshot};

pub use base::{OtherBase, compare_with_base, settle_base};
pub use checks::snapshot::check_instance;
pub use compare::ownership::{check_ownership, is_ours};
pub use directory::{Directory, Resolution};
pub use inputs::{Checkout, Inputs, Settings};
pub use needs::{needs_account_tags, needs_details};
pub use order::order;
pub use plan::Plan;

use crate::checks::{consequences, guards, lints};
use crate::compare::ownership::{Standings, standings};
use crate::desired::expand;
use crate::desired::temporary::temporary;

/// Computes the plan, stage by stage.
///
/// # Errors
/// Returns every error, together with the warnings. Nothing is planned in this case: a plan from a partial view would
/// revoke access.
pub fn plan(inputs: &Inputs<'_>, settings: &Settings) -> Result<Plan, Vec<Diagnostic>> {
    let Inputs { files, snapshot, guards } = inputs;
    let mut findings = checks::snapshot::check(files, snapshot, guards.as_ref());
    if findings.iter().any(Diagnostic::is_error) {
        return Err(findings);
    }
    let directory = Directory::new(snapshot);
    let resolution = Resolution::new(files, &directory);
    let expansion = expand(files, snapshot, &resolution, settings.today);
    findings.extend(expansion.diagnostics);
    let standings = standings(files, snapshot, &mut findings);
    let Some(desired) = expansion.desired.filter(|_| !findings.iter().any(Diagnostic::is_error)) else {
        return Err(findings);
    };

    let mut compared = compare::compare(files, snapshot, settings, &desired, &standings);
    findings.append(&mut compared.findings);
    // These sort behind changes of assignments and permission sets.
    compared.changes.extend(compare::access_control::change(files, snapshot));
    let entra = entra::compare(files, snapshot, settings, &resolution);
    findings.extend(entra.findings);
    compared.changes.extend(entra.changes);

    findings.extend(consequences::findings(files, snapshot, &compared.changes, &compared.replacements));
    findings.extend(lints::renames_not_ours(files, snapshot));
    findings.extend(lints::lints(&lints::Subject {
        files,
        snapshot,
        today: settings.today,
        desired: &desired,
        standings: &standings,
        kept_keys: &compared.kept_keys,
        kept: &compared.kept,
    }));
    let verdict = evaluate_guards(inputs, settings, &directory, &desired, &compared);
    findings.extend(verdict.findings);
    files.config.lints.apply(&mut findings);
    if findings.iter().any(Diagnostic::is_error) {
        return Err(findings);
    }
    let config: &Config = files.config;
    Ok(Plan {
        stack: config.stack.clone(),
        instance: snapshot.instance.clone(),
        provenance: settings.provenance.clone(),
        as_of: settings.today,
        as_of_given: settings.as_of_given,
        violations: entra.violations.into_iter().chain(verdict.violations).collect(),
        estimate: estimate::estimate(&compared.changes),
        digest: digest::digest(
            &snapshot.instance.arn,
            &config.stack,
            &snapshot.absent_means_empty,
            &compared.changes,
        ),
        changes: compared.changes,
        blocked: compared.blocked,
        rebinds: compared.rebinds,
        kept: compared.kept,
        temporary: temporary(files, settings.today, &desired),
        skipped_accounts: compared.skipped_accounts,
        unmanaged: compared.unmanaged,
        read_by_principal: read_by_principal(&standings, snapshot),
        absent_means_empty: snapshot.absent_means_empty.clone(),
        unseen: compared.unseen,
        findings,
    })
}

/// Evaluates the configuration's own guards, or those of another checkout with the names that they use resolved there.
fn evaluate_guards(
    inputs: &Inputs<'_>,
    settings: &Settings,
    directory: &Directory<'_>,
    desired: &desired::Desired<'_>,
    compared: &compare::Comparison,
) -> guards::Verdict {
    let Inputs { files, snapshot, guards: other } = inputs;
    let subject = guards::Subject {
        files,
        snapshot,
        today: settings.today,
        desired,
        changes: &compared.changes,
        replacements: &compared.replacements,
        kept: &compared.kept_keys,
        managed: compared.managed,
    };
    match other {
        Some(other) => {
            let resolution = Resolution::new(other, directory);
            let source =
                guards::Source { files: other, resolution: &resolution, directory, is_foreign: true };
            guards::evaluate(&subject, &source)
        }
        None => {
            let source =
                guards::Source { files, resolution: desired.resolution, directory, is_foreign: false };
            guards::evaluate(&subject, &source)
        }
    }
}

/// Returns the permission sets that concern the stack and for which assignments of users and deleted groups were not
/// read everywhere.
fn read_by_principal(standings: &Standings<'_>, snapshot: &Snapshot) -> Vec<PermissionSetName> {
    let by_principal = standings
        .keys()
        .filter(|name| matches!(snapshot.coverage.depth(name), Some(Depth::ByPrincipal { .. })));
    by_principal.map(|name| (*name).clone()).collect()
}
