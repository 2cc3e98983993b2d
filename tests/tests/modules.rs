//! No files of a crate import each other, so that each can be understood from the files below it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_metadata::{MetadataCommand, Target};
use rolecall_e2e::source::Crate;
use rolecall_e2e::source::imports::{Cycle, Imports};
use rolecall_e2e::workspace;

/// Crates that still have cycles. Remove an entry when it has none.
const KNOWN: &[&str] = &[];

/// Returns every target of the workspace, by name and root file.
fn targets() -> Vec<(String, PathBuf)> {
    let metadata =
        MetadataCommand::new().manifest_path(workspace().join("Cargo.toml")).no_deps().exec().unwrap();
    let targets = metadata.packages.iter().flat_map(|package| {
        let name = |target: &Target| match target.is_lib() || target.is_bin() {
            true => target.name.replace('-', "_"),
            false => format!("{}/{}", package.name, target.name),
        };
        package.targets.iter().map(move |target| (name(target), target.src_path.clone().into_std_path_buf()))
    });
    targets.collect()
}

fn cycles(root: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Vec<Cycle> {
    let sources = Crate::load(root, read).unwrap_or_else(|error| panic!("{error}"));
    Imports::of(&sources).cycles()
}

#[test]
fn no_files_import_from_each_other() {
    let read = |file: &Path| std::fs::read_to_string(file).ok();
    let mut faults = String::new();
    for (name, root) in targets() {
        let cycles = cycles(&root, &read);
        let is_known = KNOWN.contains(&name.as_str());
        if is_known && cycles.is_empty() {
            faults.push_str(&format!("{name} has no cycle any more: delete it from KNOWN\n"));
        }
        if !is_known {
            for cycle in cycles {
                faults.push_str(&format!("these files of {name} form a cycle:\n{cycle}"));
            }
        }
    }
    let faults = faults.replace(&format!("{}/", workspace().display()), "");
    assert!(faults.is_empty(), "\n{faults}");
}

/// What a room of the planner may import beside itself: a plan is the ground floor, and renderers stand on it alone.
const PLANNER_ROOMS: &[(&str, &[&str])] =
    &[("plan/", &[]), ("document/", &["plan/"]), ("render/", &["plan/", "document/", "phrases.rs"])];

#[test]
fn a_plan_needs_no_stage_and_no_renderer_asks_one() {
    let source = workspace().join("crates/planner/src");
    let read = |file: &Path| std::fs::read_to_string(file).ok();
    let sources = Crate::load(&source.join("lib.rs"), &read).unwrap_or_else(|error| panic!("{error}"));
    let imports = Imports::of(&sources);
    let name = |file: &Path| file.strip_prefix(&source).unwrap().display().to_string();
    let pairs: Vec<(String, String)> = imports.pairs().map(|(from, to)| (name(from), name(to))).collect();
    for (room, allowed) in PLANNER_ROOMS {
        assert!(pairs.iter().any(|(from, _)| from.starts_with(room)), "{room} is nowhere");
        let is_allowed = |to: &str| allowed.iter().chain([room]).any(|prefix| to.starts_with(prefix));
        let faults: Vec<_> =
            pairs.iter().filter(|(from, to)| from.starts_with(room) && !is_allowed(to)).collect();
        assert!(faults.is_empty(), "{room} imports from {faults:#?}");
    }
}

/// Returns the cycles of a crate of these files, each as the names of its files. The first file is the root.
fn found(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let texts: BTreeMap<&Path, &str> = files.iter().map(|(name, text)| (Path::new(*name), *text)).collect();
    let read = |file: &Path| texts.get(file).map(|text| (*text).to_owned());
    let cycles = cycles(Path::new(files[0].0), &read);
    let files_of = |cycle: &Cycle| {
        let mut files: Vec<String> = cycle.edges.keys().map(|(from, _)| from.display().to_string()).collect();
        files.dedup();
        files
    };
    cycles.iter().map(files_of).collect()
}

const NONE: &[Vec<String>] = &[];

#[test]
fn imports_and_paths_in_code_tie_files_together() {
    let uses = |a: &str, b: &str| found(&[("lib.rs", "mod a; mod b;"), ("a.rs", a), ("b.rs", b)]);
    let cycle = [["a.rs", "b.rs"]];
    assert_eq!(uses("use crate::b::B; pub struct A;", "use crate::a::A; pub struct B;"), cycle);
    assert_eq!(uses("use super::b::{self as other, B};", "fn f() { crate::a::g::<u8>(); }"), cycle);
    assert_eq!(uses("fn f() { use super::b::B; }", "impl super::a::A for u8 {}"), cycle);
    assert_eq!(uses("fn f() { println!(\"{}\", crate::b::g(1)) }", "pub type B = crate::a::A;"), cycle);
    assert_eq!(uses("use crate::*; fn f() { b::g() }", "pub(in crate::a) fn g() {}"), NONE);
    assert_eq!(uses("use crate::b::*;", "use crate::a; fn f() { vec![a::G] }"), cycle);
    assert_eq!(uses("use crate::b::*;", "use crate::a;"), NONE);
    assert_eq!(uses("use crate::b::B;", "use std::path::Path; fn f() { B::new() }"), NONE);
}

#[test]
fn a_cycle_says_what_ties_it() {
    let texts = BTreeMap::from([
        ("src/lib.rs", "mod a;\nmod b;\nmod c;\n"),
        ("src/a.rs", "use crate::b::One;\nuse crate::b::Two;\n"),
        ("src/b.rs", "\nfn f(_: crate::c::Three) {}\n"),
        ("src/c.rs", "use crate::{a};\nfn f() { a::g(); }\n"),
    ]);
    let read = |file: &Path| texts.get(file.to_str()?).map(|text| (*text).to_owned());
    let cycles = cycles(Path::new("src/lib.rs"), &read);
    let said: Vec<String> = cycles.iter().map(ToString::to_string).collect();
    let expected = "  src/a.rs imports from src/b.rs: One (line 1), Two (line 2)
  src/b.rs imports from src/c.rs: Three (line 2)
  src/c.rs imports from src/a.rs: g (line 2)
";
    assert_eq!(said, [expected]);
}

#[test]
fn a_facade_neither_makes_a_cycle_nor_hides_one() {
    let parts = |b: &str| {
        found(&[
            ("lib.rs", "mod a; mod b; pub use a::A; pub use b::*;"),
            ("a.rs", "use crate::B; pub struct A(B);"),
            ("b.rs", b),
        ])
    };
    assert_eq!(parts("pub struct B;"), NONE);
    assert_eq!(parts("pub struct B; fn f(_: crate::A) {}"), [["a.rs", "b.rs"]]);
}

#[test]
fn a_parent_may_name_its_children_and_they_may_name_it() {
    let room = |first: &str, second: &str| {
        found(&[
            ("main.rs", "mod room;"),
            ("room/mod.rs", "mod first; mod second; pub struct Room; fn f() { first::g(); second::g(); }"),
            ("room/first.rs", first),
            ("room/second.rs", second),
        ])
    };
    assert_eq!(room("use super::Room;", "use crate::room::Room;"), NONE);
    assert_eq!(room("use super::second::g;", "use super::Room; fn g() {}"), NONE);
    let tied = [["room/first.rs", "room/second.rs"]];
    assert_eq!(room("use super::second::g; fn h() {}", "fn g() { super::first::h() }"), tied);
}

#[test]
fn tests_and_blocks_of_a_file_tie_nothing() {
    let files = [
        ("lib.rs", "mod a; mod b;"),
        (
            "a.rs",
            "use crate::b::B; mod inner { use super::X; pub fn f() { super::g() } } fn g() { inner::f() }",
        ),
        (
            "b.rs",
            "#[cfg(test)] mod tests { use crate::a; } #[cfg(test)] use crate::a::X; #[test] fn t() { crate::a::f() }",
        ),
    ];
    assert_eq!(found(&files), NONE);
    let outside = [
        ("lib.rs", "mod a; mod b;"),
        ("a.rs", "use crate::b::B;"),
        ("b.rs", "#[cfg(not(test))] use crate::a::X;"),
    ];
    assert_eq!(found(&outside), [["a.rs", "b.rs"]]);
}

#[test]
fn a_module_may_name_its_file() {
    let files = [
        ("x/lib.rs", "#[path = \"own/c.rs\"] mod b; mod a;"),
        ("x/a.rs", "use crate::b::B; pub struct A;"),
        ("x/own/c.rs", "use crate::a::A; pub struct B;"),
    ];
    assert_eq!(found(&files), [["x/a.rs", "x/own/c.rs"]]);
}

#[test]
fn a_module_without_a_file_is_no_empty_module() {
    let read = |file: &Path| (file == Path::new("lib.rs")).then(|| "mod lost;".to_owned());
    let error = Crate::load(Path::new("lib.rs"), &read).unwrap_err();
    assert_eq!(error.to_string(), "module `lost` of lib.rs has no file");
}
