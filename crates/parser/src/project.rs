//! Loads a project: its file, what that includes, and everything they say together.

mod includes;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rayon::prelude::*;
use rolecall_model::{Code, Config, Diagnostic, FileId, Origins, Place, Sources};

use self::includes::{Included, Limit, beyond};
use crate::check::check;
use crate::decode::{CheckedFile, Decoded, Unread, declared_names, decode};
use crate::diagnostics::Diagnostics;
use crate::resolve::{NameKind, Names};
use crate::source::{ProjectFiles, ReadError, add_text};
use crate::syntax::{Node, Parsed, parse};
use crate::words::{FileWord, Within};
use crate::{MAX_FILE_BYTES, MAX_PROJECT_BYTES, scan};

/// How many files are read and parsed at a time, so that a project that is too large is noticed before memory is full.
const FILES_AT_ONCE: usize = 32;
/// How many top-level nodes are parsed at a time, so that a file full of errors is given up early.
pub(crate) const NODES_AT_ONCE: usize = 8_192;
/// How many files that no `include` names are reported individually.
const MAX_UNUSED: usize = 20;

/// What loading a project gives.
#[derive(Debug)]
pub struct Project {
    /// What the files want; present exactly when no diagnostic is an error.
    pub config: Option<Config>,
    /// The texts of all files that were read, the project file first.
    pub sources: Sources,
    /// Where the items of the configuration were written.
    pub origins: Origins,
    /// All errors and lints up to [`MAX_DIAGNOSTICS`](crate::MAX_DIAGNOSTICS) each, sorted by file, place and code;
    /// those without a place come first, and what says that there are more comes last.
    pub diagnostics: Vec<Diagnostic>,
}

/// Loads the project whose file is `entry`, `rolecall.kdl` as a rule. All errors of all files are found in one go.
pub fn load(files: &dyn ProjectFiles, entry: &str) -> Project {
    let mut loader =
        Loader { files, sources: Sources::default(), found: Diagnostics::default(), names: Names::default() };
    let (config, origins) = loader.load(entry);
    let Loader { sources, found, .. } = loader;
    let more = found.more();
    let mut found = found.into_kept();
    found.sort_by(|a, b| order(a).cmp(&order(b)));
    found.extend(more);
    let config = config.filter(|_| !found.iter().any(Diagnostic::is_error));
    Project { config, sources, origins, diagnostics: found }
}

fn order(diagnostic: &Diagnostic) -> (Option<Place>, Code, &str) {
    (diagnostic.primary.as_ref().map(|label| label.place), diagnostic.code, &diagnostic.message)
}

struct Loader<'a> {
    files: &'a dyn ProjectFiles,
    sources: Sources,
    found: Diagnostics,
    names: Names,
}

/// A file after reading and checking.
struct Loaded {
    file: FileId,
    nodes: Vec<Node>,
    unread: Vec<Range<usize>>,
    /// Nodes that `may-contain` refused. They still declare their names, and have no other effect.
    refused: Vec<Node>,
    cut_short: bool,
}

/// A path, why it is included, and what reading it gave.
type Read<'a> = (&'a String, &'a Included, Result<Vec<u8>, ReadError>);

