//! All tests of the crate from the outside, as one binary: it links once, and its parts share [`case`].
//!
//! A case is written with `check(text)`, which loads a project of that text, and with what [`case::Checked`] says of it.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod case;
mod diagnostics;
mod entra;
mod fix;
mod format;
mod guards;
mod hostile;
mod inputs;
mod lints;
mod messages;
mod modules;
mod pages;
mod policies;
mod project;
mod properties;
mod template_uses;
mod templates;
