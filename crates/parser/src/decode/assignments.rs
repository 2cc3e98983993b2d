//! `assign`, and the words that it shares with `keep` and guards.

use std::collections::BTreeMap;

use rolecall_model::config::{AssignmentRule, GroupIx, On, PermissionSetRef, Until, UserRef};
use rolecall_model::{Code, Date, Diagnostic, Place};

use super::Decoder;
use crate::syntax::Node;
use crate::words::AssignWord;

impl Decoder<'_> {
    pub(super) fn assign(&mut self, node: &Node) {
        let (mut to, mut to_user, mut on) = (Vec::new(), Vec::new(), Vec::new());
        let (mut until, mut reason) = (None, None);
        for (word, child) in node.words() {
            match word {
                AssignWord::To => to.push(child),
                AssignWord::ToUser => to_user.push(child),
                AssignWord::On => on.push(child),
                AssignWord::Until => until = until.or(Some(child)),
                AssignWord::Reason => reason = reason.or(Some(child)),
            }
        }
        let permission_sets = self.permission_sets(node.texts());
        let groups = self.groups(&to);
        self.direct_users(&to_user);
        let users = self.users(&to_user);
        let on = self.on(&on);
        let until = until.and_then(|until| self.until(until));
        let origin = self.origin(node.header);
        self.parts.assignments.push(AssignmentRule {
            permission_sets,
            groups,
            users,
            on,
            until,
            reason: reason.and_then(reason_text),
            origin,
        });
    }

    fn direct_users(&mut self, lines: &[&Node]) {
        for child in lines {
            self.found.push(
                Diagnostic::warning(Code::DirectUser, "a user is assigned directly")
                    .at(child.header, "direct assignments are easily forgotten when the user changes teams")
                    .help("assign a group that the user is a member of"),
            );
        }
    }

    /// Resolves permission sets. They are sorted, as are groups and users: order has no meaning, so another order must be
    /// the same configuration.
    pub(super) fn permission_sets<'t>(
        &mut self,
        texts: impl Iterator<Item = (&'t str, Place)>,
    ) -> Vec<PermissionSetRef> {
        let mut sets: Vec<_> =
            texts.filter_map(|(name, place)| self.names.permission_set(name, place)).collect();
        sets.sort_unstable();
        sets
    }

    /// Resolves the groups of all of these lines.
    pub(super) fn groups(&mut self, lines: &[&Node]) -> Vec<GroupIx> {
        let mut groups = Vec::new();
        for (name, place) in self.distinct_texts(lines) {
            groups.extend(self.names.group(&name, place));
        }
        groups.sort_unstable();
        groups
    }

    /// Decodes the users of all of these lines.
    pub(super) fn users(&mut self, lines: &[&Node]) -> Vec<UserRef> {
        let mut users = Vec::new();
        for (text, place) in self.distinct_texts(lines) {
            if let Some(name) = self.identity(&text, place) {
                users.push(UserRef { name, origin: self.origin(place) });
            }
        }
        users.sort_by(|a, b| a.name.cmp(&b.name));
        users
    }

    /// Returns the values of all of these lines, and reports duplicates.
    pub(super) fn distinct_texts(&mut self, lines: &[&Node]) -> Vec<(String, Place)> {
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        let mut texts = Vec::new();
        for (text, place) in lines.iter().copied().flat_map(Node::texts) {
            if self.once(&mut seen, text, place) {
                texts.push((text.to_owned(), place));
            }
        }
        texts
    }

    /// Decodes the accounts of all of these `on` lines.
    pub(super) fn on(&mut self, lines: &[&Node]) -> Vec<On> {
        let mut on = Vec::new();
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        for child in lines {
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

    /// Reports an `on` with both names and a block, which would read as "and", or with neither.
    fn on_is_one_thing(&mut self, node: &Node) {
        match (node.arguments.is_empty(), node.block.is_some()) {
            (false, true) => self.found.push(
                Diagnostic::error(Code::UnexpectedChildren, "`on` has both names and a block")
                    .at(node.header, "this `on` has names of account sets as well as a block")
                    .help("write two `on` lines to select both; use `accounts` and `only` in the block to narrow the selection"),
            ),
            (true, false) if !node.has_unknown => self.found.push(
                Diagnostic::error(Code::NothingDeclared, "`on` selects nothing")
                    .at(node.word_place, "this `on` has neither names of account sets nor a block")
                    .help("write `on \"account-set\"`, or `on { account \"…\" }`"),
            ),
            (true, true | false) | (false, false) => {}
        }
    }

    /// Decodes the last day of an `until` line.
    pub(super) fn until(&mut self, node: &Node) -> Option<Until> {
        let (text, place) = node.text()?;
        let help = "write the last day on which it is valid, such as `until \"2027-01-31\"`";
        let date = self.date(text, place, help)?;
        Some(Until { date, origin: self.origin(node.header) })
    }

    /// Parses a day, or reports an error.
    pub(super) fn date(&mut self, text: &str, place: Place, help: &str) -> Option<Date> {
        let date = date(text);
        if date.is_none() {
            self.found.push(
                Diagnostic::error(Code::InvalidDate, format!("`{text}` is not a date"))
                    .at(place, "this is not a calendar day in the form YYYY-MM-DD")
                    .help(help),
            );
        }
        date
    }
}

/// Returns the text of a `reason` line.
pub(super) fn reason_text(node: &Node) -> Option<String> {
    node.text().map(|(text, _)| text.to_owned())
}

/// Parses a day of exactly the form `2027-01-31`.
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
