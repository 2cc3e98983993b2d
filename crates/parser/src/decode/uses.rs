//! `use`: the values that it gives, and the nodes that the template generates from them.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{Code, Diagnostic, Place};

use super::Decoder;
use super::templates::{Parameter, Template};
use crate::MAX_GENERATED;
use crate::check::{check, repeated, wrong_value};
use crate::nearest::suggest_word;
use crate::syntax::{Node, Value};
use crate::words::{Kind, ParameterKind, Within};

/// The state of generating nodes from templates.
pub(super) struct Making {
    /// The current template and use.
    current: Option<Current>,
    /// The reported errors of templates: each is reported once, however many uses have it.
    told: BTreeSet<(Option<Place>, Code, String)>,
    /// How much may still be generated.
    left: usize,
    /// Whether it was reported that more would be generated.
    pub(super) exhausted: bool,
    /// Number of unknown parameters for which the nearest name was searched.
    pub(super) suggested: usize,
}

/// A line of a template for which a use generates nodes.
struct Current {
    /// The template's whole node.
    template: Place,
    /// The line of the template.
    line: Place,
    used_at: Place,
    /// For values of the use, the first place in the line where they are inserted.
    stands: BTreeMap<Place, Place>,
}

impl Default for Making {
    fn default() -> Self {
        Self { current: None, told: BTreeSet::new(), left: MAX_GENERATED, exhausted: false, suggested: 0 }
    }
}

impl Making {
    /// Returns the use that generates the item at a place, if the place is in the current template.
    pub(super) fn used_at(&self, place: Place) -> Option<Place> {
        let current = self.current.as_ref()?;
        current.is_in_template(place).then_some(current.used_at)
    }

    /// Returns whether the current use gives the item at a place.
    pub(super) fn is_given(&self, place: Place) -> bool {
        self.current.as_ref().is_some_and(|current| !current.is_in_template(place))
    }

    /// Remembers that a value of the use is inserted at another place, in the template.
    pub(super) fn stands_at(&mut self, value: Place, in_template: Place) {
        if let Some(current) = &mut self.current {
            current.stands.entry(value).or_insert(in_template);
        }
    }
}

impl Current {
    fn is_in_template(&self, place: Place) -> bool {
        let (outer, inner) = (self.template.range(), place.range());
        self.template.file == place.file && outer.start <= inner.start && inner.end <= outer.end
    }

    /// Adds the other of the two places of an error in generated nodes.
    fn with_other_place(&self, found: Diagnostic) -> Diagnostic {
        match found.primary.as_ref().map(|label| label.place) {
            Some(place) if self.is_in_template(place) => found.and(self.used_at, "the template is used here"),
            Some(place) => {
                let stands = self.stands.get(&place).copied().unwrap_or(self.line);
                found.and(stands, "the template inserts it here")
            }
            None => found,
        }
    }
}

/// The value that a use gives for a parameter.
pub(super) enum Argument<'n> {
    Values(Vec<Value>),
    /// A block of selectors without an error, and its line.
    Selectors {
        nodes: Vec<Node>,
        word: &'n Node,
    },
    /// An error in it has been reported.
    Faulty,
}

/// A template with the values of one use.
pub(super) struct Filling<'t, 'n> {
    pub(super) template: &'t Template<'n>,
    pub(super) arguments: BTreeMap<&'n str, Argument<'t>>,
    pub(super) used_at: Place,
}

