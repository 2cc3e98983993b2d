//! The application permissions of Microsoft Graph.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rolecall_entra::{Part, ROUTES, Route};
use rolecall_model::Config;
use serde::Serialize;

use crate::args::Purpose;

/// The client id of Microsoft Graph in every tenant.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// Sufficient for an application that the caller created or owns.
const OWNED: &str = "Application.ReadWrite.OwnedBy";
/// Needed instead for other applications.
const NOT_OWNED: &[&str] = &["Application.ReadWrite.All", "Synchronization.ReadWrite.All"];
/// Allows the caller to grant any application permission to any application, including itself.
const ASSIGNS: &str = "AppRoleAssignment.ReadWrite.All";

/// Permissions, each with the routes that need it.
pub(super) type Needed = BTreeMap<&'static str, BTreeSet<String>>;

/// Returns the permissions that a command needs for this configuration, or `None` if it has no `entra` node.
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

/// Returns the routes that a command calls for this configuration.
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
    // An apply provisions a group that is assigned to the application and not in AWS yet, even if the configuration has no
    // `provisioning`.
    let provisions = application.provisioning.is_some() || application.assign_groups.is_some();
    let used = [
        (Part::Create, application.create.is_some()),
        (Part::AssignGroups, application.assign_groups.is_some()),
        (Part::UnassignGroup, !application.unassign.is_empty()),
        (Part::Saml, application.saml.is_some()),
        (Part::Provisioning, provisions || purpose == Purpose::Apply),
        (Part::Mfa, application.require_mfa.is_some()),
        (Part::Logs, purpose == Purpose::Doctor),
    ];
    parts.extend(used.into_iter().filter(|(_, is_used)| *is_used).map(|(part, _)| part));
    parts
}

/// Appends the permissions as readable text.
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
            "{OWNED} is sufficient for an application that the\ncaller created or owns. Otherwise, grant {} and\n{} \
             instead.",
            NOT_OWNED[0], NOT_OWNED[1]
        ));
    }
    if needed.contains_key(ASSIGNS) {
        notes.push(format!(
            "{ASSIGNS} allows the caller to grant itself any\npermission. It is not needed \
             if the configuration has neither `assign-groups`\nnor `unassign-group`."
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

/// Returns the permissions as JSON, with a line break at the end.
pub(super) fn document(config: &Config, purpose: Purpose) -> String {
    let needed = needed(config, purpose).unwrap_or_default();
    let permission =
        |(name, routes)| Permission { name, unless_owner: (name == OWNED).then_some(NOT_OWNED), routes };
    let permissions = needed.iter().map(|(name, routes)| permission((*name, routes))).collect();
    // Text always serializes.
    let document = Document { resource_app_id: GRAPH, permissions };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
