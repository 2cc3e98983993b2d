//! The pages that are written from the program, or must keep up with it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::inputs::{files, inputs, name, rendered_one};
use rolecall_model::Code;
use rolecall_parser::{MemoryFiles, Project, explain, load, reference};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Asserts that a file has this text, or writes it with `UPDATE_DOCS`.
fn assert_is(path: &Path, wanted: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, wanted).unwrap();
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    let path = path.display();
    assert!(written == wanted, "{path}: run UPDATE_DOCS=1 cargo test -p rolecall-parser --test it pages");
}

#[test]
fn the_reference_page_is_what_the_table_says() {
    let path = docs().join("language.md");
    assert_is(&path, &reference());
}

/// The blocks of KDL in a page.
fn examples(page: &str) -> Vec<&str> {
    page.split("```kdl\n").skip(1).filter_map(|rest| rest.split_once("```").map(|(block, _)| block)).collect()
}

/// What stands around the generated part of a page.
const BEGIN: &str = "<!-- made from ";
const END: &str = "<!-- end of what is made from the tests -->\n\n";
/// How many diagnostics of its input a page shows.
const MAX_SHOWN: usize = 2;
const WAY_OUT: &str = "## What to do\n";

/// The title of a page is generated, like its example.
#[test]
fn pages_have_the_titles_of_their_codes() {
    for code in Code::ALL {
        let path = docs().join(format!("diagnostics/{code}.md"));
        let page = fs::read_to_string(&path).unwrap();
        let (_, rest) = page.split_once('\n').unwrap();
        let wanted = format!("# {code}: {}\n{rest}", code.title());
        assert_is(&path, &wanted);
    }
}

#[test]
fn each_code_has_a_page_with_an_example_and_a_way_out() {
    for code in Code::ALL {
        let page = explain(*code);
        assert!(page.contains("\n## What to do\n"), "{code} says no way out");
        assert!(page.contains("\n```"), "{code} has no example");
        let written = without_example(code.page()).lines().count();
        assert!((6..=40).contains(&written), "{code} has {written} lines that are written by hand");
    }
}

/// A page as it was written by hand.
fn without_example(page: &str) -> String {
    match (page.find(BEGIN), page.find(END)) {
        (Some(begin), Some(end)) => format!("{}{}", &page[..begin], &page[end + END.len()..]),
        _ => page.to_owned(),
    }
}

/// The part of a page that an input makes: its files, and what is said about them.
fn example(input: &Path) -> String {
    let files = files(input);
    let Project { diagnostics, sources, .. } = load(&files, "rolecall.kdl");
    let shown = diagnostics.iter().take(MAX_SHOWN).map(|found| rendered_one(found, &sources));
    let mut rendering = shown.collect::<Vec<_>>().join("\n");
    if diagnostics.len() > MAX_SHOWN {
        rendering.push_str(&format!("\n[{} more]", diagnostics.len() - MAX_SHOWN));
    }
    let folder = input.file_name().unwrap().to_str().unwrap();
    let mut text = format!("{BEGIN}crates/parser/tests/diagnostics/{folder} -->\n\n");
    for (path, content) in &files.0 {
        let kind = path.rsplit_once('.').map_or("text", |(_, extension)| extension);
        if files.0.len() > 1 {
            text.push_str(&format!("In `{path}`:\n\n"));
        }
        text.push_str(&format!("```{kind}\n{}\n```\n\n", visible(content.trim_end())));
    }
    text.push_str(&format!("`rolecall check` says:\n\n```text\n{}\n```\n\n{END}", rendering.trim_end()));
    text
}

/// A text with every character shown that has no glyph of its own.
fn visible(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' => "\n".to_owned(),
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202F}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' => {
            format!("\\u{{{:x}}}", u32::from(character))
        }
        _ if character.is_control() => format!("\\u{{{:x}}}", u32::from(character)),
        _ => character.to_string(),
    };
    text.chars().map(shown).collect()
}

/// Each page whose code has an input shows the shortest of them; one with a template only where all have one, since
/// it shows a mistake in its rarer form.
#[test]
fn pages_show_what_the_tests_show() {
    let mut examples: BTreeMap<String, String> = BTreeMap::new();
    for input in inputs() {
        let (code, made) = (name(&input)[..6].to_owned(), example(&input));
        let shortest = examples.entry(code).or_insert_with(|| made.clone());
        let rank = |made: &str| (made.contains("\ntemplate "), made.lines().count());
        if rank(&made) < rank(shortest) {
            *shortest = made;
        }
    }
    for (code, example) in examples {
        let path = docs().join(format!("diagnostics/{code}.md"));
        let page = fs::read_to_string(&path).unwrap();
        let (before, after) =
            without_example(&page).split_once(WAY_OUT).map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let wanted = format!("{before}{example}{WAY_OUT}{after}");
        assert_is(&path, &wanted);
    }
}

