//! Applies suggestions that are safe to apply automatically. Everything happens in memory; the caller writes the files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rolecall_model::{Applicability, Code, Diagnostic, FileId, Suggestion};

use crate::project::{Project, load};
use crate::source::{ProjectFiles, ReadError};

/// Maximum number of times that the project is fixed and loaded again. A fix can reveal further problems, but not this
/// often.
const MAX_ROUNDS: usize = 16;

/// A project with all safe suggestions applied.
#[derive(Debug)]
pub struct Fixed {
    /// The changed files, with their new texts. Each was read from the project directory.
    pub files: BTreeMap<String, String>,
    /// The applied fixes, in the order of rounds, files and places.
    pub applied: Vec<AppliedFix>,
    /// The files with safe suggestions that were not applied, by name.
    pub skipped: Vec<SkippedFile>,
    /// The project, loaded from the new texts.
    pub project: Project,
}

/// An applied fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedFix {
    /// The file, relative to the project directory.
    pub file: String,
    /// The line of the diagnostic, from 1.
    pub line: u32,
    /// The code of the diagnostic.
    pub code: Code,
    /// The message of the diagnostic.
    pub message: String,
}

/// A file that was left unchanged although it has safe suggestions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedFile {
    /// The file, relative to the project directory.
    pub file: String,
    /// The reason.
    pub why: SkipReason,
}

/// Why a file was left unchanged. Each reads as the end of a sentence that begins with the name of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SkipReason {
    /// The changes would reveal or cause more errors than they fix.
    #[error("would have more errors than before")]
    Worse,
    /// The text that was read is not the entire content of the file.
    #[error("is not UTF-8")]
    NotUtf8,
    /// Fixes kept revealing further fixes.
    #[error("has more problems than one run fixes")]
    TooManyRounds,
}

/// Applies every suggestion with [`Applicability::Safe`] and loads the project again, until there is none. If suggestions
/// overlap, the first is applied, and the others are expected to appear again. A file that would have more errors than
/// before is left unchanged.
pub fn fix(files: &dyn ProjectFiles, entry: &str) -> Fixed {
    let mut changed: BTreeMap<String, String> = BTreeMap::new();
    let mut applied = Vec::new();
    let mut project = load(files, entry);
    // Files that a change made worse.
    let mut unfixable: BTreeSet<String> = BTreeSet::new();
    for _ in 0..MAX_ROUNDS {
        let round = Round::of(&project, files, &changed, &unfixable);
        if round.texts.is_empty() {
            break;
        }
        let mut tried = changed.clone();
        tried.extend(round.texts.clone());
        let after = load(&Overlay { files, changed: &tried }, entry);
        let worse = worse(&project, &after, &round.texts);
        if worse.is_empty() {
            (changed, project) = (tried, after);
            applied.extend(round.applied);
        } else {
            unfixable.extend(worse);
        }
    }
    let skipped = skipped_files(&project, files, &changed, &unfixable);
    Fixed { files: changed, applied, skipped, project }
}

/// Returns the files with remaining safe suggestions, and why those were not applied.
fn skipped_files(
    project: &Project,
    files: &dyn ProjectFiles,
    changed: &BTreeMap<String, String>,
    unfixable: &BTreeSet<String>,
) -> Vec<SkippedFile> {
    let mut skipped: BTreeMap<String, SkipReason> = BTreeMap::new();
    for suggestion in project.diagnostics.iter().filter_map(|found| found.suggestion.as_ref()) {
        if suggestion.applicability != Applicability::Safe {
            continue;
        }
        let file = project.sources.get(suggestion.place.file);
        let name = file.name.to_string();
        if skipped.contains_key(&name) {
            continue;
        }
        let why = if unfixable.contains(&name) {
            SkipReason::Worse
        } else if !is_as_read(&name, &file.text, files, changed) {
            SkipReason::NotUtf8
        } else {
            SkipReason::TooManyRounds
        };
        skipped.insert(name, why);
    }
    skipped.into_iter().map(|(file, why)| SkippedFile { file, why }).collect()
}

/// The changes of one round.
struct Round {
    texts: BTreeMap<String, String>,
    applied: Vec<AppliedFix>,
}

