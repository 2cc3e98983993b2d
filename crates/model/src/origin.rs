//! Places in the source text. The configuration contains only an [`OriginId`]; texts and places are in side tables, so
//! that comparing two configurations compares their meaning.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// The number of a file in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A file of the project, with its text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path relative to the project directory, with `/` between its parts.
    pub name: Arc<str>,
    /// The whole text.
    pub text: Arc<str>,
    line_starts: Vec<u32>,
}

impl SourceFile {
    /// Returns the line and column of a byte offset, both counted from 1; columns count characters. An offset beyond the
    /// end counts as the end.
    pub fn line_and_column(&self, offset: u32) -> (u32, u32) {
        let offset = (offset as usize).min(self.text.len());
        let line = self.line_starts.partition_point(|start| *start as usize <= offset);
        let start = self.line_starts[line - 1] as usize;
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        (u32_of(line), u32_of(column) + 1)
    }
}

/// The texts of a project.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a file and returns its number.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> FileId {
        let (name, text) = (name.into(), text.into());
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let line_starts = std::iter::once(0).chain(breaks.map(|(at, _)| u32_of(at + 1))).collect();
        self.files.push(SourceFile { name, text, line_starts });
        FileId(u32_of(self.files.len() - 1))
    }

    /// Returns the file of that number.
    pub fn get(&self, file: FileId) -> &SourceFile {
        &self.files[file.0 as usize]
    }

    /// Returns all files with their numbers, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(at, file)| (FileId(u32_of(at)), file))
    }

    /// Returns a place as `file.kdl:12`.
    pub fn file_and_line(&self, place: Place) -> String {
        let file = self.get(place.file);
        format!("{}:{}", file.name, file.line_and_column(place.start).0)
    }
}

/// A span of bytes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The offset of the first byte.
    pub start: u32,
    /// The length in bytes.
    pub len: u32,
}

impl Place {
    /// Creates the place of a byte range.
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        Self { file, start: u32_of(range.start), len: u32_of(range.end.saturating_sub(range.start)) }
    }

    /// Returns the byte range.
    pub fn range(self) -> Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }
}

/// The place of an item of the configuration, as a number in [`Origins`].
///
/// Any two are equal: the place of an item is not part of its meaning, and a configuration that was only moved or
/// reformatted must be equal to the original.
#[derive(Debug, Clone, Copy)]
pub struct OriginId(u32);

impl PartialEq for OriginId {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for OriginId {}

/// The side table of places.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    places: Vec<Place>,
    /// The place of the `use` for items that a template generates.
    uses: BTreeMap<u32, Place>,
}

impl Origins {
    /// Adds a place.
    pub fn add(&mut self, place: Place) -> OriginId {
        self.places.push(place);
        OriginId(u32_of(self.places.len() - 1))
    }

    /// Adds a place within a template, with the `use` that generated the item.
    pub fn add_used(&mut self, place: Place, used_at: Place) -> OriginId {
        let origin = self.add(place);
        self.uses.insert(origin.0, used_at);
        origin
    }

    /// Returns the `use` that generated the item at this place; `None` outside of templates.
    pub fn used_at(&self, origin: OriginId) -> Option<Place> {
        self.uses.get(&origin.0).copied()
    }

    /// Returns the place of a number.
    pub fn place(&self, origin: OriginId) -> Place {
        self.places[origin.0 as usize]
    }
}

/// Files are rejected long before they reach 4 GiB, so an offset or a count always fits.
fn u32_of(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let mut sources = Sources::default();
        let id = sources.add("a.kdl", "über x\nsecond\n");
        let file = sources.get(id);
        assert_eq!(file.line_and_column(0), (1, 1));
        assert_eq!(file.line_and_column(6), (1, 6));
        assert_eq!(file.line_and_column(8), (2, 1));
        assert_eq!(file.line_and_column(9_999), (3, 1));
    }
}
