//! What a plan is checked for: that the snapshot holds what is needed, what guards forbid, and what is worth a second
//! look.

pub(crate) mod consequences;
pub(crate) mod guards;
pub(crate) mod lints;
pub(crate) mod snapshot;
