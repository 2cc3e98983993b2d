//! Whatever the files of a project hold, loading it ends, does not panic, and says the same each time; and so does
//! formatting them.
//!
//! An input is a whole project. Its parts are separated by the byte 0x1E; the first is the text of `rolecall.kdl`, and
//! each further one begins with a line that is its path. `./run` makes the first inputs of the repository's own files.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use miette::{GraphicalReportHandler, GraphicalTheme};
use rolecall_model::Diagnostic;
use rolecall_parser::{Project, ProjectFiles, ReadError, format, load, render};

/// The byte between two files of a project.
const SEPARATOR: u8 = 0x1E;
const ENTRY: &str = "rolecall.kdl";
/// How many diagnostics of a project are drawn; one alike another is drawn alike.
const DRAWN: usize = 8;

/// Files as bytes, which need not be UTF-8.
struct Files<'a>(BTreeMap<&'a str, &'a [u8]>);

impl<'a> Files<'a> {
    fn of(data: &'a [u8]) -> Self {
        let mut parts = data.split(|byte| *byte == SEPARATOR);
        let mut files: BTreeMap<&str, &[u8]> = parts.next().map(|text| (ENTRY, text)).into_iter().collect();
        for part in parts {
            let end_of_line = part.iter().position(|byte| *byte == b'\n').unwrap_or(part.len());
            let (path, text) = part.split_at(end_of_line);
            // A listing holds files beneath the directory alone, so other paths cannot come from one.
            if let Some(path) = std::str::from_utf8(path).ok().filter(|path| is_beneath(path)) {
                files.entry(path).or_insert(text);
            }
        }
        Self(files)
    }
}

fn is_beneath(path: &str) -> bool {
    path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

impl ProjectFiles for Files<'_> {
    fn read(&self, path: &str, limit_bytes: u64) -> Result<Vec<u8>, ReadError> {
        let text = self.0.get(path).ok_or(ReadError::NotFound)?;
        let bytes = text.len() as u64;
        if bytes > limit_bytes { Err(ReadError::TooLarge { bytes }) } else { Ok(text.to_vec()) }
    }

    fn list(&self) -> Result<Vec<String>, ReadError> {
        Ok(self.0.keys().map(|path| (*path).to_owned()).collect())
    }
}

/// Each place that a diagnostic names lies in its file and cuts no character in two, and drawing it does not panic.
fn check_places(project: &Project) {
    for diagnostic in &project.diagnostics {
        let labels = diagnostic.primary.iter().chain(&diagnostic.secondary).map(|label| label.place);
        let suggested = diagnostic.suggestion.iter().map(|suggestion| suggestion.place);
        for place in labels.chain(suggested) {
            let text = &project.sources.get(place.file).text;
            assert!(text.get(place.range()).is_some(), "{place:?} is no place in its file: {diagnostic:?}");
        }
    }
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(80);
    for diagnostic in project.diagnostics.iter().take(DRAWN) {
        let mut drawn = String::new();
        handler
            .render_report(&mut drawn, &render::report(diagnostic, &project.sources))
            .expect("a String takes whatever is written to it");
        assert!(
            !drawn.contains(['\u{202E}', '\u{1B}']),
            "a character that steers the terminal is drawn: {drawn}"
        );
    }
}

/// What can be formatted is formatted the second time as it was the first.
fn check_layout(project: &Project) {
    for (file, source) in project.sources.iter() {
        if let Ok(once) = format(file, &source.text) {
            let twice = format(file, &once);
            assert_eq!(twice.as_ref(), Ok(&once), "formatting {:?} again changes it", source.text);
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let files = Files::of(data);
    let project = load(&files, ENTRY);
    check_places(&project);
    check_layout(&project);
    let has_error = project.diagnostics.iter().any(Diagnostic::is_error);
    assert_eq!(
        project.config.is_none(),
        has_error,
        "there is a configuration exactly when there is no error"
    );
    let again = load(&files, ENTRY);
    assert_eq!(project.config, again.config, "loading again gives another configuration");
    assert_eq!(project.diagnostics, again.diagnostics, "loading again finds something else");
});
