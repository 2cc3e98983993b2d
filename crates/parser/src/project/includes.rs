//! `include`: which files belong to a project, and what they may contain.

use std::collections::{BTreeMap, BTreeSet};

use globset::{GlobBuilder, GlobSet};
use rolecall_model::{Code, Diagnostic, Place};

use super::{Loader, outside_project};
use crate::check::meant_word;
use crate::decode::pattern_too_long;
use crate::nearest::nearest;
use crate::source::stays_inside;
use crate::syntax::{Content, Node};
use crate::words::{FileWord, IncludeWord};
use crate::{MAX_FILES, MAX_PATTERN_BYTES, MAX_PATTERNS};

/// A file that an `include` matches.
pub(super) struct Included {
    /// The first pattern that matches it.
    pub(super) pattern: Place,
    /// The words that it may contain, if anything limits it.
    pub(super) limit: Option<Limit>,
}

/// The words that `may-contain` allows.
pub(super) struct Limit {
    words: BTreeSet<FileWord>,
    place: Place,
}

impl Included {
    fn add_limit(&mut self, node: &Node) {
        let words: BTreeSet<FileWord> = node.texts().filter_map(|(text, _)| FileWord::named(text)).collect();
        self.limit = Some(match self.limit.take() {
            Some(limit) => {
                Limit { words: limit.words.intersection(&words).copied().collect(), place: limit.place }
            }
            None => Limit { words, place: node.header },
        });
    }
}

impl Loader<'_> {
    /// Returns the files that the `include` nodes match, by path, and those that a misspelled pattern was probably meant
    /// to match.
    pub(super) fn included(
        &mut self,
        nodes: &[Node],
        listing: &[String],
        entry: &str,
    ) -> (BTreeMap<String, Included>, BTreeSet<String>) {
        let mut included = BTreeMap::new();
        let mut meant = BTreeSet::new();
        let candidates: Vec<&str> = listing
            .iter()
            .map(String::as_str)
            .filter(|path| path.ends_with(".kdl") && *path != entry)
            .collect();
        let mut patterns = 0_usize;
        // A misspelt one is reported as that alone.
        let is_include = |node: &&Node| {
            let word = node.word_of().or_else(|| meant_word(&node.word));
            word == Some(FileWord::Include)
        };
        for node in nodes.iter().filter(is_include) {
            // A limit with an error in it is not known, and would make one of every node that it seems to refuse.
            let limit_node =
                node.words().next().map(|(IncludeWord::MayContain, limit)| limit).filter(|limit| {
                    !limit.arguments.is_empty() && limit.arguments.iter().all(|value| !value.faulty)
                });
            for value in &node.arguments {
                // One that stands without quotes is reported, and means what it says all the same.
                let Content::Text(pattern) = &value.content else { continue };
                let (place, is_faulty) = (value.place, value.faulty);
                patterns += 1;
                if patterns > MAX_PATTERNS || (is_faulty && !stays_inside(pattern)) {
                    continue;
                }
                let Some(matcher) = self.matcher(pattern, place) else {
                    self.names.incomplete = true;
                    continue;
                };
                let mut matched = candidates.iter().filter(|path| matcher.is_match(path)).peekable();
                if matched.peek().is_none() && !listing.is_empty() && !is_faulty {
                    self.matches_nothing(pattern, place, &candidates, &mut meant);
                }
                for path in matched {
                    let file = included
                        .entry((*path).to_owned())
                        .or_insert(Included { pattern: place, limit: None });
                    if let Some(limit) = limit_node {
                        file.add_limit(limit);
                    }
                }
            }
        }
        if included.len() > MAX_FILES {
            self.too_much(
                Code::FileUnreadable,
                format!("the project includes {} files; at most {MAX_FILES} are allowed", included.len()),
            );
            // They are not read, and not forgotten either.
            meant.extend(std::mem::take(&mut included).into_keys());
        }
        if patterns > MAX_PATTERNS {
            self.too_much(
                Code::FileUnreadable,
                format!("the project has {patterns} include patterns; at most {MAX_PATTERNS} are allowed"),
            );
            meant.extend(candidates.iter().map(|path| (*path).to_owned()));
        }
        (included, meant)
    }

    fn matcher(&mut self, pattern: &str, place: Place) -> Option<GlobSet> {
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        if pattern.len() > MAX_PATTERN_BYTES {
            self.found.push(pattern_too_long(pattern, place));
            return None;
        }
        if !stays_inside(pattern) {
            self.found.push(outside_project(&format!("the include `{pattern}`"), place));
            return None;
        }
        match compile(pattern) {
            Ok(matcher) => Some(matcher),
            Err(error) => {
                self.found.push(
                    Diagnostic::error(
                        Code::InvalidPattern,
                        format!("`{pattern}` is not a valid pattern: {}", error.kind()),
                    )
                    .at(place, "this pattern cannot be parsed")
                    .help("patterns support `*`, `**`, `?`, `[…]` and `{a,b}`"),
                );
                None
            }
        }
    }

    fn matches_nothing(
        &mut self,
        pattern: &str,
        place: Place,
        candidates: &[&str],
        meant: &mut BTreeSet<String>,
    ) {
        let found = Diagnostic::error(
            Code::IncludeMatchesNothing,
            format!("the include `{pattern}` does not match any file"),
        )
        .at(place, "no `.kdl` file of the project matches this pattern");
        // Comparing with more names would take long where there are many patterns as well.
        let near = if candidates.len() <= MAX_FILES { near_pattern(pattern, candidates) } else { None };
        if let Some(matcher) = near.as_deref().and_then(|near| compile(near).ok()) {
            meant.extend(
                candidates.iter().filter(|path| matcher.is_match(path)).map(|path| (*path).to_owned()),
            );
        }
        self.found.push(match near.filter(|_| !meant.is_empty()) {
            Some(near) => found.help(format!("did you mean `{near}`?")).suggest(place, format!("\"{near}\"")),
            None => found.help("write a pattern relative to the project directory, or remove the include"),
        });
    }
}

