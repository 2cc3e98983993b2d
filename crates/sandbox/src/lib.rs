//! A simulated AWS organization with IAM Identity Center, and the Entra tenant that provisions to it, both behind the real
//! wire protocols.
//!
//! A [`Sandbox`] is a stateful world, loaded from a [`Snapshot`](rolecall_model::Snapshot). The AWS SDK reaches it in
//! process through [`Sandbox::http_client`], a client of Microsoft Graph through [`Sandbox::graph_service`], and any other
//! client over HTTP through [`serve`]. It enforces the limits, asynchronous states, conflicts and error formats of AWS and
//! Graph; `docs/sandbox.md` lists them, and what it leaves out. Faults occur only where a
//! [`FaultPlan`](faults::FaultPlan) has them. [`generate`] creates a world and a project that match, or differ by a known
//! drift.
//!
//! Invariant: the world itself (`world.rs`, and what changes it) reads no clock and uses no runtime. Every request
//! carries the time, so the same requests at the same times give the same answers.

mod agenda;
mod call;
mod changes;
mod dispatch;
mod due;
mod failure;
pub mod faults;
pub mod generate;
mod graph;
mod http_client;
mod identity_store;
mod interventions;
mod limits;
mod members;
mod observations;
mod operation;
mod organizations;
mod paging;
mod past;
mod permission_sets;
mod random;
mod rows;
mod rules;
mod sandbox;
mod serve;
mod settings;
mod sso_admin;
mod sts;
mod wire;
mod world;

pub use call::{CallRecord, Outcome, Service};
pub use dispatch::operations;
pub use faults::DirectoryChange;
pub use graph::{ConnectionLost, GraphService, SANDBOX_TOKEN, graph_routes, signing_certificate};
pub use observations::{
    Actor, Change, InjectedFault, InterventionRecord, JournalEntry, OperationKind, OperationRecord,
    RefusalCount, Refusals,
};
pub use sandbox::Sandbox;
pub use serve::serve;
pub use settings::Settings;
