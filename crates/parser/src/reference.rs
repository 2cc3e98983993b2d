//! The reference page of the language, written from the table of words.

use std::fmt::Write;

use crate::words::{BlockRule, Kind, Within, WordRule, places_of_rule, words_within};
use crate::{MAX_DEPTH, MAX_FILE_BYTES, MAX_FILES, MAX_MADE};

/// The sections of the page after the words of a file, each with its introduction.
const SECTIONS: &[(&str, &[Within], &str)] = &[
    (
        "In a file",
        &[Within::File],
        "These words stand in a file by themselves. Their order never matters, nor does that of the files.",
    ),
    ("In `include`", &[Within::Include], "What the block of an `include` may hold."),
    (
        "Selectors of accounts",
        &[Within::AccountSet, Within::On, Within::Only, Within::Except],
        "These stand in the blocks of `accounts` and `on`, and in their `only` and `except` blocks. Lines add up. \
         Accounts that are not active are skipped and reported.",
    ),
    (
        "In `permission-set`",
        &[Within::PermissionSet],
        "What a permission set is. What is left out has AWS's default, or is absent.",
    ),
    ("In `boundary`", &[Within::Boundary], "One of these."),
    (
        "In `inline-policy`",
        &[Within::InlinePolicy, Within::Statement],
        "The statements of a policy, and what stands in them.",
    ),
    (
        "In `assign`",
        &[Within::Assign],
        "An `assign` has at least one `to` or `to-user`, and at least one `on`.",
    ),
    (
        "In `keep`",
        &[Within::Keep],
        "Each part that is left out matches everything; at least one part other than `until` and `reason` is given, \
         permission sets included.",
    ),
    ("In `attributes`", &[Within::Attributes], "The attributes that are passed on for access control."),
    (
        "In `guard`",
        &[Within::Guard],
        "What a plan may do at most, and which assignments must not be wanted. Guards judge all that the files want \
         as well as the changes. A plan that a guard stops is shown whole, with the guard, and is not applied.",
    ),
    (
        "In `forbid`, `require-until` and `exception`",
        &[Within::Forbid, Within::RequireUntil, Within::Exception],
        "These say which assignments a guard is about: those that every given part matches. A part that is left out \
         matches everything; without `on` that is every account, the management account included.",
    ),
    (
        "In `entra`",
        &[Within::Entra, Within::Application, Within::RequireMfa],
        "What is wanted of the tenant. Nothing in Entra is taken away because the files no longer mention it.",
    ),
    ("In `lint`", &[Within::Lint], "Why the level was chosen."),
    (
        "In `template`",
        &[Within::Template],
        "What a template asks for, and what it makes. A word that stands in a file as well means the same here.",
    ),
];

/// The reference page as Markdown: `docs/language.md`, which a test keeps equal to this.
pub fn reference() -> String {
    let mut page = introduction();
    let mut written: Vec<*const WordRule> = Vec::new();
    for (title, places, introduction) in SECTIONS {
        push(&mut page, &format!("## {title}\n\n{introduction}\n"));
        for word in places.iter().flat_map(|place| words_within(*place)) {
            // One word may stand in several places.
            let rule = word.rule();
            if !written.contains(&std::ptr::from_ref(rule)) {
                written.push(rule);
                push(&mut page, &section(rule));
            }
        }
    }
    page
}

fn push(page: &mut String, part: &str) {
    page.push_str(part);
    page.push('\n');
}

fn introduction() -> String {
    let mebibytes = MAX_FILE_BYTES / (1024 * 1024);
    format!(
        "# The Rolecall language, version 1\n\n\
         <!-- Written by `rolecall_parser::reference` from the table of words; do not edit. \
         `UPDATE_DOCS=1 cargo test -p rolecall-parser --test it pages` writes it anew. -->\n\n\
         Files are [KDL](https://kdl.dev) version 2 in UTF-8. A line is a word of the language, followed by values, \
         by properties (`name=\"value\"`) and by a block in braces with further lines. `//` begins a comment.\n\n\
         - **Every value is quoted**, numbers aside. `2027-01-31`, `111122223333` and `true` without quotes are errors.\n\
         - `/-`, KDL's way to take a part out, is refused: two characters must not remove a grant while looking like \
         a comment.\n\
         - Whatever is named is declared: groups, account sets and permission sets. A name that is not is an error, \
         with the nearest one as a suggestion.\n\
         - Order never matters, files included. What is declared or given twice is an error that shows both places.\n\
         - Nothing is interpolated: `${{aws:username}}` is literal text.\n\
         - A line that goes on ends with `\\`. Two lines on one are separated by `;`.\n\
         - Control characters and characters that turn the direction of reading are refused everywhere.\n\
         - A file has at most {mebibytes} MiB, a project at most {MAX_FILES} files, and blocks are nested at most \
         {MAX_DEPTH} deep. All uses of templates together make at most {MAX_MADE} words and values, and of long texts \
         each begun 64 bytes count.\n\n\
         All mistakes of all files are reported in one run, each with a code that `rolecall explain CODE` explains.\n\n"
    )
}

fn section(word: &'static WordRule) -> String {
    let mut out = format!("### `{}`\n\n```kdl\n{}\n```\n\n{}\n", word.name, signature(word), word.doc);
    if !word.properties.is_empty() {
        out.push('\n');
        for property in word.properties {
            let required = if property.required { " (required)" } else { "" };
            // Writing to a string cannot fail.
            let _ =
                writeln!(out, "- `{}={}`{required} {}", property.name, shown(property.kind), property.doc);
        }
    }
    let _ = write!(out, "\n{}.\n\n```kdl\n{}\n```\n", where_and_how_often(word), word.example);
    out
}

fn signature(word: &'static WordRule) -> String {
    let mut out = word.name.to_owned();
    if !word.arguments.shown.is_empty() {
        let _ = write!(out, " {}", word.arguments.shown);
    }
    for property in word.properties {
        let shown = format!("{}={}", property.name, shown(property.kind));
        let _ = if property.required { write!(out, " {shown}") } else { write!(out, " [{shown}]") };
    }
    match word.block {
        BlockRule::None => {}
        BlockRule::Optional(_) | BlockRule::Declared => out.push_str(" [{ … }]"),
        BlockRule::Required(_) => out.push_str(" { … }"),
    }
    out
}

fn shown(kind: Kind) -> String {
    match kind {
        Kind::Text | Kind::AnyText => "\"…\"".to_owned(),
        Kind::Number { .. } => "number".to_owned(),
        Kind::OneOf(texts) => texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join("|"),
    }
}

fn where_and_how_often(word: &'static WordRule) -> String {
    let places: Vec<&str> = places_of_rule(word)
        .iter()
        .map(|within| if *within == Within::File { "a file by itself" } else { within.shown() })
        .collect();
    let often = if word.repeats { "as often as needed" } else { "once" };
    format!("Stands in {}, {often}", places.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::PLACES;

    #[test]
    fn each_place_is_in_one_section() {
        let mut shown: Vec<Within> = SECTIONS.iter().flat_map(|(_, places, _)| *places).copied().collect();
        let mut places = PLACES.to_vec();
        shown.sort_unstable();
        places.sort_unstable();
        assert_eq!(shown, places);
    }
}
