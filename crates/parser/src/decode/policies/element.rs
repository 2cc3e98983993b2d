//! A policy document in which everything has a place. Documents written in KDL and in JSON both become this, so that a
//! single validator checks both.

use rolecall_model::Place;
use serde_json::{Map, Number, Value};

/// A value of a policy document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Element {
    /// The entire value.
    pub(super) place: Place,
    /// The place to show: an entire simple value, or the beginning of a list or an object, which may have many lines.
    pub(super) shown: Place,
    pub(super) content: Content,
}

/// The content of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Element>),
    Object(Vec<Member>),
    /// It is faulty or missing, which has been reported. The validator ignores it.
    Unread,
}

/// A key of an object and its value. Keys may repeat.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) key: String,
    pub(super) place: Place,
    pub(super) value: Element,
}

impl Element {
    /// Returns the name of its kind for messages, if it is known.
    pub(super) fn kind(&self) -> Option<&'static str> {
        match self.content {
            Content::Null => Some("null"),
            Content::Bool(_) => Some("a boolean"),
            Content::Number(_) => Some("a number"),
            Content::Text(_) => Some("a text"),
            Content::List(_) => Some("a list"),
            Content::Object(_) => Some("an object"),
            Content::Unread => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Null
            | Content::Bool(_)
            | Content::Number(_)
            | Content::List(_)
            | Content::Object(_)
            | Content::Unread => None,
        }
    }

    /// Returns the value without places; `None` if a part of it is unread. Of equal keys, the last one counts.
    pub(super) fn into_value(self) -> Option<Value> {
        Some(match self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(value),
            Content::Number(number) => Value::Number(number),
            Content::Text(text) => Value::String(text),
            Content::List(values) => {
                Value::Array(values.into_iter().map(Self::into_value).collect::<Option<_>>()?)
            }
            Content::Object(members) => {
                let member = |member: Member| Some((member.key, member.value.into_value()?));
                Value::Object(members.into_iter().map(member).collect::<Option<Map<_, _>>>()?)
            }
            Content::Unread => return None,
        })
    }
}
