//! The seam between scheduling and the services' clients: what carries operations out.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;

use rolecall_model::operation::AwaitedGroup;
use rolecall_model::{AccountId, AwsOperation, EntraOperation, PermissionSetName, Principal};

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

/// What carries out operations. Implementations wait out throttles, retry what a retry can heal, and tell a repeated
/// call's "already there" or "already gone" from a refusal by reading again; a failure that comes back is final.
pub trait Target: Sync {
    /// What it carries out: the operations of one service.
    type Operation;

    /// Sends one operation.
    fn start(&self, operation: &Self::Operation) -> impl Future<Output = Result<Started, Failure>> + Send;
}

/// What carries out operations in IAM Identity Center, and reads there what came of them.
pub trait IdentityCenter: Target<Operation = AwsOperation> {
    /// Waits until the Identity Store has a group.
    fn await_group(&self, group: &AwaitedGroup) -> impl Future<Output = Result<Started, Failure>> + Send;

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

    async fn start(&self, _: &EntraOperation) -> Result<Started, Failure> {
        match *self {}
    }
}
