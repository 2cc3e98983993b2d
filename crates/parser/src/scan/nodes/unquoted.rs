//! Values without quotes: what they were meant to be, and whether a machine may put quotes around them.
//!
//! Quotes are safe where the line says one thing only: it begins with a word that takes such a value there, and only as
//! many as there are, and nothing else on it is wrong. Anything else is a sentence whose meaning a person knows.

use std::collections::BTreeSet;

use rolecall_model::{Code, Diagnostic, Place};

use super::{Cutter, is_number};
use crate::scan::tokens::{Token, TokenKind};
use crate::words::{FileWord, Kind, TemplateWord, Within, Word, find};

/// The names that `parameter` lines declare, each with the number of its top-level node.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    names: BTreeSet<(usize, String)>,
    /// The numbers of the tokens that end a block of the file level.
    ends: Vec<usize>,
}

impl Parameters {
    pub(super) fn of(text: &str, tokens: &[Token]) -> Self {
        let mut found = Self::default();
        let mut depth = 0_usize;
        for (index, token) in tokens.iter().enumerate() {
            match token.kind {
                TokenKind::Open => depth += 1,
                TokenKind::Close => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        found.ends.push(index);
                    }
                }
                TokenKind::Word if is_parameter(&text[token.start..token.end]) => {
                    let Some(name) = tokens.get(index + 1) else { continue };
                    if matches!(name.kind, TokenKind::Text | TokenKind::Word) {
                        let name = text[name.start..name.end].trim_matches(['#', '"']).to_owned();
                        found.names.insert((found.ends.len(), name));
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// Whether the top-level node of a token declares a parameter of this name.
    fn has(&self, name: &str, index: usize) -> bool {
        let node = self.ends.partition_point(|end| *end < index);
        self.names.contains(&(node, name.to_owned()))
    }
}

/// Whether a word declares a parameter.
fn is_parameter(word: &str) -> bool {
    find(word, Within::Template) == Some(Word::Template(TemplateWord::Parameter))
}

/// What is known of a line with a value without quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// The number of the token that begins it.
    begun: usize,
    /// Quotes are all that its values lack.
    is_sound: bool,
    /// The values are words that together were meant to be the one text that is wanted: the number of the last.
    is_phrase: Option<usize>,
}

/// What is wanted where a value stands.
#[derive(Clone, Copy)]
struct Wanted {
    kind: Kind,
    /// Whether it is a key, for which no parameter is likely to stand.
    is_key: bool,
}

impl Cutter<'_> {
    /// Reports a value without quotes.
    pub(super) fn unquoted(&mut self, index: usize) {
        let token = self.tokens[index];
        let text = self.text_of(token).to_owned();
        let word = self.last_word();
        let property = self.property_of(index);
        self.out.unquoted.insert(token.start, text.clone());
        if property.is_none() && word.is_some_and(|word| word.rule().arguments.max == 0) {
            // That the word takes no value is reported, and no quotes would help.
            return;
        }
        let Some(line) = self.line() else {
            return self.out.diagnostics.push(not_safe(unquoted(self.place(token), &text)));
        };
        if let Some(last) = line.is_phrase {
            // Reported whole with its first word.
            if line.begun + 1 == index {
                let place = Place::new(self.file, token.start..self.tokens[last].end);
                let shown = self.text[place.range()].to_owned();
                self.out.diagnostics.push(phrase(place, &shown));
            }
            return;
        }
        let wanted = self.wanted(index, word, property);
        if let Some(Wanted { kind: Kind::Number { .. }, .. }) = wanted {
            let of = property.map_or_else(|| word.map_or("", Word::name), |key| self.text_of(key));
            let found = not_a_number(self.place(token), of, &text);
            return self.out.diagnostics.push(found);
        }
        let names_parameter = self.may_be_template
            && self.tokens[index - 1].kind != TokenKind::Type
            && wanted.is_some_and(|wanted| !wanted.is_key)
            && self.parameters.has(&text, index);
        let takes = wanted.map_or(self.is_use, |wanted| wanted.kind.may_be(&text));
        let found = unquoted(self.place(token), &text);
        self.out.diagnostics.push(if names_parameter {
            let meant = format!("(param)\"{text}\"");
            let help =
                format!("write `{meant}` for the parameter's value, or `\"{text}\"` for the text itself");
            found.help(help).suggest(self.place(token), meant)
        } else if line.is_sound && takes {
            found
        } else {
            not_safe(found)
        });
    }

    /// The name of the property whose value a token is.
    fn property_of(&self, index: usize) -> Option<Token> {
        let before = |back: usize| index.checked_sub(back).map(|at| self.tokens[at]);
        let skipped = usize::from(before(1).is_some_and(|token| token.kind == TokenKind::Type));
        let equals = before(1 + skipped)?;
        if equals.kind == TokenKind::Equals { before(2 + skipped) } else { None }
    }

    fn wanted(&self, index: usize, word: Option<Word>, property: Option<Token>) -> Option<Wanted> {
        let word = word?;
        let rule = word.rule();
        if let Some(key) = property {
            let property = rule.property(self.text_of(key))?;
            return Some(Wanted { kind: property.kind, is_key: false });
        }
        let declares =
            matches!(word, Word::Template(TemplateWord::Parameter) | Word::File(FileWord::Template));
        let is_first = self.begun.is_some_and(|begun| begun + 1 == index);
        Some(Wanted { kind: rule.arguments.kind, is_key: declares || (is_first && rule.arguments.is_key(0)) })
    }

    /// What is known of the line that a value stands on, looked at once a line.
    fn line(&mut self) -> Option<Line> {
        let begun = self.begun?;
        if self.line.is_none_or(|line| line.begun != begun) {
            self.line = Some(self.look_at_line(begun));
        }
        self.line
    }

    fn look_at_line(&self, begun: usize) -> Line {
        let word = self.last_word().map(Word::rule);
        let mut is_sound = self.text_of(self.tokens[begun]).chars().all(super::is_word);
        let (mut arguments, mut bare, mut properties) = (0_usize, 0_usize, 0_usize);
        let mut at = begun + 1;
        while let Some(token) = self.tokens.get(at).copied() {
            let next = self.tokens.get(at + 1).copied();
            match token.kind {
                TokenKind::Newline | TokenKind::Semicolon | TokenKind::Open | TokenKind::Close => break,
                TokenKind::Equals => is_sound &= self.tokens[at - 1].kind == TokenKind::Word,
                TokenKind::Type => {}
                TokenKind::Word if self.begins_another_line(at) => break,
                TokenKind::Word if next.is_some_and(|next| next.kind == TokenKind::Equals) => {
                    let name = self.text_of(token);
                    properties += 1;
                    is_sound &= word.is_some_and(|word| word.property(name).is_some());
                }
                TokenKind::Word | TokenKind::Text => {
                    let text = self.text_of(token);
                    let is_bare = token.kind == TokenKind::Word && !is_number(text);
                    is_sound &= !token.faulty && (!is_bare || is_plain(text));
                    if self.tokens[at - 1].kind != TokenKind::Equals && !self.is_typed_property(at) {
                        arguments += 1;
                        is_sound &= !is_bare || word.is_none_or(|word| word.arguments.kind.may_be(text));
                        bare += usize::from(is_bare && is_plain(text.trim_end_matches([',', '.', '!'])));
                    }
                }
                TokenKind::Keyword | TokenKind::Stray | TokenKind::Slashdash => is_sound = false,
            }
            let is_entry = |token: Token| {
                matches!(
                    token.kind,
                    TokenKind::Word | TokenKind::Keyword | TokenKind::Text | TokenKind::Stray
                )
            };
            is_sound &=
                !next.is_some_and(|next| is_entry(token) && is_entry(next) && next.start == token.end);
            at += 1;
        }
        let takes_one_text = word.is_some_and(|word| {
            word.arguments.max == 1 && matches!(word.arguments.kind, Kind::Text | Kind::SpacedText)
        });
        let is_phrase = takes_one_text && arguments > 1 && bare == arguments && properties == 0;
        let fits = match word {
            Some(word) => (word.arguments.min..=word.arguments.max).contains(&arguments),
            None => self.is_use && self.states.len() == 2 && arguments == 1 && properties == 0,
        };
        let ends_at = begun + arguments;
        let is_phrase = (is_phrase && ends_at + 1 == at).then_some(ends_at);
        Line { begun, is_sound: is_sound && fits, is_phrase }
    }

    /// Whether a value is that of a property with a type annotation between.
    fn is_typed_property(&self, at: usize) -> bool {
        self.tokens[at - 1].kind == TokenKind::Type && self.property_of(at).is_some()
    }
}

/// The diagnostic for a value without quotes, with quotes as what a machine may put right.
pub(crate) fn unquoted(place: Place, shown: &str) -> Diagnostic {
    let bare = without_marks(shown);
    let found = Diagnostic::error(Code::UnquotedValue, format!("the value `{shown}` is not quoted"));
    if matches!(bare, "true" | "false" | "null") {
        return found
            .at(place, format!("the language has no value `{bare}`"))
            .help("remove it, or write a text in quotes");
    }
    let label = if bare.len() == 12 && bare.bytes().all(|byte| byte.is_ascii_digit()) {
        "as a number, an account ID would lose its leading zeros".to_owned()
    } else {
        "every value must be quoted".to_owned()
    };
    let quoted = format!("\"{bare}\"");
    let found = found.at(place, label).help(format!("write `{quoted}`"));
    // A text in other quotes ends at its first space for KDL, a comma was hardly meant to be part of a name, and what a
    // `#` was meant to say is not known.
    if bare == shown && is_plain(bare) {
        found.suggest_safe(place, quoted)
    } else {
        found.suggest(place, quoted)
    }
}

/// Makes a guess of a suggestion.
pub(crate) fn not_safe(found: Diagnostic) -> Diagnostic {
    match found.suggestion.clone() {
        Some(suggestion) => found.suggest(suggestion.place, suggestion.replacement),
        None => found,
    }
}

/// Words without quotes that were meant to be one text.
fn phrase(place: Place, shown: &str) -> Diagnostic {
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted = format!("\"{words}\"");
    Diagnostic::error(Code::UnquotedValue, format!("the value `{words}` is not quoted"))
        .at(place, "without quotes, each of these words would be a value of its own")
        .help(format!("write `{quoted}`"))
        .suggest(place, quoted)
}

/// A value that is no number, for the word or property `of`, which takes one.
pub(crate) fn not_a_number(place: Place, of: &str, shown: &str) -> Diagnostic {
    let found = Diagnostic::error(Code::WrongValueKind, format!("the value of `{of}` must be a number"))
        .at(place, format!("`{shown}` is not a whole number"));
    let share = shown.strip_suffix('%').and_then(|share| share.parse::<u32>().ok());
    match (of, share) {
        ("max-deletions", Some(share)) => found.help(format!(
            "write the number of deletions, and the share as a property: `max-deletions 25 percent={share}`"
        )),
        (_, Some(share)) => {
            found.help(format!("write `{share}`, without `%`")).suggest(place, share.to_string())
        }
        (_, None) => found.help("write a whole number, without quotes"),
    }
}

/// Whether a text without quotes says what it says with them.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && !text.ends_with(':')
        && text.chars().all(|c| c.is_alphanumeric() || "-_.:/=@*+".contains(c))
}

/// What a value without quotes says: without the `#` of a keyword, and without quotes that KDL does not know.
pub(crate) fn without_marks(shown: &str) -> &str {
    let bare = shown.trim_start_matches('#');
    bare.strip_prefix('\'').and_then(|bare| bare.strip_suffix('\'')).unwrap_or(bare)
}
