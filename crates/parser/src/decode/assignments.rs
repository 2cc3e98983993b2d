//! `assign`: who gets what, where; and what `keep` and guards say in the same words.

use std::collections::BTreeMap;

use rolecall_model::config::{AssignmentRule, GroupIx, On, PermissionSetRef, Until, UserRef};
use rolecall_model::{Code, Date, Diagnostic, Place};

use super::Decoder;
use crate::syntax::Node;

impl Decoder<'_> {
    pub(super) fn assign(&mut self, node: &Node) {
        let permission_sets = self.permission_sets(node.texts());
        let groups = self.groups(node, "to");
        self.direct_users(node);
        let users = self.users(node, "to-user");
        let on = self.on(node);
        let until = self.until(node);
        let origin = self.origin(node.header);
        self.parts.assignments.push(AssignmentRule {
            permission_sets,
            groups,
            users,
            on,
            until,
            reason: reason(node),
            origin,
        });
    }

    fn direct_users(&mut self, node: &Node) {
        for child in node.children_named("to-user") {
            self.found.push(
                Diagnostic::warning(Code::DirectUser, "a user is assigned directly")
                    .at(child.header, "easily forgotten when the user changes teams")
                    .help("assign a group that the user is a member of"),
            );
        }
    }

    /// The permission sets of these names. They are sorted, as are groups and users: order says nothing, so what is
    /// written in another order is the same configuration.
    pub(super) fn permission_sets<'t>(
        &mut self,
        texts: impl Iterator<Item = (&'t str, Place)>,
    ) -> Vec<PermissionSetRef> {
        let mut sets: Vec<_> =
            texts.filter_map(|(name, place)| self.names.permission_set(name, place)).collect();
        sets.sort_unstable();
        sets
    }

    /// The groups that all lines with `word` name.
    pub(super) fn groups(&mut self, node: &Node, word: &str) -> Vec<GroupIx> {
        let mut groups = Vec::new();
        for (name, place) in self.distinct_texts(node, word) {
            groups.extend(self.names.group(&name, place));
        }
        groups.sort_unstable();
        groups
    }

    /// The users that all lines with `word` name.
    pub(super) fn users(&mut self, node: &Node, word: &str) -> Vec<UserRef> {
        let mut users = Vec::new();
        for (text, place) in self.distinct_texts(node, word) {
            if let Some(name) = self.identity(&text, place) {
                users.push(UserRef { name, origin: self.origin(place) });
            }
        }
        users.sort_by(|a, b| a.name.cmp(&b.name));
        users
    }

    /// The values of all lines that begin with `word`; one that stands twice is reported.
    pub(super) fn distinct_texts(&mut self, node: &Node, word: &str) -> Vec<(String, Place)> {
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        let mut texts = Vec::new();
        for (text, place) in node.children_named(word).flat_map(Node::texts) {
            if self.once(&mut seen, text, place) {
                texts.push((text.to_owned(), place));
            }
        }
        texts
    }

    /// The accounts that all `on` lines name.
    pub(super) fn on(&mut self, node: &Node) -> Vec<On> {
        let mut on = Vec::new();
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        for child in node.children_named("on") {
            self.on_is_one_thing(child);
            for (name, place) in child.texts() {
                if !self.once(&mut seen, name, place) {
                    continue;
                }
                if let Some(set) = self.names.account_set(name, place) {
                    let origin = self.origin(place);
                    on.push(On::Set(set, origin));
                }
            }
            if child.block.is_some() {
                let selection = self.selection(child, &mut Vec::new());
                let origin = self.origin(child.header);
                on.push(On::Selection(selection, origin));
            }
        }
        on
    }

    /// Names of sets or a block: both on one line would read as "and", and neither says nothing.
    fn on_is_one_thing(&mut self, node: &Node) {
        match (node.arguments.is_empty(), node.block.is_some()) {
            (false, true) => self.found.push(
                Diagnostic::error(Code::UnexpectedChildren, "`on` has names and a block")
                    .at(node.header, "this `on` names account sets and has a block as well")
                    .help("write two `on` lines if both shall count; use `accounts` and `only` in the block to narrow"),
            ),
            (true, false) if !node.has_unknown => self.found.push(
                Diagnostic::error(Code::NothingDeclared, "`on` says nothing")
                    .at(node.word_place, "this `on` names no account set and has no block")
                    .help("write `on \"account-set\"`, or `on { account \"…\" }`"),
            ),
            (true, true | false) | (false, false) => {}
        }
    }

    /// The last day, which the `until` line in the block of `node` says.
    pub(super) fn until(&mut self, node: &Node) -> Option<Until> {
        let node = node.children_named("until").next()?;
        let (text, place) = node.text()?;
        let help = "write the last day on which it holds, such as `until \"2027-01-31\"`";
        let date = self.date(text, place, help)?;
        Some(Until { date, origin: self.origin(node.header) })
    }

    /// Reads a day, or reports that the text is none.
    pub(super) fn date(&mut self, text: &str, place: Place, help: &str) -> Option<Date> {
        let date = date(text);
        if date.is_none() {
            self.found.push(
                Diagnostic::error(Code::InvalidDate, format!("`{text}` is not a date"))
                    .at(place, "this is no day of the calendar, written as YYYY-MM-DD")
                    .help(help),
            );
        }
        date
    }
}

/// What the `reason` line in the block of `node` says.
pub(super) fn reason(node: &Node) -> Option<String> {
    node.children_named("reason").next().and_then(Node::text).map(|(text, _)| text.to_owned())
}

/// A day of the form `2027-01-31` and no other.
fn date(text: &str) -> Option<Date> {
    let is_formed = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    if is_formed { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        assert!(date("2027-01-31").is_some());
        assert!(date("2028-02-29").is_some());
        for text in ["2027-02-29", "2027-1-31", "20270131", "2027-01-31T00:00", "31.01.2027", "2027-13-01"] {
            assert!(date(text).is_none(), "{text}");
        }
    }
}
