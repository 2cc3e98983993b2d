//! `keep`: live assignments that stay although the configuration does not contain them.

use rolecall_model::config::{KeepRule, KeptPrincipals};
use rolecall_model::{Code, Diagnostic};

use super::Decoder;
use super::assignments::reason_text;
use crate::syntax::Node;
use crate::words::KeepWord;

/// The lines of a `keep` that name principals.
#[derive(Default)]
struct PrincipalLines<'n> {
    to: Vec<&'n Node>,
    to_user: Vec<&'n Node>,
    to_undeclared: Option<&'n Node>,
    /// The first `to` or `to-user`.
    named: Option<&'n Node>,
}

impl Decoder<'_> {
    pub(super) fn keep(&mut self, node: &Node) {
        let (mut principals, mut on) = (PrincipalLines::default(), Vec::new());
        let (mut until, mut reason) = (None, None);
        for (word, child) in node.words() {
            match word {
                KeepWord::To => {
                    principals.to.push(child);
                    principals.named.get_or_insert(child);
                }
                KeepWord::ToUser => {
                    principals.to_user.push(child);
                    principals.named.get_or_insert(child);
                }
                KeepWord::ToUndeclared => {
                    principals.to_undeclared.get_or_insert(child);
                }
                KeepWord::On => on.push(child),
                KeepWord::Until => until = until.or(Some(child)),
                KeepWord::Reason => reason = reason.or(Some(child)),
            }
        }
        let says_which = !node.arguments.is_empty()
            || principals.named.or(principals.to_undeclared).is_some()
            || !on.is_empty();
        if !says_which {
            self.keeps_everything(node);
        }
        let permission_sets = self.permission_sets(node.texts());
        let principals = self.kept_principals(&principals);
        let on = self.on(&on);
        let until = until.and_then(|until| self.until(until));
        let reason = reason.and_then(reason_text);
        let origin = self.origin(node.header);
        self.parts.keeps.push(KeepRule { permission_sets, principals, on, until, reason, origin });
    }

    /// Reports a `keep` without any part: a part that is omitted matches everything, so every live assignment would stay.
    fn keeps_everything(&mut self, node: &Node) {
        // Empty braces have been reported, and a word that was not understood may be any.
        let is_unread = node.has_unknown
            || node.block.as_ref().is_some_and(|block| block.has_unknown || block.nodes.is_empty());
        if is_unread {
            return;
        }
        self.found.push(
            Diagnostic::error(Code::NothingDeclared, "`keep` matches everything")
                .at(node.word_place, "this would keep every assignment of every permission set")
                .help("name permission sets, as in `keep \"Deploy\"`, or add `to`, `to-user`, `to-undeclared` or `on` to its block"),
        );
    }

    fn kept_principals(&mut self, lines: &PrincipalLines<'_>) -> KeptPrincipals {
        let PrincipalLines { to, to_user, to_undeclared, named } = lines;
        let groups = self.groups(to);
        let users = self.users(to_user);
        match (to_undeclared, named) {
            (None, None) => KeptPrincipals::Anyone,
            // A line without a valid value keeps no assignments, rather than all of them.
            (None, Some(_)) => KeptPrincipals::These { groups, users },
            (Some(_), None) => KeptPrincipals::Undeclared,
            (Some(undeclared), Some(named)) => {
                let message = format!("`keep` has both `to-undeclared` and `{}`", named.word);
                self.found.push(
                    Diagnostic::error(Code::RepeatedNode, message)
                        .at(undeclared.header, "this matches groups that are not declared")
                        .and(named.header, "this names principals")
                        .help("write a separate `keep` with `to-undeclared`"),
                );
                KeptPrincipals::These { groups, users }
            }
        }
    }
}
