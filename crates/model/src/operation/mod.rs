//! Operations: the single steps that carry a plan out, and the graph of what waits for what. They are data, and refer
//! to things by their natural keys, so a plan can be written down before the things in it exist.

use std::fmt;

use crate::assignment::Assignment;
use crate::identity::{ObjectId, PermissionSetName};

mod aws;
mod entra;
mod graph;

pub use aws::{Attributes, AwsOperation, Edit, ProvisionTarget};
pub use entra::EntraOperation;
pub use graph::{Node, OperationGraph};

/// One step of an apply, by who carries it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// A call that changes something in IAM Identity Center.
    Aws(AwsOperation),
    /// A call of Microsoft Graph that changes something in Entra ID.
    Entra(EntraOperation),
    /// A wait until a group of Entra ID is in the Identity Store. It changes nothing.
    AwaitGroup(AwaitedGroup),
}

/// A group of Entra ID that provisioning brings to the Identity Store, where it is found by its external id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitedGroup {
    /// The object id in Entra ID.
    pub group: ObjectId,
    /// Its display name, by which it is looked up.
    pub name: String,
}

impl Operation {
    /// The permission set that the operation is about; `None` where it is about none.
    pub fn permission_set(&self) -> Option<&PermissionSetName> {
        match self {
            Self::Aws(operation) => operation.permission_set(),
            Self::Entra(_) | Self::AwaitGroup(_) => None,
        }
    }

    /// The assignment that the operation creates or deletes.
    pub fn assignment(&self) -> Option<&Assignment> {
        match self {
            Self::Aws(operation) => operation.assignment(),
            Self::Entra(_) | Self::AwaitGroup(_) => None,
        }
    }

    /// The name of the API call: as AWS and CloudTrail spell it, or that of the step in Entra ID.
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

/// One line that names the operation by natural keys, stable and free of spaces within its parts where the names
/// are; graphs, records and errors use it.
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
