//! JSON of policy files, with the place of every value. serde_json reads texts and numbers; what holds them together
//! is read here, since serde_json keeps no places and silently takes the last of two equal keys.

use std::ops::Range;

use serde_json::{Map, Number, Value};

/// How deep values may be nested. A policy needs six levels.
const MAX_DEPTH: usize = 32;

/// A JSON value and where it stands, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Json {
    pub(crate) range: Range<usize>,
    pub(crate) content: Content,
}

/// What a JSON value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Json>),
    Object(Vec<Member>),
}

/// A key of an object and its value. Keys may repeat.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) key: String,
    /// The key's place, its quotes included.
    pub(crate) place: Range<usize>,
    pub(crate) value: Json,
}

impl Json {
    /// What it is, as a message names it.
    pub(crate) fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "null",
            Content::Bool(_) => "a boolean",
            Content::Number(_) => "a number",
            Content::Text(_) => "a text",
            Content::List(_) => "a list",
            Content::Object(_) => "an object",
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The place to show: all of a simple value, and the bracket that opens another, which may have many lines.
    pub(crate) fn shown(&self) -> Range<usize> {
        match self.content {
            Content::List(_) | Content::Object(_) => self.range.start..self.range.start + 1,
            _ => self.range.clone(),
        }
    }

    /// The value without places. Of two equal keys it holds the last.
    pub(crate) fn into_value(self) -> Value {
        match self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(value),
            Content::Number(number) => Value::Number(number),
            Content::Text(text) => Value::String(text),
            Content::List(values) => Value::Array(values.into_iter().map(Self::into_value).collect()),
            Content::Object(members) => {
                let member = |member: Member| (member.key, member.value.into_value());
                Value::Object(members.into_iter().map(member).collect::<Map<_, _>>())
            }
        }
    }
}

/// Why a text is not JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotJson {
    /// Where it was noticed: one character, or nothing at the end of the text.
    pub(crate) place: Range<usize>,
    /// What is wrong there, as the rest of a sentence.
    pub(crate) reason: String,
}

