//! The tokens of KDL, as far as the scan needs them: it decides where texts, comments and blocks begin and end, and
//! leaves what a text means to the KDL crate.

use std::ops::Range;

use rolecall_model::{Code, Diagnostic, FileId, Place};

use crate::diagnostics::Diagnostics;
use crate::limits::is_forbidden;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A word or number without quotes.
    Word,
    /// `#true` and its like.
    Keyword,
    /// A text in quotes of any form.
    Text,
    /// A type annotation with its parentheses.
    Type,
    Equals,
    Open,
    Close,
    Semicolon,
    /// The end of a line that is not continued.
    Newline,
    Slashdash,
    /// A character that means nothing where it stands.
    Stray,
}

/// A token and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// An error within it has been reported, so its node cannot be read.
    pub(super) faulty: bool,
}

/// What comes of reading tokens.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) tokens: Vec<Token>,
    /// Comments and forbidden characters, which the KDL crate shall not see: its parser for comments calls itself
    /// for every star in one.
    pub(super) blanks: Vec<Range<usize>>,
    /// The comments among the blanks, those of one line without their line break.
    pub(super) comments: Vec<Range<usize>>,
    /// Where a line goes on that the one before ended with `\`.
    pub(super) continuations: Vec<usize>,
    pub(super) diagnostics: Diagnostics,
    /// Whether the rest of the file was swallowed by something without an end.
    pub(super) cut_short: bool,
}

