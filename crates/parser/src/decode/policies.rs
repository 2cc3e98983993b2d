//! `inline-policy`: a policy document from a JSON file, or written in KDL.

mod condition;
mod document;

use std::collections::BTreeMap;

use rolecall_model::{Code, Diagnostic, Place, Policy};
use serde_json::{Map, Value, json};

use self::condition::{is_operator, unknown_operator};
use super::Decoder;
use crate::json::{self, NotJson};
use crate::source::{ReadError, stays_inside};
use crate::syntax::Node;
use crate::{MAX_FILES, MAX_POLICY_FILE_BYTES, MAX_PROJECT_BYTES, nearest};

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
        let text = self.policy_text(path, place)?;
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

    fn policy_text(&mut self, path: &str, place: Place) -> Option<String> {
        let report =
            |code: Code, message: String, label: String| Diagnostic::error(code, message).at(place, label);
        let read = if stays_inside(path) {
            self.files.read(path, MAX_POLICY_FILE_BYTES)
        } else {
            Err(ReadError::OutsideProject)
        };
        let found = match read.map(String::from_utf8) {
            Ok(Ok(text)) if self.bytes + text.len() as u64 <= MAX_PROJECT_BYTES => {
                self.bytes += text.len() as u64;
                return Some(text);
            }
            Ok(Ok(_)) => report(
                Code::FileTooLarge,
                format!("the files of the project have more than {MAX_PROJECT_BYTES} bytes together"),
                "up to this file, the project is small enough to be read".to_owned(),
            )
            .help("divide the project into several stacks"),
            Ok(Err(error)) => {
                let at = error.utf8_error().valid_up_to();
                report(
                    Code::NotUtf8,
                    format!("the policy file `{path}` is not UTF-8"),
                    format!("byte {} of this file is no UTF-8", at + 1),
                )
                .help("save the file as UTF-8")
            }
            Err(ReadError::OutsideProject) => report(
                Code::IncludeOutsideProject,
                format!("the policy file `{path}` lies outside the project's directory"),
                "this path leaves the project's directory".to_owned(),
            )
            .help("put the file into the project's directory, and write its path relative to that"),
            Err(ReadError::TooLarge { bytes }) => report(
                Code::FileTooLarge,
                format!(
                    "the policy file `{path}` has {bytes} bytes; at most {MAX_POLICY_FILE_BYTES} are read"
                ),
                "this file is too large".to_owned(),
            )
            .help(format!("AWS takes policies of at most {MAX_POLICY_BYTES} bytes")),
            Err(error) => {
                let found = report(
                    Code::FileUnreadable,
                    format!("the policy file `{path}` {error}"),
                    "this file cannot be read".to_owned(),
                );
                let files =
                    self.listing.get_or_insert_with(|| self.files.list().unwrap_or_default()).as_slice();
                let near = (error == ReadError::NotFound && files.len() <= MAX_FILES)
                    .then(|| nearest::nearest(path, files.iter().map(String::as_str)))
                    .flatten();
                match near {
                    Some(near) => {
                        found.help(format!("did you mean `{near}`?")).suggest(place, format!("\"{near}\""))
                    }
                    None => found.help("paths are relative to the project's directory"),
                }
            }
        };
        self.found.push(found);
        None
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
