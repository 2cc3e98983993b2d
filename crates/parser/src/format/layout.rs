//! Writes a tree out: a node a line, blocks indented, and on one line what its author wrote on one and fits.

use std::borrow::Cow;

use super::alignment::{Aligned, before_blocks, before_comments};
use super::text::{spelled, with_line_feeds};
use super::tree::{Block, Body, Comment, Item, Node, Part};
use super::{INDENT, MAX_WIDTH};
use crate::scan::TokenKind;

/// The text of a whole file.
pub(super) fn write(body: &Body<'_>) -> String {
    let mut out = String::new();
    write_body(&mut out, body, 0);
    out
}

fn write_body(out: &mut String, body: &Body<'_>, indent: usize) {
    let lines = lines_of(body, indent);
    for (item, line) in body.items.iter().zip(&lines) {
        match item {
            Item::Blank => {}
            Item::Comments(comments) => {
                spaces(out, indent);
                out.push_str(&joined(comments));
            }
            Item::Node(node) => write_node(out, node, line, indent),
        }
        out.push('\n');
    }
}

/// The lines of a body, aligned with each other: the blocks first, since comments stand behind them.
fn lines_of<'a>(body: &'a Body<'a>, indent: usize) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'_>> = body.items.iter().map(|item| Line::of(item, indent)).collect();
    let blocks: Vec<Aligned> = lines.iter().map(Line::block).collect();
    for (line, spaces) in lines.iter_mut().zip(before_blocks(&blocks, indent)) {
        line.before_block = spaces;
    }
    let comments: Vec<Aligned> = lines.iter().map(Line::comment).collect();
    for (line, spaces) in lines.iter_mut().zip(before_comments(&comments)) {
        line.before_comment = spaces;
    }
    lines
}

fn write_node(out: &mut String, node: &Node<'_>, line: &Line<'_>, indent: usize) {
    spaces(out, indent);
    out.push_str(&line.head);
    if let Some(flat) = &line.flat {
        spaces(out, 1 + line.before_block);
        out.push_str(flat);
    } else if let Some(block) = &node.block {
        out.push_str(" {");
        if !block.body.opening.is_empty() {
            out.push(' ');
            out.push_str(&joined(&block.body.opening));
        }
        out.push('\n');
        write_body(out, &block.body, indent + INDENT);
        spaces(out, indent);
        out.push('}');
    }
    if !node.trailing.is_empty() {
        spaces(out, 1 + line.before_comment);
        out.push_str(&joined(&node.trailing));
    }
}

/// What a node's line, or the lines before its block, are made of.
#[derive(Debug, Default)]
struct Line<'a> {
    /// Its word and all that stands before the block, with the comments before it.
    head: String,
    /// The block, where it stands on the line of its `{`.
    flat: Option<String>,
    node: Option<&'a Node<'a>>,
    /// Spaces before the block, beyond the one.
    before_block: usize,
    /// Spaces before the comment behind it, beyond the one.
    before_comment: usize,
}

impl<'a> Line<'a> {
    fn of(item: &'a Item<'a>, indent: usize) -> Self {
        let Item::Node(node) = item else { return Self::default() };
        let head = head(node, indent);
        let fits = |flat: &String| flat == EMPTY || width(&head, indent) + 1 + characters(flat) <= MAX_WIDTH;
        let flat = node.block.as_ref().filter(|block| stays_flat(block)).and_then(flat).filter(fits);
        Self { head, flat, node: Some(node), before_block: 0, before_comment: 0 }
    }

    /// The block, for its alignment with its neighbours'.
    fn block(&self) -> Aligned {
        let block = self.node.and_then(|node| node.block.as_ref());
        match (&self.flat, block) {
            (Some(flat), Some(block)) if !self.head.contains('\n') => Aligned::Some {
                before: characters(&self.head),
                width: characters(flat),
                column: block.column,
            },
            _ => Aligned::Divides,
        }
    }

    /// The comment behind it, for its alignment with its neighbours'. Lines between them may have none.
    fn comment(&self) -> Aligned {
        let Some(node) = self.node else { return Aligned::Divides };
        let many_lines = self.head.contains('\n')
            || (node.block.is_some() && self.flat.is_none())
            || node.trailing.iter().any(|comment| comment.text.contains(['\n', '\r']));
        if many_lines {
            return Aligned::Divides;
        }
        let Some(first) = node.trailing.first() else { return Aligned::None };
        let block = self.flat.as_ref().map_or(0, |flat| 1 + self.before_block + characters(flat));
        let width = characters(&joined(&node.trailing));
        Aligned::Some { before: characters(&self.head) + block, width, column: first.column }
    }
}

/// An empty block.
const EMPTY: &str = "{}";

fn stays_flat(block: &Block<'_>) -> bool {
    block.on_one_line || (block.body.items.is_empty() && block.body.opening.is_empty())
}

