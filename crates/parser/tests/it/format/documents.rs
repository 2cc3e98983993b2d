//! What the repository shows is in the one layout.

use std::fs;
use std::path::{Path, PathBuf};

use rolecall_parser::{DiskFiles, ProjectFiles};

use super::oracle::format;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files_of(folder: &str, ending: &str) -> Vec<PathBuf> {
    let names = DiskFiles::new(root().join(folder)).list().unwrap();
    names.iter().filter(|name| name.ends_with(ending)).map(|name| root().join(folder).join(name)).collect()
}

#[test]
fn the_examples_are_formatted() {
    let examples = files_of("examples", ".kdl");
    assert!(!examples.is_empty());
    for file in examples {
        let text = fs::read_to_string(&file).unwrap();
        assert_eq!(format(&text).unwrap(), text, "{}", file.display());
    }
}

/// A page of a diagnostic without the input of a test that it shows, which is as it is for the mistake's sake.
fn without_inputs(page: &str) -> String {
    let mut parts = page.split("<!-- made from ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    out.extend(
        parts
            .filter_map(|part| part.split_once("<!-- end of what is made from the tests -->"))
            .map(|(_, rest)| rest),
    );
    out
}

/// Blocks that cannot be read show a mistake, or with `…` what is to be filled in.
#[test]
fn what_the_pages_show_is_formatted() {
    let pages = files_of("docs", ".md").into_iter().chain([root().join("README.md")]);
    let mut shown = 0;
    for page in pages {
        let text = without_inputs(&fs::read_to_string(&page).unwrap());
        for block in text.split("```kdl\n").skip(1).filter_map(|rest| rest.split_once("```")) {
            let Ok(formatted) = format(block.0) else { continue };
            shown += 1;
            assert_eq!(formatted, block.0, "{}", page.display());
        }
    }
    assert!(shown > 50, "{shown}");
}
