//! Selections of accounts in the configuration.

use crate::accounts::Accounts;
use crate::text::{Node, quoted};

/// A unit in a selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnitLine {
    /// Its position; the first stands for all member accounts.
    pub(crate) unit: usize,
    /// Whether only accounts directly in it are selected.
    pub(crate) is_direct: bool,
}

/// A union of accounts and its exceptions. Account sets are given by their position among the named ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) sets: Vec<usize>,
    pub(crate) units: Vec<UnitLine>,
    /// A pattern of names, which must be the only line.
    pub(crate) pattern: Option<String>,
    pub(crate) accounts: Vec<usize>,
    pub(crate) except: Exceptions,
}

/// The exceptions of a selection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Exceptions {
    pub(crate) sets: Vec<usize>,
    pub(crate) units: Vec<UnitLine>,
    pub(crate) accounts: Vec<usize>,
}

impl Exceptions {
    pub(crate) fn is_empty(&self) -> bool {
        self.sets.is_empty() && self.units.is_empty() && self.accounts.is_empty()
    }
}

impl Selection {
    /// Returns the lines of its block. `names` are those of the named sets; `depth` is that of the lines.
    pub(crate) fn lines(&self, accounts: &Accounts<'_>, names: &[String], depth: usize) -> Vec<Node> {
        let mut lines = unit_lines(accounts, &self.units);
        lines.extend(set_lines(&self.sets, names, depth));
        // `every-member-account` comes first, then sets, then units.
        lines.sort_by_key(|line| !line.is("every-member-account"));
        lines.extend(self.pattern.iter().map(|pattern| Node::line(format!("name {}", quoted(pattern)))));
        lines.extend(account_lines(accounts, &self.accounts, depth));
        if !self.except.is_empty() {
            let Exceptions { sets, units, accounts: single } = &self.except;
            let mut taken = set_lines(sets, names, depth + 1);
            taken.extend(unit_lines(accounts, units));
            taken.extend(account_lines(accounts, single, depth + 1));
            lines.push(Node::short("except", taken));
        }
        lines
    }

    /// Returns the `on` lines of an `assign`.
    pub(crate) fn on(&self, accounts: &Accounts<'_>, names: &[String]) -> Vec<Node> {
        let Self { sets, units, pattern, accounts: single, except } = self;
        let is_of_sets = units.is_empty() && pattern.is_none() && single.is_empty() && except.is_empty();
        if is_of_sets {
            return Node::repeated("on", sorted(sets.iter().map(|set| names[*set].as_str())), 1);
        }
        vec![Node::short("on", self.lines(accounts, names, 2))]
    }

    /// Returns its approximate size within a block, in bytes.
    pub(crate) fn bytes(&self, accounts: &Accounts<'_>, names: &[String]) -> usize {
        self.on(accounts, names).iter().map(|node| node.bytes(1)).sum()
    }
}

fn sorted<'n>(names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names
}

fn set_lines(sets: &[usize], names: &[String], depth: usize) -> Vec<Node> {
    Node::repeated("accounts", sorted(sets.iter().map(|set| names[*set].as_str())), depth)
}

fn unit_lines(accounts: &Accounts<'_>, units: &[UnitLine]) -> Vec<Node> {
    let mut texts: Vec<String> = units
        .iter()
        .map(|line| {
            let selector = accounts.units[line.unit].selector.as_deref();
            match (line.unit, selector) {
                (0, _) | (_, None) => "every-member-account".to_owned(),
                (_, Some(selector)) if line.is_direct => format!("ou {} depth=\"direct\"", quoted(selector)),
                (_, Some(selector)) => format!("ou {}", quoted(selector)),
            }
        })
        .collect();
    texts.sort_unstable();
    texts.into_iter().map(Node::line).collect()
}

fn account_lines(accounts: &Accounts<'_>, single: &[usize], depth: usize) -> Vec<Node> {
    Node::repeated("account", sorted(single.iter().map(|at| accounts.reference(*at))), depth)
}