/// A block on one line, in which there are nodes alone, and of their blocks and texts none with a second line; unless it
/// is far too long for one.
fn flat(block: &Block<'_>) -> Option<String> {
    let mut out = String::new();
    write_flat(&mut out, block).then_some(out)
}

/// Says whether it may still be short enough. Where it is not, what is left of it is not looked at, so that blocks within
/// blocks are not written out once for each block around them.
fn write_flat(out: &mut String, block: &Block<'_>) -> bool {
    const MOST_BYTES: usize = MAX_WIDTH * char::MAX.len_utf8();
    if block.body.items.is_empty() {
        out.push_str(EMPTY);
        return true;
    }
    let mut separator = "{ ";
    for item in &block.body.items {
        let Item::Node(node) = item else { continue };
        out.push_str(separator);
        separator = "; ";
        out.push_str(&name_of(node));
        for part in node.lines.iter().flatten() {
            out.push(' ');
            out.push_str(&part_text(part, 0));
            if out.len() > MOST_BYTES {
                return false;
            }
        }
        if let Some(block) = &node.block {
            out.push(' ');
            if !write_flat(out, block) {
                return false;
            }
        }
    }
    out.push_str(" }");
    out.len() <= MOST_BYTES
}

/// What stands before the block of a node: on one line where it fits, else on the lines into which its author divided
/// it.
fn head(node: &Node<'_>, indent: usize) -> String {
    let mut start = joined(&node.leading);
    if !start.is_empty() {
        start.push(' ');
    }
    start.push_str(&name_of(node));
    let lines: Vec<Vec<Cow<'_, str>>> = node
        .lines
        .iter()
        .map(|line| line.iter().map(|part| part_text(part, indent + INDENT)).collect())
        .collect();
    let ends_line = |part: &Part<'_>| matches!(part, Part::Comment(comment) if comment.ends_line());
    let on_one_line = lines.len() < 2 || {
        let divided = node.lines.iter().flatten().any(ends_line)
            || lines.iter().flatten().any(|part| part.contains('\n'));
        let block = if node.block.is_some() { " {".len() } else { 0 };
        let parts: usize = lines.iter().flatten().map(|part| 1 + characters(part)).sum();
        !divided && width(&start, indent) + parts + block <= MAX_WIDTH
    };
    if on_one_line {
        return lines.iter().flatten().fold(start, |head, part| head + " " + part);
    }
    // Further in than the content of the block, so that the two can be told apart.
    let hanging = indent + if node.block.is_some() { 2 * INDENT } else { INDENT };
    let mut out = start;
    for (nth, (parts, texts)) in node.lines.iter().zip(&lines).enumerate() {
        if nth > 0 {
            out.push('\n');
            spaces(&mut out, hanging);
        }
        let is_last = nth + 1 == lines.len();
        for (place, (part, text)) in parts.iter().zip(texts).enumerate() {
            if nth == 0 || place > 0 {
                out.push(' ');
            }
            if ends_line(part) {
                out.push_str("\\ ");
            }
            out.push_str(text);
        }
        if !is_last && !parts.last().is_some_and(ends_line) {
            out.push_str(" \\");
        }
    }
    out
}

fn name_of(node: &Node<'_>) -> String {
    format!("{}{}", node.annotation.map(annotation).unwrap_or_default(), node.word)
}

/// A type annotation without the white space in it.
fn annotation(written: &str) -> Cow<'_, str> {
    let inner = written.trim_start_matches('(').trim_end_matches(')').trim();
    let is_bare = inner.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if is_bare { Cow::Owned(format!("({inner})")) } else { Cow::Borrowed(written) }
}

/// A part as it stands on its line; the lines of a text that has several are indented by `indent`.
fn part_text<'a>(part: &Part<'a>, indent: usize) -> Cow<'a, str> {
    match part {
        Part::Comment(comment) => Cow::Owned(comment_text(*comment)),
        Part::Value { name, annotation: kind_of_value, kind, text } => {
            let value: Cow<'a, str> = match kind {
                TokenKind::Text => Cow::Owned(spelled(text, indent)),
                _ => Cow::Borrowed(text),
            };
            match (name, kind_of_value) {
                (None, None) => value,
                (name, kind_of_value) => {
                    let name = name.map(|name| format!("{name}=")).unwrap_or_default();
                    let kind_of_value = kind_of_value.map(annotation).unwrap_or_default();
                    Cow::Owned(format!("{name}{kind_of_value}{value}"))
                }
            }
        }
    }
}

fn joined(comments: &[Comment<'_>]) -> String {
    let texts: Vec<String> = comments.iter().map(|comment| comment_text(*comment)).collect();
    texts.join(" ")
}

fn comment_text(comment: Comment<'_>) -> String {
    if comment.ends_line() { comment.text.trim_end().to_owned() } else { with_line_feeds(comment.text) }
}

fn spaces(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

/// Where a text ends that begins at column `indent`.
fn width(text: &str, indent: usize) -> usize {
    text.rsplit_once('\n').map_or_else(|| indent + characters(text), |(_, last)| characters(last))
}
