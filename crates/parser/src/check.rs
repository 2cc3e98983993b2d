//! Checks nodes against the table of words: which words are allowed where, how often, and with which values. What
//! `decode` sees afterwards either conforms to the table or is marked as faulty.

use std::collections::BTreeMap;

use rolecall_model::{Code, Diagnostic, Place};

use crate::diagnostics::Diagnostics;
use crate::nearest::{nearest, suggest_value, suggest_word};
use crate::scan::{not_a_number, not_safe, unquoted};
use crate::syntax::{Block, Content, Node, Property, Value};
use crate::words::{
    BlockRule, FileWord, Kind, PropertyRule, Within, Word, WordRule, find, listed_places, needed_within,
    places_of, words_within,
};

/// Checks the nodes of one block, or of a file.
pub(crate) fn check(nodes: &mut [Node], within: Within) -> Diagnostics {
    let mut checker = Checker { found: Diagnostics::default() };
    checker.nodes(nodes, within);
    checker.found
}

/// Returns the top-level word that a misspelled one was probably meant to be.
pub(crate) fn meant_word(name: &str) -> Option<FileWord> {
    nearest(name, names_within(Within::File)).and_then(FileWord::named)
}

/// Returns the names of the words that are allowed in a place.
fn names_within(within: Within) -> impl Iterator<Item = &'static str> {
    words_within(within).iter().map(|word| word.name())
}

