//! `template`: its parameters, and errors in it that do not depend on a use.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{Code, Diagnostic, Place};

use super::{CheckedFile, Decoder};
use crate::nearest::nearest;
use crate::resolve::NameKind;
use crate::scan::is_bare_word;
use crate::syntax::{Content, Node, Value};
use crate::words::{
    AssignWord, FileWord, KeepWord, Kind, ParameterKind, ParameterProperties, PropertyRule, SelectionWord,
    SelectorWord, TemplateWord, Word,
};

/// Number of unknown parameters for which the nearest name is searched: each is compared with all declared ones.
const MAX_SUGGESTED: usize = 200;
/// Number of parameters that a help lists.
const MAX_LISTED: usize = 8;
/// Number of bytes of a text that count as much as one word.
const BYTES_OF_A_PART: usize = 64;

/// A template whose own errors have been reported.
pub(super) struct Template<'n> {
    pub(super) name: &'n str,
    /// The whole node.
    pub(super) whole: Place,
    /// The node without its block.
    pub(super) header: Place,
    pub(super) parameters: BTreeMap<&'n str, Parameter>,
    /// The `assign` and `keep` nodes.
    pub(super) body: Vec<&'n Node>,
    /// Whether a word of its block was not understood, and may have declared a parameter.
    pub(super) incomplete: bool,
    /// What one use generates at least, as counted by [`MAX_GENERATED`](crate::MAX_GENERATED).
    pub(super) weight: usize,
}

/// A parameter of a template.
pub(super) struct Parameter {
    /// `None` if it cannot be read, which has been reported.
    pub(super) kind: Option<ParameterKind>,
    /// Whether a use may omit it.
    pub(super) optional: bool,
    /// The name in its declaration.
    pub(super) declared_at: Place,
    /// Its first place in the lines of the template.
    pub(super) stands_at: Option<Place>,
}

impl ParameterKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Group => "group",
            Self::PermissionSet => "permission-set",
            Self::Text => "text",
        }
    }

    /// Returns what its values refer to.
    pub(super) fn names(self) -> Option<NameKind> {
        match self {
            Self::Accounts => Some(NameKind::AccountSet),
            Self::Group => Some(NameKind::Group),
            Self::PermissionSet => Some(NameKind::PermissionSet),
            Self::Text => None,
        }
    }
}

/// Returns the kind of parameter that can replace a value of a word, if there is one.
pub(super) fn taken_by(word: Word) -> Option<ParameterKind> {
    is_text(word.rule().arguments.kind).then_some(match word {
        Word::Template(word) => match word {
            TemplateWord::Assign | TemplateWord::Keep => ParameterKind::PermissionSet,
            TemplateWord::Parameter => ParameterKind::Text,
        },
        Word::Assign(word) => match word {
            AssignWord::To => ParameterKind::Group,
            AssignWord::On => ParameterKind::Accounts,
            AssignWord::ToUser | AssignWord::Until | AssignWord::Reason => ParameterKind::Text,
        },
        Word::Keep(word) => match word {
            KeepWord::To => ParameterKind::Group,
            KeepWord::On => ParameterKind::Accounts,
            KeepWord::ToUser | KeepWord::ToUndeclared | KeepWord::Until | KeepWord::Reason => {
                ParameterKind::Text
            }
        },
        Word::Selection(word) => match word {
            SelectionWord::Accounts => ParameterKind::Accounts,
            SelectionWord::Account
            | SelectionWord::Unit
            | SelectionWord::Tag
            | SelectionWord::Name
            | SelectionWord::EveryMemberAccount
            | SelectionWord::Only
            | SelectionWord::Except => ParameterKind::Text,
        },
        Word::Selector(word) => match word {
            SelectorWord::Accounts => ParameterKind::Accounts,
            SelectorWord::Account
            | SelectorWord::Unit
            | SelectorWord::Tag
            | SelectorWord::Name
            | SelectorWord::EveryMemberAccount => ParameterKind::Text,
        },
        // No other word is allowed in a template.
        Word::File(_)
        | Word::Include(_)
        | Word::PermissionSet(_)
        | Word::Boundary(_)
        | Word::InlinePolicy(_)
        | Word::Statement(_)
        | Word::Attributes(_)
        | Word::Entra(_)
        | Word::Application(_)
        | Word::RequireMfa(_)
        | Word::Guard(_)
        | Word::GuardFilter(_)
        | Word::Exception(_)
        | Word::Lint(_) => ParameterKind::Text,
    })
}

/// Returns the same for a property of a word.
pub(super) fn taken_by_property(rule: Option<&PropertyRule>) -> Option<ParameterKind> {
    rule.filter(|rule| is_text(rule.kind)).map(|_| ParameterKind::Text)
}

fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::SpacedText | Kind::AnyText)
}

