//! Names for sets of accounts: after the unit or the accounts, and otherwise after the first user.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounts::{Accounts, Mask};
use crate::selection::{Selection, UnitLine};

/// Length above which a name is not composed of several others.
const LONGEST: usize = 40;

/// A set that needs a name.
pub(crate) struct Named<'a> {
    pub(crate) selection: &'a Selection,
    pub(crate) mask: &'a Mask,
    /// The sets that the selection names.
    pub(crate) names: &'a [String],
    pub(crate) used_by: &'a str,
}

/// Assigns unique names.
pub(crate) struct Namer<'a> {
    accounts: &'a Accounts<'a>,
    unit_names: Vec<String>,
    taken: BTreeSet<String>,
}

impl<'a> Namer<'a> {
    pub(crate) fn new(accounts: &'a Accounts<'a>) -> Self {
        Self { accounts, unit_names: unit_names(accounts), taken: BTreeSet::new() }
    }

    /// Returns a free name.
    pub(crate) fn name(&self, set: &Named<'_>) -> String {
        let wish =
            Some(self.wish(set)).filter(|wish| !wish.is_empty()).unwrap_or_else(|| "accounts".to_owned());
        let mut name = wish.clone();
        let mut number = 2;
        while self.taken.contains(&name) {
            name = format!("{wish}-{number}");
            number += 1;
        }
        name
    }

    /// Marks a name as taken.
    pub(crate) fn take(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    fn wish(&self, set: &Named<'_>) -> String {
        let Selection { sets, units, pattern, accounts, except } = set.selection;
        if let Some(pattern) = pattern {
            return slug(pattern);
        }
        let mut parts: Vec<String> = units.iter().map(|unit| self.unit(*unit)).collect();
        parts.extend(sets.iter().map(|at| set.names[*at].clone()));
        parts.sort_unstable();
        let base = match (parts.is_empty(), accounts.is_empty()) {
            (false, true) => together(&parts),
            (false, false) => together(&parts).map(|name| format!("{name}-and-more")),
            (true, _) => {
                let names: Vec<&str> = set.mask.ones().map(|at| self.accounts.name(at)).collect();
                Some(slug(&common_start(&names))).filter(|name| !name.is_empty())
            }
        };
        let base = base.unwrap_or_else(|| format!("{}-accounts", slug(set.used_by)));
        let mut taken: Vec<String> = except.units.iter().map(|unit| self.unit(*unit)).collect();
        taken.extend(except.sets.iter().map(|at| set.names[*at].clone()));
        taken.extend(except.accounts.iter().map(|at| slug(self.accounts.name(*at))));
        match &taken[..] {
            [] => base,
            [one] if base.len() + one.len() < LONGEST => format!("{base}-without-{one}"),
            several => format!("{base}-less-{}", several.len()),
        }
    }

    fn unit(&self, line: UnitLine) -> String {
        self.unit_names[line.unit].clone()
    }
}

/// Returns one name for several: their common beginning, or all of them.
fn together(parts: &[String]) -> Option<String> {
    let joined = parts.join("-and-");
    match parts {
        [one] => Some(one.clone()),
        [_, _] if joined.len() < LONGEST && common_start(parts).is_empty() => Some(joined),
        _ => Some(slug(&common_start(parts))).filter(|name| !name.is_empty()),
    }
}

/// Returns a name for each unit: as few of the last names of its path as make it unique.
fn unit_names(accounts: &Accounts<'_>) -> Vec<String> {
    let end = |path: &[String], length: usize| slug(&path[path.len().saturating_sub(length)..].join("-"));
    let mut shared: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for unit in &accounts.units {
        for length in 1..=unit.path.len() {
            *shared.entry((length, end(&unit.path, length))).or_default() += 1;
        }
    }
    let named = accounts.units.iter().enumerate().map(|(at, unit)| {
        let ends = (1..=unit.path.len()).map(|length| (length, end(&unit.path, length)));
        let alone = ends.into_iter().find(|wish| shared[wish] == 1).map(|(_, name)| name);
        match (at, alone.filter(|name| !name.is_empty())) {
            (0, _) => "everywhere".to_owned(),
            (1, _) => "root".to_owned(),
            (_, Some(name)) => name,
            (_, None) => format!("unit-{}", slug(&unit.path.join("-"))),
        }
    });
    named.collect()
}

/// Returns lower-case letters and digits of any script, with single hyphens between them.
fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// Returns the common beginning of all texts, up to and including the last character that separates words.
pub(crate) fn common_start<T: AsRef<str>>(texts: &[T]) -> String {
    let Some(first) = texts.first().map(AsRef::as_ref) else { return String::new() };
    let length = texts[1..].iter().fold(first.len(), |length, text| {
        let same = first[..length].char_indices().zip(text.as_ref().chars());
        same.take_while(|((_, a), b)| a == b).last().map_or(0, |((at, a), _)| at + a.len_utf8())
    });
    let common = &first[..length];
    common.rfind(['-', '_', '.', ' ']).map_or(String::new(), |at| common[..=at].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_between_words() {
        assert_eq!(common_start(&["payments-dev-1", "payments-dev-10", "payments-dx"]), "payments-");
        assert_eq!(common_start(&["payments", "pay"]), "");
        assert_eq!(slug("Workloads (EU) / Prod*"), "workloads-eu-prod");
    }
}