impl Loader<'_> {
    fn load(&mut self, entry: &str) -> (Option<Config>, Origins) {
        let Some(entry_file) = self.read_entry(entry) else { return (None, Origins::default()) };
        let (entry_loaded, diagnostics) = load_file(entry_file, &self.sources);
        self.found.extend(diagnostics);
        let mut loaded = vec![entry_loaded];
        let listing = self.list(&loaded[0]);
        let (included, meant) = self.included(&loaded[0].nodes, &listing, entry);
        loaded.extend(self.load_included(&included));
        let is_whole = loaded[0].is_whole(FileWord::Include, &self.sources);
        self.unused(entry, &listing, &included, &meant, is_whole);

        let mut unread = Unread::default();
        for (nth, file) in loaded.iter_mut().enumerate() {
            self.lose_declarations(file, &mut unread);
            if nth > 0 {
                self.refuse_project_words(file, &mut unread);
            }
        }
        let checked: Vec<CheckedFile<'_>> =
            loaded.iter().map(|file| CheckedFile { file: file.file, nodes: &file.nodes }).collect();
        let names = std::mem::take(&mut self.names);
        let Decoded { config, origins, diagnostics, unused_names, lints } =
            decode(self.files, &mut self.sources, &checked, names, unread);
        self.found.set_levels(lints);
        if diagnostics.has(Code::UnsupportedLanguage) {
            // Another version has other words and rules, so whatever else was found may be right.
            self.found = diagnostics;
            self.found.retain(Code::UnsupportedLanguage);
        } else {
            self.found.extend(diagnostics);
        }
        if !self.found.has_mistake() {
            self.found.extend(unused_names);
        }
        (config, origins)
    }

    fn read_entry(&mut self, entry: &str) -> Option<FileId> {
        let found = match self.files.read(entry, MAX_FILE_BYTES) {
            Ok(bytes) => return Some(self.add_text(entry, bytes).0),
            Err(ReadError::NotFound) => {
                Diagnostic::error(Code::ProjectNotFound, format!("`{entry}` does not exist"))
                    .help("pass the directory or the file of a project; a project file begins with `rolecall language=1 stack=\"…\"`")
            }
            Err(error) => unreadable(entry, &error),
        };
        self.found.push(found);
        None
    }

    /// Adds a file's text and says whether it was UTF-8.
    fn add_text(&mut self, name: &str, bytes: Vec<u8>) -> (FileId, bool) {
        let (file, not_utf8) = add_text(&mut self.sources, name, bytes);
        let is_utf8 = not_utf8.is_none();
        self.found.extend(not_utf8);
        (file, is_utf8)
    }

    /// All files beneath the project's directory. Without `include` no listing is needed for more than a lint, so a
    /// failure is then no error.
    fn list(&mut self, entry: &Loaded) -> Vec<String> {
        match self.files.list() {
            Ok(listing) => listing,
            Err(error) => {
                if let Some(include) =
                    entry.nodes.iter().find(|node| node.word_of() == Some(FileWord::Include))
                {
                    self.names.incomplete = true;
                    let message = format!("the project directory {error}");
                    self.found.push(
                        Diagnostic::error(Code::FileUnreadable, message)
                            .at(include.header, "the included files cannot be listed")
                            .help("make sure that the directory is readable and contains only the project"),
                    );
                }
                Vec::new()
            }
        }
    }

    /// Reports that the project is larger than what is read, so that names may be declared in what was not.
    fn too_much(&mut self, code: Code, message: String) {
        self.found.push(Diagnostic::error(code, message).help("split the project into several stacks"));
        self.names.incomplete = true;
    }

    fn load_included(&mut self, included: &BTreeMap<String, Included>) -> Vec<Loaded> {
        let included: Vec<(&String, &Included)> = included.iter().collect();
        let mut loaded = Vec::with_capacity(included.len());
        for some in included.chunks(FILES_AT_ONCE) {
            if self.found.is_full() {
                self.names.incomplete = true;
                break;
            }
            let files = self.files;
            let read: Vec<Read<'_>> = some
                .par_iter()
                .map(|(path, included)| (*path, *included, files.read(path, MAX_FILE_BYTES)))
                .collect();
            let before: usize = self.sources.iter().map(|(_, file)| file.text.len()).sum();
            let read_now = read.iter().filter_map(|(_, _, result)| result.as_ref().ok()).map(Vec::len);
            if (before + read_now.sum::<usize>()) as u64 > MAX_PROJECT_BYTES {
                self.too_much(
                    Code::FileTooLarge,
                    format!("the files of the project exceed {MAX_PROJECT_BYTES} bytes in total"),
                );
                break;
            }
            loaded.extend(self.load_some(read));
        }
        loaded
    }

    /// Parses files that were read, in the order in which they are given.
    fn load_some(&mut self, read: Vec<Read<'_>>) -> Vec<Loaded> {
        let mut readable = Vec::new();
        for (path, Included { pattern, limit }, result) in read {
            match result {
                Ok(bytes) => match self.add_text(path, bytes) {
                    (file, true) => readable.push((file, limit)),
                    (file, false) => self.lose_names_of_text(file),
                },
                Err(error) => {
                    // A pattern that does not name the file itself does not show which one it is.
                    self.names.incomplete = true;
                    let found = match error {
                        ReadError::OutsideProject => {
                            outside_project(&format!("the included file `{path}`"), *pattern)
                        }
                        error => unreadable(path, &error).at(*pattern, format!("`{path}` is included here")),
                    };
                    self.found.push(found);
                }
            }
        }
        let sources = &self.sources;
        let parsed: Vec<(Loaded, Diagnostics)> = readable
            .into_par_iter()
            .map(|(file, limit)| {
                let (mut loaded, mut diagnostics) = load_file(file, sources);
                if let Some(limit) = limit {
                    loaded.refuse_beyond(limit, &mut diagnostics);
                }
                (loaded, diagnostics)
            })
            .collect();
        let mut loaded = Vec::with_capacity(parsed.len());
        for (file, diagnostics) in parsed {
            self.found.extend(diagnostics);
            loaded.push(file);
        }
        loaded
    }

    /// Reports the files that nothing includes, unless an `include` may stand in what could not be read. While an include matches nothing, what they declare is not unknown:
    /// a renamed folder is one error.
    fn unused(
        &mut self,
        entry: &str,
        listing: &[String],
        included: &BTreeMap<String, Included>,
        meant: &BTreeSet<String>,
        is_whole: bool,
    ) {
        let misses = !is_whole || self.found.has(Code::IncludeMatchesNothing);
        let is_unused =
            |path: &&String| path.ends_with(".kdl") && *path != entry && !included.contains_key(*path);
        let mut unused = listing.iter().filter(is_unused);
        for path in unused.by_ref().take(MAX_UNUSED) {
            let text =
                self.files.read(path, MAX_FILE_BYTES).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let file = text.map(|text| self.sources.add(path.as_str(), text));
            if let Some(file) = file.filter(|_| misses) {
                self.lose_names_of_text(file);
            }
            if !is_whole || meant.contains(path) {
                continue;
            }
            let lint = Diagnostic::warning(Code::UnusedFile, format!("`{path}` is not included"))
                .help(format!("include it in `{entry}`, or delete it; its content has no effect"));
            self.found.push(match file {
                Some(file) => lint.at(self.first_line(file), "this file is not part of the project"),
                None => lint,
            });
        }
        let more = unused.filter(|path| !meant.contains(*path)).count();
        if more > 0 {
            self.names.incomplete |= misses;
            if !is_whole {
                return;
            }
            let message = format!("{more} more files are not included");
            self.found.push(
                Diagnostic::warning(Code::UnusedFile, message)
                    .help(format!("include them in `{entry}`, or delete them; their content has no effect")),
            );
        }
    }

    fn first_line(&self, file: FileId) -> Place {
        let text = &self.sources.get(file).text;
        Place::new(file, 0..text.find(['\n', '\r']).unwrap_or(text.len()))
    }

    fn lose_names_of_text(&mut self, file: FileId) {
        let text = self.sources.get(file).text.clone();
        self.lose_names(scan::declarations(file, &text));
    }

    fn lose_names(&mut self, declarations: Vec<(NameKind, String)>) {
        for (kind, name) in declarations {
            self.names.lose(kind, name);
        }
    }

    /// Remembers what the unread parts of a file probably say.
    fn lose_declarations(&mut self, file: &Loaded, unread: &mut Unread) {
        let text = self.sources.get(file.file).text.clone();
        self.names.incomplete |= file.cut_short;
        unread.rolecall |= file.cut_short;
        unread.identity_center |= file.cut_short;
        for range in &file.unread {
            let part = &text[range.clone()];
            self.lose_names(scan::declarations(file.file, part));
            unread.rolecall |= part.contains(FileWord::Rolecall.name());
            unread.identity_center |= part.contains(FileWord::IdentityCenter.name());
        }
        for node in &file.refused {
            for (word, name) in declared_names(node) {
                if let Some(kind) = NameKind::declared_by(word) {
                    self.names.lose(kind, name.content.written().to_owned());
                }
            }
        }
    }

    /// Takes `rolecall`, `identity-center` and `include` out of a file that is not the project's.
    fn refuse_project_words(&mut self, file: &mut Loaded, unread: &mut Unread) {
        let found = &mut self.found;
        file.nodes.retain(|node| {
            let Some(word) = node.word_of() else { return true };
            let (code, label, help) = match word {
                FileWord::Include => (
                    Code::IncludeNotHere,
                    "only the project file can include files",
                    "move the `include` to the project file",
                ),
                FileWord::Rolecall => (
                    Code::MayNotContain,
                    "only the project file has `rolecall`",
                    "remove it; `rolecall` belongs in the project file",
                ),
                FileWord::IdentityCenter => (
                    Code::MayNotContain,
                    "only the project file has `identity-center`",
                    "move it to the project file",
                ),
                FileWord::Group
                | FileWord::Accounts
                | FileWord::PermissionSet
                | FileWord::ExternalPermissionSet
                | FileWord::Assign
                | FileWord::Keep
                | FileWord::ReleasePermissionSet
                | FileWord::Template
                | FileWord::Use
                | FileWord::Guard
                | FileWord::Entra
                | FileWord::Attributes
                | FileWord::Lint => return true,
            };
            unread.rolecall |= word == FileWord::Rolecall;
            unread.identity_center |= word == FileWord::IdentityCenter;
            let message = format!("`{}` outside the project file", word.name());
            found.push(Diagnostic::error(code, message).at(node.word_place, label).help(help));
            false
        });
    }
}

