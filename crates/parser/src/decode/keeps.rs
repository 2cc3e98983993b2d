//! `keep`: live assignments that stay although the files do not want them.

use rolecall_model::config::{KeepRule, KeptPrincipals};
use rolecall_model::{Code, Diagnostic};

use super::Decoder;
use super::assignments::reason;
use crate::syntax::Node;

impl Decoder<'_> {
    pub(super) fn keep(&mut self, node: &Node) {
        self.keep_says_which(node);
        let permission_sets = self.permission_sets(node.texts());
        let principals = self.kept_principals(node);
        let on = self.on(node);
        let until = self.until(node);
        let origin = self.origin(node.header);
        self.parts.keeps.push(KeepRule {
            permission_sets,
            principals,
            on,
            until,
            reason: reason(node),
            origin,
        });
    }

    /// A part that is left out matches everything, so with none of them every live assignment would stay.
    fn keep_says_which(&mut self, node: &Node) {
        let says_which =
            |child: &Node| matches!(child.word.as_str(), "to" | "to-user" | "to-undeclared" | "on");
        // Empty braces have been reported, and a word that was not understood may be any.
        let is_unread = node.has_unknown
            || node.block.as_ref().is_some_and(|block| block.has_unknown || block.nodes.is_empty());
        if is_unread || !node.arguments.is_empty() || node.children().iter().any(says_which) {
            return;
        }
        self.found.push(
            Diagnostic::error(Code::NothingDeclared, "`keep` does not say what it keeps")
                .at(node.word_place, "this would keep every assignment of every permission set")
                .help("name permission sets, as in `keep \"Deploy\"`, or write `to`, `to-user`, `to-undeclared` or `on` into its block"),
        );
    }

    fn kept_principals(&mut self, node: &Node) -> KeptPrincipals {
        let named = node.children().iter().find(|child| matches!(child.word.as_str(), "to" | "to-user"));
        let groups = self.groups(node, "to");
        let users = self.users(node, "to-user");
        match (node.children_named("to-undeclared").next(), named) {
            (None, None) => KeptPrincipals::Anyone,
            // A line without a value that can be used keeps nobody's rows, rather than everybody's.
            (None, Some(_)) => KeptPrincipals::These { groups, users },
            (Some(_), None) => KeptPrincipals::Undeclared,
            (Some(undeclared), Some(named)) => {
                let message = format!("`keep` has `to-undeclared` and `{}`", named.word);
                self.found.push(
                    Diagnostic::error(Code::RepeatedNode, message)
                        .at(undeclared.header, "this is about groups that the files do not declare")
                        .and(named.header, "this says already whose assignments are kept")
                        .help("write two `keep`, one of them with `to-undeclared`"),
                );
                KeptPrincipals::These { groups, users }
            }
        }
    }
}
