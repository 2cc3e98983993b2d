//! Reads the live state, with as few calls as possible.
//!
//! Reads are complete or fail: the first call that fails ends the observation with its error, so that nothing is
//! planned on a partial view.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use futures_util::StreamExt;
use futures_util::stream;
use rolecall_model::snapshot::Coverage;
use rolecall_model::{
    AccessControlState, AccountId, InstanceId, PermissionSetName, Snapshot, StackName, UserName,
};

use crate::access_control::{self, Described};
use crate::client::Clients;
use crate::retry::CallError;

mod assignments;
mod cost;
mod error;
mod groups;
mod instance;
mod memberships;
mod organization;
mod permission_sets;

pub use cost::{Size, Strategy};
pub use error::ObserveError;
pub use memberships::observe_memberships;

/// Page size of the listings of Organizations: the maximum.
const ORGANIZATIONS_PAGE_SIZE: i32 = 20;

/// The parts of the live state to read. The instance, the organization without tags, all groups, and the names and
/// tags of all permission sets are always read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Permission sets to compare: their attributes, where they are provisioned and outdated, and their assignments.
    pub compare: BTreeSet<PermissionSetName>,
    /// Permission sets of which only the assignments are needed, and therefore where they are provisioned.
    pub assignments_of: BTreeSet<PermissionSetName>,
    /// Permission sets whose attributes are needed although they are not compared.
    pub details_of: BTreeSet<PermissionSetName>,
    /// A stack; permission sets that carry its tag are compared too.
    pub stack: Option<StackName>,
    /// Whether to read account tags, with one call per account.
    pub account_tags: bool,
    /// Users to look up, in addition to those with assignments.
    pub user_names: BTreeSet<UserName>,
    /// Whether to read where every permission set is provisioned, even if its assignments are not needed.
    pub provisioned_of_all: bool,
    /// Whether to read attributes for access control. It is then an error if they cannot be read, or if AWS failed to
    /// create them.
    pub access_control: bool,
    /// Whether to read everything that a snapshot can hold: all permission sets, assignments, account tags and users.
    /// The fields above then add nothing. Attributes for access control are read too, but count as not read if the
    /// endpoint does not support them or AWS failed to create them.
    pub everything: bool,
    /// The instance, if the caller might see several.
    pub instance: Option<InstanceId>,
    /// How account assignments are read.
    pub strategy: Strategy,
}

/// Progress of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The estimated number of sso-admin calls of the next part.
    Estimate {
        /// The part.
        part: Part,
        /// Its number of calls.
        calls: u64,
        /// The number of calls up to its end.
        in_all: u64,
        /// Its duration in seconds, at AWS's limits.
        seconds: u64,
    },
    /// Progress of a step. Steps run concurrently, so their reports are interleaved.
    Step {
        /// The step.
        step: Step,
        /// The number of finished items.
        done: usize,
        /// The number of items known so far.
        total: usize,
    },
}

/// A part of an observation that is estimated before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Permission sets and where they are provisioned.
    PermissionSets,
    /// Account assignments.
    Assignments,
    /// Pairs that a plan would change, read completely.
    Closer,
}

/// The steps of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Looking up caller, organization and instance; counts as one item.
    Instance,
    /// Organizational units whose children are listed, including the root.
    Organization,
    /// Accounts whose tags are read.
    AccountTags,
    /// Listing the groups; counts as one item.
    Groups,
    /// Names and tags of permission sets.
    PermissionSets,
    /// Permission sets that are read completely.
    Details,
    /// Pairs of permission set and account whose assignments are read.
    Assignments,
    /// Groups and users whose assignments are read.
    Principals,
    /// Groups with assignments that were not listed, and are looked up.
    Unlisted,
    /// Users who are looked up.
    Users,
    /// Groups whose members are listed.
    Members,
}

