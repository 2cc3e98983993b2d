//! Steps in Entra ID, and their dependencies.

use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;
use rolecall_model::operation::{AwaitedGroup, AwsOperation, EntraOperation, Node};
use rolecall_model::{ObjectId, Operation, Principal};

use super::Builder;
use crate::plan::{Action, EntraChange};

impl Builder<'_> {
    /// The steps in Entra ID: the application first, provisioning credentials before the start of provisioning, both
    /// the start and a group's assignment before the group is provisioned, and a group in the Identity Store before its
    /// grants.
    pub(super) fn add_entra(&mut self) {
        let mut steps: Vec<(NodeIndex, EntraOperation)> = Vec::new();
        let mut awaited: BTreeMap<ObjectId, NodeIndex> = BTreeMap::new();
        for (at, change) in self.plan.changes.iter().enumerate() {
            let Action::Entra(entra) = &change.action else { continue };
            let EntraChange { step, is_awaited, .. } = &**entra;
            let operation = Operation::Entra(step.clone());
            let node = self.graph.add_node(Node { operation, change: at, accounts: Vec::new() });
            steps.push((node, step.clone()));
            if let (true, EntraOperation::ProvisionGroup { group, name, .. }) = (is_awaited, step) {
                let operation =
                    Operation::AwaitGroup(AwaitedGroup { group: group.clone(), name: name.clone() });
                let wait = self.graph.add_node(Node { operation, change: at, accounts: Vec::new() });
                self.graph.add_edge(node, wait, ());
                awaited.insert(group.clone(), wait);
            }
        }
        for (before, first) in &steps {
            for (after, second) in &steps {
                if comes_before(first, second) {
                    self.graph.add_edge(*before, *after, ());
                }
            }
        }
        self.order_new_groups(&awaited);
    }

    /// Grants to a new group wait until it is in the Identity Store.
    fn order_new_groups(&mut self, awaited: &BTreeMap<ObjectId, NodeIndex>) {
        let grants: Vec<(NodeIndex, ObjectId)> = self
            .graph
            .node_indices()
            .filter_map(|index| match &self.graph[index].operation {
                Operation::Aws(AwsOperation::CreateAssignment(row)) => match &row.principal {
                    Principal::NewGroup(group) => Some((index, group.clone())),
                    Principal::Group(_) | Principal::User(_) => None,
                },
                _ => None,
            })
            .collect();
        for (grant, group) in grants {
            if let Some(wait) = awaited.get(&group) {
                self.graph.add_edge(*wait, grant, ());
            }
        }
    }
}

/// Whether one step in Entra ID has to wait for another.
fn comes_before(first: &EntraOperation, second: &EntraOperation) -> bool {
    use EntraOperation as Step;
    match (first, second) {
        (Step::CreateApplication { .. }, Step::CreateApplication { .. }) => false,
        (Step::CreateApplication { .. }, _)
        | (Step::SetSamlMode { .. }, Step::SetUrls { .. } | Step::AddCertificate { .. })
        | (Step::AddCertificate { .. }, Step::PreferCertificate { .. })
        | (Step::CreateSyncJob { .. }, Step::SetSyncSecrets { .. })
        | (
            Step::CreateSyncJob { .. } | Step::SetSyncSecrets { .. },
            Step::StartSync { .. } | Step::RestartSync { .. },
        )
        | (
            Step::CreateSyncJob { .. }
            | Step::SetSyncSecrets { .. }
            | Step::StartSync { .. }
            | Step::RestartSync { .. },
            Step::ProvisionGroup { .. },
        ) => true,
        (Step::AssignGroup { group, .. }, Step::ProvisionGroup { group: provisioned, .. }) => {
            group == provisioned
        }
        _ => false,
    }
}
