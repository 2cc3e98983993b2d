//! Live assignments of adopted permission sets that Terraform does not manage: comments with a `keep` for them.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{Diagnostic, Principal};

use crate::accounts::{Accounts, Mask};
use crate::census::{Census, MentionedSet};
use crate::findings::{counted, incomplete};
use crate::principals::{DeclaredGroup, Directory, Identity};
use crate::text::{Node, comment, list, quoted};

/// The parts of one permission set's comment.
#[derive(Default)]
struct OfOneSet {
    rows: usize,
    keeps: String,
    unnamed: String,
}

/// A principal that the project does not name yet. Using a `keep` for it names it, which makes its assignments of external
/// permission sets part of the project as well; so all of its assignments are listed together.
struct Newcomer {
    who: String,
    /// The line that declares a group; a user needs none.
    declaration: String,
    word: &'static str,
    name: String,
    keeps: String,
    has_external_rows: bool,
}

/// Returns the comments, one for each permission set and one for each newcomer. Principals without a name get no `keep`: a
/// `keep` that names nobody would keep the assignments of everyone.
pub(crate) fn write<'a>(
    accounts: &Accounts<'_>,
    sets: &[MentionedSet<'_>],
    census: &Census<'a>,
    directory: &Directory<'a>,
    warnings: &mut Vec<Diagnostic>,
) -> Vec<String> {
    let keep = |set: usize, who: String, mask: &Mask| {
        let on = Node::repeated("account", mask.ones().map(|at| accounts.reference(at)), 2);
        let reason = Node::line("reason \"made outside Terraform\"");
        let parts = vec![Node::line(who), Node::short("on", on), reason];
        let mut text = String::new();
        Node::block(format!("keep {}", quoted(sets[set].live.name.as_str())), parts).write(0, &mut text);
        text.lines().map(|line| format!("// {line}\n")).collect::<String>()
    };
    let mut newcomers = newcomers(census, directory);
    let mut by_set: BTreeMap<usize, OfOneSet> = BTreeMap::new();
    for ((set, principal), mask) in &census.beyond_state {
        let of_set = by_set.entry(*set).or_default();
        of_set.rows += mask.count_ones(..);
        if let Some(newcomer) = newcomers.get_mut(principal) {
            newcomer.keeps.push_str(&keep(*set, newcomer.named(), mask));
            continue;
        }
        let declared = match directory.identity(principal) {
            Identity::Group { group, object_id: _ } => {
                let declared = census.groups.iter().find(|declared| declared.is(group));
                declared.map(|declared| format!("to {}", quoted(&declared.label)))
            }
            Identity::User(name) => Some(format!("to-user {}", quoted(name.as_str()))),
            Identity::Indistinct(_) | Identity::Gone => None,
        };
        match declared {
            Some(who) => of_set.keeps.push_str(&keep(*set, who, mask)),
            None => {
                let names = list(mask.ones().map(|at| accounts.reference(at)));
                of_set.unnamed.push_str(&comment(&format!("- {} on {names}", principal.id())));
            }
        }
    }
    for ((set, principal), mask) in &census.of_others {
        if let Some(newcomer) = newcomers.get_mut(principal) {
            newcomer.keeps.push_str(&keep(*set, newcomer.named(), mask));
        }
    }
    let mut parts = Vec::new();
    for (set, of_set) in by_set {
        let name = quoted(sets[set].live.name.as_str());
        warnings.push(incomplete(
            format!(
                "live assignments of {name} that are not in Terraform's state are not imported: {}",
                counted(of_set.rows)
            ),
            "while `adopt` stands they are reported and not revoked. For those that shall stay, write an `assign`, or take \
             the `keep` that stands in a comment in the file of assignments",
        ));
        parts.push(of_set.comment(&name));
    }
    let mut newcomers: Vec<Newcomer> = newcomers.into_values().collect();
    newcomers.sort_by(|a, b| (a.word, &a.name).cmp(&(b.word, &b.name)));
    parts.extend(newcomers.iter().map(Newcomer::comment));
    parts
}

/// Returns groups that are not declared, and users who are not named and also have assignments of external permission sets.
fn newcomers<'a>(census: &Census<'a>, directory: &Directory<'a>) -> BTreeMap<&'a Principal, Newcomer> {
    let with_external: BTreeSet<&Principal> =
        census.of_others.keys().map(|(_, principal)| *principal).collect();
    let mut groups = BTreeMap::new();
    let mut found = BTreeMap::new();
    for (_, principal) in census.beyond_state.keys() {
        match directory.identity(principal) {
            Identity::Group { group, object_id } => {
                if !census.groups.iter().any(|declared| declared.is(group)) {
                    groups.insert(*principal, (group, object_id));
                }
            }
            Identity::User(name) if with_external.contains(principal) => {
                let newcomer = Newcomer {
                    who: format!("the user {}", quoted(name.as_str())),
                    declaration: String::new(),
                    word: "to-user",
                    name: name.as_str().to_owned(),
                    keeps: String::new(),
                    has_external_rows: true,
                };
                found.insert(*principal, newcomer);
            }
            Identity::User(_) | Identity::Indistinct(_) | Identity::Gone => {}
        }
    }
    let declared = DeclaredGroup::beside(&groups, &census.groups).into_iter().map(|(principal, group)| {
        let newcomer = Newcomer {
            who: format!("the group {}", quoted(&group.label)),
            declaration: format!("// {}", group.line()),
            word: "to",
            name: group.label,
            keeps: String::new(),
            has_external_rows: with_external.contains(principal),
        };
        (principal, newcomer)
    });
    found.extend(declared);
    found
}

impl Newcomer {
    /// Returns the line of a `keep` that names it.
    fn named(&self) -> String {
        format!("{} {}", self.word, quoted(&self.name))
    }

    fn comment(&self) -> String {
        let Self { who, declaration, word: _, name: _, keeps, has_external_rows } = self;
        let mut head = format!(
            "Live assignments of {who} that are not in Terraform's state. This project does not name {who}. To keep \
             the assignments when `adopt` is removed, use all of the following lines"
        );
        head.push_str(if *has_external_rows {
            ": once named, a principal loses assignments of external permission sets that the configuration neither contains nor keeps."
        } else {
            "."
        });
        format!("{}{declaration}{keeps}", comment(&head))
    }
}

impl OfOneSet {
    /// Returns the comment, or nothing if all assignments belong to newcomers. `set` is the name of the set in quotes.
    fn comment(&self, set: &str) -> String {
        let Self { rows: _, keeps, unnamed } = self;
        let head = format!(
            "Live assignments of {set} that are not in Terraform's state. As long as `adopt` is there, they are reported and not revoked"
        );
        let mut text = String::new();
        if !keeps.is_empty() {
            text.push_str(&comment(&format!("{head}; to keep them longer, write an `assign`, or:")));
            text.push_str(keeps);
        }
        if !unnamed.is_empty() {
            let why = "A `keep` cannot name the principals of these:";
            text.push_str(&comment(&if keeps.is_empty() {
                format!("{head}. {why}")
            } else {
                why.to_owned()
            }));
            text.push_str(unnamed);
        }
        text
    }
}
