//! Diagnostics up to a maximum: a file can have more errors than anyone reads, and more than fit into memory.

use rolecall_model::lint::{Level, LintLevels};
use rolecall_model::{Code, Diagnostic, Severity};

use crate::MAX_DIAGNOSTICS;

/// Diagnostics in the order in which they were found: the first [`MAX_DIAGNOSTICS`] errors, and as many warnings.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    kept: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
    levels: LintLevels,
}

impl Diagnostics {
    /// Keeps a diagnostic, while there is room for more of its weight, and unless it is a lint that is allowed.
    pub(crate) fn push(&mut self, mut diagnostic: Diagnostic) {
        match self.levels.level(diagnostic.code) {
            Some(Level::Allow) => return,
            Some(Level::Deny) => diagnostic.severity = Severity::Error,
            Some(Level::Warn) | None => {}
        }
        let count = if diagnostic.is_error() { &mut self.errors } else { &mut self.warnings };
        if *count < MAX_DIAGNOSTICS {
            *count += 1;
            self.kept.push(diagnostic);
        }
    }

    /// Sets the levels of lints, for what was kept as for what comes. What is allowed takes no room from what is not.
    pub(crate) fn set_levels(&mut self, levels: LintLevels) {
        let kept = std::mem::take(self).kept;
        self.levels = levels;
        self.extend(kept);
    }

    /// Whether there is an error other than a lint that is denied.
    pub(crate) fn has_mistake(&self) -> bool {
        self.kept.iter().any(|found| found.is_error() && found.code.lint_name().is_none())
    }

    /// Whether no more errors are kept, so that it is of no use to look for them.
    pub(crate) fn is_full(&self) -> bool {
        self.errors == MAX_DIAGNOSTICS
    }

    /// Whether one is an error.
    pub(crate) fn has_error(&self) -> bool {
        self.errors > 0
    }

    /// Whether one has this code.
    pub(crate) fn has(&self, code: Code) -> bool {
        self.kept.iter().any(|diagnostic| diagnostic.code == code)
    }

    /// Forgets all that do not have this code.
    pub(crate) fn retain(&mut self, code: Code) {
        let kept = std::mem::take(self).kept;
        self.extend(kept.into_iter().filter(|diagnostic| diagnostic.code == code));
    }

    /// Those that were kept.
    pub(crate) fn into_kept(self) -> Vec<Diagnostic> {
        self.kept
    }

    /// What says that there may be more than were kept.
    pub(crate) fn more(&self) -> Vec<Diagnostic> {
        let help = "fix some of those shown, and run the command again";
        let mut more = Vec::new();
        if self.errors == MAX_DIAGNOSTICS {
            let message = format!(
                "there are {MAX_DIAGNOSTICS} errors or more; only the first {MAX_DIAGNOSTICS} are shown"
            );
            more.push(Diagnostic::error(Code::TooManyDiagnostics, message).help(help));
        }
        if self.warnings == MAX_DIAGNOSTICS {
            let message = format!(
                "there are {MAX_DIAGNOSTICS} warnings or more; only the first {MAX_DIAGNOSTICS} are shown"
            );
            more.push(Diagnostic::warning(Code::TooManyDiagnostics, message).help(help));
        }
        more
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        for diagnostic in diagnostics {
            self.push(diagnostic);
        }
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.kept.into_iter()
    }
}
