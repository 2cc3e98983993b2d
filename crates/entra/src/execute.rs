//! Carrying out single steps.
//!
//! A request that would make a second thing is never sent again blindly: the directory is searched for the first one
//! before.
//!
//! What was just made cannot be read everywhere at once. For some minutes after this target made something of an
//! application, "not found" is waited out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rolecall_applier::{self as applier, Failure, Started, Target};
use rolecall_model::entra::{AppRole, EnterpriseApplication, Tenant};
use rolecall_model::{EntraOperation, ObjectId};
use tokio::time::Instant;

use crate::client::{Answer, Reader, Writer};
use crate::failure::{GraphError, Kind};
use crate::request::Change;
use crate::secret::Secret;

mod application;
mod creation;
mod on_demand;
mod policies;
mod provisioning;
mod reread;

/// How long what is in the way is waited out, and how long something that was just made may stay unseen.
const PATIENCE: Duration = Duration::from_secs(300);

/// What provisioning signs in to AWS with. It is sent to Graph, and is in no plan, record or log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimSecrets {
    /// The SCIM endpoint of Identity Center, such as `https://scim.eu-west-1.amazonaws.com/…/scim/v2/`.
    pub endpoint: String,
    /// The access token.
    pub token: Secret,
}

/// Carries out steps in one tenant.
#[derive(Debug)]
pub struct EntraTarget {
    writer: Writer,
    /// What the environment gave; `None` where it gave nothing.
    secrets: Option<ScimSecrets>,
    /// The application of each name: those of the tenant, and those made since.
    known: Mutex<BTreeMap<String, Known>>,
    /// Groups that wait for the next cycle, since the caller may not provision on demand, and their names.
    waiting: Mutex<BTreeMap<ObjectId, String>>,
}

/// What is known of an application.
#[derive(Debug, Clone)]
struct Known {
    service_principal: ObjectId,
    application: ObjectId,
    client: ObjectId,
    roles: Vec<AppRole>,
    /// Its synchronization job, and the rule for groups in the job's schema.
    job: Option<String>,
    group_rule: Option<String>,
    /// The thumbprint of the certificate that was added.
    added: Option<String>,
    /// Until then, what was made may be unseen.
    settles_until: Option<Instant>,
}

impl EntraTarget {
    /// A target for the tenant that was read. `secrets` are used by the step that sets them.
    pub fn new(writer: Writer, tenant: &Tenant, secrets: Option<ScimSecrets>) -> Self {
        let mut known: BTreeMap<String, Known> = BTreeMap::new();
        let mut ambiguous = BTreeSet::new();
        for application in &tenant.applications {
            if known.insert(application.display_name.clone(), Known::of(application)).is_some() {
                ambiguous.insert(application.display_name.clone());
            }
        }
        // A plan names no application of which there are two.
        known.retain(|name, _| !ambiguous.contains(name));
        Self { writer, secrets, known: Mutex::new(known), waiting: Mutex::new(BTreeMap::new()) }
    }

    /// Groups that were not provisioned on demand, since the caller has no permission for it, and their names. They come
    /// to the Identity Store with the next cycle of the job, within about 40 minutes.
    pub fn waiting_for_cycle(&self) -> BTreeMap<ObjectId, String> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn send_once(&self, operation: &EntraOperation) -> Result<Option<String>, Refusal> {
        match operation {
            EntraOperation::CreateApplication { name } => self.create_application(name).await,
            EntraOperation::SetSamlMode { application } => self.set_saml_mode(application).await,
            EntraOperation::SetUrls { application, identifier_uris, redirect_uris } => {
                self.set_urls(application, identifier_uris, redirect_uris).await
            }
            EntraOperation::AddCertificate { application, subject, not_after } => {
                self.add_certificate(application, subject, *not_after).await
            }
            EntraOperation::PreferCertificate { application, thumbprint } => {
                self.prefer_certificate(application, thumbprint.as_deref()).await
            }
            EntraOperation::AssignGroup { application, group, name: _ } => {
                self.assign_group(application, group).await
            }
            EntraOperation::UnassignGroup { application, group, name: _ } => {
                self.unassign_group(application, group).await
            }
            EntraOperation::CreateSyncJob { application } => self.create_job(application).await,
            EntraOperation::SetSyncSecrets { application } => self.set_secrets(application).await,
            EntraOperation::StartSync { application } => self.start_job(application).await,
            EntraOperation::RestartSync { application } => self.restart_job(application).await,
            EntraOperation::ProvisionGroup { application, group, name, members } => {
                self.provision_group(application, group, name, members).await
            }
            EntraOperation::CreatePolicy { application, policy } => {
                self.create_policy(application, policy).await
            }
            EntraOperation::UpdatePolicy { id, application, policy } => {
                self.update_policy(id, application, policy).await
            }
        }
    }

