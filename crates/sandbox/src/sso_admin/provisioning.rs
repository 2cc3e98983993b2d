//! Provisioning of permission sets in accounts.

use std::collections::BTreeSet;
use std::time::Duration;

use rolecall_model::{AccountId, PermissionSetName};
use serde_json::json;

use super::assignments::{begin, known_account, refuse_busy, too_many};
use super::setbacks::refuse_by_plan;
use super::statuses::{self, status_members};
use super::{PAGE, changeable, check_instance, permission_set, refuse_full, refuse_inactive};
use crate::agenda::{Kind, Work};
use crate::failure::{Answer, Failure};
use crate::faults::OperationFaults;
use crate::limits;
use crate::members::Members;
use crate::observations::Actor;
use crate::paging::Page;
use crate::permission_sets::StoredSet;
use crate::world::World;

pub(super) fn provision(world: &mut World, input: &Members<'_>) -> Answer {
    let set = changeable(world, input)?;
    let permission_set = set.name.clone();
    let provisioned = set.provisioned.clone();
    let target = input.required_choice("TargetType", &["AWS_ACCOUNT", "ALL_PROVISIONED_ACCOUNTS"])?;
    let (only, accounts) = if target == "AWS_ACCOUNT" {
        let account = known_account(world, input, "TargetId")?;
        refuse_management_account(world, account)?;
        (Some(account), BTreeSet::from([account]))
    } else {
        (None, provisioned)
    };
    if accounts.len() > limits::ACCOUNTS_PER_PROVISION {
        return Err(Failure::validation(format!(
            "ALL_PROVISIONED_ACCOUNTS is possible for up to {} accounts; the permission set is in {}.",
            limits::ACCOUNTS_PER_PROVISION,
            accounts.len()
        )));
    }
    accounts.iter().try_for_each(|account| refuse_busy(world, *account))?;
    if let Some(provoked) = too_many(world, &[Kind::Provisioning], limits::PROVISIONS_AT_ONCE) {
        world.observations.refusals.provisions.add(provoked);
        return Err(Failure::too_many_processing());
    }
    let mean = world.settings.provision_latency_mean;
    let request = begin(world, Work::Provision { permission_set, only, accounts }, mean);
    let status = status_members(world, world.agenda.request(request));
    Ok(json!({ statuses::status_name(Kind::Provisioning): status }))
}

/// Finishes a provision. Accounts are provisioned even if others fail; the first failure is the reason.
pub(super) fn finish(
    world: &mut World,
    name: &PermissionSetName,
    accounts: &BTreeSet<AccountId>,
    version: u64,
    faults: OperationFaults,
    at: Duration,
) -> Result<(), String> {
    let mut result = Ok(());
    for account in accounts {
        // Identifies the operation for random faults: a provision of one account is another operation than that of
        // another.
        let operation = if accounts.len() == 1 { format!("{name}/{account}") } else { name.to_string() };
        let refused = refuse_inactive(world, *account)
            .and_then(|()| refuse_full(world, name, *account))
            .and_then(|()| refuse_by_plan(world, name, *account, faults, &operation));
        if refused.is_ok() {
            world.provision(Actor::Client, at, name, *account, version);
        }
        result = result.and(refused);
    }
    result
}

/// Removes a permission set from an account, unless it was assigned there again.
pub(crate) fn finish_departure(
    world: &mut World,
    name: &PermissionSetName,
    account: AccountId,
    at: Duration,
) {
    if world.agenda.departed(name, account, at) {
        world.deprovision(at, name, account);
    }
}

pub(super) fn list_accounts(world: &mut World, input: &Members<'_>) -> Answer {
    let set = permission_set(world, input)?;
    let wanted = filter(input)?;
    let page = Page::read(input, world.pages(PAGE))?;
    let items = set
        .provisioned
        .iter()
        .filter(|account| wanted.is_none_or(|wanted| wanted == is_latest(set, **account)))
        .map(|account| (account.to_string(), account));
    Ok(page.fill("AccountIds", items, |account| json!(account.to_string())))
}

pub(super) fn list_permission_sets(world: &mut World, input: &Members<'_>) -> Answer {
    check_instance(world, input)?;
    let account = known_account(world, input, "AccountId")?;
    let wanted = filter(input)?;
    let page = Page::read(input, world.pages(PAGE))?;
    let items = world
        .permission_sets
        .iter()
        .filter(|set| set.provisioned.contains(&account))
        .filter(|set| wanted.is_none_or(|wanted| wanted == is_latest(set, account)))
        .map(|set| (set.name.to_string(), set));
    Ok(page.fill("PermissionSets", items, |set| json!(set.arn)))
}

fn is_latest(set: &StoredSet, account: AccountId) -> bool {
    !set.outdated.contains(&account)
}

/// Returns whether only up-to-date (`true`) or only outdated pairs are requested.
fn filter(input: &Members<'_>) -> Result<Option<bool>, Failure> {
    const LATEST: &str = "LATEST_PERMISSION_SET_PROVISIONED";
    const NOT_LATEST: &str = "LATEST_PERMISSION_SET_NOT_PROVISIONED";
    let choice = input.choice("ProvisioningStatus", &[LATEST, NOT_LATEST])?;
    Ok(choice.map(|choice| choice == LATEST))
}

fn refuse_management_account(world: &World, account: AccountId) -> Result<(), Failure> {
    if world.caller_is_delegated() && account == world.organization.management_account() {
        return Err(Failure::access_denied(format!(
            "{} cannot provision in the management account {account}.",
            world.caller.arn
        )));
    }
    Ok(())
}
