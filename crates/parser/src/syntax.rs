//! The tree of a file: the nodes of the KDL crate, reduced to the language and with offsets in the file.

use std::ops::Range;

use kdl::{KdlDiagnostic, KdlDocument, KdlEntry, KdlError, KdlNode, KdlValue};
use rayon::prelude::*;
use rolecall_model::{Code, Diagnostic, FileId, Place};

use crate::diagnostics::Diagnostics;
use crate::limits::is_forbidden;
use crate::scan::{RawNode, Scan, without_marks};
use crate::words::{BlockWord, Properties, Word};

/// A node of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// The word as written.
    pub(crate) word: String,
    /// The word of the language in this place. `check` sets it on each node that it accepts. Other nodes, and the lines
    /// of a `use`, have none.
    pub(crate) keyword: Option<Word>,
    /// The place of the word.
    pub(crate) word_place: Place,
    /// The word with its arguments and properties, without the block.
    pub(crate) header: Place,
    pub(crate) arguments: Vec<Value>,
    pub(crate) properties: Vec<Property>,
    pub(crate) block: Option<Block>,
    /// Whether a property, a value or a block was not understood, and may be what seems to be missing.
    pub(crate) has_unknown: bool,
}

/// The block of a node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block {
    pub(crate) nodes: Vec<Node>,
    /// Whether a word was not understood, and may be what seems to be missing.
    pub(crate) has_unknown: bool,
}

/// `name=value`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) name_place: Place,
    pub(crate) value: Value,
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Value {
    pub(crate) content: Content,
    pub(crate) place: Place,
    /// Whether an error in it has been reported. Further errors would be consequences of that.
    pub(crate) faulty: bool,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Text(String),
    /// A number, as written.
    Number(String),
    /// `(param)"name"`: the value of a template's parameter, by its name.
    Parameter(String),
}

impl Content {
    /// Returns the text, the number as written, or the name of the parameter.
    pub(crate) fn written(&self) -> &str {
        match self {
            Self::Text(written) | Self::Number(written) | Self::Parameter(written) => written,
        }
    }
}

impl Value {
    /// Returns the text with its place, if it is a text without an error.
    pub(crate) fn placed_text(&self) -> Option<(&str, Place)> {
        self.text().map(|text| (text, self.place))
    }

    /// Returns the text, if it is one without an error.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) if !self.faulty => Some(text),
            _ => None,
        }
    }

    /// Returns the number, if it is one without an error.
    pub(crate) fn number(&self) -> Option<u32> {
        match &self.content {
            Content::Number(number) if !self.faulty => number.parse().ok(),
            _ => None,
        }
    }
}

impl Node {
    /// Returns the first argument, if it is a text without an error.
    pub(crate) fn text(&self) -> Option<(&str, Place)> {
        self.arguments.first()?.placed_text()
    }

    /// Returns the place of the entire node with its block, up to the last value in it.
    pub(crate) fn whole(&self) -> Place {
        let last = self.children().last().map_or(self.header, Self::whole);
        let end = last.range().end.max(self.header.range().end);
        Place::new(self.header.file, self.header.range().start..end)
    }

    /// Returns all arguments that are texts without an error.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, Place)> {
        self.arguments.iter().filter_map(Value::placed_text)
    }

    /// Returns the value of a property.
    pub(crate) fn property(&self, name: &str) -> Option<&Value> {
        self.properties.iter().find(|property| property.name == name).map(|property| &property.value)
    }

    /// Returns the nodes in its block.
    pub(crate) fn children(&self) -> &[Node] {
        self.block.as_ref().map_or(&[], |block| &block.nodes)
    }

    /// Returns its word, if it belongs to this kind of block.
    pub(crate) fn word_of<W: BlockWord>(&self) -> Option<W> {
        self.keyword.and_then(W::of)
    }

    /// Returns the accepted nodes in its block, each with its word.
    pub(crate) fn words<W: BlockWord>(&self) -> impl Iterator<Item = (W, &Node)> {
        self.children().iter().filter_map(|child| Some((child.word_of()?, child)))
    }

    /// Returns the values of the properties of its word.
    pub(crate) fn values<'n, P: Properties<&'n Value>>(&'n self) -> P {
        P::read(|name| self.property(name))
    }
}

/// The readable part of a file.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) nodes: Vec<Node>,
    /// The bytes of the top-level nodes that could not be parsed.
    pub(crate) unread: Vec<Range<usize>>,
    pub(crate) diagnostics: Diagnostics,
}

/// Parses `nodes`, which belong to the scan, except those that it marked as broken.
pub(crate) fn parse(file: FileId, scan: &Scan, nodes: &[RawNode]) -> Parsed {
    let outcomes: Vec<Outcome> = nodes.par_iter().map(|raw| Reader { file, scan, raw }.read()).collect();
    let mut parsed = Parsed {
        nodes: Vec::with_capacity(outcomes.len()),
        unread: Vec::new(),
        diagnostics: Diagnostics::default(),
    };
    for (raw, outcome) in nodes.iter().zip(outcomes) {
        match outcome {
            Outcome::Read(nodes) => parsed.nodes.extend(nodes),
            Outcome::Broken => parsed.unread.push(raw.range.clone()),
            Outcome::Refused(diagnostic) => {
                parsed.unread.push(raw.range.clone());
                parsed.diagnostics.push(*diagnostic);
            }
        }
    }
    hidden_characters(&mut parsed.nodes, &mut parsed.diagnostics);
    parsed
}

/// The result for a top-level node.
enum Outcome {
    Read(Vec<Node>),
    /// The scan has reported why it cannot be parsed.
    Broken,
    /// The KDL crate rejects it.
    Refused(Box<Diagnostic>),
}

