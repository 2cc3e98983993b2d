//! The shortest expression of a set of accounts by units and single accounts, with exceptions.
//!
//! For each unit there are two ways: to select it and exclude what does not belong, or to select what belongs unit by unit
//! and account by account. One walk from the leaves to the root finds the shorter way for each; a second walk writes it
//! down.

use crate::accounts::{Accounts, Mask};
use crate::selection::{Exceptions, Selection, UnitLine};

/// Cost of a line apart from its text: the word, the indentation and the end of the line.
const LINE: usize = 12;
const DEPTH_DIRECT: usize = 15;
const EVERY_MEMBER: usize = 20;
/// Additional cost of an exception, which is harder to read than a line.
const EXCEPTION: usize = 8;

/// The cost of the best expression for a unit, in bytes.
#[derive(Clone, Copy, Default)]
struct Costs {
    /// Active accounts in it and below that must be selected, that must not be excluded, and that must not be selected.
    must: usize,
    keep: usize,
    bad: usize,
    /// The same, of those directly in it.
    direct_must: usize,
    direct_keep: usize,
    direct_bad: usize,
    /// To select what is required part by part.
    apart: usize,
    /// To select it the better way.
    best: usize,
    /// To exclude what must not be selected, part by part, and the better way.
    out_apart: usize,
    out: usize,
    /// The single accounts that must, and must not, be selected.
    direct_listed: usize,
    direct_out_listed: usize,
}

/// Expresses `must`. Accounts of `keep`, which contains `must`, may also be selected and are never excluded.
pub(crate) fn factor(accounts: &Accounts<'_>, must: &Mask, keep: &Mask) -> Selection {
    let costs = costs(accounts, must, keep);
    let mut selection = Selection::default();
    let mut open = vec![0];
    while let Some(unit) = open.pop() {
        let here = &costs[unit];
        if here.must == 0 {
            continue;
        }
        if here.best < here.apart {
            selection.units.push(UnitLine { unit, is_direct: false });
            take_out(accounts, &costs, keep, unit, &mut selection.except);
            continue;
        }
        if direct_cost(accounts, unit, here) < here.direct_listed {
            selection.units.push(UnitLine { unit, is_direct: true });
            let bad = accounts.units[unit].direct.iter().copied().filter(|at| !keep.contains(*at));
            selection.except.accounts.extend(bad);
        } else {
            selection
                .accounts
                .extend(accounts.units[unit].direct.iter().copied().filter(|at| must.contains(*at)));
        }
        open.extend(&accounts.units[unit].below);
    }
    // The management account is in no unit of the tree.
    selection.accounts.extend(must.difference(&accounts.members).filter(|at| accounts.active.contains(*at)));
    selection
}

/// Excludes `bad` by units and single accounts, without excluding any account of `keep`.
pub(crate) fn exceptions(accounts: &Accounts<'_>, bad: &Mask, keep: &Mask) -> Exceptions {
    // What is neither may be taken away or not: it is treated as bad where that makes a unit whole.
    let mut free = accounts.members.clone();
    free.difference_with(bad);
    free.difference_with(keep);
    let selection = factor(accounts, bad, &{
        let mut may = bad.clone();
        may.union_with(&free);
        may
    });
    if selection.except.is_empty() {
        let Selection { sets, units, pattern: _, accounts, except: _ } = selection;
        return Exceptions { sets, units, accounts };
    }
    // An exception has no exceptions.
    Exceptions { accounts: bad.ones().collect(), ..Exceptions::default() }
}

fn costs(accounts: &Accounts<'_>, must: &Mask, keep: &Mask) -> Vec<Costs> {
    let mut costs = vec![Costs::default(); accounts.units.len()];
    // Units come before those below them, so the other way round each is seen after those below it.
    for (unit, details) in accounts.units.iter().enumerate().rev() {
        let mut here = Costs::default();
        for at in &details.direct {
            let cost = accounts.reference(*at).len() + 3;
            if keep.contains(*at) {
                here.direct_keep += 1;
                if must.contains(*at) {
                    here.direct_must += 1;
                    here.direct_listed += cost;
                }
            } else {
                here.direct_bad += 1;
                here.direct_out_listed += cost + EXCEPTION;
            }
        }
        (here.must, here.keep, here.bad) = (here.direct_must, here.direct_keep, here.direct_bad);
        here.apart = direct_cost(accounts, unit, &here).min(here.direct_listed);
        here.out_apart = direct_out_cost(accounts, unit, &here).min(here.direct_out_listed);
        for below in &details.below {
            let below = &costs[*below];
            here.must += below.must;
            here.keep += below.keep;
            here.bad += below.bad;
            here.apart += below.best;
            here.out_apart += below.out;
        }
        let line = line_cost(accounts, unit);
        let whole = line.map(|line| line + EXCEPTION);
        let out_whole = whole.filter(|_| here.keep == 0 && here.bad > 1 && unit != 0);
        here.out = if here.bad == 0 { 0 } else { here.out_apart.min(out_whole.unwrap_or(usize::MAX)) };
        // One account is meant as such.
        let whole = line.filter(|_| here.must > 1).map(|line| line + here.out);
        here.best = if here.must == 0 { 0 } else { here.apart.min(whole.unwrap_or(usize::MAX)) };
        costs[unit] = here;
    }
    costs
}

/// The line that selects an entire unit.
fn line_cost(accounts: &Accounts<'_>, unit: usize) -> Option<usize> {
    let details = &accounts.units[unit];
    match (unit, &details.selector) {
        (0, _) => Some(EVERY_MEMBER),
        (_, Some(selector)) if details.is_selectable_whole => Some(selector.len() + LINE),
        _ => None,
    }
}

/// To select the accounts directly in a unit by one line.
fn direct_cost(accounts: &Accounts<'_>, unit: usize, here: &Costs) -> usize {
    match &accounts.units[unit].selector {
        Some(selector) if here.direct_must > 1 => {
            selector.len() + LINE + DEPTH_DIRECT + here.direct_out_listed
        }
        _ => usize::MAX,
    }
}

/// To exclude the accounts directly in a unit by one line.
fn direct_out_cost(accounts: &Accounts<'_>, unit: usize, here: &Costs) -> usize {
    match &accounts.units[unit].selector {
        Some(selector) if here.direct_keep == 0 && here.direct_bad > 1 => {
            selector.len() + LINE + DEPTH_DIRECT + EXCEPTION
        }
        _ => usize::MAX,
    }
}

/// Writes the exceptions below a unit that is selected as a whole.
fn take_out(accounts: &Accounts<'_>, costs: &[Costs], keep: &Mask, unit: usize, except: &mut Exceptions) {
    let mut open = vec![unit];
    while let Some(unit) = open.pop() {
        let here = &costs[unit];
        if here.bad == 0 {
            continue;
        }
        if here.out < here.out_apart {
            except.units.push(UnitLine { unit, is_direct: false });
            continue;
        }
        if direct_out_cost(accounts, unit, here) < here.direct_out_listed {
            except.units.push(UnitLine { unit, is_direct: true });
        } else {
            except
                .accounts
                .extend(accounts.units[unit].direct.iter().copied().filter(|at| !keep.contains(*at)));
        }
        open.extend(&accounts.units[unit].below);
    }
}
