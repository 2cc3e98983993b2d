//! No file of tests is forgotten: one that no `mod` names would never run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_file_is_a_module() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    assert_eq!(files_in(&folder), modules_of(&folder.join("main.rs")));
    assert_eq!(files_in(&folder.join("format")), modules_of(&folder.join("format.rs")));
    let binaries: Vec<_> =
        fs::read_dir(folder.join("..")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let others = binaries.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    assert_eq!(others.count(), 0, "tests stand in one binary: {binaries:?}");
}

/// The modules that the files of a folder are, its own file aside.
fn files_in(folder: &Path) -> BTreeSet<String> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let rust = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let names = rust.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| name != "main").collect()
}

/// The modules that a file names.
fn modules_of(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(file).unwrap();
    let names = text.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    names.map(str::to_owned).collect()
}
