//! Generated companies: a world and the project that matches it.
//!
//! Like that of a real company, the configuration uses account sets, so it is far smaller than the world. The same
//! specification and seed give the same bytes.

mod assignments;
mod catalogue;
mod company;
mod drift;
mod people;
mod tenant;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::{Caller, Coverage, Instance, LivePermissionSet};
use rolecall_model::{
    AccessControlState, AccountId, Assignment, GroupId, InstanceId, PermissionSetName, Principal, Region,
    Snapshot,
};
use serde::Serialize;

use crate::limits;

pub use tenant::add_tenant;

/// The stack that owns the generated permission sets.
const STACK: &str = "acme";

/// The size of a generated company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GenerateSpec {
    /// Number of accounts, including the management account: 1 to 7,000, AWS's quota.
    pub accounts: usize,
    /// Number of permission sets: up to 3,500, AWS's quota.
    pub permission_sets: usize,
    /// Number of groups in the Identity Store: up to 100,000, AWS's quota.
    pub groups: usize,
    /// Number of live account assignments. All are of groups, and none is in the management account.
    pub assignments: usize,
    /// Random seed.
    pub seed: u64,
    /// Number of differences between the world and the configuration: assignments, and permission sets that differ.
    pub drift: usize,
}

/// A generated world and its project.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// The live state.
    pub snapshot: Snapshot,
    /// The project's files by path. `rolecall.kdl` is the project file.
    pub files: BTreeMap<String, String>,
    /// The differences that a plan must find, sorted.
    pub drift: Vec<DriftRow>,
}

/// One difference between the configuration and the world.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DriftRow {
    /// The action of a plan.
    pub action: DriftAction,
    /// The permission set.
    pub permission_set: PermissionSetName,
    /// The account; `None` where the permission set itself differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The principal; `None` where the permission set itself differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Principal>,
}

/// The action that a plan takes for a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum DriftAction {
    /// The assignment is declared and not live.
    Grant,
    /// The assignment is live and not declared.
    Revoke,
    /// The permission set differs from its declaration.
    Update,
}

/// An error in a specification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// There is no account.
    #[error("an organization has at least one account, the management account")]
    NoAccount,
    /// A number exceeds AWS's quota.
    #[error("{asked} {what} exceed AWS's quota of {most}")]
    BeyondQuota {
        /// The objects that exceed the quota.
        what: &'static str,
        /// The requested number.
        asked: usize,
        /// The quota.
        most: usize,
    },
    /// The accounts, permission sets and groups do not allow this many assignments within AWS's quotas.
    #[error(
        "{asked} assignments do not fit: the member accounts, permission sets and groups asked for make at most \
         {most}, with 100 groups for a permission set in an account and 500 permission sets in an account"
    )]
    TooManyAssignments {
        /// The requested number.
        asked: usize,
        /// The greatest possible number.
        most: usize,
    },
    /// The specification does not allow this many differences.
    #[error("the world can have at most {most} differences from the configuration, not {asked}")]
    TooMuchDrift {
        /// The requested number.
        asked: usize,
        /// The greatest possible number.
        most: usize,
    },
}

/// An assignment by its indices in the sorted lists of permission sets, accounts and groups. Sorts like [`Assignment`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    set: u32,
    account: u32,
    group: u32,
}

/// Generates a world and its project.
///
/// # Errors
/// The specification exceeds a quota of AWS, or its numbers contradict each other.
pub fn generate(spec: &GenerateSpec) -> Result<Generated, GenerateError> {
    check_quotas(spec)?;
    let mut random = ChaCha8Rng::seed_from_u64(spec.seed);
    let identity = InstanceIdentity::draw(&mut random);
    let company = company::found(spec.accounts, &mut random);
    let people = people::hire(spec.groups, &company, &identity.store_digits, &mut random);
    let catalogue = catalogue::compile(spec.permission_sets, &company, &mut random);

    let most = most_assignments(spec);
    if spec.assignments > most {
        return Err(GenerateError::TooManyAssignments { asked: spec.assignments, most });
    }
    let shares = drift::share_out(spec, most)?;
    let wanted_rows = spec.assignments - shares.revokes + shares.grants;
    let size = assignments::Size { sets: spec.permission_sets, accounts: spec.accounts, groups: spec.groups };
    let mut plan = assignments::Allocation::new(size, &company);
    plan.allocate(wanted_rows, &company, &people, &catalogue, &mut random);
    let wanted = plan.sorted_rows();
    let drifted = drift::apply(&wanted, &mut plan, &shares, &company, &catalogue, &mut random);

    let files = text::write(&text::Project {
        identity: &identity,
        company: &company,
        people: &people,
        catalogue: &catalogue,
        rules: plan.rules(),
        shares: &shares,
        live_rows: spec.assignments,
    });
    Ok(assemble(identity, company, &people, catalogue, drifted, files))
}

fn check_quotas(spec: &GenerateSpec) -> Result<(), GenerateError> {
    if spec.accounts == 0 {
        return Err(GenerateError::NoAccount);
    }
    let quotas = [
        ("accounts", spec.accounts, 7_000),
        ("permission sets", spec.permission_sets, limits::PERMISSION_SETS),
        ("groups", spec.groups, 100_000),
    ];
    match quotas.into_iter().find(|(_, asked, most)| asked > most) {
        Some((what, asked, most)) => Err(GenerateError::BeyondQuota { what, asked, most }),
        None => Ok(()),
    }
}

