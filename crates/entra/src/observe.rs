//! Reading a tenant.
//!
//! Everything that is asked for is read to its end or not at all: the first call that fails ends the reading with its
//! error, so that nobody plans on a partial view.

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

/// What of a tenant to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// The tenant that the files name: a verified domain, or the directory id. Another one is an error.
    pub tenant: String,
    /// Groups that are looked up by display name. Graph does not tell upper from lower case, so a group whose name
    /// differs in that alone comes too.
    pub group_names: BTreeSet<String>,
    /// Groups that are looked up by object id.
    pub group_ids: BTreeSet<ObjectId>,
    /// The display name of the enterprise application, which is read with its assignments.
    pub application: Option<String>,
    /// The federation metadata document of an application that signs in by SAML.
    pub federation: bool,
    /// The synchronization jobs of the application, their mappings, and whether secrets are set.
    pub provisioning: bool,
    /// All conditional access policies.
    pub conditional_access: bool,
}

/// Reads a tenant.
///
/// # Errors
/// The tenant is another one, something in it cannot be used, or a call failed. Nothing partial is returned.
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

/// Reads the audit logs of the applications of a tenant, from `since` on. They are not part of [`observe`], since they
/// take permissions and a licence of their own, and time that grows with them: Graph allows 5 requests in 10 s.
///
/// # Errors
/// A call failed. Nothing partial is returned.
pub async fn observe_logs(
    reader: &Reader,
    tenant: &Tenant,
    since: Timestamp,
) -> Result<AuditLogs, ObserveError> {
    Ok(logs::read(reader, &tenant.applications, since).await?)
}

/// The tenant that the token is of, if it is the one that is named.
async fn organization(reader: &Reader, scope: &Scope) -> Result<(String, BTreeSet<String>), ObserveError> {
    let list = Read::of(LIST_ORGANIZATIONS, &[]).select("id,verifiedDomains");
    let all: Vec<Organization> = reader.list(&list).await?;
    let [Organization { id, verified_domains }] = &all[..] else {
        let what = format!("it lists {} organizations, not one", all.len());
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
