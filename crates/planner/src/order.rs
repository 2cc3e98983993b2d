//! The operation graph: which API calls carry the changes out, and which must wait for which.
//!
//! For one permission set, in order: revokes; boundary; detaches and deletions; attaches and puts; provisions; grants.
//! So nobody gets a half-edited set, a widened set never reaches people who are being removed, and no quota is passed
//! on the way. A deletion of a set waits for its revokes. A row of a set that is renamed waits for the
//! grant that takes its place. Everything else runs side by side.

use std::collections::BTreeMap;

use petgraph::graph::{DiGraph, NodeIndex};
use rolecall_model::operation::{
    Attributes, AwaitedGroup, AwsOperation, EntraOperation, Node, OperationGraph,
};
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::{
    AccountId, Assignment, Edit, ObjectId, Operation, PermissionSet, PermissionSetName, Principal,
    ProvisionTarget, Snapshot,
};

use crate::plan::{Action, Change, Difference, EntraChange, Plan, Provisioning, Reason};
use crate::replacement::{Replacements, replacements};

/// The graph of a plan's changes. It is acyclic by construction: edges lead from an earlier kind of call of a set
/// to a later one, but for rows that replace each other, whose revokes stand apart from the others, and from
/// the grants of a set to the revokes of the one that it replaces, which grants nothing.
pub fn order(plan: &Plan, snapshot: &Snapshot) -> OperationGraph {
    let mut by_set: BTreeMap<&PermissionSetName, Vec<usize>> = BTreeMap::new();
    for (at, change) in plan.changes.iter().enumerate() {
        if let Some(name) = change.action.permission_set() {
            by_set.entry(name).or_default().push(at);
        }
    }
    let replacements = replacements(&plan.changes, snapshot);
    let mut builder = Builder { plan, snapshot, replacements, graph: DiGraph::new() };
    for changes in by_set.values() {
        builder.add_set(changes);
    }
    builder.order_renames();
    builder.add_access_control();
    builder.add_entra();
    OperationGraph::from(builder.graph)
}

impl Action {
    /// The permission set that the action is about; `None` where it is about the instance itself.
    pub fn permission_set(&self) -> Option<&PermissionSetName> {
        match self {
            Self::Grant(row) | Self::Revoke(row) => Some(&row.assignment.permission_set),
            Self::CreatePermissionSet { after } | Self::UpdatePermissionSet { after, .. } => {
                Some(&after.name)
            }
            Self::ProvisionPermissionSet { permission_set, .. }
            | Self::ReleasePermissionSet { permission_set } => Some(permission_set),
            Self::DeletePermissionSet { before } => Some(&before.name),
            Self::SetAccessControl { .. } | Self::Entra(_) => None,
        }
    }
}

struct Builder<'a> {
    plan: &'a Plan,
    snapshot: &'a Snapshot,
    replacements: Replacements,
    graph: DiGraph<Node, ()>,
}

/// The calls about rows of one permission set, by account.
type Rows = BTreeMap<AccountId, Vec<NodeIndex>>;