/// Reads the live state.
///
/// Pairs whose account is no longer in the organization are skipped, and such an account does not count as
/// provisioned: it grants no access, and nothing can be changed in it.
///
/// # Errors
/// Returns an error if the instance is not found or cannot be used, or a call failed. There is no partial result.
pub async fn observe(
    clients: &Clients,
    scope: &Scope,
    progress: &dyn Fn(Progress),
) -> Result<Snapshot, ObserveError> {
    let reader = Reader { clients, scope, progress };
    let found = instance::find(&reader).await?;
    // Each service has its own limits, so the three are read concurrently.
    let (organization, groups, sets) = tokio::try_join!(
        organization::read(&reader, &found),
        groups::read(&reader, &found.instance.identity_store_id),
        permission_sets::read(&reader, &found.instance.arn),
    )?;
    let accounts = organization.accounts.iter().map(|account| account.id).collect();
    let permission_sets::Read { sets, wanted } = sets.within(&accounts);
    let store = &found.instance.identity_store_id;
    let named = groups::named_users(&reader, store).await?;
    let request = assignments::Request {
        instance: &found.instance.arn,
        sets: &sets,
        wanted: &wanted,
        accounts: &accounts,
        groups: &groups,
        users: &named,
    };
    let assignments::Read { rows, depths } = assignments::read(&reader, &request).await?;
    let access_control = access_control(&reader, &found.instance.arn).await?;
    let users = groups::read_users(&reader, store, named, &rows).await?;
    let unlisted = groups::unlisted_groups(&reader, store, &groups, &rows).await?;
    let groups = groups.into_iter().chain(unlisted).collect();
    let mut snapshot = Snapshot {
        instance: found.instance,
        caller: found.caller,
        organization,
        groups,
        users,
        permission_sets: sets,
        assignments: rows,
        coverage: if scope.everything { Coverage::Everything } else { Coverage::PermissionSets(depths) },
        access_control,
        memberships: BTreeMap::new(),
        entra: None,
        absent_means_empty: clients.absent_means_empty().clone(),
    };
    snapshot.sort();
    Ok(snapshot)
}

/// Reads attributes for access control if the scope includes them. Attributes that AWS is still creating count as
/// existing, so that nobody creates them again.
async fn access_control(reader: &Reader<'_>, instance: &str) -> Result<AccessControlState, ObserveError> {
    let described = if reader.scope.access_control {
        Some(access_control::describe(reader.clients, instance).await?)
    } else if reader.scope.everything {
        access_control::describe_if_known(reader.clients, instance).await?
    } else {
        None
    };
    match described {
        None => Ok(AccessControlState::NotRead),
        Some(Described::Absent) => Ok(AccessControlState::Off),
        Some(Described::Present { attributes, is_ready: _ }) => Ok(AccessControlState::On(attributes)),
        Some(Described::Failed(reason)) if reader.scope.access_control => {
            Err(ObserveError::AccessControlFailed { reason })
        }
        Some(Described::Failed(_)) => Ok(AccessControlState::NotRead),
    }
}

/// Reads pairs of permission set and account completely that were read by principal: changes must not be planned on a
/// view without users and deleted groups.
///
/// # Errors
/// Returns an error if a call failed. The snapshot is then unchanged.
pub async fn observe_pairs(
    clients: &Clients,
    snapshot: &mut Snapshot,
    pairs: &BTreeSet<(PermissionSetName, AccountId)>,
    progress: &dyn Fn(Progress),
) -> Result<(), ObserveError> {
    let scope = Scope::default();
    let reader = Reader { clients, scope: &scope, progress };
    (reader.progress)(Progress::estimate(Part::Closer, pairs.len() as u64, pairs.len() as u64));
    assignments::observe_pairs(&reader, snapshot, pairs).await?;
    let store = &snapshot.instance.identity_store_id;
    let users =
        groups::unlisted_users(&reader, store, &snapshot.users, Vec::new(), &snapshot.assignments).await?;
    snapshot.users.extend(users);
    let unlisted = groups::unlisted_groups(&reader, store, &snapshot.groups, &snapshot.assignments).await?;
    snapshot.groups.extend(unlisted);
    snapshot.sort();
    Ok(())
}

/// The state shared by all parts of an observation.
struct Reader<'a> {
    clients: &'a Clients,
    scope: &'a Scope,
    progress: &'a dyn Fn(Progress),
}

/// Maximum number of calls of a step in flight. The rate limits decide how many are sent; this number only has to
/// exceed the rate multiplied by the longest response time.
const IN_FLIGHT: usize = 32;

impl Reader<'_> {
    fn report(&self, step: Step, done: usize, total: usize) {
        (self.progress)(Progress::Step { step, done, total });
    }

    /// Reads one result for each item, concurrently. The results are in order of completion.
    async fn each<T, O, Fut>(
        &self,
        step: Step,
        items: impl ExactSizeIterator<Item = T>,
        read: impl Fn(T) -> Fut,
    ) -> Result<Vec<O>, CallError>
    where
        Fut: Future<Output = Result<O, CallError>>,
    {
        let total = items.len();
        let mut all = Vec::with_capacity(total);
        let mut results = stream::iter(items.map(read)).buffer_unordered(IN_FLIGHT);
        while let Some(result) = results.next().await {
            all.push(result?);
            self.report(step, all.len(), total);
        }
        Ok(all)
    }
}
