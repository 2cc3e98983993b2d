//! `lint`: the levels of lints, and the lints about permission sets. Lints about names are in `resolve`.

use std::collections::BTreeMap;

use rolecall_model::lint::{Level, LintLevels};
use rolecall_model::{Code, Diagnostic, Place, Policy};
use serde_json::Value;

use super::{CheckedFile, Decoder};
use crate::syntax::{Node, Value as Written};
use crate::words::{
    FileWord, InlinePolicyProperties, InlinePolicyWord, LevelChoice, LintProperties, LintWord, StatementWord,
};

/// Number of managed policies that IAM attaches to a role by default (quota "Managed policies per role").
const USUAL_POLICIES: usize = 10;
/// Number of actions that one diagnostic names.
const MAX_ACTIONS: usize = 3;

impl Decoder<'_> {
    /// Decodes the levels of all `lint` nodes.
    pub(super) fn lint_levels(&mut self, checked: &[CheckedFile<'_>]) -> LintLevels {
        let mut levels = LintLevels::default();
        let mut places: BTreeMap<Code, Place> = BTreeMap::new();
        for node in
            checked.iter().flat_map(|file| file.nodes).filter(|node| node.word_of() == Some(FileWord::Lint))
        {
            let LintProperties { level } = node.values();
            let level = level.and_then(Written::text).and_then(LevelChoice::of).map(|level| match level {
                LevelChoice::Allow => Level::Allow,
                LevelChoice::Warn => Level::Warn,
                LevelChoice::Deny => Level::Deny,
            });
            if level == Some(Level::Allow) {
                self.silence_has_a_reason(node);
            }
            let Some((name, place)) = node.text() else { continue };
            let Some(code) = Code::of_lint(name) else { continue };
            if let Some(first) = places.get(&code) {
                self.found.push(
                    Diagnostic::error(
                        Code::DuplicateDeclaration,
                        format!("the level of the lint `{name}` is set more than once"),
                    )
                    .at(place, format!("duplicate level of `{name}`"))
                    .and(*first, format!("the level of `{name}` is first set here"))
                    .help("keep one of the two; a level applies to the whole project"),
                );
                continue;
            }
            places.insert(code, place);
            if let Some(level) = level {
                levels.levels.insert(code, (level, self.origin(node.header)));
            }
        }
        levels
    }

    fn silence_has_a_reason(&mut self, node: &Node) {
        // Empty braces have been reported, and a word that was not understood may be the one.
        let is_unread = node.has_unknown
            || node.block.as_ref().is_some_and(|block| block.has_unknown || block.nodes.is_empty());
        let reason = node.words().next().map(|(LintWord::Reason, reason)| reason);
        if is_unread || reason.is_some() {
            return;
        }
        self.found.push(
            Diagnostic::error(Code::MissingChild, "`lint` with `level=\"allow\"` needs a `reason`")
                .at(node.header, "this silences a lint without a reason")
                .help("give the reason, as in `{ reason \"…\" }`, or set another level"),
        );
    }

    /// Warns of statements that allow every action, every action of a service, or all but some, on everything and without
    /// a condition.
    pub(super) fn wildcard_statements(&mut self, node: &Node, policy: &Policy) {
        let help = "name the required actions and resources, add a condition with `when`, or attach an equivalent AWS managed policy";
        let InlinePolicyProperties { file } = node.values();
        let file: Option<&Written> = file;
        if let Some(file) = file {
            let path = file.text().unwrap_or_default();
            let actions = wildcard_actions(policy);
            let allowed = (!actions.is_empty()).then(|| shown_actions(&actions));
            let excepted =
                excepted_actions(policy).map(|but| format!("everything except {}", shown_actions(&but)));
            for shown in allowed.into_iter().chain(excepted) {
                self.found.push(
                    Diagnostic::warning(
                        Code::WildcardStatement,
                        format!("`{path}` allows {shown} on every resource"),
                    )
                    .at(
                        file.place,
                        format!("a statement in this file allows {shown} on `*` without a condition"),
                    )
                    .help(help.replace(" with `when`", "")),
                );
            }
            return;
        }
        for (word, child) in node.words() {
            match word {
                InlinePolicyWord::Allow => {}
                InlinePolicyWord::Deny => continue,
            }
            // A word that was not understood may have been a condition.
            let mut is_limited = child.block.as_ref().is_none_or(|block| block.has_unknown);
            let mut on_everything = false;
            for (word, line) in child.words() {
                match word {
                    StatementWord::Resource => on_everything |= line.texts().any(|(text, _)| text == "*"),
                    StatementWord::When => is_limited = true,
                }
            }
            let actions: Vec<&str> =
                child.texts().map(|(text, _)| text).filter(|text| is_wildcard(text)).collect();
            if is_limited || !on_everything || actions.is_empty() {
                continue;
            }
            let shown = shown_actions(&actions);
            self.found.push(
                Diagnostic::warning(
                    Code::WildcardStatement,
                    format!("a statement allows {shown} on every resource"),
                )
                .at(child.header, format!("this allows {shown} on `*` without a condition"))
                .help(help),
            );
        }
    }

    /// Warns of a permission set with more policies than IAM attaches to a role by default; `last` is one of them.
    pub(super) fn many_policies(&mut self, count: usize, last: Place) {
        if count <= USUAL_POLICIES {
            return;
        }
        let message = format!(
            "the permission set has {count} policies; by default, IAM allows {USUAL_POLICIES} per role"
        );
        self.found.push(
            Diagnostic::warning(Code::ManyPolicies, message)
                .at(last, format!("this is policy {count}, counting AWS managed and customer managed policies"))
                .help("combine policies, or request a higher quota of managed policies per role in each account where the permission set is assigned"),
        );
    }
}

