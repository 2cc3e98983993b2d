//! Which sets of accounts get a name, and how each set is expressed with the help of the named ones.

use std::collections::BTreeMap;

use crate::accounts::{Accounts, Mask};
use crate::naming::{Named, Namer, common_start};
use crate::selection::{Exceptions, Selection, UnitLine};
use crate::tree;

/// Length in bytes up to which a selection is not worth shortening.
const SHORT: usize = 48;
/// Number of named sets that are tried for one selection.
const TRIES: usize = 64;
/// Number of accounts that a pattern of names must match to be considered intended.
const LEAST_BY_PATTERN: usize = 3;

/// A set of accounts, and the number of `assign` nodes that use it.
pub(crate) struct Wanted<'a> {
    pub(crate) mask: &'a Mask,
    pub(crate) uses: usize,
    /// The label of the first group that uses it, in case there is no better name.
    pub(crate) used_by: &'a str,
}

/// The named sets, and how each requested set is expressed.
pub(crate) struct AccountSets {
    /// By position, with their names.
    pub(crate) named: Vec<Selection>,
    pub(crate) names: Vec<String>,
    /// In the order of the requests.
    pub(crate) selections: Vec<Selection>,
}

/// A candidate for a name.
struct Candidate {
    wanted: usize,
    size: usize,
}

/// Names sets, and expresses all requested ones.
pub(crate) fn say(accounts: &Accounts<'_>, wanted: &[Wanted<'_>]) -> AccountSets {
    let mut sayer = Sayer {
        accounts,
        named: Vec::new(),
        sets: AccountSets { named: Vec::new(), names: Vec::new(), selections: Vec::new() },
    };
    let plain: Vec<Selection> = wanted.iter().map(|set| sayer.plain(set.mask)).collect();
    let mut candidates: Vec<Candidate> = wanted
        .iter()
        .enumerate()
        .filter(|(_, set)| set.uses > 1 && set.mask.count_ones(..) > 1)
        .map(|(at, set)| Candidate { wanted: at, size: set.mask.count_ones(..) })
        .collect();
    // Small ones first: a set may be said by smaller ones alone, so no two are said by each other.
    candidates.sort_by_key(|candidate| (candidate.size, candidate.wanted));
    let mut namer = Namer::new(accounts);
    let mut by_wanted: BTreeMap<usize, usize> = BTreeMap::new();
    for candidate in candidates {
        let Wanted { mask, uses, used_by } = wanted[candidate.wanted];
        let in_place = plain[candidate.wanted].bytes(accounts, &sayer.sets.names);
        let selection = sayer.best(mask, &plain[candidate.wanted], Purpose::Declaration);
        let name = namer.name(&Named { selection: &selection, mask, names: &sayer.sets.names, used_by });
        let declared = selection.bytes(accounts, &sayer.sets.names) + "accounts ".len() + name.len();
        if uses * in_place > uses * (name.len() + "    on \"\"\n".len()) + declared {
            namer.take(&name);
            by_wanted.insert(candidate.wanted, sayer.sets.named.len());
            sayer.sets.named.push(selection);
            sayer.sets.names.push(name);
            sayer.named.push(mask);
        }
    }
    for (at, set) in wanted.iter().enumerate() {
        let selection = match by_wanted.get(&at) {
            Some(named) => Selection { sets: vec![*named], ..Selection::default() },
            None => sayer.best(set.mask, &plain[at], Purpose::InPlace),
        };
        sayer.sets.selections.push(selection);
    }
    sayer.sets
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// The body of a named set, which only uses smaller sets.
    Declaration,
    /// A selection in an `assign`.
    InPlace,
}

struct Sayer<'a> {
    accounts: &'a Accounts<'a>,
    /// The accounts of the named sets, by position.
    named: Vec<&'a Mask>,
    sets: AccountSets,
}