struct Reader<'a> {
    file: FileId,
    scan: &'a Scan,
    raw: &'a RawNode,
}

impl Reader<'_> {
    fn read(&self) -> Outcome {
        if self.raw.broken {
            return Outcome::Broken;
        }
        match KdlDocument::parse_v2(&self.scan.masked[self.raw.range.clone()]) {
            Ok(document) => Outcome::Read(document.nodes().iter().map(|node| self.node(node)).collect()),
            Err(error) => Outcome::Refused(Box::new(self.best_of(&error))),
        }
    }

    /// Returns the place of a span of the node's own text, limited to the node.
    fn place(&self, span: miette::SourceSpan) -> Place {
        let range = &self.raw.range;
        let start = (range.start + span.offset()).min(range.end);
        Place::new(self.file, start..(start + span.len()).min(range.end))
    }

    /// Returns the most specific diagnostic of the crate: the first with a message that points at something. Those that
    /// point at nothing, or at the whole block, are consequences.
    fn best_of(&self, error: &KdlError) -> Diagnostic {
        let weight = |diagnostic: &&KdlDiagnostic| {
            let points = !diagnostic.span.is_empty();
            let blames_the_brace =
                diagnostic.message.as_deref().is_some_and(|message| message.contains("losing '}'"));
            (blames_the_brace, !points, diagnostic.message.is_none())
        };
        let best = error.diagnostics.iter().min_by_key(weight);
        let message = best.and_then(|best| best.message.as_deref()).unwrap_or("it cannot be parsed");
        let mut place =
            best.map_or(Place::new(self.file, self.raw.range.clone()), |best| self.place(best.span));
        if place.len == 0 {
            let start = place.start as usize;
            place = Place::new(self.file, start..self.end_of_character(start));
        }
        let help = best.and_then(|best| best.help.clone());
        Diagnostic::error(Code::Syntax, format!("not valid KDL: {}", uncapitalised(message)))
            .at(place, "the KDL parser stops here")
            .help(help.unwrap_or_else(|| "write values in quotes and blocks in braces".to_owned()))
    }

    fn end_of_character(&self, start: usize) -> usize {
        start + self.scan.masked[start..].chars().next().map_or(0, char::len_utf8)
    }

    fn node(&self, node: &KdlNode) -> Node {
        let word_place = self.place(node.name().span());
        let (mut arguments, mut properties) = (Vec::new(), Vec::new());
        let mut end = word_place.range().end;
        for entry in node.entries() {
            let whole = self.place(entry.span());
            end = end.max(whole.range().end);
            let value = self.value(entry, whole);
            match entry.name() {
                Some(name) => {
                    let name_place = self.place(name.span());
                    properties.push(Property { name: name.value().to_owned(), name_place, value });
                }
                None => arguments.push(value),
            }
        }
        let block = node.children().map(|children| Block {
            nodes: children.nodes().iter().map(|child| self.node(child)).collect(),
            has_unknown: false,
        });
        let header = Place::new(self.file, word_place.range().start..end);
        Node {
            word: node.name().value().to_owned(),
            keyword: None,
            word_place,
            header,
            arguments,
            properties,
            block,
            has_unknown: false,
        }
    }

    fn value(&self, entry: &KdlEntry, whole: Place) -> Value {
        // The crate gives the place of a property as a whole; its value is written at the end of that.
        let written = entry.format().map_or("", |format| format.value_repr.as_str());
        let end = whole.range().end;
        let start = end.saturating_sub(written.len()).max(whole.range().start);
        let place = Place::new(self.file, start..end);
        if let Some(text) = self.scan.unquoted.get(&start) {
            return Value { content: Content::Text(without_marks(text).to_owned()), place, faulty: true };
        }
        let content = match entry.value() {
            KdlValue::String(text) => Content::Text(text.clone()),
            KdlValue::Integer(_) | KdlValue::Float(_) => Content::Number(written.to_owned()),
            // Keywords stand without quotes, so the scan has replaced them all.
            KdlValue::Bool(_) | KdlValue::Null => Content::Number(written.to_owned()),
        };
        match (self.scan.annotations.get(&start), content) {
            (None, content) => Value { content, place, faulty: false },
            (Some(annotation), Content::Text(name)) if annotation.is_parameter => {
                let place = Place::new(self.file, annotation.start..end);
                Value { content: Content::Parameter(name), place, faulty: false }
            }
            (Some(_), content) => Value { content, place, faulty: true },
        }
    }
}

fn uncapitalised(message: &str) -> String {
    let mut characters = message.trim_end_matches('.').chars();
    characters.next().map_or(String::new(), |first| first.to_lowercase().chain(characters).collect())
}

/// Reports forbidden characters that escapes put into a text.
fn hidden_characters(nodes: &mut [Node], diagnostics: &mut Diagnostics) {
    for node in nodes {
        let properties = node.properties.iter_mut().map(|property| &mut property.value);
        for value in node.arguments.iter_mut().chain(properties) {
            let (Content::Text(text) | Content::Parameter(text)) = &value.content else { continue };
            if let Some(character) = text.chars().find(|character| is_forbidden(*character)) {
                value.faulty = true;
                let name = format!("U+{:04X}", u32::from(character));
                diagnostics.push(
                    Diagnostic::error(
                        Code::ForbiddenCharacter,
                        format!("forbidden character in a text: {name}"),
                    )
                    .at(value.place, format!("this text contains an escape for {name}"))
                    .help("remove it; the character is invisible wherever the text is shown"),
                );
            }
        }
        if let Some(block) = &mut node.block {
            hidden_characters(&mut block.nodes, diagnostics);
        }
    }
}
