//! `rolecall`, `identity-center` and `group`: the project and its groups.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::{Group, IdentityCenter, Include};
use rolecall_model::{Code, Diagnostic, FileId, ObjectId, Place, StackName};

use super::{CheckedFile, Decoder, LANGUAGE};
use crate::check::meant_word;
use crate::limits::MAX_DISPLAY_NAME;
use crate::syntax::{Node, Value};
use crate::words::{FileWord, GroupProperties, IdentityCenterProperties, IncludeWord, RolecallProperties};

/// The required nodes that may be in unreadable text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Unread {
    pub(crate) rolecall: bool,
    pub(crate) identity_center: bool,
}

/// The settings of the project file.
pub(super) struct Settings {
    pub(super) stack: Option<StackName>,
    pub(super) identity_center: Option<IdentityCenter>,
}

/// What to report if a required node is missing.
#[derive(Clone, Copy)]
struct Missing {
    /// The project file.
    entry: Option<FileId>,
    /// Whether the node may be in unreadable text.
    may_be_unread: bool,
    help: &'static str,
}

impl Decoder<'_> {
    pub(super) fn settings(&mut self, checked: &[CheckedFile<'_>], unread: Unread) -> Settings {
        let mut settings = Settings { stack: None, identity_center: None };
        let entry = checked.first().map(|file| file.file);
        let help = "begin the project file with `rolecall language=1 stack=\"…\"`";
        let missing = Missing { entry, may_be_unread: unread.rolecall, help };
        if let Some(node) = self.only_one(checked, FileWord::Rolecall, missing) {
            let RolecallProperties { language, stack } = node.values();
            self.language(language);
            let stack = stack.and_then(Value::placed_text);
            settings.stack = stack.and_then(|(text, place)| self.identity(text, place));
        }
        let help = "add `identity-center region=\"…\"`";
        let missing = Missing { entry, may_be_unread: unread.identity_center, help };
        if let Some(node) = self.only_one(checked, FileWord::IdentityCenter, missing) {
            settings.identity_center = self.identity_center(node);
        }
        if let Some(identity_center) = &settings.identity_center {
            self.partition = identity_center.region.partition();
        }
        settings
    }

    /// Decodes the patterns of `include`. Their files have been read, and checked against the limits.
    pub(super) fn includes(&mut self, checked: &[CheckedFile<'_>]) -> Vec<Include> {
        let entry = checked.first().map_or(&[][..], |file| file.nodes);
        let mut includes = Vec::new();
        for node in entry.iter().filter(|node| node.word_of() == Some(FileWord::Include)) {
            let limit = node.words().next().map(|(IncludeWord::MayContain, limit)| limit);
            let may_contain: Option<BTreeSet<String>> =
                limit.map(|limit| limit.texts().map(|(word, _)| word.to_owned()).collect());
            for (pattern, place) in node.texts() {
                let (pattern, may_contain) = (pattern.to_owned(), may_contain.clone());
                includes.push(Include { pattern, may_contain, origin: self.origin(place) });
            }
        }
        includes
    }

    /// Returns the node of a word that a project has exactly once; anything else is reported.
    fn only_one<'n>(
        &mut self,
        checked: &'n [CheckedFile<'_>],
        word: FileWord,
        missing: Missing,
    ) -> Option<&'n Node> {
        let Missing { entry, may_be_unread, help } = missing;
        let first = self.first_of(checked, word);
        let misspelt =
            || checked.iter().flat_map(|file| file.nodes).any(|node| meant_word(&node.word) == Some(word));
        if let (None, Some(entry), false) = (first, entry, may_be_unread || misspelt()) {
            let word = word.name();
            self.found.push(
                Diagnostic::error(Code::MissingProjectNode, format!("the project has no `{word}`"))
                    .at(Place::new(entry, 0..0), format!("the project file has no `{word}`"))
                    .help(help),
            );
        }
        first
    }

    /// Returns the first node of a word that a project has at most once; duplicates are reported.
    pub(super) fn first_of<'n>(
        &mut self,
        checked: &'n [CheckedFile<'_>],
        word: FileWord,
    ) -> Option<&'n Node> {
        let is_meant = |node: &&Node| node.word_of() == Some(word);
        let mut nodes = checked.iter().flat_map(|file| file.nodes).filter(is_meant);
        let first = nodes.next();
        let word = word.name();
        for again in nodes {
            let first = first.map_or(again.word_place, |node| node.word_place);
            self.found.push(
                Diagnostic::error(Code::RepeatedNode, format!("duplicate `{word}`: a project has one"))
                    .at(again.word_place, format!("duplicate of `{word}`"))
                    .and(first, format!("`{word}` is first given here"))
                    .help("keep one of the two"),
            );
        }
        first
    }

    fn language(&mut self, value: Option<&Value>) {
        let Some(value) = value else { return };
        if let Some(language) = value.number().filter(|language| *language != LANGUAGE) {
            let message = format!("version {language} of the language is not supported");
            self.found.push(
                Diagnostic::error(Code::UnsupportedLanguage, message)
                    .at(value.place, format!("this program supports version {LANGUAGE}"))
                    .help(format!("write `language={LANGUAGE}`, or update Rolecall")),
            );
        }
    }

    fn identity_center(&mut self, node: &Node) -> Option<IdentityCenter> {
        let IdentityCenterProperties { region, instance } = node.values();
        let region: &Value = region?;
        let region = region.placed_text();
        let region = region.and_then(|(text, place)| self.identity(text, place));
        let instance = instance.and_then(Value::placed_text);
        let instance = instance.and_then(|(text, place)| self.identity(text, place));
        let origin = self.origin(node.header);
        Some(IdentityCenter { region: region?, instance, origin })
    }

    pub(super) fn group(&mut self, node: &Node) {
        let GroupProperties { display_name, id } = node.values();
        let object_id = id.and_then(Value::placed_text);
        let object_id: Option<ObjectId> = object_id.and_then(|(text, place)| self.identity(text, place));
        let display_name = display_name.and_then(Value::placed_text);
        let Some((label, label_place)) = node.text() else { return };
        let (display_name, place) = display_name.unwrap_or((label, label_place));
        self.at_most(display_name, place, MAX_DISPLAY_NAME, "the display name");
        let group = Group {
            label: label.to_owned(),
            display_name: display_name.to_owned(),
            object_id,
            origin: self.origin(node.header),
        };
        self.parts.groups.push(group);
    }

    /// Reports labels of the same group.
    pub(super) fn groups_declared_twice(&mut self) {
        let mut ids: BTreeMap<String, usize> = BTreeMap::new();
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        let mut twice = Vec::new();
        for (index, group) in self.parts.groups.iter().enumerate() {
            let (first, what) = match &group.object_id {
                Some(id) => (*ids.entry(id.as_str().to_lowercase()).or_insert(index), "object ID"),
                None => (*names.entry(&group.display_name).or_insert(index), "display name"),
            };
            // A duplicate label has been reported as such.
            if first != index && self.parts.groups[first].label != group.label {
                twice.push((first, index, what));
            }
        }
        for (first, again, what) in twice {
            let (first, again) = (&self.parts.groups[first], &self.parts.groups[again]);
            let message = format!("`{}` and `{}` are the same group", first.label, again.label);
            let (here, there) = (self.origins.place(again.origin), self.origins.place(first.origin));
            self.found.push(
                Diagnostic::error(Code::DuplicateDeclaration, message)
                    .at(here, format!("this group has the same {what} as another group"))
                    .and(there, format!("the {what} is first given here"))
                    .help("keep one of the two, and use its label everywhere"),
            );
        }
    }
}
