//! The nearest of some names to one that is not among them.

use rolecall_model::{Diagnostic, Place};

/// Names longer than this, in bytes, get no suggestion: comparing takes time in proportion to both lengths.
const MAX_COMPARED_BYTES: usize = 128;

/// The name among `candidates` that `name` was probably meant to be: the same but for case, or at most a third of
/// its characters (and at most three) apart. The first of several equally near ones.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MAX_COMPARED_BYTES {
        return None;
    }
    let most = (name.chars().count() / 3).clamp(1, 3);
    let lower = name.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate.len().abs_diff(name.len()) > 4 * most || candidate.len() > MAX_COMPARED_BYTES {
            continue;
        }
        let distance = strsim::osa_distance(&lower, &candidate.to_lowercase());
        if distance <= most && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Suggests a word of the language for one that was written. Where only the case differs, no other word can have been
/// meant, and a machine may put it right; what is merely near is a guess.
pub(crate) fn suggest_word(found: Diagnostic, place: Place, written: &str, near: &str) -> Diagnostic {
    suggest_text(found, place, written, near, near.to_owned())
}

/// As [`suggest_word`], for one in quotes.
pub(crate) fn suggest_value(found: Diagnostic, place: Place, written: &str, near: &str) -> Diagnostic {
    suggest_text(found, place, written, near, format!("\"{near}\""))
}

fn suggest_text(
    found: Diagnostic,
    place: Place,
    written: &str,
    near: &str,
    replacement: String,
) -> Diagnostic {
    if written.eq_ignore_ascii_case(near) {
        found.suggest_safe(place, replacement)
    } else {
        found.suggest(place, replacement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_another_word_finds_none() {
        let words = ["group", "accounts", "permission-set", "to", "on"];
        assert_eq!(nearest("permision-set", words), Some("permission-set"));
        assert_eq!(nearest("Group", words), Some("group"));
        assert_eq!(nearest("too", words), Some("to"));
        assert_eq!(nearest("template", words), None);
    }
}
