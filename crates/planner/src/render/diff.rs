//! Line diffs.

use similar::TextDiff;

/// Returns the changed lines with three lines of context.
pub(crate) fn line_diff(before: &str, after: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (at, hunk) in diff.grouped_ops(3).iter().enumerate() {
        if at > 0 {
            lines.push("  …".to_owned());
        }
        for change in hunk.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let line = change.value().trim_end_matches('\n');
            lines.push(format!("{} {line}", change.tag()));
        }
    }
    lines
}
