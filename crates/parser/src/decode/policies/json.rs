//! JSON of policy files, with the place of every value. `jsonc-parser` parses it and keeps places and equal keys. What it
//! accepts beyond JSON is rejected here, with serde_json as the authority on texts and numbers.

use std::ops::Range;
use std::str::FromStr as _;

use jsonc_parser::ast::{ObjectPropName, Value};
use jsonc_parser::common::Ranged as _;
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::tokens::Token;
use jsonc_parser::{
    CollectOptions, ParseOptions, ParseStringErrorKind, Scanner, ScannerOptions, parse_to_ast,
};
use rolecall_model::{FileId, Place};
use serde_json::Number;

use super::element::{Content, Element, Member};

/// Maximum nesting of values. A policy needs six levels.
const MAX_DEPTH: usize = 32;

/// Strict JSON.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Why a text is not JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotJson {
    /// The place: one character, or nothing at the end of the text.
    pub(super) place: Range<usize>,
    /// The reason, as the rest of a sentence.
    pub(super) reason: String,
}

/// Parses one JSON value, the text of a file.
///
/// # Errors
/// The text is not JSON, or is nested deeper than [`MAX_DEPTH`] levels. Of several reasons, the first in the text counts.
pub(super) fn parse(file: FileId, text: &str) -> Result<Element, NotJson> {
    let form = match parse_to_ast(text, &CollectOptions::default(), &STRICT) {
        Ok(parsed) => {
            parsed.value.ok_or_else(|| wrong_at(text, text.len(), "the text ends where a value is expected"))
        }
        Err(error) => Err(malformed(text, &error)),
    };
    match (form, misspelt(text)) {
        (Ok(value), None) => Ok(element(file, &value)),
        (Err(form), Some(spelling)) => {
            Err(if spelling.place.start <= form.place.start { spelling } else { form })
        }
        (Err(found), None) | (Ok(_), Some(found)) => Err(found),
    }
}

/// Returns a reason at the character that begins at an offset, or contains it.
fn wrong_at(text: &str, at: usize, reason: impl Into<String>) -> NotJson {
    let start = text.floor_char_boundary(at);
    let length = text[start..].chars().next().map_or(0, char::len_utf8);
    NotJson { place: start..start + length, reason: reason.into() }
}

fn too_deep(text: &str, at: usize) -> NotJson {
    wrong_at(text, at, format!("values are nested deeper than {MAX_DEPTH} levels"))
}

/// Returns why the crate rejects a text.
fn malformed(text: &str, error: &ParseError) -> NotJson {
    use ParseErrorKind as Kind;
    let start = error.range().start;
    let behind = |at: usize| text.len() - text[at..].trim_start().len();
    match error.kind() {
        Kind::ExpectedColonAfterObjectKey => wrong_at(text, start, "a `:` is missing after the key"),
        Kind::ExpectedStringObjectProperty | Kind::UnexpectedTokenInObject => {
            wrong_at(text, start, "a key in double quotes is expected here")
        }
        Kind::ExpectedComma => wrong_at(text, behind(start), "a `,` is missing before this"),
        Kind::MultipleRootJsonValues => wrong_at(text, start, "unexpected text after the value"),
        Kind::TrailingCommasNotAllowed => wrong_at(text, start, "nothing follows this comma"),
        Kind::UnexpectedCloseBrace
        | Kind::UnexpectedCloseBracket
        | Kind::UnexpectedColon
        | Kind::UnexpectedComma => wrong_at(text, start, "a value is missing before this"),
        Kind::ExpectedObjectValue | Kind::UnterminatedArray | Kind::UnterminatedObject => {
            wrong_at(text, text.len(), "the text ends where more is expected")
        }
        Kind::CommentsNotAllowed | Kind::UnterminatedCommentBlock => {
            wrong_at(text, start, "JSON has no comments")
        }
        Kind::NestingDepthExceeded => too_deep(text, start),
        Kind::BareDecimalPointNumbersNotAllowed
        | Kind::ExpectedDigit
        | Kind::ExpectedDigitFollowingNegativeSign
        | Kind::ExpectedPlusMinusOrDigitInNumberLiteral
        | Kind::HexadecimalNumbersNotAllowed
        | Kind::NonFiniteNumbersNotAllowed
        | Kind::UnaryPlusNumbersNotAllowed => wrong_at(text, start, NOT_A_NUMBER),
        Kind::String(ParseStringErrorKind::UnterminatedStringLiteral) => {
            unclosed(text, start, &text[start..])
        }
        // The place is that of the backslash.
        Kind::String(_) => wrong_at(text, start + 1, NOT_A_TEXT),
        Kind::SingleQuotedStringsNotAllowed | Kind::UnexpectedToken | Kind::UnexpectedWord => {
            wrong_at(text, start, "this is not a JSON value; write texts in double quotes")
        }
    }
}

