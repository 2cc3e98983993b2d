//! Reads a tenant.
//!
//! Reads are complete or fail: the first call that fails ends the observation with its error, so that nothing is
//! planned on a partial view.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rolecall_model::ObjectId;
use rolecall_model::entra::{AuditLogs, Tenant};

use crate::bodies::directory::Organization;
use crate::bodies::policies::{POLICY, Policy};
use crate::client::Reader;
use crate::failure::GraphError;
use crate::request::Read;
use crate::routes::{LIST_ORGANIZATIONS, LIST_POLICIES};

pub(crate) mod application;
mod directory;
mod error;
mod logs;
pub(crate) mod synchronization;

pub use error::ObserveError;

/// The parts of a tenant to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The tenant in the configuration: a verified domain, or the directory id. Any other is an error.
    pub tenant: String,
    /// Groups to look up by display name. Graph ignores case, so groups whose names differ only in case are read too.
    pub group_names: BTreeSet<String>,
    /// Groups to look up by object id.
    pub group_ids: BTreeSet<ObjectId>,
    /// The display name of the enterprise application, which is read with its assignments.
    pub application: Option<String>,
    /// Whether to read the federation metadata document of an application with SAML sign-on.
    pub federation: bool,
    /// Whether to read the synchronization jobs of the application, their mappings, and whether secrets are set.
    pub provisioning: bool,
    /// Whether to read all conditional access policies.
    pub conditional_access: bool,
}

/// Reads a tenant.
///
/// # Errors
/// Returns an error if the tenant is another one, a part of it cannot be used, or a call failed. There is no partial
/// result.
pub async fn observe(reader: &Reader, scope: &Scope) -> Result<Tenant, ObserveError> {
    let (id, domains) = organization(reader, scope).await?;
    let (named, applications, conditional_access) = tokio::try_join!(
        directory::named_groups(reader, scope),
        application::read(reader, scope, &id),
        policies(reader, scope),
    )?;
    let assigned: BTreeSet<ObjectId> = applications
        .iter()
        .flat_map(|application| &application.assignments)
        .filter(|assignment| assignment.is_group)
        .map(|assignment| assignment.principal.clone())
        .collect();
    let directory::Read { groups, users } = directory::with_members(reader, named, assigned).await?;
    let logs = AuditLogs::default();
    Ok(Tenant { id, domains, groups, users, applications, conditional_access, logs })
}

/// Reads the audit logs of the tenant's applications, starting at `since`. They are not part of [`observe`], since
/// they require permissions and a license of their own, and time in proportion to their length: Graph allows 5
/// requests in 10 s.
///
/// # Errors
/// Returns an error if a call failed. There is no partial result.
pub async fn observe_logs(
    reader: &Reader,
    tenant: &Tenant,
    since: Timestamp,
) -> Result<AuditLogs, ObserveError> {
    Ok(logs::read(reader, &tenant.applications, since).await?)
}

/// Returns the tenant of the token, if it is the one in the configuration.
async fn organization(reader: &Reader, scope: &Scope) -> Result<(String, BTreeSet<String>), ObserveError> {
    let list = Read::of(LIST_ORGANIZATIONS, &[]).select("id,verifiedDomains");
    let all: Vec<Organization> = reader.list(&list).await?;
    let [Organization { id, verified_domains }] = &all[..] else {
        let what = format!("expected one organization, found {}", all.len());
        return Err(GraphError::unreadable(LIST_ORGANIZATIONS.0, what).into());
    };
    let domains: BTreeSet<String> = verified_domains.iter().map(|domain| domain.name.clone()).collect();
    let is_named = |name: &str| name.eq_ignore_ascii_case(&scope.tenant);
    if is_named(id) || domains.iter().any(|domain| is_named(domain)) {
        return Ok((id.clone(), domains));
    }
    Err(ObserveError::WrongTenant { wanted: scope.tenant.clone(), id: id.clone(), domains })
}

async fn policies(
    reader: &Reader,
    scope: &Scope,
) -> Result<Vec<rolecall_model::entra::ConditionalAccessPolicy>, ObserveError> {
    if !scope.conditional_access {
        return Ok(Vec::new());
    }
    let mut all: Vec<rolecall_model::entra::ConditionalAccessPolicy> =
        list_policies(reader).await?.into_iter().map(Into::into).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

pub(crate) async fn list_policies(reader: &Reader) -> Result<Vec<Policy>, GraphError> {
    reader.list(&Read::of(LIST_POLICIES, &[]).select(POLICY)).await
}
