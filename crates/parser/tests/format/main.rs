//! The formatter: what it does, and what it may never do.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod cases;
mod documents;
mod generated;
mod oracle;
mod writer;
