//! A generated configuration wants what is live, but for the drift, and the plan is that drift.

use std::collections::BTreeSet;

use proptest::prelude::{Just, ProptestConfig, Strategy, prop_assert_eq, proptest};
use rolecall_model::{AccountId, Diagnostic, PermissionSetName, Principal};
use rolecall_parser::{MemoryFiles, load};
use rolecall_planner::plan::{Action, AssignmentChange, NamedAssignment, PermissionSetChange, Provenance};
use rolecall_planner::{Checkout, Inputs, Settings, plan};
use rolecall_sandbox::generate::{DriftAction, GenerateSpec, generate};

type Difference = (DriftAction, PermissionSetName, Option<AccountId>, Option<Principal>);

/// What the plan finds, and what the generator says it left.
fn differences(spec: &GenerateSpec) -> (BTreeSet<Difference>, BTreeSet<Difference>) {
    let made = generate(spec).unwrap();
    let files: MemoryFiles = made.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let project = load(&files, "rolecall.kdl");
    // A group may have lost all its assignments to the drift, which is a lint.
    assert!(!project.diagnostics.iter().any(Diagnostic::is_error), "{:#?}", project.diagnostics);
    let config = project.config.unwrap();
    let (sources, origins) = (&project.sources, &project.origins);
    let inputs = Inputs {
        files: Checkout { config: &config, sources, origins },
        snapshot: &made.snapshot,
        guards: None,
    };
    let settings = Settings {
        today: "2026-11-24".parse().unwrap(),
        as_of_given: false,
        provenance: Provenance::Snapshot,
        accepted_rebinds: BTreeSet::new(),
        defer_missing_groups: false,
        renew_scim_token: false,
    };
    let plan = plan(&inputs, &settings).unwrap();
    assert!(plan.violations.is_empty() && plan.blocked.is_empty() && plan.rebinds.is_empty());
    let of_row = |action, row: &NamedAssignment| {
        let row = &row.assignment;
        (action, row.permission_set.clone(), Some(row.account), Some(row.principal.clone()))
    };
    let found = plan.changes.iter().map(|change| match &change.action {
        Action::Assignment(AssignmentChange::Grant(row)) => of_row(DriftAction::Grant, row),
        Action::Assignment(AssignmentChange::Revoke { assignment, .. }) => {
            of_row(DriftAction::Revoke, assignment)
        }
        Action::PermissionSet(PermissionSetChange::Update { after, .. }) => {
            (DriftAction::Update, after.name.clone(), None, None)
        }
        other => panic!("the generator never asks for {other:?}"),
    });
    let wanted = made
        .drift
        .iter()
        .map(|row| (row.action, row.permission_set.clone(), row.account, row.principal.clone()));
    (found.collect(), wanted.collect())
}

fn any_spec() -> impl Strategy<Value = GenerateSpec> {
    (1..40_usize, 0..12_usize, 0..130_usize)
        .prop_flat_map(|(accounts, sets, groups)| {
            let most = (accounts - 1) * sets * groups.min(100);
            let numbers = (Just(accounts), Just(sets), Just(groups), 0..=most);
            (numbers, 0..1_000_u64, 0..=(sets + most))
        })
        .prop_map(|((accounts, permission_sets, groups, assignments), seed, drift)| {
            let drift = drift.min(permission_sets + assignments);
            GenerateSpec { accounts, permission_sets, groups, assignments, seed, drift }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_plan_is_the_drift(spec in any_spec()) {
        let (found, wanted) = differences(&spec);
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn without_drift_there_are_no_changes(spec in any_spec()) {
        let (found, _) = differences(&GenerateSpec { drift: 0, ..spec });
        prop_assert_eq!(found, BTreeSet::new());
    }
}
