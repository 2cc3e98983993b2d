//! Attributes for access control: what the files want against what is live. The files own them whole; files that do not
//! speak of them leave them alone.

use rolecall_model::{AccessControlState, Code, Diagnostic};

use crate::Inputs;
use crate::plan::{Action, Change, Reason};

/// The mistake of a snapshot that does not hold what the files set.
pub(crate) fn unread(inputs: &Inputs<'_>) -> Option<Diagnostic> {
    let wanted = inputs.config.attributes.as_ref()?;
    inputs.snapshot.access_control.is_not_read().then(|| {
        Diagnostic::error(
            Code::SnapshotUnusable,
            "the snapshot does not hold attributes for access control, and the files set them",
        )
        .at_origin(inputs.origins, wanted.origin, "these cannot be compared with what is live")
        .help("take it again with `rolecall snapshot`, which reads them")
    })
}

/// The change that makes them what the files want; `None` where they are so already, or the files do not say.
pub(crate) fn change(inputs: &Inputs<'_>) -> Option<Change> {
    let wanted = inputs.config.attributes.as_ref()?;
    let before = match &inputs.snapshot.access_control {
        AccessControlState::On(attributes) if *attributes == wanted.attributes => return None,
        AccessControlState::On(attributes) => Some(attributes.clone()),
        AccessControlState::Off => None,
        // Reported by `unread`; nothing is planned on it.
        AccessControlState::NotRead => return None,
    };
    Some(Change {
        action: Action::SetAccessControl { before, after: wanted.attributes.clone() },
        reason: Reason::Declared { until: None, note: None },
        written: Some(inputs.written(wanted.origin)),
    })
}
