//! Type annotations. One alone has a meaning, `(param)` in front of a text within a template.

use rolecall_model::{Code, Diagnostic};

use super::{Annotation, Cutter, State, is_number};
use crate::nearest::nearest;
use crate::scan::tokens::{Token, TokenKind};

/// The annotation that makes a text the name of a parameter.
const PARAMETER: &str = "param";

impl Cutter<'_> {
    /// Takes a type annotation. Whatever it is, the KDL crate does not see it.
    pub(super) fn annotation(&mut self, index: usize) {
        let token = self.tokens[index];
        self.out.blanks.push(token.start..token.end);
        let before = index.checked_sub(1).map(|before| self.tokens[before]);
        let is_value =
            |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::Keyword | TokenKind::Text);
        if *self.state() == State::Entries
            && before.is_some_and(|before| before.end == token.start && is_value(&before))
        {
            self.glued(token);
            return;
        }
        let name = name(self.text_of(token)).to_owned();
        if name == PARAMETER {
            self.parameter(index);
            return;
        }
        let shown = self.shown(token);
        let diagnostic =
            Diagnostic::error(Code::TypeAnnotation, format!("the type annotation `{shown}` has no meaning"))
                .at(self.place(token), format!("Rolecall has no type annotation `{shown}`"));
        let meant = self.may_be_template && nearest(&name, [PARAMETER]).is_some();
        let (help, replacement) =
            if meant { ("did you mean `(param)`?", "(param)") } else { ("remove it", "") };
        self.out.diagnostics.push(diagnostic.help(help).suggest(self.place(token), replacement));
        if meant {
            self.annotate(index, false);
        }
    }

    /// Takes `(param)`, which belongs in front of a text within a template.
    fn parameter(&mut self, index: usize) {
        let token = self.tokens[index];
        let in_template = self.may_be_template && (self.states.len() > 1 || *self.state() == State::Entries);
        let next = self.tokens.get(index + 1).copied();
        let names_property = self.tokens.get(index + 2).is_some_and(|next| next.kind == TokenKind::Equals);
        let begins_line = *self.state() == State::Start;
        let (message, label, help) = match next.map(|next| next.kind) {
            _ if !in_template => (
                "`(param)` outside a template",
                "only a template has parameters",
                "write the value itself, or move the line to a `template`",
            ),
            Some(TokenKind::Word | TokenKind::Text) if begins_line || names_property => (
                "`(param)` before something that is not a value",
                "only a value can be replaced by a parameter",
                "write `(param)` before a value, as in `to (param)\"devs\"` or `name=(param)\"devs\"`",
            ),
            Some(TokenKind::Text) => {
                self.annotate(index, true);
                return;
            }
            Some(TokenKind::Word) if next.is_some_and(|next| is_number(self.text_of(next))) => (
                "`(param)` before a number",
                "the name of a parameter is a text",
                "write the name of the parameter in quotes after it, as in `(param)\"devs\"`",
            ),
            // A word without quotes is reported as that, and the way out of it is right here too.
            Some(TokenKind::Word | TokenKind::Keyword) => {
                self.annotate(index, true);
                return;
            }
            _ => {
                // A value was meant, so none is missing.
                if *self.state() == State::Entries {
                    self.out.unquoted.insert(token.start, self.text_of(token).to_owned());
                }
                (
                    "`(param)` without a parameter",
                    "the name of the parameter is missing",
                    "write the name of the parameter in quotes after it, as in `(param)\"devs\"`",
                )
            }
        };
        self.annotate(index, false);
        let place = self.place(token);
        self.out
            .diagnostics
            .push(Diagnostic::error(Code::TypeAnnotation, message).at(place, label).help(help));
    }

    /// Remembers the annotation of the value behind it.
    fn annotate(&mut self, index: usize, is_parameter: bool) {
        if let Some(next) = self.tokens.get(index + 1) {
            let start = self.tokens[index].start;
            self.out.annotations.insert(next.start, Annotation { start, is_parameter });
        }
    }
}

/// What an annotation says, in any of the spellings that KDL has for a word.
fn name(annotation: &str) -> &str {
    let inner = annotation.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(annotation);
    inner.trim().trim_matches('#').trim_matches('"')
}
