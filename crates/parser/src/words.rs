//! The table of the words of the language. It drives the checks of what is allowed where, the suggestions for misspelled
//! words, and the reference page. `decode` interprets the words.
//!
//! `rule` defines what the table contains for a word, each further file contains the rules of one subject, and `grammar`
//! defines which words are allowed in which block.

mod accounts;
mod assignments;
mod entra;
mod grammar;
mod guards;
mod permission_sets;
mod policies;
mod project;
mod rule;
mod settings;
mod templates;

pub(crate) use accounts::{SelectorProperties, UnitDepth, UnitProperties};
pub(crate) use entra::{
    EntraProperties, ProvisioningProperties, RequireMfaProperties, SamlProperties, StateChoice,
    StrengthChoice,
};
pub(crate) use grammar::{
    ApplicationWord, AssignWord, AttributesWord, BlockWord, BoundaryWord, EntraWord, ExceptionWord, FileWord,
    GuardFilterWord, GuardWord, IncludeWord, InlinePolicyWord, KeepWord, LintWord, PLACES, PermissionSetWord,
    RequireMfaWord, SelectionWord, SelectorWord, StatementWord, TemplateWord, Word, needed_within,
    words_within,
};
pub(crate) use guards::{MaxDeletionsProperties, RequireUntilProperties};
pub(crate) use permission_sets::CustomerPolicyProperties;
pub(crate) use policies::{InlinePolicyProperties, StatementProperties};
pub(crate) use project::{GroupProperties, IdentityCenterProperties, RolecallProperties};
pub(crate) use rule::{BlockRule, Kind, Properties, PropertyRule, Within, WordRule};
pub(crate) use settings::{AttributeProperties, LevelChoice, LintProperties};
pub(crate) use templates::{ParameterKind, ParameterProperties};

/// Returns the word of that name in that place.
pub(crate) fn find(name: &str, within: Within) -> Option<Word> {
    words_within(within).iter().find(|word| word.name() == name).copied()
}

/// Returns the places where a word of that name is allowed, sorted.
pub(crate) fn places_of(name: &str) -> Vec<Within> {
    places(|word| word.name() == name)
}

/// Returns the places where a word with this rule is allowed, sorted.
pub(crate) fn places_of_rule(rule: &'static WordRule) -> Vec<Within> {
    places(|word| std::ptr::eq(word.rule(), rule))
}

/// Returns the places as the end of a sentence: "at the top level of a file and in `template`".
pub(crate) fn listed_places(places: &[Within]) -> String {
    let in_file = places.contains(&Within::File).then(|| "at the top level of a file".to_owned());
    let blocks: Vec<&str> =
        places.iter().filter(|place| **place != Within::File).map(|place| place.shown()).collect();
    let in_blocks = (!blocks.is_empty()).then(|| format!("in {}", blocks.join(", ")));
    in_file.into_iter().chain(in_blocks).collect::<Vec<_>>().join(" and ")
}

fn places(is_meant: impl Fn(Word) -> bool) -> Vec<Within> {
    let stands = |within: &Within| words_within(*within).iter().any(|word| is_meant(*word));
    let mut places: Vec<Within> = PLACES.iter().copied().filter(stands).collect();
    places.sort_unstable();
    places
}

/// Returns the rule of every word in each place where it is allowed.
#[cfg(test)]
pub(crate) fn rules() -> impl Iterator<Item = &'static WordRule> {
    PLACES.iter().flat_map(|within| words_within(*within)).map(|word| word.rule())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_means_one_thing_in_one_place() {
        for within in PLACES {
            for word in words_within(*within) {
                assert_eq!(find(word.name(), *within), Some(*word), "{} within {within:?}", word.name());
            }
        }
    }

    #[test]
    fn each_block_has_words_and_needs_only_those() {
        for within in rules().filter_map(|rule| rule.block.within()) {
            assert!(!words_within(within).is_empty(), "{within:?}");
            for needed in needed_within(within).iter().copied().flatten() {
                assert!(words_within(within).contains(needed), "{within:?} needs {needed:?}");
            }
        }
    }

    #[test]
    fn each_place_but_a_file_is_the_block_of_a_word() {
        for within in PLACES.iter().filter(|within| **within != Within::File) {
            assert!(rules().any(|rule| rule.block.within() == Some(*within)), "{within:?}");
        }
    }

    #[test]
    fn files_may_be_limited_to_any_word_but_those_of_the_project_file() {
        let Kind::OneOf(limits) = find("may-contain", Within::Include).unwrap().rule().arguments.kind else {
            panic!()
        };
        let mut words: Vec<&str> = words_within(Within::File).iter().map(|word| word.name()).collect();
        words.retain(|word| !matches!(*word, "rolecall" | "identity-center" | "include"));
        words.sort_unstable();
        assert_eq!(limits, words);
    }

    #[test]
    fn the_word_lint_tells_of_every_lint() {
        let word = find("lint", Within::File).unwrap().rule();
        for (name, _) in rolecall_model::lint::LINTS {
            assert!(word.doc.contains(&format!("`{name}`")), "{name}");
        }
    }
}
