//! A plan for people and for programs. Renderers only read a plan; none of them decides anything.

mod access_control;
mod columns;
mod comparison;
mod comparison_document;
pub mod doctor;
mod document;
pub(crate) mod entra;
mod escape;
mod fold;
pub mod json;
pub mod markdown;
mod sets;
pub mod text;
pub(crate) mod wording;

pub use comparison_document::{
    BaseDifferenceDocument, BaseDocument, BasePlaceDocument, ComparedRowDocument, LineDifferenceDocument,
};
pub use escape::for_terminal;
pub use wording::{count, duration, row_in_words};