impl Sayer<'_> {
    /// Expresses a set without named ones.
    fn plain(&self, mask: &Mask) -> Selection {
        self.checked(tree::factor(self.accounts, mask, mask), mask)
    }

    /// Returns the shortest expression that is found.
    fn best(&self, mask: &Mask, plain: &Selection, purpose: Purpose) -> Selection {
        let bytes = |selection: &Selection| selection.bytes(self.accounts, &self.sets.names);
        let mut best = plain.clone();
        if bytes(&best) <= SHORT {
            return best;
        }
        let mut others = vec![self.by_smaller(mask, plain)];
        others.push(self.with_named_exceptions(mask, plain));
        match purpose {
            // A list of many accounts that all share a name is worth a pattern only where it is used again.
            Purpose::Declaration => others.extend(self.by_pattern(mask)),
            Purpose::InPlace => others.extend(self.by_larger(mask)),
        }
        for other in others {
            let other = self.checked(other, mask);
            if bytes(&other) < bytes(&best) {
                best = other;
            }
        }
        best
    }

    /// As a union of named sets and the remaining accounts.
    fn by_smaller(&self, mask: &Mask, plain: &Selection) -> Selection {
        let names = &self.sets.names;
        let mut parts: Vec<usize> = (0..self.named.len())
            .filter(|at| self.named[*at].is_subset(mask) && self.named[*at] != mask)
            .collect();
        parts.sort_by_key(|at| (std::cmp::Reverse(self.named[*at].count_ones(..)), *at));
        let mut rest = mask.clone();
        let mut best = plain.clone();
        let mut taken: Vec<usize> = Vec::new();
        for part in parts.into_iter().take(TRIES) {
            if self.named[part].is_disjoint(&rest) {
                continue;
            }
            let mut left = rest.clone();
            left.difference_with(self.named[part]);
            let mut selection = tree::factor(self.accounts, &left, mask);
            selection.sets = taken.clone();
            selection.sets.push(part);
            if selection.bytes(self.accounts, names) < best.bytes(self.accounts, names) {
                taken.push(part);
                (rest, best) = (left, selection);
            }
        }
        best
    }

    /// As a named set without a few accounts.
    fn by_larger(&self, mask: &Mask) -> Option<Selection> {
        let larger = (0..self.named.len()).filter(|at| mask.is_subset(self.named[*at]));
        let nearest = larger.min_by_key(|at| (self.named[*at].count_ones(..), *at))?;
        let mut bad = self.named[nearest].clone();
        bad.difference_with(mask);
        let except = tree::exceptions(self.accounts, &bad, mask);
        Some(Selection { sets: vec![nearest], except, ..Selection::default() })
    }

    /// The same lines, with named sets among the exceptions.
    fn with_named_exceptions(&self, mask: &Mask, plain: &Selection) -> Selection {
        let mut selection = plain.clone();
        let mut bad = self.added(&selection);
        bad.difference_with(mask);
        let before = |size: usize| size < mask.count_ones(..);
        for (at, named) in self.named.iter().enumerate() {
            let covered = named.intersection_count(&bad);
            if covered > 1 && named.is_disjoint(mask) && before(named.count_ones(..)) {
                bad.difference_with(named);
                selection.except.sets.push(at);
            }
        }
        if !selection.except.sets.is_empty() {
            let sets = std::mem::take(&mut selection.except.sets);
            selection.except = Exceptions { sets, ..tree::exceptions(self.accounts, &bad, mask) };
        }
        selection
    }

    /// By a pattern that matches the names of exactly these active member accounts.
    fn by_pattern(&self, mask: &Mask) -> Option<Selection> {
        if mask.count_ones(..) < LEAST_BY_PATTERN || !mask.is_subset(&self.accounts.members) {
            return None;
        }
        let names: Vec<&str> = mask.ones().map(|at| self.accounts.name(at)).collect();
        let start = common_start(&names);
        let end = common_start(
            &names.iter().map(|name| name.chars().rev().collect::<String>()).collect::<Vec<_>>(),
        );
        let end: String = end.chars().rev().collect();
        let patterns = [(start.as_str(), ""), ("", end.as_str()), (start.as_str(), end.as_str())];
        let is_plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || "-_. ".contains(c));
        patterns.into_iter().find_map(|(start, end)| {
            let matches = |name: &str| {
                name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
            };
            let says_enough = start.len() + end.len() > 2 && is_plain(start) && is_plain(end);
            let is_exact = || {
                self.accounts.members.ones().all(|at| matches(self.accounts.name(at)) == mask.contains(at))
            };
            (says_enough && is_exact())
                .then(|| Selection { pattern: Some(format!("{start}*{end}")), ..Selection::default() })
        })
    }

    /// The union of the lines of a selection, without its exceptions.
    fn added(&self, selection: &Selection) -> Mask {
        let Selection { sets, units, pattern: _, accounts, except: _ } = selection;
        let mut mask = self.of_units(units);
        sets.iter().for_each(|set| mask.union_with(self.named[*set]));
        accounts.iter().for_each(|at| mask.insert(*at));
        mask
    }

    fn of_units(&self, units: &[UnitLine]) -> Mask {
        let mut mask = self.accounts.none();
        for line in units {
            let mut open = vec![line.unit];
            while let Some(unit) = open.pop() {
                self.accounts.units[unit].direct.iter().for_each(|at| mask.insert(*at));
                if !line.is_direct {
                    open.extend(&self.accounts.units[unit].below);
                }
            }
        }
        mask
    }

    /// Returns the selection if it selects exactly these active accounts, and otherwise the accounts one by one. Exceptions
    /// by unit or set also match the management account, so if it is selected they are written account by account.
    fn checked(&self, mut selection: Selection, mask: &Mask) -> Selection {
        if selection.pattern.is_some() {
            return selection;
        }
        let mut added = self.added(&selection);
        let has_management = !mask.is_subset(&self.accounts.members);
        let Exceptions { sets, units, accounts: _ } = &selection.except;
        if has_management && !(sets.is_empty() && units.is_empty()) {
            let mut bad = added.clone();
            bad.difference_with(mask);
            selection.except = Exceptions { accounts: bad.ones().collect(), ..Exceptions::default() };
        }
        let Exceptions { sets, units, accounts } = &selection.except;
        sets.iter().for_each(|set| added.difference_with(self.named[*set]));
        added.difference_with(&self.of_units(units));
        accounts.iter().for_each(|at| added.set(*at, false));
        if added == *mask {
            selection
        } else {
            Selection { accounts: mask.ones().collect(), ..Selection::default() }
        }
    }
}