/// Returns the number of assignments that AWS's quotas allow in the member accounts. They apply to each account
/// separately.
fn most_assignments(spec: &GenerateSpec) -> usize {
    let sets = spec.permission_sets.min(limits::PERMISSION_SETS_PER_ACCOUNT);
    let groups = spec.groups.min(limits::GROUPS_PER_PERMISSION_SET_AND_ACCOUNT);
    (spec.accounts - 1) * sets * groups
}

/// The names of the instance and its Identity Store.
struct InstanceIdentity {
    instance: InstanceId,
    /// The ten digits with which the ids of the store and of everything in it begin.
    store_digits: String,
}

impl InstanceIdentity {
    fn draw(random: &mut ChaCha8Rng) -> Self {
        let instance = format!("ssoins-{:016x}", random.random::<u64>());
        let instance = instance.parse().expect("ssoins- and 16 hexadecimal digits are an instance id");
        let store_digits = format!("{:010x}", random.random::<u64>() >> 24);
        Self { instance, store_digits }
    }

    fn region() -> Region {
        "eu-west-1".parse().expect("eu-west-1 is a Region")
    }
}

fn assemble(
    identity: InstanceIdentity,
    company: company::Company,
    people: &people::People,
    catalogue: catalogue::Catalogue,
    drifted: drift::Drifted,
    files: BTreeMap<String, String>,
) -> Generated {
    let drift::Drifted { live, altered, rows } = drifted;
    let name_row = |row: &Row| Assignment {
        permission_set: catalogue.sets[row.set as usize].details.name.clone(),
        account: company.organization.accounts[row.account as usize].id,
        principal: Principal::Group(people.groups[row.group as usize].id.clone()),
    };
    let mut drift: Vec<DriftRow> = rows
        .iter()
        .map(|(action, row)| {
            let Assignment { permission_set, account, principal } = name_row(row);
            DriftRow { action: *action, permission_set, account: Some(account), principal: Some(principal) }
        })
        .collect();
    drift.extend(altered.keys().map(|set| DriftRow {
        action: DriftAction::Update,
        permission_set: catalogue.sets[*set].details.name.clone(),
        account: None,
        principal: None,
    }));
    drift.sort();
    let assignments: Vec<Assignment> = live.iter().map(name_row).collect();
    let management_account = company.organization.management_account;
    let instance = Instance {
        arn: format!("arn:aws:sso:::instance/{}", identity.instance),
        id: identity.instance,
        identity_store_id: format!("d-{}", identity.store_digits),
        owner_account: management_account,
        region: InstanceIdentity::region(),
    };
    let permission_sets = live_sets(&instance, &company, catalogue, &live, altered);
    let mut snapshot = Snapshot {
        instance,
        caller: Caller {
            account: management_account,
            arn: format!("arn:aws:sts::{management_account}:assumed-role/rolecall/ci"),
        },
        organization: company.organization,
        groups: people.groups.iter().map(people::GroupPlan::to_live).collect(),
        users: Vec::new(),
        permission_sets,
        assignments,
        coverage: Coverage::Everything,
        access_control: AccessControlState::Off,
        memberships: BTreeMap::new(),
        entra: None,
        absent_means_empty: BTreeSet::new(),
    };
    snapshot.sort();
    Generated { snapshot, files, drift }
}

/// Returns the live permission sets, which are provisioned where they are assigned and nowhere outdated.
fn live_sets(
    instance: &Instance,
    company: &company::Company,
    catalogue: catalogue::Catalogue,
    live: &[Row],
    mut altered: BTreeMap<usize, catalogue::SetPlan>,
) -> Vec<LivePermissionSet> {
    let mut provisioned: Vec<BTreeSet<AccountId>> = vec![BTreeSet::new(); catalogue.sets.len()];
    for pair in live.chunk_by(|a, b| (a.set, a.account) == (b.set, b.account)) {
        let account = company.organization.accounts[pair[0].account as usize].id;
        provisioned[pair[0].set as usize].insert(account);
    }
    catalogue
        .sets
        .into_iter()
        .zip(provisioned)
        .enumerate()
        .map(|(number, (declared, provisioned))| {
            let catalogue::SetPlan { arn_digits, mut details, .. } =
                altered.remove(&number).unwrap_or(declared);
            let mut tags = std::mem::take(&mut details.tags);
            tags.insert(STACK_TAG.to_owned(), STACK.to_owned());
            LivePermissionSet {
                arn: format!("arn:aws:sso:::permissionSet/{}/ps-{arn_digits}", instance.id),
                name: details.name.clone(),
                tags,
                details: Some(details),
                provisioned,
                outdated: BTreeSet::new(),
            }
        })
        .collect()
}

/// Returns a group id of the store.
fn group_id(store_digits: &str, random: &mut ChaCha8Rng) -> GroupId {
    let id = format!("{store_digits}-{}", crate::random::uuid(random));
    id.parse().expect("ten hexadecimal digits and a UUID are a group id")
}
