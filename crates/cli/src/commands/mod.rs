//! The commands, one per module.

pub(crate) mod apply;
mod approval;
pub(crate) mod check;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod import;
pub(crate) mod permissions;
pub(crate) mod plan;
pub(crate) mod profiles;
pub(crate) mod rehearse;
pub(crate) mod sandbox;
pub(crate) mod snapshot;
mod stats;
