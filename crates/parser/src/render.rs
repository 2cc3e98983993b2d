//! The bridge to miette, which draws diagnostics. A [`Report`] owns all it needs, so it outlives the project.
//!
//! Drawing one costs the same however large its file is: a report holds the text around its labels and no more, long
//! texts are cut, and so are labels over much text.

mod excerpt;

use std::fmt;

use miette::{LabeledSpan, SourceCode};
use rolecall_model::diagnostic::Label;
use rolecall_model::{Diagnostic, Severity, Sources};

use crate::limits::is_forbidden;
use excerpt::{Excerpt, shown_part};

/// The longest text of a report, in characters; what is longer quotes a value that is far too long.
const MAX_TEXT: usize = 1_000;

/// A diagnostic as miette takes it. Places in other files than the first follow as reports of their own.
#[derive(Debug)]
pub struct Report {
    code: Option<&'static str>,
    severity: miette::Severity,
    message: String,
    help: Option<String>,
    source: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
    related: Vec<Report>,
}

/// Makes a report of a diagnostic. Characters that could make a terminal show something else than is written are
/// replaced, in the messages as in the files.
pub fn report(diagnostic: &Diagnostic, sources: &Sources) -> Report {
    let Diagnostic { code, severity, message, primary, secondary, help, suggestion: _ } = diagnostic;
    let home = primary.as_ref().map(|label| label.place.file);
    let (here, elsewhere): (Vec<&Label>, Vec<&Label>) =
        secondary.iter().partition(|label| Some(label.place.file) == home);
    let text_of = |label: &Label| Some(plain(&label.text));
    let first = primary
        .iter()
        .map(|label| LabeledSpan::new_primary_with_span(text_of(label), shown_part(label.place, sources)));
    let further = here
        .into_iter()
        .map(|label| LabeledSpan::new_with_span(text_of(label), shown_part(label.place, sources)));
    let labels: Vec<LabeledSpan> = first.chain(further).collect();
    Report {
        code: Some(code.as_str()),
        severity: match severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        },
        message: plain(message),
        help: help.as_deref().map(plain),
        source: home.map(|file| Excerpt::new(sources.get(file), &labels)),
        labels,
        related: elsewhere.into_iter().map(|label| further_place(label, sources)).collect(),
    }
}

fn further_place(label: &Label, sources: &Sources) -> Report {
    let labels = vec![LabeledSpan::new_with_span(None, shown_part(label.place, sources))];
    Report {
        code: None,
        severity: miette::Severity::Advice,
        message: plain(&label.text),
        help: None,
        source: Some(Excerpt::new(sources.get(label.place.file), &labels)),
        labels,
        related: Vec::new(),
    }
}

/// The text with each forbidden character replaced by a visible one of as many bytes, so that places stay true.
fn visible(text: &str) -> String {
    let replaced = |character: char| match character.len_utf8() {
        _ if !is_forbidden(character) => character,
        1 => '?',
        2 => '\u{BF}',
        _ => '\u{FFFD}',
    };
    text.chars().map(replaced).collect()
}

/// A message on one line, without forbidden characters, and not of any length.
pub(crate) fn plain(text: &str) -> String {
    let end = text.char_indices().nth(MAX_TEXT).map(|(at, _)| at);
    let mut plain = visible(&text[..end.unwrap_or(text.len())]).replace(['\n', '\r'], " ");
    if end.is_some() {
        plain.push('…');
    }
    plain
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as Box<_>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let related = self.related.iter().map(|report| report as &dyn miette::Diagnostic);
        (!self.related.is_empty()).then(|| Box::new(related) as Box<_>)
    }
}
