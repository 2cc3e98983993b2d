//! The rule of a word: its values, its properties, its block. `grammar` defines which words are allowed in which block.

/// A place in which words are allowed: a file, or the block of a word.
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
    /// Returns the words with this block, as a message names them; empty for a file.
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

/// The rule of a word in one of its meanings. A word with different meanings in different places has several rules.
#[derive(Debug)]
pub(crate) struct WordRule {
    pub(crate) name: &'static str,
    /// Its meaning, in full sentences.
    pub(crate) doc: &'static str,
    pub(crate) arguments: Arguments,
    pub(crate) properties: &'static [PropertyRule],
    pub(crate) block: BlockRule,
    /// Whether it is allowed several times in one block.
    pub(crate) repeats: bool,
    pub(crate) example: &'static str,
}

impl WordRule {
    /// Returns the property of that name.
    pub(crate) fn property(&self, name: &str) -> Option<&'static PropertyRule> {
        self.properties.iter().find(|rule| rule.name == name)
    }
}

/// The arguments of a word.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// Their form in the reference, such as `"group"…`.
    pub(crate) shown: &'static str,
    /// The name of one of them in a message: "a group".
    pub(crate) what: &'static str,
    pub(crate) kind: Kind,
    pub(crate) min: usize,
    pub(crate) max: usize,
    /// The first argument from which duplicates are errors; `usize::MAX` if they are allowed.
    pub(crate) distinct_from: usize,
}

impl Arguments {
    /// Returns whether an argument may repeat, so that a parameter with several values can replace it.
    pub(crate) fn may_repeat(&self, at: usize) -> bool {
        self.max == usize::MAX && at >= self.distinct_from
    }

    /// Returns whether an argument is a key, before those that repeat.
    pub(crate) fn is_key(&self, at: usize) -> bool {
        self.max == usize::MAX && at < self.distinct_from
    }
}

pub(super) const MANY: usize = usize::MAX;

pub(super) const NO_ARGUMENTS: Arguments =
    Arguments { shown: "", what: "", kind: Kind::Text, min: 0, max: 0, distinct_from: MANY };

/// Exactly one text.
pub(super) const fn one(shown: &'static str, what: &'static str) -> Arguments {
    Arguments { shown, what, kind: Kind::Text, min: 1, max: 1, distinct_from: MANY }
}

/// One or several texts, without duplicates.
pub(super) const fn some(shown: &'static str, what: &'static str) -> Arguments {
    Arguments { shown, what, kind: Kind::Text, min: 1, max: MANY, distinct_from: 0 }
}

/// The arguments of `on`.
pub(super) const ACCOUNT_SETS: Arguments = Arguments {
    shown: r#""account-set"…"#,
    what: "an account set",
    kind: Kind::Text,
    min: 0,
    max: MANY,
    distinct_from: 0,
};

/// The kind of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A text of at least one character.
    Text,
    /// A text of at least one character, which may consist of spaces.
    SpacedText,
    /// A text that may be empty.
    AnyText,
    /// A whole number within bounds.
    Number { min: u32, max: u32 },
    /// One of these texts.
    OneOf(&'static [&'static str]),
}

impl Kind {
    /// Returns whether a quoted text can be a value of this kind.
    pub(crate) fn may_be(self, text: &str) -> bool {
        match self {
            Self::Text | Self::SpacedText | Self::AnyText => true,
            Self::OneOf(allowed) => allowed.contains(&text),
            Self::Number { .. } => false,
        }
    }
}

/// A property of a word.
#[derive(Debug)]
pub(crate) struct PropertyRule {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    /// Its meaning, as the rest of a sentence that begins with its name.
    pub(crate) doc: &'static str,
}

/// The block of a word.
#[derive(Debug, Clone, Copy)]
pub(crate) enum BlockRule {
    None,
    Optional(Within),
    /// Optional; the configuration declares the words in it.
    Declared,
    /// Required.
    Required(Within),
}

impl BlockRule {
    pub(crate) fn within(self) -> Option<Within> {
        match self {
            Self::None | Self::Declared => None,
            Self::Optional(within) | Self::Required(within) => Some(within),
        }
    }
}

/// The values of the properties of a word.
pub(crate) trait Properties<V>: Sized {
    /// Reads the value of each property by its name.
    fn read(value_of: impl Fn(&'static str) -> Option<V>) -> Self;
}

/// Defines the properties of a word: their rules, and a struct with a field for each. Decoders destructure it without
/// `..`, so that a new property cannot be forgotten.
macro_rules! properties {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $rule:expr,)+ }) => {
        $(#[$doc])*
        pub(crate) struct $name<V> {
            $(pub(crate) $field: Option<V>,)+
        }

        impl $name<()> {
            /// The rule of each.
            pub(super) const RULES: &'static [PropertyRule] = &[$($rule,)+];
        }

        impl<V> $crate::words::Properties<V> for $name<V> {
            fn read(value_of: impl Fn(&'static str) -> Option<V>) -> Self {
                // The rules and the fields come from one list, so they have the same order.
                let mut rules = $name::RULES.iter();
                $(let $field = rules.next().and_then(|rule| value_of(rule.name));)+
                Self { $($field,)+ }
            }
        }
    };
}

/// Defines the possible texts of a value as an enum, so that decoding matches each of them.
macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($choice:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name {
            $($choice,)+
        }

        impl $name {
            /// The texts, in their order.
            pub(super) const TEXTS: &'static [&'static str] = &[$($text,)+];

            /// Returns the choice of a text.
            pub(crate) fn of(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$choice),)+
                    _ => None,
                }
            }
        }
    };
}

pub(super) use {choices, properties};
