//! What a text says, with its comments: nodes in blocks, and what stands between and behind them.

use crate::scan::{Piece, PieceKind, TokenKind};

/// A comment, and the column at which it began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comment<'a> {
    pub(super) text: &'a str,
    pub(super) column: usize,
}

impl Comment<'_> {
    /// Whether the end of the line ends it.
    pub(super) fn ends_line(self) -> bool {
        self.text.starts_with("//")
    }
}

/// The content of a file or of a block.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    /// Comments on the line of the `{`.
    pub(super) opening: Vec<Comment<'a>>,
    pub(super) items: Vec<Item<'a>>,
}

/// One thing in a body.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// An empty line, or several. None comes first or last.
    Blank,
    /// A line of comments.
    Comments(Vec<Comment<'a>>),
    Node(Node<'a>),
}

/// A word with its values and its block.
#[derive(Debug, Default)]
pub(super) struct Node<'a> {
    /// Comments before the word, on its line.
    pub(super) leading: Vec<Comment<'a>>,
    pub(super) annotation: Option<&'a str>,
    pub(super) word: &'a str,
    /// What stands behind the word and before the block, by the lines into which `\` divides it. A comment that ends its
    /// line comes last on one that is not the last.
    pub(super) lines: Vec<Vec<Part<'a>>>,
    pub(super) block: Option<Block<'a>>,
    /// Comments behind everything else. One that ends its line comes last.
    pub(super) trailing: Vec<Comment<'a>>,
}

/// A block.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) body: Body<'a>,
    /// It was written on one line, and without a comment in it.
    pub(super) on_one_line: bool,
    /// The column at which its `{` stood.
    pub(super) column: usize,
}

/// One thing behind a word.
#[derive(Debug)]
pub(super) enum Part<'a> {
    Comment(Comment<'a>),
    /// An argument, or with a name, a property.
    Value {
        name: Option<&'a str>,
        annotation: Option<&'a str>,
        kind: TokenKind,
        text: &'a str,
    },
}

/// Makes a tree of the pieces of a text without errors of syntax.
pub(super) fn tree<'a>(pieces: &[Piece<'a>]) -> Body<'a> {
    Builder { pieces, at: 0, comments: 0 }.body(Line::Empty)
}

/// What stands on a line so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// The `{` of the block.
    Opening,
    /// Comments at the most.
    Empty,
    /// A node that ended.
    Node,
}

/// A body while it is read.
struct Reading<'a> {
    body: Body<'a>,
    line: Line,
    /// Comments on this line whose place is not known yet.
    pending: Vec<Comment<'a>>,
    /// How many lines ended since the last item.
    breaks: usize,
}

impl<'a> Reading<'a> {
    fn push(&mut self, item: Item<'a>) {
        if self.breaks > 1 && !self.body.items.is_empty() {
            self.body.items.push(Item::Blank);
        }
        self.breaks = 0;
        self.body.items.push(item);
    }

    /// Finds the place of the comments at the end of a line, or before the `}` that ends the block.
    fn settle(&mut self, ends_line: bool) {
        let comments = std::mem::take(&mut self.pending);
        if comments.is_empty() {
            return;
        }
        match (self.line, self.body.items.last_mut()) {
            (Line::Node, Some(Item::Node(node))) => node.trailing.extend(comments),
            (Line::Opening, _) if ends_line => self.body.opening = comments,
            _ => self.push(Item::Comments(comments)),
        }
    }

    /// Takes a node and the comments that stand on lines behind it, to which its own goes on with `\`.
    fn node(&mut self, node: Node<'a>, behind: Vec<Comment<'a>>) {
        let ended = node.trailing.last().is_some_and(|comment| comment.ends_line());
        self.line = if ended { Line::Empty } else { Line::Node };
        self.push(Item::Node(node));
        for comment in behind {
            self.pending.push(comment);
            if comment.ends_line() {
                self.settle(true);
            }
        }
    }
}

/// Reads pieces in their order. Blocks within blocks are calls within calls: the scan has refused any deeper than
/// [`MAX_DEPTH`](crate::MAX_DEPTH).
struct Builder<'p, 'a> {
    pieces: &'p [Piece<'a>],
    at: usize,
    /// How many comments were read.
    comments: usize,
}

