//! Inline policies: in KDL if the language supports them, and otherwise in JSON files.
//!
//! The parser decides what the language supports: a project with the policy is loaded, and the result is compared with the
//! live policy.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::Policy;
use rolecall_parser::{MemoryFiles, load};
use serde_json::Value;

use crate::text::{Node, is_writable, list, quoted};

/// Length of a line, in characters, above which a policy is easier to read in a file: the actions of a statement are on one
/// line.
const MOST_COLUMNS: usize = 140;
/// The nesting depth of `allow` and `deny`.
const STATEMENT_DEPTH: usize = 2;
/// The path of the policy file in the project that is loaded as a test.
const TRIED: &str = "policy.json";

/// How a policy is written.
pub(crate) enum Written {
    /// In the block of `inline-policy`.
    Kdl(Vec<Node>),
    /// In a file with this text.
    File(String),
    /// Not at all: the language does not support it, for this reason.
    Refused(String),
}

/// Writes a live policy of an instance in this Region, so that parsing it gives an equal policy.
pub(crate) fn write(policy: &Policy, region: &str) -> Written {
    if let Some(nodes) = in_kdl(policy) {
        let inline = Node::block("inline-policy", nodes.clone());
        if read_back(&inline, "", region).is_ok_and(|read| read.as_ref() == Some(policy)) {
            return Written::Kdl(nodes);
        }
    }
    let inline = Node::line(format!("inline-policy file={}", quoted(TRIED)));
    let in_file = |policy: &Policy| {
        let text = policy.to_file_text();
        (read_back(&inline, &text, region), text)
    };
    match in_file(policy) {
        (Ok(read), text) if read.as_ref() == Some(policy) => Written::File(text),
        (Ok(_), _) => Written::Refused("it would be another policy".to_owned()),
        (Err(reason), _) => {
            // IAM accepts `allow` for `Allow`; the language requires the latter, which the canonical form has.
            let canonical = Policy::from_value(policy.canonical().clone());
            match in_file(&canonical) {
                (Ok(read), text) if read.as_ref() == Some(policy) => Written::File(text),
                (Ok(_) | Err(_), _) => Written::Refused(reason.replace(&format!("`{TRIED}`"), "its JSON")),
            }
        }
    }
}

/// Returns how the parser reads an `inline-policy`, or the first error.
fn read_back(inline: &Node, file: &str, region: &str) -> Result<Option<Policy>, String> {
    let mut project = format!("rolecall language=1 stack=\"x\"\nidentity-center region={}\n", quoted(region));
    Node::block("permission-set \"x\"", vec![inline.clone()]).write(0, &mut project);
    let files: MemoryFiles = [("rolecall.kdl", project.as_str()), (TRIED, file)].into_iter().collect();
    let read = load(&files, "rolecall.kdl");
    match (read.diagnostics.into_iter().find(|found| found.is_error()), read.config) {
        (None, Some(config)) => {
            Ok(config.permission_sets.into_iter().next().and_then(|set| set.permission_set.inline_policy))
        }
        (Some(error), _) => Err(error.message),
        (None, None) => Err("the language does not support it".to_owned()),
    }
}

/// Returns the statements in KDL, if the language supports all of them with lines of a reasonable length.
fn in_kdl(policy: &Policy) -> Option<Vec<Node>> {
    let canonical = policy.canonical().as_object()?;
    let is_plain = canonical.keys().all(|key| matches!(key.as_str(), "Version" | "Statement"));
    let statements = canonical.get("Statement")?.as_array().filter(|list| is_plain && !list.is_empty())?;
    let statements: Vec<Statement<'_>> = statements.iter().map(Statement::read).collect::<Option<_>>()?;
    let nodes: Vec<Node> = statements.iter().map(Statement::node).collect();
    nodes.iter().all(|node| node.is_within(MOST_COLUMNS, STATEMENT_DEPTH)).then_some(nodes)
}

/// A statement that the language supports.
struct Statement<'a> {
    effect: &'a str,
    id: Option<&'a str>,
    actions: Vec<&'a str>,
    resources: Vec<&'a str>,
    /// Values by operator and key.
    conditions: BTreeMap<(&'a str, &'a str), Vec<&'a str>>,
}

