//! The text around labels, as miette reads it.

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use rolecall_model::Sources;
use rolecall_model::origin::{Place, SourceFile};

use super::visible;

/// Maximum underlined length of a label's place, in bytes.
const MAX_UNDERLINED: usize = 400;
/// Amount of text shown before and after a label's place, in bytes and whole lines.
const AROUND: usize = 1_000;
/// Length in bytes above which a line is shown in part: this much of a label's place, and this much before and after it.
const WIDE: usize = 140;
const MAX_UNDERLINED_IN_WIDE: usize = 40;
const BESIDE: usize = 24;

/// The text around the labels of one report.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    /// In order; no two are adjacent.
    pieces: Vec<Piece>,
}

/// A part of a file, with forbidden characters replaced.
#[derive(Debug)]
struct Piece {
    start: usize,
    /// The line and column of its start, from 0.
    line: usize,
    column: usize,
    text: String,
}

/// Returns the part of a place that is underlined.
pub(super) fn shown_part(place: Place, sources: &Sources) -> (usize, usize) {
    let text = &sources.get(place.file).text;
    let range = place.range();
    let end = text.floor_char_boundary(range.end.min(range.start + MAX_UNDERLINED));
    let is_wide = line_around(text, range.start, range.start).is_none();
    let most = text.floor_char_boundary(range.start + MAX_UNDERLINED_IN_WIDE);
    let end = if is_wide { end.min(most) } else { end };
    (range.start, end.saturating_sub(range.start))
}

/// Returns the lines from `start` to `end`, without the last line break; `None` if the first or the last is wide. It
/// looks no further than that, because a line may be as long as its file.
fn line_around(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let (from, to) = (line_start(text, start)?, line_end(text, end)?);
    let is_one_line = !text[start..end].contains('\n');
    (!is_one_line || to - from <= WIDE).then_some((from, to))
}

/// Returns the beginning of the line of an offset, unless it is too far away.
fn line_start(text: &str, at: usize) -> Option<usize> {
    let from = text.floor_char_boundary(at.saturating_sub(WIDE));
    text[from..at].rfind('\n').map(|found| from + found + 1).or((from == 0).then_some(0))
}

/// Returns the end of the line of an offset, unless it is too far away.
fn line_end(text: &str, at: usize) -> Option<usize> {
    let to = text.ceil_char_boundary((at + WIDE).min(text.len()));
    text[at..to].find('\n').map(|found| at + found).or((to == text.len()).then_some(to))
}

/// Returns the text shown for a label: its lines and those around it up to the next wide one, and of wide lines the part
/// next to the label.
fn window(text: &str, start: usize, end: usize) -> (usize, usize) {
    let Some((mut from, mut to)) = line_around(text, start, end) else {
        let from = text.floor_char_boundary(start.saturating_sub(BESIDE));
        let to = text.ceil_char_boundary((end + BESIDE).min(text.len()));
        return (
            text[from..start].rfind('\n').map_or(from, |found| from + found + 1),
            text[end..to].find('\n').map_or(to, |found| end + found),
        );
    };
    while from > 0 && start - from < AROUND {
        let Some(before) = line_start(text, from - 1) else { break };
        from = before;
    }
    while to < text.len() && to - end < AROUND {
        let Some(behind) = line_end(text, to + 1) else { break };
        to = behind;
    }
    // With the line break, by which the reader knows that the line is whole.
    (from, (to + 1).min(text.len()))
}

impl Excerpt {
    /// Creates the text around labels, which all are in this file.
    pub(super) fn new(file: &SourceFile, labels: &[LabeledSpan]) -> Self {
        let text = &file.text;
        let mut ranges: Vec<(usize, usize)> =
            labels.iter().map(|label| window(text, label.offset(), label.offset() + label.len())).collect();
        ranges.sort_unstable();
        let mut joined: Vec<(usize, usize)> = Vec::new();
        for (start, end) in ranges {
            match joined.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => joined.push((start, end)),
            }
        }
        let piece = |(start, end): (usize, usize)| {
            let (line, column) = file.line_and_column(u32::try_from(start).unwrap_or(u32::MAX));
            Piece {
                start,
                line: line as usize - 1,
                column: column as usize - 1,
                text: visible(&text[start..end]),
            }
        };
        Self { name: file.name.to_string(), pieces: joined.into_iter().map(piece).collect() }
    }
}

impl SourceCode for Excerpt {
    /// Reads a span with whole lines around it, as far as they are in the excerpt. Two labels that are too far apart to
    /// be in one piece cannot be read as one span; miette then shows them separately.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let piece = self.pieces.iter().find(|piece| piece.start <= start && end <= piece.end());
        let piece = piece.ok_or(MietteError::OutOfBounds)?;
        let (start, end) = (start - piece.start, end - piece.start);
        let from = piece.lines_before(start, lines_before);
        let to = piece.lines_after(end, lines_after);
        let (line, column) = piece.line_and_column(from);
        let contents = MietteSpanContents::new_named(
            self.name.clone(),
            &piece.text.as_bytes()[from..to],
            (piece.start + from, to - from).into(),
            line,
            column,
            // miette takes the number of the last line for this count, and by it decides what to show together.
            piece.line_and_column(to).0,
        );
        Ok(Box::new(contents))
    }
}

impl Piece {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Returns the beginning of the line that is this many lines before the one of `at`; `at` itself for none.
    fn lines_before(&self, at: usize, lines: usize) -> usize {
        if lines == 0 {
            return at;
        }
        let breaks = self.text[..at].rmatch_indices('\n').map(|(at, _)| at + 1);
        breaks.take(lines + 1).nth(lines).unwrap_or(0)
    }

    /// Returns the end of the line that is this many lines after the one of `at`, including its line break.
    fn lines_after(&self, at: usize, lines: usize) -> usize {
        self.text[at..].match_indices('\n').nth(lines).map_or(self.text.len(), |(length, _)| at + length + 1)
    }

    fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..at];
        let lines = before.matches('\n').count();
        let line_start = before.rfind('\n').map(|at| at + 1);
        let first = if line_start.is_none() { self.column } else { 0 };
        (self.line + lines, first + before[line_start.unwrap_or(0)..].chars().count())
    }
}
