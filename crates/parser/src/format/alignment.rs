//! Keeps aligned what its author aligned: blocks on one line in consecutive lines, and comments behind lines, that begin
//! in one column still do afterwards.

use super::MAX_WIDTH;

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

/// The spaces before each line's block, beyond the one, that align the blocks of neighbours.
pub(super) fn before_blocks(blocks: &[Aligned], indent: usize) -> Vec<usize> {
    let fits =
        |run: &Run| run.members.iter().all(|member| indent + run.widest + 1 + member.width <= MAX_WIDTH);
    padding(blocks, fits)
}

/// The spaces before each line's comment, beyond the one, that align the comments of neighbours.
pub(super) fn before_comments(comments: &[Aligned]) -> Vec<usize> {
    padding(comments, |_| true)
}

/// The padding of each line: of those in a run that is kept, what the widest has more before it.
fn padding(lines: &[Aligned], is_kept: impl Fn(&Run) -> bool) -> Vec<usize> {
    let mut padding = vec![0; lines.len()];
    for run in runs(lines).into_iter().filter(is_kept) {
        for member in run.members {
            padding[member.line] = run.widest - member.before;
        }
    }
    padding
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
