//! The rules of the service models for strings: lengths in characters, and patterns. They are those of botocore
//! 1.43's models of sso-admin (2020-07-20), identitystore (2020-06-15) and organizations (2016-11-28).

use rolecall_model::{GroupId, OuId};

/// The rule of a string member.
pub(crate) struct TextRule {
    /// The least number of characters.
    pub(crate) least: usize,
    /// The greatest number of characters.
    pub(crate) most: usize,
    /// Whether a text matches the pattern.
    pub(crate) fits: fn(&str) -> bool,
    /// The pattern, as errors show it.
    pub(crate) pattern: &'static str,
}

const fn rule(least: usize, most: usize, fits: fn(&str) -> bool, pattern: &'static str) -> TextRule {
    TextRule { least, most, fits, pattern }
}

/// Returns the rule of a string of which only the length is checked.
pub(crate) const fn any_text(least: usize, most: usize) -> TextRule {
    rule(least, most, |_| true, "[\\s\\S]*")
}

pub(crate) const INSTANCE_ARN: TextRule = rule(
    10,
    1_224,
    |text| after_arn(text, "sso:::instance/").is_some_and(is_instance_id),
    "arn:aws(-[a-z]{1,5}){0,3}:sso:::instance/(sso)?ins-[a-zA-Z0-9-.]{16}",
);
pub(crate) const PERMISSION_SET_ARN: TextRule = rule(
    10,
    1_224,
    is_permission_set_arn,
    "arn:aws(-[a-z]{1,5}){0,3}:sso:::permissionSet/(sso)?ins-[a-zA-Z0-9-.]{16}/ps-[a-zA-Z0-9-./]{16}",
);
/// Applications and trusted token issuers have tags, too, but the sandbox has neither.
pub(crate) const TAGGED_ARN: TextRule = rule(
    10,
    2_048,
    |text| is_permission_set_arn(text) || (INSTANCE_ARN.fits)(text),
    "arn:aws(-[a-z]{1,5}){0,3}:sso::((:instance/(sso)?ins-[a-zA-Z0-9-.]{16})|\
     (:permissionSet/(sso)?ins-[a-zA-Z0-9-.]{16}/ps-[a-zA-Z0-9-./]{16}))",
);
pub(crate) const PERMISSION_SET_NAME: TextRule = rule(1, 32, is_name, "[\\w+=,.@-]+");
pub(crate) const DESCRIPTION: TextRule = rule(
    1,
    700,
    |text| text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}')),
    "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*",
);
pub(crate) const RELAY_STATE: TextRule = rule(
    1,
    240,
    |text| text.chars().all(|c| c.is_ascii_alphanumeric() || "&$@#\\/%?=~-_'\"|!:,.;*+[] (){}".contains(c)),
    "[a-zA-Z0-9&$@#\\\\\\/%?=~\\-_'\"|!:,.;*+\\[\\]\\ \\(\\)\\{\\}]+",
);
/// The pattern is an ISO 8601 duration. Its range of 1 to 12 hours is checked where it is used.
pub(crate) const SESSION_DURATION: TextRule = rule(
    1,
    100,
    |text| text.trim_start_matches('-').strip_prefix('P').is_some_and(|rest| !rest.is_empty()),
    "(-?)P(?=\\d|T\\d)(?:(\\d+)Y)?(?:(\\d+)M)?(?:(\\d+)([DW]))?(?:T(?:(\\d+)H)?(?:(\\d+)M)?(?:(\\d+(?:\\.\\d+)?)S)?)?",
);
pub(crate) const MANAGED_POLICY_ARN: TextRule = rule(
    20,
    2_048,
    |text| {
        after_arn(text, "iam::aws:policy/").is_some_and(|name| {
            name.split('/').all(|part| !part.is_empty() && part.chars().all(is_path_character))
        })
    },
    "arn:aws(-[a-z]{1,5}){0,3}:iam::aws:policy((/[A-Za-z0-9\\.,\\+@=_-]+)*)/([A-Za-z0-9\\.,\\+=@_-]+)",
);
pub(crate) const CUSTOMER_POLICY_NAME: TextRule = rule(1, 128, is_name, "[\\w+=,.@-]+");
pub(crate) const CUSTOMER_POLICY_PATH: TextRule = rule(
    1,
    512,
    |text| {
        let inner = text.strip_prefix('/').map(|rest| rest.strip_suffix('/').unwrap_or(rest));
        text == "/"
            || (text.ends_with('/')
                && inner.is_some_and(|inner| {
                    inner.split('/').all(|part| !part.is_empty() && part.chars().all(is_path_character))
                }))
    },
    "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/",
);
pub(crate) const INLINE_POLICY: TextRule = rule(
    1,
    32_768,
    |text| text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}')),
    "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+",
);
pub(crate) const ACCOUNT_ID: TextRule =
    rule(12, 12, |text| text.bytes().all(|byte| byte.is_ascii_digit()), "\\d{12}");
