//! What import writes is read by the parser and planned against the same world: there is nothing to do but to adopt.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod applied;
mod generated;
mod layout;
mod legal_worlds;
mod modules;
mod odd_worlds;
mod roundtrip;
mod size;
mod small;
mod terraform;
