//! Preflight: reads the caller, the organization and the instance, and checks that the instance can be used.

use std::collections::BTreeSet;

use aws_sdk_ssoadmin::types::InstanceMetadata;
use rolecall_model::snapshot::{Caller, Instance};
use rolecall_model::{AccountId, InstanceId, Region};

use super::{ORGANIZATIONS_PAGE_SIZE, ObserveError, Reader, Step};
use crate::api::Api;
use crate::permission_set::PAGE_SIZE;
use crate::retry::{CallError, Kind};

/// The result of preflight.
pub(super) struct Found {
    pub(super) caller: Caller,
    pub(super) instance: Instance,
    pub(super) organization_id: String,
    pub(super) management_account: AccountId,
    pub(super) delegated_administrators: BTreeSet<AccountId>,
}

/// The service principal of IAM Identity Center in `ListDelegatedAdministrators`.
const SERVICE_PRINCIPAL: &str = "sso.amazonaws.com";

pub(super) async fn find(reader: &Reader<'_>) -> Result<Found, ObserveError> {
    reader.report(Step::Instance, 0, 1);
    let caller = caller(reader).await?;
    let (organization_id, management_account) = organization(reader, &caller).await?;
    let candidate = choose(reader, &caller, management_account).await?;
    let instance = examine(reader, candidate).await?;
    let delegated_administrators = delegated_administrators(reader, &caller, management_account).await?;
    reader.report(Step::Instance, 1, 1);
    Ok(Found { caller, instance, organization_id, management_account, delegated_administrators })
}

/// Reads the caller. This is the first call, so it shows whether the credentials are valid.
async fn caller(reader: &Reader<'_>) -> Result<Caller, ObserveError> {
    let api = Api::sts("GetCallerIdentity");
    let answer = reader.clients.call(api, || reader.clients.sts().get_caller_identity().send()).await?;
    Ok(Caller { account: account(api, answer.account.as_deref())?, arn: answer.arn.unwrap_or_default() })
}

fn account(api: Api, id: Option<&str>) -> Result<AccountId, CallError> {
    id.unwrap_or_default().parse().map_err(|error| CallError::unreadable(api, error))
}

async fn organization(reader: &Reader<'_>, caller: &Caller) -> Result<(String, AccountId), ObserveError> {
    let api = Api::organizations("DescribeOrganization");
    let answer =
        reader.clients.call(api, || reader.clients.organizations().describe_organization().send()).await;
    let answer = match answer {
        Err(error) if error.failure.code == "AWSOrganizationsNotInUseException" => {
            return Err(ObserveError::NoOrganization { account: caller.account, failure: error.failure });
        }
        answer => answer?,
    };
    let organization =
        answer.organization.ok_or_else(|| CallError::unreadable(api, "the organization is missing"))?;
    let management_account = account(api, organization.master_account_id.as_deref())?;
    let id = organization.id.ok_or_else(|| CallError::unreadable(api, "the organization has no id"))?;
    Ok((id, management_account))
}

/// An instance that the caller sees.
struct Candidate {
    instance: Instance,
    /// The primary Region, if the listing has it.
    primary: Option<Region>,
}

/// Chooses the instance in the configuration, or the only one of the organization. Account instances, which belong to
/// one member account, are considered only if there is no other.
async fn choose(
    reader: &Reader<'_>,
    caller: &Caller,
    management_account: AccountId,
) -> Result<Candidate, ObserveError> {
    let api = Api::sso_admin("ListInstances");
    let clients = reader.clients;
    let seen = clients
        .pages(
            api,
            |token| clients.sso_admin().list_instances().max_results(PAGE_SIZE).set_next_token(token).send(),
            |page| (page.instances, page.next_token),
        )
        .await?;
    let seen: Vec<Candidate> = seen
        .into_iter()
        .map(|metadata| candidate(api, metadata, clients.region(), management_account))
        .collect::<Result<_, _>>()?;
    let region = clients.region().clone();
    let ids = |candidates: &[Candidate]| -> Vec<InstanceId> {
        let mut ids: Vec<_> = candidates.iter().map(|candidate| candidate.instance.id.clone()).collect();
        ids.sort();
        ids
    };
    let (of_organization, of_accounts): (Vec<_>, Vec<_>) =
        seen.into_iter().partition(|candidate| candidate.instance.owner_account == management_account);
    if let Some(wanted) = &reader.scope.instance {
        let mut seen = of_organization;
        seen.extend(of_accounts);
        return match seen.iter().position(|candidate| candidate.instance.id == *wanted) {
            Some(at) => refuse_account_instance(seen.swap_remove(at), management_account),
            None => Err(ObserveError::InstanceNotFound { wanted: wanted.clone(), region, seen: ids(&seen) }),
        };
    }
    let mut choice = if of_organization.is_empty() { of_accounts } else { of_organization };
    match choice.pop() {
        None => Err(ObserveError::NoInstance { region, account: caller.account }),
        Some(only) if choice.is_empty() => refuse_account_instance(only, management_account),
        Some(last) => {
            choice.push(last);
            Err(ObserveError::SeveralInstances { ids: ids(&choice) })
        }
    }
}