pub(crate) const PRINCIPAL_ID: TextRule = rule(
    1,
    47,
    |text| text.parse::<GroupId>().is_ok(),
    "([0-9a-f]{10}-|)[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}",
);
pub(crate) const REQUEST_ID: TextRule = rule(
    36,
    36,
    |text| text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f' | '-')),
    "\\b[0-9a-f]{8}\\b-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-\\b[0-9a-f]{12}\\b",
);
pub(crate) const TAG_KEY: TextRule = rule(1, 128, is_tag_text, "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)");
pub(crate) const TAG_VALUE: TextRule = rule(0, 256, is_tag_text, "([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)");
pub(crate) const ACCESS_CONTROL_KEY: TextRule =
    rule(1, 128, is_tag_text, "[\\p{L}\\p{Z}\\p{N}_.:\\/=+\\-@]+");
pub(crate) const ACCESS_CONTROL_SOURCE: TextRule = rule(
    0,
    256,
    |text| text.chars().all(|c| is_tag_character(c) || "[]{}$\\\"".contains(c)),
    "[\\p{L}\\p{Z}\\p{N}_.:\\/=+\\-@\\[\\]\\{\\}\\$\\\\\"]*",
);
pub(crate) const REGION_NAME: TextRule = rule(
    1,
    32,
    |text| text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
    "([a-z]+-){2,3}\\d",
);
pub(crate) const IDENTITY_STORE_ID: TextRule = rule(
    1,
    36,
    |text| {
        let digits = |rest: &str| rest.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        text.strip_prefix("d-").is_some_and(|rest| rest.len() == 10 && digits(rest))
            || (text.len() == 36 && text.split('-').count() == 5 && text.split('-').all(digits))
    },
    "d-[0-9a-f]{10}$|^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
);
/// An organizational unit or a root.
pub(crate) const PARENT_ID: TextRule = rule(
    1,
    100,
    |text| text.parse::<OuId>().is_ok(),
    "^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$",
);
pub(crate) const UNIT_ID: TextRule = rule(
    1,
    68,
    |text| text.starts_with("ou-") && (PARENT_ID.fits)(text),
    "^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$",
);
/// An account or an organizational unit.
pub(crate) const CHILD_ID: TextRule = rule(
    1,
    100,
    |text| (text.len() == 12 && (ACCOUNT_ID.fits)(text)) || (UNIT_ID.fits)(text),
    "^(\\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$",
);

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
}

fn is_path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".,+@=_-".contains(c)
}

fn is_tag_text(text: &str) -> bool {
    text.chars().all(is_tag_character)
}

fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c)
}

/// Returns the part of an ARN after `arn:PARTITION:` and `rest`.
fn after_arn<'a>(text: &'a str, rest: &str) -> Option<&'a str> {
    let (partition, after) = text.strip_prefix("arn:")?.split_once(':')?;
    let valid = partition == "aws"
        || partition
            .strip_prefix("aws-")
            .is_some_and(|suffix| suffix.split('-').all(|part| (1..=5).contains(&part.len())));
    after.strip_prefix(rest).filter(|_| valid)
}

fn is_instance_id(text: &str) -> bool {
    let rest = text.strip_prefix("sso").unwrap_or(text);
    rest.strip_prefix("ins-")
        .is_some_and(|id| id.len() == 16 && id.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c)))
}

fn is_permission_set_arn(text: &str) -> bool {
    after_arn(text, "sso:::permissionSet/").and_then(|rest| rest.split_once("/ps-")).is_some_and(
        |(instance, id)| {
            is_instance_id(instance)
                && id.len() == 16
                && id.chars().all(|c| c.is_ascii_alphanumeric() || "-./".contains(c))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_keep_their_paths() {
        let fits = MANAGED_POLICY_ARN.fits;
        assert!(fits("arn:aws:iam::aws:policy/job-function/SupportUser"));
        assert!(fits("arn:aws-us-gov:iam::aws:policy/ReadOnlyAccess"));
        assert!(!fits("arn:aws:iam::111122223333:policy/ReadOnlyAccess"));
        assert!(!fits("arn:aws:iam::aws:policy//ReadOnlyAccess"));
        let fits = CUSTOMER_POLICY_PATH.fits;
        assert!(fits("/") && fits("/platform/") && fits("/a/b/"));
        assert!(!fits("platform/") && !fits("/platform") && !fits("//"));
    }

    #[test]
    fn arns_of_the_form_that_moto_gives_are_not_arns_of_aws() {
        assert!(is_permission_set_arn(
            "arn:aws:sso:::permissionSet/ssoins-7223abcd1234ef56/ps-0123456789abcdef"
        ));
        assert!(!is_permission_set_arn("arn:aws:sso:::instance/ssoins-7223abcd1234ef56/ps-0123456789abcdef"));
    }
}
