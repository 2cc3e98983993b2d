//! Lints: warnings whose level the configuration can set.

use std::collections::BTreeMap;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Severity};
use crate::origin::OriginId;

/// The level of a lint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It is not reported. The configuration gives a reason.
    Allow,
    /// It is reported as a warning.
    Warn,
    /// It is reported as an error.
    Deny,
}

/// The levels that the configuration sets, with their places. All other lints have [`Level::Warn`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LintLevels {
    /// By the code of the lint.
    pub levels: BTreeMap<Code, (Level, OriginId)>,
}

/// Every lint, by its name in the configuration.
pub const LINTS: &[(&str, Code)] = &[
    ("crowded-permission-set", Code::CrowdedPermissionSet),
    ("direct-user", Code::DirectUser),
    ("ends-soon", Code::EndsSoon),
    ("idle-word", Code::IdleWord),
    ("later-expiry-holds", Code::LaterExpiryHolds),
    ("literal-like-parameter", Code::LiteralLikeParameter),
    ("many-policies", Code::ManyPolicies),
    ("unpinned-administrators", Code::UnpinnedAdministrators),
    ("unused-account-set", Code::UnusedAccountSet),
    ("unused-file", Code::UnusedFile),
    ("unused-group", Code::UnusedGroup),
    ("wildcard-statement", Code::WildcardStatement),
];

impl Code {
    /// Returns the code of the lint of that name.
    pub fn of_lint(name: &str) -> Option<Self> {
        LINTS.iter().find(|(lint, _)| *lint == name).map(|(_, code)| *code)
    }

    /// Returns the name of the lint that has this code, if it is one.
    pub fn lint_name(self) -> Option<&'static str> {
        LINTS.iter().find(|(_, code)| *code == self).map(|(name, _)| *name)
    }
}

impl LintLevels {
    /// Returns the level of a code, if it is a lint.
    pub fn level(&self, code: Code) -> Option<Level> {
        code.lint_name()?;
        Some(self.levels.get(&code).map_or(Level::Warn, |(level, _)| *level))
    }

    /// Drops allowed lints, and turns denied lints into errors.
    pub fn apply(&self, diagnostics: &mut Vec<Diagnostic>) {
        diagnostics.retain_mut(|diagnostic| match self.level(diagnostic.code) {
            Some(Level::Allow) => false,
            Some(Level::Deny) => {
                diagnostic.severity = Severity::Error;
                true
            }
            Some(Level::Warn) | None => true,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lints_are_sorted_and_named_once() {
        assert!(LINTS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (name, code) in LINTS {
            assert_eq!((Code::of_lint(name), code.lint_name()), (Some(*code), Some(*name)));
        }
    }
}