    fn reader(&self) -> &Reader {
        self.writer.reader()
    }

    /// Sends a change of an application that may be sent twice, and waits out that what it refers to is not to be seen
    /// yet.
    async fn change(&self, application: &str, change: &Change) -> Result<Answer, GraphError> {
        self.settled(application, || self.writer.change(change)).await
    }

    /// The same, for a change that must not be sent twice.
    async fn change_once(&self, application: &str, change: &Change) -> Result<Answer, GraphError> {
        self.settled(application, || self.writer.change_once(change)).await
    }

    async fn settled<F>(&self, application: &str, send: impl Fn() -> F) -> Result<Answer, GraphError>
    where
        F: Future<Output = Result<Answer, GraphError>>,
    {
        let mut tries = 0;
        loop {
            tries += 1;
            match send().await {
                Err(error) if error.may_be_lag() && self.is_settling(application) => {
                    self.reader().let_it_settle(tries).await;
                }
                answer => return answer,
            }
        }
    }

    fn known(&self, application: &str) -> Result<Known, Failure> {
        self.lock().get(application).cloned().ok_or_else(|| {
            failure("UnknownApplication", format!("the tenant has no enterprise application {application:?}"))
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what was made of an application, and that it may be unseen for a while.
    fn note(&self, application: &str, change: impl FnOnce(&mut Known)) {
        if let Some(known) = self.lock().get_mut(application) {
            known.settles_until = Some(Instant::now() + PATIENCE);
            change(known);
        }
    }

    fn is_settling(&self, application: &str) -> bool {
        let known = self.lock();
        let until = known.get(application).and_then(|known| known.settles_until);
        until.is_some_and(|until| Instant::now() < until)
    }

    /// What a record shows of an error. Graph might repeat a secret that it does not take.
    fn failure(&self, operation: &EntraOperation, error: GraphError) -> Failure {
        let mut failure = Failure::from(error);
        if let (EntraOperation::SetSyncSecrets { .. }, Some(secrets)) = (operation, &self.secrets) {
            failure.code = secrets.token.blot_out(&failure.code);
            failure.message = secrets.token.blot_out(&failure.message);
        }
        failure
    }
}

impl Target for EntraTarget {
    type Operation = EntraOperation;

    const CONFLICT_TIMEOUT: Duration = PATIENCE;

    async fn send(&self, operation: &EntraOperation) -> Result<Started, applier::Refusal> {
        match self.send_once(operation).await {
            Ok(request_id) => Ok(Started::Done { request_id }),
            Err(Refusal::Final(failure)) => Err(failure.into()),
            Err(Refusal::Call(error)) => {
                let kind = error.kind;
                let failure = self.failure(operation, error);
                Err(match kind {
                    Kind::Conflict => applier::Refusal::Conflict(failure),
                    Kind::NotFound => applier::Refusal::NotFound(failure),
                    Kind::Throttled(_)
                    | Kind::Transient { .. }
                    | Kind::Token
                    | Kind::Credentials
                    | Kind::Denied
                    | Kind::Unreadable
                    | Kind::Refused => failure.into(),
                })
            }
        }
    }

    async fn is_in_effect(&self, operation: &EntraOperation, _: &Failure) -> Result<bool, Failure> {
        self.is_as_wanted(operation).await.map_err(|error| self.failure(operation, error))
    }

    async fn wait_out_conflict(&self, attempts: u32) {
        self.reader().let_it_settle(attempts).await;
    }
}

impl Known {
    fn of(application: &EnterpriseApplication) -> Self {
        let job = application.jobs.first();
        Self {
            service_principal: application.service_principal_id.clone(),
            application: application.application_id.clone(),
            client: application.client_id.clone(),
            roles: application.app_roles.clone(),
            job: job.map(|job| job.id.clone()),
            group_rule: job.and_then(|job| job.group_rule_id.clone()),
            added: None,
            settles_until: None,
        }
    }
}

/// Why a step was not sent, or not taken.
enum Refusal {
    /// Graph or the connection said no.
    Call(GraphError),
    /// There is nothing to ask Graph, or nothing more to ask.
    Final(Failure),
}

impl From<GraphError> for Refusal {
    fn from(error: GraphError) -> Self {
        Self::Call(error)
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Final(failure)
    }
}

/// Ends a step of which a request may have taken effect: to begin again could make a second thing.
fn ended(error: GraphError) -> Refusal {
    Refusal::Final(error.into())
}

fn failure(code: &str, message: String) -> Failure {
    Failure { code: code.to_owned(), message, request_id: None }
}
