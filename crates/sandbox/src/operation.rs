//! An operation of AWS's.

use crate::failure::Answer;
use crate::members::Members;
use crate::world::World;

/// An operation that the sandbox offers.
#[derive(Debug)]
pub(crate) struct OfferedOperation {
    /// Its name in the service model.
    pub(crate) name: &'static str,
    /// What it does.
    pub(crate) run: fn(&mut World, &Members<'_>) -> Answer,
}
