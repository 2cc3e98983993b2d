//! Import, load, plan.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::ProptestConfig;
use rolecall_import::{Import, Terraform, import};
use rolecall_model::snapshot::SnapshotFile;
use rolecall_model::{PermissionSetName, Principal, Snapshot};
use rolecall_parser::{MemoryFiles, load};
use rolecall_planner::plan::{
    Action, AssignmentChange, Difference, PermissionSetChange, Plan, Provenance, Reason,
};
use rolecall_planner::{Checkout, Inputs, Settings};
use rolecall_sandbox::generate::GenerateSpec;

/// How many cases a property is tested with: `PROPTEST_CASES`, or this many.
pub(crate) fn cases(default: u32) -> ProptestConfig {
    // The default configuration reads the variable.
    let cases =
        if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { default };
    ProptestConfig::with_cases(cases)
}

/// A company with this share of its possible assignments, in percent; at most 600 of them.
pub(crate) fn without_drift(
    accounts: usize,
    permission_sets: usize,
    groups: usize,
    share: usize,
    seed: u64,
) -> GenerateSpec {
    let most = (accounts - 1) * permission_sets * groups;
    let assignments = (most * share / 100).min(600);
    GenerateSpec { accounts, permission_sets, groups, assignments, seed, drift: 0 }
}

/// What a plan finds that is no adoption.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) adopted: BTreeSet<PermissionSetName>,
    pub(crate) edited: BTreeSet<PermissionSetName>,
    /// Sets that the stack owned and that the project leaves out.
    pub(crate) released: BTreeSet<PermissionSetName>,
    pub(crate) revoked: BTreeSet<(PermissionSetName, Principal)>,
    pub(crate) other: Vec<String>,
}

pub(crate) fn imported(snapshot: &Snapshot, terraform: Option<&Terraform>) -> Import {
    let stack = "acme".parse().unwrap();
    let first = import(snapshot, &stack, terraform).unwrap();
    // A snapshot that went through its file is the same world, in whatever order it was put together.
    let again = SnapshotFile::from_snapshot(snapshot).into_snapshot().unwrap();
    assert_eq!(first, import(&again, &stack, terraform).unwrap());
    first
}

/// Plans what was written.
pub(crate) fn planned(files: &BTreeMap<String, String>, snapshot: &Snapshot) -> Plan {
    crate::layout::assert_formatted(files);
    let files: MemoryFiles = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let project = load(&files, "rolecall.kdl");
    let errors: Vec<_> = project.diagnostics.iter().filter(|found| found.is_error()).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{files:#?}");
    let config = project.config.unwrap();
    let settings = Settings {
        today: "2026-11-24".parse().unwrap(),
        as_of_given: false,
        provenance: Provenance::Snapshot,
        accepted_rebinds: BTreeSet::new(),
        defer_missing_groups: false,
        renew_scim_token: false,
    };
    let (sources, origins) = (&project.sources, &project.origins);
    let checkout = Checkout { config: &config, sources, origins };
    let inputs = Inputs { files: checkout, snapshot, guards: None };
    rolecall_planner::plan(&inputs, &settings).unwrap_or_else(|found| panic!("{found:#?}\n{files:#?}"))
}

/// What a plan of what was written finds.
pub(crate) fn found(files: &BTreeMap<String, String>, snapshot: &Snapshot) -> Found {
    let plan = planned(files, snapshot);
    let mut found = Found::default();
    for change in &plan.changes {
        match (&change.action, &change.reason) {
            (
                Action::PermissionSet(PermissionSetChange::Update { after, differences, .. }),
                Reason::Adopted,
            ) => {
                found.adopted.insert(after.name.clone());
                if differences.iter().any(|difference| !matches!(difference, Difference::Tag { .. })) {
                    found.edited.insert(after.name.clone());
                }
            }
            (Action::PermissionSet(PermissionSetChange::Update { after, .. }), _) => {
                found.edited.insert(after.name.clone());
            }
            (Action::Assignment(AssignmentChange::Revoke { assignment, .. }), _) => {
                let row = &assignment.assignment;
                found.revoked.insert((row.permission_set.clone(), row.principal.clone()));
            }
            (Action::PermissionSet(PermissionSetChange::Release { permission_set }), Reason::Released) => {
                found.released.insert(permission_set.clone());
            }
            (other, _) => found.other.push(format!("{other:?}")),
        }
    }
    found
}
