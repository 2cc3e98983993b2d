//! Health checks of both halves, AWS and Entra ID: a list of checks, each with its result or its findings.
//!
//! Findings of a plan are reused, so that both use the same words. A change that a plan would make in Entra ID is a
//! finding here: until someone applies it, something does not work.

mod application;
mod aws;
mod causes;
mod groups;
mod logs;
pub mod render;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::Offset;
use rolecall_model::config::{Application, GroupIx};
use rolecall_model::entra::{EnterpriseApplication, Tenant};
use rolecall_model::{Date, Diagnostic, GroupId, OriginId, Principal, Snapshot};

use rolecall_planner::plan::Provenance;
use rolecall_planner::{Checkout, Directory, Resolution, Settings};

/// Number of days of logs to read.
pub const LOG_DAYS: i64 = 7;

/// The result of all checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// The checks, each after those that it depends on.
    pub checks: Vec<Check>,
    /// What was not checked and why; one sentence each, without a full stop.
    pub unchecked: Vec<String>,
    /// Manual steps, for which AWS has no API and which cannot be checked.
    pub steps: Vec<Step>,
}

/// One of the halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    /// IAM Identity Center.
    Aws,
    /// Entra ID.
    Entra,
}

/// A check.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Its stable name for programs, such as `saml-certificate`.
    pub name: &'static str,
    /// The half that it belongs to.
    pub half: Half,
    /// The result if there are no findings, without a full stop.
    pub holds: String,
    /// The findings: errors are failures.
    pub findings: Vec<Diagnostic>,
}

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It passed.
    Ok,
    /// Something will break, or differs from the configuration.
    Warn,
    /// Something does not work.
    Fail,
}

impl Status {
    /// Returns the outcome as a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// A manual step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What to do, without a full stop.
    pub what: String,
    /// How to do it, without a full stop.
    pub how: String,
}

/// How the live state was read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// When it was read.
    pub now: Timestamp,
    /// The source.
    pub provenance: Provenance,
    /// Why the tenant could not be read, if the configuration has one and the snapshot does not.
    pub tenant: Option<Diagnostic>,
    /// Why the logs of the application could not be read.
    pub logs: Option<Diagnostic>,
    /// Why the members of groups could not be read in AWS.
    pub memberships: Option<Diagnostic>,
}

impl Check {
    /// Returns the outcome.
    pub fn status(&self) -> Status {
        if self.findings.iter().any(Diagnostic::is_error) {
            Status::Fail
        } else if self.findings.is_empty() {
            Status::Ok
        } else {
            Status::Warn
        }
    }
}

impl Diagnosis {
    /// Whether any check failed.
    pub fn has_failures(&self) -> bool {
        self.checks.iter().any(|check| check.status() == Status::Fail)
    }

    /// Returns the number of checks with this outcome.
    pub fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|check| check.status() == status).count()
    }
}

/// Runs all checks.
pub fn diagnose(files: &Checkout<'_>, snapshot: &Snapshot, reading: &Reading) -> Diagnosis {
    let directory = Directory::new(snapshot);
    let resolution = Resolution::new(files, &directory);
    let mut doctor = Doctor {
        files,
        snapshot,
        reading,
        today: day_of(reading.now),
        resolution: &resolution,
        declared: files.config.entra.as_ref().and_then(|entra| entra.application.as_ref()),
        diagnosis: Diagnosis { checks: Vec::new(), unchecked: Vec::new(), steps: Vec::new() },
    };
    doctor.aws();
    doctor.tenant();
    doctor.found(resolution.diagnostics().to_vec());
    if let Some(tenant) = snapshot.entra.as_ref().filter(|_| files.config.entra.is_some()) {
        doctor.groups();
        doctor.members(tenant);
        doctor.application(tenant);
        doctor.logs(tenant);
    }
    doctor.steps();
    doctor.diagnosis
}

fn day_of(now: Timestamp) -> Date {
    Offset::UTC.to_datetime(now).date()
}