const NOT_A_NUMBER: &str = "this is not a JSON number";
const NOT_A_TEXT: &str = "a text contains an escape or a character that JSON does not allow";

/// Returns the reason for a text that is not closed, or not on its line.
fn unclosed(text: &str, start: usize, token: &str) -> NotJson {
    let has_line_break = token.contains(['\n', '\r']);
    let reason = if has_line_break { "this text is not closed on its line" } else { "unterminated string" };
    wrong_at(text, start, reason)
}

/// Returns the first token that the crate accepts although JSON does not allow its spelling, or that exceeds the maximum
/// nesting.
fn misspelt(text: &str) -> Option<NotJson> {
    let options = ScannerOptions {
        allow_single_quoted_strings: STRICT.allow_single_quoted_strings,
        allow_hexadecimal_numbers: STRICT.allow_hexadecimal_numbers,
        allow_unary_plus_numbers: STRICT.allow_unary_plus_numbers,
        allow_bare_decimal_point_numbers: STRICT.allow_bare_decimal_point_numbers,
        allow_non_finite_numbers: STRICT.allow_non_finite_numbers,
        allow_extended_string_escapes: STRICT.allow_extended_string_escapes,
    };
    let mut scanner = Scanner::new(text, &options);
    let (mut depth, mut end) = (0_usize, 0);
    loop {
        // If the scanner rejects something, so does the parser.
        let token = scanner.scan().ok()?;
        let start = if token.is_some() { scanner.token_start() } else { text.len() };
        let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
        if let Some(at) = text[end..start].find(|c| !is_space(c)) {
            return Some(wrong_at(text, end + at, "JSON does not allow this character between values"));
        }
        end = scanner.token_end();
        let written = &text[start..end];
        match token? {
            Token::OpenBrace | Token::OpenBracket if depth == MAX_DEPTH => {
                return Some(too_deep(text, start));
            }
            Token::OpenBrace | Token::OpenBracket => depth += 1,
            Token::CloseBrace | Token::CloseBracket => depth = depth.saturating_sub(1),
            Token::String(_) if written.contains(['\n', '\r']) => {
                return Some(unclosed(text, start, written));
            }
            Token::String(_) => {
                if let Err(error) = serde_json::from_str::<String>(written) {
                    // A text is on one line, so the column is the number of bytes that were read.
                    let at = start + error.column().saturating_sub(1);
                    return Some(wrong_at(text, at.min(end - 1), NOT_A_TEXT));
                }
            }
            Token::Number(_) if Number::from_str(written).is_err() => {
                return Some(wrong_at(text, start, NOT_A_NUMBER));
            }
            Token::Number(_)
            | Token::Comma
            | Token::Colon
            | Token::Word(_)
            | Token::Boolean(_)
            | Token::Null
            | Token::CommentLine(_)
            | Token::CommentBlock(_) => {}
        }
    }
}

