//! The policy document in the block of an `inline-policy`.

use rolecall_model::Place;

use super::document::VERSION;
use super::element::{Content, Element, Member};
use crate::decode::Decoder;
use crate::syntax::{Node, Value};
use crate::words::{InlinePolicyWord, StatementProperties, StatementWord};

impl Decoder<'_> {
    /// Returns the document in the block of a node.
    pub(super) fn written_document(&mut self, node: &Node) -> Element {
        let at = node.word_place;
        let statements: Vec<Element> =
            node.words().map(|(word, child)| self.statement(word, child)).collect();
        let statements = non_empty(at, statements);
        object(at, vec![member("Version", at, text(at, VERSION)), member("Statement", at, statements)])
    }

    fn statement(&mut self, word: InlinePolicyWord, node: &Node) -> Element {
        let at = node.word_place;
        let effect = match word {
            InlinePolicyWord::Allow => "Allow",
            InlinePolicyWord::Deny => "Deny",
        };
        let (mut resources, mut conditions) = (Vec::new(), Vec::new());
        for (word, child) in node.words() {
            match word {
                StatementWord::Resource => resources.push(child),
                StatementWord::When => conditions.push(child),
            }
        }
        let mut members = Vec::new();
        let StatementProperties { sid } = node.values();
        if let Some(sid) = sid {
            members.push(member("Sid", sid.place, value(sid)));
        }
        members.push(member("Effect", at, text(at, effect)));
        let actions = node.arguments.iter().map(value).collect();
        members.push(member("Action", at, non_empty(at, actions)));
        let resources = self.distinct_texts(&resources);
        let resources = resources.iter().map(|(resource, place)| text(*place, resource)).collect();
        members.push(member("Resource", at, non_empty(at, resources)));
        if !conditions.is_empty() {
            members.push(member("Condition", at, condition(at, &conditions)));
        }
        object(at, members)
    }
}

/// Combines `when` lines into a condition: each operator once, with the keys of all its lines.
fn condition(at: Place, lines: &[&Node]) -> Element {
    let mut operators: Vec<(&str, Place, Vec<Member>)> = Vec::new();
    for line in lines {
        let [operator, key, values @ ..] = line.arguments.as_slice() else { continue };
        let (Some((operator, operator_place)), Some((key, place))) =
            (operator.placed_text(), key.placed_text())
        else {
            continue;
        };
        let key = member(key, place, non_empty(place, values.iter().map(value).collect()));
        match operators.iter_mut().find(|(known, ..)| *known == operator) {
            Some((_, _, keys)) => keys.push(key),
            None => operators.push((operator, operator_place, vec![key])),
        }
    }
    if operators.is_empty() {
        return unread(at);
    }
    let operator = |(name, place, keys)| member(name, place, object(place, keys));
    object(at, operators.into_iter().map(operator).collect())
}

fn element(place: Place, content: Content) -> Element {
    Element { place, shown: place, content }
}

fn unread(place: Place) -> Element {
    element(place, Content::Unread)
}

fn text(place: Place, text: &str) -> Element {
    element(place, Content::Text(text.to_owned()))
}

/// Returns a checked value; a faulty one has been reported.
fn value(value: &Value) -> Element {
    value.text().map_or_else(|| unread(value.place), |written| text(value.place, written))
}

/// Returns a list, or an unread element if everything in it is faulty or missing, which has been reported.
fn non_empty(place: Place, values: Vec<Element>) -> Element {
    if values.is_empty() { unread(place) } else { element(place, Content::List(values)) }
}

fn object(place: Place, members: Vec<Member>) -> Element {
    element(place, Content::Object(members))
}

fn member(key: &str, place: Place, value: Element) -> Member {
    Member { key: key.to_owned(), place, value }
}
