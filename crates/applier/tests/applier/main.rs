//! Runs of operations on the simulator, under virtual time, and the schedule by itself.
//!
//! A case starts from [`company::Company`]: the example's project and world, with the clients for both halves.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing fails, as it should")]

mod apply;
mod company;
mod makespan;
mod schedule;
mod simulation;