/// Returns the words that are allowed in a place, as a help lists them.
fn listed(within: Within) -> String {
    names_within(within).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

struct Checker {
    found: Diagnostics,
}

impl Checker {
    /// Checks the nodes, and returns whether there is an unknown word.
    fn nodes(&mut self, nodes: &mut [Node], within: Within) -> bool {
        let mut has_unknown = false;
        let mut first_places: BTreeMap<String, Place> = BTreeMap::new();
        for node in nodes {
            if self.found.is_full() {
                // What was not looked at may be anything.
                return true;
            }
            let Some(word) = find(&node.word, within) else {
                has_unknown = true;
                self.found.push(unknown_word(node, within));
                // In another case, it can be no other word, and what stands in its block is as it should be or not.
                if let Some(meant) =
                    words_within(within).iter().find(|word| word.name().eq_ignore_ascii_case(&node.word))
                {
                    self.node(node, meant.rule());
                }
                continue;
            };
            node.keyword = Some(word);
            if !word.rule().repeats && within != Within::File {
                if let Some(first) = first_places.get(&node.word) {
                    self.found.push(repeated(node, *first));
                } else {
                    first_places.insert(node.word.clone(), node.word_place);
                }
            }
            self.node(node, word.rule());
        }
        has_unknown
    }

    fn node(&mut self, node: &mut Node, word: &WordRule) {
        let is_known = |property: &Property| word.property(&property.name).is_some();
        node.has_unknown = node.arguments.len() > word.arguments.max
            || !node.properties.iter().all(is_known)
            || (node.block.is_some() && matches!(word.block, BlockRule::None));
        self.arguments(node, word);
        self.properties(node, word);
        self.block(node, word);
    }

    fn arguments(&mut self, node: &mut Node, of: &WordRule) {
        let rule = &of.arguments;
        // One of the values that are too many, unless it is reported already: as without quotes, say.
        let extra = node.arguments.get(rule.max).filter(|extra| !extra.faulty || rule.max == 0);
        if let Some(found) = extra.map(|extra| superfluous(node, extra, of)) {
            self.found.push(found);
        }
        let Node { word, header, arguments, .. } = node;
        if arguments.len() < rule.min && !node.has_unknown {
            let end = header.range().end;
            let place = Place::new(header.file, end..end);
            let label = format!("`{word}` needs {} here", rule.what);
            let found = Diagnostic::error(Code::MissingArgument, format!("`{word}` needs {}", rule.what));
            self.found.push(found.at(place, label).help(format!("write `{word} {}`", rule.shown)));
        }
        for value in arguments.iter_mut().take(rule.max) {
            self.value(value, rule.kind, word);
        }
        arguments.truncate(rule.max);
        self.distinct(node, rule.distinct_from);
    }

    fn distinct(&mut self, node: &mut Node, from: usize) {
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        for value in node.arguments.iter_mut().skip(from) {
            let text = match &value.content {
                Content::Text(text) if !value.faulty => text.clone(),
                Content::Parameter(name) => format!("(param)\"{name}\""),
                _ => continue,
            };
            match seen.get(&text) {
                Some(first) => {
                    // The node says the same without it.
                    let found = repeated_value(&text, value.place, *first);
                    self.found.push(found.suggest_safe(value.place, ""));
                    value.faulty = true;
                }
                None => {
                    seen.insert(text, value.place);
                }
            }
        }
    }

    fn properties(&mut self, node: &mut Node, word: &WordRule) {
        let by_block = properties_for_block(node, word);
        let has_by_block = by_block.is_some();
        self.found.extend(by_block);
        let has_few = node.arguments.len() < word.arguments.min;
        let Node { word: name, header, properties, .. } = node;
        let mut first_places: BTreeMap<String, Place> = BTreeMap::new();
        for property in properties.iter_mut() {
            if let Some(first) = first_places.get(&property.name) {
                let shown = &property.name;
                self.found.push(
                    Diagnostic::error(Code::RepeatedProperty, format!("duplicate property `{shown}`"))
                        .at(property.name_place, format!("duplicate of `{shown}`"))
                        .and(*first, format!("`{shown}` is first given here"))
                        .help("keep one of the two; plain KDL would silently use the last one"),
                );
                property.value.faulty = true;
                continue;
            }
            first_places.insert(property.name.clone(), property.name_place);
            match word.property(&property.name) {
                Some(rule) => self.value(&mut property.value, rule.kind, rule.name),
                None if has_by_block => {}
                None => self.found.push(unknown_property(property, word, has_few)),
            }
        }
        if node.has_unknown {
            return;
        }
        let end = header.range().end;
        let place = Place::new(header.file, end..end);
        for rule in
            word.properties.iter().filter(|rule| rule.required && !first_places.contains_key(rule.name))
        {
            let found = Diagnostic::error(
                Code::MissingProperty,
                format!("`{name}` needs the property `{}`", rule.name),
            );
            let label = format!("`{}=` is missing here", rule.name);
            self.found.push(found.at(place, label).help(format!("write {}", shown_example(word))));
        }
    }

    fn block(&mut self, node: &mut Node, word: &WordRule) {
        let Node { word: name, word_place, block, has_unknown, .. } = node;
        let (name, has_unknown) = (name.as_str(), *has_unknown);
        match (block, &word.block) {
            (None, BlockRule::None | BlockRule::Optional(_) | BlockRule::Declared) => {}
            // It may be what was not understood.
            (None, BlockRule::Required(_)) if has_unknown => {}
            (None, BlockRule::Required(_)) => self.found.push(says_nothing(name, *word_place, word)),
            (Some(_), BlockRule::None) => {
                let found =
                    Diagnostic::error(Code::UnexpectedChildren, format!("`{name}` does not take a block"));
                let help = format!(
                    "remove the block; `{name}` is written on one line, such as {}",
                    shown_example(word)
                );
                self.found.push(found.at(*word_place, format!("a block follows this `{name}`")).help(help));
            }
            // What stands in it is held against the declaration, once that is known.
            (Some(block), BlockRule::Declared) => {
                if block.nodes.is_empty() {
                    self.found.push(says_nothing(name, *word_place, word));
                }
            }
            (Some(block), BlockRule::Optional(within) | BlockRule::Required(within)) => {
                if block.nodes.is_empty() {
                    self.found.push(says_nothing(name, *word_place, word));
                    return;
                }
                block.has_unknown = self.nodes(&mut block.nodes, *within);
                if !has_unknown {
                    self.needed(name, *word_place, block, needed_within(*within));
                }
            }
        }
    }

    /// Reports required words that are missing from a block, unless an unknown word may be one of them.
    fn needed(&mut self, name: &str, place: Place, block: &Block, needed: &[&[Word]]) {
        if block.has_unknown {
            return;
        }
        for alternatives in needed {
            if block.nodes.iter().any(|child| child.keyword.is_some_and(|word| alternatives.contains(&word)))
            {
                continue;
            }
            let quoted: Vec<String> = alternatives.iter().map(|word| format!("`{}`", word.name())).collect();
            let shown = quoted.join(" or ");
            let found = Diagnostic::error(Code::MissingChild, format!("`{name}` needs {shown}"));
            let help = format!("add {shown} to the block of this `{name}`");
            self.found.push(found.at(place, format!("this `{name}` has no {shown}")).help(help));
        }
    }

    /// Checks one value of the word or property `of`.
    fn value(&mut self, value: &mut Value, kind: Kind, of: &str) {
        if value.faulty {
            return;
        }
        if let Some(found) = wrong_value(value, kind, of) {
            value.faulty = true;
            self.found.push(found);
        }
    }
}

/// Returns the error in a value of the word or property `of`.
pub(crate) fn wrong_value(value: &Value, kind: Kind, of: &str) -> Option<Diagnostic> {
    let wrong = |message: String, label: String| {
        Diagnostic::error(Code::WrongValueKind, message).at(value.place, label)
    };
    match (&value.content, kind) {
        (Content::Number(written), Kind::Text | Kind::SpacedText | Kind::AnyText | Kind::OneOf(_)) => {
            let mut found = unquoted(value.place, written);
            if of == "session" {
                found.suggestion = None;
                return Some(found.help("write hours and minutes, such as `session \"1h30m\"`"));
            }
            // A number in quotes is seldom what a word takes, but a value of a tag.
            Some(if matches!(kind, Kind::AnyText) { found } else { not_safe(found) })
        }
        (Content::Text(text), Kind::Text | Kind::SpacedText) if is_empty(text, kind) => Some(
            wrong(format!("the value of `{of}` is empty"), "this text is empty".to_owned())
                .help("write a value, or remove the word"),
        ),
        (Content::Text(text), Kind::OneOf(allowed)) if !allowed.contains(&text.as_str()) => {
            let quoted: Vec<String> = allowed.iter().map(|text| format!("`\"{text}\"`")).collect();
            let found = wrong(
                format!("`{of}` cannot be `{text}`"),
                format!("`{text}` is not a valid value of `{of}`"),
            );
            Some(match nearest(text, allowed.iter().copied()) {
                Some(near) => {
                    let found = found.help(format!("did you mean `\"{near}\"`?"));
                    suggest_value(found, value.place, text, near)
                }
                None => found.help(format!("the values of `{of}` are {}", quoted.join(", "))),
            })
        }
        (Content::Text(text), Kind::Number { .. }) => Some(match text.parse::<u32>() {
            Ok(number) => wrong(
                format!("the value of `{of}` must be a number"),
                "this is a text, not a number".to_owned(),
            )
            .help(format!("write `{number}`, without quotes"))
            .suggest_safe(value.place, number.to_string()),
            Err(_) => not_a_number(value.place, of, text),
        }),
        (Content::Number(written), Kind::Number { min, max }) => {
            let fits = written.parse::<u32>().is_ok_and(|number| (min..=max).contains(&number));
            (!fits).then(|| {
                wrong(format!("`{of}` cannot be {written}"), format!("{written} is out of range"))
                    .help(format!("write a whole number from {min} to {max}"))
            })
        }
        // What a parameter may stand for depends on its declaration, which is not known here.
        (Content::Text(_), Kind::Text | Kind::SpacedText | Kind::AnyText | Kind::OneOf(_))
        | (Content::Parameter(_), _) => None,
    }
}

/// Returns whether a text is empty. Spaces alone count as empty unless a live permission set may have them.
fn is_empty(text: &str, kind: Kind) -> bool {
    if matches!(kind, Kind::SpacedText) { text.is_empty() } else { text.trim().is_empty() }
}

fn unknown_word(node: &Node, within: Within) -> Diagnostic {
    let name = node.word.as_str();
    let places = places_of(name);
    if !places.is_empty() {
        let here = listed_places(&[within]);
        let found = Diagnostic::error(Code::UnknownNode, format!("`{name}` is not allowed {here}"))
            .at(node.word_place, format!("`{name}` is not allowed {here}"));
        if let Some(meant) = meant_among_parts(node, within) {
            return found.help(meant);
        }
        return found.help(format!("`{name}` is allowed {}", listed_places(&places)));
    }
    let found = Diagnostic::error(Code::UnknownNode, format!("unknown word `{name}`"))
        .at(node.word_place, format!("`{name}` is not allowed here"));
    match nearest(name, names_within(within)) {
        Some(near) => {
            suggest_word(found.help(format!("did you mean `{near}`?")), node.word_place, name, near)
        }
        None if meant_among_parts(node, within).is_some() => {
            found.help(meant_among_parts(node, within).unwrap_or_default())
        }
        None => found.help(format!("the words allowed here are {}", listed(within))),
    }
}

/// Returns a help with the right word for a part of an assignment that other languages call differently.
fn meant_among_parts(node: &Node, within: Within) -> Option<String> {
    find("to", within)?;
    let value = node.arguments.first().map_or("…", |value| value.content.written());
    let name = node.word.as_str();
    Some(match name {
        "group" | "groups" | "principal" | "principals" => {
            format!("groups are named with `to`: `to \"{value}\"`")
        }
        "user" | "users" => format!("users are named with `to-user`: `to-user \"{value}\"`"),
        "accounts" | "account-set" | "target" | "targets" => {
            format!("account sets are named with `on`: `on \"{value}\"`")
        }
        _ if find(name, Within::On).is_some() => {
            let values = if node.arguments.is_empty() { String::new() } else { format!(" \"{value}\"") };
            format!("accounts are selected in the block of `on`: `on {{ {name}{values} }}`")
        }
        _ => return None,
    })
}

fn unknown_property(property: &Property, word: &WordRule, has_few: bool) -> Diagnostic {
    let (name, of) = (property.name.as_str(), word.name);
    let found = Diagnostic::error(Code::UnknownProperty, format!("`{of}` has no property `{name}`"))
        .at(property.name_place, format!("`{of}` has no such property"));
    let names: Vec<&str> = word.properties.iter().map(|rule| rule.name).collect();
    if let Some(near) = nearest(name, names.iter().copied()) {
        let found = found.help(format!("did you mean `{near}`?"));
        return suggest_word(found, property.name_place, name, near);
    }
    if has_few && word.arguments.min == 2 {
        return found.help(format!("write `{of} \"{name}\" {}`", shown_value(&property.value)));
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => found.help(format!("`{of}` has no properties")),
        [one] => found.help(format!("the only property of `{of}` is {one}")),
        [others @ .., last] => {
            found.help(format!("the properties of `{of}` are {} and {last}", others.join(", ")))
        }
    }
}

/// Returns one error for properties that belong in the block of a node: words, or the parameters of a `use`.
fn properties_for_block(node: &Node, word: &WordRule) -> Option<Diagnostic> {
    const MOST: usize = 8;
    let is_declared = matches!(word.block, BlockRule::Declared);
    let unknown = |property: &Property| word.property(&property.name).is_none();
    let belongs = |property: &&Property| {
        let is_word = || word.block.within().is_some_and(|within| find(&property.name, within).is_some());
        unknown(property) && (is_declared || is_word())
    };
    let first = node.properties.iter().find(belongs)?;
    if node.properties.iter().any(|property| unknown(property) && !belongs(&property)) {
        return None;
    }
    let (name, of) = (first.name.as_str(), word.name);
    let mut lines: Vec<String> = node
        .properties
        .iter()
        .filter(belongs)
        .take(MOST + 1)
        .map(|property| format!("{} {}", property.name, shown_value(&property.value)))
        .collect();
    if lines.len() > MOST {
        lines.truncate(MOST);
        lines.push("…".to_owned());
    }
    let what =
        if is_declared { "give the values of parameters" } else { "it is a word of its own; write it" };
    Some(
        Diagnostic::error(Code::UnknownProperty, format!("`{of}` has no property `{name}`"))
            .at(first.name_place, format!("`{of}` has no such property"))
            .help(format!("{what} in the block: `{{ {} }}`", lines.join("; "))),
    )
}

/// Returns a value as written.
fn shown_value(value: &Value) -> String {
    match &value.content {
        Content::Text(text) => format!("{text:?}"),
        Content::Number(number) => number.clone(),
        Content::Parameter(name) => format!("(param)\"{name}\""),
    }
}

/// Returns the error for a value beyond those that a word takes.
fn superfluous(node: &Node, extra: &Value, word: &WordRule) -> Diagnostic {
    let (name, rule) = (word.name, &word.arguments);
    let message = match rule.max {
        0 => format!("`{name}` takes no value"),
        1 => format!("`{name}` takes one value"),
        most => format!("`{name}` takes {most} values"),
    };
    let found = Diagnostic::error(Code::UnexpectedArgument, message).at(extra.place, "unexpected value");
    if let Some(meant) = meant_property(node, extra, word) {
        let written = format!("{}={}", meant.name, shown_value(extra));
        return found.help(format!("did you mean `{written}`?")).suggest(
            Place::new(extra.place.file, extra.place.range().start..extra.place.range().start),
            format!("{}=", meant.name),
        );
    }
    let signature = signature(word);
    found.help(if signature == name {
        format!("write `{name}` alone")
    } else {
        format!("write `{signature}`")
    })
}

/// Returns the property that an unexpected value was probably meant for: the only missing one, or the only one of a word
/// without values.
fn meant_property<'w>(node: &Node, value: &Value, word: &'w WordRule) -> Option<&'w PropertyRule> {
    let text = value.text()?;
    let can_be = |rule: &&PropertyRule| rule.kind.may_be(text) && node.property(rule.name).is_none();
    let only = |rules: Vec<&'w PropertyRule>| match rules.as_slice() {
        [rule] => Some(*rule),
        _ => None,
    };
    let required = word.properties.iter().filter(|rule| rule.required).filter(can_be).collect();
    only(required).or_else(|| {
        let any = word.properties.iter().filter(can_be).collect();
        if word.arguments.max == 0 { only(any) } else { None }
    })
}

