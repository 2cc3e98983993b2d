//! Text that people read. Names come from the live state and from files, and anybody may choose a name: none may move a
//! terminal's cursor or reverse the reading direction.

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

/// Whether a character acts on a terminal or on the text around it, or cannot be seen.
pub fn is_unsafe(character: char) -> bool {
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
}
