//! Reads the enterprise application: service principal, application, assignments, and everything that belongs to it.

use rolecall_model::ObjectId;
use rolecall_model::entra::{
    AppRole, AppRoleAssignment, EnterpriseApplication, FederationMetadata, SigningCertificate,
};

use super::{ObserveError, Scope, synchronization};
use crate::bodies::applications::{
    APPLICATION, Application, Assignment, KeyCredential, SERVICE_PRINCIPAL, ServicePrincipal,
};
use crate::client::Reader;
use crate::failure::GraphError;
use crate::federation;
use crate::request::{Read, quoted};
use crate::routes::{GET_METADATA, LIST_APPLICATIONS, LIST_ASSIGNMENTS, LIST_SERVICE_PRINCIPALS};
use crate::thumbprint;

/// The sign-on mode in which an application has its own metadata document.
const SAML: &str = "saml";

/// Reads the enterprise applications with the name in the configuration, sorted by service principal id.
pub(super) async fn read(
    reader: &Reader,
    scope: &Scope,
    tenant: &str,
) -> Result<Vec<EnterpriseApplication>, ObserveError> {
    let Some(name) = &scope.application else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for service_principal in named(reader, name).await? {
        all.push(whole(reader, scope, tenant, service_principal).await?);
    }
    all.sort_by(|a, b| a.service_principal_id.cmp(&b.service_principal_id));
    Ok(all)
}

/// Lists the service principals with exactly this name.
pub(crate) async fn named(reader: &Reader, name: &str) -> Result<Vec<ServicePrincipal>, GraphError> {
    let filter = format!("displayName eq {}", quoted(name));
    let list = Read::of(LIST_SERVICE_PRINCIPALS, &[]).filter(&filter).select(SERVICE_PRINCIPAL);
    let mut found: Vec<ServicePrincipal> = reader.list(&list).await?;
    found.retain(|one| one.display_name == name);
    Ok(found)
}

/// Reads the application with a client id; `None` for a service principal of another tenant's application.
pub(crate) async fn of_client(reader: &Reader, client: &ObjectId) -> Result<Option<Application>, GraphError> {
    let filter = format!("appId eq {}", quoted(client.as_str()));
    let list = Read::of(LIST_APPLICATIONS, &[]).filter(&filter).select(APPLICATION);
    Ok(reader.list(&list).await?.into_iter().next())
}

/// Lists the assignments of a service principal.
pub(crate) async fn assignments(reader: &Reader, id: &ObjectId) -> Result<Vec<Assignment>, GraphError> {
    reader.list(&Read::of(LIST_ASSIGNMENTS, &[id.as_str()]).large_pages()).await
}

/// Returns the token signing certificates among the keys, sorted by thumbprint. Each is listed twice: as the private
/// key that signs and the public key that verifies.
pub(crate) fn certificates(keys: &[KeyCredential]) -> Vec<SigningCertificate> {
    let verifying = keys.iter().filter(|key| key.usage.as_deref() == Some("Verify"));
    let mut found: Vec<SigningCertificate> = verifying
        .filter_map(|key| {
            Some(SigningCertificate {
                thumbprint: thumbprint::of_identifier(key.custom_key_identifier.as_deref()?)?,
                subject: key.display_name.clone().unwrap_or_default(),
                not_after: key.end_date_time?,
            })
        })
        .collect();
    found.sort_by(|a, b| a.thumbprint.cmp(&b.thumbprint));
    found.dedup_by(|a, b| a.thumbprint == b.thumbprint);
    found
}

/// Returns the app roles, sorted by id.
pub(crate) fn app_roles(service_principal: &ServicePrincipal) -> Vec<AppRole> {
    let roles = service_principal.app_roles.iter().map(|role| AppRole {
        id: role.id.clone(),
        display_name: role.display_name.clone().unwrap_or_default(),
        is_enabled: role.is_enabled,
    });
    let mut roles: Vec<AppRole> = roles.collect();
    roles.sort_by(|a, b| a.id.cmp(&b.id));
    roles
}

async fn whole(
    reader: &Reader,
    scope: &Scope,
    tenant: &str,
    service_principal: ServicePrincipal,
) -> Result<EnterpriseApplication, ObserveError> {
    let is_saml = service_principal.preferred_single_sign_on_mode.as_deref() == Some(SAML);
    let (application, assignments, jobs, federation) = tokio::try_join!(
        async { Ok::<_, ObserveError>(of_client(reader, &service_principal.app_id).await?) },
        async { Ok(assignments(reader, &service_principal.id).await?) },
        async {
            if scope.provisioning {
                return Ok(synchronization::jobs(reader, &service_principal.id).await?);
            }
            Ok(Vec::new())
        },
        async {
            if scope.federation && is_saml {
                return metadata(reader, tenant, &service_principal.app_id).await.map(Some);
            }
            Ok(None)
        },
    )?;
    let app_roles = app_roles(&service_principal);
    let ServicePrincipal {
        id,
        app_id,
        display_name,
        application_template_id,
        app_roles: _,
        key_credentials,
        preferred_single_sign_on_mode,
        preferred_token_signing_key_thumbprint,
    } = service_principal;
    let Some(application) = application else {
        return Err(ObserveError::ForeignApplication { name: display_name, service_principal: id });
    };
    let Application { id: application_id, identifier_uris, web } = application;
    let mut assignments: Vec<AppRoleAssignment> = assignments.into_iter().map(to_assignment).collect();
    assignments.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(EnterpriseApplication {
        service_principal_id: id,
        application_id,
        client_id: app_id,
        display_name,
        template_id: application_template_id,
        app_roles,
        sign_on_mode: preferred_single_sign_on_mode,
        identifier_uris,
        redirect_uris: web.map(|web| web.redirect_uris).unwrap_or_default(),
        certificates: certificates(&key_credentials),
        preferred_thumbprint: preferred_token_signing_key_thumbprint
            .map(|thumbprint| thumbprint.to_ascii_uppercase()),
        assignments,
        jobs,
        federation,
    })
}

fn to_assignment(assignment: Assignment) -> AppRoleAssignment {
    let Assignment { id, principal_id, principal_display_name, principal_type, app_role_id } = assignment;
    AppRoleAssignment {
        id,
        principal: principal_id,
        principal_name: principal_display_name.unwrap_or_default(),
        is_group: principal_type == "Group",
        app_role: app_role_id,
    }
}

/// Reads the federation metadata document of the tenant for an application, which is public.
async fn metadata(
    reader: &Reader,
    tenant: &str,
    client: &ObjectId,
) -> Result<FederationMetadata, ObserveError> {
    let read = Read::of(GET_METADATA, &[tenant]).query("appid", client.as_str());
    let document = reader.fetch(&read).await?;
    federation::read(&document).map_err(ObserveError::Metadata)
}
