//! The properties of generated companies, for every valid specification and for realistic sizes.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::{Just, ProptestConfig, Strategy, prop_assert, prop_assert_eq, proptest};
use rolecall_model::snapshot::SnapshotFile;
use rolecall_model::{AccountId, PermissionSetName, Principal, Snapshot};
use rolecall_sandbox::generate::{DriftAction, GenerateError, GenerateSpec, Generated, add_tenant, generate};
use rolecall_sandbox::{Sandbox, Settings};

fn spec(accounts: usize, permission_sets: usize, groups: usize, assignments: usize) -> GenerateSpec {
    GenerateSpec { accounts, permission_sets, groups, assignments, seed: 7, drift: 0 }
}

/// Specifications from nearly empty to completely full.
fn any_spec() -> impl Strategy<Value = GenerateSpec> {
    (1..40_usize, 0..12_usize, 0..130_usize)
        .prop_flat_map(|(accounts, permission_sets, groups)| {
            let most = (accounts - 1) * permission_sets * groups.min(100);
            (Just((accounts, permission_sets, groups, most)), 0..=most, 0..1_000_u64)
        })
        .prop_flat_map(|((accounts, permission_sets, groups, most), assignments, seed)| {
            let drift = 0..=(permission_sets + most);
            (Just((accounts, permission_sets, groups, assignments, seed)), drift)
        })
        .prop_map(|((accounts, permission_sets, groups, assignments, seed), drift)| GenerateSpec {
            accounts,
            permission_sets,
            groups,
            assignments,
            seed,
            drift,
        })
}

type Key = (PermissionSetName, AccountId, Principal);

