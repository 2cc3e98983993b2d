//! From checked nodes to the configuration. What is generic about a node has been checked; here is what its values
//! mean. A faulty value is passed over, since it has been reported.

mod accounts;
mod assignments;
mod guards;
mod permission_sets;
mod policies;
mod settings;

use std::collections::BTreeMap;
use std::str::FromStr;

use rolecall_model::config::{
    AccountSet, AccountSetIx, AssignmentRule, DeclaredPermissionSet, ExternalPermissionSet, Group,
    IdentityCenter,
};
use rolecall_model::{
    Code, Config, Diagnostic, FileId, InvalidIdentity, OriginId, Origins, Place, Policy, Sources, StackName,
};

pub(crate) use settings::Unread;

use crate::check::{meant_word, repeated_value};
use crate::resolve::{NameKind, Names, SetUse, cycles};
use crate::source::ProjectFiles;
use crate::syntax::{Content, Node};

/// The version of the language that this program reads.
const LANGUAGE: u32 = 1;

/// A file whose nodes are checked.
pub(crate) struct CheckedFile<'a> {
    pub(crate) file: FileId,
    pub(crate) nodes: &'a [Node],
}

/// What decoding gives.
pub(crate) struct Decoded {
    /// Present when nothing kept it from being whole; the caller knows of other mistakes.
    pub(crate) config: Option<Config>,
    pub(crate) origins: Origins,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Decodes a project: its own file first, then what it includes.
pub(crate) fn decode(
    files: &dyn ProjectFiles,
    sources: &mut Sources,
    checked: &[CheckedFile<'_>],
    names: Names,
    unread: Unread,
) -> Decoded {
    let mut decoder = Decoder {
        files,
        sources,
        names,
        origins: Origins::default(),
        found: Vec::new(),
        partition: "aws",
        policies: BTreeMap::new(),
        set_uses: BTreeMap::new(),
        parts: Parts::default(),
    };
    decoder.declare(checked);
    let settings = decoder.settings(checked, unread);
    for node in checked.iter().flat_map(|file| file.nodes) {
        decoder.node(node);
    }
    decoder.groups_declared_twice();
    decoder.account_set_cycles();
    decoder.found.extend(decoder.names.unknown_names());
    let config = decoder.parts.into_config(settings.stack, settings.identity_center);
    Decoded { config, origins: decoder.origins, diagnostics: decoder.found }
}

/// The lists of a configuration while they grow.
#[derive(Default)]
struct Parts {
    groups: Vec<Group>,
    account_sets: Vec<AccountSet>,
    permission_sets: Vec<DeclaredPermissionSet>,
    external_permission_sets: Vec<ExternalPermissionSet>,
    assignments: Vec<AssignmentRule>,
    guards: guards::Guards,
}

impl Parts {
    fn into_config(
        self,
        stack: Option<StackName>,
        identity_center: Option<IdentityCenter>,
    ) -> Option<Config> {
        let Self {
            mut groups,
            mut account_sets,
            mut permission_sets,
            mut external_permission_sets,
            assignments,
            guards,
        } = self;
        groups.sort_by(|a, b| a.label.cmp(&b.label));
        account_sets.sort_by(|a, b| a.name.cmp(&b.name));
        permission_sets.sort_by(|a, b| a.permission_set.name.cmp(&b.permission_set.name));
        external_permission_sets.sort_by(|a, b| a.name.cmp(&b.name));
        Some(Config {
            stack: stack?,
            identity_center: identity_center?,
            groups,
            account_sets,
            permission_sets,
            external_permission_sets,
            assignments,
            guard: guards.into_guard(),
        })
    }
}

struct Decoder<'a> {
    files: &'a dyn ProjectFiles,
    sources: &'a mut Sources,
    names: Names,
    origins: Origins,
    found: Vec<Diagnostic>,
    /// The partition of the instance's Region.
    partition: &'static str,
    /// The policy files that were read; `None` for one with a mistake, which is reported once.
    policies: BTreeMap<String, Option<Policy>>,
    /// The account sets that each account set uses.
    set_uses: BTreeMap<AccountSetIx, Vec<SetUse>>,
    parts: Parts,
}

impl Decoder<'_> {
    /// Learns every declared name, so that order does not matter. A declaration with a mistake declares its name all
    /// the same.
    fn declare(&mut self, checked: &[CheckedFile<'_>]) {
        for node in checked.iter().flat_map(|file| file.nodes) {
            let Some(name) = node.arguments.first() else { continue };
            let (Content::Text(text) | Content::Number(text)) = &name.content;
            match (NameKind::declared_by(&node.word), meant_word(&node.word).and_then(NameKind::declared_by))
            {
                (Some(_), _) => self.found.extend(self.names.declare(&node.word, text, name.place)),
                (None, Some(meant)) => self.names.lose(meant, text.clone()),
                (None, None) => {}
            }
        }
        self.names.number();
    }

    fn node(&mut self, node: &Node) {
        match node.word.as_str() {
            "group" => self.group(node),
            "accounts" => self.account_set(node),
            "permission-set" => self.permission_set(node),
            "external-permission-set" => self.external_permission_set(node),
            "assign" => self.assign(node),
            "guard" => self.guard(node),
            // The settings were read before, and the check has reported every other word.
            _ => {}
        }
    }

    fn account_set_cycles(&mut self) {
        let mut sets: Vec<&str> = self.parts.account_sets.iter().map(|set| set.name.as_str()).collect();
        sets.sort_unstable();
        self.found.extend(cycles(&sets, &self.set_uses));
    }

    fn origin(&mut self, place: Place) -> OriginId {
        self.origins.add(place)
    }

    /// Reads an identity, or reports that the text is none.
    fn identity<T: FromStr<Err = InvalidIdentity>>(&mut self, text: &str, place: Place) -> Option<T> {
        match text.parse() {
            Ok(identity) => Some(identity),
            Err(InvalidIdentity { text, wanted }) => {
                self.invalid(place, &text, wanted);
                None
            }
        }
    }

    /// Reports a text that is not what it should be.
    fn invalid(&mut self, place: Place, text: &str, wanted: &str) {
        self.found.push(
            Diagnostic::error(Code::InvalidIdentity, format!("`{text}` is not {wanted}"))
                .at(place, format!("this is not {wanted}"))
                .help(format!("write {wanted}")),
        );
    }

    /// Reports what AWS would refuse.
    fn beyond_limit(&mut self, place: Place, message: String, label: String) {
        self.found.push(
            Diagnostic::error(Code::LimitExceeded, message)
                .at(place, label)
                .help("this is a limit of AWS; shorten or divide what is too much"),
        );
    }

    /// Reports a text that is longer than AWS takes, in characters.
    fn at_most(&mut self, text: &str, place: Place, most: usize, what: &str) -> bool {
        let length = text.chars().count();
        if length > most {
            let message = format!("{what} has {length} characters; AWS takes at most {most}");
            self.beyond_limit(place, message, format!("{length} characters stand here, {most} are allowed"));
        }
        length <= most
    }

    /// Remembers a value that may stand once among several words, or reports that it stood before.
    fn once(&mut self, seen: &mut BTreeMap<String, Place>, text: &str, place: Place) -> bool {
        if let Some(first) = seen.get(text) {
            self.found.push(repeated_value(text, place, *first));
            return false;
        }
        seen.insert(text.to_owned(), place);
        true
    }
}
