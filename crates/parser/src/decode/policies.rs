//! `inline-policy`: a policy document from a JSON file, or written in KDL.

mod condition;
mod document;

use std::collections::BTreeMap;

use rolecall_model::{Code, Diagnostic, Place, Policy};
use serde_json::{Map, Value, json};

use self::condition::{is_operator, unknown_operator};
use super::Decoder;
use super::files::NamedFile;
use crate::MAX_POLICY_FILE_BYTES;
use crate::json::{self, NotJson};
use crate::syntax::Node;

/// The quotas of an inline policy: bytes, and characters other than white space.
const MAX_POLICY_BYTES: usize = 32_768;
const MAX_POLICY_CHARACTERS: usize = 10_240;

impl Decoder<'_> {
    pub(super) fn inline_policy(&mut self, node: &Node) -> Option<Policy> {
        match (node.property("file"), &node.block) {
            (Some(_), Some(_)) => {
                self.found.push(
                    Diagnostic::error(Code::UnexpectedChildren, "`inline-policy` has a file and a block")
                        .at(node.header, "this policy is given twice, in a file and in the block")
                        .help("keep the file or the block"),
                );
                None
            }
            (Some(file), None) => {
                let path = file.text()?;
                self.policy_file(path, file.place)
            }
            (None, Some(_)) => self.written_policy(node),
            // What was not understood is probably meant for the `file`.
            (None, None) if node.has_unknown => None,
            (None, None) => {
                self.found.push(
                    Diagnostic::error(Code::NothingDeclared, "`inline-policy` says nothing")
                        .at(node.word_place, "this policy has neither a file nor a block")
                        .help("write `inline-policy file=\"policies/…json\"`, or a block with `allow` and `deny`"),
                );
                None
            }
        }
    }

    /// The policy of a file, which is read once however many sets use it.
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
            too_large: format!("AWS takes policies of at most {MAX_POLICY_BYTES} bytes"),
        };
        let text = self.text_of(path, place, &kind)?;
        let file = self.sources.add(path, text.as_str());
        let json = match json::parse(&text) {
            Ok(json) => json,
            Err(NotJson { place: at, reason }) => {
                self.found.push(
                    Diagnostic::error(Code::InvalidPolicy, format!("`{path}` is not JSON: {reason}"))
                        .at(Place::new(file, at), "the JSON cannot be read beyond this")
                        .and(place, "the file is used here")
                        .help("mend the JSON; a policy is an object with a `Version` and a `Statement`"),
                );
                return None;
            }
        };
        if !document::check(&json, file, place, &mut self.found) {
            return None;
        }
        let policy = Policy::from_value(json.into_value());
        self.within_limits(&policy, place).then_some(policy)
    }

    fn within_limits(&mut self, policy: &Policy, place: Place) -> bool {
        let text = policy.as_json();
        let characters = text.chars().filter(|c| !c.is_whitespace()).count();
        let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FF}');
        let (message, label) = if text.len() > MAX_POLICY_BYTES {
            (
                format!("the policy has {} bytes; AWS takes at most {MAX_POLICY_BYTES}", text.len()),
                "this policy is too large".to_owned(),
            )
        } else if characters > MAX_POLICY_CHARACTERS {
            (
                format!(
                    "the policy has {characters} characters other than white space; AWS takes at most {MAX_POLICY_CHARACTERS}"
                ),
                "this policy is too long".to_owned(),
            )
        } else if let Some(other) = text.chars().find(|c| !allowed(*c)) {
            (
                format!("AWS does not take the character `{other}` in a policy"),
                format!("U+{:04X} stands in this policy; only U+0020 to U+00FF may", u32::from(other)),
            )
        } else {
            return true;
        };
        self.beyond_limit(place, message, label);
        false
    }

    fn written_policy(&mut self, node: &Node) -> Option<Policy> {
        let mut ids: BTreeMap<String, Place> = BTreeMap::new();
        let statements: Vec<Value> =
            node.children().iter().filter_map(|child| self.statement(child, &mut ids)).collect();
        let policy = Policy::from_value(json!({ "Version": "2012-10-17", "Statement": statements }));
        self.within_limits(&policy, node.word_place).then_some(policy)
    }

    fn statement(&mut self, node: &Node, ids: &mut BTreeMap<String, Place>) -> Option<Value> {
        let effect = match node.word.as_str() {
            "allow" => "Allow",
            "deny" => "Deny",
            _ => return None,
        };
        let mut statement = Map::new();
        if let Some((text, place)) =
            node.property("sid").and_then(|value| value.text().map(|text| (text, value.place)))
        {
            if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                self.invalid(place, text, "a statement id (letters and digits)");
            } else if self.once(ids, text, place) {
                statement.insert("Sid".to_owned(), text.into());
            }
        }
        let mut actions = Vec::new();
        for (text, place) in node.texts() {
            if is_action(text) {
                actions.push(Value::from(text));
            } else {
                self.invalid(place, text, "an action of IAM, such as s3:GetObject or s3:*");
            }
        }
        statement.insert("Effect".to_owned(), effect.into());
        statement.insert("Action".to_owned(), actions.into());
        statement.insert("Resource".to_owned(), self.resources(node).into());
        let conditions = self.conditions(node);
        if !conditions.is_empty() {
            statement.insert("Condition".to_owned(), conditions.into());
        }
        Some(statement.into())
    }

    fn resources(&mut self, node: &Node) -> Vec<Value> {
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        let mut resources = Vec::new();
        for (text, place) in node.children_named("resource").flat_map(Node::texts) {
            if text != "*" && !text.starts_with("arn:") {
                self.invalid(place, text, "a resource (an ARN, or *)");
            } else if self.once(&mut seen, text, place) {
                resources.push(Value::from(text));
            }
        }
        resources
    }

    fn conditions(&mut self, node: &Node) -> Map<String, Value> {
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        let mut operators: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for child in node.children_named("when") {
            let texts: Vec<(&str, Place)> = child.texts().collect();
            let [(operator, place), (key, _), values @ ..] = texts.as_slice() else { continue };
            // One operator holds each key once, so two lines could only become alternatives, which they are not.
            if !self.once(&mut seen, &format!("{operator} {key}"), *place) {
                continue;
            }
            if !is_operator(operator) {
                self.found.push(unknown_operator(operator, *place));
                continue;
            }
            let values: Vec<Value> = values.iter().map(|(value, _)| Value::from(*value)).collect();
            operators.entry((*operator).to_owned()).or_default().insert((*key).to_owned(), values.into());
        }
        operators.into_iter().map(|(operator, keys)| (operator, Value::Object(keys))).collect()
    }
}

/// Whether a text is `*` or a service and an action. IAM takes no wildcard for a part of a service's name.
fn is_action(text: &str) -> bool {
    let service =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let action = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"*?_-".contains(&b))
    };
    matches!(text, "*" | "*:*")
        || text.split_once(':').is_some_and(|(left, right)| service(left) && action(right))
}
