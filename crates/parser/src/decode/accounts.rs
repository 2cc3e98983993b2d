//! `accounts` and `on { … }`: selections of accounts.

use std::collections::BTreeSet;

use rolecall_model::config::{
    AccountRef, AccountSet, Filter, NamePattern, Selection, Selector, SelectorLine, UnitRef,
};
use rolecall_model::{Code, Diagnostic, OriginId, Place};

use super::Decoder;
use crate::MAX_PATTERN_BYTES;
use crate::limits::{MAX_ACCOUNT_NAME, MAX_UNIT_NAME, is_unit_id};
use crate::resolve::SetUse;
use crate::syntax::{Node, Value};
use crate::words::{SelectionWord, SelectorProperties, SelectorWord, UnitDepth, UnitProperties};

/// Maximum length of a tag key and value, in characters (service model of organizations).
const MAX_TAG: (usize, usize) = (128, 256);

impl Decoder<'_> {
    pub(super) fn account_set(&mut self, node: &Node) {
        let mut uses = Vec::new();
        let selection = self.selection(node, &mut uses);
        let Some((name, _)) = node.text() else { return };
        if let Some(index) = self.names.own_account_set(name) {
            self.set_uses.entry(index).or_default().append(&mut uses);
        }
        let origin = self.origin(node.header);
        self.parts.account_sets.push(AccountSet { name: name.to_owned(), selection, origin });
    }

    /// Decodes the selection in the block of `node`, and adds the account sets in it to `uses`.
    pub(super) fn selection(&mut self, node: &Node, uses: &mut Vec<SetUse>) -> Selection {
        let mut selection = Selection::default();
        let children = node.children();
        let lines: Vec<&Node> = children.iter().filter(|child| !cuts_down(child)).collect();
        self.lines_that_stand_alone(&lines, node, true);
        selection.lines = lines.iter().filter_map(|line| self.line(line, uses)).collect();
        for (word, child) in node.words() {
            match word {
                SelectionWord::Only => {
                    let lines: Vec<&Node> = child.children().iter().collect();
                    self.lines_that_stand_alone(&lines, child, false);
                    selection.only.push(self.filter(child, uses));
                }
                SelectionWord::Except => selection.except.push(self.filter(child, uses)),
                // These are the lines.
                SelectionWord::Account
                | SelectionWord::Unit
                | SelectionWord::Tag
                | SelectionWord::Name
                | SelectionWord::Accounts
                | SelectionWord::EveryMemberAccount => {}
            }
        }
        if lines.is_empty() && !children.is_empty() {
            let word = &node.word;
            self.found.push(
                Diagnostic::error(Code::NothingDeclared, format!("`{word}` has nothing to narrow"))
                    .at(node.word_place, "this block contains only `only` and `except`")
                    .help("add `every-member-account` or another selector for them to narrow"),
            );
        }
        selection
    }

    fn filter(&mut self, node: &Node, uses: &mut Vec<SetUse>) -> Filter {
        let lines = node.children().iter().filter_map(|line| self.line(line, uses)).collect();
        Filter { lines, origin: self.origin(node.word_place) }
    }

    /// Reports a `tag` or `name` line next to another line in the body of a set or in `only`: the lines add up, but
    /// readers take them for "and".
    fn lines_that_stand_alone(&mut self, lines: &[&Node], node: &Node, is_body: bool) {
        let is_loner = |line: &&&Node| stands_alone(line);
        if lines.len() < 2 || !lines.iter().any(|line| is_loner(&line)) {
            return;
        }
        let other = lines.iter().find(|line| !is_loner(line)).unwrap_or(&lines[0]);
        let Some(loner) =
            lines.iter().filter(|line| is_loner(line)).find(|line| line.word_place != other.word_place)
        else {
            return;
        };
        let written =
            self.sources.get(loner.header.file).text.get(loner.header.range()).unwrap_or_default().to_owned();
        let found = Diagnostic::error(
            Code::SelectorNeedsOnly,
            format!("`{}` is combined with another line, and the two add up", loner.word),
        )
        .at(
            loner.header,
            format!(
                "this `{}` line widens the selection, although it reads as if it narrowed it",
                loner.word
            ),
        )
        .and(other.header, "this line selects accounts as well".to_owned());
        let wrapped = format!("only {{ {written} }}");
        self.found.push(if is_body {
            found
                .help(format!("if both must match, write `{wrapped}`; if either may match, declare a separate account set and use it with `accounts`"))
                .suggest(loner.header, wrapped)
        } else {
            let help = format!(
                "if both must match, move `{written}` to an `only` block of its own; if either may match, declare a separate account set"
            );
            let place = node.word_place;
            found.and(place, "the lines of one `only` block add up").help(help)
        });
    }

    fn line(&mut self, node: &Node, uses: &mut Vec<SetUse>) -> Option<SelectorLine> {
        let (selector, empty) = match selector(node)? {
            SelectorWord::Unit => self.unit_selector(node)?,
            SelectorWord::Account => {
                let accounts = node.texts().filter_map(|(text, place)| self.account(text, place)).collect();
                (Selector::Account(accounts), empty(node))
            }
            SelectorWord::Tag => (self.tag_selector(node)?, empty(node)),
            SelectorWord::Name => {
                let (text, place) = node.text()?;
                (Selector::Name(self.pattern(text, place)?), empty(node))
            }
            SelectorWord::Accounts => {
                let mut sets = Vec::new();
                for (text, place) in node.texts() {
                    if let Some(used) = self.names.account_set(text, place) {
                        uses.push(SetUse { used, place });
                        sets.push(used);
                    }
                }
                (Selector::Accounts(sets), empty(node))
            }
            SelectorWord::EveryMemberAccount => (Selector::EveryMemberAccount, empty(node)),
        };
        let may_be_empty = empty.is_some();
        Some(SelectorLine { selector, may_be_empty, origin: self.origin(node.header) })
    }

    fn unit_selector<'n>(&mut self, node: &'n Node) -> Option<(Selector, Option<&'n Value>)> {
        let (text, place) = node.text()?;
        let UnitProperties { depth, empty } = node.values();
        let direct = match depth.and_then(Value::text).and_then(UnitDepth::of) {
            Some(UnitDepth::Direct) => true,
            None => false,
        };
        Some((Selector::Unit { unit: self.unit(text, place)?, direct }, empty))
    }

    fn account(&mut self, text: &str, place: Place) -> Option<(AccountRef, OriginId)> {
        let account = self.account_ref(text, place)?;
        Some((account, self.origin(place)))
    }

    fn account_ref(&mut self, text: &str, place: Place) -> Option<AccountRef> {
        // A number this long is an ID with a missing or additional digit rather than a name.
        let is_number = text.len() >= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number {
            return self.identity(text, place).map(AccountRef::Id);
        }
        self.at_most(text, place, MAX_ACCOUNT_NAME, "an account name")
            .then(|| AccountRef::Name(text.to_owned()))
    }

    fn unit(&mut self, text: &str, place: Place) -> Option<UnitRef> {
        if is_unit_id(text) {
            return self.identity(text, place).map(UnitRef::Id);
        }
        let names: Vec<String> = text.split('/').map(str::to_owned).collect();
        if names.iter().any(|name| name.trim().is_empty()) {
            self.invalid(
                place,
                text,
                "a path of unit names with single slashes between them, such as Workloads/Prod",
            );
            return None;
        }
        let fits = names
            .iter()
            .all(|name| self.at_most(name, place, MAX_UNIT_NAME, "the name of an organizational unit"));
        fits.then_some(UnitRef::Path(names))
    }

    fn tag_selector(&mut self, node: &Node) -> Option<Selector> {
        let (key, place) = node.text()?;
        if key.is_empty() {
            self.invalid(place, key, "a tag key (1 to 128 characters)");
            return None;
        }
        let mut fits = self.at_most(key, place, MAX_TAG.0, "a tag key");
        let mut values = BTreeSet::new();
        for (value, place) in node.texts().skip(1) {
            fits &= self.at_most(value, place, MAX_TAG.1, "a tag value");
            values.insert(value.to_owned());
        }
        fits.then(|| Selector::Tag { key: key.to_owned(), values })
    }

    fn pattern(&mut self, text: &str, place: Place) -> Option<NamePattern> {
        if text.len() > MAX_PATTERN_BYTES {
            self.found.push(pattern_too_long(text, place));
            return None;
        }
        match NamePattern::new(text) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.found.push(
                    Diagnostic::error(
                        Code::InvalidPattern,
                        format!("`{text}` is not a valid pattern: {}", error.kind()),
                    )
                    .at(place, "this pattern cannot be parsed")
                    .help("patterns support `*`, `?`, `[…]` and `{a,b}`; a backslash escapes them"),
                );
                None
            }
        }
    }
}

