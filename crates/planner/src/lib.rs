//! A configuration and a snapshot in, a plan and its operation graph out.
//!
//! Everything here is pure: no async, no clock, no environment, no random order. The same input gives the same bytes.

mod access_control;
mod accounts;
pub mod base;
mod compare;
mod consequences;
mod difference;
mod digest;
pub mod doctor;
mod entra;
mod estimate;
mod expand;
mod guards;
mod keeps;
mod lints;
mod matcher;
mod order;
mod ownership;
pub mod plan;
mod principals;
pub mod profiles;
pub mod render;
mod replacement;
mod set_changes;

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::{AssignmentRule, Guard, PermissionSetRef};
use rolecall_model::lint::Level;
use rolecall_model::snapshot::Depth;
use rolecall_model::{
    Code, Config, Date, Diagnostic, OriginId, Origins, PermissionSetName, Place, Snapshot, Sources,
};

pub use base::{BaseComparison, compare_with_base};
pub use digest::Digest;
pub use estimate::Estimate;
pub use order::order;
pub use plan::Plan;
pub use principals::PrincipalName;

use crate::plan::{Line, Provenance, Temporary, Written};

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// What the files want.
    pub config: &'a Config,
    /// Their texts.
    pub sources: &'a Sources,
    /// The places behind the configuration's origins.
    pub origins: &'a Origins,
    /// What is live.
    pub snapshot: &'a Snapshot,
    /// Another checkout, whose guards take the place of the configuration's own.
    pub guards: Option<GuardSource<'a>>,
}

/// A checkout whose guards hold, with the names that they use resolved there: a pull request cannot relax its own.
#[derive(Debug, Clone, Copy)]
pub struct GuardSource<'a> {
    /// What its files say.
    pub config: &'a Config,
    /// Their texts.
    pub sources: &'a Sources,
    /// The places behind its origins.
    pub origins: &'a Origins,
}

impl Inputs<'_> {
    fn written(&self, origin: OriginId) -> Written {
        let line = |place: Place| {
            let file = self.sources.get(place.file);
            Line { file: file.name.to_string(), line: file.line_and_column(place.start).0 }
        };
        let place = line(self.origins.place(origin));
        match self.origins.used_at(origin) {
            Some(used) => Written { at: line(used), template: Some(place) },
            None => Written { at: place, template: None },
        }
    }
}

/// What else decides a plan.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The day for which expiry is judged, in UTC.
    pub today: Date,
    /// Whether that day was given, rather than being the day on which the plan is made.
    pub as_of_given: bool,
    /// What the snapshot was read from.
    pub provenance: Provenance,
    /// Labels of groups whose grants are not withheld as possible rebinds.
    pub accepted_rebinds: BTreeSet<String>,
    /// Whether grants to groups that are not in the Identity Store yet are left out, rather than waited for.
    pub defer_missing_groups: bool,
    /// Whether the credentials of provisioning are set though nothing is wrong with them: a token ends, and its drift
    /// cannot be seen.
    pub renew_scim_token: bool,
}

/// What observing must read for this configuration, beyond what every plan needs.
pub fn needs_account_tags(config: &Config) -> bool {
    accounts::uses_tags(config)
}

/// The external permission sets of which observing must read what they are, though only their rows are compared. Guards
/// ask with `grants-policy` what they grant, and a lint whether they make an administrator of a group that is found by
/// name alone. `guard` is what will judge the plan: the configuration's own, or that of another checkout.
pub fn needs_details(config: &Config, guard: &Guard) -> BTreeSet<PermissionSetName> {
    if guard.filters().any(|filter| !filter.grants_policies.is_empty()) {
        return config.external_permission_sets.iter().map(|set| set.name.clone()).collect();
    }
    if config.lints.level(Code::UnpinnedAdministrators) == Some(Level::Allow) {
        return BTreeSet::new();
    }
    let names_groups =
        |rule: &&AssignmentRule| rule.groups.iter().any(|group| config[*group].object_id.is_none());
    let sets = config.assignments.iter().filter(names_groups).flat_map(|rule| &rule.permission_sets);
    let external = sets.filter(|set| matches!(set, PermissionSetRef::External(_)));
    external.map(|set| config.permission_set_name(*set).clone()).collect()
}

