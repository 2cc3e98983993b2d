//! Limits of AWS that can be checked offline: lengths, numbers and characters. The parser rejects what exceeds them, and
//! `rolecall import` omits it.
//!
//! The source is the service models of sso-admin, organizations and identitystore unless stated otherwise; lengths are in
//! characters.

/// Maximum length of the description of a permission set.
pub const MAX_DESCRIPTION: usize = 700;
/// Maximum length of the relay state of a permission set.
pub const MAX_RELAY_STATE: usize = 240;
/// Maximum length of the name of a customer managed policy.
pub const MAX_POLICY_NAME: usize = 128;
/// Maximum length of the path of a customer managed policy.
pub const MAX_POLICY_PATH: usize = 512;
/// Maximum length of the key of a tag.
pub const MAX_TAG_KEY: usize = 128;
/// Maximum length of the value of a tag.
pub const MAX_TAG_VALUE: usize = 256;
/// Maximum number of policies of a permission set (documented quota).
pub const MAX_POLICIES: usize = 25;
/// Maximum number of tags of a permission set in the configuration: the documented quota without the tag of the stack.
pub const MAX_TAGS: usize = 49;
/// Maximum length of the key of an attribute for access control (`AccessControlAttributeKey`).
pub const MAX_ATTRIBUTE_KEY: usize = 128;
/// Maximum length of the source of an attribute (`AccessControlAttributeValueSource`). An empty source would be an
/// attribute without a value, so at least one character is required.
pub const MAX_ATTRIBUTE_SOURCE: usize = 256;
/// Maximum number of attributes of an instance (`AccessControlAttributeList`).
pub const MAX_ATTRIBUTES: usize = 50;
/// The characters that the source of an attribute may contain in addition to those of tags.
pub const MORE_OF_SOURCES: &str = "[]{}$\\\"";
/// Maximum length of the display name of a group in the Identity Store.
pub const MAX_DISPLAY_NAME: usize = 1024;
/// Maximum length of the name of an account.
pub const MAX_ACCOUNT_NAME: usize = 50;
/// Maximum length of the name of an organizational unit.
pub const MAX_UNIT_NAME: usize = 128;

/// Returns whether a character is forbidden in files, even in a text or a comment: control characters, and invisible
/// characters that make a reader see another order or other lines than the program.
#[must_use]
pub fn is_forbidden(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => false,
        '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => true,
        other => other.is_control(),
    }
}

/// Returns whether the description of a permission set may contain a character.
#[must_use]
pub fn is_of_description(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{7E}' | '\u{A1}'..='\u{FF}')
}

/// Returns whether a relay state may contain a character.
#[must_use]
pub fn is_of_relay_state(character: char) -> bool {
    matches!(character, ' '..='~') && !matches!(character, '<' | '>' | '^' | '`')
}

/// Returns whether sso-admin allows a character in tags and in keys of attributes: `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
#[must_use]
pub fn is_of_tags(character: char) -> bool {
    character.is_alphanumeric()
        || (character.is_whitespace() && !character.is_control())
        || "_.:/=+-@".contains(character)
}

/// Returns whether a text is the name of a policy, with or without its path.
#[must_use]
pub fn is_policy_name(text: &str) -> bool {
    text.split('/').all(|part| !part.is_empty() && part.chars().all(is_policy_character))
}

/// Returns whether the names and paths of IAM policies may contain a character: `[\w+=,.@-]`.
#[must_use]
pub fn is_policy_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_+=,.@-".contains(character)
}

/// Returns whether a text is the ID of a unit or root.
#[must_use]
pub fn is_unit_id(text: &str) -> bool {
    let part = |text: &str, least: usize| {
        (least..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if let Some(root) = text.strip_prefix("r-") {
        return part(root, 4);
    }
    let unit = text.strip_prefix("ou-").and_then(|rest| rest.split_once('-'));
    unit.is_some_and(|(root, own)| part(root, 4) && part(own, 8))
}
