//! A line of a template with its parameters replaced by values.
//!
//! A missing value must never widen the generated line. If it is one of several names, it is dropped; anywhere else, or
//! if no name remains, the entire line is dropped.

use std::collections::BTreeSet;

use rolecall_model::{Code, Diagnostic, Place};

use super::Decoder;
use super::accounts::{cuts_down, stands_alone};
use super::templates::{taken_by, taken_by_property, weight, weight_of_value};
use super::uses::{Argument, Filling};
use crate::check::wrong_value;
use crate::syntax::{Block, Content, Node, Property, Value};
use crate::words::{AssignWord, KeepWord, Kind, ParameterKind, TemplateWord, Within, Word, WordRule, find};

/// The line is dropped, because a required value is missing.
struct LeftOut;

/// The replacement of a value.
enum Filled<'f> {
    Values(Vec<Value>),
    /// The selectors that a use gives in a block, and the line of the use.
    Selectors(&'f [Node], &'f Node),
    Missing,
}

/// What a value can be replaced by.
#[derive(Clone, Copy)]
struct Takes {
    kind: Option<ParameterKind>,
    rule: Kind,
    several: bool,
}

/// The position of a node.
#[derive(Clone, Copy)]
struct Spot {
    within: Within,
    /// Whether values may be dropped.
    loses_values: bool,
    /// Whether it is the only line.
    alone: bool,
}

/// The arguments of a node after replacement.
struct Arguments<'f> {
    values: Vec<Value>,
    selectors: Vec<(&'f [Node], &'f Node)>,
    /// Whether a value was dropped.
    lost: bool,
}

/// A part of an `assign` or `keep` that must not disappear from a generated line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Principals,
    Accounts,
}

/// Returns the part to which a node in the block of an `assign` or `keep` belongs.
fn part(node: &Node) -> Option<Part> {
    let of_assign = |word: AssignWord| match word {
        AssignWord::To | AssignWord::ToUser => Some(Part::Principals),
        AssignWord::On => Some(Part::Accounts),
        AssignWord::Until | AssignWord::Reason => None,
    };
    let of_keep = |word: KeepWord| match word {
        KeepWord::To | KeepWord::ToUser => Some(Part::Principals),
        KeepWord::On => Some(Part::Accounts),
        KeepWord::ToUndeclared | KeepWord::Until | KeepWord::Reason => None,
    };
    node.word_of().and_then(of_assign).or_else(|| node.word_of().and_then(of_keep))
}

