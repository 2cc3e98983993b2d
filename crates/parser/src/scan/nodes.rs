//! Cuts the tokens of a file into top-level nodes and checks, within them, what the KDL crate would misread or
//! explain badly.

mod annotations;
mod lists;
mod unquoted;

use std::collections::BTreeMap;
use std::ops::Range;

use rolecall_model::{Code, Diagnostic, FileId, Place};

use super::braces::Balance;
use super::tokens::{Token, TokenKind, is_word};
use super::{Annotation, RawNode};
use crate::diagnostics::Diagnostics;
use crate::limits::is_forbidden;
use crate::resolve::NameKind;
use crate::words::{BlockRule, FileWord, Within, Word, find};
use crate::{MAX_DEPTH, MAX_NODE_BYTES};

use unquoted::{Line, Parameters};
pub(crate) use unquoted::{not_a_number, not_safe, unquoted, without_marks};

/// What comes of cutting.
#[derive(Debug, Default)]
pub(super) struct Cut {
    pub(super) nodes: Vec<RawNode>,
    pub(super) unquoted: BTreeMap<usize, String>,
    pub(super) annotations: BTreeMap<usize, Annotation>,
    pub(super) blanks: Vec<Range<usize>>,
    /// Spaces that become `;`, where unexpected text after a block.
    pub(super) semicolons: Vec<usize>,
    pub(super) diagnostics: Diagnostics,
}

/// Where in a node a block's scan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the word that begins a node.
    Start,
    /// Behind it.
    Entries,
    /// Behind the node's block.
    AfterBlock,
}

/// The names that tokens probably declare.
pub(super) fn declarations(text: &str, tokens: &[Token]) -> Vec<(NameKind, String)> {
    let mut found = Vec::new();
    for pair in tokens.windows(2) {
        let [word, name] = pair else { continue };
        let is_name = matches!(name.kind, TokenKind::Text | TokenKind::Word);
        let word_text = &text[word.start..word.end];
        let declared = [Within::File, Within::Guard]
            .into_iter()
            .find_map(|within| find(word_text, within).and_then(NameKind::declared_by));
        if let (TokenKind::Word, Some(kind), true) = (word.kind, declared, is_name) {
            let bare = text[name.start..name.end].trim_matches(['#', '"', '\'']).replace(is_forbidden, "");
            found.push((kind, bare));
        }
    }
    found
}

/// Cuts balanced tokens.
pub(super) fn cut(file: FileId, text: &str, tokens: &[Token], balance: &Balance) -> Cut {
    let mut cutter = Cutter {
        file,
        text,
        tokens,
        states: vec![State::Start],
        within: vec![Some(Within::File)],
        begun: None,
        may_be_template: false,
        is_use: false,
        line: None,
        parameters: Parameters::of(text, tokens),
        current: None,
        out: Cut::default(),
    };
    let mut index = 0;
    while index < tokens.len() {
        for _ in 0..balance.closed_before.get(&index).copied().unwrap_or(0) {
            cutter.close_missing();
        }
        index = if balance.ignored.contains(&index) { cutter.ignore(index) } else { cutter.token(index) };
    }
    for _ in 0..balance.closed_before.get(&tokens.len()).copied().unwrap_or(0) {
        cutter.close_missing();
    }
    cutter.end_node();
    cutter.out
}

struct Cutter<'a> {
    file: FileId,
    text: &'a str,
    tokens: &'a [Token],
    /// One per open block, the file's own first.
    states: Vec<State>,
    /// What each of these blocks is to the table of words, as far as its word is known.
    within: Vec<Option<Within>>,
    /// The number of the token that began the last node.
    begun: Option<usize>,
    /// Whether the last top-level node is a template, or may be one with its word misspelt.
    may_be_template: bool,
    /// Whether it is a `use`, whose lines begin with words that the files declare.
    is_use: bool,
    /// What is known of the line on which values without quotes were found last.
    line: Option<Line>,
    parameters: Parameters,
    current: Option<RawNode>,
    out: Cut,
}

