//! Attributes for access control: desired state against live state. A configuration with `attributes` owns all of them;
//! one without it leaves them unchanged.

use rolecall_model::{AccessControlState, Snapshot};

use crate::inputs::Checkout;
use crate::plan::{AccessControlChange, Action, Change, Reason};

/// Returns the change to the desired attributes; `None` if they already match, or the configuration has none.
pub(crate) fn change(files: &Checkout<'_>, snapshot: &Snapshot) -> Option<Change> {
    let wanted = files.config.attributes.as_ref()?;
    let before = match &snapshot.access_control {
        AccessControlState::On(attributes) if *attributes == wanted.attributes => return None,
        AccessControlState::On(attributes) => Some(attributes.clone()),
        AccessControlState::Off => None,
        // The check of the snapshot reports this, and nothing is planned.
        AccessControlState::NotRead => return None,
    };
    Some(Change {
        action: Action::AccessControl(AccessControlChange { before, after: wanted.attributes.clone() }),
        reason: Reason::Declared { until: None, note: None },
        written: Some(files.written(wanted.origin)),
    })
}
