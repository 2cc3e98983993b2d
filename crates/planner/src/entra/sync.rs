//! `provisioning`: the synchronization job that provisions users and groups to AWS through SCIM.

use rolecall_model::config::Provisioning;
use rolecall_model::entra::{SyncJob, SyncState};
use rolecall_model::{Code, EntraOperation};
use serde_json::{Value, json};

use super::Comparer;

/// Days before the expiry of a SCIM token from which it is reported. Creating another one is a manual step, and two may
/// exist.
const TOKEN_WARNING_DAYS: i32 = 45;
/// The source that `externalId` must be mapped from, so that a renamed group is still recognized.
const EXTERNAL_ID_SOURCE: &str = "objectId";

/// The quarantine reason that new credentials resolve.
const INVALID_CREDENTIALS: &str = "TenantProvisioningInvalidCredentials";

impl Comparer<'_> {
    pub(super) fn provisioning(&mut self) {
        let Some(provisioning) = &self.declared.provisioning else { return };
        let origin = provisioning.origin;
        self.token(provisioning);
        let application = self.declared.name.clone();
        let jobs = self.live.map(|live| live.jobs.clone()).unwrap_or_default();
        let Some(job) = jobs.first() else {
            self.change(
                EntraOperation::CreateSyncJob { application: application.clone() },
                Value::Null,
                origin,
            );
            self.change(
                EntraOperation::SetSyncSecrets { application: application.clone() },
                Value::Null,
                origin,
            );
            self.change(EntraOperation::StartSync { application }, Value::Null, origin);
            self.scim_step(provisioning);
            return;
        };
        self.job(job, provisioning);
    }

    fn job(&mut self, job: &SyncJob, provisioning: &Provisioning) {
        let origin = provisioning.origin;
        let application = self.declared.name.clone();
        let before = json!({ "state": job.state });
        let has_bad_secrets =
            job.quarantine.as_ref().is_some_and(|quarantine| quarantine.reason == INVALID_CREDENTIALS);
        let is_renewed = self.settings.renew_scim_token;
        if is_renewed || !job.has_secrets || job.state == SyncState::NotConfigured || has_bad_secrets {
            let step = EntraOperation::SetSyncSecrets { application: application.clone() };
            self.change(step, json!({ "configured": job.has_secrets }), origin);
            self.scim_step(provisioning);
        }
        match job.state {
            SyncState::Active => {}
            SyncState::NotConfigured | SyncState::NotRun | SyncState::Paused => {
                self.change(EntraOperation::StartSync { application }, before, origin);
            }
            SyncState::Quarantine => {
                let why = match &job.quarantine {
                    Some(quarantine) => match &quarantine.message {
                        Some(message) => format!("{}: {message}", quarantine.reason),
                        None => quarantine.reason.clone(),
                    },
                    None => "Graph gives no reason".to_owned(),
                };
                self.warn(
                    Code::ProvisioningTrouble,
                    format!("provisioning is in quarantine ({why})"),
                    origin,
                    "it runs once a day, and is disabled after four weeks",
                    "the plan restarts it; if it comes back, `rolecall doctor` shows what fails",
                );
                self.change(EntraOperation::RestartSync { application }, before, origin);
            }
        }
        if let Some(error) = job.last_error.as_ref().filter(|_| job.state != SyncState::Quarantine) {
            self.warn(
                Code::ProvisioningTrouble,
                format!("the last run of provisioning failed ({error})"),
                origin,
                "users and groups in AWS may be out of date",
                "run `rolecall doctor`, and see the provisioning logs in Entra ID",
            );
        }
        let mappings = [("groups", &job.group_external_id), ("users", &job.user_external_id)];
        for (of, source) in mappings {
            if source.as_deref().is_some_and(|source| source != EXTERNAL_ID_SOURCE) {
                let source = source.clone().unwrap_or_default();
                self.warn(
                    Code::AttributeMapping,
                    format!("`externalId` of {of} is mapped from `{source}`, not from `objectId`"),
                    origin,
                    "without the object id, a renamed group looks like a different group",
                    "in Entra ID: the application, Provisioning, Mappings; map `objectId` to `externalId`",
                );
            }
        }
    }

    fn token(&mut self, provisioning: &Provisioning) {
        let Some(expires) = provisioning.token_expires else { return };
        let days = (expires - self.settings.today).get_days();
        if days > TOKEN_WARNING_DAYS {
            return;
        }
        let when = match days {
            ..0 => format!("expired on {expires}"),
            0 => "expires today".to_owned(),
            days => format!("expires in {days} days"),
        };
        self.warn(
            Code::TokenEndsSoon,
            format!("the SCIM token {when}"),
            provisioning.origin,
            "without it, no user and no group is provisioned to AWS",
            "in AWS: IAM Identity Center, Settings, Automatic provisioning, Access tokens, Generate token; pass it \
             as ROLECALL_SCIM_TOKEN to an apply with `--renew-scim-token`, and write the new day",
        );
    }

    /// Adds the manual provisioning step, for which AWS has no API.
    fn scim_step(&mut self, provisioning: &Provisioning) {
        self.warn(
            Code::ConsoleStep,
            "manual step in AWS: enable automatic provisioning, and create an access token".to_owned(),
            provisioning.origin,
            "AWS has no API for this",
            "in AWS: IAM Identity Center, Settings, Identity source, Automatic provisioning, Enable. Pass the endpoint \
             and the token to apply as ROLECALL_SCIM_ENDPOINT and ROLECALL_SCIM_TOKEN",
        );
    }
}
