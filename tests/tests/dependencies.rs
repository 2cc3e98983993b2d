//! The dependencies of the crates. The pure crates must stay pure, and the tree must contain only one HTTP stack.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

fn metadata() -> Metadata {
    MetadataCommand::new()
        .current_dir(rolecall_e2e::workspace())
        .other_options(["--locked".to_owned()])
        .exec()
        .unwrap()
}

/// Returns the names of all packages that a package of the workspace depends on, except build and development
/// dependencies.
fn beneath(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let graph = metadata.resolve.as_ref().expect("metadata was asked for with its graph");
    let nodes: BTreeMap<&PackageId, _> = graph.nodes.iter().map(|node| (&node.id, node)).collect();
    let root = metadata.workspace_packages().into_iter().find(|package| package.name == name).unwrap();
    let mut open = vec![&root.id];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        for dependency in &nodes[id].deps {
            let normal = dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
            if normal && seen.insert(&dependency.pkg) {
                open.push(&dependency.pkg);
            }
        }
    }
    seen.into_iter().map(|id| metadata[id].name.to_string()).collect()
}

#[test]
fn the_pure_crates_know_neither_tokio_nor_aws_nor_http() {
    let metadata = metadata();
    let pure =
        ["model", "parser", "planner", "doctor", "access", "import"].map(|name| format!("rolecall-{name}"));
    for pure in &pure {
        let forbidden: Vec<String> = beneath(&metadata, pure)
            .into_iter()
            .filter(|name| {
                ["tokio", "reqwest", "hyper", "http"].contains(&name.as_str()) || name.starts_with("aws-")
            })
            .collect();
        assert_eq!(forbidden, [""; 0], "beneath {pure}");
    }
    // The lookup works at all.
    assert!(beneath(&metadata, "rolecall-aws").contains("tokio"));
}

#[test]
fn each_crate_leaves_alone_what_is_not_its_business() {
    let metadata = metadata();
    for (crate_name, forbidden) in [
        ("rolecall-model", "kdl"),
        ("rolecall-doctor", "kdl"),
        ("rolecall-access", "kdl"),
        ("rolecall-entra", "kdl"),
        ("rolecall-entra", "aws-sdk-ssoadmin"),
        ("rolecall-planner", "kdl"),
        ("rolecall-applier", "kdl"),
        ("rolecall-applier", "rolecall-planner"),
        ("rolecall-aws", "rolecall-planner"),
        ("rolecall-entra", "rolecall-planner"),
        ("rolecall-applier", "aws-sdk-ssoadmin"),
        ("rolecall-aws", "kdl"),
        ("rolecall-sandbox", "kdl"),
        ("rolecall-sandbox", "rolecall-planner"),
        ("rolecall-import", "rolecall-planner"),
    ] {
        assert!(!beneath(&metadata, crate_name).contains(forbidden), "{crate_name} stands on {forbidden}");
    }
}

#[test]
fn the_lock_file_holds_one_http_stack_and_no_openssl() {
    let metadata = metadata();
    let forbidden: Vec<String> = metadata
        .packages
        .iter()
        .filter(|package| {
            let version = (package.version.major, package.version.minor);
            match package.name.as_str() {
                "hyper" => version < (1, 0),
                "rustls" => version < (0, 23),
                "openssl" | "openssl-sys" | "native-tls" => true,
                _ => false,
            }
        })
        .map(|package| format!("{} {}", package.name, package.version))
        .collect();
    assert_eq!(forbidden, [""; 0]);
}