/// Returns whether an action is `*`, or `*` of a service.
fn is_wildcard(action: &str) -> bool {
    action == "*" || action.split_once(':').is_some_and(|(_, name)| name == "*")
}

/// Returns the wildcard actions that a policy allows on everything without a condition, each once.
fn wildcard_actions(policy: &Policy) -> Vec<&str> {
    let allowed = allowed_on_everything(policy).flat_map(|statement| texts(statement, "Action"));
    let mut actions: Vec<&str> = allowed.filter(|action| is_wildcard(action)).collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}

/// Returns the exceptions of the first statement that allows every other action on everything without a condition.
fn excepted_actions(policy: &Policy) -> Option<Vec<&str>> {
    let mut excepted = allowed_on_everything(policy)
        .map(|statement| texts(statement, "NotAction").collect::<Vec<&str>>())
        .filter(|actions| {
            !actions.is_empty() && !actions.iter().any(|action| matches!(*action, "*" | "*:*"))
        });
    excepted.next()
}

/// Returns the statements that allow something on everything without a condition.
fn allowed_on_everything(policy: &Policy) -> impl Iterator<Item = &Value> {
    let statements = policy.canonical().get("Statement").and_then(Value::as_array);
    statements.into_iter().flatten().filter(|statement| {
        let is_limited = statement
            .get("Condition")
            .is_some_and(|condition| condition.as_object().is_none_or(|operators| !operators.is_empty()));
        let is_allow = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
        is_allow && !is_limited && texts(statement, "Resource").any(|resource| resource == "*")
    })
}

/// Returns the texts of a list in a statement.
fn texts<'p>(statement: &'p Value, key: &str) -> impl Iterator<Item = &'p str> + use<'p> {
    statement.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn shown_actions(actions: &[&str]) -> String {
    let mut shown: Vec<String> =
        actions.iter().take(MAX_ACTIONS).map(|action| format!("`{action}`")).collect();
    if actions.len() > MAX_ACTIONS {
        shown.push(format!("{} more", actions.len() - MAX_ACTIONS));
    }
    match shown.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => shown.concat(),
    }
}
