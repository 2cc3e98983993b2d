//! Configuration text and world text in, plan and graph out.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod attributes;
mod base;
mod cases;
mod doctor;
mod entra;
mod entra_hazards;
mod properties;
mod world;
