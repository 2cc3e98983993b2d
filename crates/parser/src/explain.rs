//! The pages that `rolecall explain` prints. They are part of the program, so they need no network.

use rolecall_model::Code;
use rolecall_model::lint::LINTS;

use crate::nearest::nearest;

/// The beginning of the markers around the generated part of a page.
const MARK: &str = "<!-- ";

/// Returns the page of a code as Markdown, without markers.
pub fn explain(code: Code) -> String {
    let mut text = String::new();
    let mut is_behind_mark = false;
    for line in code.page().lines() {
        let is_mark = line.starts_with(MARK);
        let is_gap = is_behind_mark && line.is_empty();
        if !is_mark && !is_gap {
            text.push_str(line);
            text.push('\n');
        }
        is_behind_mark = is_mark;
    }
    text
}

/// Returns the lint that a name was probably meant to be, even if it is spelled with `_` instead of `-` or in another
/// case.
pub fn nearest_lint(name: &str) -> Option<&'static str> {
    nearest(&name.replace('_', "-"), LINTS.iter().map(|(lint, _)| *lint))
}

/// Returns the first paragraph of a code's page, on one line.
pub(crate) fn summary(code: Code) -> String {
    let paragraph = code.page().split("\n\n").nth(1).unwrap_or_default();
    paragraph.lines().collect::<Vec<_>>().join(" ")
}
