//! Whose a permission set is. Ownership is the tag `rolecall:stack` on the set; there is no state file.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::LivePermissionSet;
use rolecall_model::{Code, Diagnostic, OriginId, PermissionSet, PermissionSetName};

use crate::Inputs;

/// How the stack stands to a permission set that concerns it.
pub(crate) enum Standing<'a> {
    /// Declared, and not live.
    New { wanted: &'a PermissionSet, origin: OriginId },
    /// Declared, live, and with our tag.
    Ours {
        wanted: &'a PermissionSet,
        live: &'a LivePermissionSet,
        details: &'a PermissionSet,
        origin: OriginId,
    },
    /// Live with our tag, and no longer declared.
    Dropped { live: &'a LivePermissionSet, details: &'a PermissionSet },
    /// Declared as made elsewhere, and live.
    External { origin: OriginId },
}

/// The standing of every permission set that concerns the stack; the others are not touched and not listed.
pub(crate) fn standings<'a>(
    inputs: &'a Inputs<'a>,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<&'a PermissionSetName, Standing<'a>> {
    let mut standings = BTreeMap::new();
    let config = inputs.config;
    for set in &config.permission_sets {
        let (wanted, origin) = (&set.permission_set, set.origin);
        let standing = match inputs.snapshot.permission_set(&wanted.name) {
            None => Some(Standing::New { wanted, origin }),
            Some(live) => match live.tags.get(STACK_TAG) {
                Some(owner) if owner == config.stack.as_str() => details_of(live, inputs, diagnostics)
                    .map(|details| Standing::Ours { wanted, live, details, origin }),
                owner => {
                    diagnostics.push(not_ours(live, owner, origin, inputs));
                    None
                }
            },
        };
        standings.extend(standing.map(|standing| (&wanted.name, standing)));
    }
    for external in &config.external_permission_sets {
        let origin = external.origin;
        match inputs.snapshot.permission_set(&external.name) {
            None => diagnostics.push(external_missing(&external.name, origin, inputs)),
            Some(live) if is_ours(live, inputs) => diagnostics.push(external_is_ours(live, origin, inputs)),
            Some(live) => {
                check_coverage(live, inputs, diagnostics);
                standings.insert(&external.name, Standing::External { origin });
            }
        }
    }
    let owned = config.permission_sets.iter().map(|set| &set.permission_set.name);
    let external = config.external_permission_sets.iter().map(|set| &set.name);
    let declared: BTreeSet<&PermissionSetName> = owned.chain(external).collect();
    for live in &inputs.snapshot.permission_sets {
        if is_ours(live, inputs) && !declared.contains(&live.name) {
            let details = details_of(live, inputs, diagnostics);
            standings.extend(details.map(|details| (&live.name, Standing::Dropped { live, details })));
        }
    }
    standings
}

fn is_ours(live: &LivePermissionSet, inputs: &Inputs<'_>) -> bool {
    live.tags.get(STACK_TAG).is_some_and(|owner| owner == inputs.config.stack.as_str())
}

/// What was read of a set that must be compared. A snapshot that does not hold it must not be taken for one that
/// says it has nothing.
fn details_of<'a>(
    live: &'a LivePermissionSet,
    inputs: &Inputs<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<&'a PermissionSet> {
    if live.details.is_none() {
        diagnostics.push(unread(live));
    } else {
        check_coverage(live, inputs, diagnostics);
    }
    live.details.as_ref()
}

fn check_coverage(live: &LivePermissionSet, inputs: &Inputs<'_>, diagnostics: &mut Vec<Diagnostic>) {
    if inputs.snapshot.coverage.depth(&live.name).is_none() {
        diagnostics.push(unread(live));
    }
}

fn unread(live: &LivePermissionSet) -> Diagnostic {
    Diagnostic::error(
        Code::SnapshotUnusable,
        format!("the snapshot does not hold all of permission set `{}`", live.name),
    )
    .help("take it again with `rolecall snapshot`, which reads every permission set whole")
}

fn not_ours(
    live: &LivePermissionSet,
    owner: Option<&String>,
    origin: OriginId,
    inputs: &Inputs<'_>,
) -> Diagnostic {
    let (name, stack) = (&live.name, &inputs.config.stack);
    let place = inputs.origins.place(origin);
    match owner {
        Some(owner) => Diagnostic::error(
            Code::OwnedByAnother,
            format!("permission set `{name}` belongs to stack `{owner}`"),
        )
        .at(place, format!("its live namesake carries the tag {STACK_TAG}={owner}"))
        .help(format!(
            "give it another name, or declare it as external-permission-set \"{name}\" and leave it to `{owner}`"
        )),
        None => Diagnostic::error(
            Code::NotOurs,
            format!("permission set `{name}` exists, and no stack owns it"),
        )
        .at(place, format!("its live namesake has no tag {STACK_TAG}"))
        .help(format!(
            "to leave it to who made it, declare external-permission-set \"{name}\". To take it over, tag it: aws \
             sso-admin tag-resource --instance-arn {instance} --resource-arn {arn} --tags \
             Key={STACK_TAG},Value={stack}; from then on its rows that the files do not want are revoked",
            arn = live.arn,
            instance = inputs.snapshot.instance.arn
        )),
    }
}

fn external_missing(name: &PermissionSetName, origin: OriginId, inputs: &Inputs<'_>) -> Diagnostic {
    let names = inputs.snapshot.permission_sets.iter().map(|set| set.name.as_str());
    let help = match crate::accounts::nearest(name.as_str(), names) {
        Some(near) => format!("did you mean `{near}`? Names match exactly"),
        None => "it is made elsewhere, so it must exist; if the stack shall make it, declare permission-set"
            .to_owned(),
    };
    Diagnostic::error(Code::ExternalMissing, format!("external permission set `{name}` does not exist"))
        .at(inputs.origins.place(origin), "the instance has no permission set of this name")
        .help(help)
}

fn external_is_ours(live: &LivePermissionSet, origin: OriginId, inputs: &Inputs<'_>) -> Diagnostic {
    let (name, stack) = (&live.name, &inputs.config.stack);
    Diagnostic::error(
        Code::ExternalIsOurs,
        format!("permission set `{name}` is declared external, and is ours"),
    )
    .at(inputs.origins.place(origin), format!("its live namesake carries the tag {STACK_TAG}={stack}"))
    .help(format!("declare permission-set \"{name}\", or take the tag off if it is made elsewhere now"))
}