/// Compiles a pattern of paths. Excessive nesting is only rejected when a pattern is compiled, and a set of one pattern
/// returns that as an error.
fn compile(pattern: &str) -> Result<GlobSet, globset::Error> {
    GlobSet::builder().add(GlobBuilder::new(pattern).literal_separator(true).build()?).build()
}

/// Returns the error for a word that `may-contain` does not allow. An unknown word has been reported as such.
pub(super) fn beyond(limit: &Limit, node: &Node) -> Option<Diagnostic> {
    let word: FileWord = node.word_of()?;
    let belongs_to_project_file =
        matches!(word, FileWord::Rolecall | FileWord::IdentityCenter | FileWord::Include);
    if belongs_to_project_file || limit.words.contains(&word) {
        return None;
    }
    let word = word.name();
    Some(
        Diagnostic::error(Code::MayNotContain, format!("this file must not contain `{word}`"))
            .at(node.word_place, format!("`{word}` is not allowed in this file"))
            .and(limit.place, "this include limits what its files may contain")
            .help(format!("move it to a file that allows it, or add `\"{word}\"` to `may-contain`")),
    )
}

/// Returns a pattern near one that matches nothing: another file with a similar name, or the same in a folder with a
/// similar name.
fn near_pattern(pattern: &str, candidates: &[&str]) -> Option<String> {
    if !pattern.contains(['*', '?', '[', '{']) {
        return nearest(pattern, candidates.iter().copied()).map(str::to_owned);
    }
    let (folder, name) = pattern.rsplit_once('/')?;
    let folders: BTreeSet<&str> =
        candidates.iter().filter_map(|path| path.rsplit_once('/')).map(|(folder, _)| folder).collect();
    nearest(folder, folders).map(|near| format!("{near}/{name}"))
}
