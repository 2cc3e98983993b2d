//! Reads the live state again after Graph reported a conflict or "not found".

use rolecall_model::EntraOperation;
use rolecall_model::entra::ConditionalAccessPolicy;

use super::EntraTarget;
use crate::bodies::applications::{APPLICATION, Application, SERVICE_PRINCIPAL, ServicePrincipal};
use crate::bodies::policies::Policy;
use crate::failure::{GraphError, Kind};
use crate::observe::application::assignments;
use crate::request::Read;
use crate::routes::{GET_APPLICATION, GET_SERVICE_PRINCIPAL};

impl EntraTarget {
    /// Returns whether the live state is as the operation wants it. A missing object is not as wanted, unless it is
    /// to be removed.
    pub(super) async fn has_effect(&self, operation: &EntraOperation) -> Result<bool, GraphError> {
        match self.reads_as_wanted(operation).await {
            Err(error) if error.kind == Kind::NotFound => Ok(false),
            answer => answer,
        }
    }

    async fn reads_as_wanted(&self, operation: &EntraOperation) -> Result<bool, GraphError> {
        // An unknown application cannot be read, so nothing of it is as wanted.
        let Ok(known) = self.known(operation.application()) else { return Ok(false) };
        let id = &known.service_principal;
        match operation {
            EntraOperation::SetSamlMode { .. } => {
                let live = self.service_principal(id.as_str()).await?;
                Ok(live.preferred_single_sign_on_mode.as_deref() == Some("saml"))
            }
            EntraOperation::SetUrls { application: _, identifier_uris, redirect_uris } => {
                let read = Read::of(GET_APPLICATION, &[known.application.as_str()]).select(APPLICATION);
                let live: Application = self.reader().get(&read).await?;
                let redirects = live.web.map(|web| web.redirect_uris).unwrap_or_default();
                Ok(live.identifier_uris == *identifier_uris && redirects == *redirect_uris)
            }
            EntraOperation::PreferCertificate { application: _, thumbprint } => {
                let live = self.service_principal(id.as_str()).await?.preferred_token_signing_key_thumbprint;
                let wanted = thumbprint.as_ref().or(known.added.as_ref());
                Ok(live.zip(wanted).is_some_and(|(live, wanted)| live.eq_ignore_ascii_case(wanted)))
            }
            EntraOperation::AssignGroup { application: _, group, name: _ } => {
                Ok(assignments(self.reader(), id).await?.iter().any(|one| one.principal_id == *group))
            }
            EntraOperation::UnassignGroup { application: _, group, name: _ } => {
                Ok(assignments(self.reader(), id).await?.iter().all(|one| one.principal_id != *group))
            }
            EntraOperation::CreateSyncJob { application } => {
                let job = self.find_job(id).await?;
                let is_there = job.is_some();
                if let Some(job) = job {
                    self.note(application, |known| known.job = Some(job));
                }
                Ok(is_there)
            }
            EntraOperation::UpdatePolicy { id, application, policy } => {
                let live: Policy = self.policy(id).await?;
                let Ok(wanted) = self.with_client(application, policy) else { return Ok(false) };
                Ok(ConditionalAccessPolicy::from(live).policy == wanted)
            }
            // These search for what they created themselves, or leave nothing to compare.
            EntraOperation::CreateApplication { .. }
            | EntraOperation::AddCertificate { .. }
            | EntraOperation::SetSyncSecrets { .. }
            | EntraOperation::StartSync { .. }
            | EntraOperation::RestartSync { .. }
            | EntraOperation::ProvisionGroup { .. }
            | EntraOperation::CreatePolicy { .. } => Ok(false),
        }
    }

    async fn service_principal(&self, id: &str) -> Result<ServicePrincipal, GraphError> {
        self.reader().get(&Read::of(GET_SERVICE_PRINCIPAL, &[id]).select(SERVICE_PRINCIPAL)).await
    }
}
