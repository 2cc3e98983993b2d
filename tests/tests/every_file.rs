//! No file is forgotten: the compiler ignores a file that no module declares, and its tests never run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{MetadataCommand, Package};
use rolecall_e2e::source::Crate;
use rolecall_e2e::workspace;

/// Packages that still have several test binaries.
const KNOWN: &[&str] = &[];

fn packages() -> Vec<Package> {
    let manifest = workspace().join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap().packages
}

/// Returns the Rust files under a directory.
fn files_beneath(directory: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.insert(path);
            }
        }
    }
    found
}

#[test]
fn every_file_belongs_to_a_target() {
    let read = |file: &Path| std::fs::read_to_string(file).ok();
    for package in packages() {
        let directory = package.manifest_path.parent().unwrap().as_std_path();
        let mut forgotten = files_beneath(directory);
        for target in &package.targets {
            let sources = Crate::load(target.src_path.as_std_path(), &read);
            for file in sources.unwrap_or_else(|error| panic!("{error}")).files() {
                // A file may be named through `..`.
                forgotten.remove(&std::fs::canonicalize(file).unwrap());
            }
        }
        assert!(forgotten.is_empty(), "no module of {} names {forgotten:#?}", package.name);
    }
}

#[test]
fn each_package_has_one_test_binary() {
    let of = |package: &Package| package.targets.iter().filter(|target| target.is_test()).count();
    let binaries: BTreeMap<String, usize> =
        packages().iter().map(|package| (package.name.to_string(), of(package))).collect();
    for (name, count) in binaries {
        assert_eq!(count > 1, KNOWN.contains(&name.as_str()), "{name} has {count} test binaries");
    }
}
