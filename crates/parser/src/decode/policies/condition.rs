//! The condition operators of IAM.

use rolecall_model::{Code, Diagnostic, Place};

use crate::nearest::nearest;

/// Every operator, without prefixes and suffixes (IAM User Guide, "IAM JSON policy elements: Condition
/// operators").
const OPERATORS: [&str; 27] = [
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "BinaryEquals",
    "Bool",
    "DateEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateNotEquals",
    "IpAddress",
    "NotIpAddress",
    NULL,
    "NumericEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericNotEquals",
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
];

/// The only operator without `IfExists`: it tests whether a key exists.
const NULL: &str = "Null";
/// Makes a condition true if the key does not exist.
const IF_EXISTS: &str = "IfExists";
/// How an operator applies to the values of a multivalued key (IAM User Guide, "Set operators for multivalued
/// context keys").
const SET_OPERATORS: [&str; 3] = ["", "ForAllValues:", "ForAnyValue:"];

/// Returns whether IAM has an operator, in exactly this spelling.
pub(super) fn is_operator(text: &str) -> bool {
    let named = |operator: &str| OPERATORS.contains(&operator);
    SET_OPERATORS.iter().filter_map(|prefix| text.strip_prefix(prefix)).any(|rest| {
        named(rest) || rest.strip_suffix(IF_EXISTS).is_some_and(|rest| rest != NULL && named(rest))
    })
}

/// Returns the error for an unknown operator.
pub(super) fn unknown_operator(text: &str, place: Place) -> Diagnostic {
    let found = Diagnostic::error(
        Code::UnknownConditionOperator,
        format!("`{text}` is not an IAM condition operator"),
    )
    .at(place, format!("IAM has no operator `{text}`"));
    let all: Vec<String> = SET_OPERATORS
        .iter()
        .flat_map(|prefix| OPERATORS.iter().map(move |operator| format!("{prefix}{operator}")))
        .flat_map(|operator| [format!("{operator}{IF_EXISTS}"), operator])
        .filter(|operator| is_operator(operator))
        .collect();
    match nearest(text, all.iter().map(String::as_str)) {
        // Both KDL and JSON use plain double quotes.
        Some(near) => found.help(format!("did you mean `{near}`?")).suggest(place, format!("\"{near}\"")),
        None => found.help(
            "write an operator as IAM spells it, such as StringEquals, StringLike, ArnLike, IpAddress, Bool or Null",
        ),
    }
}

#[cfg(test)]
mod tests {
    use rolecall_model::Sources;

    use super::*;

    #[test]
    fn what_may_stand_around_an_operator_is_known() {
        for known in ["StringEquals", "ForAnyValue:StringLikeIfExists", "ForAllValues:ArnLike", "Null"] {
            assert!(is_operator(known), "{known}");
        }
        for unknown in ["NullIfExists", "stringEquals", "ForAll:StringEquals", "IfExists", "", "ForAnyValue:"]
        {
            assert!(!is_operator(unknown), "{unknown}");
        }
    }

    #[test]
    fn the_nearest_keeps_what_stands_around_it() {
        let place = Place::new(Sources::default().add("a", ""), 0..0);
        let near = |text| unknown_operator(text, place).suggestion.map(|suggestion| suggestion.replacement);
        assert_eq!(near("ForAnyValues:StringLike").as_deref(), Some("\"ForAnyValue:StringLike\""));
        assert_eq!(near("StringEqualIfExists").as_deref(), Some("\"StringEqualsIfExists\""));
        assert_eq!(near("Contains"), None);
    }
}
