//! Diagnostics: what is wrong, where, and the way out. They are data; `rolecall-parser` renders them.

use crate::code::Code;
use crate::origin::{OriginId, Origins, Place};

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing goes on with it.
    Error,
    /// Worth a look; nothing stops.
    Warning,
}

/// A span with a text that stands alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What is there, understandable without the message.
    pub text: String,
}

/// Whether a machine may make a suggested change unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// The change says what was written, in the way that the language wants: `rolecall check --fix` makes it.
    Safe,
    /// It is a guess, such as the nearest name: a person decides, since it may give access to somebody else.
    MaybeWrong,
}

/// A change of text that would mend the mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What to replace; an empty place is an insertion.
    pub place: Place,
    /// The text to put there.
    pub replacement: String,
    /// Whether a machine may make the change unasked.
    pub applicability: Applicability,
}

/// One mistake or one thing worth saying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its stable code.
    pub code: Code,
    /// Its weight.
    pub severity: Severity,
    /// One sentence without a full stop.
    pub message: String,
    /// The place to look at first, or none when no file is at fault.
    pub primary: Option<Label>,
    /// Other places that matter, in any file.
    pub secondary: Vec<Label>,
    /// The way out.
    pub help: Option<String>,
    /// The way out as a change of text, where there is one.
    pub suggestion: Option<Suggestion>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            primary: None,
            secondary: Vec::new(),
            help: None,
            suggestion: None,
        }
    }

    /// A warning without a place.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// With the primary place.
    #[must_use]
    pub fn at(mut self, place: Place, text: impl Into<String>) -> Self {
        self.primary = Some(Label { place, text: text.into() });
        self
    }

    /// With the primary place of something in the configuration, and, where a template made it, the place of the
    /// `use`.
    #[must_use]
    pub fn at_origin(self, origins: &Origins, origin: OriginId, text: impl Into<String>) -> Self {
        let found = self.at(origins.place(origin), text);
        match origins.used_at(origin) {
            Some(used) => found.and(used, "the template is used here"),
            None => found,
        }
    }

    /// With a further place.
    #[must_use]
    pub fn and(mut self, place: Place, text: impl Into<String>) -> Self {
        self.secondary.push(Label { place, text: text.into() });
        self
    }

    /// With the way out.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// With a change of text that probably mends it, for a person to decide on.
    #[must_use]
    pub fn suggest(self, place: Place, replacement: impl Into<String>) -> Self {
        self.with_suggestion(place, replacement.into(), Applicability::MaybeWrong)
    }

    /// With a change of text that mends it and cannot mean anything else than what was written, so that a machine may
    /// make it.
    #[must_use]
    pub fn suggest_safe(self, place: Place, replacement: impl Into<String>) -> Self {
        self.with_suggestion(place, replacement.into(), Applicability::Safe)
    }

    fn with_suggestion(mut self, place: Place, replacement: String, applicability: Applicability) -> Self {
        self.suggestion = Some(Suggestion { place, replacement, applicability });
        self
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
