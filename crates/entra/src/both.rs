//! Both halves as one target of an apply.

use std::collections::BTreeSet;

use rolecall_applier::{Failure, Request, RequestKind, RequestStatus, Started, Target};
use rolecall_model::{AccountId, Operation, PermissionSetName, Principal};

use crate::execute::EntraTarget;

/// A target that sends the steps in Entra ID to Microsoft Graph, and everything else on.
#[derive(Debug)]
pub struct BothTargets<A> {
    aws: A,
    entra: Option<EntraTarget>,
}

impl<A: Target> BothTargets<A> {
    /// A target for both; without `entra`, a step in Entra ID fails as one that the other half does not know.
    pub fn new(aws: A, entra: Option<EntraTarget>) -> Self {
        Self { aws, entra }
    }

    /// The other half.
    pub fn aws(&self) -> &A {
        &self.aws
    }

    /// The half in Entra ID.
    pub fn entra(&self) -> Option<&EntraTarget> {
        self.entra.as_ref()
    }
}

impl<A: Target> Target for BothTargets<A> {
    async fn start(&self, operation: &Operation) -> Result<Started, Failure> {
        match (operation, &self.entra) {
            (Operation::Entra(step), Some(entra)) => entra.start(step).await,
            _ => self.aws.start(operation).await,
        }
    }

    async fn in_progress(&self, kind: RequestKind) -> Result<BTreeSet<String>, Failure> {
        self.aws.in_progress(kind).await
    }

    async fn describe(&self, request: &Request) -> Result<RequestStatus, Failure> {
        self.aws.describe(request).await
    }

    async fn principals(
        &self,
        permission_set: &PermissionSetName,
        account: AccountId,
    ) -> Result<BTreeSet<Principal>, Failure> {
        self.aws.principals(permission_set, account).await
    }
}
