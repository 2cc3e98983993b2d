//! The bridge to miette, which draws diagnostics. A [`Report`] owns all it needs, so it outlives the project.

use std::fmt;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, SourceCode};
use rolecall_model::diagnostic::Label;
use rolecall_model::{Diagnostic, FileId, Severity, Sources};

use crate::scan::is_forbidden;

/// A diagnostic as miette takes it. Places in other files than the first follow as reports of their own.
#[derive(Debug)]
pub struct Report {
    code: Option<&'static str>,
    severity: miette::Severity,
    message: String,
    help: Option<String>,
    source: Option<NamedSource<Arc<str>>>,
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
    let first =
        primary.iter().map(|label| LabeledSpan::new_primary_with_span(Some(plain(&label.text)), span(label)));
    let further =
        here.into_iter().map(|label| LabeledSpan::new_with_span(Some(plain(&label.text)), span(label)));
    Report {
        code: Some(code.as_str()),
        severity: match severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        },
        message: plain(message),
        help: help.as_deref().map(plain),
        source: home.map(|file| named_source(file, sources)),
        labels: first.chain(further).collect(),
        related: elsewhere.into_iter().map(|label| further_place(label, sources)).collect(),
    }
}

fn further_place(label: &Label, sources: &Sources) -> Report {
    Report {
        code: None,
        severity: miette::Severity::Advice,
        message: plain(&label.text),
        help: None,
        source: Some(named_source(label.place.file, sources)),
        labels: vec![LabeledSpan::new_with_span(None, span(label))],
        related: Vec::new(),
    }
}

fn span(label: &Label) -> (usize, usize) {
    (label.place.start as usize, label.place.len as usize)
}

fn named_source(file: FileId, sources: &Sources) -> NamedSource<Arc<str>> {
    let file = sources.get(file);
    let text =
        if file.text.contains(is_forbidden) { visible(&file.text).into() } else { Arc::clone(&file.text) };
    NamedSource::new(&*file.name, text)
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

/// A message on one line, without forbidden characters.
fn plain(text: &str) -> String {
    visible(text).replace(['\n', '\r'], " ")
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
