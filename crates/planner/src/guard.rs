//! Guards: what a plan may not do, however the files came to say so.

use rolecall_model::Code;
use rolecall_model::config::{Guard, MaxDeletions};

use crate::Inputs;
use crate::plan::{Action, Change, Violation};
use crate::render::wording;
use crate::replacement::Replacements;

/// From so many deletions up, the percentage counts: of few rows, a few are a large part.
const PERCENT_COUNTS_FROM: usize = 10;

/// The guards that stop these changes. `rows_of_ours` is the number of live rows that are ours and not blocked.
/// Rows whose place a grant takes do not count as deletions.
pub(crate) fn judge(
    inputs: &Inputs<'_>,
    changes: &[Change],
    replacements: &Replacements,
    rows_of_ours: usize,
) -> Vec<Violation> {
    let Guard { max_deletions, .. } = &inputs.config.guard;
    let MaxDeletions { count, percent, origin } = *max_deletions;
    let is_deletion = |change: &&Change| match &change.action {
        Action::Revoke(row) => !replacements.rows.contains(&row.assignment),
        _ => false,
    };
    let rows = changes.iter().filter(is_deletion).count();
    let sets =
        changes.iter().filter(|change| matches!(change.action, Action::DeletePermissionSet { .. })).count();
    let written = origin.map(|origin| inputs.written(origin));
    let source = if written.is_some() { "" } else { " (the default)" };
    let mut violations = Vec::new();
    if rows + sets > count as usize {
        violations.push(Violation {
            code: Code::TooManyDeletions,
            message: format!(
                "{} deletions ({}, {}); max-deletions is {count}{source}",
                rows + sets,
                wording::count(rows, "row"),
                wording::count(sets, "permission set"),
            ),
            written: written.clone(),
        });
    }
    // Compared without division, so that no rounding decides.
    if rows >= PERCENT_COUNTS_FROM && rows * 100 > percent as usize * rows_of_ours {
        violations.push(Violation {
            code: Code::TooManyDeletions,
            message: format!(
                "{rows} of {rows_of_ours} live rows would go; max-deletions allows {percent} per cent{source}"
            ),
            written,
        });
    }
    violations
}