/// Codes of warnings that are no lints. All others are errors, lints aside.
const WARNINGS: [Code; 21] = [
    Code::PossibleRebind,
    Code::SealedPermissionSet,
    Code::LastAssignment,
    Code::QuotaGap,
    Code::GroupRenamed,
    Code::RenameSourceNotOurs,
    Code::AdoptionWaits,
    Code::OldPolicyVersion,
    Code::NestedGroups,
    Code::ProvisioningTrouble,
    Code::TokenEndsSoon,
    Code::AttributeMapping,
    Code::SamlMismatch,
    Code::CertificateEndsSoon,
    Code::MfaWaits,
    Code::ConsoleStep,
    Code::GroupWaits,
    Code::LeftBehind,
    Code::OrphanedRows,
    Code::SignInsFail,
    Code::MemberMissing,
];
/// Codes that are an error here and a warning there.
const EITHER: [Code; 5] = [
    Code::TooManyDiagnostics,
    Code::InvalidPolicy,
    Code::UnknownConditionOperator,
    Code::ImportIncomplete,
    Code::GroupNotAssigned,
];
/// What the codes of each hundred are about.
const CHAPTERS: [(&str, &str); 10] = [
    ("RC00", "Project files"),
    ("RC01", "Syntax"),
    ("RC02", "Configuration"),
    ("RC03", "Configuration and live state"),
    ("RC04", "Guards"),
    ("RC05", "Reading the live state"),
    ("RC06", "Applying"),
    ("RC07", "Lints"),
    ("RC08", "Import"),
    ("RC09", "Entra ID"),
];

fn weight(code: Code) -> String {
    match code.lint_name() {
        Some(name) => format!("lint `{name}`"),
        None if WARNINGS.contains(&code) => "warning".to_owned(),
        None if EITHER.contains(&code) => "error or warning".to_owned(),
        None => "error".to_owned(),
    }
}

#[test]
fn the_index_lists_every_code() {
    let mut index = "# Diagnostics\n\n\
        Every error and warning has a code, which is never reused. `rolecall explain CODE` prints its page offline. A \
        lint is\na warning whose level the configuration sets: `lint \"direct-user\" level=\"deny\"`. For the output \
        formats, see\n[diagnostics.md](../diagnostics.md).\n\n\
        This page is generated.\n"
        .to_owned();
    for (prefix, title) in CHAPTERS {
        index.push_str(&format!("\n## {title}\n\n| code | title | severity |\n|---|---|---|\n"));
        for code in Code::ALL.iter().filter(|code| code.as_str().starts_with(prefix)) {
            index.push_str(&format!("| [{code}]({code}.md) | {} | {} |\n", code.title(), weight(*code)));
        }
    }
    assert!(Code::ALL.iter().all(|code| index.contains(&format!("[{code}]"))), "a code is in no chapter");
    let path = docs().join("diagnostics/README.md");
    assert_is(&path, &index);
}

#[test]
fn the_index_says_what_a_code_weighs() {
    for input in inputs() {
        for found in load(&files(&input), "rolecall.kdl").diagnostics {
            // The level of a lint is for the files to set.
            let agrees = EITHER.contains(&found.code)
                || found.code.lint_name().is_some()
                || WARNINGS.contains(&found.code) != found.is_error();
            assert!(agrees, "{}: {} is {:?}", name(&input), found.code, found.severity);
        }
    }
}

#[test]
fn no_page_is_without_a_code() {
    for entry in fs::read_dir(docs().join("diagnostics")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let code = name.strip_suffix(".md").unwrap_or(&name);
        assert!(name == "README.md" || code.parse::<Code>().is_ok(), "{name} explains no code");
    }
}

/// Pages show the mistake first and then the cure; a cure that is a mistake itself would be worse than none.
#[test]
fn what_a_page_shows_as_right_is_right() {
    // Whether a file is included depends on the files, which a page cannot show.
    for code in Code::ALL.iter().filter(|code| code.as_str() < "RC0300" && **code != Code::UnusedFile) {
        let page = explain(*code);
        let (_, way_out) = page.split_once("\n## What to do\n").unwrap();
        for example in examples(way_out) {
            let included =
                ["shared/groups.kdl", "teams/payments/a.kdl", "more/b.kdl", "groups/c.kdl", "old/d.kdl"];
            let included = included.map(|path| (path, ""));
            let files: MemoryFiles = included.into_iter().chain([("rolecall.kdl", example)]).collect();
            let found = load(&files, "rolecall.kdl").diagnostics;
            let again = found.iter().find(|found| found.code == *code);
            assert!(again.is_none(), "{code}: {}", again.unwrap().message);
        }
    }
}
