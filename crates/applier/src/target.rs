//! The traits that targets implement: the boundary between scheduling and the clients of the services.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use rolecall_model::operation::AwaitedGroup;
use rolecall_model::{AccountId, AwsOperation, EntraOperation, PermissionSetName, Principal};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The kinds of asynchronous sso-admin requests. Each has its own status listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestKind {
    /// `CreateAccountAssignment`.
    AssignmentCreation,
    /// `DeleteAccountAssignment`.
    AssignmentDeletion,
    /// `ProvisionPermissionSet`.
    Provisioning,
}

/// An accepted asynchronous request, to be followed to its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// Its kind.
    pub kind: RequestKind,
    /// The request id that AWS assigned.
    pub id: String,
}

/// The result of sending an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// It is done: the call was synchronous, or the live state was already as wanted.
    Done {
        /// The id that the service gave the request, if any.
        request_id: Option<String>,
    },
    /// It is in progress.
    Pending(Request),
}

/// The state of an asynchronous request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestStatus {
    /// Not finished.
    InProgress,
    /// Finished successfully.
    Succeeded,
    /// Finished without success.
    Failed {
        /// AWS's `FailureReason`.
        reason: String,
    },
}

/// The failure of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The service's error code, such as `ServiceQuotaExceededException`, or the kind of connection failure.
    pub code: String,
    /// The service's message.
    pub message: String,
    /// The id that the service gave the request, if any.
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

/// A rejected operation, by what happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Another change is in progress, or the thing to create already exists.
    Conflict(Failure),
    /// The thing that the operation refers to does not exist, or no longer exists.
    NotFound(Failure),
    /// The response does not show whether the operation was accepted.
    Unclear(Failure),
    /// Neither waiting nor retrying helps.
    Final(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Final(failure)
    }
}

/// How long the live state is read again for the effect of an operation that cannot be followed.
const CONFIRMATION_TIMEOUT: Duration = Duration::from_secs(120);

/// A service that carries out operations.
///
/// A call whose response was lost is sent again, so a service may report "already exists" or "not found" because of
/// our own first attempt. It reports the same for changes by others, and it reports a conflict while another change
/// is in progress. After such an error the live state is read again ([`Target::is_in_effect`]). If it is as wanted,
/// the operation is done. If not, a conflict is retried, and anything else is a failure.
pub trait Target: Sync {
    /// The operations of the service.
    type Operation: Sync;

    /// How long conflicts are retried.
    const CONFLICT_TIMEOUT: Duration;

    /// Sends an operation. Implementations retry throttled requests and connection failures themselves.
    fn send(&self, operation: &Self::Operation) -> impl Future<Output = Result<Started, Refusal>> + Send;

    /// Returns whether the live state already is as the operation wants it. `refused` is the service's response.
    fn is_in_effect(
        &self,
        operation: &Self::Operation,
        refused: &Failure,
    ) -> impl Future<Output = Result<bool, Failure>> + Send;

    /// Waits before the next attempt. `attempts` is the number of attempts so far that ended in a conflict.
    fn wait_out_conflict(&self, attempts: u32) -> impl Future<Output = ()> + Send;

    /// Reads the live state again until it shows the effect of an operation whose own state cannot be followed. `failure`
    /// is the reason; it is the result if the effect does not appear in time.
    fn confirm(
        &self,
        operation: &Self::Operation,
        failure: Failure,
    ) -> impl Future<Output = Result<Started, Failure>> + Send {
        async move {
            let deadline = Instant::now() + CONFIRMATION_TIMEOUT;
            let mut attempts = 0;
            loop {
                attempts += 1;
                if self.is_in_effect(operation, &failure).await? {
                    return Ok(Started::Done { request_id: failure.request_id });
                }
                if Instant::now() >= deadline {
                    return Err(failure);
                }
                self.wait_out_conflict(attempts).await;
            }
        }
    }

    /// Sends an operation until it is accepted, its effect is visible, or retrying cannot help. Once `stop` is
    /// cancelled, conflicts are not retried.
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
                    Err(Refusal::Unclear(failure)) => return self.confirm(operation, failure).await,
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

/// IAM Identity Center: carries out operations and reads their results.
pub trait IdentityCenter: Target<Operation = AwsOperation> {
    /// Waits until a group is in the Identity Store, or until `stop` is cancelled.
    fn await_group(
        &self,
        group: &AwaitedGroup,
        stop: &CancellationToken,
    ) -> impl Future<Output = Result<Started, Failure>> + Send;

    /// Returns the ids of all requests of a kind that are in progress, including those of other callers.
    fn in_progress(
        &self,
        kind: RequestKind,
    ) -> impl Future<Output = Result<BTreeSet<String>, Failure>> + Send;

    /// Returns the state of a request.
    fn describe(&self, request: &Request) -> impl Future<Output = Result<RequestStatus, Failure>> + Send;

    /// Reads the principals assigned the permission set in the account. A permission set that does not exist has
    /// none.
    fn principals(
        &self,
        permission_set: &PermissionSetName,
        account: AccountId,
    ) -> impl Future<Output = Result<BTreeSet<Principal>, Failure>> + Send;
}

/// The Entra ID target of a run without a tenant. It has no values.
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
