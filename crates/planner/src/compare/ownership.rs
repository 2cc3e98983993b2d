//! Ownership of permission sets. The tag `rolecall:stack` on the permission set records its owner; there is no state
//! file.

use std::collections::BTreeMap;

use rolecall_model::config::DeclaredPermissionSet;
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::LivePermissionSet;
use rolecall_model::{Code, Config, Diagnostic, OriginId, PermissionSet, PermissionSetName, Snapshot};

use crate::inputs::Checkout;
use crate::suggest::nearest;

/// The relation of the stack to a permission set that concerns it.
///
/// This is the table of ownership and lifecycle, by configuration and live state:
///
/// | configuration | live: none | live: our tag | live: no tag | live: another's tag |
/// |---|---|---|---|---|
/// | `permission-set` | create | compare | error | error |
/// | … with `adopt` | create; `adopt` has no effect | compare; assignments not in the configuration stay | tag, compare; assignments not in the configuration stay | error |
/// | … with `renamed-from "Old"` | create, and `Old` is replaced | compare, and `Old` is replaced | error | error |
/// | `external-permission-set` | error | error | managed assignments | managed assignments |
/// | `release-permission-set` | idle | remove the tag | idle | idle |
/// | … and `external-permission-set` | error | remove the tag, managed assignments | managed assignments; idle | managed assignments; idle |
/// | nothing | | delete | left unchanged | left unchanged |
///
/// `Old` of `renamed-from`: with this stack's tag it is replaced and deleted; without the tag it stays, with a warning;
/// if it does not exist, the word has no effect.
pub(crate) enum Standing<'a> {
    /// Declared, and not live.
    New { wanted: &'a PermissionSet, origin: OriginId },
    /// Declared and live, with this stack's tag or adopted.
    Ours(Ours<'a>),
    /// Live with this stack's tag, and no longer declared.
    Dropped {
        live: &'a LivePermissionSet,
        details: &'a PermissionSet,
        /// The declared permission set that replaces it.
        renamed_to: Option<&'a PermissionSetName>,
    },
    /// Live with this stack's tag, which is removed; the permission set and its assignments stay.
    Released { origin: OriginId },
    /// Declared external, and live.
    External {
        origin: OriginId,
        /// Where the configuration releases it, if it still has this stack's tag.
        released: Option<OriginId>,
    },
}

/// A declared permission set that is live.
#[derive(Clone, Copy)]
pub(crate) struct Ours<'a> {
    pub(crate) wanted: &'a PermissionSet,
    pub(crate) live: &'a LivePermissionSet,
    pub(crate) details: &'a PermissionSet,
    pub(crate) origin: OriginId,
    /// Whether it has no tag yet and gets this stack's.
    pub(crate) is_adopted_now: bool,
    /// Where `adopt` is written: assignments that are not in the configuration stay.
    pub(crate) adopt: Option<OriginId>,
}

/// The standings of permission sets, by name.
pub(crate) type Standings<'a> = BTreeMap<&'a PermissionSetName, Standing<'a>>;

/// Returns the standing of every permission set that concerns the stack; others are neither changed nor listed.
pub(crate) fn standings<'a>(
    files: &Checkout<'a>,
    snapshot: &'a Snapshot,
    diagnostics: &mut Vec<Diagnostic>,
) -> Standings<'a> {
    let mut standings = Standings::new();
    let config = files.config;
    for set in &config.permission_sets {
        let standing = declared(set, files, snapshot, diagnostics);
        standings.extend(standing.map(|standing| (&set.permission_set.name, standing)));
    }
    let releases: BTreeMap<&PermissionSetName, OriginId> =
        config.releases.iter().map(|release| (&release.name, release.origin)).collect();
    for external in &config.external_permission_sets {
        let (name, origin) = (&external.name, external.origin);
        let released = releases.get(name).copied();
        match snapshot.permission_set(name) {
            None => diagnostics.push(external_missing(name, origin, files, snapshot)),
            Some(live) if is_ours(live, config) && released.is_none() => {
                diagnostics.push(external_is_ours(live, origin, files));
            }
            Some(live) => {
                check_coverage(live, snapshot, diagnostics);
                let released = released.filter(|_| is_ours(live, config));
                standings.insert(name, Standing::External { origin, released });
            }
        }
    }
    let renames: BTreeMap<&PermissionSetName, &PermissionSetName> = config
        .permission_sets
        .iter()
        .filter_map(|set| Some((&set.renamed_from.as_ref()?.name, &set.permission_set.name)))
        .collect();
    for live in &snapshot.permission_sets {
        if !is_ours(live, config) || standings.contains_key(&live.name) || is_declared(config, &live.name) {
            continue;
        }
        if let Some(origin) = releases.get(&live.name) {
            standings.insert(&live.name, Standing::Released { origin: *origin });
            continue;
        }
        let renamed_to = renames.get(&live.name).copied();
        let details = details_of(live, snapshot, diagnostics);
        let dropped = details.map(|details| Standing::Dropped { live, details, renamed_to });
        standings.extend(dropped.map(|standing| (&live.name, standing)));
    }
    standings
}

