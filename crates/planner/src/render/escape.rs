//! Names come from live and from files, and anybody may choose a name. None may move a terminal's cursor, reverse
//! the reading direction, or open a link or a tag in a comment.

use std::fmt::Write as _;

/// Control and invisible formatting characters as `\u{…}`, for a terminal and for plain text. Among them are those
/// that change the reading direction (U+202A to U+202E, U+2066 to U+2069) and those without width.
pub fn for_terminal(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unsafe(character) {
            let _ = write!(escaped, "\\u{{{:x}}}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Text for a cell of a Markdown table or a summary line: nothing in it is Markdown or HTML.
pub(crate) fn for_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            _ if is_unsafe(character) => {
                let _ = write!(escaped, "\\\\u{{{:x}}}", u32::from(character));
            }
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // A mention would call people to the pull request, and a hash would link an issue.
            '@' => escaped.push_str("&#64;"),
            '#' => escaped.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_act_on_the_terminal() {
        assert_eq!(for_terminal("a\u{1b}[2Jb\u{202e}c\nd"), "a\\u{1b}[2Jb\\u{202e}c\\u{a}d");
        assert_eq!(for_terminal("Büro – 東京"), "Büro – 東京");
    }

    #[test]
    fn a_name_cannot_act_in_a_comment() {
        assert_eq!(for_markdown("<b>@all|[x](y)"), "&lt;b&gt;&#64;all\\|\\[x\\]\\(y\\)");
    }
}