/// Returns the error for a duplicate word.
pub(crate) fn repeated(node: &Node, first: Place) -> Diagnostic {
    let name = &node.word;
    Diagnostic::error(Code::RepeatedNode, format!("duplicate `{name}`"))
        .at(node.word_place, format!("duplicate of `{name}`"))
        .and(first, format!("`{name}` is first given here"))
        .help("keep one of the two")
}

fn says_nothing(name: &str, place: Place, word: &WordRule) -> Diagnostic {
    let words = word.block.within().map(listed).unwrap_or_default();
    let help = match word.block {
        BlockRule::Declared => {
            "remove the empty braces, or give the values of the parameters in them".to_owned()
        }
        BlockRule::Optional(_) => {
            format!("remove the empty braces, or add one of these: {words}")
        }
        BlockRule::None | BlockRule::Required(_) => {
            format!("add at least one of these: {words}")
        }
    };
    Diagnostic::error(Code::NothingDeclared, format!("the block of `{name}` is empty"))
        .at(place, format!("the block of this `{name}` is empty"))
        .help(help)
}

/// Returns the error for a duplicate value.
pub(crate) fn repeated_value(text: &str, place: Place, first: Place) -> Diagnostic {
    Diagnostic::error(Code::RepeatedValue, format!("duplicate value `{text}`"))
        .at(place, format!("duplicate of `{text}`"))
        .and(first, format!("`{text}` is first given here"))
        .help("remove one of the two")
}