/// Returns the selector of a line of a selection, or of an `only` or `except` in it, if it is one.
fn selector(node: &Node) -> Option<SelectorWord> {
    let of_selection = |word: SelectionWord| match word {
        SelectionWord::Account => Some(SelectorWord::Account),
        SelectionWord::Unit => Some(SelectorWord::Unit),
        SelectionWord::Tag => Some(SelectorWord::Tag),
        SelectionWord::Name => Some(SelectorWord::Name),
        SelectionWord::Accounts => Some(SelectorWord::Accounts),
        SelectionWord::EveryMemberAccount => Some(SelectorWord::EveryMemberAccount),
        SelectionWord::Only | SelectionWord::Except => None,
    };
    node.word_of().or_else(|| node.word_of().and_then(of_selection))
}

/// Returns the value of `empty` of a selector.
fn empty(node: &Node) -> Option<&Value> {
    let SelectorProperties { empty } = node.values();
    empty
}

/// Returns whether a node of a selection narrows it.
pub(super) fn cuts_down(node: &Node) -> bool {
    matches!(node.word_of(), Some(SelectionWord::Only | SelectionWord::Except))
}

/// Returns whether a line must be the only one of its block, because readers take it and another for "and".
pub(super) fn stands_alone(node: &Node) -> bool {
    matches!(selector(node), Some(SelectorWord::Tag | SelectorWord::Name))
}

/// Returns the error for a long pattern: compiling it takes memory and stack in proportion to its length.
pub(crate) fn pattern_too_long(text: &str, place: Place) -> Diagnostic {
    let message = format!("the pattern has {} bytes; at most {MAX_PATTERN_BYTES} are supported", text.len());
    Diagnostic::error(Code::InvalidPattern, message)
        .at(place, "this pattern is too long")
        .help("split it into several patterns")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_units_are_told_from_their_names() {
        assert!(is_unit_id("ou-a1b2-34567890"));
        assert!(is_unit_id("r-a1b2"));
        for name in ["ou-sandbox", "r-and-d", "ou-a1b2-3456", "Workloads/Prod", "ou-A1B2-34567890"] {
            assert!(!is_unit_id(name), "{name}");
        }
    }
}