impl Round {
    fn of(
        project: &Project,
        files: &dyn ProjectFiles,
        changed: &BTreeMap<String, String>,
        unfixable: &BTreeSet<String>,
    ) -> Self {
        let mut by_file: BTreeMap<FileId, Vec<(&Diagnostic, &Suggestion)>> = BTreeMap::new();
        for diagnostic in &project.diagnostics {
            if let Some(suggestion) = &diagnostic.suggestion
                && suggestion.applicability == Applicability::Safe
            {
                by_file.entry(suggestion.place.file).or_default().push((diagnostic, suggestion));
            }
        }
        let mut round = Self { texts: BTreeMap::new(), applied: Vec::new() };
        for (id, mut suggestions) in by_file {
            let file = project.sources.get(id);
            let name = file.name.to_string();
            if unfixable.contains(&name) || !is_as_read(&name, &file.text, files, changed) {
                continue;
            }
            suggestions.sort_by_key(|(_, suggestion)| suggestion.place);
            let mut text = String::with_capacity(file.text.len());
            let mut at = 0;
            let mut last_insertion = None;
            for (diagnostic, suggestion) in suggestions {
                let range = suggestion.place.range();
                let insertion = range.is_empty().then_some(range.start);
                let repeats = insertion.is_some() && insertion == last_insertion;
                if range.start < at || repeats || file.text.get(range.clone()).is_none() {
                    continue;
                }
                text.push_str(&file.text[at..range.start]);
                text.push_str(&suggestion.replacement);
                (at, last_insertion) = (range.end, insertion);
                round.applied.push(AppliedFix {
                    file: name.clone(),
                    line: file.line_and_column(suggestion.place.start).0,
                    code: diagnostic.code,
                    message: diagnostic.message.clone(),
                });
            }
            text.push_str(&file.text[at..]);
            if text != *file.text {
                round.texts.insert(name, text);
            }
        }
        round.applied.retain(|applied| round.texts.contains_key(&applied.file));
        round
    }
}

/// Returns whether a text is the entire content of the file: in a file that is not UTF-8, unreadable bytes would be lost.
fn is_as_read(
    name: &str,
    text: &Arc<str>,
    files: &dyn ProjectFiles,
    changed: &BTreeMap<String, String>,
) -> bool {
    changed.contains_key(name)
        || files.read(name, crate::MAX_FILE_BYTES).is_ok_and(|bytes| bytes == text.as_bytes())
}

/// Returns the files whose changes did harm: those of the round with more errors than before, or all of them if another
/// file has more.
fn worse(before: &Project, after: &Project, texts: &BTreeMap<String, String>) -> BTreeSet<String> {
    let (was, is) = (errors(before), errors(after));
    let grew = |file: &&String| is.get(*file) > was.get(*file);
    let harmed: BTreeSet<String> = texts.keys().filter(grew).cloned().collect();
    // If not all errors are reported, fixing the first ones reveals errors in other files.
    let all_reported = !before.diagnostics.iter().any(|found| found.code == Code::TooManyDiagnostics);
    if harmed.is_empty() && all_reported && is.keys().any(|file| grew(&file)) {
        return texts.keys().cloned().collect();
    }
    harmed
}

/// Returns the number of errors of each file; those without a place are counted under the empty name.
fn errors(project: &Project) -> BTreeMap<String, usize> {
    let mut errors: BTreeMap<String, usize> = BTreeMap::new();
    for diagnostic in project.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()) {
        let file = diagnostic.primary.as_ref().map(|label| &*project.sources.get(label.place.file).name);
        *errors.entry(file.unwrap_or_default().to_owned()).or_default() += 1;
    }
    errors
}

/// Files of which some have another text than the stored one.
struct Overlay<'a> {
    files: &'a dyn ProjectFiles,
    changed: &'a BTreeMap<String, String>,
}

impl ProjectFiles for Overlay<'_> {
    fn read(&self, path: &str, limit_bytes: u64) -> Result<Vec<u8>, ReadError> {
        match self.changed.get(path) {
            Some(text) if text.len() as u64 > limit_bytes => {
                Err(ReadError::TooLarge { bytes: text.len() as u64 })
            }
            Some(text) => Ok(text.clone().into_bytes()),
            None => self.files.read(path, limit_bytes),
        }
    }

    fn list(&self) -> Result<Vec<String>, ReadError> {
        self.files.list()
    }
}