fn drift_of(made: &Generated, action: DriftAction) -> BTreeSet<Key> {
    made.drift
        .iter()
        .filter(|row| row.action == action)
        .filter_map(|row| Some((row.permission_set.clone(), row.account?, row.principal.clone()?)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn the_numbers_asked_for_are_hit_exactly(spec in any_spec()) {
        let made = generate(&spec).unwrap();
        let snapshot = &made.snapshot;
        prop_assert_eq!(snapshot.organization.accounts.len(), spec.accounts);
        prop_assert_eq!(snapshot.permission_sets.len(), spec.permission_sets);
        prop_assert_eq!(snapshot.groups.len(), spec.groups);
        prop_assert_eq!(snapshot.assignments.len(), spec.assignments);
        prop_assert_eq!(made.drift.len(), spec.drift);
        let names: BTreeSet<&str> = snapshot.groups.iter().map(|group| group.display_name.as_str()).collect();
        prop_assert_eq!(names.len(), spec.groups);

        let live: BTreeSet<Key> = snapshot
            .assignments
            .iter()
            .map(|row| (row.permission_set.clone(), row.account, row.principal.clone()))
            .collect();
        prop_assert_eq!(live.len(), spec.assignments);
        prop_assert!(drift_of(&made, DriftAction::Revoke).is_subset(&live));
        prop_assert!(drift_of(&made, DriftAction::Grant).is_disjoint(&live));

        let file = SnapshotFile::from_snapshot(snapshot);
        prop_assert_eq!(&file.into_snapshot().unwrap(), snapshot);
    }
}

#[test]
fn the_same_specification_gives_the_same_bytes_and_another_seed_others() {
    let spec = GenerateSpec { drift: 20, ..spec(60, 12, 40, 500) };
    assert_eq!(generate(&spec).unwrap(), generate(&spec).unwrap());
    let other = generate(&GenerateSpec { seed: 8, ..spec }).unwrap();
    assert_ne!(generate(&spec).unwrap().snapshot.assignments, other.snapshot.assignments);
}

#[test]
fn what_cannot_be_is_refused() {
    assert_eq!(generate(&spec(0, 1, 1, 0)), Err(GenerateError::NoAccount));
    assert!(matches!(generate(&spec(7_001, 1, 1, 0)), Err(GenerateError::BeyondQuota { most: 7_000, .. })));
    // 100 groups may be assigned a permission set in an account, and 500 permission sets may be provisioned there.
    let error = generate(&spec(2, 600, 200, 50_001)).unwrap_err();
    assert_eq!(error, GenerateError::TooManyAssignments { asked: 50_001, most: 50_000 });
    let drift = generate(&GenerateSpec { drift: 16, ..spec(3, 1, 5, 10) }).unwrap_err();
    assert_eq!(drift, GenerateError::TooMuchDrift { asked: 16, most: 11 });
}

/// A small configuration makes an offline plan fast: parsing is its slowest step.
#[test]
fn the_text_is_small_beside_the_world() {
    for (spec, most_bytes) in
        [(spec(500, 60, 300, 8_000), 100_000), (spec(5_000, 300, 2_000, 100_000), 800_000)]
    {
        let made = generate(&spec).unwrap();
        assert_eq!(made.snapshot.assignments.len(), spec.assignments);
        let bytes: usize = made.files.values().map(String::len).sum();
        assert!(bytes <= most_bytes, "{bytes} bytes for {spec:?}");
        let largest = made.files.values().map(String::len).max().unwrap();
        assert!(largest < 500_000, "a file of {largest} bytes");
    }
}

#[test]
fn a_company_has_units_three_deep_and_rows_that_are_spread_unevenly() {
    let made = generate(&spec(500, 60, 300, 8_000)).unwrap();
    let organization = &made.snapshot.organization;
    let depth = |mut id: rolecall_model::OuId| {
        let mut depth = 0;
        while let Some(unit) = organization.units.iter().find(|unit| unit.id == id) {
            depth += 1;
            id = unit.parent.clone();
        }
        depth
    };
    assert_eq!(organization.units.iter().map(|unit| depth(unit.id.clone())).max(), Some(3));
    assert!(
        organization.accounts.iter().filter(|a| a.tags.as_ref().unwrap().contains_key("domain")).count()
            == 499
    );
    let mut rows_of_groups: Vec<usize> = made
        .snapshot
        .groups
        .iter()
        .map(|group| {
            made.snapshot
                .assignments
                .iter()
                .filter(|row| row.principal == Principal::Group(group.id.clone()))
                .count()
        })
        .collect();
    rows_of_groups.sort_unstable();
    let (median, most) = (rows_of_groups[150], rows_of_groups[299]);
    assert!(most > 4 * median.max(1), "median {median}, most {most}");
}

/// The complete text of a small project, to be read by a person.
#[test]
fn a_small_project_reads_well() {
    let made = generate(&GenerateSpec { drift: 4, ..spec(14, 5, 6, 30) }).unwrap();
    let text: String = made.files.iter().map(|(path, text)| format!("// ---- {path}\n{text}\n")).collect();
    insta::assert_snapshot!(text);
}

/// The next cycles of a generated tenant change nothing: both halves agree.
#[tokio::test(start_paused = true)]
async fn a_tenant_fits_the_world_that_it_is_made_for() {
    let mut snapshot = generate(&spec(20, 6, 40, 120)).unwrap().snapshot;
    add_tenant(&mut snapshot, 7);
    let tenant = snapshot.entra.clone().unwrap();
    assert_eq!(tenant.groups.len(), 40);
    for group in &snapshot.groups {
        let of_entra = tenant.group(&group.external_ids[0].id.parse().unwrap()).unwrap();
        assert_eq!(of_entra.members.len(), snapshot.memberships[&group.id].len());
    }
    let file = SnapshotFile::from_json(SnapshotFile::from_snapshot(&snapshot).to_json().as_bytes()).unwrap();
    assert_eq!(file.into_snapshot().unwrap(), snapshot);
    let sandbox = Sandbox::new(snapshot.clone(), Settings::default());
    tokio::time::sleep(Duration::from_secs(3 * 60 * 60)).await;
    let mut later = sandbox.snapshot();
    let logs = later.entra.take().unwrap().logs.provisioning;
    assert!(logs.is_empty(), "{logs:?}");
    assert_eq!(later, Snapshot { entra: None, ..snapshot });
}
