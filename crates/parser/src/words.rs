//! The words of the language, in one table. It drives the checks of what may stand where, the suggestions for what
//! is misspelt, and the reference page; what a word means is in `decode`.

mod entra;
mod guards;
mod lifecycle;
mod settings;
mod table;
mod templates;

/// Where a word may stand: in a file, or in the block of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Within {
    File,
    Include,
    AccountSet,
    On,
    Only,
    Except,
    PermissionSet,
    Boundary,
    InlinePolicy,
    Statement,
    Assign,
    Keep,
    Attributes,
    Entra,
    Application,
    RequireMfa,
    Guard,
    Forbid,
    RequireUntil,
    Exception,
    Lint,
    Template,
}

impl Within {
    /// The words in whose blocks this is, as a message names them; empty for a file.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::File => "",
            Self::Include => "`include`",
            Self::AccountSet => "`accounts`",
            Self::On => "`on`",
            Self::Only => "`only`",
            Self::Except => "`except`",
            Self::PermissionSet => "`permission-set`",
            Self::Boundary => "`boundary`",
            Self::InlinePolicy => "`inline-policy`",
            Self::Statement => "`allow` and `deny`",
            Self::Assign => "`assign`",
            Self::Keep => "`keep`",
            Self::Attributes => "`attributes`",
            Self::Entra => "`entra`",
            Self::Application => "`application`",
            Self::RequireMfa => "`require-mfa`",
            Self::Guard => "`guard`",
            Self::Forbid => "`forbid`",
            Self::RequireUntil => "`require-until`",
            Self::Exception => "`exception`",
            Self::Lint => "`lint`",
            Self::Template => "`template`",
        }
    }
}

/// One word, where it means one thing. A word that means different things in different places has several entries.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) name: &'static str,
    pub(crate) within: &'static [Within],
    /// What it means, as full sentences.
    pub(crate) doc: &'static str,
    pub(crate) arguments: Arguments,
    pub(crate) properties: &'static [PropertyWord],
    pub(crate) block: BlockRule,
    /// Whether it may stand several times in one block.
    pub(crate) repeats: bool,
    pub(crate) example: &'static str,
}

impl Word {
    /// The property of that name.
    pub(crate) fn property(&self, name: &str) -> Option<&'static PropertyWord> {
        self.properties.iter().find(|rule| rule.name == name)
    }
}

/// The arguments of a word.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// How the reference writes them, such as `"group"…`.
    pub(crate) shown: &'static str,
    /// What one of them is called in a message: "a group".
    pub(crate) what: &'static str,
    pub(crate) kind: Kind,
    pub(crate) min: usize,
    pub(crate) max: usize,
    /// From which argument on no two may be the same; `usize::MAX` where that does not matter.
    pub(crate) distinct_from: usize,
}

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A text of at least one character.
    Text,
    /// A text that may be empty.
    AnyText,
    /// A whole number within bounds.
    Number { min: u32, max: u32 },
    /// One of these texts.
    OneOf(&'static [&'static str]),
}

impl Arguments {
    /// Whether an argument may repeat, so that a parameter with several values can stand for it.
    pub(crate) fn may_repeat(&self, at: usize) -> bool {
        self.max == usize::MAX && at >= self.distinct_from
    }

    /// Whether an argument is a key: what comes before those that repeat.
    pub(crate) fn is_key(&self, at: usize) -> bool {
        self.max == usize::MAX && at < self.distinct_from
    }
}

impl Kind {
    /// Whether a text in quotes can be a value of this kind.
    pub(crate) fn may_be(self, text: &str) -> bool {
        match self {
            Self::Text | Self::AnyText => true,
            Self::OneOf(allowed) => allowed.contains(&text),
            Self::Number { .. } => false,
        }
    }
}

/// A property of a word.
#[derive(Debug)]
pub(crate) struct PropertyWord {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    /// What it means, as the rest of a sentence that begins with its name.
    pub(crate) doc: &'static str,
}

/// Whether a word has a block.
#[derive(Debug)]
pub(crate) enum BlockRule {
    None,
    Optional(Within),
    /// It may have one, and the words in it are declared by the files.
    Declared,
    /// It must have one, and in it one of the words of each list.
    Required(Within, &'static [&'static [&'static str]]),
}

impl BlockRule {
    pub(crate) fn within(&self) -> Option<Within> {
        match self {
            Self::None | Self::Declared => None,
            Self::Optional(within) | Self::Required(within, _) => Some(*within),
        }
    }
}

/// Every word of the language.
pub(crate) fn words() -> impl Iterator<Item = &'static Word> {
    [table::WORDS, lifecycle::WORDS, templates::WORDS, guards::WORDS, entra::WORDS, settings::WORDS]
        .into_iter()
        .flatten()
}

/// The word of that name in that place.
pub(crate) fn find(name: &str, within: Within) -> Option<&'static Word> {
    words().find(|word| word.name == name && word.within.contains(&within))
}

/// The words that may stand in a place, in the table's order.
pub(crate) fn words_within(within: Within) -> impl Iterator<Item = &'static Word> {
    words().filter(move |word| word.within.contains(&within))
}

/// Where a word may stand, if it is one.
pub(crate) fn places_of(name: &str) -> Vec<Within> {
    let mut places: Vec<Within> =
        words().filter(|word| word.name == name).flat_map(|word| word.within).copied().collect();
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use rolecall_model::Sources;

    use super::*;

    #[test]
    fn each_word_means_one_thing_in_one_place() {
        for (at, word) in words().enumerate() {
            for within in word.within {
                let first =
                    words().position(|other| other.name == word.name && other.within.contains(within));
                assert_eq!(first, Some(at), "{} within {within:?}", word.name);
            }
        }
    }

    #[test]
    fn each_block_has_words_and_needs_only_those() {
        for word in words() {
            let Some(within) = word.block.within() else { continue };
            assert!(words_within(within).count() > 0, "{}", word.name);
            if let BlockRule::Required(within, needed) = word.block {
                for name in needed.iter().copied().flatten() {
                    assert!(find(name, within).is_some(), "{} needs {name}", word.name);
                }
            }
        }
    }

    #[test]
    fn files_may_be_limited_to_any_word_but_those_of_the_project_file() {
        let Kind::OneOf(limits) = find("may-contain", Within::Include).unwrap().arguments.kind else {
            panic!()
        };
        let mut words: Vec<&str> = words_within(Within::File).map(|word| word.name).collect();
        words.retain(|word| !matches!(*word, "rolecall" | "identity-center" | "include"));
        words.sort_unstable();
        assert_eq!(limits, words);
    }

    #[test]
    fn the_word_lint_tells_of_every_lint() {
        let word = find("lint", Within::File).unwrap();
        for (name, _) in rolecall_model::lint::LINTS {
            assert!(word.doc.contains(&format!("`{name}`")), "{name}");
        }
    }

    #[test]
    fn each_example_is_correct() {
        for word in words() {
            let file = Sources::default().add("example.kdl", word.example);
            let scan = crate::scan::scan(file, word.example);
            let mut parsed = crate::syntax::parse(file, &scan, &scan.nodes);
            // Some examples show the word within the block that it belongs to.
            let first = parsed.nodes[0].word.as_str();
            let within = if first == word.name { word.within[0] } else { places_of(first)[0] };
            let wrong = crate::check::check(&mut parsed.nodes, within);
            assert_eq!(
                (scan.diagnostics, parsed.mistakes.into_kept(), wrong.into_kept()),
                Default::default(),
                "{}",
                word.name
            );
        }
    }
}
