//! End-to-end tests of the built binary: on its embedded sandbox, and against moto over HTTP. In the other direction,
//! boto3 and the AWS CLI against the sandbox on a port.
//!
//! A case begins with a [`project::Project`], in a directory of its own.

// `clippy.toml` allows it in functions marked `#[test]`; here, all functions belong to tests.
#![allow(clippy::unwrap_used)]

mod acme;
mod attributes;
mod dependencies;
mod doctor;
mod every_file;
mod foreign_clients;
mod formatting;
mod generated;
mod graph;
mod imported;
mod interruption;
mod lengths;
mod messages;
mod mistakes;
mod modules;
mod moto;
mod project;
mod pull_requests;
mod records;
mod responses;
mod schema;
mod state;

// The planner's tests write configurations and live states in a few lines; their documents are validated here.
#[allow(dead_code, reason = "the planner's tests need more of it")]
#[path = "../../crates/planner/tests/plan/case.rs"]
mod case;
#[allow(dead_code, reason = "the planner's tests need more of it")]
#[path = "../../crates/planner/tests/plan/world.rs"]
mod world;
