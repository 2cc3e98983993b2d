//! IAM policy documents, compared by meaning as far as IAM's grammar defines it.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// A policy document. Two documents are equal if their canonical forms are. The text is kept as written, because it is what
/// is sent to AWS and what a person expects to see in the console.
#[derive(Debug, Clone)]
pub struct Policy {
    text: String,
    canonical: Value,
}

impl Policy {
    /// Parses a policy from JSON text.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let value: Value = serde_json::from_str(text)?;
        Ok(Self::from_value(value))
    }

    /// Creates a policy from a JSON value.
    pub fn from_value(value: Value) -> Self {
        Self { text: escaped(&value.to_string()), canonical: canonical_document(value) }
    }

    /// Returns the document as one line of JSON, as it is sent to AWS.
    pub fn as_json(&self) -> &str {
        &self.text
    }

    /// Returns the document on several lines, as a policy file contains it.
    pub fn to_file_text(&self) -> String {
        let value: Value = serde_json::from_str(&self.text).unwrap_or_default();
        format!("{}\n", escaped(&format!("{value:#}")))
    }

    /// Returns the canonical form: keys sorted; `Statement`, `Action`, `Resource` and condition values as lists; lists
    /// without a meaningful order sorted and without duplicates.
    pub fn canonical(&self) -> &Value {
        &self.canonical
    }

    /// Returns whether a statement allows `*` on `*` without a condition, or nearly everything through `NotAction`.
    pub fn allows_everything(&self) -> bool {
        let has_star = |statement: &Value, key: &str| {
            let mut values = statement[key].as_array().into_iter().flatten();
            values.any(|value| matches!(value.as_str(), Some("*" | "*:*")))
        };
        // `NotAction` allows whatever it does not list; only where that leaves IAM out is it less than everything.
        let allows_nearly_all = |statement: &Value| {
            let listed = statement["NotAction"].as_array();
            listed.is_some_and(|listed| {
                !listed.iter().any(|action| matches!(action.as_str(), Some("iam:*" | "*" | "*:*")))
            })
        };
        let mut statements = self.canonical["Statement"].as_array().into_iter().flatten();
        statements.any(|statement| {
            statement["Effect"] == "Allow"
                && (has_star(statement, "Action") || allows_nearly_all(statement))
                && has_star(statement, "Resource")
                && statement.get("Condition").is_none()
        })
    }

    /// Returns the canonical form on several lines, as plans show it.
    pub fn to_pretty(&self) -> String {
        format!("{:#}", self.canonical)
    }
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Policy {}

impl fmt::Display for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Snapshots contain the document as JSON, not as JSON within a string, so that people can read it.
impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value: Value = serde_json::from_str(&self.text).map_err(serde::ser::Error::custom)?;
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from_value)
    }
}

/// Writes characters as escapes that AWS does not accept in the text of a policy or that cannot be seen, as they are in a
/// live policy that contains them. In JSON they can only be part of a string.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        let is_seen = !character.is_control() || character == '\n';
        if is_seen && is_of_policies(character) {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// Returns whether AWS accepts a character in the text of a policy without an escape (`PermissionSetPolicyDocument` in the
/// service model of sso-admin).
pub fn is_of_policies(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FF}')
}

fn canonical_document(value: Value) -> Value {
    let Value::Object(document) = value else { return value };
    Value::Object(
        document
            .into_iter()
            .map(|(key, value)| match key.as_str() {
                "Statement" => {
                    (key, Value::Array(listed(value).into_iter().map(canonical_statement).collect()))
                }
                _ => (key, value),
            })
            .collect(),
    )
}

fn canonical_statement(value: Value) -> Value {
    let Value::Object(statement) = value else { return value };
    Value::Object(
        statement
            .into_iter()
            .map(|(key, value)| match key.as_str() {
                "Action" | "NotAction" | "Resource" | "NotResource" => (key, sorted(listed(value))),
                "Condition" => (key, canonical_condition(value)),
                "Effect" => (key, canonical_effect(value)),
                _ => (key, value),
            })
            .collect(),
    )
}

/// IAM accepts an effect in any case.
fn canonical_effect(value: Value) -> Value {
    let spelled = |text: &&str| value.as_str().is_some_and(|effect| effect.eq_ignore_ascii_case(text));
    match ["Allow", "Deny"].into_iter().find(spelled) {
        Some(known) => Value::from(known),
        None => value,
    }
}

/// Operators contain keys, and keys contain one value or a list of alternatives. To IAM, `true` and `"true"`, or `5` and
/// `"5"`, are the same.
fn canonical_condition(value: Value) -> Value {
    let Value::Object(operators) = value else { return value };
    let canonical_keys = |keys: Map<String, Value>| -> Map<String, Value> {
        let as_text = |value| match value {
            Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
            other => other,
        };
        keys.into_iter()
            .map(|(key, values)| (key, sorted(listed(values).into_iter().map(as_text).collect())))
            .collect()
    };
    Value::Object(
        operators
            .into_iter()
            .map(|(operator, keys)| match keys {
                Value::Object(keys) => (operator, Value::Object(canonical_keys(keys))),
                other => (operator, other),
            })
            .collect(),
    )
}

fn listed(value: Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values,
        single => vec![single],
    }
}

fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by_cached_key(Value::to_string);
    values.dedup();
    Value::Array(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Policy {
        Policy::from_json(text).unwrap()
    }

    #[test]
    fn spellings_that_mean_the_same_are_equal() {
        let one = policy(
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*",
                "Condition":{"Bool":{"aws:SecureTransport":true}}}}"#,
        );
        let other = policy(
            r#"{"Statement":[{"Resource":["*"],"Action":["s3:GetObject","s3:GetObject"],"Effect":"Allow",
                "Condition":{"Bool":{"aws:SecureTransport":["true"]}}}],"Version":"2012-10-17"}"#,
        );
        assert_eq!(one, other);
        let lower = policy(&one.as_json().replace("Allow", "allow"));
        assert_eq!(lower, one);
    }

    #[test]
    fn what_means_something_else_differs() {
        let allow = policy(r#"{"Statement":[{"Effect":"Allow","Action":["a:B","a:C"],"Resource":"*"}]}"#);
        let deny = policy(r#"{"Statement":[{"Effect":"Deny","Action":["a:B","a:C"],"Resource":"*"}]}"#);
        let fewer = policy(r#"{"Statement":[{"Effect":"Allow","Action":["a:B"],"Resource":"*"}]}"#);
        let not = policy(r#"{"Statement":[{"Effect":"Allow","NotAction":["a:B","a:C"],"Resource":"*"}]}"#);
        for other in [deny, fewer, not] {
            assert_ne!(allow, other);
        }
    }

    #[test]
    fn a_character_that_aws_accepts_only_as_an_escape_is_written_as_one() {
        let text = r#"{"Id":"\u4e2d\ud83d\ude00\u0080é"}"#;
        let written = policy(text);
        assert_eq!(written.as_json(), text);
        assert_eq!(policy(&written.to_file_text()), written);
        assert!(written.to_file_text().chars().all(is_of_policies));
    }

    #[test]
    fn a_variable_of_iam_stays_literal_text() {
        let text = r#"{"Statement":[{"Resource":"arn:aws:s3:::home/${aws:username}/*"}]}"#;
        assert_eq!(policy(text).as_json(), text);
    }
}
