//! Worlds of `sandbox generate`, larger than a person would write.

use crate::project::{Project, TODAY};

fn generate(drift: u32, seed: &str) -> Project {
    let project = Project::of(&[]);
    let drift = drift.to_string();
    let sizes = ["--accounts", "80", "--permission-sets", "12", "--groups", "30", "--assignments", "600"];
    let mut arguments = vec!["sandbox", "generate"];
    arguments.extend(sizes);
    arguments.extend(["--seed", seed, "--out", "world"]);
    if drift != "0" {
        arguments.extend(["--drift", &drift]);
    }
    let _ = project.run(&arguments).exits(0);
    project
}

#[test]
fn a_generated_world_matches_its_files() {
    let project = generate(0, "7");
    let planned = project.run(&["plan", "world", "--sandbox", "--detailed-exitcode", "--as-of", TODAY]);
    assert_eq!(planned.code, Some(0), "{planned:#?}");
}

#[test]
fn a_plan_finds_each_row_of_drift_and_an_apply_fixes_it() {
    let project = generate(24, "7");
    let arguments = ["plan", "world", "--sandbox", "--format", "json", "--as-of", TODAY];
    let planned = project.run(&arguments).exits(0).json();
    assert_eq!(planned["changes"].as_array().unwrap().len(), 24);
    let _ = project.run(&["apply", "world", "--sandbox", "--auto-approve"]).exits(0);
    let _ = project.run(&["plan", "world", "--sandbox", "--detailed-exitcode"]).exits(0);
}

#[test]
fn a_seed_makes_the_same_world_again_and_another_seed_another() {
    let world = |seed| generate(0, seed).read("world/sandbox.json");
    assert_eq!(world("7"), world("7"));
    assert_ne!(world("7"), world("8"));
}
