//! Carries out operations.
//!
//! A request that creates something is never sent again blindly: the directory is searched for the result of the
//! first one before.
//!
//! New objects are not visible on all replicas at once. For some minutes after this target created something in an
//! application, "not found" is retried.

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

/// How long conflicts are retried, and how long a new object may take to become visible.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(300);

/// The credentials of provisioning for AWS. They are sent to Graph, and are in no plan, record or log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimSecrets {
    /// The SCIM endpoint of Identity Center, such as `https://scim.eu-west-1.amazonaws.com/…/scim/v2/`.
    pub endpoint: String,
    /// The access token.
    pub token: Secret,
}

/// Carries out operations in one tenant.
#[derive(Debug)]
pub struct EntraTarget {
    writer: Writer,
    /// The credentials in the environment, if any.
    secrets: Option<ScimSecrets>,
    /// Applications by name: those of the tenant, and those created since.
    known: Mutex<BTreeMap<String, Known>>,
    /// Groups that wait for the next provisioning cycle, since the caller may not provision on demand, with their
    /// names.
    waiting: Mutex<BTreeMap<ObjectId, String>>,
}

/// The known state of an application.
#[derive(Debug, Clone)]
struct Known {
    service_principal: ObjectId,
    application: ObjectId,
    client: ObjectId,
    roles: Vec<AppRole>,
    /// Its synchronization job, and the group rule in the job's schema.
    job: Option<String>,
    group_rule: Option<String>,
    /// The thumbprint of the certificate that was added.
    added: Option<String>,
    /// Until then, new objects of the application may not be visible.
    settles_until: Option<Instant>,
}

impl EntraTarget {
    /// Creates a target for the tenant. `secrets` are needed by [`EntraOperation::SetSyncSecrets`].
    pub fn new(writer: Writer, tenant: &Tenant, secrets: Option<ScimSecrets>) -> Self {
        let mut known: BTreeMap<String, Known> = BTreeMap::new();
        let mut ambiguous = BTreeSet::new();
        for application in &tenant.applications {
            if known.insert(application.display_name.clone(), Known::of(application)).is_some() {
                ambiguous.insert(application.display_name.clone());
            }
        }
        // A plan contains no ambiguous application.
        known.retain(|name, _| !ambiguous.contains(name));
        Self { writer, secrets, known: Mutex::new(known), waiting: Mutex::new(BTreeMap::new()) }
    }

    /// Returns the groups that were not provisioned on demand, since the caller lacks the permission, with their
    /// names. They arrive in the Identity Store with the next provisioning cycle, within about 40 minutes.
    pub fn waiting_for_cycle(&self) -> BTreeMap<ObjectId, String> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn call(&self, operation: &EntraOperation) -> Result<Option<String>, Refusal> {
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

    /// Sends an idempotent change of an application, and retries while the objects it refers to are not visible.
    async fn change(&self, application: &str, change: &Change) -> Result<Answer, GraphError> {
        self.settled(application, || self.writer.change(change)).await
    }

    /// Like [`Self::change`], for a change that must not be sent twice.
    async fn change_once(&self, application: &str, change: &Change) -> Result<Answer, GraphError> {
        self.settled(application, || self.writer.change_once(change)).await
    }

    async fn settled<F>(&self, application: &str, send: impl Fn() -> F) -> Result<Answer, GraphError>
    where
        F: Future<Output = Result<Answer, GraphError>>,
    {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match send().await {
                Err(error) if error.may_be_lag() && self.is_settling(application) => {
                    self.reader().let_it_settle(attempts).await;
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

    /// Records a new object of an application, which may not be visible for a while.
    fn note(&self, application: &str, change: impl FnOnce(&mut Known)) {
        if let Some(known) = self.lock().get_mut(application) {
            known.settles_until = Some(Instant::now() + SETTLE_TIMEOUT);
            change(known);
        }
    }

    fn is_settling(&self, application: &str) -> bool {
        let known = self.lock();
        let until = known.get(application).and_then(|known| known.settles_until);
        until.is_some_and(|until| Instant::now() < until)
    }

    /// Converts an error for the record. Graph might repeat a secret that it rejects.
    fn failure(&self, operation: &EntraOperation, error: GraphError) -> Failure {
        let mut failure = Failure::from(error);
        if let (EntraOperation::SetSyncSecrets { .. }, Some(secrets)) = (operation, &self.secrets) {
            failure.code = secrets.token.redact(&failure.code);
            failure.message = secrets.token.redact(&failure.message);
        }
        failure
    }
}

impl Target for EntraTarget {
    type Operation = EntraOperation;

    const CONFLICT_TIMEOUT: Duration = SETTLE_TIMEOUT;

    async fn send(&self, operation: &EntraOperation) -> Result<Started, applier::Refusal> {
        match self.call(operation).await {
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
        self.has_effect(operation).await.map_err(|error| self.failure(operation, error))
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

/// A rejected operation.
enum Refusal {
    /// Graph rejected the request, or the connection failed.
    Call(GraphError),
    /// Retrying cannot help.
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

/// Makes an error final: a request may have taken effect, so starting over could create a second object.
fn ended(error: GraphError) -> Refusal {
    Refusal::Final(error.into())
}

fn failure(code: &str, message: String) -> Failure {
    Failure { code: code.to_owned(), message, request_id: None }
}
