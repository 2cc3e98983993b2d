//! How long an apply takes at AWS's limits: the largest of several lower bounds, since each limit holds on its own.

use std::collections::BTreeMap;

use rolecall_model::{AccountId, EntraOperation};

use crate::plan::{Action, Change, EntraChange, Estimate, PermissionSetChange, ProvisionCalls, Provisioning};

/// What one account assignment takes from request to `SUCCEEDED`, in seconds: 1,200 operations took 61 minutes with
/// 10 in flight in the field, which is about 30 s each.
const ASSIGNMENT_SECONDS: u64 = 30;
/// What one provision takes, in seconds. Not measured in the field; taken like an assignment.
const PROVISION_SECONDS: u64 = 30;
/// Outstanding assignment operations (sso-admin quotas).
const ASSIGNMENTS_IN_FLIGHT: u64 = 15;
/// Concurrent provisions (sso-admin quotas).
const PROVISIONS_IN_FLIGHT: u64 = 3;
/// Requests a second to all of sso-admin together (sso-admin quotas).
const REQUESTS_PER_SECOND: u64 = 20;

/// Members of a group in one call that provisions on demand (Graph reference of `provisionOnDemand`).
const MEMBERS_A_CALL: u64 = 5;
/// The limit of five calls in ten seconds, as seconds a call (the same page).
const ON_DEMAND_SECONDS_A_CALL: u64 = 2;
/// What a group takes from provisioning on demand to the Identity Store, in seconds. Not measured in the field.
const GROUP_SECONDS: u64 = 60;

/// Estimates.
pub(crate) fn estimate(changes: &[Change]) -> Estimate {
    let (mut assignments, mut provisions, mut requests) = (0_u64, 0_u64, 0_u64);
    let mut entra = EntraTime::default();
    let mut by_account: BTreeMap<AccountId, u64> = BTreeMap::new();
    let mut provision = |Provisioning { accounts, calls }: &Provisioning, requests: &mut u64| {
        let calls = match calls {
            ProvisionCalls::Everywhere { .. } => 1,
            ProvisionCalls::PerAccount => accounts.len() as u64,
        };
        *requests += calls;
        for account in accounts {
            *by_account.entry(*account).or_default() += PROVISION_SECONDS;
        }
        calls
    };
    let mut rows = Vec::new();
    for change in changes {
        match &change.action {
            Action::Assignment(change) => {
                assignments += 1;
                requests += 1;
                rows.push(change.assignment().assignment.account);
            }
            Action::PermissionSet(set) => match set {
                PermissionSetChange::Create { after } => {
                    requests += 2 + (after.managed_policies.len() + after.customer_policies.len()) as u64;
                }
                PermissionSetChange::Update { differences, provision: to, .. } => {
                    requests += differences.len() as u64;
                    provisions += provision(to, &mut requests);
                }
                PermissionSetChange::Provision { provision: to, .. } => {
                    provisions += provision(to, &mut requests);
                }
                PermissionSetChange::Release { .. } | PermissionSetChange::Delete { .. } => requests += 1,
            },
            // Sent, and looked at again.
            Action::AccessControl(_) => requests += 2,
            Action::Entra(change) => entra.count(change),
        }
    }
    for account in rows {
        *by_account.entry(account).or_default() += ASSIGNMENT_SECONDS;
    }
    let bounds = [
        (assignments * ASSIGNMENT_SECONDS).div_ceil(ASSIGNMENTS_IN_FLIGHT),
        (provisions * PROVISION_SECONDS).div_ceil(PROVISIONS_IN_FLIGHT),
        by_account.into_values().max().unwrap_or_default(),
        requests.div_ceil(REQUESTS_PER_SECOND),
    ];
    // Grants to a new group come after it has reached AWS.
    Estimate { seconds: bounds.into_iter().max().unwrap_or_default() + entra.seconds() }
}

/// What the steps in Entra ID take.
#[derive(Default)]
struct EntraTime {
    steps: u64,
    on_demand_calls: u64,
    waits: bool,
}

impl EntraTime {
    fn count(&mut self, change: &EntraChange) {
        self.steps += 1;
        if let EntraOperation::ProvisionGroup { members, .. } = &change.step {
            self.on_demand_calls += (members.len() as u64).div_ceil(MEMBERS_A_CALL).max(1);
            self.waits |= change.is_awaited;
        }
    }

    fn seconds(&self) -> u64 {
        let on_demand = self.on_demand_calls * ON_DEMAND_SECONDS_A_CALL;
        self.steps + on_demand + if self.waits { GROUP_SECONDS } else { 0 }
    }
}