impl Decoder<'_> {
    /// Generates one line of the template with the values of a use; `None` if it is dropped.
    pub(super) fn filled(&mut self, line: &Node, filling: &Filling<'_, '_>) -> Option<Node> {
        let word: TemplateWord = line.word_of()?;
        let word = Word::Template(word);
        let arguments = self.fill_arguments(line, word, filling, true).ok()?;
        if arguments.lost && arguments.values.is_empty() {
            return None;
        }
        let properties = self.fill_properties(line, word.rule(), filling).ok()?;
        let block = self.fill_block(line, word.rule(), filling, true).ok()?;
        let parts = |nodes: &[Node]| nodes.iter().filter_map(part).collect::<BTreeSet<Part>>();
        let left = block.as_ref().map(|block| parts(&block.nodes)).unwrap_or_default();
        let lost = !parts(line.children()).is_subset(&left);
        (!lost).then(|| Node { arguments: arguments.values, properties, block, ..bare(line) })
    }

    /// Generates a node within the line: none if all of its values are dropped, and several if a block of selectors is
    /// given in addition to names.
    fn fill(&mut self, node: &Node, spot: Spot, filling: &Filling<'_, '_>) -> Result<Vec<Node>, LeftOut> {
        // Continuing would take time for every place of something that is not generated anyway.
        if self.making.exhausted {
            return Err(LeftOut);
        }
        // An unknown word has been reported.
        let Some(word) = node.keyword else { return Ok(Vec::new()) };
        let Arguments { values, selectors, lost } =
            self.fill_arguments(node, word, filling, spot.loses_values)?;
        let properties = self.fill_properties(node, word.rule(), filling)?;
        let block = self.fill_block(node, word.rule(), filling, false)?;
        let mut made = Vec::new();
        let is_gone = (lost || !selectors.is_empty()) && values.is_empty() && block.is_none();
        if !is_gone {
            made.push(Node { arguments: values, properties, block, ..bare(node) });
        }
        for (nodes, given) in selectors {
            if !self.make_room(nodes.iter().map(weight).sum(), filling.used_at) {
                break;
            }
            if part(node) == Some(Part::Accounts) {
                let block = Some(Block { nodes: nodes.to_vec(), has_unknown: false });
                made.push(Node { arguments: Vec::new(), properties: Vec::new(), block, ..bare(node) });
            } else if may_stand_for_a_set(nodes, node, spot) {
                // They were checked as lines of an `on`, and are in another block now.
                made.extend(
                    nodes.iter().map(|line| Node { keyword: find(&line.word, spot.within), ..line.clone() }),
                );
            } else {
                self.found.push(no_set(given));
            }
        }
        Ok(made)
    }

    fn fill_arguments<'f>(
        &mut self,
        node: &Node,
        word: Word,
        filling: &'f Filling<'_, '_>,
        loses_values: bool,
    ) -> Result<Arguments<'f>, LeftOut> {
        let mut out = Arguments { values: Vec::new(), selectors: Vec::new(), lost: false };
        let kind = taken_by(word);
        let word = word.rule();
        let mut has_parameter = false;
        for (at, value) in node.arguments.iter().enumerate() {
            has_parameter |= matches!(value.content, Content::Parameter(_));
            let takes = Takes { kind, rule: word.arguments.kind, several: word.arguments.may_repeat(at) };
            match self.fill_value(value, takes, word.name, filling) {
                Filled::Values(values) => out.values.extend(values),
                Filled::Selectors(nodes, given) => out.selectors.push((nodes, given)),
                Filled::Missing if loses_values => out.lost = true,
                Filled::Missing => return Err(LeftOut),
            }
        }
        if has_parameter {
            distinct(&mut out.values, word.arguments.distinct_from);
        }
        Ok(out)
    }

    fn fill_properties(
        &mut self,
        node: &Node,
        word: &WordRule,
        filling: &Filling<'_, '_>,
    ) -> Result<Vec<Property>, LeftOut> {
        let mut properties = Vec::with_capacity(node.properties.len());
        for property in &node.properties {
            let rule = word.property(&property.name);
            let takes = Takes {
                kind: taken_by_property(rule),
                rule: rule.map_or(Kind::AnyText, |rule| rule.kind),
                several: false,
            };
            let filled = self.fill_value(&property.value, takes, &property.name, filling);
            let Filled::Values(values) = filled else { return Err(LeftOut) };
            properties.extend(values.into_iter().map(|value| Property { value, ..property.clone() }));
        }
        Ok(properties)
    }

    /// Generates the block of a node; `is_line` for that of the template's line itself.
    fn fill_block(
        &mut self,
        node: &Node,
        word: &WordRule,
        filling: &Filling<'_, '_>,
        is_line: bool,
    ) -> Result<Option<Block>, LeftOut> {
        let (Some(block), Some(within)) = (&node.block, word.block.within()) else { return Ok(None) };
        let lines = block.nodes.iter().filter(|child| !cuts_down(child)).count();
        let mut nodes = Vec::with_capacity(block.nodes.len());
        for child in &block.nodes {
            let loses_values = is_line && part(child).is_some();
            nodes.extend(self.fill(child, Spot { within, loses_values, alone: lines == 1 }, filling)?);
        }
        Ok(Some(Block { nodes, has_unknown: block.has_unknown }))
    }

    /// Replaces one value of the word or property `of`.
    fn fill_value<'f>(
        &mut self,
        value: &Value,
        takes: Takes,
        of: &str,
        filling: &'f Filling<'_, '_>,
    ) -> Filled<'f> {
        let Content::Parameter(name) = &value.content else { return Filled::Values(vec![value.clone()]) };
        if self.making.exhausted {
            return Filled::Missing;
        }
        // A reported error leaves a value without a meaning.
        let faulty = || Filled::Values(vec![Value { faulty: true, ..value.clone() }]);
        let parameter = filling.template.parameters.get(name.as_str()).filter(|_| !value.faulty);
        let Some(parameter) =
            parameter.filter(|parameter| takes.kind.is_some() && parameter.kind == takes.kind)
        else {
            return faulty();
        };
        match filling.arguments.get(name.as_str()) {
            None if parameter.optional => Filled::Missing,
            None | Some(Argument::Faulty) => faulty(),
            Some(Argument::Selectors { nodes, word }) => {
                self.making.stands_at(word.word_place, value.place);
                Filled::Selectors(nodes, word)
            }
            Some(Argument::Values(given)) => {
                if let Some(second) = given.get(1).filter(|_| !takes.several) {
                    self.making.stands_at(second.place, value.place);
                    self.found.push(one_value(name, of, given.len(), second.place));
                    return faulty();
                }
                let weight = given.iter().map(weight_of_value).sum();
                if !self.make_room(weight, filling.used_at) {
                    return faulty();
                }
                Filled::Values(
                    given.iter().map(|given| self.fit(given, value.place, takes.rule, of)).collect(),
                )
            }
        }
    }

    /// Checks a given value against the rule of the place where it is inserted.
    fn fit(&mut self, given: &Value, stands: Place, rule: Kind, of: &str) -> Value {
        self.making.stands_at(given.place, stands);
        let mut value = given.clone();
        if let Some(found) = wrong_value(given, rule, of).filter(|_| !given.faulty) {
            self.found.push(found);
            value.faulty = true;
        }
        value
    }
}

