//! The application permissions of Microsoft Graph.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rolecall_entra::{Part, ROUTES, Route};
use rolecall_model::Config;
use serde::Serialize;

use crate::args::Purpose;

/// The client id of Microsoft Graph in every tenant.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// Enough for an application that the caller made or owns.
const OWNED: &str = "Application.ReadWrite.OwnedBy";
/// What takes its place for others.
const NOT_OWNED: &[&str] = &["Application.ReadWrite.All", "Synchronization.ReadWrite.All"];
/// It lets whoever has it give anybody any permission of any application, itself among them.
const ASSIGNS: &str = "AppRoleAssignment.ReadWrite.All";

/// Permissions, each with the routes that it is for.
pub(super) type Needed = BTreeMap<&'static str, BTreeSet<String>>;

/// What a command needs for these files; `None` where they have no `entra` node.
pub(super) fn needed(config: &Config, purpose: Purpose) -> Option<Needed> {
    config.entra.as_ref()?;
    let mut needed = Needed::new();
    for route in routes(config, purpose) {
        let more = if purpose == Purpose::Apply { route.apply } else { &[] };
        for permission in route.plan.iter().chain(more) {
            needed.entry(permission).or_default().insert(route.to_string());
        }
    }
    Some(needed)
}

/// The routes that a command calls for these files.
pub(super) fn routes(config: &Config, purpose: Purpose) -> impl Iterator<Item = &'static Route> {
    let parts = parts(config, purpose);
    ROUTES.iter().filter(move |route| {
        parts.contains(&route.part)
            && (purpose == Purpose::Apply || !route.plan.is_empty() || route.apply.is_empty())
    })
}

fn parts(config: &Config, purpose: Purpose) -> BTreeSet<Part> {
    let mut parts = BTreeSet::new();
    let Some(entra) = &config.entra else { return parts };
    parts.insert(Part::Directory);
    let Some(application) = &entra.application else { return parts };
    parts.insert(Part::Application);
    // A group that is assigned to the application and not in AWS yet is provisioned by an apply, whatever the files say of
    // provisioning.
    let provisions = application.provisioning.is_some() || application.assign_groups.is_some();
    let said = [
        (Part::Create, application.create.is_some()),
        (Part::AssignGroups, application.assign_groups.is_some()),
        (Part::UnassignGroup, !application.unassign.is_empty()),
        (Part::Saml, application.saml.is_some()),
        (Part::Provisioning, provisions || purpose == Purpose::Apply),
        (Part::Mfa, application.require_mfa.is_some()),
        (Part::Logs, purpose == Purpose::Doctor),
    ];
    parts.extend(said.into_iter().filter(|(_, is_said)| *is_said).map(|(part, _)| part));
    parts
}

/// The permissions for people.
pub(super) fn push_text(text: &mut String, needed: &Needed) {
    text.push_str("Microsoft Graph, application permissions\n");
    for (permission, routes) in needed {
        let _ = writeln!(text, "  {permission}");
        for route in routes {
            let _ = writeln!(text, "      {route}");
        }
    }
    for note in notes(needed) {
        let _ = writeln!(text, "\n{note}");
    }
}

fn notes(needed: &Needed) -> Vec<String> {
    let mut notes = Vec::new();
    if needed.contains_key(OWNED) {
        notes.push(format!(
            "{OWNED} is enough for an application that the\ncaller made or owns. For another, grant {} and\n{} \
             instead.",
            NOT_OWNED[0], NOT_OWNED[1]
        ));
    }
    if needed.contains_key(ASSIGNS) {
        notes.push(format!(
            "With {ASSIGNS} the caller could grant itself anything.\nIt is not needed \
             where the files have neither `assign-groups` nor\n`unassign-group`."
        ));
    }
    notes
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    resource_app_id: &'static str,
    permissions: Vec<Permission<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Permission<'a> {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unless_owner: Option<&'static [&'static str]>,
    #[serde(rename = "for")]
    routes: &'a BTreeSet<String>,
}

/// The permissions for programs, in JSON with a line break at its end.
pub(super) fn document(config: &Config, purpose: Purpose) -> String {
    let needed = needed(config, purpose).unwrap_or_default();
    let permission =
        |(name, routes)| Permission { name, unless_owner: (name == OWNED).then_some(NOT_OWNED), routes };
    let permissions = needed.iter().map(|(name, routes)| permission((*name, routes))).collect();
    // Texts have no way to fail to become JSON.
    let document = Document { resource_app_id: GRAPH, permissions };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
