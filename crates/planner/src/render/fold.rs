//! Folding of similar assignments into one line.

use std::collections::BTreeMap;

use rolecall_model::Date;

use crate::plan::{Action, AssignmentChange, Change, Kept, KeptBy, NamedAssignment, Reason, Written};

/// Minimum number of accounts for which assignments with the same principal, permission set and source line are folded.
const FOLDS_FROM: usize = 4;

/// Assignments that are shown as one line.
pub(crate) struct Fold<'a> {
    /// Whether access is granted, not revoked.
    pub(crate) grants: bool,
    pub(crate) rows: Vec<&'a NamedAssignment>,
    pub(crate) reason: &'a Reason,
    pub(crate) written: Option<&'a Written>,
}

/// Folds the assignments of a plan, in the plan's order; with `whole`, each gets its own line.
pub(crate) fn fold(changes: &[Change], whole: bool) -> Vec<Fold<'_>> {
    let mut folds: Vec<Fold<'_>> = Vec::new();
    let mut positions: BTreeMap<(bool, &str, &str, Option<&Written>, String), usize> = BTreeMap::new();
    for change in changes {
        let (grants, row) = match &change.action {
            Action::Assignment(AssignmentChange::Grant(named)) => (true, named),
            Action::Assignment(AssignmentChange::Revoke { assignment: named, order: _ }) => (false, named),
            Action::PermissionSet(_) | Action::AccessControl(_) | Action::Entra(_) => continue,
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

/// Kept assignments that are shown as one line.
pub(crate) struct KeptFold<'a> {
    pub(crate) rows: Vec<&'a NamedAssignment>,
    pub(crate) by: &'a KeptBy,
    pub(crate) ended: Option<Date>,
    pub(crate) written: &'a Written,
}

/// Folds sorted kept assignments; with `whole`, each gets its own line.
pub(crate) fn fold_kept(kept: &[Kept], whole: bool) -> Vec<KeptFold<'_>> {
    let mut groups: BTreeMap<(&str, &str, &Written, Option<Date>), Vec<&Kept>> = BTreeMap::new();
    for one in kept {
        let row = &one.assignment.assignment;
        groups
            .entry((row.permission_set.as_str(), row.principal.id(), &one.written, one.ended))
            .or_default()
            .push(one);
    }
    let mut folds: Vec<KeptFold<'_>> = groups
        .into_values()
        .flat_map(|group| {
            let size = if whole || group.len() < FOLDS_FROM { 1 } else { group.len() };
            let folds = group.chunks(size).map(|kept| KeptFold {
                rows: kept.iter().map(|one| &one.assignment).collect(),
                by: &kept[0].by,
                ended: kept[0].ended,
                written: &kept[0].written,
            });
            folds.collect::<Vec<_>>()
        })
        .collect();
    folds.sort_by_key(|fold| fold.rows[0]);
    folds
}

/// Folds assignments of one principal and one permission set; with `whole`, each gets its own line.
pub(crate) fn fold_assignments(rows: &[NamedAssignment], whole: bool) -> Vec<Vec<&NamedAssignment>> {
    let mut groups: BTreeMap<(&str, &str), Vec<&NamedAssignment>> = BTreeMap::new();
    for row in rows {
        let key = (row.principal_name.sort_text(), row.assignment.permission_set.as_str());
        groups.entry(key).or_default().push(row);
    }
    let lines = groups.into_values().flat_map(|group| {
        let size = if whole || group.len() < FOLDS_FROM { 1 } else { group.len() };
        group.chunks(size).map(<[&NamedAssignment]>::to_vec).collect::<Vec<_>>()
    });
    lines.collect()
}
