//! From checked nodes to the configuration. The form of a node has been checked; this module interprets its values.
//! Faulty values are skipped, because they have been reported.

mod accounts;
mod assignments;
mod attributes;
mod entra;
mod files;
mod filling;
mod guards;
mod keeps;
mod lifecycle;
mod lints;
mod permission_sets;
mod policies;
mod settings;
mod templates;
mod uses;

use std::collections::BTreeMap;
use std::str::FromStr;

use rolecall_model::config::{
    AccessControl, AccountSet, AccountSetIx, AssignmentRule, DeclaredPermissionSet, Entra,
    ExternalPermissionSet, Group, IdentityCenter, Include, KeepRule, Release,
};
use rolecall_model::lint::LintLevels;
use rolecall_model::{
    Code, Config, Diagnostic, FileId, InvalidIdentity, OriginId, Origins, Place, Policy, Sources, StackName,
};

use guards::Guards;
use lifecycle::Lifecycle;

pub(crate) use accounts::pattern_too_long;
pub(crate) use settings::Unread;
use templates::Template;
use uses::Making;

use crate::check::{meant_word, repeated_value};
use crate::diagnostics::Diagnostics;
use crate::resolve::{NameKind, Names, SetUse, cycles};
use crate::source::ProjectFiles;
use crate::syntax::{Node, Value};
use crate::words::{FileWord, TemplateWord, Word};

/// The supported version of the language.
const LANGUAGE: u32 = 1;

/// A file with checked nodes.
pub(crate) struct CheckedFile<'a> {
    pub(crate) file: FileId,
    pub(crate) nodes: &'a [Node],
}

/// The result of decoding.
pub(crate) struct Decoded {
    /// Present if it is complete; the caller knows of other errors.
    pub(crate) config: Option<Config>,
    pub(crate) origins: Origins,
    pub(crate) diagnostics: Diagnostics,
    /// Warnings about unused names. They are only reported if there is no error, because an unreadable part may use the
    /// names.
    pub(crate) unused_names: Vec<Diagnostic>,
    pub(crate) lints: LintLevels,
}

/// Decodes a project: its own file first, then the included files.
pub(crate) fn decode(
    files: &dyn ProjectFiles,
    sources: &mut Sources,
    checked: &[CheckedFile<'_>],
    names: Names,
    unread: Unread,
) -> Decoded {
    let bytes = sources.iter().map(|(_, file)| file.text.len() as u64).sum();
    let mut decoder = Decoder {
        files,
        bytes,
        sources,
        names,
        origins: Origins::default(),
        found: Diagnostics::default(),
        partition: "aws",
        policies: BTreeMap::new(),
        listing: None,
        set_uses: BTreeMap::new(),
        lifecycle: Lifecycle::default(),
        parts: Parts::default(),
        making: Making::default(),
    };
    decoder.declare(checked);
    let lints = decoder.lint_levels(checked);
    decoder.found.set_levels(lints.clone());
    let settings = decoder.settings(checked, unread);
    let templates = decoder.templates(checked);
    for node in checked.iter().flat_map(|file| file.nodes) {
        if decoder.found.is_full() {
            break;
        }
        if let Some(word) = node.word_of() {
            decoder.node(word, node, &templates);
        }
    }
    decoder.groups_declared_twice();
    decoder.account_set_cycles();
    decoder.lifecycle_contradictions();
    decoder.parts.attributes = decoder.attributes(checked);
    decoder.parts.entra = decoder.entra(checked);
    decoder.parts.includes = decoder.includes(checked);
    decoder.found.extend(decoder.names.unknown_names());
    let config = decoder.parts.into_config(settings.stack, settings.identity_center, lints.clone());
    Decoded {
        config,
        origins: decoder.origins,
        diagnostics: decoder.found,
        unused_names: decoder.names.unused(),
        lints,
    }
}

/// The lists of a configuration while they grow.
#[derive(Default)]
struct Parts {
    groups: Vec<Group>,
    account_sets: Vec<AccountSet>,
    permission_sets: Vec<DeclaredPermissionSet>,
    external_permission_sets: Vec<ExternalPermissionSet>,
    releases: Vec<Release>,
    assignments: Vec<AssignmentRule>,
    keeps: Vec<KeepRule>,
    attributes: Option<AccessControl>,
    entra: Option<Entra>,
    includes: Vec<Include>,
    guards: Guards,
}

impl Parts {
    fn into_config(
        self,
        stack: Option<StackName>,
        identity_center: Option<IdentityCenter>,
        lints: LintLevels,
    ) -> Option<Config> {
        let Self {
            mut groups,
            mut account_sets,
            mut permission_sets,
            mut external_permission_sets,
            mut releases,
            assignments,
            keeps,
            attributes,
            entra,
            includes,
            guards,
        } = self;
        groups.sort_by(|a, b| a.label.cmp(&b.label));
        account_sets.sort_by(|a, b| a.name.cmp(&b.name));
        permission_sets.sort_by(|a, b| a.permission_set.name.cmp(&b.permission_set.name));
        external_permission_sets.sort_by(|a, b| a.name.cmp(&b.name));
        releases.sort_by(|a, b| a.name.cmp(&b.name));
        Some(Config {
            stack: stack?,
            identity_center: identity_center?,
            entra,
            groups,
            account_sets,
            permission_sets,
            external_permission_sets,
            releases,
            assignments,
            keeps,
            attributes,
            guard: guards.into_guard(),
            lints,
            includes,
        })
    }
}

struct Decoder<'a> {
    files: &'a dyn ProjectFiles,
    /// Number of bytes read from the project so far.
    bytes: u64,
    sources: &'a mut Sources,
    names: Names,
    origins: Origins,
    found: Diagnostics,
    /// The partition of the instance's Region.
    partition: &'static str,
    /// The policy files that have been read; `None` for one with an error, which is reported once.
    policies: BTreeMap<String, Option<Policy>>,
    /// The files of the project, listed once a referenced file is missing.
    listing: Option<Vec<String>>,
    /// The account sets that each account set uses.
    set_uses: BTreeMap<AccountSetIx, Vec<SetUse>>,
    lifecycle: Lifecycle,
    parts: Parts,
    making: Making,
}