fn candidate(
    api: Api,
    metadata: InstanceMetadata,
    region: &Region,
    management_account: AccountId,
) -> Result<Candidate, CallError> {
    let arn = metadata.instance_arn.unwrap_or_default();
    let id: InstanceId = arn
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .parse()
        .map_err(|error| CallError::unreadable(api, error))?;
    let owner_account = match metadata.owner_account_id.as_deref() {
        // Endpoints without an owner support organization instances only.
        None => management_account,
        owner => account(api, owner)?,
    };
    let instance = Instance {
        arn,
        id,
        identity_store_id: metadata.identity_store_id.unwrap_or_default(),
        owner_account,
        region: region.clone(),
    };
    Ok(Candidate { instance, primary: primary(api, metadata.primary_region.as_deref())? })
}

fn primary(api: Api, region: Option<&str>) -> Result<Option<Region>, CallError> {
    region
        .filter(|region| !region.is_empty())
        .map(|region| region.parse().map_err(|error| CallError::unreadable(api, error)))
        .transpose()
}

fn refuse_account_instance(
    candidate: Candidate,
    management_account: AccountId,
) -> Result<Candidate, ObserveError> {
    let Instance { id, owner_account, .. } = &candidate.instance;
    if *owner_account == management_account {
        return Ok(candidate);
    }
    Err(ObserveError::AccountInstance { id: id.clone(), owner: *owner_account })
}

/// Reads the capabilities of the instance. An endpoint that does not support the call counts as primary Region with
/// permission sets enabled.
async fn examine(reader: &Reader<'_>, candidate: Candidate) -> Result<Instance, ObserveError> {
    let Candidate { mut instance, primary: mut primary_region } = candidate;
    let api = Api::sso_admin("DescribeInstance");
    let answer = reader
        .clients
        .probe(api, || reader.clients.sso_admin().describe_instance().instance_arn(&instance.arn).send())
        .await?;
    if let Some(answer) = answer {
        if answer.permission_sets_enabled == Some(false) {
            return Err(ObserveError::PermissionSetsDisabled { id: instance.id });
        }
        let of_list = || answer.regions().iter().find(|region| region.is_primary_region())?.region_name();
        let said = answer.primary_region().or_else(of_list);
        primary_region = primary(api, said)?.or(primary_region);
    }
    let configured = reader.clients.region();
    match primary_region {
        Some(primary) if primary != *configured => {
            Err(ObserveError::WrongRegion { primary, configured: configured.clone() })
        }
        primary => {
            instance.region = primary.unwrap_or_else(|| configured.clone());
            Ok(instance)
        }
    }
}

/// Lists the delegated administrators of IAM Identity Center. A delegated administrator may lack the permission to
/// list them; the result is then empty.
async fn delegated_administrators(
    reader: &Reader<'_>,
    caller: &Caller,
    management_account: AccountId,
) -> Result<BTreeSet<AccountId>, ObserveError> {
    let api = Api::organizations("ListDelegatedAdministrators");
    let answer = reader
        .clients
        .pages(
            api,
            |token| {
                let call = reader.clients.organizations().list_delegated_administrators();
                call.service_principal(SERVICE_PRINCIPAL)
                    .max_results(ORGANIZATIONS_PAGE_SIZE)
                    .set_next_token(token)
                    .send()
            },
            |page| (page.delegated_administrators, page.next_token),
        )
        .await;
    let delegated = match answer {
        Err(error) if error.kind == Kind::Denied && caller.account != management_account => Vec::new(),
        Err(error) if error.kind == Kind::Unsupported => Vec::new(),
        answer => answer?,
    };
    Ok(delegated.iter().map(|admin| account(api, admin.id.as_deref())).collect::<Result<_, _>>()?)
}
