//! The enterprise application: who is assigned to it, SAML, provisioning, and the conditional access policy. Findings
//! and changes of a plan are assigned to the matching checks.

use jiff::Timestamp;
use jiff::tz::Offset;
use rolecall_model::config::{Application, Provisioning, RequireMfa, Saml};
use rolecall_model::entra::{EnterpriseApplication, SyncJob, SyncState, Tenant};
use rolecall_model::{Code, Diagnostic, EntraOperation, Severity};
use rolecall_planner::entra::{self, EntraComparison};
use rolecall_planner::phrases::{count, duration, policy_state};
use rolecall_planner::plan::{Action, EntraChange, Provenance};

use super::{ByCheck, Doctor, Half, Step};

/// Number of intervals without a success after which provisioning is late.
const LATE_AFTER: i64 = 3;
/// Help for findings that the next apply resolves.
const APPLY: &str = "`rolecall plan` shows the change, and `rolecall apply` makes it";

impl Doctor<'_> {
    pub(super) fn application(&mut self, tenant: &Tenant) {
        let Some(declared) = self.declared else {
            self.unchecked("the enterprise application: the configuration does not name it");
            return;
        };
        let settings = self.settings();
        let comparison = entra::compare(self.files, self.snapshot, &settings, self.resolution);
        let live = self.live(tenant);
        let mut found = self.sort_by_check(declared, live, comparison);
        let holds = format!(
            "the enterprise application `{}` exists, and is the only one of that name",
            declared.name
        );
        let take = |found: &mut ByCheck, name| found.remove(name).unwrap_or_default();
        self.check(Half::Entra, "application", holds, take(&mut found, "application"));
        let Some(live) = live else {
            self.unchecked("everything else about the application, because it does not exist");
            return;
        };
        let mut assigned = take(&mut found, "groups-assigned");
        assigned.extend(self.not_assignable(live));
        self.check(
            Half::Entra,
            "groups-assigned",
            "the groups used in the configuration are assigned to the application",
            assigned,
        );
        self.check(
            Half::Entra,
            "groups-nested",
            "no group used in the configuration contains other groups",
            take(&mut found, "groups-nested"),
        );
        match &declared.saml {
            Some(saml) => self.saml(saml, live, &mut found),
            None => self.unchecked("single sign-on: the configuration has no `saml` for the application"),
        }
        match &declared.provisioning {
            Some(provisioning) => self.provisioning(provisioning, live, &mut found),
            None => {
                self.unchecked("provisioning: the configuration has no `provisioning` for the application");
            }
        }
        match &declared.require_mfa {
            Some(wanted) => self.mfa(wanted, tenant, take(&mut found, "mfa")),
            None => self.unchecked(
                "the conditional access policy: the configuration has no `require-mfa` for the application",
            ),
        }
    }

    /// Reports groups that a plan does not assign because they cannot be assigned.
    fn not_assignable(&self, live: &EnterpriseApplication) -> Vec<Diagnostic> {
        let used = self.resolution.used_groups(self.files.config, self.today).into_iter();
        let unassignable = used.filter(|(_, group)| {
            !group.security_enabled && !live.assignments.iter().any(|one| one.principal == group.id)
        });
        let found = unassignable.filter(|_| self.declared.is_some_and(|one| one.assign_groups.is_some()));
        let found = found.map(|(index, group)| {
            let message =
                format!("`{}` is not assigned, because it is not a security group", group.display_name);
            let found = Diagnostic::warning(Code::GroupNotAssigned, message);
            self.at(
                found.help("create a security group with the same members, and declare it instead"),
                self.files.config[index].origin,
            )
        });
        found.collect()
    }

    /// Sorts the findings and changes of the comparison by check.
    fn sort_by_check(
        &mut self,
        declared: &Application,
        live: Option<&EnterpriseApplication>,
        comparison: EntraComparison,
    ) -> ByCheck {
        let EntraComparison { changes, findings, violations: _ } = comparison;
        let mut sorted = ByCheck::new();
        for found in findings {
            let name = match found.code {
                Code::ApplicationMissing
                | Code::AmbiguousApplication
                | Code::AmbiguousGroup
                | Code::UnassignContradiction => "application",
                Code::GroupNotAssigned => "groups-assigned",
                Code::NestedGroups => "groups-nested",
                Code::SamlMismatch => "saml-metadata",
                Code::CertificateEndsSoon => "saml-certificate",
                Code::ProvisioningTrouble => "provisioning-job",
                Code::AttributeMapping => "provisioning-mapping",
                Code::TokenEndsSoon => "scim-token",
                Code::MfaWaits | Code::AmbiguousPolicy => "mfa",
                Code::ConsoleStep => {
                    let Diagnostic { message, help, .. } = found;
                    let what = message.strip_prefix("manual step in AWS: ").unwrap_or(&message).to_owned();
                    self.diagnosis.steps.push(Step { what, how: help.unwrap_or_default() });
                    continue;
                }
                // Groups that are not security groups have a separate check, and words without effect are no problem
                // here.
                _ => continue,
            };
            sorted.entry(name).or_default().push(found);
        }
        for change in changes {
            let Action::Entra(change) = change.action else { continue };
            let EntraChange { step, .. } = *change;
            // A certificate that expires soon is already reported, with its consequences.
            let is_known = step_replaces_certificate(&step) && sorted.contains_key("saml-certificate");
            if let Some(Pending { check, finding }) =
                self.pending(&step, declared, live).filter(|_| !is_known)
            {
                sorted.entry(check).or_default().push(finding);
            }
        }
        sorted
    }

    /// Describes the problem behind a step of the plan.
    fn pending(
        &self,
        step: &EntraOperation,
        declared: &Application,
        live: Option<&EnterpriseApplication>,
    ) -> Option<Pending> {
        let at = declared.origin;
        let saml = declared.saml.as_ref().map_or(at, |saml| saml.origin);
        let provisioning = declared.provisioning.as_ref().map_or(at, |one| one.origin);
        let mfa = declared.require_mfa.as_ref().map_or(at, |one| one.origin);
        let (check, origin, finding) = match step {
            EntraOperation::CreateApplication { name } => {
                let message = format!("the tenant has no enterprise application named `{name}` yet");
                ("application", at, Diagnostic::error(Code::ApplicationMissing, message))
            }
            EntraOperation::SetSamlMode { .. } => {
                ("saml-mode", saml, Diagnostic::error(Code::SamlMismatch, wrong_sign_on_mode(live)))
            }
            EntraOperation::SetUrls { .. } => {
                let message = "the application lacks URLs from the service provider's metadata";
                ("saml-urls", saml, Diagnostic::error(Code::SamlMismatch, message))
            }
            EntraOperation::PreferCertificate { .. } | EntraOperation::AddCertificate { .. } => {
                let message = "no valid certificate signs the sign-ins of the application";
                ("saml-certificate", saml, Diagnostic::error(Code::CertificateEndsSoon, message))
            }
            EntraOperation::AssignGroup { name, application, .. } => {
                let message = format!("`{name}` is not assigned to `{application}`");
                let origin = declared.assign_groups.unwrap_or(at);
                ("groups-assigned", origin, Diagnostic::warning(Code::GroupNotAssigned, message))
            }
            EntraOperation::CreateSyncJob { .. } => {
                let message = "the application has no provisioning job";
                ("provisioning-job", provisioning, Diagnostic::error(Code::ProvisioningTrouble, message))
            }
            EntraOperation::SetSyncSecrets { .. } => {
                let message = "provisioning has no credentials that AWS accepts";
                ("provisioning-job", provisioning, Diagnostic::error(Code::ProvisioningTrouble, message))
            }
            EntraOperation::StartSync { .. } => {
                let message = idle_job(live?.jobs.first()?);
                ("provisioning-job", provisioning, Diagnostic::error(Code::ProvisioningTrouble, message))
            }
            EntraOperation::CreatePolicy { policy, .. } => {
                let message = format!("there is no conditional access policy named `{}`", policy.name);
                ("mfa", mfa, Diagnostic::error(Code::MfaWaits, message))
            }
            EntraOperation::UpdatePolicy { policy, .. } => {
                let message =
                    format!("the conditional access policy `{}` differs from the configuration", policy.name);
                ("mfa", mfa, Diagnostic::warning(Code::MfaWaits, message))
            }
            // A restart belongs to the reported quarantine; a new group has a separate check; an unassigned group works
            // until then.
            EntraOperation::RestartSync { .. }
            | EntraOperation::ProvisionGroup { .. }
            | EntraOperation::UnassignGroup { .. } => return None,
        };
        Some(Pending { check, finding: self.at(finding.help(APPLY), origin) })
    }

    fn saml(&mut self, saml: &Saml, live: &EnterpriseApplication, found: &mut ByCheck) {
        let mut take = |name| found.remove(name).unwrap_or_default();
        self.check(Half::Entra, "saml-mode", "the application uses SAML for sign-ins", take("saml-mode"));
        let consumers = saml.service_provider.assertion_consumers.len();
        let holds = format!(
            "the application has the entity id and the {} from the service provider's metadata",
            count(consumers, "reply URL")
        );
        self.check(Half::Entra, "saml-urls", holds, take("saml-urls"));
        let signing =
            live.certificates.iter().find(|one| Some(&one.thumbprint) == live.preferred_thumbprint.as_ref());
        let holds = signing.map_or_else(String::new, |one| {
            format!(
                "the certificate {} signs sign-ins, and is valid until {}",
                one.thumbprint,
                day(one.not_after)
            )
        });
        self.check(Half::Entra, "saml-certificate", holds, take("saml-certificate"));
        let Some(federation) = &live.federation else {
            self.unchecked("the federation metadata of the tenant, because it was not read");
            return;
        };
        let holds = format!(
            "the metadata of the tenant names {}, contains the certificate, and has {} characters",
            federation.entity_id, federation.characters
        );
        // AWS rejects sign-ins, or the document.
        self.check(Half::Entra, "saml-metadata", holds, failing(take("saml-metadata")));
    }

    fn provisioning(&mut self, declared: &Provisioning, live: &EnterpriseApplication, found: &mut ByCheck) {
        let mut take = |name| found.remove(name).unwrap_or_default();
        let mut of_job = take("provisioning-job");
        let job = live.jobs.first();
        let holds = job.map_or_else(String::new, |job| {
            let every = job.interval_seconds.div_ceil(60);
            match job.last_success {
                Some(at) => {
                    format!("provisioning runs every {every} minutes, and last succeeded at {}", minute(at))
                }
                None => {
                    format!("provisioning runs every {every} minutes; its first run has not finished yet")
                }
            }
        });
        if let Some(job) = job {
            if job.state == SyncState::Quarantine {
                of_job = failing(of_job);
            }
            of_job.extend(self.late(job).map(|one| self.at(one, declared.origin)));
        }
        self.check(Half::Entra, "provisioning-job", holds, of_job);
        if job.is_some() {
            self.check(
                Half::Entra,
                "provisioning-mapping",
                "`externalId` is mapped from `objectId`",
                take("provisioning-mapping"),
            );
        }
        match declared.token_expires {
            Some(expires) => {
                let of_token = take("scim-token");
                let of_token = if expires < self.today { failing(of_token) } else { of_token };
                self.check(
                    Half::Entra,
                    "scim-token",
                    format!("the SCIM token expires on {expires}, according to the configuration"),
                    of_token,
                );
            }
            None => self.unchecked(
                "when the SCIM token expires: AWS has no API for it, and the configuration has no `scim-token-expires=`",
            ),
        }
    }

    /// Reports a job that is active but has not succeeded for several intervals.
    fn late(&self, job: &SyncJob) -> Option<Diagnostic> {
        // The clock of a sandbox starts when it is opened.
        if job.state != SyncState::Active || self.reading.provenance != Provenance::Live {
            return None;
        }
        let last = job.last_success?;
        let seconds = self.reading.now.as_second() - last.as_second();
        if seconds <= LATE_AFTER * i64::from(job.interval_seconds) {
            return None;
        }
        let seconds = u64::try_from(seconds).unwrap_or_default();
        Some(
            Diagnostic::warning(
                Code::ProvisioningTrouble,
                format!("provisioning has not succeeded for {}", duration(seconds)),
            )
            .help("see the provisioning logs in Entra ID: the application, Provisioning, View provisioning logs"),
        )
    }

    fn mfa(&mut self, wanted: &RequireMfa, tenant: &Tenant, found: Vec<Diagnostic>) {
        let live = tenant.conditional_access.iter().find(|live| live.policy.name == wanted.name);
        let labels: Vec<String> =
            wanted.except.iter().map(|index| format!("`{}`", self.files.config[*index].label)).collect();
        let except = if labels.is_empty() { "no group".to_owned() } else { labels.join(", ") };
        let holds = live.map_or_else(String::new, |live| {
            format!(
                "the policy `{}` is {}, and excludes {except}",
                wanted.name,
                policy_state(live.policy.state)
            )
        });
        self.check(Half::Entra, "mfa", holds, found);
    }
}