impl Loaded {
    /// Whether no text that could not be read may hold this word.
    fn is_whole(&self, word: FileWord, sources: &Sources) -> bool {
        let word = word.name();
        let text = &sources.get(self.file).text;
        !self.cut_short && !self.unread.iter().any(|range| text[range.clone()].contains(word))
    }

    /// Takes out what `may-contain` does not allow, and reports it.
    fn refuse_beyond(&mut self, limit: &Limit, diagnostics: &mut Diagnostics) {
        let (refused, nodes) =
            std::mem::take(&mut self.nodes).into_iter().partition(|node| match beyond(limit, node) {
                Some(diagnostic) => {
                    diagnostics.push(diagnostic);
                    true
                }
                None => false,
            });
        (self.refused, self.nodes) = (refused, nodes);
    }
}

fn load_file(file: FileId, sources: &Sources) -> (Loaded, Diagnostics) {
    let mut scan = scan::scan(file, &sources.get(file).text);
    let mut diagnostics = Diagnostics::default();
    diagnostics.extend(std::mem::take(&mut scan.diagnostics));
    let mut loaded = Loaded {
        file,
        nodes: Vec::new(),
        unread: Vec::new(),
        refused: Vec::new(),
        cut_short: scan.cut_short,
    };
    for some in scan.nodes.chunks(NODES_AT_ONCE) {
        if diagnostics.is_full() {
            loaded.cut_short = true;
            break;
        }
        let Parsed { mut nodes, unread, diagnostics: by_crate } = parse(file, &scan, some);
        diagnostics.extend(by_crate);
        diagnostics.extend(check(&mut nodes, Within::File));
        loaded.nodes.append(&mut nodes);
        loaded.unread.extend(unread);
    }
    (loaded, diagnostics)
}

/// The diagnostic for a file that could not be read.
pub(crate) fn unreadable(path: &str, error: &ReadError) -> Diagnostic {
    match error {
        ReadError::TooLarge { bytes } => {
            let message = format!("`{path}` has {bytes} bytes; at most {MAX_FILE_BYTES} are allowed");
            Diagnostic::error(Code::FileTooLarge, message)
                .help("split the file into several, and include them all")
        }
        error => Diagnostic::error(Code::FileUnreadable, format!("`{path}` {error}"))
            .help("make sure that it is a readable regular file"),
    }
}

fn outside_project(what: &str, place: Place) -> Diagnostic {
    Diagnostic::error(Code::IncludeOutsideProject, format!("{what} is outside the project directory"))
        .at(place, "this leads out of the project directory")
        .help("write a path relative to the project directory, with `/` and without `..`; symbolic links must not lead out of it")
}
