//! Finds which brace is at fault where braces do not match.
//!
//! Counting alone blames the end of the file, and everything behind the error becomes part of one block. People
//! indent, though: a line that stands no further right than the line that opened a block is not inside it. That is
//! looked at only when the count is wrong, and only as often as the count is wrong, so oddly indented files that
//! match are never touched.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{Code, Diagnostic, FileId, Place};

use super::tokens::{Token, TokenKind};

/// Beyond this many, indentation explains nothing and one diagnostic has to do.
const MAX_REPAIRED: usize = 16;

/// What must be pretended so that the braces match.
#[derive(Debug, Default)]
pub(super) struct Balance {
    /// Closing braces, by token number, that count as not there.
    pub(super) ignored: BTreeSet<usize>,
    /// How many blocks are closed in front of a token.
    pub(super) closed_before: BTreeMap<usize, usize>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// An open block.
#[derive(Debug, Clone, Copy)]
struct Block {
    token: usize,
    /// The column of the first token of the line on which the block's node begins.
    indent: usize,
}

/// Compares the braces and finds the ones at fault. Where the rest of the file was swallowed by something without an
/// end (`cut_short`), its braces were too, and no block is blamed for that.
pub(super) fn balance(file: FileId, text: &str, tokens: &[Token], cut_short: bool) -> Balance {
    let (unclosed, stray) = count(tokens);
    if unclosed.is_empty() && stray.is_empty() {
        return Balance::default();
    }
    if cut_short && stray.is_empty() {
        let closed_before = BTreeMap::from([(tokens.len(), unclosed.len())]);
        return Balance { closed_before, ..Balance::default() };
    }
    let mut repair = Repair {
        file,
        text,
        tokens,
        missing: unclosed.len(),
        surplus: stray.len(),
        open: Vec::new(),
        out: Balance::default(),
    };
    if unclosed.len() <= MAX_REPAIRED && stray.len() <= MAX_REPAIRED && repair.run() {
        return repair.out;
    }
    blame_the_first(file, tokens, &unclosed, &stray)
}

/// The opening braces that nothing closes and the closing ones that close nothing, by counting.
fn count(tokens: &[Token]) -> (Vec<usize>, Vec<usize>) {
    let (mut open, mut stray) = (Vec::new(), Vec::new());
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => open.push(index),
            TokenKind::Close if open.pop().is_none() => stray.push(index),
            _ => {}
        }
    }
    (open, stray)
}

/// Where indentation does not help: the first of each kind is reported, and the rest of the file is one block.
fn blame_the_first(file: FileId, tokens: &[Token], unclosed: &[usize], stray: &[usize]) -> Balance {
    let mut out = Balance { ignored: stray.iter().copied().collect(), ..Balance::default() };
    if let Some(first) = stray.first() {
        out.diagnostics.push(surplus(file, tokens[*first]));
    }
    if let Some(first) = unclosed.first() {
        out.closed_before.insert(tokens.len(), unclosed.len());
        out.diagnostics.push(missing(file, tokens[*first]));
    }
    out
}

fn missing(file: FileId, open: Token) -> Diagnostic {
    Diagnostic::error(Code::UnbalancedBraces, "a block is never closed")
        .at(Place::new(file, open.start..open.end), "this block has no closing `}`")
        .help("close the block with `}`")
}

fn surplus(file: FileId, close: Token) -> Diagnostic {
    Diagnostic::error(Code::UnbalancedBraces, "unexpected `}`")
        .at(Place::new(file, close.start..close.end), "there is no open block for this `}` to close")
        .help("remove the `}`, or add the missing `{` before it")
}

struct Repair<'a> {
    file: FileId,
    text: &'a str,
    tokens: &'a [Token],
    missing: usize,
    surplus: usize,
    open: Vec<Block>,
    out: Balance,
}

impl Repair<'_> {
    /// Whether the count comes out right in the end.
    fn run(&mut self) -> bool {
        let mut indent = 0;
        let mut line_begins = true;
        for (index, token) in self.tokens.iter().enumerate() {
            let begins_line = line_begins && token.kind != TokenKind::Newline;
            line_begins = token.kind == TokenKind::Newline;
            if begins_line {
                indent = self.column(*token);
                if !self.close_by_indentation(index, indent) {
                    return false;
                }
            }
            match token.kind {
                TokenKind::Open => self.open.push(Block { token: index, indent }),
                TokenKind::Close => {
                    let block = self.open.last().copied();
                    let premature = block.is_none_or(|block| self.is_premature(index, block, begins_line));
                    if premature && self.surplus > 0 {
                        self.surplus -= 1;
                        self.out.ignored.insert(index);
                        self.out.diagnostics.push(surplus(self.file, *token));
                    } else if block.is_none() {
                        return false;
                    } else {
                        self.open.pop();
                    }
                }
                _ => {}
            }
        }
        let end = self.tokens.len();
        while let Some(block) = self.open.pop() {
            if self.missing == 0 {
                return false;
            }
            self.close(block, end, None);
        }
        true
    }

    fn column(&self, token: Token) -> usize {
        let line = self.text[..token.start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        token.start - line
    }

    /// Closes the blocks that a line at this column cannot be in. A block that would be left without content shows
    /// that its file is not indented, and that nothing follows from it.
    fn close_by_indentation(&mut self, index: usize, column: usize) -> bool {
        let token = self.tokens[index];
        let closes = token.kind == TokenKind::Close;
        while let Some(block) = self.open.last().copied() {
            let outside = if closes { column < block.indent } else { column <= block.indent };
            if self.missing == 0 || !outside {
                return true;
            }
            let content = &self.tokens[block.token + 1..index];
            if content.iter().all(|token| token.kind == TokenKind::Newline) {
                return false;
            }
            self.open.pop();
            self.close(block, index, (!closes).then_some(token));
        }
        true
    }

    fn close(&mut self, block: Block, before: usize, next: Option<Token>) {
        self.missing -= 1;
        *self.out.closed_before.entry(before).or_default() += 1;
        let mut diagnostic = missing(self.file, self.tokens[block.token]);
        if let Some(next) = next {
            let place = Place::new(self.file, next.start..next.end);
            diagnostic = diagnostic.and(place, "by its indentation, this line is outside the block");
        }
        self.out.diagnostics.push(diagnostic);
    }

    /// Whether a closing brace probably comes too early: it stands further right than its block, or the next line
    /// still does.
    fn is_premature(&self, index: usize, block: Block, begins_line: bool) -> bool {
        if begins_line && self.column(self.tokens[index]) > block.indent {
            return true;
        }
        let mut rest = self.tokens[index + 1..].iter();
        if rest.next().is_none_or(|token| token.kind != TokenKind::Newline) {
            return false;
        }
        let next = rest.find(|token| token.kind != TokenKind::Newline);
        next.is_some_and(|next| next.kind != TokenKind::Close && self.column(*next) > block.indent)
    }
}
