//! No file of tests is forgotten: one that no `mod` names would never run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_file_is_a_module() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import");
    let paths = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let rust = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let names = rust.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
    let files: BTreeSet<String> = names.filter(|name| name != "main").collect();
    let main = fs::read_to_string(folder.join("main.rs")).unwrap();
    let modules = main.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    assert_eq!(files, modules.map(str::to_owned).collect());
}
