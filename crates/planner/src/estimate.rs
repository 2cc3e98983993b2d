//! Estimated duration of an apply at AWS's rate limits: the largest of several lower bounds, because each limit applies
//! independently.

use std::collections::BTreeMap;

use rolecall_model::{AccountId, EntraOperation};

use crate::plan::{Action, Change, EntraChange, Estimate, PermissionSetChange, ProvisionCalls, Provisioning};

/// Seconds from request to `SUCCEEDED` for one account assignment. Measured in the field: 1,200 operations with 10 in
/// flight took 61 minutes, about 30 s each.
const ASSIGNMENT_SECONDS: u64 = 30;
/// Seconds for one provisioning operation. Not measured in the field; assumed to equal an assignment.
const PROVISION_SECONDS: u64 = 30;
/// Maximum number of outstanding assignment operations (sso-admin quotas).
const ASSIGNMENTS_IN_FLIGHT: u64 = 15;
/// Maximum number of concurrent provisioning operations (sso-admin quotas).
const PROVISIONS_IN_FLIGHT: u64 = 3;
/// Requests per second to sso-admin, all operations combined (sso-admin quotas).
const REQUESTS_PER_SECOND: u64 = 20;

/// Group members per on-demand provisioning call (Graph reference of `provisionOnDemand`).
const MEMBERS_A_CALL: u64 = 5;
/// Seconds per call, from the limit of five calls per ten seconds (same page).
const ON_DEMAND_SECONDS_A_CALL: u64 = 2;
/// Seconds until an on-demand provisioned group is in the Identity Store. Not measured in the field.
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
            // One request and one status check.
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
    // Grants to a new group wait until it is in AWS.
    Estimate { seconds: bounds.into_iter().max().unwrap_or_default() + entra.seconds() }
}

/// Duration of the steps in Entra ID.
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