impl Decoder<'_> {
    /// Collects every declared name, so that order does not matter. A faulty declaration also declares its name.
    fn declare(&mut self, checked: &[CheckedFile<'_>]) {
        for node in checked.iter().flat_map(|file| file.nodes) {
            if node.keyword.is_some() {
                for (word, name) in declared_names(node) {
                    self.found.extend(self.names.declare(word, name.content.written(), name.place));
                }
            } else if let Some(name) = node.arguments.first() {
                // A word that is not known may have been meant to declare what its nearest declares, or anything.
                let lost = match meant_word(&node.word) {
                    Some(meant) => Vec::from_iter(NameKind::declared_by(Word::File(meant))),
                    None => NameKind::ALL.to_vec(),
                };
                for kind in lost {
                    self.names.lose(kind, name.content.written().to_owned());
                }
            }
            // Among words that are not known, one within a block may have been meant for a `forbid`.
            for name in unknown_within(node) {
                self.names.lose(NameKind::Forbid, name.content.written().to_owned());
            }
        }
        self.names.seal();
    }

    fn node(&mut self, word: FileWord, node: &Node, templates: &BTreeMap<&str, Template<'_>>) {
        match word {
            FileWord::Group => self.group(node),
            FileWord::Accounts => self.account_set(node),
            FileWord::PermissionSet => self.permission_set(node),
            FileWord::ExternalPermissionSet => self.external_permission_set(node),
            FileWord::ReleasePermissionSet => self.release_permission_set(node),
            FileWord::Assign => self.assign(node),
            FileWord::Keep => self.keep(node),
            FileWord::Guard => self.guard(node),
            FileWord::Use => self.use_template(node, templates),
            // What a project says once, lints and templates are read apart.
            FileWord::Rolecall
            | FileWord::IdentityCenter
            | FileWord::Include
            | FileWord::Attributes
            | FileWord::Entra
            | FileWord::Lint
            | FileWord::Template => {}
        }
    }

    /// Decodes a line of a template.
    fn template_line(&mut self, node: &Node) {
        match node.word_of() {
            Some(TemplateWord::Assign) => self.assign(node),
            Some(TemplateWord::Keep) => self.keep(node),
            Some(TemplateWord::Parameter) | None => {}
        }
    }

    fn account_set_cycles(&mut self) {
        let mut sets: Vec<&str> = self.parts.account_sets.iter().map(|set| set.name.as_str()).collect();
        sets.sort_unstable();
        self.found.extend(cycles(&sets, &self.set_uses));
    }

    /// Adds a place; within a template that is being used, with the place of the `use`.
    fn origin(&mut self, place: Place) -> OriginId {
        match self.making.used_at(place) {
            Some(used_at) => self.origins.add_used(place, used_at),
            None => self.origins.add(place),
        }
    }

    /// Parses an identity, or reports an error.
    fn identity<T: FromStr<Err = InvalidIdentity>>(&mut self, text: &str, place: Place) -> Option<T> {
        match text.parse() {
            Ok(identity) => Some(identity),
            Err(InvalidIdentity { text, wanted }) => {
                self.invalid(place, &text, wanted);
                None
            }
        }
    }

    /// Reports a text that is not what is expected. `wanted` is the expected thing, followed by its definition in
    /// parentheses or after a comma, colon or semicolon. The definition is only part of the help.
    fn invalid(&mut self, place: Place, text: &str, wanted: &str) {
        let what = &wanted[..wanted.find([',', ';', ':', '(']).unwrap_or(wanted.len())];
        self.is_not(place, text, what.trim_end(), &format!("write {wanted}"));
    }

    /// Reports a text that is not `what` is expected, with a help.
    fn is_not(&mut self, place: Place, text: &str, what: &str, help: &str) {
        self.found.push(
            Diagnostic::error(Code::InvalidIdentity, format!("`{text}` is not {what}"))
                .at(place, format!("this is not {what}"))
                .help(help),
        );
    }

    /// Reports a limit of AWS that is exceeded.
    fn beyond_limit(&mut self, place: Place, message: String, label: String) {
        self.found.push(
            Diagnostic::error(Code::LimitExceeded, message)
                .at(place, label)
                .help("this is a limit of AWS; shorten, split or remove whatever exceeds it"),
        );
    }

    /// Reports a text that is longer than AWS allows, in characters.
    fn at_most(&mut self, text: &str, place: Place, most: usize, what: &str) -> bool {
        let length = text.chars().count();
        if length > most {
            let message = format!("{what} has {length} characters; AWS allows {most}");
            self.beyond_limit(place, message, format!("{length} characters; at most {most} are allowed"));
        }
        length <= most
    }

    /// Remembers a value that must be unique among several lines, or reports a duplicate. If a `use` gives one of the
    /// two, the duplicate is accidental and harmless.
    fn once(&mut self, seen: &mut BTreeMap<String, Place>, text: &str, place: Place) -> bool {
        if let Some(first) = seen.get(text) {
            if !self.making.is_given(place) && !self.making.is_given(*first) {
                self.found.push(repeated_value(text, place, *first));
            }
            return false;
        }
        seen.insert(text.to_owned(), place);
        true
    }
}

/// Returns the names that a top-level node declares, each with its word: its own, or those of the `forbid` nodes in a
/// `guard`.
pub(crate) fn declared_names(node: &Node) -> impl Iterator<Item = (Word, &Value)> {
    let is_guard = node.word_of() == Some(FileWord::Guard);
    let of_guard = if is_guard { node.children() } else { &[] };
    std::iter::once(node).chain(of_guard).filter_map(|node| {
        let word = node.keyword.filter(|word| NameKind::declared_by(*word).is_some())?;
        Some((word, node.arguments.first()?))
    })
}

/// Returns the first values of lines that may have been meant as `forbid`: those of unknown words in a `guard`, and of
/// all lines in a node that may have been meant as a `guard`.
fn unknown_within(node: &Node) -> impl Iterator<Item = &Value> {
    let is_guard = node.word_of() == Some(FileWord::Guard);
    let may_be_guard = is_guard || node.keyword.is_none();
    let children = if may_be_guard { node.children() } else { &[] };
    children
        .iter()
        .filter(move |child| !is_guard || child.keyword.is_none())
        .filter_map(|child| child.arguments.first())
}