/// Drops duplicate values. Duplicates in a single parameter or in the template are reported where they are written; here
/// they are accidental, for example if one group is given for two parameters.
fn distinct(values: &mut Vec<Value>, from: usize) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut at = 0;
    values.retain(|value| {
        at += 1;
        at <= from || value.text().is_none_or(|text| seen.insert(text.to_owned()))
    });
}

/// Returns a node with only its word and places.
fn bare(node: &Node) -> Node {
    Node {
        word: node.word.clone(),
        keyword: node.keyword,
        word_place: node.word_place,
        header: node.header,
        arguments: Vec::new(),
        properties: Vec::new(),
        block: None,
        has_unknown: node.has_unknown,
    }
}

/// Returns whether selectors can replace `accounts (param)"…"` with the same meaning: their lines add up there too, and
/// do not read as something else next to others.
fn may_stand_for_a_set(selectors: &[Node], node: &Node, spot: Spot) -> bool {
    let is_alone = spot.alone && selectors.len() == 1 && node.arguments.len() == 1;
    let reads_right = spot.within == Within::Except || is_alone || !selectors.iter().any(stands_alone);
    node.properties.is_empty() && !selectors.iter().any(cuts_down) && reads_right
}

/// Returns the error for a block of selectors where only the name of a set can be used.
fn no_set(given: &Node) -> Diagnostic {
    let name = &given.word;
    Diagnostic::error(
        Code::ParameterMisplaced,
        format!("the selectors of `{name}` cannot replace an account set"),
    )
    .at(given.word_place, "these selectors would have another meaning there")
    .help("declare an account set with `accounts \"…\" { … }`, and give its name")
}

/// Returns the error for several values where a single one is expected.
fn one_value(name: &str, of: &str, count: usize, second: Place) -> Diagnostic {
    Diagnostic::error(
        Code::UnexpectedArgument,
        format!("the parameter `{name}` has {count} values, but `{of}` takes one"),
    )
    .at(second, "unexpected second value")
    .help("give one value")
}
