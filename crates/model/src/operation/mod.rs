//! Operations: the steps that carry out a plan, and the graph of their dependencies. They are data and refer to
//! things by natural key, so a plan can be written down before the things in it exist.

use std::fmt;

use crate::assignment::Assignment;
use crate::identity::{ObjectId, PermissionSetName};

mod aws;
mod entra;
mod graph;

pub use aws::{Attributes, AwsOperation, Edit, ProvisionTarget};
pub use entra::EntraOperation;
pub use graph::{Node, OperationGraph};

/// A step of an apply, by the service that carries it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// A change in IAM Identity Center, by one API call.
    Aws(AwsOperation),
    /// A change in Entra ID, by Microsoft Graph.
    Entra(EntraOperation),
    /// A wait until a group of Entra ID arrives in the Identity Store. It changes nothing.
    AwaitGroup(AwaitedGroup),
}

/// A group of Entra ID that is to be provisioned to the Identity Store, where it is found by its external id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitedGroup {
    /// The object id in Entra ID.
    pub group: ObjectId,
    /// Its display name, by which it is looked up.
    pub name: String,
}

impl Operation {
    /// Returns the permission set that the operation concerns, if any.
    pub fn permission_set(&self) -> Option<&PermissionSetName> {
        match self {
            Self::Aws(operation) => operation.permission_set(),
            Self::Entra(_) | Self::AwaitGroup(_) => None,
        }
    }

    /// Returns the assignment that the operation creates or deletes, if any.
    pub fn assignment(&self) -> Option<&Assignment> {
        match self {
            Self::Aws(operation) => operation.assignment(),
            Self::Entra(_) | Self::AwaitGroup(_) => None,
        }
    }

    /// Returns the name of the API call as CloudTrail spells it, or the name of the step in Entra ID.
    pub fn api_name(&self) -> &'static str {
        match self {
            Self::Aws(operation) => operation.api_name(),
            Self::Entra(operation) => operation.name(),
            Self::AwaitGroup(_) => "GetGroupId",
        }
    }
}

impl From<AwsOperation> for Operation {
    fn from(operation: AwsOperation) -> Self {
        Self::Aws(operation)
    }
}

impl From<EntraOperation> for Operation {
    fn from(operation: EntraOperation) -> Self {
        Self::Entra(operation)
    }
}

/// One line that names the operation by its natural keys. It is stable: graphs, records and errors use it.
impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aws(operation) => operation.fmt(formatter),
            Self::Entra(operation) => operation.fmt(formatter),
            Self::AwaitGroup(AwaitedGroup { group, name }) => {
                write!(formatter, "{} {name} {group}", self.api_name())
            }
        }
    }
}