/// Plans.
///
/// # Errors
/// Every mistake that was found, warnings among them. Nothing is planned then: a plan from a partial view would take
/// access away.
pub fn plan(inputs: &Inputs<'_>, settings: &Settings) -> Result<Plan, Vec<Diagnostic>> {
    let mut findings = check_snapshot(inputs);
    if findings.iter().any(Diagnostic::is_error) {
        return Err(findings);
    }
    let (desired, diagnostics) = expand::expand(inputs, settings.today);
    findings.extend(diagnostics);
    let standings = ownership::standings(inputs, &mut findings);
    let Ok(desired) = desired else {
        return Err(findings);
    };
    if findings.iter().any(Diagnostic::is_error) {
        return Err(findings);
    }
    let mut compared = compare::compare(inputs, settings, &desired, &standings);
    findings.append(&mut compared.findings);
    // They sort behind everything else.
    compared.changes.extend(access_control::change(inputs));
    let entra = entra::compare(inputs, settings, &desired);
    findings.extend(entra.findings);
    compared.changes.extend(entra.changes);
    let snapshot = inputs.snapshot;
    let replacements = replacement::replacements(&compared.changes, snapshot);
    findings.extend(consequences::findings(inputs, &compared.changes, &replacements));
    findings.extend(lints::renames_not_ours(inputs));
    findings.extend(lints::lints(inputs, settings.today, &desired, &standings, &compared));
    let judgement = guards::judge(inputs, settings.today, &desired, &compared, &replacements);
    findings.extend(judgement.findings);
    inputs.config.lints.apply(&mut findings);
    if findings.iter().any(Diagnostic::is_error) {
        return Err(findings);
    }
    Ok(Plan {
        stack: inputs.config.stack.clone(),
        instance: snapshot.instance.clone(),
        provenance: settings.provenance.clone(),
        as_of: settings.today,
        as_of_given: settings.as_of_given,
        violations: entra.violations.into_iter().chain(judgement.violations).collect(),
        estimate: estimate::estimate(&compared.changes),
        digest: digest::digest(&snapshot.instance.arn, &inputs.config.stack, &compared.changes),
        changes: compared.changes,
        blocked: compared.blocked,
        rebinds: compared.rebinds,
        kept: compared.kept,
        temporary: temporary(inputs, settings.today, &desired),
        skipped_accounts: compared.skipped_accounts,
        unmanaged: compared.unmanaged,
        read_by_principal: standings
            .keys()
            .filter(|name| matches!(snapshot.coverage.depth(name), Some(Depth::ByPrincipal { .. })))
            .map(|name| (*name).clone())
            .collect(),
        unseen: compared.unseen,
        base: None,
        findings,
    })
}

/// Whether the snapshot is of the instance that the files mean, and holds what they need.
fn check_snapshot(inputs: &Inputs<'_>) -> Vec<Diagnostic> {
    let mut diagnostics = check_snapshot_for_rows(inputs);
    diagnostics.extend(access_control::unread(inputs));
    diagnostics
}

/// As [`check_snapshot`], of what the files need to know which rows they want.
fn check_snapshot_for_rows(inputs: &Inputs<'_>) -> Vec<Diagnostic> {
    let (center, instance) = (&inputs.config.identity_center, &inputs.snapshot.instance);
    let place = inputs.origins.place(center.origin);
    let mut diagnostics = Vec::new();
    if center.region != instance.region {
        diagnostics.push(
            Diagnostic::error(
                Code::WrongRegion,
                format!("the instance's primary Region is {}, not {}", instance.region, center.region),
            )
            .at(place, format!("this says {}", center.region))
            .help(format!(
                "write region=\"{}\"; permission sets work in the primary Region only",
                instance.region
            )),
        );
    }
    if let Some(wanted) = center.instance.as_ref().filter(|wanted| **wanted != instance.id) {
        diagnostics.push(
            Diagnostic::error(Code::NoInstance, format!("the instance is {}, not {wanted}", instance.id))
                .at(place, format!("this says {wanted}"))
                .help("correct the id, or use the credentials or the snapshot of the instance that is meant"),
        );
    }
    if let (Some(entra), None) = (&inputs.config.entra, &inputs.snapshot.entra) {
        diagnostics.push(
            Diagnostic::error(
                Code::SnapshotUnusable,
                "the snapshot does not hold the Entra tenant, and the files speak of it",
            )
            .at_origin(inputs.origins, entra.origin, "its groups and its application cannot be compared")
            .help("take it again with `rolecall snapshot DIR`, which reads what the files name in Entra ID"),
        );
    }
    let untagged = accounts::account_without_tags(inputs.snapshot);
    // A guard of another checkout that looks at tags must not find none where they were not read.
    let uses_tags = accounts::uses_tags(inputs.config)
        || inputs.guards.is_some_and(|guards| accounts::uses_tags(guards.config));
    if let Some(account) = untagged.filter(|_| uses_tags) {
        diagnostics.push(
            Diagnostic::error(
                Code::SnapshotUnusable,
                format!(
                    "the snapshot does not hold the tags of account {account}, and a selector needs them"
                ),
            )
            .help("take it again with `rolecall snapshot`, which reads the tags of every account"),
        );
    }
    diagnostics
}

/// The rules with an end that has not come, with the rows that each makes.
fn temporary(inputs: &Inputs<'_>, today: Date, desired: &expand::Desired<'_>) -> Vec<Temporary> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for row in &desired.rows {
        *counts.entry(row.rule).or_default() += 1;
    }
    let config = inputs.config;
    let standing = counts.into_iter().filter_map(|(number, rows)| {
        let rule = &config.assignments[number as usize];
        let until = rule.until?.date;
        let groups = rule.groups.iter().map(|index| config[*index].label.clone());
        let users = rule.users.iter().map(|user| user.name.to_string());
        let sets = rule.permission_sets.iter().map(|one| config.permission_set_name(*one).clone());
        Some(Temporary {
            until,
            days_left: (until - today).get_days(),
            rows,
            principals: groups.chain(users).collect(),
            permission_sets: sets.collect(),
            note: rule.reason.clone(),
            written: inputs.written(rule.origin),
        })
    });
    let mut standing: Vec<Temporary> = standing.collect();
    standing.sort_by(|a, b| (a.until, &a.written).cmp(&(b.until, &b.written)));
    standing
}