/// Returns the first line of a word's example that begins with the word, or its signature.
fn shown_example(word: &WordRule) -> String {
    let begins = |line: &&str| {
        line.strip_prefix(word.name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            && !line.ends_with('{')
    };
    match word.example.lines().map(str::trim).find(begins) {
        Some(line) => format!("`{line}`"),
        None => format!("`{}`", signature(word)),
    }
}

/// Returns a word with its values and its required properties.
fn signature(word: &WordRule) -> String {
    let values =
        if word.arguments.shown.is_empty() { String::new() } else { format!(" {}", word.arguments.shown) };
    let required = word.properties.iter().filter(|rule| rule.required);
    let properties: String = required
        .map(|rule| match rule.kind {
            Kind::Number { .. } => format!(" {}=…", rule.name),
            Kind::Text | Kind::SpacedText | Kind::AnyText | Kind::OneOf(_) => format!(" {}=\"…\"", rule.name),
        })
        .collect();
    format!("{}{values}{properties}", word.name)
}

#[cfg(test)]
mod tests {
    use rolecall_model::Sources;

    use super::*;
    use crate::words::{places_of_rule, rules};

    #[test]
    fn each_example_is_correct() {
        for rule in rules() {
            let file = Sources::default().add("example.kdl", rule.example);
            let scan = crate::scan::scan(file, rule.example);
            let mut parsed = crate::syntax::parse(file, &scan, &scan.nodes);
            // Some examples show the word within the block that it belongs to.
            let first = parsed.nodes[0].word.as_str();
            let within = if first == rule.name { places_of_rule(rule)[0] } else { places_of(first)[0] };
            let wrong = check(&mut parsed.nodes, within);
            assert_eq!(
                (scan.diagnostics, parsed.diagnostics.into_kept(), wrong.into_kept()),
                Default::default(),
                "{}",
                rule.name
            );
        }
    }
}
