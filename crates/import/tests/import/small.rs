//! What a reader sees.

use rolecall_model::Snapshot;
use rolecall_model::snapshot::SnapshotFile;

use crate::roundtrip::imported;

fn acme() -> Snapshot {
    let text = include_bytes!("../../../../examples/acme/sandbox.json");
    SnapshotFile::from_json(text).unwrap().into_snapshot().unwrap()
}

#[test]
fn the_example_company_as_import_writes_it() {
    let written = imported(&acme(), None);
    let files = written.files.iter().map(|(path, text)| format!("=== {path}\n{text}"));
    let warnings = written
        .diagnostics
        .iter()
        .map(|one| format!("{}: {}\n  {}\n", one.code, one.message, one.help.as_deref().unwrap_or_default()));
    let shown: String = files.chain(["=== warnings\n".to_owned()]).chain(warnings).collect();
    insta::assert_snapshot!(shown);
}

#[test]
fn a_snapshot_that_does_not_hold_everything_is_refused() {
    let stack = "acme".parse().unwrap();
    let mut world = acme();
    world.permission_sets.iter_mut().for_each(|set| set.details = None);
    let refused = rolecall_import::import(&world, &stack, None).unwrap_err();
    assert_eq!(
        refused.message,
        "the snapshot contains only a part of the permission set `AdministratorAccess`"
    );
    let mut world = acme();
    world.coverage = rolecall_model::snapshot::Coverage::PermissionSets(Default::default());
    assert!(rolecall_import::import(&world, &stack, None).is_err());
}
