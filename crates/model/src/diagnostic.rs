//! Diagnostics: a problem, its place, and its resolution. They are data; `rolecall-parser` renders them.

use crate::code::Code;
use crate::origin::{OriginId, Origins, Place};

/// The severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The command cannot continue.
    Error,
    /// The command continues.
    Warning,
}

/// A place with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub place: Place,
    /// The description of the place, which is understandable without the message.
    pub text: String,
}

/// Whether a suggestion can be applied automatically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// The change preserves the meaning of the text: `rolecall check --fix` applies it.
    Safe,
    /// The change is a guess, such as the nearest name. A person must decide, because it may give access to others.
    MaybeWrong,
}

/// A change of text that resolves a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The text to replace; an empty place is an insertion.
    pub place: Place,
    /// The new text.
    pub replacement: String,
    /// Whether the change can be applied automatically.
    pub applicability: Applicability,
}

/// An error or a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its stable code.
    pub code: Code,
    /// Its severity.
    pub severity: Severity,
    /// One sentence without a full stop.
    pub message: String,
    /// The place to look at first, unless no file is at fault.
    pub primary: Option<Label>,
    /// Further relevant places, in any file.
    pub secondary: Vec<Label>,
    /// The resolution.
    pub help: Option<String>,
    /// The resolution as a change of text, if there is one.
    pub suggestion: Option<Suggestion>,
}

impl Diagnostic {
    /// Creates an error without a place.
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

    /// Creates a warning without a place.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Sets the primary place.
    #[must_use]
    pub fn at(mut self, place: Place, text: impl Into<String>) -> Self {
        self.primary = Some(Label { place, text: text.into() });
        self
    }

    /// Sets the primary place to that of an item of the configuration; if a template generated the item, adds the place
    /// of the `use`.
    #[must_use]
    pub fn at_origin(self, origins: &Origins, origin: OriginId, text: impl Into<String>) -> Self {
        let found = self.at(origins.place(origin), text);
        match origins.used_at(origin) {
            Some(used) => found.and(used, "the template is used here"),
            None => found,
        }
    }

    /// Adds a further place.
    #[must_use]
    pub fn and(mut self, place: Place, text: impl Into<String>) -> Self {
        self.secondary.push(Label { place, text: text.into() });
        self
    }

    /// Sets the resolution.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Sets a change of text that probably resolves the diagnostic, for a person to decide on.
    #[must_use]
    pub fn suggest(self, place: Place, replacement: impl Into<String>) -> Self {
        self.with_suggestion(place, replacement.into(), Applicability::MaybeWrong)
    }

    /// Sets a change of text that resolves the diagnostic without changing the meaning of the text, so that it can be
    /// applied automatically.
    #[must_use]
    pub fn suggest_safe(self, place: Place, replacement: impl Into<String>) -> Self {
        self.with_suggestion(place, replacement.into(), Applicability::Safe)
    }

    fn with_suggestion(mut self, place: Place, replacement: String, applicability: Applicability) -> Self {
        self.suggestion = Some(Suggestion { place, replacement, applicability });
        self
    }

    /// Returns whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