/// Returns how much a value counts toward [`MAX_GENERATED`](crate::MAX_GENERATED).
pub(super) fn weight_of_value(value: &Value) -> usize {
    1 + value.content.written().len() / BYTES_OF_A_PART
}

/// Returns how much a node with its block counts.
pub(super) fn weight(node: &Node) -> usize {
    let properties = node.properties.iter().map(|property| &property.value);
    let values: usize = node.arguments.iter().chain(properties).map(weight_of_value).sum();
    1 + values + node.children().iter().map(weight).sum::<usize>()
}

impl<'n> Template<'n> {
    /// Returns the names of its parameters, for a help.
    pub(super) fn listed(&self) -> String {
        let mut listed: Vec<String> =
            self.parameters.keys().take(MAX_LISTED).map(|name| format!("`{name}`")).collect();
        if self.parameters.len() > MAX_LISTED {
            listed.push("…".to_owned());
        }
        listed.join(", ")
    }
}

impl Decoder<'_> {
    /// Decodes every template and reports errors that do not depend on a use. Of two with the same name, the first
    /// counts.
    pub(super) fn templates<'n>(&mut self, checked: &[CheckedFile<'n>]) -> BTreeMap<&'n str, Template<'n>> {
        let mut templates = BTreeMap::new();
        for node in checked
            .iter()
            .flat_map(|file| file.nodes)
            .filter(|node| node.word_of() == Some(FileWord::Template))
        {
            if self.found.is_full() {
                break;
            }
            let template = self.template(node);
            templates.entry(template.name).or_insert(template);
        }
        templates
    }

    fn template<'n>(&mut self, node: &'n Node) -> Template<'n> {
        let mut template = Template {
            name: node.arguments.first().map_or("", |name| name.content.written()),
            whole: node.whole(),
            header: node.header,
            parameters: BTreeMap::new(),
            body: Vec::new(),
            incomplete: node.block.as_ref().is_none_or(|block| block.has_unknown),
            weight: weight(node),
        };
        self.stand_nowhere(node);
        for (word, child) in node.words() {
            match word {
                TemplateWord::Parameter => self.parameter(child, &mut template),
                TemplateWord::Assign | TemplateWord::Keep => template.body.push(child),
            }
        }
        if template.body.is_empty() && !template.incomplete && !template.parameters.is_empty() {
            let name = template.name;
            self.found.push(
                Diagnostic::error(Code::NothingDeclared, format!("the template `{name}` is empty"))
                    .at(node.header, "this template has parameters, but no `assign` or `keep`")
                    .help("add the `assign` and `keep` lines that each `use` generates"),
            );
        }
        for body in template.body.clone() {
            self.parameters_in(body, &mut template);
        }
        self.by_itself(&template);
        template
    }

    fn parameter<'n>(&mut self, node: &'n Node, template: &mut Template<'n>) {
        self.stand_nowhere(node);
        let Some(value) = node.arguments.first() else {
            template.incomplete = true;
            return;
        };
        let name = value.content.written();
        if value.text().is_some() && !is_bare_word(name) {
            let help = "write a name that can begin a line of a `use`: letters, digits, `-` and `_`";
            self.is_not(value.place, name, "the name of a parameter", help);
        }
        let ParameterProperties { kind, empty } = node.values();
        let kind = kind.and_then(Value::text).and_then(ParameterKind::of);
        let parameter =
            Parameter { kind, optional: empty.is_some(), declared_at: value.place, stands_at: None };
        if let Some(first) = template.parameters.get(name) {
            self.found.push(
                Diagnostic::error(
                    Code::DuplicateDeclaration,
                    format!("the parameter `{name}` is declared more than once"),
                )
                .at(value.place, format!("duplicate declaration of `{name}`"))
                .and(first.declared_at, format!("`{name}` is first declared here"))
                .help("keep one of the two, or rename one"),
            );
        } else {
            template.parameters.insert(name, parameter);
        }
    }

    /// Reports parameters on a line that can have none.
    fn stand_nowhere(&mut self, node: &Node) {
        let properties = node.properties.iter().map(|property| &property.value);
        for value in node.arguments.iter().chain(properties) {
            if matches!(value.content, Content::Parameter(_)) && !value.faulty {
                self.found.push(not_here(value, &node.word));
            }
        }
    }

    /// Checks the parameters in a node, and warns of texts that were probably meant as parameters.
    fn parameters_in<'n>(&mut self, node: &'n Node, template: &mut Template<'n>) {
        let Some(word) = node.keyword else { return };
        let takes = taken_by(word);
        let word = word.rule();
        let named: BTreeSet<&str> = node
            .arguments
            .iter()
            .filter(|value| matches!(value.content, Content::Parameter(_)))
            .map(|value| value.content.written())
            .collect();
        for (at, value) in node.arguments.iter().enumerate() {
            self.parameter_at(value, takes, word.name, template);
            // In `tag "domain" (param)"domain"`, nothing was forgotten, and nor was it in a key by itself.
            let is_key = word.arguments.is_key(at);
            if !is_key && !named.contains(value.content.written()) {
                self.like_parameter(value, takes, template);
            }
        }
        for property in &node.properties {
            let takes = taken_by_property(word.property(&property.name));
            self.parameter_at(&property.value, takes, &property.name, template);
            self.like_parameter(&property.value, takes, template);
        }
        for child in node.children() {
            self.parameters_in(child, template);
        }
    }

    /// Checks one value of the word or property `of`, if it is a parameter.
    fn parameter_at(
        &mut self,
        value: &Value,
        takes: Option<ParameterKind>,
        of: &str,
        template: &mut Template<'_>,
    ) {
        let Content::Parameter(name) = &value.content else { return };
        if value.faulty {
            return;
        }
        let Some(parameter) = template.parameters.get_mut(name.as_str()) else {
            if !template.incomplete {
                let found = self.unknown_parameter(value, name, template);
                self.found.push(found);
            }
            return;
        };
        parameter.stands_at.get_or_insert(value.place);
        match (parameter.kind, takes) {
            (_, None) => self.found.push(not_here(value, of)),
            (Some(kind), Some(takes)) if kind != takes => {
                self.found.push(misplaced(value, of, name, (kind, takes), parameter.declared_at));
            }
            _ => {}
        }
    }

    /// Warns of a text that equals the name of a parameter that could replace it.
    fn like_parameter(&mut self, value: &Value, takes: Option<ParameterKind>, template: &Template<'_>) {
        let Some(text) = value.text() else { return };
        let name = interpolated(text).unwrap_or(text);
        let Some(parameter) = template.parameters.get(name) else { return };
        if takes.is_none() || parameter.kind != takes {
            return;
        }
        let meant = format!("(param)\"{name}\"");
        if takes.and_then(ParameterKind::names).is_some_and(|kind| !self.names.knows(kind, text)) {
            // The undeclared name is reported, with this as the resolution.
            self.names.like_parameter(value.place, meant);
            return;
        }
        let message = if name == text {
            format!("the text `{text}` is the name of a parameter")
        } else {
            format!("`{text}` names a parameter, but is not replaced by its value")
        };
        self.found.push(
            Diagnostic::warning(Code::LiteralLikeParameter, message)
                .at(value.place, format!("this stays the text `{text}`, whatever value a `use` gives"))
                .and(parameter.declared_at, format!("the parameter `{name}` is declared here"))
                .help(format!(
                    "write `{meant}` for the parameter's value, or give the parameter another name"
                ))
                .suggest(value.place, meant),
        );
    }

    fn unknown_parameter(&mut self, value: &Value, name: &str, template: &Template<'_>) -> Diagnostic {
        let found = Diagnostic::error(
            Code::UnknownParameter,
            format!("the template `{}` has no parameter `{name}`", template.name),
        )
        .at(value.place, format!("the template does not declare the parameter `{name}`"));
        match self.nearest_parameter(name, template) {
            Some(near) => found
                .help(format!("did you mean `{near}`?"))
                .suggest(value.place, format!("(param)\"{near}\"")),
            None => found.help(format!("declare it with `parameter \"{name}\" kind=\"…\"` in the template")),
        }
    }

    /// Returns the parameter that a name was probably meant to be.
    pub(super) fn nearest_parameter<'n>(&mut self, name: &str, template: &Template<'n>) -> Option<&'n str> {
        self.making.suggested += 1;
        if self.making.suggested > MAX_SUGGESTED {
            return None;
        }
        nearest(name, template.parameters.keys().copied())
    }
}

/// Returns the name in a text that uses the interpolation syntax of other languages.
fn interpolated(text: &str) -> Option<&str> {
    text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).map(str::trim)
}

/// Returns the error for a parameter on a line, or in a property, that takes none.
fn not_here(value: &Value, of: &str) -> Diagnostic {
    Diagnostic::error(Code::ParameterMisplaced, format!("`{of}` does not take a parameter"))
        .at(value.place, format!("a parameter cannot replace a value of `{of}`"))
        .help("write the value itself")
}

fn misplaced(
    value: &Value,
    of: &str,
    name: &str,
    (kind, takes): (ParameterKind, ParameterKind),
    declared_at: Place,
) -> Diagnostic {
    let (kind, takes) = (kind.as_str(), takes.as_str());
    Diagnostic::error(
        Code::ParameterMisplaced,
        format!("the parameter `{name}` has the kind `{kind}`, but `{of}` takes the kind `{takes}`"),
    )
    .at(value.place, format!("a parameter of the kind `{takes}` is expected here"))
    .and(declared_at, format!("`{name}` is declared with the kind `{kind}`"))
    .help(format!("use a parameter of the kind `{takes}` here, or declare this one as `{takes}`"))
}
