//! A policy document with the place of everything in it. What is written in KDL and what is written in a JSON file both
//! become this, so that one validator sees both.

use rolecall_model::Place;
use serde_json::{Map, Number, Value};

/// A value of a policy document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Element {
    /// All of it.
    pub(super) place: Place,
    /// The place to show: all of a simple value, and what begins another, which may have many lines.
    pub(super) shown: Place,
    pub(super) content: Content,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Element>),
    Object(Vec<Member>),
    /// It cannot be read, or is missing, which has been reported. Nothing else is wrong with it.
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
    /// What it is, as a message names it; `None` where that is not known.
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

    /// The value without places; `None` where a part of it is unread. Of two equal keys it holds the last.
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