/// Whether the configuration declares a permission set of this name, even incorrectly.
fn is_declared(config: &Config, name: &PermissionSetName) -> bool {
    config.permission_sets.binary_search_by(|set| set.permission_set.name.cmp(name)).is_ok()
        || config.external_permission_sets.binary_search_by(|set| set.name.cmp(name)).is_ok()
}

fn declared<'a>(
    set: &'a DeclaredPermissionSet,
    files: &Checkout<'a>,
    snapshot: &'a Snapshot,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Standing<'a>> {
    let DeclaredPermissionSet { permission_set: wanted, adopt, renamed_from: _, origin } = set;
    let (adopt, origin) = (*adopt, *origin);
    let Some(live) = snapshot.permission_set(&wanted.name) else {
        return Some(Standing::New { wanted, origin });
    };
    let owner = live.tags.get(STACK_TAG);
    let is_adopted_now = owner.is_none() && adopt.is_some();
    if !is_adopted_now && !is_ours(live, files.config) {
        diagnostics.push(not_ours(live, owner, origin, files));
        return None;
    }
    let details = details_of(live, snapshot, diagnostics)?;
    Some(Standing::Ours(Ours { wanted, live, details, origin, is_adopted_now, adopt }))
}

/// Whether a live permission set has the stack's tag.
pub fn is_ours(live: &LivePermissionSet, config: &Config) -> bool {
    live.tags.get(STACK_TAG).is_some_and(|owner| owner == config.stack.as_str())
}

/// Returns the details of a permission set to compare. Unread details must not be mistaken for empty ones.
fn details_of<'a>(
    live: &'a LivePermissionSet,
    snapshot: &Snapshot,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<&'a PermissionSet> {
    if live.details.is_none() {
        diagnostics.push(unread(live));
    } else {
        check_coverage(live, snapshot, diagnostics);
    }
    live.details.as_ref()
}

fn check_coverage(live: &LivePermissionSet, snapshot: &Snapshot, diagnostics: &mut Vec<Diagnostic>) {
    if snapshot.coverage.depth(&live.name).is_none() {
        diagnostics.push(unread(live));
    }
}

fn unread(live: &LivePermissionSet) -> Diagnostic {
    Diagnostic::error(
        Code::SnapshotUnusable,
        format!("the snapshot does not contain all of permission set `{}`", live.name),
    )
    .help("take it again with `rolecall snapshot`, which reads every permission set in full")
}

fn not_ours(
    live: &LivePermissionSet,
    owner: Option<&String>,
    origin: OriginId,
    files: &Checkout<'_>,
) -> Diagnostic {
    let name = &live.name;
    match owner {
        Some(owner) => Diagnostic::error(
            Code::OwnedByAnother,
            format!("permission set `{name}` belongs to stack `{owner}`"),
        )
        .at_origin(files.origins, origin, format!("the live permission set has the tag {STACK_TAG}={owner}"))
        .help(format!(
            "give it another name, or declare it as external-permission-set \"{name}\" and leave it to `{owner}`"
        )),
        None => Diagnostic::error(
            Code::NotOurs,
            format!("permission set `{name}` exists, and no stack owns it"),
        )
        .at_origin(files.origins, origin, format!("the live permission set has no tag {STACK_TAG}"))
        .help(format!(
            "to leave it to its owner, declare external-permission-set \"{name}\"; to take it over, write `adopt` into \
             its block"
        )),
    }
}

fn external_missing(
    name: &PermissionSetName,
    origin: OriginId,
    files: &Checkout<'_>,
    snapshot: &Snapshot,
) -> Diagnostic {
    let names = snapshot.permission_sets.iter().map(|set| set.name.as_str());
    let help = match nearest(name.as_str(), names) {
        Some(near) => format!("did you mean `{near}`? Names match exactly"),
        None => "it is externally managed, so it must exist; if this stack should create it, declare permission-set"
            .to_owned(),
    };
    Diagnostic::error(Code::ExternalMissing, format!("external permission set `{name}` does not exist"))
        .at_origin(files.origins, origin, "the instance has no permission set of this name")
        .help(help)
}

fn external_is_ours(live: &LivePermissionSet, origin: OriginId, files: &Checkout<'_>) -> Diagnostic {
    let (name, stack) = (&live.name, &files.config.stack);
    Diagnostic::error(
        Code::ExternalIsOurs,
        format!("permission set `{name}` is declared external, but belongs to this stack"),
    )
    .at_origin(files.origins, origin, format!("the live permission set has the tag {STACK_TAG}={stack}"))
    .help(format!(
        "declare permission-set \"{name}\", or write release-permission-set \"{name}\" as well if it is externally managed now"
    ))
}

/// Reports ownership errors: declared permission sets that do not belong to the stack, and external ones that do not
/// exist.
pub fn check_ownership(files: &Checkout<'_>, snapshot: &Snapshot) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    standings(files, snapshot, &mut found);
    found
}