/// Returns the diagnosis if AWS could not be read, which nearly every other check needs. `tenant` is the result of
/// reading the tenant, if the configuration has one.
pub fn without_aws(aws: Diagnostic, tenant: Option<Result<&Tenant, &Diagnostic>>) -> Diagnosis {
    let access = Check { name: "aws-access", half: Half::Aws, holds: String::new(), findings: vec![aws] };
    let graph = tenant.map(|tenant| match tenant {
        Ok(tenant) => Check { findings: Vec::new(), ..graph_access(Some(tenant)) },
        Err(error) => Check { findings: vec![error.clone()], ..graph_access(None) },
    });
    Diagnosis {
        checks: std::iter::once(access).chain(graph).collect(),
        unchecked: vec!["everything else, because AWS could not be read".to_owned()],
        steps: Vec::new(),
    }
}

/// Returns the groups of the Identity Store whose members are compared with those of Entra ID. Their members must be
/// read first.
pub fn compared_groups(files: &Checkout<'_>, snapshot: &Snapshot, now: Timestamp) -> BTreeSet<GroupId> {
    if files.config.entra.is_none() || snapshot.entra.is_none() {
        return BTreeSet::new();
    }
    let directory = Directory::new(snapshot);
    let resolution = Resolution::new(files, &directory);
    let used = resolution.used_groups(files.config, day_of(now));
    used.iter().filter_map(|(index, _)| store_group(&resolution, *index)).cloned().collect()
}

/// Returns the group of the Identity Store that a declaration refers to, if it exists.
fn store_group<'a>(resolution: &'a Resolution<'_>, index: GroupIx) -> Option<&'a GroupId> {
    match resolution.group(index) {
        Some(Principal::Group(id)) => Some(id),
        Some(Principal::NewGroup(_) | Principal::User(_)) | None => None,
    }
}

fn graph_access(tenant: Option<&Tenant>) -> Check {
    let holds = tenant.map_or_else(String::new, |tenant| {
        let domains: Vec<&str> = tenant.domains.iter().map(String::as_str).collect();
        format!(
            "Microsoft Graph accepts the credentials; the tenant is {} ({})",
            tenant.id,
            domains.join(", ")
        )
    });
    Check { name: "graph-access", half: Half::Entra, holds, findings: Vec::new() }
}

struct Doctor<'a> {
    files: &'a Checkout<'a>,
    snapshot: &'a Snapshot,
    reading: &'a Reading,
    today: Date,
    resolution: &'a Resolution<'a>,
    declared: Option<&'a Application>,
    diagnosis: Diagnosis,
}

impl<'a> Doctor<'a> {
    fn check(&mut self, half: Half, name: &'static str, holds: impl Into<String>, findings: Vec<Diagnostic>) {
        self.diagnosis.checks.push(Check { name, half, holds: holds.into(), findings });
    }

    fn unchecked(&mut self, what: impl Into<String>) {
        self.diagnosis.unchecked.push(what.into());
    }

    /// Returns the settings of a plan made today.
    fn settings(&self) -> Settings {
        Settings {
            today: self.today,
            as_of_given: false,
            provenance: self.reading.provenance.clone(),
            accepted_rebinds: BTreeSet::new(),
            defer_missing_groups: false,
            renew_scim_token: false,
        }
    }

    fn at(&self, found: Diagnostic, origin: OriginId) -> Diagnostic {
        let place = self.files.origins.place(origin);
        found.at(place, "configured here")
    }

    /// Checks whether the tenant could be read.
    fn tenant(&mut self) {
        if self.files.config.entra.is_none() {
            self.unchecked("Entra ID: the configuration has no `entra` node");
            return;
        }
        let check = graph_access(self.snapshot.entra.as_ref());
        let findings = self.reading.tenant.clone().into_iter().collect();
        self.diagnosis.checks.push(Check { findings, ..check });
        if self.reading.tenant.is_some() {
            self.unchecked("everything else in Entra ID, because it could not be read");
        }
    }

    /// Returns the application that the configuration names, if there is exactly one.
    fn live<'t>(&self, tenant: &'t Tenant) -> Option<&'t EnterpriseApplication> {
        let declared = self.declared?;
        let mut named = tenant.applications.iter().filter(|live| live.display_name == declared.name);
        match (named.next(), named.next()) {
            (Some(live), None) => Some(live),
            _ => None,
        }
    }
}

/// Findings by the check that they belong to.
type ByCheck = BTreeMap<&'static str, Vec<Diagnostic>>;

/// Lists the first few names, and how many more there are.
fn some_of(names: &[String]) -> String {
    const NAMED: usize = 5;
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
