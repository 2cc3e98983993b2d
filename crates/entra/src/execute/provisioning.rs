//! Operations on the synchronization job: creation, secrets, start and restart.

use rolecall_model::ObjectId;
use tokio::time::Instant;

use super::creation::{Creation, SEARCH};
use super::{EntraTarget, Refusal, SETTLE_TIMEOUT, failure};
use crate::bodies::synchronization::{
    Criteria, Job, JobTemplate, NewJob, Restart, SecretValue, Secrets, Validate,
};
use crate::failure::GraphError;
use crate::observe::synchronization::list;
use crate::request::{Change, Read};
use crate::routes::{
    CREATE_JOB, LIST_JOB_TEMPLATES, RESTART_JOB, SET_SECRETS, START_JOB, VALIDATE_CREDENTIALS,
};

/// The state that a restart resets: quarantine, failures and progress. The portal's "restart provisioning" resets the
/// same.
const RESET: &str = "Watermark, Escrows, QuarantineState";

impl EntraTarget {
    /// Creates the job, unless it exists.
    pub(super) async fn create_job(&self, application: &str) -> Result<Option<String>, Refusal> {
        let id = self.known(application)?.service_principal;
        if let Some(job) = self.find_job(&id).await? {
            self.note(application, |known| known.job = Some(job));
            return Ok(None);
        }
        let template = self.job_template(application, &id).await?;
        let change = Change::of(CREATE_JOB, &[id.as_str()]).body(&NewJob { template_id: &template });
        let search = |_| self.search(|| self.find_job(&id));
        let (request_id, job) = match self.create(|| self.change_once(application, &change), search).await? {
            Creation::Found(job) => (None, job),
            Creation::Responded(answer) => {
                let made: Job = serde_json::from_slice(&answer.body)
                    .map_err(|error| GraphError::unreadable(CREATE_JOB.0, error))?;
                (answer.request_id, made.id)
            }
        };
        self.note(application, |known| known.job = Some(job));
        Ok(request_id)
    }

    /// Finds the first job, by id. The list of a new application may not be visible for a while.
    pub(super) async fn find_job(&self, id: &ObjectId) -> Result<Option<String>, GraphError> {
        let deadline = Instant::now() + SEARCH;
        let mut attempts = 0;
        let jobs = loop {
            attempts += 1;
            match list(self.reader(), id).await {
                Err(error) if error.may_be_lag() && Instant::now() < deadline => {
                    self.reader().let_it_settle(attempts).await;
                }
                answer => break answer?,
            }
        };
        Ok(jobs.into_iter().map(|job| job.id).min())
    }

    /// Returns the job template of the application: the only one, or the default. A new application offers it after a
    /// moment.
    async fn job_template(&self, application: &str, id: &ObjectId) -> Result<String, Refusal> {
        let deadline = Instant::now() + SETTLE_TIMEOUT;
        let read = Read::of(LIST_JOB_TEMPLATES, &[id.as_str()]);
        let mut attempts = 0;
        let templates: Vec<JobTemplate> = loop {
            attempts += 1;
            let may_wait = self.is_settling(application) && Instant::now() < deadline;
            match self.reader().list::<JobTemplate>(&read).await {
                Ok(templates) if !templates.is_empty() || !may_wait => break templates,
                Err(error) if !error.may_be_lag() || !may_wait => return Err(error.into()),
                _ => self.reader().let_it_settle(attempts).await,
            }
        };
        let default = templates.iter().find(|template| template.default);
        match (default, &templates[..]) {
            (Some(template), _) | (None, [template]) => Ok(template.id.clone()),
            (None, others) => {
                let ids: Vec<&str> = others.iter().map(|template| template.id.as_str()).collect();
                let what = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
                let message = format!(
                    "{application:?} has no default provisioning template; its templates are: {what}"
                );
                Err(failure("UnknownTemplate", message).into())
            }
        }
    }

    /// Returns the job of an application, and reads it if it is unknown.
    pub(super) async fn job(&self, application: &str) -> Result<(ObjectId, String), Refusal> {
        let known = self.known(application)?;
        let id = known.service_principal;
        if let Some(job) = known.job {
            return Ok((id, job));
        }
        let Some(job) = self.find_job(&id).await? else {
            let message = format!("{application:?} has no synchronization job");
            return Err(failure("UnknownJob", message).into());
        };
        if let Some(known) = self.lock().get_mut(application) {
            known.job = Some(job.clone());
        }
        Ok((id, job))
    }

    /// Sets the secrets and has Entra ID validate them.
    pub(super) async fn set_secrets(&self, application: &str) -> Result<Option<String>, Refusal> {
        let Some(secrets) = &self.secrets else {
            let message = "the SCIM endpoint and its token are missing: set ROLECALL_SCIM_ENDPOINT and \
                           ROLECALL_SCIM_TOKEN"
                .to_owned();
            return Err(failure("NoScimSecrets", message).into());
        };
        let (id, job) = self.job(application).await?;
        let body = Secrets {
            value: [
                SecretValue { key: "BaseAddress", value: &secrets.endpoint },
                SecretValue { key: "SecretToken", value: secrets.token.expose() },
            ],
        };
        self.change(application, &Change::of(SET_SECRETS, &[id.as_str()]).body(&body)).await?;
        let validate = Change::of(VALIDATE_CREDENTIALS, &[id.as_str(), &job]);
        let validate = validate.body(&Validate { use_saved_credentials: true });
        Ok(self.change(application, &validate).await?.request_id)
    }

    pub(super) async fn start_job(&self, application: &str) -> Result<Option<String>, Refusal> {
        let (id, job) = self.job(application).await?;
        let change = Change::of(START_JOB, &[id.as_str(), &job]);
        Ok(self.change(application, &change).await?.request_id)
    }

    pub(super) async fn restart_job(&self, application: &str) -> Result<Option<String>, Refusal> {
        let (id, job) = self.job(application).await?;
        let change = Change::of(RESTART_JOB, &[id.as_str(), &job]);
        let change = change.body(&Restart { criteria: Criteria { reset_scope: RESET } });
        Ok(self.change(application, &change).await?.request_id)
    }
}
