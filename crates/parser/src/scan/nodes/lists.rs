//! Lists in brackets, which other languages have.

use rolecall_model::{Code, Diagnostic, Place};

use super::Cutter;
use super::unquoted::is_plain;
use crate::scan::tokens::TokenKind;

impl Cutter<'_> {
    /// Takes `["a", "b"]` as a whole and gives the number of the token behind it; `None` where what stands behind the
    /// bracket is no list of values that ends.
    pub(super) fn list(&mut self, index: usize) -> Option<usize> {
        let mut values: Vec<String> = Vec::new();
        let mut is_quoted = true;
        let mut at = index + 1;
        let last = loop {
            let token = *self.tokens.get(at)?;
            let text = self.text_of(token);
            match token.kind {
                TokenKind::Text if !token.faulty => values.push(text.to_owned()),
                TokenKind::Word => {
                    let bare = text.trim_matches(',');
                    is_quoted &= bare.is_empty();
                    if is_plain(bare) {
                        values.push(format!("\"{bare}\""));
                    } else if !bare.is_empty() {
                        return None;
                    }
                }
                TokenKind::Stray if text == "]" => break token,
                _ => return None,
            }
            at += 1;
        };
        self.break_node();
        if let Some(node) = &mut self.current {
            node.range.end = last.end;
        }
        let place = Place::new(self.file, self.tokens[index].start..last.end);
        let written = values.join(" ");
        let found = Diagnostic::error(Code::Syntax, "values in brackets")
            .at(place, "the language has no bracketed lists")
            .help("write the values one after another, without brackets and commas");
        let takes_many = self.last_word().is_some_and(|word| word.rule().arguments.max == usize::MAX);
        let is_value = self.tokens[index - 1].kind != TokenKind::Equals;
        self.out.diagnostics.push(if values.is_empty() || !is_value {
            found
        } else if is_quoted && takes_many {
            found.suggest_safe(place, written)
        } else {
            found.suggest(place, written)
        });
        Some(at + 1)
    }
}
