//! The pre-scan. In linear time, it splits a file into top-level nodes and reports what the KDL crate would report badly,
//! or only in exponential time or with the entire stack.
//!
//! Its result is a text of the same length, so that every offset stays valid: comments and type annotations are blanked,
//! and an unquoted value is replaced by a word of the same length.

mod braces;
mod nodes;
mod pieces;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rolecall_model::{Code, Diagnostic, FileId, Place};

use crate::limits::is_forbidden;
use crate::resolve::NameKind;

pub(crate) use nodes::{is_bare_word, not_a_number, not_safe, unquoted, without_marks};
pub(crate) use pieces::{Piece, PieceKind, pieces};
pub(crate) use tokens::TokenKind;

/// A file, split into nodes.
#[derive(Debug)]
pub(crate) struct Scan {
    /// The text for the KDL crate, with the length of the original.
    pub(crate) masked: String,
    /// The top-level nodes, in their order.
    pub(crate) nodes: Vec<RawNode>,
    /// The original text of unquoted values that were replaced, by the offset of its first byte.
    pub(crate) unquoted: BTreeMap<usize, String>,
    /// The type annotations of values, by the offset of the value's first byte.
    pub(crate) annotations: BTreeMap<usize, Annotation>,
    /// The errors and warnings.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Whether there is text in which declarations cannot even be guessed.
    pub(crate) cut_short: bool,
}

/// A type annotation before a value. It is blanked, so that the KDL crate only sees the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Annotation {
    /// The offset of its first byte.
    pub(crate) start: usize,
    /// Whether the value is the name of a template's parameter. Otherwise an error was reported, and the value has no
    /// meaning.
    pub(crate) is_parameter: bool,
}

/// One top-level node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawNode {
    /// Its bytes.
    pub(crate) range: Range<usize>,
    /// Whether an error was reported because of which it cannot be parsed.
    pub(crate) broken: bool,
}

/// Scans a file.
pub(crate) fn scan(file: FileId, text: &str) -> Scan {
    let start = beginning(text);
    let tokens::Tokens { tokens, mut blanks, mut diagnostics, cut_short, .. } =
        tokens::tokens(file, text, start);
    blanks.push(0..start);
    diagnostics.extend(forbidden_characters(file, text, start));
    let mut balance = braces::balance(file, text, &tokens, cut_short);
    diagnostics.extend(std::mem::take(&mut balance.diagnostics));
    let mut cut = nodes::cut(file, text, &tokens, &balance);
    diagnostics.extend(std::mem::take(&mut cut.diagnostics));
    blanks.append(&mut cut.blanks);
    Scan {
        masked: mask(text, &blanks, &cut.unquoted, &cut.semicolons),
        nodes: cut.nodes,
        unquoted: cut.unquoted,
        annotations: cut.annotations,
        diagnostics: one_syntax_error_a_line(text, diagnostics.into_kept()),
        cut_short,
    }
}

/// Returns the beginning of a text: after its byte order mark, if it has one.
fn beginning(text: &str) -> usize {
    if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 }
}

/// Returns the names that an unreadable text probably declares. Using them is then not an error.
pub(crate) fn declarations(file: FileId, text: &str) -> Vec<(NameKind, String)> {
    nodes::declarations(text, &tokens::tokens(file, text, 0).tokens)
}

/// Returns one diagnostic for each forbidden character, with the first places and the count.
fn forbidden_characters(file: FileId, text: &str, start: usize) -> Vec<Diagnostic> {
    const SHOWN: usize = 3;
    let mut found: BTreeMap<char, (usize, Vec<usize>)> = BTreeMap::new();
    for (at, character) in text[start..].char_indices().filter(|(_, character)| is_forbidden(*character)) {
        let (count, places) = found.entry(character).or_default();
        *count += 1;
        if places.len() < SHOWN {
            places.push(start + at);
        }
    }
    let diagnostic = |(character, (count, places)): (char, (usize, Vec<usize>))| {
        let name = format!("U+{:04X}", u32::from(character));
        let times = if count == 1 { String::new() } else { format!(", {count} times") };
        let mut out = Diagnostic::error(
            Code::ForbiddenCharacter,
            format!("forbidden character: {name}{times}"),
        )
        .help(
            "remove it; it is invisible, and can make a reader see something other than what Rolecall reads",
        );
        for (nth, at) in places.into_iter().enumerate() {
            let place = Place::new(file, at..at + character.len_utf8());
            let label = format!("{} {name}", kind_of(character));
            out = if nth == 0 { out.at(place, label) } else { out.and(place, label) };
        }
        out
    };
    found.into_iter().map(diagnostic).collect()
}

fn kind_of(character: char) -> &'static str {
    match character {
        '\u{2028}' | '\u{2029}' => "a line separator,",
        '\u{FEFF}' => "a byte order mark,",
        other if other.is_control() => "a control character,",
        _ => "a character that changes the reading direction,",
    }
}

/// Returns the text with everything replaced that is not meant for the KDL crate.
fn mask(
    text: &str,
    blanks: &[Range<usize>],
    unquoted: &BTreeMap<usize, String>,
    semicolons: &[usize],
) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for range in blanks {
        bytes[range.clone()].fill(b' ');
    }
    for (start, value) in unquoted {
        bytes[*start..*start + value.len()].fill(b'_');
    }
    for at in semicolons {
        bytes[*at] = b';';
    }
    // Whole tokens and whole comments were replaced, so no character was cut in two.
    String::from_utf8(bytes).unwrap_or_else(|_| " ".repeat(text.len()))
}

/// Drops consequential errors: a misplaced quote affects the rest of its line, and the first error is enough.
fn one_syntax_error_a_line(text: &str, mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(place_and_code);
    let line_starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let line_of = |diagnostic: &Diagnostic| {
        let start = diagnostic.primary.as_ref().map_or(0, |label| label.place.range().start);
        line_starts.partition_point(|line| *line <= start)
    };
    let is_syntax =
        |diagnostic: &Diagnostic| matches!(diagnostic.code, Code::Syntax | Code::UnterminatedText);
    // By line: whether an unterminated text makes the rest of its diagnostics doubtful.
    let mut unterminated: BTreeMap<usize, bool> = BTreeMap::new();
    for diagnostic in diagnostics.iter().filter(|diagnostic| is_syntax(diagnostic)) {
        *unterminated.entry(line_of(diagnostic)).or_default() |= diagnostic.code == Code::UnterminatedText;
    }
    let mut told: BTreeSet<usize> = BTreeSet::new();
    diagnostics.retain(|diagnostic| {
        let line = line_of(diagnostic);
        match unterminated.get(&line) {
            None => true,
            Some(true) if matches!(diagnostic.code, Code::Syntax | Code::UnquotedValue) => false,
            Some(_) if is_syntax(diagnostic) => told.insert(line),
            Some(_) => true,
        }
    });
    diagnostics
}

fn place_and_code(diagnostic: &Diagnostic) -> (Option<Place>, Code) {
    (diagnostic.primary.as_ref().map(|label| label.place), diagnostic.code)
}

#[cfg(test)]
mod tests;