impl Cutter<'_> {
    fn text_of(&self, token: Token) -> &str {
        &self.text[token.start..token.end]
    }

    /// A token as messages show it.
    fn shown(&self, token: Token) -> String {
        const MOST: usize = 60;
        let text = self.text_of(token);
        let line = text.lines().next().unwrap_or_default();
        if text.len() <= MOST && line.len() == text.len() {
            return text.to_owned();
        }
        line.chars().take(MOST).chain(['…']).collect()
    }

    fn place(&self, token: Token) -> Place {
        Place::new(self.file, token.start..token.end)
    }

    fn state(&mut self) -> &mut State {
        // The file's own state is never popped, see `close`.
        let last = self.states.len() - 1;
        &mut self.states[last]
    }

    fn break_node(&mut self) {
        if let Some(node) = &mut self.current {
            node.broken = true;
        }
    }

    /// Reports something that keeps the whole top-level node from being read.
    fn refuse(&mut self, token: Token, message: String, label: &str, help: &str) {
        self.break_node();
        let diagnostic = Diagnostic::error(Code::Syntax, message).at(self.place(token), label).help(help);
        self.out.diagnostics.push(diagnostic);
    }

    /// Takes one token, sometimes two, and gives the number of the next.
    fn token(&mut self, index: usize) -> usize {
        let token = self.tokens[index];
        let is_content = !matches!(token.kind, TokenKind::Newline | TokenKind::Semicolon | TokenKind::Close);
        if self.current.is_none() && is_content {
            self.current = Some(RawNode { range: token.start..token.end, broken: false });
        }
        if is_content && let Some(node) = &mut self.current {
            node.range.end = token.end;
            node.broken |= token.faulty && token.kind == TokenKind::Text;
        }
        if *self.state() == State::AfterBlock && is_content {
            self.separate(index);
        }
        match token.kind {
            TokenKind::Newline | TokenKind::Semicolon => self.terminator(index),
            TokenKind::Open => self.open(index),
            TokenKind::Close => self.close(index),
            TokenKind::Slashdash => self.slashdash(token),
            TokenKind::Type => self.annotation(index),
            _ if *self.state() == State::Start => self.begin(index),
            _ => return self.entry(index),
        }
        index + 1
    }

    /// Takes a closing brace that counts as not there.
    fn ignore(&mut self, index: usize) -> usize {
        if self.states.len() > 1 {
            self.break_node();
        } else {
            self.out.blanks.push(self.tokens[index].start..self.tokens[index].end);
        }
        index + 1
    }

    fn terminator(&mut self, index: usize) {
        let token = self.tokens[index];
        if *self.state() == State::Start && token.kind == TokenKind::Semicolon {
            self.out.blanks.push(token.start..token.end);
        }
        *self.state() = State::Start;
        if self.states.len() == 1 {
            self.end_node();
        }
    }

    fn end_node(&mut self) {
        if let Some(node) = self.current.take() {
            self.add(node);
        }
    }

    fn add(&mut self, mut node: RawNode) {
        let bytes = node.range.len();
        if bytes > MAX_NODE_BYTES && !node.broken {
            node.broken = true;
            let text = &self.text[node.range.clone()];
            let word = text.find(|c: char| c.is_whitespace() || c == '{').unwrap_or(bytes);
            let place = Place::new(self.file, node.range.start..node.range.start + word);
            let message = format!("a node has {bytes} bytes; at most {MAX_NODE_BYTES} are allowed");
            self.out.diagnostics.push(
                Diagnostic::error(Code::FileTooLarge, message)
                    .at(place, "this node is too large")
                    .help("split it into several nodes; lines of account sets and assignments add up"),
            );
        }
        self.out.nodes.push(node);
    }

    fn open(&mut self, index: usize) {
        let token = self.tokens[index];
        if *self.state() == State::Start && !self.opens_below_its_word(index) {
            self.refuse(
                token,
                "a block without a word".to_owned(),
                "this block does not belong to a word",
                "write the word of the block before the `{`, on the same line",
            );
        }
        if self.states.len() == MAX_DEPTH + 1 && self.current.as_ref().is_some_and(|node| !node.broken) {
            self.break_node();
            let diagnostic = Diagnostic::error(
                Code::NestingTooDeep,
                format!("blocks are nested deeper than {MAX_DEPTH} levels"),
            )
            .at(self.place(token), format!("this block is level {}", MAX_DEPTH + 1))
            .help("remove unnecessary blocks; the language needs five levels");
            self.out.diagnostics.push(diagnostic);
        }
        *self.state() = State::Entries;
        self.within.push(self.last_word().and_then(|word| word.rule().block.within()));
        self.states.push(State::Start);
    }

    /// Reports a block that begins on the line below a word that has a block; says whether it is one.
    fn opens_below_its_word(&mut self, index: usize) -> bool {
        let newlines =
            self.tokens[..index].iter().rev().take_while(|token| token.kind == TokenKind::Newline).count();
        let Some(last) = index.checked_sub(newlines + 1).map(|last| self.tokens[last]) else { return false };
        let ends_entry = matches!(last.kind, TokenKind::Word | TokenKind::Keyword | TokenKind::Text);
        let has_block = self.last_word().is_some_and(|word| !matches!(word.rule().block, BlockRule::None));
        if newlines == 0 || !ends_entry || !has_block {
            return false;
        }
        self.break_node();
        if self.states.len() == 1
            && let Some(node) = self.out.nodes.last_mut()
        {
            node.broken = true;
        }
        let word = self.begun.map_or("", |begun| self.text_of(self.tokens[begun])).to_owned();
        let token = self.tokens[index];
        let gap = Place::new(self.file, last.end..token.start);
        let mut found = Diagnostic::error(Code::Syntax, "the block begins below the line of its word")
            .at(self.place(token), format!("a block must begin on the line of its word, here `{word}`"))
            .help("write the `{` at the end of the line above");
        if newlines == 1 && self.text[last.end..token.start].trim().is_empty() {
            found = found.suggest_safe(gap, " ");
        }
        self.out.diagnostics.push(found);
        true
    }

    fn close(&mut self, index: usize) {
        if self.states.len() == 1 {
            // Balanced braces leave none over; one that was blamed is ignored before it comes here.
            return;
        }
        self.states.pop();
        self.within.pop();
        *self.state() = State::AfterBlock;
        if let Some(node) = &mut self.current {
            node.range.end = self.tokens[index].end;
        }
    }

    /// Closes a block whose `}` is missing, and ends the node that is left.
    fn close_missing(&mut self) {
        self.break_node();
        if self.states.len() > 1 {
            self.states.pop();
            self.within.pop();
        }
        *self.state() = State::Start;
        if self.states.len() == 1 {
            self.end_node();
        }
    }

    /// Something follows a block on its line. KDL wants a line break or `;` there and blames the brace.
    fn separate(&mut self, index: usize) {
        let token = self.tokens[index];
        let end_of_block = self.tokens[index - 1].end;
        let shown = self.shown(token);
        if token.kind == TokenKind::Open {
            let help = "merge the two blocks";
            self.refuse(token, "a word has two blocks".to_owned(), "second block of the same word", help);
        } else {
            let after = Place::new(self.file, end_of_block..end_of_block);
            let diagnostic = Diagnostic::error(Code::Syntax, "unexpected text after a block")
                .at(self.place(token), format!("`{shown}` begins on the line where a block ends"))
                .help("begin a new line after the `}`, or separate the two with `;`")
                .suggest_safe(after, ";");
            self.out.diagnostics.push(diagnostic);
            if self.states.len() == 1 {
                // What belongs to the block before is no node of its own, and would only be reported as misplaced.
                let rest = RawNode { range: token.start..token.end, broken: true };
                if let Some(whole) = self.current.replace(rest) {
                    self.add(RawNode { range: whole.range.start..end_of_block, ..whole });
                }
            } else if self.text[end_of_block..token.start].starts_with(' ') {
                self.out.semicolons.push(end_of_block);
            } else {
                self.break_node();
            }
            *self.state() = State::Start;
        }
    }

    fn slashdash(&mut self, token: Token) {
        self.break_node();
        let diagnostic = Diagnostic::error(Code::Slashdash, "`/-` is not part of the language")
            .at(self.place(token), "`/-` disables what follows it, but looks like a comment")
            .help("comment out each line with `//`, or delete it");
        self.out.diagnostics.push(diagnostic);
    }

    /// Takes what stands where a word of the language is expected.
    fn begin(&mut self, index: usize) {
        let token = self.tokens[index];
        let shown = self.shown(token);
        *self.state() = State::Entries;
        self.begun = Some(index);
        if self.states.len() == 1 {
            let word = self.text_of(token);
            let word = FileWord::named(word);
            let may_be_template = word.is_none_or(|word| word == FileWord::Template);
            (self.is_use, self.may_be_template) = (word == Some(FileWord::Use), may_be_template);
        }
        match token.kind {
            TokenKind::Word if is_bare_word(self.text_of(token)) => {
                if self.tokens.get(index + 1).is_some_and(|next| next.kind == TokenKind::Text && next.start == token.end) {
                    self.glued(self.tokens[index + 1]);
                }
            }
            TokenKind::Text => self.refuse(
                token,
                "a line begins with a text in quotes".to_owned(),
                "expected a word of the language, without quotes",
                "write words without quotes and values on the line of their word; `\\` at the end of a line continues it",
            ),
            _ => self.refuse(
                token,
                format!("a line begins with `{shown}`"),
                &format!("`{shown}` is not a word of the language"),
                "begin with a word of the language, such as `group` or `assign`",
            ),
        }
    }

    /// Takes an argument or a property, and gives the number of the next token.
    fn entry(&mut self, index: usize) -> usize {
        if self.tokens.get(index + 1).is_some_and(|next| next.kind == TokenKind::Equals) {
            return self.property(index);
        }
        if self.begins_another_line(index) {
            self.missing_semicolon(index);
            self.begin(index);
            return index + 1;
        }
        self.value(index)
    }

    /// The word of the table that began the last node, if that may stand where it does.
    fn last_word(&self) -> Option<Word> {
        let within = self.within.last().copied().flatten()?;
        find(self.text_of(self.tokens[self.begun?]), within)
    }

    /// Whether a word without quotes is more likely the beginning of another line than a value: it may stand in this
    /// block, has something behind it if it needs that, and the word before it has what it needs.
    fn begins_another_line(&self, index: usize) -> bool {
        let token = self.tokens[index];
        let Some(within) = self.within.last().copied().flatten() else { return false };
        let Some(word) = find(self.text_of(token), within).filter(|_| token.kind == TokenKind::Word) else {
            return false;
        };
        let has_values = self.tokens.get(index + 1).is_some_and(|next| {
            matches!(next.kind, TokenKind::Text | TokenKind::Word | TokenKind::Keyword | TokenKind::Open)
        });
        let is_first_value = self.begun.is_some_and(|begun| begun + 1 == index);
        let is_complete =
            self.last_word().is_some_and(|last| !is_first_value || last.rule().arguments.min == 0);
        (has_values || word.rule().arguments.min == 0) && is_complete
    }

    /// Reports that a line goes on with the word of another, and reads on as if the two were separated.
    fn missing_semicolon(&mut self, index: usize) {
        let token = self.tokens[index];
        let end_of_line = self.tokens[index - 1].end;
        let shown = self.shown(token);
        let behind = Place::new(self.file, end_of_line..end_of_line);
        let message = format!("a `;` or a new line is missing before `{shown}`");
        let diagnostic = Diagnostic::error(Code::Syntax, message)
            .at(self.place(token), format!("`{shown}` begins a line of its own"))
            .help(format!("separate the two with `;`, or begin a new line before `{shown}`"))
            .suggest_safe(behind, ";");
        self.out.diagnostics.push(diagnostic);
        if self.states.len() == 1 {
            let rest = RawNode { range: token.start..token.end, broken: false };
            if let Some(whole) = self.current.replace(rest) {
                self.add(RawNode { range: whole.range.start..end_of_line, ..whole });
            }
        } else if self.text[..token.start].ends_with([' ', '\t']) {
            self.out.semicolons.push(token.start - 1);
        } else {
            self.break_node();
        }
    }

    /// Takes a value, and gives the number of the next token.
    fn value(&mut self, index: usize) -> usize {
        let token = self.tokens[index];
        let glued_next = self.tokens.get(index + 1).copied().filter(|next| next.start == token.end);
        match token.kind {
            TokenKind::Word | TokenKind::Keyword => {
                if !is_number(self.text_of(token)) {
                    self.unquoted(index);
                }
                if let Some(next) = glued_next.filter(|next| next.kind == TokenKind::Text) {
                    self.glued(next);
                }
            }
            TokenKind::Text => {
                let is_value = |next: &Token| {
                    matches!(next.kind, TokenKind::Word | TokenKind::Text | TokenKind::Keyword)
                };
                if let Some(next) = glued_next.filter(is_value) {
                    return self.behind_text(index, next);
                }
            }
            TokenKind::Stray if self.text_of(token) == "[" => {
                if let Some(next) = self.list(index) {
                    return next;
                }
                self.does_not_belong(token);
            }
            _ => self.does_not_belong(token),
        }
        index + 1
    }

    fn does_not_belong(&mut self, token: Token) {
        let shown = self.shown(token);
        self.refuse(
            token,
            format!("unexpected `{shown}`"),
            &format!("`{shown}` has no meaning here"),
            "write values in quotes, and properties as `name=\"value\"`",
        );
    }

    /// Takes `key=value`.
    fn property(&mut self, index: usize) -> usize {
        let key = self.tokens[index];
        let shown = self.shown(key);
        if key.kind != TokenKind::Word {
            self.refuse(
                key,
                "the name of a property is in quotes".to_owned(),
                "the name of a property has no quotes",
                "write the name of the property without quotes",
            );
        } else if !is_bare_word(self.text_of(key)) {
            let label = format!("`{shown}` is not a valid name");
            self.refuse(
                key,
                format!("`{shown}` is not a valid name of a property"),
                &label,
                "write properties as `name=\"value\"`",
            );
        }
        let value = self.tokens.get(index + 2).copied();
        if let Some(node) = &mut self.current {
            node.range.end = self.tokens[index + 1].end;
        }
        match value {
            Some(value) if value.kind == TokenKind::Type => index + 2,
            Some(value) if matches!(value.kind, TokenKind::Word | TokenKind::Keyword | TokenKind::Text) => {
                if let Some(node) = &mut self.current {
                    node.range.end = value.end;
                    node.broken |= value.faulty;
                }
                self.value(index + 2)
            }
            _ => {
                let label = format!("the value of `{shown}=` is missing");
                self.refuse(
                    self.tokens[index + 1],
                    format!("the property `{shown}` has no value"),
                    &label,
                    "write the value in quotes after the `=`",
                );
                index + 2
            }
        }
    }

    /// Something follows a text without a space, a comma most often.
    fn behind_text(&mut self, index: usize, next: Token) -> usize {
        if next.kind == TokenKind::Word && self.text_of(next).starts_with(',') {
            let comma = Token { end: next.start + 1, ..next };
            let diagnostic = Diagnostic::error(Code::Syntax, "values are separated by spaces, not by commas")
                .at(self.place(comma), "unexpected comma")
                .help("remove the comma")
                .suggest_safe(self.place(comma), " ");
            self.out.diagnostics.push(diagnostic);
            self.out.blanks.push(comma.start..comma.end);
            if comma.end < next.end {
                self.break_node();
            }
            if let Some(node) = &mut self.current {
                node.range.end = next.end;
            }
            return index + 2;
        }
        self.glued(next);
        index + 1
    }

    fn glued(&mut self, next: Token) {
        let message = "a space is missing between two values".to_owned();
        let help = "separate values with a space; write a `\"` within a text as `\\\"`";
        self.refuse(next, message, "a space is missing before this", help);
    }
}

/// Whether a text could begin a line as it stands, without quotes.
pub(crate) fn is_bare_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_word) && is_identifier(text)
}

/// Whether a token can name a node or a property.
fn is_identifier(word: &str) -> bool {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let undotted = unsigned.strip_prefix('.').unwrap_or(unsigned);
    let keyword = matches!(word, "true" | "false" | "null" | "inf" | "-inf" | "nan");
    !keyword && !undotted.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether a token is a number, and not rather an account id or another text that begins with a digit.
fn is_number(word: &str) -> bool {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let (whole, fraction) =
        unsigned.split_once('.').map_or((unsigned, None), |(whole, part)| (whole, Some(part)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    digits(whole) && !leading_zero && word.len() < 12 && fraction.is_none_or(digits)
}