impl<'a> Statement<'a> {
    fn read(value: &'a Value) -> Option<Self> {
        let statement = value.as_object()?;
        let known =
            |key: &String| matches!(key.as_str(), "Effect" | "Sid" | "Action" | "Resource" | "Condition");
        if !statement.keys().all(known) {
            return None;
        }
        let effect =
            statement.get("Effect")?.as_str().filter(|effect| matches!(*effect, "Allow" | "Deny"))?;
        let id = match statement.get("Sid") {
            None => None,
            Some(id) => Some(id.as_str().filter(|id| is_writable(id))?),
        };
        let actions = texts(statement.get("Action")?)?;
        let resources = texts(statement.get("Resource")?)?;
        let mut conditions = BTreeMap::new();
        if let Some(condition) = statement.get("Condition") {
            for (operator, keys) in condition.as_object()? {
                for (key, values) in keys.as_object().filter(|_| is_writable(operator))? {
                    if !is_writable(key) {
                        return None;
                    }
                    conditions.insert((operator.as_str(), key.as_str()), texts(values)?);
                }
            }
        }
        Some(Self { effect, id, actions, resources, conditions })
    }

    fn node(&self) -> Node {
        let Self { effect, id, actions, resources, conditions } = self;
        let id = id.map(|id| format!(" sid={}", quoted(id))).unwrap_or_default();
        let mut children = Node::repeated("resource", resources, STATEMENT_DEPTH + 1);
        children.extend(conditions.iter().map(|((operator, key), values)| {
            Node::line(format!("when {} {} {}", quoted(operator), quoted(key), list(values)))
        }));
        let head = format!("{} {}{id}", effect.to_lowercase(), list(actions));
        if children.len() == 1 && conditions.is_empty() {
            Node::short(head, children)
        } else {
            Node::block(head, children)
        }
    }
}

/// Returns the texts of a list that is not empty and has no duplicates, if the language accepts them all.
fn texts(value: &Value) -> Option<Vec<&str>> {
    let list = value.as_array().filter(|list| !list.is_empty())?;
    let texts: Vec<&str> = list.iter().map(Value::as_str).collect::<Option<_>>()?;
    let distinct: BTreeSet<&str> = texts.iter().copied().collect();
    (distinct.len() == texts.len() && texts.iter().all(|text| is_writable(text))).then_some(texts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(value: Value) -> Written {
        write(&Policy::from_value(value), "eu-west-1")
    }

    #[test]
    fn what_the_language_cannot_say_goes_to_a_file() {
        let statement = |more: Value| {
            let mut statement = json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*" });
            statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "Version": "2012-10-17", "Statement": statement })
        };
        assert!(matches!(written(statement(json!({}))), Written::Kdl(_)));
        assert!(matches!(written(statement(json!({ "Sid": "A1" }))), Written::Kdl(_)));
        assert!(matches!(written(statement(json!({ "Sid": "A 1" }))), Written::Refused(_)));
        assert!(matches!(written(statement(json!({ "Action": "s3:*" }))), Written::Kdl(_)));
        assert!(matches!(written(statement(json!({ "Resource": "bucket" }))), Written::Refused(_)));
        let on_null = json!({ "Condition": { "Null": { "aws:MultiFactorAuthAge": true } } });
        assert!(matches!(written(statement(on_null)), Written::Kdl(_)));
        let no_version = json!({ "Statement": { "Effect": "Deny", "NotAction": "iam:*", "Resource": "*" } });
        assert!(matches!(written(no_version), Written::File(_)));
        assert!(matches!(written(json!({ "Statement": [] })), Written::File(_)));
        for accepted in [
            json!({ "Condition": {} }),
            json!({ "Condition": { "any": {} } }),
            json!({ "Condition": { "StringLike": { "aws:PrincipalTag/x": [] } } }),
            json!({ "Action": [] }),
            json!({ "Resource": [] }),
            json!({ "Resource": "arn:aws:s3:::\u{4e2d}" }),
            json!({ "Action": "s3:Get Object" }),
        ] {
            assert!(matches!(written(statement(accepted.clone())), Written::File(_)), "{accepted}");
        }
        assert!(matches!(written(statement(json!({ "Effect": "allow" }))), Written::Kdl(_)));
        let odd = json!({ "Effect": "DENY", "Condition": {} });
        assert!(matches!(written(statement(odd)), Written::File(_)));
        let variable = json!({ "Version": "2008-10-17", "Statement": [
            { "Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws:username}" },
        ] });
        assert!(matches!(written(variable), Written::File(_)));
    }
}
