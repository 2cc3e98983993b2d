//! The simulated world as the AWS SDK sees it, on virtual time.

#![expect(clippy::unwrap_used, reason = "what prepares a test is part of it")]

mod access_control;
mod company;
mod delegation;
mod faults;
mod interventions;
mod limits;
mod lists;
mod operations;
mod permission_sets;
mod seeds;
mod served;

pub(crate) use company::{ACCOUNTS, Clients, GROUPS, assign, company, struck, world};
