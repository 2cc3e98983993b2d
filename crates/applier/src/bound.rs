//! Operations bound to the targets that carry them out.

use petgraph::graph::NodeIndex;
use rolecall_model::operation::AwaitedGroup;
use rolecall_model::{AwsOperation, EntraOperation, Operation, OperationGraph};
use tokio_util::sync::CancellationToken;

use crate::target::{Failure, IdentityCenter, NoDirectory, Started, Target};

/// A graph in which every operation has a target; input of [`run`](crate::run()).
#[derive(Debug)]
pub struct Bound<'g, A, E> {
    pub(crate) graph: &'g OperationGraph,
    pub(crate) identity_center: &'g A,
    /// Indexed by the operation's number in the graph.
    steps: Vec<Step<'g, E>>,
}

/// An operation and its target. Identity Center is shared by all, so only Entra ID's target is here.
#[derive(Debug)]
enum Step<'g, E> {
    Aws(&'g AwsOperation),
    Entra(&'g E, &'g EntraOperation),
    AwaitGroup(&'g AwaitedGroup),
}

/// The error for a graph with operations in Entra ID when no tenant is connected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no tenant is connected for {operation}")]
pub struct NotConnected {
    /// The first of these operations.
    pub operation: String,
}

impl<'g, A, E> Bound<'g, A, E>
where
    A: IdentityCenter,
    E: Target<Operation = EntraOperation>,
{
    /// Binds each operation to its target.
    ///
    /// # Errors
    /// Returns an error if the graph has operations in Entra ID and `directory` is `None`.
    pub fn new(
        graph: &'g OperationGraph,
        identity_center: &'g A,
        directory: Option<&'g E>,
    ) -> Result<Self, NotConnected> {
        let step = |operation: &'g Operation| match operation {
            Operation::Aws(operation) => Ok(Step::Aws(operation)),
            Operation::AwaitGroup(group) => Ok(Step::AwaitGroup(group)),
            Operation::Entra(operation) => match directory {
                Some(directory) => Ok(Step::Entra(directory, operation)),
                None => Err(NotConnected { operation: operation.to_string() }),
            },
        };
        let steps =
            graph.graph().node_weights().map(|node| step(&node.operation)).collect::<Result<_, _>>()?;
        Ok(Self { graph, identity_center, steps })
    }

    pub(crate) async fn start(&self, index: NodeIndex, stop: &CancellationToken) -> Result<Started, Failure> {
        match &self.steps[index.index()] {
            Step::Aws(operation) => self.identity_center.start(operation, stop).await,
            Step::Entra(directory, operation) => directory.start(operation, stop).await,
            Step::AwaitGroup(group) => self.identity_center.await_group(group, stop).await,
        }
    }

    /// Reads whether an operation took effect that cannot be followed, for the reason in `failure`.
    pub(crate) async fn confirm(&self, index: NodeIndex, failure: Failure) -> Result<Started, Failure> {
        match &self.steps[index.index()] {
            Step::Aws(operation) => self.identity_center.confirm(operation, failure).await,
            Step::Entra(directory, operation) => directory.confirm(operation, failure).await,
            Step::AwaitGroup(_) => Err(failure),
        }
    }
}

impl<'g, A: IdentityCenter> Bound<'g, A, NoDirectory> {
    /// Binds each operation to its target when no tenant is connected.
    ///
    /// # Errors
    /// Returns an error if the graph has operations in Entra ID.
    pub fn without_directory(
        graph: &'g OperationGraph,
        identity_center: &'g A,
    ) -> Result<Self, NotConnected> {
        Self::new(graph, identity_center, None)
    }
}
