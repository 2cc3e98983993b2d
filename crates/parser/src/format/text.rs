//! How a text is spelled: between plain quotes where it can be, raw where that spares escapes, on many lines where it was
//! and has many.

use std::fmt::Write as _;

use kdl::{KdlDocument, KdlValue};

/// A text of a file without errors, in its simplest spelling. Those that stay on many lines are indented by `indent`
/// spaces.
pub(super) fn spelled(written: &str, indent: usize) -> String {
    let is_raw = written.starts_with('#');
    let has_lines = written.contains(['\n', '\r']);
    if !is_raw && !has_lines && !written.contains('\\') {
        // Between plain quotes and without an escape: there is nothing simpler.
        return written.to_owned();
    }
    if !is_raw && has_lines && goes_on_with_a_backslash(written) {
        // Its lines were broken for the reader alone. How is nothing that a rule could say better.
        return with_line_feeds(written);
    }
    let Some(value) = value_of(written) else { return with_line_feeds(written) };
    let on_lines = has_lines && value.contains('\n');
    let by = |hides| if on_lines { many_lines(&value, hides, indent) } else { one_line(&value, hides) };
    let has_escapes = |text: &str| !text.starts_with('#') && text.contains('\\');
    if has_escapes(written) {
        return by(Hides::Unseen);
    }
    let plain = by(Hides::Nothing);
    if has_escapes(&plain) { by(Hides::Unseen) } else { plain }
}

/// With `\n` for every line break, which the KDL crate reads as the same.
pub(super) fn with_line_feeds(text: &str) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() }
}

/// What a text says, by the parser whose word on it counts.
fn value_of(written: &str) -> Option<String> {
    let document = KdlDocument::parse_v2(&format!("- {written}")).ok()?;
    match document.nodes().first()?.entries().first()?.value() {
        KdlValue::String(value) => Some(value.clone()),
        _ => None,
    }
}

/// Whether a `\` stands at the end of a line, so that the text goes on behind the white space that follows.
fn goes_on_with_a_backslash(written: &str) -> bool {
    let mut characters = written.chars();
    while let Some(character) = characters.next() {
        if character == '\\' && characters.next().is_some_and(char::is_whitespace) {
            return true;
        }
    }
    false
}

/// Which characters are escaped though they could stand in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hides {
    /// None: the text needs no escapes.
    Nothing,
    /// Those that nobody sees, since the text has escapes anyhow, and its author may have written these as such.
    Unseen,
}

impl Hides {
    fn escapes(self, character: char) -> bool {
        match character {
            '\r' => true,
            '\t' | '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2064}' => {
                self == Self::Unseen
            }
            ' ' | '\n' => false,
            other => self == Self::Unseen && other.is_whitespace(),
        }
    }
}

fn one_line(value: &str, hides: Hides) -> String {
    let must_escape = |c: char| c == '\n' || hides.escapes(c);
    if !value.contains(must_escape) {
        let plain = format!("\"{value}\"");
        if !value.contains(['"', '\\']) {
            return plain;
        }
        // Three quotes would begin a text of many lines.
        if !plain.starts_with("\"\"\"") {
            let hashes = hashes_around(value, "\"");
            return format!("{hashes}{plain}{hashes}");
        }
    }
    let mut out = String::with_capacity(value.len() + 8);
    out.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            other if must_escape(other) => escape(&mut out, other),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

fn many_lines(value: &str, hides: Hides, indent: usize) -> String {
    const QUOTES: &str = "\"\"\"";
    let ends_in_space = |line: &str| line.ends_with(char::is_whitespace);
    let must_escape = value.contains(|c| hides.escapes(c)) || value.split('\n').any(ends_in_space);
    let is_raw = !must_escape && (value.contains('\\') || value.contains(QUOTES));
    let hashes = if is_raw { hashes_around(value, QUOTES) } else { String::new() };
    let mut out = format!("{hashes}{QUOTES}\n");
    for line in value.split('\n') {
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            if is_raw { out.push_str(line) } else { escape_line(&mut out, line, hides) }
        }
        out.push('\n');
    }
    out.extend(std::iter::repeat_n(' ', indent));
    out.push_str(QUOTES);
    out.push_str(&hashes);
    out
}

/// A line of a text with many. White space at its end is escaped: an editor might take it away, and KDL takes a line
/// for empty that holds nothing else.
fn escape_line(out: &mut String, line: &str, hides: Hides) {
    let mut rest = line.char_indices().peekable();
    while let Some((at, character)) = rest.next() {
        let is_last = rest.peek().is_none();
        match character {
            '\\' => out.push_str("\\\\"),
            '"' if line[at..].starts_with("\"\"\"") => {
                out.push_str("\\\"\\\"\\\"");
                rest.next();
                rest.next();
            }
            other if hides.escapes(other) || (is_last && other.is_whitespace()) => escape(out, other),
            other => out.push(other),
        }
    }
}

fn escape(out: &mut String, character: char) {
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        ' ' => out.push_str("\\s"),
        other => {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(other));
        }
    }
}

/// As few `#` as keep a raw text with these quotes from ending within the value.
fn hashes_around(value: &str, quotes: &str) -> String {
    let (mut seen_quotes, mut hashes, mut most) = (0, 0, 0);
    for character in value.chars() {
        match character {
            '"' if hashes == 0 => seen_quotes += 1,
            '"' => (seen_quotes, hashes) = (1, 0),
            '#' if seen_quotes >= quotes.len() => hashes += 1,
            _ => (seen_quotes, hashes) = (0, 0),
        }
        most = most.max(hashes);
    }
    "#".repeat(most + 1)
}
