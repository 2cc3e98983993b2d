//! The client against the sandbox's tenant, under virtual time.

#![expect(clippy::unwrap_used, reason = "what prepares a test is part of it")]

mod executing;
mod faults;
mod links;
mod observing;
mod permissions;
mod secrecy;
mod served;
mod tokens;
mod world;
