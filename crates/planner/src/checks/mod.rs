//! Checks of a plan: completeness of the snapshot, guards, and lints.

pub(crate) mod consequences;
pub(crate) mod guards;
pub(crate) mod lints;
pub(crate) mod snapshot;