/// Reads one JSON value.
///
/// # Errors
/// The text is not JSON, or is nested deeper than [`MAX_DEPTH`] levels.
pub(crate) fn parse(text: &str) -> Result<Json, NotJson> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.wrong("something follows the value")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.at += self.text.as_bytes()[self.at..].iter().take_while(|byte| is_space(byte)).count();
    }

    fn wrong(&self, reason: impl Into<String>) -> NotJson {
        self.wrong_at(self.at, reason)
    }

    /// A mistake at the character that begins at an offset, or within which it lies.
    fn wrong_at(&self, at: usize, reason: impl Into<String>) -> NotJson {
        let start = self.text.floor_char_boundary(at);
        let length = self.text[start..].chars().next().map_or(0, char::len_utf8);
        NotJson { place: start..start + length, reason: reason.into() }
    }

    /// Takes a byte, or says what is missing.
    fn expect(&mut self, byte: u8, missing: &str) -> Result<(), NotJson> {
        self.space();
        if self.peek() != Some(byte) {
            return Err(self.wrong(missing));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Json, NotJson> {
        self.space();
        let start = self.at;
        let content = match self.peek() {
            Some(b'{' | b'[') if depth == MAX_DEPTH => {
                return Err(self.wrong(format!("values are nested deeper than {MAX_DEPTH} levels")));
            }
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Content::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'}' | b']' | b',' | b':') => return Err(self.wrong("a value is missing before this")),
            Some(_) => self.keyword()?,
            None => return Err(self.wrong("the text ends where a value is expected")),
        };
        Ok(Json { range: start..self.at, content })
    }

    fn keyword(&mut self) -> Result<Content, NotJson> {
        let keywords =
            [("true", Content::Bool(true)), ("false", Content::Bool(false)), ("null", Content::Null)];
        for (word, content) in keywords {
            let rest = &self.text[self.at..];
            let goes_on = rest[word.len().min(rest.len())..].starts_with(|c: char| c.is_ascii_alphanumeric());
            if rest.starts_with(word) && !goes_on {
                self.at += word.len();
                return Ok(content);
            }
        }
        Err(self.wrong("no value begins like this; texts stand in double quotes"))
    }

    fn number(&mut self) -> Result<Content, NotJson> {
        let start = self.at;
        let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        self.at += self.text.as_bytes()[start..].iter().take_while(|byte| is_part(byte)).count();
        match serde_json::from_str(&self.text[start..self.at]) {
            Ok(number) => Ok(Content::Number(number)),
            Err(_) => Err(self.wrong_at(start, "this is not a number of JSON")),
        }
    }

    fn string(&mut self) -> Result<String, NotJson> {
        let start = self.at;
        let mut at = start + 1;
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => break,
                b'\\' => at += 2,
                b'\n' | b'\r' => return Err(self.wrong_at(start, "this text is not closed on its line")),
                _ => at += 1,
            }
        }
        if at >= bytes.len() {
            return Err(self.wrong_at(start, "this text is never closed"));
        }
        self.at = at + 1;
        serde_json::from_str(&self.text[start..self.at]).map_err(|error| {
            // A text stands on one line, so the column is the count of bytes that were read.
            let offset = start + error.column().saturating_sub(1);
            self.wrong_at(offset.min(at), "a text holds an escape or a character that JSON does not allow")
        })
    }

    fn list(&mut self, depth: usize) -> Result<Content, NotJson> {
        self.at += 1;
        let mut values = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Content::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            if self.ends_or_goes_on(b']', "a `,` or `]` is missing before this")? {
                return Ok(Content::List(values));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Content, NotJson> {
        self.at += 1;
        let mut members = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Content::Object(members));
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a key in double quotes is expected here"));
            }
            let key = self.string()?;
            let place = start..self.at;
            self.expect(b':', "a `:` is missing behind the key")?;
            let value = self.value(depth + 1)?;
            members.push(Member { key, place, value });
            if self.ends_or_goes_on(b'}', "a `,` or `}` is missing before this")? {
                return Ok(Content::Object(members));
            }
        }
    }

    /// Takes the bracket that closes, or a comma that something follows.
    fn ends_or_goes_on(&mut self, close: u8, missing: &str) -> Result<bool, NotJson> {
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(true);
        }
        let comma = self.at;
        self.expect(b',', missing)?;
        self.space();
        if self.peek() == Some(close) {
            return Err(self.wrong_at(comma, "nothing follows this comma"));
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop_oneof, proptest};

    use super::*;

    fn reason_at(text: &str) -> (String, String) {
        let NotJson { place, reason } = parse(text).unwrap_err();
        (text[place].to_owned(), reason)
    }

    #[test]
    fn every_value_knows_its_place() {
        let text = "{ \"é\": [true, -1.5e3, \"a\\\"b\"],\n  \"k\": null }";
        let json = parse(text).unwrap();
        let Content::Object(members) = &json.content else { panic!("{json:?}") };
        assert_eq!(&text[members[0].place.clone()], "\"é\"");
        let Content::List(values) = &members[0].value.content else { panic!("{json:?}") };
        let written: Vec<&str> = values.iter().map(|value| &text[value.range.clone()]).collect();
        assert_eq!(written, ["true", "-1.5e3", "\"a\\\"b\""]);
        assert_eq!(values[2].text(), Some("a\"b"));
        assert_eq!(&text[members[1].value.range.clone()], "null");
    }

    #[test]
    fn what_is_wrong_is_said_where_it_stands() {
        for (text, at, reason) in [
            ("{\"a\": 1,}", ",", "nothing follows this comma"),
            ("{\"a\" 1}", "1", "a `:` is missing behind the key"),
            ("[1 2]", "2", "a `,` or `]` is missing before this"),
            ("{a: 1}", "a", "a key in double quotes is expected here"),
            ("[\"a]", "\"", "this text is never closed"),
            ("[\"a\n\"]", "\"", "this text is not closed on its line"),
            ("[\"é\\x\"]", "x", "a text holds an escape or a character that JSON does not allow"),
            ("[01]", "0", "this is not a number of JSON"),
            ("[truely]", "t", "no value begins like this; texts stand in double quotes"),
            ("[] é", "é", "something follows the value"),
            ("[}", "}", "a value is missing before this"),
            ("[", "", "the text ends where a value is expected"),
            ("\"\\", "\"", "this text is never closed"),
        ] {
            assert_eq!(reason_at(text), (at.to_owned(), reason.to_owned()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_json_reads(value in value()) {
            let text = format!("{value:#}");
            proptest::prop_assert_eq!(parse(&text).unwrap().into_value(), value);
        }

        #[test]
        fn it_refuses_what_serde_json_refuses(text in "[\\[\\]{}:,\"\\\\ua0-9.e\\-+ \\n]{0,24}") {
            let known: Result<Value, _> = serde_json::from_str(&text);
            proptest::prop_assert_eq!(parse(&text).is_ok(), known.is_ok(), "{:?}", known);
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            any::<i32>().prop_map(Value::from),
            any::<String>().prop_map(Value::String),
            proptest::strategy::Just(Value::Null),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                proptest::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|object| Value::Object(object.into_iter().collect())),
            ]
        })
    }
}
