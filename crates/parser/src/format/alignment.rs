//! Keeps aligned what its author aligned: blocks on one line in consecutive lines, and comments behind lines, that begin
//! in one column still do afterwards.

use super::MAX_WIDTH;
use super::layout::Line;

/// Spaces that align a line with its neighbours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) before_block: usize,
    pub(super) before_comment: usize,
}

/// What a line has that can be aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aligned {
    /// Something that begins behind `before` characters, has `width` of them, and began at `column`.
    Some { before: usize, width: usize, column: usize },
    /// Nothing; its neighbours may be aligned all the same.
    None,
    /// It keeps what is above it from what is below it.
    Divides,
}

/// Sets the padding of the lines of one body.
pub(super) fn align(lines: &mut [Line<'_>], indent: usize) {
    let blocks: Vec<Aligned> = lines.iter().map(Line::block).collect();
    for Run { members, widest } in runs(&blocks) {
        if members.iter().any(|member| indent + widest + 1 + member.width > MAX_WIDTH) {
            continue;
        }
        for member in members {
            lines[member.line].padding.before_block = widest - member.before;
        }
    }
    let comments: Vec<Aligned> = lines.iter().map(Line::comment).collect();
    for Run { members, widest } in runs(&comments) {
        for member in members {
            lines[member.line].padding.before_comment = widest - member.before;
        }
    }
}

/// Lines that are aligned with each other.
struct Run {
    members: Vec<Member>,
    /// The most characters before what is aligned.
    widest: usize,
}

struct Member {
    line: usize,
    before: usize,
    width: usize,
}

/// The longest runs of neighbours at one column. What such a run becomes is at one column again, and no further right
/// than what it has most before it, so that it and a run beside it may as well be one: twice is once.
fn runs(lines: &[Aligned]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut open = None;
    for (line, aligned) in lines.iter().enumerate() {
        match *aligned {
            Aligned::None => {}
            Aligned::Divides => open = None,
            Aligned::Some { before, width, column } => {
                let member = Member { line, before, width };
                match runs.last_mut().filter(|_| open == Some(column)) {
                    Some(run) => {
                        run.widest = run.widest.max(before);
                        run.members.push(member);
                    }
                    None => runs.push(Run { members: vec![member], widest: before }),
                }
                open = Some(column);
            }
        }
    }
    runs
}
