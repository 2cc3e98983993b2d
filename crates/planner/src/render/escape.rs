//! Names come from the live state and from files, and anyone may choose a name. None may move a terminal's cursor,
//! reverse the reading direction, or open a link or a tag in a comment.

use std::fmt::Write as _;

pub(crate) use rolecall_model::escape::for_terminal;
use rolecall_model::escape::is_unsafe;

/// Escapes text for Markdown: no markup, mentions or links remain.
pub(crate) fn for_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' => {
                escaped.push('\\');
                escaped.push(character);
            }
            // GitHub sees mentions, issue numbers and addresses in rendered text, so entities do not hide them; a
            // comment in the middle does.
            '@' | '#' => {
                escaped.push(character);
                escaped.push_str("<!-- -->");
            }
            '/' if before == ':' => escaped.push_str("<!-- -->/"),
            '.' if matches!(before, 'w' | 'W') => escaped.push_str("<!-- -->."),
            _ => push_html(&mut escaped, character),
        }
        before = character;
    }
    escaped
}

/// Escapes text for HTML in which Markdown is not parsed.
pub(crate) fn for_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '@' | '#' => {
                escaped.push(character);
                escaped.push_str("<!-- -->");
            }
            _ => push_html(&mut escaped, character),
        }
    }
    escaped
}

fn push_html(escaped: &mut String, character: char) {
    match character {
        '<' => escaped.push_str("&lt;"),
        '>' => escaped.push_str("&gt;"),
        '&' => escaped.push_str("&amp;"),
        '"' => escaped.push_str("&quot;"),
        _ if is_unsafe(character) => {
            let _ = write!(escaped, "&#92;u{{{:x}}}", u32::from(character));
        }
        _ => escaped.push(character),
    }
}

/// Escapes characters that control a terminal as `\uXXXX` in JSON; its value stays the same.
pub fn in_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if is_unsafe(character) && character != '\n' {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_act_in_a_comment() {
        assert_eq!(for_markdown("<b>|[x](y)"), "&lt;b&gt;\\|\\[x\\]\\(y\\)");
        assert_eq!(for_markdown("@all #1"), "@<!-- -->all #<!-- -->1");
        assert_eq!(for_markdown("https://a.b www.c.d"), "https:<!-- -->//a.b www<!-- -->.c.d");
    }

    #[test]
    fn json_stays_the_same_value() {
        let text = serde_json::to_string("a\u{202e}b\u{9b}\u{e0041}c").unwrap();
        let escaped = in_json(&text);
        assert_eq!(escaped, "\"a\\u202eb\\u009b\\udb40\\udc41c\"");
        assert_eq!(
            serde_json::from_str::<String>(&escaped).unwrap(),
            serde_json::from_str::<String>(&text).unwrap()
        );
    }
}
