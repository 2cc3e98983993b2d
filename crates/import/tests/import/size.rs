//! Import writes about as much as a person would have.

use std::collections::BTreeMap;

use rolecall_sandbox::generate::{GenerateSpec, generate};

use crate::roundtrip::{Found, found, imported};

/// All bytes but those of comments, which stand on lines of their own.
fn bytes(files: &BTreeMap<String, String>) -> usize {
    let lines = files.values().flat_map(|text| text.split_inclusive('\n'));
    lines.filter(|line| !line.trim_start().starts_with("//")).map(str::len).sum()
}

#[test]
fn it_is_within_one_and_a_half_times_what_the_world_was_made_from() {
    let sizes = [
        (20, 8, 20, 150),
        (50, 20, 40, 400),
        (200, 40, 120, 3_000),
        (500, 60, 300, 8_000),
        (1_500, 150, 700, 25_000),
    ];
    let mut too_large = Vec::new();
    for (accounts, permission_sets, groups, assignments) in sizes {
        for seed in 0..5 {
            let spec = GenerateSpec { accounts, permission_sets, groups, assignments, seed, drift: 0 };
            let made = generate(&spec).unwrap();
            let written = imported(&made.snapshot, None);
            let (ours, theirs) = (bytes(&written.files), bytes(&made.files));
            let ratio = ours as f64 / theirs as f64;
            println!(
                "{accounts} accounts, {assignments} rows, seed {seed}: {ours} of {theirs} bytes, {ratio:.2}"
            );
            assert_eq!(found(&written.files, &made.snapshot), Found::default());
            if ratio > 1.5 {
                too_large.push((spec, ratio));
            }
        }
    }
    assert!(too_large.is_empty(), "{too_large:#?}");
}
