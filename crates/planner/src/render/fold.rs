//! Many rows that say one thing, as one line.

use std::collections::BTreeMap;

use crate::plan::{Action, Change, Reason, Row, Written};

/// From so many accounts up, the rows of one principal and one permission set, asked for by one line, are one line.
const FOLDS_FROM: usize = 4;

/// Rows that are shown as one line.
pub(crate) struct Fold<'a> {
    /// Whether access is given or taken.
    pub(crate) grants: bool,
    pub(crate) rows: Vec<&'a Row>,
    pub(crate) reason: &'a Reason,
    pub(crate) written: Option<&'a Written>,
}

/// The rows of a plan, folded, in the plan's order; or each on its own line where `whole`.
pub(crate) fn fold(changes: &[Change], whole: bool) -> Vec<Fold<'_>> {
    let mut folds: Vec<Fold<'_>> = Vec::new();
    let mut positions: BTreeMap<(bool, &str, &str, Option<&Written>, String), usize> = BTreeMap::new();
    for change in changes {
        let (grants, row) = match &change.action {
            Action::Grant(row) => (true, row),
            Action::Revoke(row) => (false, row),
            Action::CreatePermissionSet { .. }
            | Action::UpdatePermissionSet { .. }
            | Action::ProvisionPermissionSet { .. }
            | Action::DeletePermissionSet { .. } => continue,
        };
        let (principal, set) = (row.assignment.principal.id(), row.assignment.permission_set.as_str());
        let key = (grants, principal, set, change.written.as_ref(), format!("{:?}", change.reason));
        if let Some(at) = positions.get(&key) {
            folds[*at].rows.push(row);
        } else {
            positions.insert(key, folds.len());
            let (reason, written) = (&change.reason, change.written.as_ref());
            folds.push(Fold { grants, rows: vec![row], reason, written });
        }
    }
    folds
        .into_iter()
        .flat_map(|Fold { grants, rows, reason, written }| {
            let lines = if whole || rows.len() < FOLDS_FROM {
                rows.into_iter().map(|row| vec![row]).collect()
            } else {
                vec![rows]
            };
            lines.into_iter().map(move |rows| Fold { grants, rows, reason, written })
        })
        .collect()
}