fn is_space(character: char) -> bool {
    matches!(
        character,
        ' ' | '\t' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

fn is_newline(character: char) -> bool {
    matches!(character, '\n' | '\r')
}

pub(super) fn is_word(character: char) -> bool {
    !(is_space(character)
        || is_newline(character)
        || is_forbidden(character)
        || "\\/(){}[];\"#=".contains(character))
}

/// Reads the tokens of a file from byte `start`.
pub(super) fn tokens(file: FileId, text: &str, start: usize) -> Tokens {
    let mut lexer = Lexer { file, text, at: start, line_end: 0, out: Tokens::default() };
    while let Some(character) = lexer.peek() {
        lexer.token(character);
    }
    lexer.out
}

struct Lexer<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    /// The end of a line that was looked for before; of this line, unless it lies behind.
    line_end: usize,
    out: Tokens,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn push(&mut self, kind: TokenKind, start: usize, faulty: bool) {
        self.out.tokens.push(Token { kind, start, end: self.at, faulty });
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.out.diagnostics.push(diagnostic);
    }

    fn place(&self, range: Range<usize>) -> Place {
        Place::new(self.file, range)
    }

    /// Goes on while characters are `allowed`.
    fn skip(&mut self, allowed: fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !allowed(c)).unwrap_or(rest.len());
    }

    fn token(&mut self, character: char) {
        let start = self.at;
        let simple = match character {
            '{' => Some(TokenKind::Open),
            '}' => Some(TokenKind::Close),
            ';' => Some(TokenKind::Semicolon),
            '=' => Some(TokenKind::Equals),
            ')' | '[' | ']' => Some(TokenKind::Stray),
            _ => None,
        };
        if let Some(kind) = simple {
            self.at += 1;
            self.push(kind, start, false);
            return;
        }
        match character {
            '\n' | '\r' => {
                self.at += if self.rest().starts_with("\r\n") { 2 } else { 1 };
                self.push(TokenKind::Newline, start, false);
            }
            '/' => self.slash(),
            '\\' => self.continuation(),
            '"' => self.quoted(),
            '#' => self.hash(),
            '(' => self.annotation(),
            other if is_space(other) => self.skip(is_space),
            other if is_forbidden(other) => {
                self.at += other.len_utf8();
                self.out.blanks.push(start..self.at);
            }
            _ => self.word(),
        }
    }

    /// Reads a word. KDL ends it at a `/`, but a path without quotes is one value to whoever wrote it.
    fn word(&mut self) {
        let start = self.at;
        self.skip(is_word);
        while self.rest().starts_with('/') && !self.rest()[1..].starts_with(['/', '*', '-']) {
            self.at += 1;
            self.skip(is_word);
        }
        self.push(TokenKind::Word, start, false);
    }

    fn slash(&mut self) {
        let start = self.at;
        match self.rest().as_bytes().get(1) {
            Some(b'/') => {
                self.skip(|c| !is_newline(c));
                self.comment(start);
            }
            Some(b'*') => self.block_comment(),
            Some(b'-') => {
                self.at += 2;
                self.push(TokenKind::Slashdash, start, false);
            }
            _ if self.rest()[1..].starts_with(is_word) => self.word(),
            _ => {
                self.at += 1;
                self.push(TokenKind::Stray, start, false);
            }
        }
    }

    /// Notes the comment that has just been read.
    fn comment(&mut self, start: usize) {
        self.out.blanks.push(start..self.at);
        self.out.comments.push(start..self.at);
    }

    fn block_comment(&mut self) {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        let mut at = start;
        while at < bytes.len() {
            match (bytes[at], bytes.get(at + 1)) {
                (b'/', Some(b'*')) => (depth, at) = (depth + 1, at + 2),
                (b'*', Some(b'/')) => (depth, at) = (depth - 1, at + 2),
                _ => at += 1,
            }
            if depth == 0 {
                break;
            }
        }
        self.at = at;
        self.comment(start);
        if depth > 0 {
            self.out.cut_short = true;
            let place = self.place(start..start + 2);
            self.report(
                Diagnostic::error(Code::UnterminatedText, "a comment is never closed")
                    .at(place, "this comment has no closing `*/`")
                    .help("close it with `*/`; each `/*` within a comment needs its own"),
            );
        }
    }

    /// `\` at the end of a line, where only comments may follow it, joins the next line to this one.
    fn continuation(&mut self) {
        let start = self.at;
        self.at += 1;
        self.skip(is_space);
        while self.rest().starts_with("/*") {
            self.block_comment();
            self.skip(is_space);
        }
        if self.rest().starts_with("//") {
            let comment = self.at;
            self.skip(|c| !is_newline(c));
            self.comment(comment);
        }
        match self.peek() {
            None => {}
            Some('\r') if self.rest().starts_with("\r\n") => self.at += 2,
            Some('\r' | '\n') => self.at += 1,
            Some(_) => {
                let stray = Token { kind: TokenKind::Stray, start, end: start + 1, faulty: false };
                self.out.tokens.push(stray);
                return;
            }
        }
        self.out.continuations.push(self.at);
    }

    fn annotation(&mut self) {
        // Longer ones name nothing, and looking for their ends would take time for each of many `(`.
        const MOST_BYTES: usize = 128;
        let start = self.at;
        let end = self.rest().bytes().take(MOST_BYTES).position(|byte| matches!(byte, b')' | b'\n' | b'\r'));
        match end {
            Some(length) if self.rest().as_bytes()[length] == b')' => {
                self.at = start + length + 1;
                self.push(TokenKind::Type, start, false);
            }
            _ => {
                self.at += 1;
                self.push(TokenKind::Stray, start, false);
            }
        }
    }

    /// The end of the line, looked for once a line.
    fn line_end(&mut self) -> usize {
        if self.line_end <= self.at {
            self.line_end = self.rest().find(is_newline).map_or(self.text.len(), |length| self.at + length);
        }
        self.line_end
    }

    fn hash(&mut self) {
        let start = self.at;
        self.skip(|c| c == '#');
        let hashes = self.at - start;
        if !self.rest().starts_with('"') {
            if self.is_meant_as_comment(start) {
                return self.hash_comment(start);
            }
            self.skip(is_word);
            let kind = if self.at == start + hashes { TokenKind::Stray } else { TokenKind::Keyword };
            self.push(kind, start, false);
            return;
        }
        let many_lines = self.rest().starts_with("\"\"\"") && self.rest()[3..].starts_with(is_newline);
        let quotes = if many_lines { "\"\"\"" } else { "\"" };
        let end_mark = format!("{quotes}{}", "#".repeat(hashes));
        let body = self.at + quotes.len();
        let limit = if many_lines { self.text.len() } else { self.line_end() };
        match self.text[body..limit].find(&end_mark) {
            Some(length) => {
                self.at = body + length + end_mark.len();
                let faulty = self.text[start..self.at].contains(is_forbidden);
                self.push(TokenKind::Text, start, faulty);
            }
            None => self.unterminated(start, body, limit, &end_mark),
        }
    }

    /// Whether the `#` that have just been read were meant to begin a comment: at the beginning of a line nothing else
    /// begins with them, and behind something they mean nothing by themselves.
    fn is_meant_as_comment(&self, start: usize) -> bool {
        let is_alone = self.peek().is_none_or(|next| is_space(next) || is_newline(next));
        let begins_line = self.out.tokens.last().is_none_or(|last| last.kind == TokenKind::Newline);
        let is_apart = self.text[..start].ends_with(|c| is_space(c) || is_newline(c) || "{};".contains(c));
        begins_line || (is_alone && is_apart)
    }

    /// Skips the rest of the line, as a comment.
    fn hash_comment(&mut self, start: usize) {
        let marks = self.place(start..self.at);
        self.at = self.line_end();
        self.out.blanks.push(start..self.at);
        self.report(
            Diagnostic::error(Code::Syntax, "comments begin with `//`")
                .at(marks, "`#` does not begin a comment")
                .help("write `//`")
                .suggest_safe(marks, "//"),
        );
    }

    fn quoted(&mut self) {
        let start = self.at;
        if !self.rest().starts_with("\"\"\"") {
            return self.one_line(start);
        }
        if self.rest()[3..].trim_start_matches(is_space).starts_with(is_newline) {
            return self.many_lines(start);
        }
        let limit = self.line_end();
        let closing = self.text[start + 3..limit].find("\"\"\"");
        let Some(length) = closing else { return self.unterminated(start, start + 3, limit, "\"\"\"") };
        self.at = start + 3 + length + 3;
        let place = self.place(start..self.at);
        self.report(
            Diagnostic::error(Code::Syntax, "a text in triple quotes must begin on a new line")
                .at(place, "this text begins on the line of its opening quotes")
                .help("write it between single `\"`, or begin a new line after the opening `\"\"\"`"),
        );
        self.push(TokenKind::Text, start, true);
    }

    fn one_line(&mut self, start: usize) {
        let mut faulty = false;
        self.at = start + 1;
        loop {
            self.skip(|c| !matches!(c, '"' | '\\' | '\n' | '\r'));
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    break;
                }
                Some('\\') => faulty |= !self.escape(),
                _ => return self.unterminated(start, start + 1, self.at, "\""),
            }
        }
        faulty |= self.text[start..self.at].contains(is_forbidden);
        self.push(TokenKind::Text, start, faulty);
    }

    fn many_lines(&mut self, start: usize) {
        let mut faulty = false;
        self.at = start + 3;
        loop {
            self.skip(|c| !matches!(c, '"' | '\\'));
            match self.peek() {
                Some('"') if self.rest().starts_with("\"\"\"") => {
                    self.at += 3;
                    break;
                }
                Some('"') => self.at += 1,
                Some(_) => faulty |= !self.escape(),
                None => return self.unterminated(start, start + 3, self.text.len(), "\"\"\""),
            }
        }
        faulty |= self.text[start..self.at].contains(is_forbidden);
        self.push(TokenKind::Text, start, faulty);
    }

    /// Reads one escape and says whether it is one that KDL knows.
    fn escape(&mut self) -> bool {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some('"' | '\\' | 'b' | 'f' | 'n' | 'r' | 't' | 's') => self.at += 1,
            Some('u') if self.unicode_escape() => {}
            Some(space) if is_space(space) || is_newline(space) => {
                self.skip(|c| is_space(c) || is_newline(c));
            }
            None => {}
            Some(other) => {
                self.at += if is_newline(other) { 0 } else { other.len_utf8() };
                let shown = self.text[start..self.at].to_owned();
                let place = self.place(start..self.at);
                self.report(
                    Diagnostic::error(Code::Syntax, format!("`{shown}` is not a KDL escape"))
                        .at(place, format!("`{shown}` has no meaning in a text"))
                        .help("write `\\\\` for a backslash, or write the text as `#\"…\"#`, which has no escapes"),
                );
                return false;
            }
        }
        true
    }

    /// Reads `u{…}` if it names a character.
    fn unicode_escape(&mut self) -> bool {
        let Some(digits) = self.rest().strip_prefix("u{") else { return false };
        // Looking any further for the end would take time in proportion to the file for each of many escapes.
        let length = digits.bytes().take(7).position(|byte| byte == b'}');
        let Some(length) = length.filter(|length| *length > 0) else { return false };
        let number = u32::from_str_radix(&digits[..length], 16);
        if number.ok().and_then(char::from_u32).is_none() {
            return false;
        }
        self.at += 2 + length + 1;
        true
    }

    /// A text without an end. A text on one line ends with it, so the rest of the file can be read; braces that it
    /// swallowed count as braces, or the blocks around it would not match.
    fn unterminated(&mut self, start: usize, body: usize, limit: usize, end_mark: &str) {
        self.at = limit;
        let many_lines =
            body >= start + 3 && end_mark.starts_with("\"\"\"") && self.text[body..].starts_with(is_newline);
        let shown_end = if many_lines { body } else { start + self.text[start..limit].trim_end().len() };
        let place = self.place(start..shown_end);
        self.report(
            Diagnostic::error(Code::UnterminatedText, "a text is never closed")
                .at(place, format!("this text has no closing `{end_mark}`"))
                .help(format!("close the text with `{end_mark}`")),
        );
        if many_lines {
            self.out.cut_short = true;
            self.push(TokenKind::Text, start, true);
            return;
        }
        let braces: Vec<(usize, char)> = self.text[body..limit]
            .match_indices(['{', '}'])
            .map(|(at, c)| (body + at, if c == "{" { '{' } else { '}' }))
            .collect();
        self.push(TokenKind::Text, start, true);
        if let (Some((first, _)), Some(text)) = (braces.first(), self.out.tokens.last_mut()) {
            text.end = *first;
        }
        for (at, brace) in braces {
            let kind = if brace == '{' { TokenKind::Open } else { TokenKind::Close };
            self.out.tokens.push(Token { kind, start: at, end: at + 1, faulty: true });
        }
    }
}
