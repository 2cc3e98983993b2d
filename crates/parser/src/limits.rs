//! What the language takes because AWS does: lengths, numbers and characters that can be checked without AWS. The parser
//! refuses what is beyond them, and `rolecall import` leaves it out, so both have to know the same.
//!
//! From the service models of sso-admin, organizations and identitystore where nothing else is said; lengths are in
//! characters.

/// The longest description of a permission set.
pub const MAX_DESCRIPTION: usize = 700;
/// The longest relay state of a permission set.
pub const MAX_RELAY_STATE: usize = 240;
/// The longest name of a customer managed policy.
pub const MAX_POLICY_NAME: usize = 128;
/// The longest path of a customer managed policy.
pub const MAX_POLICY_PATH: usize = 512;
/// The longest key of a tag.
pub const MAX_TAG_KEY: usize = 128;
/// The longest value of a tag.
pub const MAX_TAG_VALUE: usize = 256;
/// How many managed policies a permission set may have (documented quota).
pub const MAX_POLICIES: usize = 25;
/// How many tags a permission set may have in the files: the documented quota less the one of the stack.
pub const MAX_TAGS: usize = 49;
/// The longest key of an attribute for access control (`AccessControlAttributeKey`).
pub const MAX_ATTRIBUTE_KEY: usize = 128;
/// The longest source of an attribute (`AccessControlAttributeValueSource`). An empty one would be an attribute without a
/// value, so at least one character is wanted.
pub const MAX_ATTRIBUTE_SOURCE: usize = 256;
/// How many attributes an instance may have (`AccessControlAttributeList`).
pub const MAX_ATTRIBUTES: usize = 50;
/// What may stand in the source of an attribute besides the characters of tags.
pub const MORE_OF_SOURCES: &str = "[]{}$\\\"";
/// The longest display name of a group in the Identity Store.
pub const MAX_DISPLAY_NAME: usize = 1024;
/// The longest name of an account.
pub const MAX_ACCOUNT_NAME: usize = 50;
/// The longest name of an organizational unit.
pub const MAX_UNIT_NAME: usize = 128;

/// Whether a character may not stand in a file, not even in a text or a comment: control characters and the
/// invisible ones that make a reader see another order or other lines than the program.
#[must_use]
pub fn is_forbidden(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => false,
        '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => true,
        other => other.is_control(),
    }
}

/// Whether a character may stand in the description of a permission set.
#[must_use]
pub fn is_of_description(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{7E}' | '\u{A1}'..='\u{FF}')
}

/// Whether a character may stand in a relay state.
#[must_use]
pub fn is_of_relay_state(character: char) -> bool {
    matches!(character, ' '..='~') && !matches!(character, '<' | '>' | '^' | '`')
}

/// Whether sso-admin takes a character in tags and in keys of attributes: `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
#[must_use]
pub fn is_of_tags(character: char) -> bool {
    character.is_alphanumeric()
        || (character.is_whitespace() && !character.is_control())
        || "_.:/=+-@".contains(character)
}

/// Whether a text is the name of a policy, with its path in front if it has one.
#[must_use]
pub fn is_policy_name(text: &str) -> bool {
    text.split('/').all(|part| !part.is_empty() && part.chars().all(is_policy_character))
}

/// `[\w+=,.@-]`, of which IAM makes policy names and paths.
#[must_use]
pub fn is_policy_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_+=,.@-".contains(character)
}

/// Whether a text is the id of a unit or root.
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
