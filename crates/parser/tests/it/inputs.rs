//! The inputs in `tests/diagnostics/`: a file, or a directory with a project. Each is named after the code that it
//! shows.

use std::fs;
use std::path::{Path, PathBuf};

use miette::{GraphicalReportHandler, GraphicalTheme};
use rolecall_model::{Diagnostic, Sources};
use rolecall_parser::{DiskFiles, MemoryFiles, ProjectFiles, render};

/// All of them, sorted.
pub(crate) fn inputs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let mut inputs: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    inputs
}

pub(crate) fn name(input: &Path) -> String {
    input.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The files of an input, in memory, so that a test can change them.
pub(crate) fn files(input: &Path) -> MemoryFiles {
    if input.is_file() {
        return [("rolecall.kdl", fs::read_to_string(input).unwrap())].into_iter().collect();
    }
    let disk = DiskFiles::new(input.to_owned());
    let text = |path: &String| String::from_utf8(disk.read(path, u64::MAX - 1).unwrap()).unwrap();
    disk.list().unwrap().iter().map(|path| (path.clone(), text(path))).collect()
}

/// One diagnostic as it is printed, 80 columns wide.
pub(crate) fn rendered_one(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(80);
    let mut out = String::new();
    handler.render_report(&mut out, &render::report(diagnostic, sources)).unwrap();
    out.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}
