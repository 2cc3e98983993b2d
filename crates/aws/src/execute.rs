//! Carries out operations: how each is sent, and how the live state is read again after an error.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rolecall_applier::{
    CancellationToken, Failure, IdentityCenter, Refusal, Request, RequestKind, RequestStatus, Started, Target,
};
use rolecall_model::operation::AwaitedGroup;
use rolecall_model::{AccountId, AwsOperation, GroupId, ObjectId, PermissionSetName, Principal, Snapshot};
use tokio::time::Instant;

use crate::client::Clients;
use crate::permission_set::{self, SetAddress};
use crate::retry::{CallError, Kind};

mod access_control;
mod new_groups;
mod requests;
mod reread;
mod send;

/// How long conflicts are retried. Deprovisioning a permission set takes minutes, and it cannot be deleted before.
const CONFLICT_TIMEOUT: Duration = Duration::from_secs(600);

/// How long AWS may take to create attributes for access control after it accepted the request.
const CREATION_TIMEOUT: Duration = Duration::from_secs(600);

/// How long a change may take to become visible after AWS accepted it.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(60);

/// Poll interval while waiting for a change to become visible.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// How long AWS may report a request that it just accepted as unknown.
const REQUEST_VISIBILITY_TIMEOUT: Duration = Duration::from_secs(60);

/// Carries out operations on one instance of IAM Identity Center.
#[derive(Debug)]
pub struct AwsTarget {
    clients: Clients,
    instance: String,
    /// The ARNs of the permission sets in the snapshot, and of those created since.
    arns: Mutex<BTreeMap<PermissionSetName, String>>,
    /// Groups of Entra ID that arrived in the Identity Store after the snapshot was read.
    new_groups: Mutex<BTreeMap<ObjectId, GroupId>>,
    identity_store: String,
}

impl AwsTarget {
    /// Creates a target for the instance of the snapshot.
    pub fn new(clients: Clients, snapshot: &Snapshot) -> Self {
        let arns = snapshot.permission_sets.iter().map(|set| (set.name.clone(), set.arn.clone())).collect();
        let (instance, arns) = (snapshot.instance.arn.clone(), Mutex::new(arns));
        Self {
            clients,
            instance,
            arns,
            new_groups: Mutex::default(),
            identity_store: snapshot.instance.identity_store_id.clone(),
        }
    }

    fn arns(&self) -> MutexGuard<'_, BTreeMap<PermissionSetName, String>> {
        self.arns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_groups(&self) -> MutexGuard<'_, BTreeMap<ObjectId, GroupId>> {
        self.new_groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, name: &PermissionSetName, arn: String) {
        self.arns().insert(name.clone(), arn);
    }

    fn known_arn(&self, name: &PermissionSetName) -> Option<String> {
        self.arns().get(name).cloned()
    }

    fn arn(&self, name: &PermissionSetName) -> Result<String, Failure> {
        self.known_arn(name).ok_or_else(|| Failure {
            code: "UnknownPermissionSet".to_owned(),
            message: format!("the instance has no permission set {name}"),
            request_id: None,
        })
    }

    fn address<'a>(&'a self, arn: &'a str) -> SetAddress<'a> {
        SetAddress { instance: &self.instance, set: arn }
    }
}

impl From<CallError> for Refusal {
    fn from(CallError { api: _, kind, failure }: CallError) -> Self {
        match kind {
            Kind::Conflict => Self::Conflict(failure),
            Kind::NotFound => Self::NotFound(failure),
            Kind::Incomplete | Kind::Unreadable => Self::Unclear(failure),
            Kind::RateExceeded
            | Kind::TooManyOutstanding
            | Kind::Transient
            | Kind::Unexplained
            | Kind::Unsupported
            | Kind::Denied
            | Kind::Key
            | Kind::Credentials
            | Kind::Expired
            | Kind::Refused => Self::Final(failure),
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        error.failure
    }
}

impl Target for AwsTarget {
    type Operation = AwsOperation;

    const CONFLICT_TIMEOUT: Duration = CONFLICT_TIMEOUT;

    async fn send(&self, operation: &AwsOperation) -> Result<Started, Refusal> {
        self.call(operation).await
    }

    async fn is_in_effect(&self, operation: &AwsOperation, refused: &Failure) -> Result<bool, Failure> {
        self.reads_as_wanted(operation, refused).await
    }

    async fn wait_out_conflict(&self, attempts: u32) {
        self.clients.wait_out_conflict(attempts).await;
    }
}

impl IdentityCenter for AwsTarget {
    async fn await_group(&self, group: &AwaitedGroup, stop: &CancellationToken) -> Result<Started, Failure> {
        self.wait_for_group(group, stop).await
    }

    async fn in_progress(&self, kind: RequestKind) -> Result<BTreeSet<String>, Failure> {
        Ok(requests::in_progress(&self.clients, &self.instance, kind).await?)
    }

    async fn describe(&self, request: &Request) -> Result<RequestStatus, Failure> {
        let deadline = Instant::now() + REQUEST_VISIBILITY_TIMEOUT;
        let mut attempts = 0;
        loop {
            attempts += 1;
            match requests::describe(&self.clients, &self.instance, request).await {
                // The status may become visible some time after the request is accepted.
                Err(error) if error.kind == Kind::NotFound && Instant::now() < deadline => {
                    self.clients.wait_out_conflict(attempts).await;
                }
                status => return Ok(status?),
            }
        }
    }

    async fn principals(
        &self,
        permission_set: &PermissionSetName,
        account: AccountId,
    ) -> Result<BTreeSet<Principal>, Failure> {
        let Some(arn) = self.known_arn(permission_set) else {
            return Ok(BTreeSet::new());
        };
        Ok(self.with_new_groups(principals(&self.clients, self.address(&arn), account).await?))
    }
}

/// Lists the principals assigned the permission set in the account. A permission set that does not exist has none; an
/// account that does not exist is an error.
async fn principals(
    clients: &Clients,
    at: SetAddress<'_>,
    account: AccountId,
) -> Result<BTreeSet<Principal>, CallError> {
    match permission_set::principals(clients, at, account).await {
        Err(error) if error.kind == Kind::NotFound => {
            if permission_set::exists(clients, at).await? {
                Err(error)
            } else {
                Ok(BTreeSet::new())
            }
        }
        answer => answer,
    }
}
