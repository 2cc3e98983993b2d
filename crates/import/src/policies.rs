//! Inline policies: in KDL where the language can say them, else in JSON files.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::Policy;
use serde_json::{Map, Value, json};

use crate::text::{Node, is_writable, list, quoted, says_something};

/// The quotas of an inline policy, which the language checks: bytes, and characters other than white space.
const MAX_BYTES: usize = 32_768;
const MAX_CHARACTERS: usize = 10_240;
/// A policy with a longer line, in characters, is easier to read in a file: the actions of a statement stand on one.
const MOST_COLUMNS: usize = 140;
/// The depth of `allow` and `deny` in a file.
const STATEMENT_DEPTH: usize = 2;

/// How a policy is written.
pub(crate) enum Written {
    /// In the block of `inline-policy`.
    Kdl(Vec<Node>),
    /// In a file, with this text.
    File(String),
    /// Not at all: the language refuses it, with the reason.
    Refused(&'static str),
}

/// How a live policy is written, so that what is read back is equal to it.
pub(crate) fn write(policy: &Policy) -> Written {
    if let Some(nodes) = in_kdl(policy) {
        return Written::Kdl(nodes);
    }
    let Ok(value) = serde_json::from_str::<Value>(policy.as_json()) else {
        return Written::Refused("it is not JSON");
    };
    match refusal(&value) {
        Some(reason) => Written::Refused(reason),
        None if !is_within_limits(&Policy::from_value(value.clone())) => {
            Written::Refused("it is beyond a limit of AWS")
        }
        None => Written::File(format!("{value:#}\n")),
    }
}

fn is_within_limits(policy: &Policy) -> bool {
    let text = policy.as_json();
    text.len() <= MAX_BYTES
        && text.chars().filter(|c| !c.is_whitespace()).count() <= MAX_CHARACTERS
        && text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FF}'))
}

/// Why the language does not take a JSON value for a policy.
fn refusal(value: &Value) -> Option<&'static str> {
    let Value::Object(document) = value else { return Some("it is not an object") };
    let statements = match document.get("Statement") {
        None => return Some("it has no `Statement`"),
        Some(Value::Array(statements)) if statements.is_empty() => return Some("its `Statement` is empty"),
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(single) => std::slice::from_ref(single),
    };
    statements.iter().find_map(|statement| {
        let Value::Object(statement) = statement else { return Some("a statement is not an object") };
        let has = |key: &str| statement.contains_key(key);
        let effect = statement.get("Effect").and_then(Value::as_str);
        if !matches!(effect, Some("Allow" | "Deny")) {
            Some("a statement has no `Effect`")
        } else if has("Action") == has("NotAction") || has("Resource") == has("NotResource") {
            Some("a statement has not one each of `Action` or `NotAction` and `Resource` or `NotResource`")
        } else if has("Principal") || has("NotPrincipal") {
            Some("a statement has a `Principal`")
        } else {
            None
        }
    })
}

/// The statements in KDL, if the language says them exactly, on lines that a person would write.
fn in_kdl(policy: &Policy) -> Option<Vec<Node>> {
    let canonical = policy.canonical().as_object()?;
    let is_plain = canonical.keys().all(|key| matches!(key.as_str(), "Version" | "Statement"))
        && canonical.get("Version").and_then(Value::as_str) == Some("2012-10-17");
    let statements = canonical.get("Statement")?.as_array().filter(|list| is_plain && !list.is_empty())?;
    let statements: Vec<Statement<'_>> = statements.iter().map(Statement::read).collect::<Option<_>>()?;
    let mut ids = BTreeSet::new();
    let distinct = statements.iter().filter_map(|statement| statement.id).all(|id| ids.insert(id));
    let read_back: Vec<Value> = statements.iter().map(Statement::read_back).collect();
    let read_back = Policy::from_value(json!({ "Version": "2012-10-17", "Statement": read_back }));
    let nodes: Vec<Node> = statements.iter().map(Statement::node).collect();
    let is_exact = read_back == *policy && is_within_limits(&read_back);
    (distinct && is_exact && nodes.iter().all(|node| node.is_within(MOST_COLUMNS, STATEMENT_DEPTH)))
        .then_some(nodes)
}

/// A statement that the language can say.
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
            Some(id) => Some(
                id.as_str()
                    .filter(|id| says_something(id) && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))?,
            ),
        };
        let actions = texts(statement.get("Action")?).filter(|all| all.iter().all(|one| is_action(one)))?;
        let resources = texts(statement.get("Resource")?)
            .filter(|all| all.iter().all(|one| *one == "*" || one.starts_with("arn:")))?;
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

    /// What the language makes of it.
    fn read_back(&self) -> Value {
        let Self { effect, id, actions, resources, conditions } = self;
        let mut statement = Map::new();
        statement.extend(id.map(|id| ("Sid".to_owned(), Value::from(id))));
        statement.insert("Effect".to_owned(), Value::from(*effect));
        statement.insert("Action".to_owned(), json!(actions));
        statement.insert("Resource".to_owned(), json!(resources));
        let mut operators: Map<String, Value> = Map::new();
        for ((operator, key), values) in conditions {
            let keys = operators.entry(*operator).or_insert_with(|| json!({}));
            keys[*key] = json!(values);
        }
        if !operators.is_empty() {
            statement.insert("Condition".to_owned(), operators.into());
        }
        statement.into()
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

/// The texts of a list that has some, none of them twice, if the language takes them all.
fn texts(value: &Value) -> Option<Vec<&str>> {
    let list = value.as_array().filter(|list| !list.is_empty())?;
    let texts: Vec<&str> = list.iter().map(Value::as_str).collect::<Option<_>>()?;
    let distinct: BTreeSet<&str> = texts.iter().copied().collect();
    (distinct.len() == texts.len() && texts.iter().all(|text| is_writable(text))).then_some(texts)
}

/// Whether the language takes a text for an action.
fn is_action(text: &str) -> bool {
    let is_service =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"*?_-".contains(&b))
    };
    text == "*" || text.split_once(':').is_some_and(|(service, name)| is_service(service) && is_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: Value) -> Written {
        write(&Policy::from_value(value))
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
        assert!(matches!(written(statement(json!({ "Sid": "A 1" }))), Written::File(_)));
        assert!(matches!(written(statement(json!({ "Action": "s3:*" }))), Written::Kdl(_)));
        assert!(matches!(written(statement(json!({ "Resource": "bucket" }))), Written::File(_)));
        let on_null = json!({ "Condition": { "Null": { "aws:MultiFactorAuthAge": true } } });
        assert!(matches!(written(statement(on_null)), Written::Kdl(_)));
        let no_version = json!({ "Statement": { "Effect": "Deny", "NotAction": "iam:*", "Resource": "*" } });
        assert!(matches!(written(no_version), Written::File(_)));
        assert!(matches!(written(json!({ "Statement": [] })), Written::Refused(_)));
    }
}
