//! The seam between scheduling and the services' clients: what carries operations out.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use rolecall_model::operation::AwaitedGroup;
use rolecall_model::{AccountId, AwsOperation, EntraOperation, PermissionSetName, Principal};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The kinds of asynchronous requests of sso-admin. Each has its own status listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestKind {
    /// `CreateAccountAssignment`.
    AssignmentCreation,
    /// `DeleteAccountAssignment`.
    AssignmentDeletion,
    /// `ProvisionPermissionSet`.
    Provisioning,
}

/// An asynchronous request that was accepted, to be followed to its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// Its kind.
    pub kind: RequestKind,
    /// The id that AWS gave it.
    pub id: String,
}

/// What came of sending an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// It is done: the call was synchronous, or a re-read showed that live is as wanted already.
    Done {
        /// AWS's request id, where there is one.
        request_id: Option<String>,
    },
    /// It is under way.
    Pending(Request),
}

/// The state of an asynchronous request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestStatus {
    /// Not at its end.
    InProgress,
    /// At its end, and done.
    Succeeded,
    /// At its end, and not done.
    Failed {
        /// AWS's `FailureReason`.
        reason: String,
    },
}

/// Why a call did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// AWS's error code, such as `ServiceQuotaExceededException`, or the kind of failure of the connection.
    pub code: String,
    /// AWS's message.
    pub message: String,
    /// AWS's request id, where there is one.
    pub request_id: Option<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)?;
        match &self.request_id {
            Some(id) => write!(formatter, " (request {id})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// Why an operation was not taken, as far as it makes a difference to what is done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Another change is in the way, or what the operation makes is there already.
    Conflict(Failure),
    /// What the operation refers to is not there, or is gone already.
    NotFound(Failure),
    /// Neither waiting nor sending it again helps.
    Final(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Final(failure)
    }
}

/// What carries out the operations of one service.
///
/// A call whose answer was lost is sent again, so a service may say "already there" or "already gone" of our own doing.
/// It says the same of what others did, and it reports a conflict for what is merely in the way for a while. So after
/// such an answer the live state is read again ([`Target::is_in_effect`]): it is as wanted, and the operation is done;
/// or it is not, and a conflict is waited out while anything else is a failure.
pub trait Target: Sync {
    /// The operations of the service.
    type Operation: Sync;

    /// How long a conflict is waited out.
    const CONFLICT_TIMEOUT: Duration;

    /// Sends an operation. Throttles and failures of the connection are retried below this.
    fn send(&self, operation: &Self::Operation) -> impl Future<Output = Result<Started, Refusal>> + Send;

    /// Whether the live state is as the operation wants it. `refused` is what the service said to the operation.
    fn is_in_effect(
        &self,
        operation: &Self::Operation,
        refused: &Failure,
    ) -> impl Future<Output = Result<bool, Failure>> + Send;

    /// Waits after the attempt of that number, counted from 1, that ended in a conflict.
    fn wait_out_conflict(&self, attempts: u32) -> impl Future<Output = ()> + Send;

    /// Sends an operation until it is taken, its effect is there, or neither can be had. Once `stop` is cancelled, a
    /// conflict is final.
    fn start(
        &self,
        operation: &Self::Operation,
        stop: &CancellationToken,
    ) -> impl Future<Output = Result<Started, Failure>> + Send {
        async {
            let deadline = Instant::now() + Self::CONFLICT_TIMEOUT;
            let mut attempts = 0;
            loop {
                attempts += 1;
                let (failure, is_conflict) = match self.send(operation).await {
                    Ok(started) => return Ok(started),
                    Err(Refusal::Final(failure)) => return Err(failure),
                    Err(Refusal::Conflict(failure)) => (failure, true),
                    Err(Refusal::NotFound(failure)) => (failure, false),
                };
                if self.is_in_effect(operation, &failure).await? {
                    return Ok(Started::Done { request_id: failure.request_id });
                }
                if !is_conflict || Instant::now() >= deadline {
                    return Err(failure);
                }
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return Err(failure),
                    () = self.wait_out_conflict(attempts) => {}
                }
            }
        }
    }
}

/// What carries out operations in IAM Identity Center, and reads there what came of them.
pub trait IdentityCenter: Target<Operation = AwsOperation> {
    /// Waits until the Identity Store has a group, or until `stop` is cancelled.
    fn await_group(
        &self,
        group: &AwaitedGroup,
        stop: &CancellationToken,
    ) -> impl Future<Output = Result<Started, Failure>> + Send;

    /// The ids of all requests of a kind that are in progress, other callers' included.
    fn in_progress(
        &self,
        kind: RequestKind,
    ) -> impl Future<Output = Result<BTreeSet<String>, Failure>> + Send;

    /// The state of one request.
    fn describe(&self, request: &Request) -> impl Future<Output = Result<RequestStatus, Failure>> + Send;

    /// Everybody who has the set on the account, read now. A set that does not exist is on no account.
    fn principals(
        &self,
        permission_set: &PermissionSetName,
        account: AccountId,
    ) -> impl Future<Output = Result<BTreeSet<Principal>, Failure>> + Send;
}

/// The directory of a run that has none.
#[derive(Debug, Clone, Copy)]
pub enum NoDirectory {}

impl Target for NoDirectory {
    type Operation = EntraOperation;

    const CONFLICT_TIMEOUT: Duration = Duration::ZERO;

    async fn send(&self, _: &EntraOperation) -> Result<Started, Refusal> {
        match *self {}
    }

    async fn is_in_effect(&self, _: &EntraOperation, _: &Failure) -> Result<bool, Failure> {
        match *self {}
    }

    async fn wait_out_conflict(&self, _: u32) {
        match *self {}
    }
}
