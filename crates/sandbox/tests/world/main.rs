//! The simulated world as the AWS SDK sees it, on virtual time.
//!
//! A case begins with `world(company())`, which gives clients of a small organization, and is marked
//! `#[tokio::test(start_paused = true)]`; `struck(company(), faults)` adds faults. For Microsoft Graph,
//! it begins with `tenant::Graph::new()`.

#![expect(clippy::unwrap_used, reason = "what prepares a test is part of it")]

mod access_control;
mod company;
mod delegation;
mod faults;
mod generate;
mod graph_applications;
mod graph_directory;
mod graph_faults;
mod graph_provisioning;
mod interventions;
mod limits;
mod lists;
mod operations;
mod permission_sets;
mod seeds;
mod served;
mod tenant;

pub(crate) use company::{ACCOUNTS, Clients, GROUPS, assign, company, struck, world};
