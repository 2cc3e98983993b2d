//! The `assign` nodes, and the account sets that they use.

use std::collections::BTreeMap;

use rolecall_model::Diagnostic;

use crate::account_sets::{self, AccountSets, Wanted};
use crate::accounts::{Accounts, Mask};
use crate::census::{Census, MentionedSet};
use crate::cover::{Cover, Rectangle, cover};
use crate::findings::{counted, incomplete};
use crate::principals::{Directory, Identity};
use crate::selection::Selection;
use crate::text::{Node, comment, list, quoted};

/// All of them.
pub(crate) struct Assignments {
    /// `accounts` nodes.
    pub(crate) account_sets: Vec<Node>,
    /// `assign` nodes of groups, and of single users.
    pub(crate) of_groups: Vec<Node>,
    pub(crate) of_users: Vec<Node>,
    /// Comments on live rows that Terraform does not manage.
    pub(crate) beyond_state: String,
}

/// Writes them.
pub(crate) fn write(
    accounts: &Accounts<'_>,
    sets: &[MentionedSet<'_>],
    census: &Census<'_>,
    directory: &Directory<'_>,
    warnings: &mut Vec<Diagnostic>,
) -> Assignments {
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
        beyond_state: beyond_state(&writer, census, directory, warnings),
    }
}

/// The different sets of accounts, how often each is used, and by whom first.
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

/// Live rows of adopted sets that Terraform does not manage: a comment with a `keep` for those whose principals can be
/// named. A `keep` that names nobody would keep everybody's rows.
fn beyond_state(
    writer: &Writer<'_>,
    census: &Census<'_>,
    directory: &Directory<'_>,
    warnings: &mut Vec<Diagnostic>,
) -> String {
    let mut by_set: BTreeMap<usize, (usize, String)> = BTreeMap::new();
    for ((set, principal), mask) in &census.beyond_state {
        let (count, text) = by_set.entry(*set).or_default();
        *count += mask.count_ones(..);
        let who = match directory.identity(principal) {
            Identity::Group { group, object_id: _ } => {
                match census.groups.iter().find(|declared| declared.is(group)) {
                    Some(declared) => format!("to {}", quoted(&declared.label)),
                    None => {
                        text.push_str(&comment(&format!("for {}:", quoted(&group.display_name))));
                        "to-undeclared".to_owned()
                    }
                }
            }
            Identity::User(name) => format!("to-user {}", quoted(name.as_str())),
            Identity::Indistinct(_) | Identity::Gone => {
                let accounts = list(mask.ones().map(|at| writer.accounts.reference(at)));
                text.push_str(&comment(&format!("- {} on {accounts}", principal.id())));
                continue;
            }
        };
        let accounts = Node::repeated("account", mask.ones().map(|at| writer.accounts.reference(at)), 2);
        let parts = vec![
            Node::line(who),
            Node::short("on", accounts),
            Node::line("reason \"made outside Terraform\""),
        ];
        let mut keep = String::new();
        Node::block(format!("keep {}", quoted(writer.sets[*set].live.name.as_str())), parts)
            .write(0, &mut keep);
        text.extend(keep.lines().map(|line| format!("// {line}\n")));
    }
    let mut all = String::new();
    for (set, (rows, text)) in by_set {
        let name = quoted(writer.sets[set].live.name.as_str());
        warnings.push(incomplete(
            format!("live rows of {name} that are not in Terraform's state are not imported: {}", counted(rows)),
            "while `adopt` stands they are reported and not revoked. For those that shall stay, write an `assign`, or take \
             the `keep` that stands in a comment in the file of assignments",
        ));
        all.push_str(&comment(&format!(
            "Live on {name} and not in Terraform's state. While `adopt` stands these rows are reported and not revoked; to \
             keep them for longer, write an `assign`, or:"
        )));
        all.push_str(&text);
    }
    all
}
