//! The operation graph: the API calls that make the changes, and their dependencies.
//!
//! For one permission set, in order: revokes; boundary; detaches and deletions; attaches and puts; provisions; grants.
//! So no one gets a half-edited permission set, a widened one never reaches people who are being removed, and no quota
//! is exceeded in between. A deletion of a set waits for its revokes. An assignment of a renamed permission set waits
//! for the grant that replaces it. Everything else runs in parallel.

mod edits;
mod steps;

use std::collections::BTreeMap;

use petgraph::graph::{DiGraph, NodeIndex};
use rolecall_model::operation::{AwsOperation, Node, OperationGraph};
use rolecall_model::{AccountId, Assignment, Operation, PermissionSetName, ProvisionTarget};

use crate::plan::{
    AccessControlChange, Action, AssignmentChange, PermissionSetChange, Plan, ProvisionCalls, Provisioning,
    Reason, RevokeOrder,
};

/// The graph of a plan's changes. It is acyclic by construction: edges lead from an earlier kind of call of a
/// permission set to a later one. The exceptions are replaced assignments, whose revokes are separate, and edges from
/// the grants of a permission set to the revokes of the one that it replaces, which has no grants.
pub fn order(plan: &Plan) -> OperationGraph {
    let mut builder = Builder { plan, graph: DiGraph::new() };
    for changes in by_permission_set(plan).values() {
        builder.add_set(changes);
    }
    builder.order_renames();
    builder.add_access_control();
    builder.add_entra();
    OperationGraph::from(builder.graph)
}

/// The changes about one permission set, with their positions in the plan.
#[derive(Default)]
struct SetChanges<'p> {
    assignments: Vec<(usize, &'p AssignmentChange)>,
    set: Vec<(usize, &'p PermissionSetChange)>,
}

fn by_permission_set(plan: &Plan) -> BTreeMap<&PermissionSetName, SetChanges<'_>> {
    let mut by_set: BTreeMap<&PermissionSetName, SetChanges<'_>> = BTreeMap::new();
    for (at, change) in plan.changes.iter().enumerate() {
        match &change.action {
            Action::Assignment(change) => {
                let name = &change.assignment().assignment.permission_set;
                by_set.entry(name).or_default().assignments.push((at, change));
            }
            Action::PermissionSet(change) => {
                by_set.entry(change.name()).or_default().set.push((at, change));
            }
            Action::AccessControl(_) | Action::Entra(_) => {}
        }
    }
    by_set
}

struct Builder<'a> {
    plan: &'a Plan,
    graph: DiGraph<Node, ()>,
}

/// The calls about assignments of one permission set, by account.
type ByAccount = BTreeMap<AccountId, Vec<NodeIndex>>;

