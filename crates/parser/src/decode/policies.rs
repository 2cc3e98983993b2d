//! `inline-policy`: a policy document from a JSON file, or written in KDL.

mod condition;
mod document;
mod element;
mod json;
mod kdl;

use rolecall_model::policy::is_of_policies;
use rolecall_model::{Code, Diagnostic, Place, Policy};

use self::document::Notation;
use self::element::Element;
use self::json::NotJson;
use super::Decoder;
use super::files::NamedFile;
use crate::MAX_POLICY_FILE_BYTES;
use crate::syntax::{Node, Value};
use crate::words::InlinePolicyProperties;

/// The quotas of an inline policy: bytes, and characters other than white space.
const MAX_POLICY_BYTES: usize = 32_768;
const MAX_POLICY_CHARACTERS: usize = 10_240;

impl Decoder<'_> {
    pub(super) fn inline_policy(&mut self, node: &Node) -> Option<Policy> {
        let InlinePolicyProperties { file } = node.values();
        let file: Option<&Value> = file;
        match (file, &node.block) {
            (Some(_), Some(_)) => {
                self.found.push(
                    Diagnostic::error(
                        Code::UnexpectedChildren,
                        "`inline-policy` has both a file and a block",
                    )
                    .at(node.header, "this policy is given in a file as well as in a block")
                    .help("keep the file or the block"),
                );
                None
            }
            (Some(file), None) => {
                let path = file.text()?;
                self.policy_file(path, file.place)
            }
            (None, Some(_)) => {
                let document = self.written_document(node);
                self.policy(document, Notation::Kdl, node.word_place, None)
            }
            // What was not understood is probably meant for the `file`.
            (None, None) if node.has_unknown => None,
            (None, None) => {
                self.found.push(
                    Diagnostic::error(Code::NothingDeclared, "`inline-policy` is empty")
                        .at(node.word_place, "this policy has neither a file nor a block")
                        .help("write `inline-policy file=\"policies/…json\"`, or a block with `allow` and `deny`"),
                );
                None
            }
        }
    }

    /// Reads the policy of a file, once for all permission sets that use it.
    fn policy_file(&mut self, path: &str, place: Place) -> Option<Policy> {
        if let Some(known) = self.policies.get(path) {
            return known.clone();
        }
        let policy = self.read_policy_file(path, place);
        self.policies.insert(path.to_owned(), policy.clone());
        policy
    }

    fn read_policy_file(&mut self, path: &str, place: Place) -> Option<Policy> {
        let kind = NamedFile {
            what: "policy file",
            most_bytes: MAX_POLICY_FILE_BYTES,
            too_large: format!("AWS allows policies of at most {MAX_POLICY_BYTES} bytes"),
        };
        let text = self.text_of(path, place, &kind)?;
        let file = self.sources.add(path, text.as_str());
        match json::parse(file, &text) {
            Ok(document) => self.policy(document, Notation::Json { used: place }, place, Some(&text)),
            Err(NotJson { place: at, reason }) => {
                self.found.push(
                    Diagnostic::error(Code::InvalidPolicy, format!("`{path}` is not JSON: {reason}"))
                        .at(Place::new(file, at), "the JSON cannot be parsed beyond this point")
                        .and(place, "the file is referenced here")
                        .help("fix the JSON; a policy is an object with a `Version` and a `Statement`"),
                );
                None
            }
        }
    }

    /// Validates a document and returns its policy; `place` represents the entire policy, and `file` is the text of its file,
    /// if it has one.
    fn policy(
        &mut self,
        document: Element,
        notation: Notation,
        place: Place,
        file: Option<&str>,
    ) -> Option<Policy> {
        if !document::check(&document, notation, &mut self.found) {
            return None;
        }
        let value = document.into_value()?;
        // In a file, other characters may be written as escapes, as AWS accepts them.
        let written = file.map_or_else(|| value.to_string(), str::to_owned);
        let policy = Policy::from_value(value);
        self.within_limits(&policy, &written, place).then_some(policy)
    }

    fn within_limits(&mut self, policy: &Policy, written: &str, place: Place) -> bool {
        let text = policy.as_json();
        let characters = text.chars().filter(|c| !c.is_whitespace()).count();
        let (message, label) = if text.len() > MAX_POLICY_BYTES {
            (
                format!("the policy has {} bytes; AWS allows {MAX_POLICY_BYTES}", text.len()),
                "this policy is too large".to_owned(),
            )
        } else if characters > MAX_POLICY_CHARACTERS {
            (
                format!(
                    "the policy has {characters} characters other than white space; AWS allows {MAX_POLICY_CHARACTERS}"
                ),
                "this policy is too long".to_owned(),
            )
        } else if let Some(other) = written.chars().find(|c| !is_of_policies(*c)) {
            (
                format!("AWS does not allow the character `{other}` in a policy"),
                format!("this policy contains U+{:04X}; only U+0020 to U+00FF are allowed", u32::from(other)),
            )
        } else {
            return true;
        };
        self.beyond_limit(place, message, label);
        false
    }
}