impl<'a> Builder<'_, 'a> {
    fn peek(&self) -> Option<Piece<'a>> {
        self.pieces.get(self.at).copied()
    }

    fn comment(&mut self, piece: Piece<'a>) -> Comment<'a> {
        self.comments += 1;
        Comment { text: piece.text, column: piece.column }
    }

    /// Reads up to the `}` that ends the block, or to the end of the file.
    fn body(&mut self, line: Line) -> Body<'a> {
        let mut reading = Reading { body: Body::default(), line, pending: Vec::new(), breaks: 0 };
        while let Some(piece) = self.peek() {
            match piece.kind {
                PieceKind::Token(TokenKind::Close) => break,
                PieceKind::Token(TokenKind::Semicolon) => self.at += 1,
                PieceKind::Comment => {
                    self.at += 1;
                    let comment = self.comment(piece);
                    reading.pending.push(comment);
                }
                PieceKind::Continuation | PieceKind::Token(TokenKind::Newline) => {
                    self.at += 1;
                    reading.settle(true);
                    reading.line = Line::Empty;
                    reading.breaks += 1;
                }
                PieceKind::Token(_) => {
                    let leading = std::mem::take(&mut reading.pending);
                    let (node, behind) = self.node(leading);
                    reading.node(node, behind);
                }
            }
        }
        reading.settle(false);
        reading.body
    }

    /// Reads a node, up to what ends it.
    fn node(&mut self, leading: Vec<Comment<'a>>) -> (Node<'a>, Vec<Comment<'a>>) {
        let mut node = Node { leading, ..Node::default() };
        let (mut line, mut behind) = (Vec::new(), Vec::new());
        let (mut name, mut annotation) = (None, None);
        while let Some(piece) = self.peek() {
            match piece.kind {
                PieceKind::Token(TokenKind::Newline | TokenKind::Semicolon | TokenKind::Close) => break,
                PieceKind::Token(TokenKind::Open) => {
                    node.lines.push(std::mem::take(&mut line));
                    let moved = comments_before_block(&mut node.lines);
                    node.block = Some(self.block(piece, moved));
                    continue;
                }
                PieceKind::Token(TokenKind::Equals) => {}
                PieceKind::Token(TokenKind::Type) => annotation = Some(piece.text),
                PieceKind::Token(_) if node.word.is_empty() => {
                    (node.word, node.annotation) = (piece.text, annotation.take());
                }
                PieceKind::Token(_) if name.is_none() && self.is_before_equals() => name = Some(piece.text),
                PieceKind::Token(kind) => line.push(Part::Value {
                    name: name.take(),
                    annotation: annotation.take(),
                    kind,
                    text: piece.text,
                }),
                PieceKind::Continuation if node.block.is_some() => {}
                PieceKind::Continuation => node.lines.push(std::mem::take(&mut line)),
                PieceKind::Comment => {
                    let comment = self.comment(piece);
                    if node.block.is_some() {
                        behind.push(comment);
                    } else {
                        line.push(Part::Comment(comment));
                    }
                }
            }
            self.at += 1;
        }
        if node.block.is_none() {
            if !line.is_empty() || !node.lines.is_empty() {
                node.lines.push(line);
            }
            behind = comments_at_the_end(&mut node.lines);
        }
        // That nothing follows the word on its line may be what its author wanted.
        let mut is_first = true;
        node.lines.retain(|line| std::mem::take(&mut is_first) || !line.is_empty());
        let rest = behind.split_off(end_of_line(&behind));
        node.trailing = behind;
        (node, rest)
    }

    /// Reads a block, into which comments are moved that stood before it and end their line.
    fn block(&mut self, open: Piece<'a>, moved: Vec<Comment<'a>>) -> Block<'a> {
        let before = self.comments;
        self.at += 1;
        let mut body = self.body(Line::Opening);
        let ends_on = self.peek().map(|close| close.line);
        self.at += 1;
        let has_comments = self.comments > before || !moved.is_empty();
        if !moved.is_empty() {
            open_with(&mut body, moved);
        }
        Block { body, on_one_line: ends_on == Some(open.line) && !has_comments, column: open.column }
    }

    /// Whether an `=` comes behind the next piece, comments and `\` aside.
    fn is_before_equals(&self) -> bool {
        let mut rest = self.pieces[self.at + 1..].iter();
        let next = rest.find(|piece| matches!(piece.kind, PieceKind::Token(_)));
        next.is_some_and(|next| next.kind == PieceKind::Token(TokenKind::Equals))
    }
}

/// How many comments stand on one line.
fn end_of_line(comments: &[Comment<'_>]) -> usize {
    comments.iter().position(|comment| comment.ends_line()).map_or(comments.len(), |at| at + 1)
}

/// Puts comments in front of everything in a block: those of one line behind its `{`, and the others on lines of their
/// own.
fn open_with<'a>(body: &mut Body<'a>, mut moved: Vec<Comment<'a>>) {
    let mut rest = moved.split_off(end_of_line(&moved));
    rest.append(&mut body.opening);
    body.opening = moved;
    let mut items = Vec::new();
    while !rest.is_empty() {
        let next = rest.split_off(end_of_line(&rest));
        items.push(Item::Comments(std::mem::replace(&mut rest, next)));
    }
    items.append(&mut body.items);
    body.items = items;
}

/// Takes away the comments between the last value of a node and its block, if one of them ends its line.
fn comments_before_block<'a>(lines: &mut Vec<Vec<Part<'a>>>) -> Vec<Comment<'a>> {
    let found = comments_at_the_end(lines);
    if found.iter().any(|comment| comment.ends_line()) {
        return found;
    }
    let parts = found.into_iter().map(Part::Comment);
    match lines.last_mut() {
        Some(line) => line.extend(parts),
        None => lines.push(parts.collect()),
    }
    Vec::new()
}

/// Takes away the comments behind the last value of a node.
fn comments_at_the_end<'a>(lines: &mut Vec<Vec<Part<'a>>>) -> Vec<Comment<'a>> {
    let mut found = Vec::new();
    while let Some(line) = lines.last_mut() {
        while let Some(Part::Comment(comment)) = line.last() {
            found.push(*comment);
            line.pop();
        }
        if !line.is_empty() {
            break;
        }
        lines.pop();
    }
    found.reverse();
    found
}