/// A problem that the next apply resolves, with its check.
struct Pending {
    check: &'static str,
    finding: Diagnostic,
}

fn step_replaces_certificate(step: &EntraOperation) -> bool {
    matches!(step, EntraOperation::PreferCertificate { .. } | EntraOperation::AddCertificate { .. })
}

fn wrong_sign_on_mode(live: Option<&EnterpriseApplication>) -> String {
    match live.and_then(|live| live.sign_on_mode.as_deref()) {
        Some(mode) => format!("the single sign-on mode of the application is {mode}, not saml"),
        None => "the application has no single sign-on mode; it should be saml".to_owned(),
    }
}

fn idle_job(job: &SyncJob) -> &'static str {
    match job.state {
        SyncState::Paused => "provisioning is paused",
        SyncState::Active | SyncState::NotConfigured | SyncState::NotRun | SyncState::Quarantine => {
            "provisioning does not run yet"
        }
    }
}

/// Turns warnings of a plan into failures, for what does not work.
fn failing(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.into_iter().map(|one| Diagnostic { severity: Severity::Error, ..one }).collect()
}

fn day(at: Timestamp) -> String {
    Offset::UTC.to_datetime(at).date().to_string()
}

fn minute(at: Timestamp) -> String {
    let at = Offset::UTC.to_datetime(at);
    format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute())
}