impl Decoder<'_> {
    pub(super) fn use_template(&mut self, node: &Node, templates: &BTreeMap<&str, Template<'_>>) {
        let Some((name, place)) = node.text() else { return };
        if !self.names.template(name, place) {
            return;
        }
        let Some(template) = templates.get(name) else { return };
        if !self.make_room(template.weight, node.header) {
            return;
        }
        let filling = Filling { template, arguments: self.arguments(node, template), used_at: node.header };
        for line in &template.body {
            if self.found.is_full() || self.making.exhausted {
                break;
            }
            self.make(line, &filling);
        }
    }

    /// Counts what is about to be generated, or reports that it is too much.
    pub(super) fn make_room(&mut self, weight: usize, used_at: Place) -> bool {
        if let Some(left) = self.making.left.checked_sub(weight) {
            self.making.left = left;
            return true;
        }
        if !self.making.exhausted {
            self.making.exhausted = true;
            let message =
                format!("the templates generate more than {MAX_GENERATED} words and values in total");
            self.found.push(
                Diagnostic::error(Code::FileTooLarge, message)
                    .at(used_at, "this use exceeds the limit")
                    .help("use templates less often, make them smaller, or split the project into several stacks"),
            );
        }
        false
    }

    /// Decodes a template's lines on their own, so that their errors are reported once, and even without a use.
    pub(super) fn by_itself(&mut self, template: &Template<'_>) {
        let parts = std::mem::take(&mut self.parts);
        let found = std::mem::take(&mut self.found);
        for line in &template.body {
            self.template_line(line);
        }
        self.parts = parts;
        for diagnostic in std::mem::replace(&mut self.found, found) {
            self.tell(diagnostic);
        }
    }

    /// Decodes one line of a template with the values of a use.
    fn make(&mut self, line: &Node, filling: &Filling<'_, '_>) {
        let (template, used_at) = (filling.template.whole, filling.used_at);
        self.making.current = Some(Current { template, line: line.header, used_at, stands: BTreeMap::new() });
        let found = std::mem::take(&mut self.found);
        if let Some(node) = self.filled(line, filling) {
            self.template_line(&node);
        }
        let made = std::mem::replace(&mut self.found, found);
        for diagnostic in made {
            self.tell(diagnostic);
        }
        self.making.current = None;
    }

    /// Keeps a diagnostic about generated nodes, unless it has been reported.
    fn tell(&mut self, diagnostic: Diagnostic) {
        let place = diagnostic.primary.as_ref().map(|label| label.place);
        if self.making.told.insert((place, diagnostic.code, diagnostic.message.clone())) {
            self.found.push(match &self.making.current {
                Some(current) => current.with_other_place(diagnostic),
                None => diagnostic,
            });
        }
    }

    /// Returns the values in the lines of a use, checked against the parameters.
    fn arguments<'t, 'n>(
        &mut self,
        node: &'t Node,
        template: &Template<'n>,
    ) -> BTreeMap<&'n str, Argument<'t>> {
        let mut arguments = BTreeMap::new();
        let mut first_places: BTreeMap<&str, Place> = BTreeMap::new();
        let mut has_unknown = false;
        for child in node.children() {
            let Some((name, parameter)) = template.parameters.get_key_value(child.word.as_str()) else {
                has_unknown = true;
                if !template.incomplete {
                    let found = self.no_parameter(child, template);
                    self.found.push(found);
                }
                continue;
            };
            if let Some(first) = first_places.get(name) {
                self.found.push(repeated(child, *first));
                continue;
            }
            first_places.insert(name, child.word_place);
            arguments.insert(*name, self.argument(child, parameter));
        }
        // An unknown word may be the one that seems to be missing.
        if !has_unknown && !node.has_unknown {
            for (name, parameter) in &template.parameters {
                if !parameter.optional && !arguments.contains_key(name) && !self.found.is_full() {
                    self.found.push(missing(node, name, parameter));
                }
            }
        }
        arguments
    }

    fn no_parameter(&mut self, line: &Node, template: &Template<'_>) -> Diagnostic {
        let (word, name) = (&line.word, template.name);
        let found = Diagnostic::error(
            Code::UnknownParameter,
            format!("the template `{name}` has no parameter `{word}`"),
        )
        .at(line.word_place, format!("`{name}` has no parameter `{word}`"))
        .and(template.header, "the template is declared here");
        match self.nearest_parameter(word, template) {
            Some(near) => {
                let found = found.help(format!("did you mean `{near}`?"));
                suggest_word(found, line.word_place, word, near)
            }
            None if template.parameters.is_empty() => {
                found.help(format!("`{name}` has no parameters; write `use \"{name}\"` alone"))
            }
            None => found.help(format!("the parameters of `{name}` are {}", template.listed())),
        }
    }

    /// Returns the value in one line of a use.
    fn argument<'t>(&mut self, line: &'t Node, parameter: &Parameter) -> Argument<'t> {
        let name = line.word.as_str();
        for property in &line.properties {
            let shown = &property.name;
            self.found.push(
                Diagnostic::error(Code::UnknownProperty, format!("`{name}` has no property `{shown}`"))
                    .at(property.name_place, "a parameter has no properties")
                    .help(format!("write the values only: `{name} \"…\"`")),
            );
        }
        let is_accounts = parameter.kind == Some(ParameterKind::Accounts);
        match (&line.block, parameter.kind) {
            (Some(_), None) => Argument::Faulty,
            (Some(_), Some(_)) if !is_accounts || !line.arguments.is_empty() => {
                self.found.push(block_not_here(line, parameter, is_accounts));
                Argument::Faulty
            }
            (Some(block), Some(_)) => self.selectors(line, block.nodes.clone()),
            (None, _) if line.arguments.is_empty() => {
                self.found.push(no_value(line, parameter));
                Argument::Faulty
            }
            (None, _) => Argument::Values(self.values(line, parameter)),
        }
    }

    fn values(&mut self, line: &Node, parameter: &Parameter) -> Vec<Value> {
        let mut values = line.arguments.clone();
        let mut seen = BTreeMap::new();
        // A text may be empty if the word that it is inserted into allows an empty one.
        let rule = if parameter.kind == Some(ParameterKind::Text) { Kind::AnyText } else { Kind::Text };
        for value in values.iter_mut().filter(|value| !value.faulty) {
            if let Some(found) = wrong_value(value, rule, &line.word) {
                self.found.push(found);
                value.faulty = true;
                continue;
            }
            let place = value.place;
            let Some(text) = value.text() else { continue };
            if !self.once(&mut seen, text, place) {
                value.faulty = true;
                continue;
            }
            // Values of parameters that nothing uses are resolved as well.
            match parameter.kind {
                Some(ParameterKind::Group) => self.names.group(text, place).is_some(),
                Some(ParameterKind::Accounts) => self.names.account_set(text, place).is_some(),
                Some(ParameterKind::PermissionSet) => self.names.permission_set(text, place).is_some(),
                Some(ParameterKind::Text) | None => continue,
            };
            self.names.stands_at(place, parameter.stands_at.unwrap_or(parameter.declared_at));
        }
        values
    }

    /// Checks a block of selectors, even if the template does not use it.
    fn selectors<'t>(&mut self, line: &'t Node, mut nodes: Vec<Node>) -> Argument<'t> {
        if nodes.is_empty() {
            self.found.push(
                Diagnostic::error(Code::NothingDeclared, format!("the block of `{}` is empty", line.word))
                    .at(line.word_place, "the block of this parameter is empty")
                    .help("add selectors, such as `account \"…\"`, or give the name of an account set"),
            );
            return Argument::Faulty;
        }
        let before = std::mem::take(&mut self.found);
        self.found.extend(check(&mut nodes, Within::On));
        let mut node = line.clone();
        if let Some(block) = &mut node.block {
            block.nodes.clone_from(&nodes);
        }
        self.selection(&node, &mut Vec::new());
        let found = std::mem::replace(&mut self.found, before);
        let is_faulty = found.has_error();
        self.found.extend(found);
        if is_faulty { Argument::Faulty } else { Argument::Selectors { nodes, word: line } }
    }
}

