//! The operations of AWS that the sandbox supports.

use crate::failure::Answer;
use crate::members::Members;
use crate::world::World;

/// An operation that the sandbox supports.
#[derive(Debug)]
pub(crate) struct OfferedOperation {
    /// Its name in the service model.
    pub(crate) name: &'static str,
    /// Its implementation.
    pub(crate) run: fn(&mut World, &Members<'_>) -> Answer,
}