fn element(file: FileId, value: &Value<'_>) -> Element {
    let range = value.range();
    let place = Place::new(file, range.start..range.end);
    let bracket = Place::new(file, range.start..range.start + 1);
    let (shown, content) = match value {
        Value::NullKeyword(_) => (place, Content::Null),
        Value::BooleanLit(boolean) => (place, Content::Bool(boolean.value)),
        // Each number has been checked before.
        Value::NumberLit(number) => {
            (place, Number::from_str(number.value).map_or(Content::Unread, Content::Number))
        }
        Value::StringLit(string) => (place, Content::Text(string.value.to_string())),
        Value::Array(array) => {
            (bracket, Content::List(array.elements.iter().map(|value| element(file, value)).collect()))
        }
        Value::Object(object) => {
            let members = object.properties.iter().map(|property| {
                let key = match &property.name {
                    ObjectPropName::String(key) => key.range,
                    ObjectPropName::Word(key) => key.range,
                };
                Member {
                    key: property.name.as_str().to_owned(),
                    place: Place::new(file, key.start..key.end),
                    value: element(file, &property.value),
                }
            });
            (bracket, Content::Object(members.collect()))
        }
    };
    Element { place, shown, content }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop_oneof, proptest};
    use rolecall_model::Sources;
    use serde_json::Value as Json;

    use super::*;

    fn parsed(text: &str) -> Result<Element, NotJson> {
        parse(Sources::default().add("policy.json", text), text)
    }

    fn reason_at(text: &str) -> (String, String) {
        let NotJson { place, reason } = parsed(text).unwrap_err();
        (text[place].to_owned(), reason)
    }

    #[test]
    fn every_value_knows_its_place() {
        let text = "{ \"é\": [true, -1.5e3, \"a\\\"b\"],\n  \"k\": null }";
        let json = parsed(text).unwrap();
        let Content::Object(members) = &json.content else { panic!("{json:?}") };
        assert_eq!(&text[members[0].place.range()], "\"é\"");
        let Content::List(values) = &members[0].value.content else { panic!("{json:?}") };
        let written: Vec<&str> = values.iter().map(|value| &text[value.place.range()]).collect();
        assert_eq!(written, ["true", "-1.5e3", "\"a\\\"b\""]);
        assert_eq!(values[2].text(), Some("a\"b"));
        assert_eq!(&text[members[1].value.place.range()], "null");
    }

    #[test]
    fn equal_keys_are_kept() {
        let json = parsed("{ \"a\": 1, \"a\": 2 }").unwrap();
        let Content::Object(members) = &json.content else { panic!("{json:?}") };
        assert_eq!(members.iter().map(|member| member.key.as_str()).collect::<Vec<_>>(), ["a", "a"]);
    }

    #[test]
    fn what_is_wrong_is_said_where_it_stands() {
        for (text, at, reason) in [
            ("{\"a\": 1,}", ",", "nothing follows this comma"),
            ("{\"a\" 1}", "1", "a `:` is missing after the key"),
            ("[1 2]", "2", "a `,` is missing before this"),
            ("{a: 1}", "a", "a key in double quotes is expected here"),
            ("[\"a]", "\"", "unterminated string"),
            ("[\"a\n\"]", "\"", "this text is not closed on its line"),
            ("{\"a\": \"b,\n\"c\": 1}", "\"", "this text is not closed on its line"),
            ("[\"é\\x\"]", "x", "a text contains an escape or a character that JSON does not allow"),
            ("[\"\u{1}\"]", "\u{1}", "a text contains an escape or a character that JSON does not allow"),
            ("[01]", "1", "a `,` is missing before this"),
            ("[+1]", "+", "this is not a JSON number"),
            ("[0x1]", "0", "this is not a JSON number"),
            ("[.5]", ".", "this is not a JSON number"),
            ("[NaN]", "N", "this is not a JSON value; write texts in double quotes"),
            ("[truely]", "t", "this is not a JSON value; write texts in double quotes"),
            ("['a']", "'", "this is not a JSON value; write texts in double quotes"),
            ("[] é", "é", "unexpected text after the value"),
            ("[}", "}", "a value is missing before this"),
            ("[,]", ",", "a value is missing before this"),
            ("[", "", "the text ends where more is expected"),
            ("", "", "the text ends where a value is expected"),
            ("\"\\", "\"", "unterminated string"),
            ("[1] // one", "/", "JSON has no comments"),
            ("[1, /* two */ 2]", "/", "JSON has no comments"),
            ("[\u{b}1]", "\u{b}", "JSON does not allow this character between values"),
        ] {
            assert_eq!(reason_at(text), (at.to_owned(), reason.to_owned()), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded_where_it_exceeds_the_bound() {
        for depth in [MAX_DEPTH, MAX_DEPTH + 1, 100_000] {
            let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let expected = (depth > MAX_DEPTH).then(|| too_deep(&nested, MAX_DEPTH));
            assert_eq!(parsed(&nested).err(), expected, "{depth}");
        }
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_json_reads(value in value()) {
            let text = format!("{value:#}");
            proptest::prop_assert_eq!(parsed(&text).unwrap().into_value(), Some(value));
        }

        #[test]
        fn it_refuses_what_serde_json_refuses(text in "[\\[\\]{}:,\"\\\\/*'uxa0-9.e\\-+ \\n\\u{b}\\u{a0}]{0,24}") {
            let known: Result<Json, _> = serde_json::from_str(&text);
            proptest::prop_assert_eq!(parsed(&text).is_ok(), known.is_ok(), "{:?}", known);
        }
    }

    fn value() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Json::Bool),
            any::<i32>().prop_map(Json::from),
            any::<String>().prop_map(Json::String),
            proptest::strategy::Just(Json::Null),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
                proptest::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|object| Json::Object(object.into_iter().collect())),
            ]
        })
    }
}
