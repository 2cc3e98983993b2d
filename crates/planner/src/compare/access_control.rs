//! Attributes for access control: what the files want against what is live. The files own them whole; files that do not
//! speak of them leave them alone.

use rolecall_model::{AccessControlState, Snapshot};

use crate::inputs::Checkout;
use crate::plan::{AccessControlChange, Action, Change, Reason};

/// The change that makes them what the files want; `None` where they are so already, or the files do not say.
pub(crate) fn change(files: &Checkout<'_>, snapshot: &Snapshot) -> Option<Change> {
    let wanted = files.config.attributes.as_ref()?;
    let before = match &snapshot.access_control {
        AccessControlState::On(attributes) if *attributes == wanted.attributes => return None,
        AccessControlState::On(attributes) => Some(attributes.clone()),
        AccessControlState::Off => None,
        // Reported by the check of the snapshot; nothing is planned on it.
        AccessControlState::NotRead => return None,
    };
    Some(Change {
        action: Action::AccessControl(AccessControlChange { before, after: wanted.attributes.clone() }),
        reason: Reason::Declared { until: None, note: None },
        written: Some(files.written(wanted.origin)),
    })
}