impl Builder<'_> {
    fn add_set(&mut self, changes: &[usize]) {
        let (mut revokes, mut replaced_revokes) = (Rows::new(), Rows::new());
        for at in changes {
            if let Action::Revoke(row) = &self.plan.changes[*at].action {
                let account = row.assignment.account;
                let node = self.add_row(*at, AwsOperation::DeleteAssignment(row.assignment.clone()), account);
                let is_replaced = self.replacements.rows.contains(&row.assignment);
                let list = if is_replaced { &mut replaced_revokes } else { &mut revokes };
                list.entry(account).or_default().push(node);
            }
        }
        let edits = self.add_edits(changes);
        let provisions = self.add_provisions(changes);
        let mut grants = Rows::new();
        for at in changes {
            if let Action::Grant(row) = &self.plan.changes[*at].action {
                let account = row.assignment.account;
                let node = self.add_row(*at, AwsOperation::CreateAssignment(row.assignment.clone()), account);
                grants.entry(account).or_default().push(node);
            }
        }
        self.chain(&edits);
        self.order_revokes(&revokes, edits.first().copied(), &provisions, &grants);
        self.order_grants(edits.last().copied(), &provisions, &grants);
        self.join_by_account(&grants, &replaced_revokes);
        self.add_deletion(changes, &[revokes, replaced_revokes]);
    }

    /// A row of a set that is renamed goes once its principal has the set of the new name on the account, and where that
    /// grant fails, it stays. AWS says that a grant is made only when it holds, which is what verifies it.
    fn order_renames(&mut self) {
        let mut grants: BTreeMap<&Assignment, NodeIndex> = BTreeMap::new();
        let mut renamed: Vec<(NodeIndex, Assignment)> = Vec::new();
        for index in self.graph.node_indices() {
            let Change { action, reason, written: _ } = &self.plan.changes[self.graph[index].change];
            match (action, reason) {
                (Action::Grant(row), _) => {
                    grants.insert(&row.assignment, index);
                }
                (Action::Revoke(row), Reason::Renamed { to }) => {
                    let successor = Assignment { permission_set: to.clone(), ..row.assignment.clone() };
                    renamed.push((index, successor));
                }
                _ => {}
            }
        }
        let mut edges = Vec::new();
        for (revoke, successor) in renamed {
            if let Some(grant) = grants.get(&successor) {
                edges.push((*grant, revoke));
                continue;
            }
            // The row of the new name is there; but what it grants may still be on its way.
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

    /// The steps in Entra ID: an application before everything of it, credentials of provisioning before its start, that
    /// and the assignment of a group before the group is provisioned, and a group in the Identity Store before the grants
    /// to it.
    fn add_entra(&mut self) {
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

    /// What a session carries and what a permission set grants are separate things, so nothing waits for it.
    fn add_access_control(&mut self) {
        for (at, change) in self.plan.changes.iter().enumerate() {
            let Action::SetAccessControl { before, after } = &change.action else { continue };
            let operation =
                AwsOperation::SetAccessControl { attributes: after.clone(), is_new: before.is_none() };
            self.graph.add_node(Node { operation: operation.into(), change: at, accounts: Vec::new() });
        }
    }

    fn add_row(&mut self, change: usize, operation: AwsOperation, account: AccountId) -> NodeIndex {
        self.graph.add_node(Node { operation: operation.into(), change, accounts: vec![account] })
    }

    fn add_edits(&mut self, changes: &[usize]) -> Vec<NodeIndex> {
        let plan = self.plan;
        let mut nodes = Vec::new();
        for at in changes {
            let operations = match &plan.changes[*at].action {
                Action::CreatePermissionSet { after } => creation(after),
                Action::UpdatePermissionSet { after, differences, .. } => update(after, differences),
                Action::ReleasePermissionSet { permission_set } => vec![release(permission_set)],
                Action::Grant(_)
                | Action::Revoke(_)
                | Action::ProvisionPermissionSet { .. }
                | Action::DeletePermissionSet { .. }
                | Action::SetAccessControl { .. }
                | Action::Entra(_) => continue,
            };
            for operation in operations {
                nodes.push(self.graph.add_node(Node {
                    operation: operation.into(),
                    change: *at,
                    accounts: Vec::new(),
                }));
            }
        }
        nodes
    }

    /// Provisions by account; one for all accounts stands under `None`.
    fn add_provisions(&mut self, changes: &[usize]) -> BTreeMap<Option<AccountId>, NodeIndex> {
        let plan = self.plan;
        let mut nodes = BTreeMap::new();
        for at in changes {
            let (permission_set, provision) = match &plan.changes[*at].action {
                Action::UpdatePermissionSet { after, provision, .. } => (&after.name, provision),
                Action::ProvisionPermissionSet { permission_set, provision } => (permission_set, provision),
                Action::Grant(_)
                | Action::Revoke(_)
                | Action::CreatePermissionSet { .. }
                | Action::ReleasePermissionSet { .. }
                | Action::DeletePermissionSet { .. }
                | Action::SetAccessControl { .. }
                | Action::Entra(_) => continue,
            };
            let Provisioning { accounts, everywhere } = provision;
            let targets: Vec<(Option<AccountId>, ProvisionTarget, Vec<AccountId>)> = if *everywhere {
                // AWS goes to every account in which the set is provisioned, wanted or not.
                let held = self.snapshot.permission_set(permission_set).map(|set| &set.provisioned);
                let held = held.into_iter().flatten().copied().collect();
                vec![(None, ProvisionTarget::AllProvisionedAccounts, held)]
            } else {
                let single = |id: &AccountId| (Some(*id), ProvisionTarget::Account(*id), vec![*id]);
                accounts.iter().map(single).collect()
            };
            for (key, target, accounts) in targets {
                let operation = AwsOperation::Provision { permission_set: permission_set.clone(), target };
                nodes.insert(
                    key,
                    self.graph.add_node(Node { operation: operation.into(), change: *at, accounts }),
                );
            }
        }
        nodes
    }

    fn chain(&mut self, nodes: &[NodeIndex]) {
        for pair in nodes.windows(2) {
            self.graph.add_edge(pair[0], pair[1], ());
        }
    }

    /// What waits for revokes: the first edit; without one, each provision; without either, grants of the same
    /// account, so that AWS's 100 groups a set and account are not passed on the way.
    fn order_revokes(
        &mut self,
        revokes: &Rows,
        first_edit: Option<NodeIndex>,
        provisions: &BTreeMap<Option<AccountId>, NodeIndex>,
        grants: &Rows,
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
        grants: &Rows,
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

    /// Every node of `before` comes before every node of `after` on the same account.
    fn join_by_account(&mut self, before: &Rows, after: &Rows) {
        for (account, nodes) in before {
            for earlier in nodes {
                for later in after.get(account).into_iter().flatten() {
                    self.graph.add_edge(*earlier, *later, ());
                }
            }
        }
    }

    fn add_deletion(&mut self, changes: &[usize], revokes: &[Rows; 2]) {
        for at in changes {
            let Action::DeletePermissionSet { before } = &self.plan.changes[*at].action else {
                continue;
            };
            let operation = AwsOperation::DeletePermissionSet { permission_set: before.name.clone() };
            let deletion =
                self.graph.add_node(Node { operation: operation.into(), change: *at, accounts: Vec::new() });
            for revoke in revokes.iter().flat_map(Rows::values).flatten() {
                self.graph.add_edge(*revoke, deletion, ());
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

fn release(permission_set: &PermissionSetName) -> AwsOperation {
    let edit = Edit::Untag([STACK_TAG.to_owned()].into());
    AwsOperation::Edit { permission_set: permission_set.clone(), edit }
}

fn attributes(set: &PermissionSet) -> Attributes {
    Attributes {
        description: set.description.clone(),
        session: set.session,
        relay_state: set.relay_state.clone(),
    }
}

fn creation(after: &PermissionSet) -> Vec<AwsOperation> {
    let mut bare = PermissionSet::new(after.name.clone());
    bare.tags.clone_from(&after.tags);
    let made_whole: Vec<Difference> = crate::difference::differences(&bare, after)
        .into_iter()
        .filter(|difference| edit_rank(difference).is_some_and(|rank| rank != Rank::Attributes))
        .collect();
    let create = AwsOperation::CreatePermissionSet {
        permission_set: after.name.clone(),
        attributes: attributes(after),
        tags: after.tags.clone(),
    };
    std::iter::once(create).chain(update(after, &made_whole)).collect()
}

/// The order of edits within one set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Boundary,
    Detach,
    Attach,
    Attributes,
}

fn edit_rank(difference: &Difference) -> Option<Rank> {
    Some(match difference {
        Difference::Boundary { .. } => Rank::Boundary,
        Difference::ManagedPolicyDetached(_)
        | Difference::CustomerPolicyDetached(_)
        | Difference::InlinePolicy { after: None, .. } => Rank::Detach,
        Difference::ManagedPolicyAttached(_)
        | Difference::CustomerPolicyAttached(_)
        | Difference::InlinePolicy { after: Some(_), .. } => Rank::Attach,
        Difference::Description { .. } | Difference::Session { .. } | Difference::RelayState { .. } => {
            Rank::Attributes
        }
        Difference::Tag { .. } => return None,
    })
}

/// One call per difference, but one for all attributes, which travel together, and one for all tags, which come last
/// since nothing depends on them.
fn update(after: &PermissionSet, differences: &[Difference]) -> Vec<AwsOperation> {
    let mut ranked: Vec<(Rank, Edit)> = Vec::new();
    let mut tags = BTreeMap::new();
    for difference in differences {
        if let Difference::Tag { key, after: value, .. } = difference {
            tags.insert(key.clone(), value.clone());
        }
        let Some(rank) = edit_rank(difference) else {
            continue;
        };
        let is_repeated = rank == Rank::Attributes && ranked.iter().any(|(other, _)| *other == rank);
        if !is_repeated {
            ranked.extend(edit_of(difference, after).map(|edit| (rank, edit)));
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    let edits = ranked.into_iter().map(|(_, edit)| edit);
    let is_adoption = tags.contains_key(STACK_TAG);
    let tag = (!tags.is_empty()).then_some(Edit::Tag(tags));
    // A set that is adopted is marked before anything of it is changed: an edited set must never be nobody's.
    let (first, last) = if is_adoption { (tag, None) } else { (None, tag) };
    let edits = first.into_iter().chain(edits).chain(last);
    edits.map(|edit| AwsOperation::Edit { permission_set: after.name.clone(), edit }).collect()
}

fn edit_of(difference: &Difference, after: &PermissionSet) -> Option<Edit> {
    Some(match difference {
        Difference::Description { .. } | Difference::Session { .. } | Difference::RelayState { .. } => {
            Edit::SetAttributes(attributes(after))
        }
        Difference::Boundary { after: Some(boundary), .. } => Edit::PutBoundary(boundary.clone()),
        Difference::Boundary { after: None, .. } => Edit::DeleteBoundary,
        Difference::ManagedPolicyDetached(arn) => Edit::DetachManagedPolicy(arn.clone()),
        Difference::CustomerPolicyDetached(policy) => Edit::DetachCustomerPolicy(policy.clone()),
        Difference::InlinePolicy { after: None, .. } => Edit::DeleteInlinePolicy,
        Difference::ManagedPolicyAttached(arn) => Edit::AttachManagedPolicy(arn.clone()),
        Difference::CustomerPolicyAttached(policy) => Edit::AttachCustomerPolicy(policy.clone()),
        Difference::InlinePolicy { after: Some(policy), .. } => Edit::PutInlinePolicy(policy.clone()),
        Difference::Tag { .. } => return None,
    })
}
