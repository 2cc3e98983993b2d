//! Renderers of plans and comparisons. They make no decisions.

mod access_control;
mod columns;
mod comparison;
mod detail;
mod diff;
mod entra;
mod escape;
mod fold;
pub mod json;
pub mod markdown;
mod sets;
pub mod text;
mod wording;

pub use detail::Detail;
pub use escape::in_json;
