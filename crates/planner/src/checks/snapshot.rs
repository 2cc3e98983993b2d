//! Checks that a snapshot belongs to the right instance and contains what a configuration needs. Missing data must not
//! be mistaken for absent resources.

use rolecall_model::{Code, Diagnostic, Snapshot};

use crate::desired::selectors;
use crate::inputs::Checkout;

/// Reports everything that a plan needs and the snapshot lacks. `guards` is the other checkout whose guards are
/// evaluated, if any.
pub(crate) fn check(
    files: &Checkout<'_>,
    snapshot: &Snapshot,
    guards: Option<&Checkout<'_>>,
) -> Vec<Diagnostic> {
    let mut diagnostics = check_for_assignments(files, snapshot, guards);
    diagnostics.extend(access_control(files, snapshot));
    diagnostics
}

/// Like [`check`], limited to what determines the desired assignments.
pub(crate) fn check_for_assignments(
    files: &Checkout<'_>,
    snapshot: &Snapshot,
    guards: Option<&Checkout<'_>>,
) -> Vec<Diagnostic> {
    let mut diagnostics = check_instance(files, snapshot);
    diagnostics.extend(tenant(files, snapshot));
    diagnostics.extend(account_tags(files, snapshot, guards));
    diagnostics
}

/// Checks that the snapshot belongs to the instance in the configuration.
pub fn check_instance(files: &Checkout<'_>, snapshot: &Snapshot) -> Vec<Diagnostic> {
    let (center, instance) = (&files.config.identity_center, &snapshot.instance);
    let mut diagnostics = Vec::new();
    if center.region != instance.region {
        diagnostics.push(
            Diagnostic::error(
                Code::WrongRegion,
                format!("the instance's primary Region is {}, not {}", instance.region, center.region),
            )
            .at_origin(files.origins, center.origin, format!("this says {}", center.region))
            .help(format!(
                "write region=\"{}\"; permission sets can be managed only in the primary Region",
                instance.region
            )),
        );
    }
    if let Some(wanted) = center.instance.as_ref().filter(|wanted| **wanted != instance.id) {
        diagnostics.push(
            Diagnostic::error(Code::NoInstance, format!("the instance is {}, not {wanted}", instance.id))
                .at_origin(files.origins, center.origin, format!("this says {wanted}"))
                .help("correct the id, or use the credentials or the snapshot of the intended instance"),
        );
    }
    diagnostics
}

fn tenant(files: &Checkout<'_>, snapshot: &Snapshot) -> Option<Diagnostic> {
    let entra = files.config.entra.as_ref().filter(|_| snapshot.entra.is_none())?;
    Some(
        Diagnostic::error(
            Code::SnapshotUnusable,
            "the snapshot does not contain the Entra tenant, and the configuration uses it",
        )
        .at_origin(files.origins, entra.origin, "its groups and its application cannot be compared")
        .help("take it again with `rolecall snapshot DIR`, which reads what the configuration names in Entra ID"),
    )
}

fn account_tags(
    files: &Checkout<'_>,
    snapshot: &Snapshot,
    guards: Option<&Checkout<'_>>,
) -> Option<Diagnostic> {
    // A guard of another checkout may use tags; unread tags must not look like missing ones.
    let uses_tags = selectors::uses_tags(files.config)
        || guards.is_some_and(|guards| selectors::uses_tags(guards.config));
    let account = selectors::account_without_tags(snapshot).filter(|_| uses_tags)?;
    Some(
        Diagnostic::error(
            Code::SnapshotUnusable,
            format!("the snapshot does not contain the tags of account {account}, and a selector needs them"),
        )
        .help("take it again with `rolecall snapshot`, which reads the tags of every account"),
    )
}

fn access_control(files: &Checkout<'_>, snapshot: &Snapshot) -> Option<Diagnostic> {
    let wanted = files.config.attributes.as_ref().filter(|_| snapshot.access_control.is_not_read())?;
    Some(
        Diagnostic::error(
            Code::SnapshotUnusable,
            "the snapshot does not contain attributes for access control, and the configuration sets them",
        )
        .at_origin(files.origins, wanted.origin, "these cannot be compared with the live state")
        .help("take it again with `rolecall snapshot`, which reads them"),
    )
}
