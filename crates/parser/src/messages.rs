//! Diagnostics for other programs: one JSON object per line, SARIF, GitHub workflow commands, and GitLab Code Quality.
//! `docs/diagnostics.md` describes the formats to users.

mod github;
mod gitlab;
mod json;
mod sarif;

use std::collections::BTreeMap;
use std::ops::Range;

use rolecall_model::{Applicability, Code, Diagnostic, Label, Place, Severity, Sources};
use sha2::{Digest, Sha256};

use crate::render::plain;

/// The URL of the pages of all codes.
const PAGES: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/diagnostics/");

/// A machine-readable output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object per line.
    Json,
    /// One SARIF 2.1.0 document.
    Sarif,
    /// One GitHub Actions workflow command per line.
    Github,
    /// One array in the format of GitLab Code Quality reports.
    Gitlab,
}

/// A message that owns its data. Characters that could make a terminal show something other than the text are replaced in
/// it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// `None` for a failure of the system that has no page.
    code: Option<Code>,
    severity: Severity,
    text: String,
    primary: Option<Spot>,
    secondary: Vec<Spot>,
    help: Option<String>,
    change: Option<Change>,
}

/// A place in a file, with a label.
#[derive(Debug, Clone, PartialEq)]
struct Spot {
    file: String,
    bytes: Range<usize>,
    start: Point,
    /// Just behind the last character.
    end: Point,
    label: String,
}

/// A position in a text; everything counts from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Point {
    line: u32,
    /// In characters.
    column: u32,
    /// In UTF-16 code units.
    utf16: u32,
}

/// A change of text.
#[derive(Debug, Clone, PartialEq)]
struct Change {
    /// What is replaced.
    spot: Spot,
    replacement: String,
    applicability: Applicability,
}

impl Message {
    /// The message of a diagnostic. `directory` is put before the files' names: empty, or a path that ends with `/`.
    pub fn of(diagnostic: &Diagnostic, sources: &Sources, directory: &str) -> Self {
        let Diagnostic { code, severity, message, primary, secondary, help, suggestion } = diagnostic;
        let labelled = |label: &Label| spot(label.place, &label.text, sources, directory);
        Self {
            code: Some(*code),
            severity: *severity,
            text: plain(message),
            primary: primary.as_ref().map(labelled),
            secondary: secondary.iter().map(labelled).collect(),
            help: help.as_deref().map(plain),
            change: suggestion.as_ref().map(|suggestion| Change {
                spot: spot(suggestion.place, "", sources, directory),
                replacement: suggestion.replacement.clone(),
                applicability: suggestion.applicability,
            }),
        }
    }

    /// An error that no file is at fault for.
    pub fn failure(code: Option<Code>, text: &str, help: Option<&str>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            text: plain(text),
            primary: None,
            secondary: Vec::new(),
            help: help.map(plain),
            change: None,
        }
    }

    /// Its code, or the program's name where there is none.
    fn code_or_name(&self) -> &'static str {
        self.code.map_or("rolecall", Code::as_str)
    }

    /// The message with its label and its way out, a line each: for formats that hold one text.
    fn whole_text(&self) -> String {
        let mut text = self.text.clone();
        if let Some(Spot { label, .. }) = &self.primary
            && !label.is_empty()
        {
            text = format!("{text}\n{label}");
        }
        if let Some(help) = &self.help {
            text = format!("{text}\nhelp: {help}");
        }
        text
    }
}

/// Writes all messages. `project_file` stands for the place of those that have none, where a format demands one.
pub fn render(format: Format, messages: &[Message], project_file: &str) -> String {
    match format {
        Format::Json => json::render(messages),
        Format::Sarif => sarif::render(messages, project_file),
        Format::Github => github::render(messages),
        Format::Gitlab => gitlab::render(messages, project_file),
    }
}

fn spot(place: Place, label: &str, sources: &Sources, directory: &str) -> Spot {
    let file = sources.get(place.file);
    let range = place.range();
    let end = range.end.min(file.text.len());
    let point = |offset: usize| {
        let (line, column) = file.line_and_column(u32::try_from(offset).unwrap_or(u32::MAX));
        let start = file.text[..offset].rfind('\n').map_or(0, |at| at + 1);
        // Of the characters, those of four bytes are two code units.
        let astral = file.text.as_bytes()[start..offset].iter().filter(|byte| **byte >= 0xF0).count();
        Point { line, column, utf16: column + u32::try_from(astral).unwrap_or(u32::MAX) }
    };
    let start = range.start.min(end);
    Spot {
        file: format!("{directory}{}", file.name),
        start: point(start),
        end: point(end),
        bytes: start..end,
        label: plain(label),
    }
}

/// For each message a text by which it is known again after lines were moved: the digest of its code, its file and
/// what it says, and of how many were the same before it.
fn fingerprints(messages: &[Message], project_file: &str) -> Vec<String> {
    let mut seen: BTreeMap<(&str, String, String), usize> = BTreeMap::new();
    let fingerprint = |message: &Message| -> String {
        let (text, primary) = (message.text.clone(), &message.primary);
        let file = primary.as_ref().map_or(project_file, |spot| spot.file.as_str()).to_owned();
        let code = message.code_or_name();
        let nth = seen.entry((code, file.clone(), text.clone())).or_default();
        let digest = Sha256::digest(format!("{code}\0{file}\0{text}\0{nth}"));
        *nth += 1;
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    messages.iter().map(fingerprint).collect()
}