impl Builder<'_> {
    fn add_set(&mut self, changes: &SetChanges<'_>) {
        let (revokes, revokes_after_grants) = self.add_revokes(&changes.assignments);
        let edits = self.add_edits(&changes.set);
        let provisions = self.add_provisions(&changes.set);
        let grants = self.add_grants(&changes.assignments);
        self.chain(&edits);
        self.order_revokes(&revokes, edits.first().copied(), &provisions, &grants);
        self.order_grants(edits.last().copied(), &provisions, &grants);
        self.join_by_account(&grants, &revokes_after_grants);
        self.add_deletion(&changes.set, &[revokes, revokes_after_grants]);
    }

    /// Revocations that come before edits, and those that come after grants.
    fn add_revokes(&mut self, changes: &[(usize, &AssignmentChange)]) -> (ByAccount, ByAccount) {
        let (mut before_edits, mut after_grants) = (ByAccount::new(), ByAccount::new());
        for (at, change) in changes {
            let AssignmentChange::Revoke { assignment, order } = change else { continue };
            let list = match order {
                RevokeOrder::BeforeEdits => &mut before_edits,
                RevokeOrder::AfterGrants => &mut after_grants,
            };
            let account = assignment.assignment.account;
            let operation = AwsOperation::DeleteAssignment(assignment.assignment.clone());
            list.entry(account).or_default().push(self.add(*at, operation, vec![account]));
        }
        (before_edits, after_grants)
    }

    fn add_grants(&mut self, changes: &[(usize, &AssignmentChange)]) -> ByAccount {
        let mut grants = ByAccount::new();
        for (at, change) in changes {
            let AssignmentChange::Grant(assignment) = change else { continue };
            let account = assignment.assignment.account;
            let operation = AwsOperation::CreateAssignment(assignment.assignment.clone());
            grants.entry(account).or_default().push(self.add(*at, operation, vec![account]));
        }
        grants
    }

    /// An assignment of a renamed permission set is revoked once its principal has the new one in the account; if that
    /// grant fails, it stays. AWS reports a grant as succeeded only when it is in effect, which verifies it.
    fn order_renames(&mut self) {
        let mut grants: BTreeMap<&Assignment, NodeIndex> = BTreeMap::new();
        let mut renamed: Vec<(NodeIndex, Assignment)> = Vec::new();
        for index in self.graph.node_indices() {
            let change = &self.plan.changes[self.graph[index].change];
            if let Some(granted) = change.granted() {
                grants.insert(&granted.assignment, index);
            }
            if let (Some(revoked), Reason::Renamed { to }) = (change.revoked(), &change.reason) {
                let successor = Assignment { permission_set: to.clone(), ..revoked.assignment.clone() };
                renamed.push((index, successor));
            }
        }
        let mut edges = Vec::new();
        for (revoke, successor) in renamed {
            if let Some(grant) = grants.get(&successor) {
                edges.push((*grant, revoke));
                continue;
            }
            // The new assignment exists, but its permissions may not be provisioned yet.
            for index in self.graph.node_indices() {
                let Node { operation, accounts, .. } = &self.graph[index];
                let is_of_set = operation.permission_set() == Some(&successor.permission_set);
                let reaches = match operation {
                    Operation::Aws(AwsOperation::Edit { .. }) => true,
                    Operation::Aws(AwsOperation::Provision { .. }) => accounts.contains(&successor.account),
                    _ => false,
                };
                if is_of_set && reaches {
                    edges.push((index, revoke));
                }
            }
        }
        for (before, after) in edges {
            self.graph.add_edge(before, after, ());
        }
    }

    /// Session attributes are independent of permission sets, so nothing waits for this call.
    fn add_access_control(&mut self) {
        for (at, change) in self.plan.changes.iter().enumerate() {
            let Action::AccessControl(AccessControlChange { before, after }) = &change.action else {
                continue;
            };
            let operation =
                AwsOperation::SetAccessControl { attributes: after.clone(), is_new: before.is_none() };
            self.graph.add_node(Node { operation: operation.into(), change: at, accounts: Vec::new() });
        }
    }

    fn add(&mut self, change: usize, operation: AwsOperation, accounts: Vec<AccountId>) -> NodeIndex {
        self.graph.add_node(Node { operation: operation.into(), change, accounts })
    }

    fn add_edits(&mut self, changes: &[(usize, &PermissionSetChange)]) -> Vec<NodeIndex> {
        let mut nodes = Vec::new();
        for (at, change) in changes {
            let operations = match change {
                PermissionSetChange::Create { after } => edits::create(after),
                PermissionSetChange::Update { after, differences, .. } => edits::update(after, differences),
                PermissionSetChange::Release { permission_set } => vec![edits::release(permission_set)],
                PermissionSetChange::Provision { .. } | PermissionSetChange::Delete { .. } => continue,
            };
            nodes.extend(operations.into_iter().map(|operation| self.add(*at, operation, Vec::new())));
        }
        nodes
    }

    /// Provisioning calls by account; the call for all accounts is under `None`.
    fn add_provisions(
        &mut self,
        changes: &[(usize, &PermissionSetChange)],
    ) -> BTreeMap<Option<AccountId>, NodeIndex> {
        let mut nodes = BTreeMap::new();
        for (at, change) in changes {
            let Some(Provisioning { accounts, calls }) = change.provisioning() else { continue };
            let targets: Vec<(Option<AccountId>, ProvisionTarget, Vec<AccountId>)> = match calls {
                ProvisionCalls::Everywhere { provisioned } => {
                    vec![(None, ProvisionTarget::AllProvisionedAccounts, provisioned.clone())]
                }
                ProvisionCalls::PerAccount => {
                    let single = |id: &AccountId| (Some(*id), ProvisionTarget::Account(*id), vec![*id]);
                    accounts.iter().map(single).collect()
                }
            };
            for (key, target, accounts) in targets {
                let permission_set = change.name().clone();
                nodes
                    .insert(key, self.add(*at, AwsOperation::Provision { permission_set, target }, accounts));
            }
        }
        nodes
    }

    fn chain(&mut self, nodes: &[NodeIndex]) {
        for pair in nodes.windows(2) {
            self.graph.add_edge(pair[0], pair[1], ());
        }
    }

    /// Makes the first edit wait for revokes; without edits, each provisioning call; without either, grants in the same
    /// account, so that AWS's quota of 100 groups per permission set and account is not exceeded in between.
    fn order_revokes(
        &mut self,
        revokes: &ByAccount,
        first_edit: Option<NodeIndex>,
        provisions: &BTreeMap<Option<AccountId>, NodeIndex>,
        grants: &ByAccount,
    ) {
        if let Some(edit) = first_edit {
            for revoke in revokes.values().flatten() {
                self.graph.add_edge(*revoke, edit, ());
            }
            return;
        }
        for (account, nodes) in revokes {
            for key in [None, Some(*account)] {
                if let Some(provision) = provisions.get(&key) {
                    for revoke in nodes {
                        self.graph.add_edge(*revoke, *provision, ());
                    }
                }
            }
        }
        self.join_by_account(revokes, grants);
    }

    fn order_grants(
        &mut self,
        last_edit: Option<NodeIndex>,
        provisions: &BTreeMap<Option<AccountId>, NodeIndex>,
        grants: &ByAccount,
    ) {
        if let Some(edit) = last_edit {
            for provision in provisions.values() {
                self.graph.add_edge(edit, *provision, ());
            }
        }
        for (account, nodes) in grants {
            let provision = provisions.get(&None).or_else(|| provisions.get(&Some(*account)));
            if let Some(before) = provision.copied().or(last_edit) {
                for grant in nodes {
                    self.graph.add_edge(before, *grant, ());
                }
            }
        }
    }

    /// Makes every node of `after` wait for every node of `before` in the same account.
    fn join_by_account(&mut self, before: &ByAccount, after: &ByAccount) {
        for (account, nodes) in before {
            for earlier in nodes {
                for later in after.get(account).into_iter().flatten() {
                    self.graph.add_edge(*earlier, *later, ());
                }
            }
        }
    }

    fn add_deletion(&mut self, changes: &[(usize, &PermissionSetChange)], revokes: &[ByAccount; 2]) {
        for (at, change) in changes {
            let PermissionSetChange::Delete { before } = change else { continue };
            let operation = AwsOperation::DeletePermissionSet { permission_set: before.name.clone() };
            let deletion = self.add(*at, operation, Vec::new());
            for revoke in revokes.iter().flat_map(ByAccount::values).flatten() {
                self.graph.add_edge(*revoke, deletion, ());
            }
        }
    }
}
