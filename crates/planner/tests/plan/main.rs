//! Configuration text and world text in, plan and graph out.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod attributes;
mod base;
mod case;
mod cases;
mod documents;
mod entra;
mod entra_hazards;
mod generated;
mod properties;
mod tenants;
mod world;

/// A file that this one does not name would not be compiled, and its tests would never run.
#[test]
fn no_file_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plan");
    let this = include_str!("main.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") {
            assert!(this.contains(&format!("\nmod {module};\n")), "tests/plan/main.rs does not name {name}");
        }
    }
}
