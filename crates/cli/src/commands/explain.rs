//! `rolecall explain`

use rolecall_model::Code;

use crate::args::ExplainArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;

/// Prints the page of a diagnostic or a lint.
pub(crate) fn run(args: &ExplainArgs) -> Result<Exit, Failure> {
    let code = match Code::of_lint(&args.code) {
        Some(code) => code,
        None => args.code.parse().map_err(|error: rolecall_model::code::UnknownCode| Failure::Plain {
            code: None,
            message: format!("{error}; lints have names such as unused-group"),
            help: match rolecall_parser::nearest_lint(&args.code) {
                Some(near) => format!("did you mean the lint `{near}`?"),
                None => "each diagnostic starts with its code, such as RC0101".to_owned(),
            },
        })?,
    };
    output::print(&for_reading(&rolecall_parser::explain(code)))?;
    Ok(Exit::Success)
}

/// Converts a page from Markdown to plain text.
fn for_reading(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    let mut is_example = false;
    for line in page.lines() {
        if line.starts_with("```") {
            is_example = !is_example;
            continue;
        }
        let shown = if is_example { line } else { line.trim_start_matches('#').trim_start() };
        let indent = if is_example && !line.is_empty() { "    " } else { "" };
        text.push_str(&format!("{indent}{shown}\n"));
        if !is_example && line.starts_with('#') {
            let rule = if line.starts_with("# ") { "=" } else { "-" };
            text.push_str(&format!("{}\n", rule.repeat(shown.chars().count())));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_reads_well_without_markdown() {
        let page = "# RC1: a b\n\nSay `x`.\n\n```kdl\n# no heading\n\n```\n\n## What to do\n";
        let read = "RC1: a b\n========\n\nSay `x`.\n\n    # no heading\n\n\nWhat to do\n----------\n";
        assert_eq!(for_reading(page), read);
    }
}
