//! Reading what is live, at the least cost in calls.
//!
//! Everything is read to its end or not at all: the first call that fails ends the reading with its error, so that
//! nobody plans on a partial view.

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
pub use memberships::memberships;

/// The page size of every listing of Organizations: the most that it takes.
const ORGANIZATIONS_PAGE_SIZE: i32 = 20;

/// What of the live state to read. Whatever it says, the instance, the organization without tags, all groups, and
/// the names and tags of all permission sets are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Permission sets to compare: what they are, where they are provisioned and outdated, and their rows.
    pub compare: BTreeSet<PermissionSetName>,
    /// Permission sets of which only the rows are wanted, and so where they are provisioned.
    pub rows_of: BTreeSet<PermissionSetName>,
    /// Permission sets of which it is wanted what they are as well, though they are not compared.
    pub details_of: BTreeSet<PermissionSetName>,
    /// Permission sets that carry this stack's tag are compared too.
    pub stack: Option<StackName>,
    /// Whether to read the tags of accounts, at one call an account.
    pub account_tags: bool,
    /// Users to look up, beside those that rows name.
    pub user_names: BTreeSet<UserName>,
    /// Where every permission set is provisioned, whether its rows are wanted or not.
    pub provisioned_of_all: bool,
    /// Whether to read attributes for access control. Then it is an error where they cannot be read, and where AWS says
    /// that it could not make them.
    pub access_control: bool,
    /// Everything that a snapshot can hold: all sets, rows, account tags and users. The fields above then add
    /// nothing. Attributes for access control are read too; where the endpoint does not know of them, or AWS could not
    /// make them, they count as not read.
    pub everything: bool,
    /// The instance, where the caller might see several.
    pub instance: Option<InstanceId>,
    /// How account assignments are read.
    pub strategy: Strategy,
}

/// What is told while reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// What comes next takes about so many calls of sso-admin.
    Estimate {
        /// Which part of the reading.
        part: Part,
        /// How many calls it takes.
        calls: u64,
        /// How many it and all before it take.
        in_all: u64,
        /// How long it takes at AWS's limits, in seconds.
        seconds: u64,
    },
    /// How far a step has come. Steps run side by side, so their reports come mixed.
    Step {
        /// Which step.
        step: Step,
        /// How much of it is done.
        done: usize,
        /// How much there is, as far as it is known by now.
        total: usize,
    },
}

/// A part of a reading that is estimated before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Permission sets, and where they are provisioned.
    PermissionSets,
    /// Account assignments.
    Assignments,
    /// Pairs that a plan would change, looked at closer.
    Closer,
}

/// The steps of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Caller, organization and instance are looked up; counts as one.
    Instance,
    /// Organizational units whose children are listed, the root included.
    Organization,
    /// Accounts whose tags are read.
    AccountTags,
    /// The groups are listed; counts as one.
    Groups,
    /// Names and tags of permission sets.
    PermissionSets,
    /// Permission sets that are read in full.
    Details,
    /// Pairs of permission set and account whose rows are read.
    Assignments,
    /// Groups and users whose rows are read.
    Principals,
    /// Users who are looked up.
    Users,
    /// Groups whose members are listed.
    Members,
}

/// Reads the live state.
///
/// A pair of permission set and account is skipped where the account is not in the organization any more, and such
/// an account does not count as provisioned: nobody gets in through it, and nothing can be changed there.
///
/// # Errors
/// The instance is not to be found or cannot be worked with, or a call failed. Nothing partial is returned.
pub async fn observe(
    clients: &Clients,
    scope: &Scope,
    progress: &dyn Fn(Progress),
) -> Result<Snapshot, ObserveError> {
    let reader = Reader { clients, scope, progress };
    let found = instance::find(&reader).await?;
    // Each service has limits of its own, so the three are read side by side.
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
    };
    snapshot.sort();
    Ok(snapshot)
}

/// Attributes for access control, where the scope wants them. Those that AWS is still making count as there: nobody
/// needs to ask for them again.
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

/// Reads these pairs of permission set and account whole, where the snapshot was read by principal: what a plan would
/// change must not be decided on a view that leaves users and groups that are gone out.
///
/// # Errors
/// A call failed. The snapshot is then as it was.
pub async fn look_closer(
    clients: &Clients,
    snapshot: &mut Snapshot,
    pairs: &BTreeSet<(PermissionSetName, AccountId)>,
    progress: &dyn Fn(Progress),
) -> Result<(), ObserveError> {
    let scope = Scope::default();
    let reader = Reader { clients, scope: &scope, progress };
    (reader.progress)(Progress::estimate(Part::Closer, pairs.len() as u64, pairs.len() as u64));
    assignments::look_closer(&reader, snapshot, pairs).await?;
    let users = groups::users_of_rows(&reader, snapshot).await?;
    snapshot.users.extend(users);
    snapshot.sort();
    Ok(())
}

/// What all parts of a reading share.
struct Reader<'a> {
    clients: &'a Clients,
    scope: &'a Scope,
    progress: &'a dyn Fn(Progress),
}

/// How many calls of one step may be on their way. The rate limits decide how many are sent; this only has to be more
/// than the longest answer takes at the highest rate.
const IN_FLIGHT: usize = 32;

impl Reader<'_> {
    fn report(&self, step: Step, done: usize, total: usize) {
        (self.progress)(Progress::Step { step, done, total });
    }

    /// Reads one thing for each item, side by side. The results come in the order in which they were read.
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
