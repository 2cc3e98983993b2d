//! A text as the formatter reads it: all that stands in it but the white space.

use rolecall_model::FileId;

use super::tokens::{TokenKind, Tokens, tokens};

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PieceKind {
    Token(TokenKind),
    /// A comment, one of a single line without its line break.
    Comment,
    /// The line break behind a `\`. It comes behind the comments that stand between the two.
    Continuation,
}

/// A piece of a text, and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    pub(crate) kind: PieceKind,
    pub(crate) text: &'a str,
    /// How many line breaks stand before it, those within texts and comments included.
    pub(crate) line: usize,
    /// How many characters stand before it on its line.
    pub(crate) column: usize,
}

/// The pieces of a text, in their order.
pub(crate) fn pieces(file: FileId, text: &str) -> Vec<Piece<'_>> {
    let start = super::beginning(text);
    let Tokens { tokens, comments, continuations, .. } = tokens(file, text, start);
    let tokens = tokens.into_iter().map(|token| (token.start, token.end, PieceKind::Token(token.kind)));
    let comments = comments.into_iter().map(|range| (range.start, range.end, PieceKind::Comment));
    let continuations = continuations.into_iter().map(|at| (at, at, PieceKind::Continuation));
    let mut found: Vec<(usize, usize, PieceKind)> = tokens.chain(comments).chain(continuations).collect();
    // A continuation is empty, and so comes before what follows it at once.
    found.sort_by_key(|(start, end, _)| (*start, *end));
    let (mut at, mut line, mut column) = (start, 0, 0);
    let place = |(start, end, kind): (usize, usize, PieceKind)| {
        for character in text[at..start].chars() {
            if matches!(character, '\n' | '\r') {
                (line, column) = (line + 1, 0);
            } else {
                column += 1;
            }
        }
        at = start;
        Piece { kind, text: &text[start..end], line, column }
    };
    found.into_iter().map(place).collect()
}
