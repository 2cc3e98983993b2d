//! What a text says, and its comments, found out without the formatter's own code.

use kdl::{KdlDocument, KdlNode, KdlValue};
use rolecall_model::{Diagnostic, Sources};

/// A node without its layout.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) word: String,
    /// In their order. A number is what was written.
    pub(crate) entries: Vec<Entry>,
    pub(crate) block: Option<Vec<Said>>,
}

/// A name, a type annotation and a value.
pub(crate) type Entry = (Option<String>, Option<String>, Value);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(String),
}

/// What the KDL crate reads in a text, if it reads it.
pub(crate) fn said(text: &str) -> Option<Vec<Said>> {
    let document = KdlDocument::parse_v2(text).ok()?;
    Some(document.nodes().iter().map(said_by).collect())
}

fn said_by(node: &KdlNode) -> Said {
    let entry = |entry: &kdl::KdlEntry| {
        let value = match entry.value() {
            KdlValue::String(text) => Value::Text(text.clone()),
            _ => Value::Number(entry.format().unwrap().value_repr.clone()),
        };
        let name = entry.name().map(|name| name.value().to_owned());
        (name, entry.ty().map(|kind| kind.value().to_owned()), value)
    };
    Said {
        word: node.name().value().to_owned(),
        entries: node.entries().iter().map(entry).collect(),
        block: node.children().map(|children| children.nodes().iter().map(said_by).collect()),
    }
}

/// The comments of a text whose syntax is sound, in their order, as the formatter may write them.
pub(crate) fn comments(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => {
                let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
                found.push(rest[..end].trim_end().to_owned());
                end
            }
            '/' if rest.starts_with("/*") => {
                let end = end_of_block_comment(rest);
                found.push(rest[..end].replace("\r\n", "\n").replace('\r', "\n"));
                end
            }
            '"' | '#' => end_of_text(rest),
            other => other.len_utf8(),
        };
        rest = &rest[length..];
    }
    found
}

fn end_of_block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += text[at..].chars().next().unwrap().len_utf8();
        }
        if depth == 0 {
            return at;
        }
    }
}

fn end_of_text(text: &str) -> usize {
    let hashes = text.len() - text.trim_start_matches('#').len();
    let quoted = &text[hashes..];
    if !quoted.starts_with('"') {
        return hashes.max(1);
    }
    let opens_lines = quoted.starts_with("\"\"\"") && quoted[3..].starts_with(['\n', '\r']);
    let quotes = if opens_lines { "\"\"\"" } else { "\"" };
    let end = format!("{quotes}{}", "#".repeat(hashes));
    let mut at = hashes + quotes.len();
    while !text[at..].starts_with(&end) {
        let escapes = hashes == 0 && text[at..].starts_with('\\');
        at += if escapes { 1 } else { 0 };
        at += text[at..].chars().next().unwrap().len_utf8();
    }
    at + end.len()
}

/// Formats a text as if it were a file.
pub(crate) fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let file = Sources::default().add("rolecall.kdl", text);
    rolecall_parser::format(file, text)
}
