//! Attributes for access control: what becomes of each state that they can be in, live and in the configuration.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rolecall_model::{Code, Snapshot};
use rolecall_parser::Project;
use rolecall_planner::document::PlanDocument;
use rolecall_planner::plan::{AccessControlChange, Action, Plan};
use rolecall_planner::render::{Detail, json, markdown, text};
use rolecall_planner::{needs_details, order};

use crate::case::{HEAD, plan_of, project};
use crate::world::{carry_out, world};

const COST: &str = "${path:enterprise.costCenter}";

fn attributes(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, source)| ((*key).to_owned(), (*source).to_owned())).collect()
}

/// Files that say these attributes, or nothing of them, and one permission set to be made.
fn files(wanted: Option<&[(&str, &str)]>) -> Project {
    let mut text = format!("{HEAD}permission-set \"Audit\" {{ managed-policy \"SecurityAudit\" }}\n");
    if let Some(pairs) = wanted {
        text.push_str("attributes {\n");
        for (key, source) in pairs {
            let _ = writeln!(text, "    attribute \"{key}\" source=\"{source}\"");
        }
        text.push_str("}\n");
    }
    project(&text)
}

fn planned(wanted: Option<&[(&str, &str)]>, live: &Snapshot) -> Plan {
    plan_of(&files(wanted), live).unwrap()
}

/// The change, and that an apply carries it out whole: a second plan does not have it.
fn change(wanted: Option<&[(&str, &str)]>, live: &str) -> Option<Action> {
    let mut live = world(live);
    let plan = planned(wanted, &live);
    let found = plan.changes.iter().find(|one| matches!(one.action, Action::AccessControl(_)));
    let graph = order(&plan);
    for node in graph.graph().node_weights() {
        carry_out(&mut live, &node.operation);
    }
    assert!(planned(wanted, &live).is_empty());
    found.map(|change| change.action.clone())
}

fn set(before: Option<&[(&str, &str)]>, after: &[(&str, &str)]) -> Option<Action> {
    let (before, after) = (before.map(attributes), attributes(after));
    Some(Action::AccessControl(AccessControlChange { before, after }))
}

#[test]
fn a_configuration_with_attributes_owns_all_of_them() {
    let title = [("title", "${path:title}")];
    let both = [("cost", COST), ("title", "${path:title}")];
    assert_eq!(change(Some(&both), ""), set(None, &both), "off");
    assert_eq!(change(Some(&both), "attributes"), set(Some(&[]), &both), "on, without any");
    let other = "attributes title=${path:nickName} team=${path:division}";
    let live = [("team", "${path:division}"), ("title", "${path:nickName}")];
    assert_eq!(change(Some(&both), other), set(Some(&live), &both), "one goes that they do not say");
    assert_eq!(change(Some(&title), "attributes title=${path:title}"), None, "as they are");
    assert_eq!(change(None, other), None, "the files do not speak of them");
    assert_eq!(change(None, "attributes-unread"), None);
}

#[test]
fn unread_attributes_do_not_count_as_disabled() {
    let live = world("attributes-unread");
    let found = plan_of(&files(Some(&[("cost", COST)])), &live).unwrap_err();
    let codes: Vec<Code> = found.iter().map(|one| one.code).collect();
    assert_eq!(codes, [Code::SnapshotUnusable]);
    assert!(found[0].message.contains("attributes for access control"), "{}", found[0].message);
}

#[test]
fn the_digest_covers_before_and_after() {
    let digest = |wanted: &[(&str, &str)], live: &str| planned(Some(wanted), &world(live)).digest;
    let wanted = [("cost", COST)];
    let from_off = digest(&wanted, "");
    assert_eq!(from_off, digest(&wanted, ""));
    assert_ne!(from_off, digest(&wanted, "attributes"), "off is not the same as none");
    assert_ne!(from_off, digest(&[("cost", "${path:title}")], ""));
    assert_ne!(from_off, digest(&wanted, "attributes a=b"), "what is lost counts");
}

#[test]
fn every_renderer_shows_each_attribute_before_and_after() {
    let live = world("attributes cost=${path:title} team=${path:division} kept=${path:a}");
    let wanted = [("cost", COST), ("kept", "${path:a}"), ("region", "${path:addresses[0].region}")];
    let project = files(Some(&wanted));
    let plan = plan_of(&project, &live).unwrap();
    let detail = Detail::Changed;
    let document: serde_json::Value =
        serde_json::from_str(&json::render(&plan, None, &project.sources)).unwrap();
    let changed = text::render(&plan, None, text::Style { detail, color: false });
    let comment = markdown::render(&plan, None, &project.sources, detail);
    let turned_on = planned(Some(&wanted), &world(""));
    insta::assert_snapshot!(
        [
            changed,
            order(&plan).to_text(),
            comment,
            format!("{:#}\n{:#}", document["counts"], document["changes"][1]),
            text::render(&turned_on, None, text::Style { detail, color: false }),
        ]
        .join("\n")
    );
    let read = serde_json::from_value::<PlanDocument>(document).unwrap();
    let mut other = read.clone();
    assert!(json::difference(&read, &other).is_empty());
    other.changes.pop();
    assert_eq!(
        json::difference(&other, &read),
        ["+ newly planned: set-attributes attributes for access control"]
    );
}

/// What a guard or a lint asks of external sets must be read, and no more.
#[test]
fn details_of_external_sets_are_read_only_if_needed() {
    let details = |more: &str| {
        let text = format!(
            "{HEAD}group \"devs\"\ngroup \"pinned\" id=\"4f6c1d2e-0000-4000-8000-000000000001\"\n\
             external-permission-set \"Tower\"\nexternal-permission-set \"Unused\"\n{more}"
        );
        let project = project(&text);
        let config = project.config.as_ref().unwrap();
        needs_details(config, &config.guard).into_iter().map(|name| name.to_string()).collect::<Vec<_>>()
    };
    let assign = |group: &str| format!("assign \"Tower\" {{ to \"{group}\"; on {{ account \"one\" }} }}\n");
    assert_eq!(details(""), [""; 0]);
    assert_eq!(details(&assign("devs")), ["Tower"], "is the group made an administrator?");
    assert_eq!(details(&assign("pinned")), [""; 0], "it may be");
    let allowed = "lint \"unpinned-administrators\" level=\"allow\" { reason \"synced\" }\n";
    assert_eq!(details(&format!("{}{allowed}", assign("devs"))), [""; 0]);
    let guard = "guard { forbid \"no admins\" { grants-policy \"AdministratorAccess\" } }\n";
    assert_eq!(details(guard), ["Tower", "Unused"]);
}