fn missing(node: &Node, name: &str, parameter: &Parameter) -> Diagnostic {
    Diagnostic::error(Code::ArgumentMissing, format!("the parameter `{name}` has no value"))
        .at(node.header, format!("this `use` gives no value for `{name}`"))
        .and(parameter.declared_at, format!("`{name}` is declared here as required"))
        .help(format!(
            "add `{name} \"…\"` to the block of the `use`; to make a parameter optional, declare it with `empty=\"allowed\"`"
        ))
}

fn no_value(line: &Node, parameter: &Parameter) -> Diagnostic {
    let name = &line.word;
    let found = Diagnostic::error(Code::ArgumentMissing, format!("the parameter `{name}` has no value"))
        .at(line.word_place, format!("this `{name}` has no value"))
        .and(parameter.declared_at, format!("`{name}` is declared here"));
    if parameter.optional {
        found.help(format!("write `{name} \"…\"`, or remove the line"))
    } else {
        found.help(format!("write `{name} \"…\"`"))
    }
}

fn block_not_here(line: &Node, parameter: &Parameter, is_accounts: bool) -> Diagnostic {
    let name = &line.word;
    let (message, label, help) = if is_accounts {
        (
            format!("`{name}` has both names and a block"),
            "this parameter has names as well as a block",
            "give either names of account sets or a block of selectors",
        )
    } else {
        (
            format!("`{name}` does not take a block"),
            "only a parameter of the kind `accounts` takes a block",
            "write the values on the line of the parameter",
        )
    };
    Diagnostic::error(Code::UnexpectedChildren, message)
        .at(line.header, label)
        .and(parameter.declared_at, format!("`{name}` is declared here"))
        .help(help)
}
