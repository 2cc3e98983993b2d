//! The `assign` nodes, and the account sets that they use.

use std::collections::BTreeMap;

use crate::account_sets::{self, AccountSets, Wanted};
use crate::accounts::{Accounts, Mask};
use crate::census::{Census, MentionedSet};
use crate::cover::{Cover, Rectangle, cover};
use crate::selection::Selection;
use crate::text::{Node, list, quoted};

/// The nodes for assignments.
pub(crate) struct Assignments {
    /// `accounts` nodes.
    pub(crate) account_sets: Vec<Node>,
    /// `assign` nodes for groups, and for single users.
    pub(crate) of_groups: Vec<Node>,
    pub(crate) of_users: Vec<Node>,
}

/// Writes the nodes.
pub(crate) fn write(accounts: &Accounts<'_>, sets: &[MentionedSet<'_>], census: &Census<'_>) -> Assignments {
    let labels: Vec<&str> = census.groups.iter().map(|group| group.label.as_str()).collect();
    let users: Vec<&str> = census.users.iter().map(|user| user.as_str()).collect();
    let (of_groups, of_users) = (cover(&census.of_groups), cover(&census.of_users));
    let mut masks = Masks::default();
    masks.add(&of_groups, &labels);
    masks.add(&of_users, &users);
    let wanted: Vec<Wanted<'_>> =
        masks.list.iter().map(|(mask, uses, used_by)| Wanted { mask, uses: *uses, used_by }).collect();
    let said = account_sets::say(accounts, &wanted);
    let writer = Writer { accounts, sets, said: &said, masks: &masks };
    let nodes = |cover: &Cover, word: &str, names: &[&str]| -> Vec<Node> {
        cover.rectangles.iter().map(|one| writer.assign(one, &cover.masks[one.mask], word, names)).collect()
    };
    Assignments {
        account_sets: writer.account_sets(),
        of_groups: nodes(&of_groups, "to", &labels),
        of_users: nodes(&of_users, "to-user", &users),
    }
}

/// The distinct sets of accounts, how often each is used, and by whom first.
#[derive(Default)]
struct Masks<'a> {
    places: BTreeMap<Vec<usize>, usize>,
    list: Vec<(Mask, usize, &'a str)>,
}

impl<'a> Masks<'a> {
    fn add(&mut self, cover: &Cover, names: &[&'a str]) {
        for one in &cover.rectangles {
            let mask = &cover.masks[one.mask];
            let place = *self.places.entry(mask.ones().collect()).or_insert_with(|| {
                self.list.push((mask.clone(), 0, names[one.principals[0]]));
                self.list.len() - 1
            });
            self.list[place].1 += 1;
        }
    }
}

struct Writer<'a> {
    accounts: &'a Accounts<'a>,
    sets: &'a [MentionedSet<'a>],
    said: &'a AccountSets,
    masks: &'a Masks<'a>,
}

impl Writer<'_> {
    fn account_sets(&self) -> Vec<Node> {
        let mut named: Vec<(&String, &Selection)> = self.said.names.iter().zip(&self.said.named).collect();
        named.sort_unstable_by_key(|(name, _)| *name);
        let nodes = named.into_iter().map(|(name, selection)| {
            let head = format!("accounts {}", quoted(name));
            let lines = selection.lines(self.accounts, &self.said.names, 1);
            if lines.len() == 1 { Node::short(head, lines) } else { Node::block(head, lines) }
        });
        nodes.collect()
    }

    fn assign(&self, one: &Rectangle, mask: &Mask, word: &str, names: &[&str]) -> Node {
        let sets = list(one.sets.iter().map(|set| self.sets[*set].live.name.as_str()));
        let mut lines = Node::repeated(word, one.principals.iter().map(|at| names[*at]), 1);
        let place = self.masks.places[&mask.ones().collect::<Vec<_>>()];
        lines.extend(self.said.selections[place].on(self.accounts, &self.said.names));
        Node::block(format!("assign {sets}"), lines)
    }
}
