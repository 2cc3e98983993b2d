//! The client against the sandbox's tenant, under virtual time.

mod executing;
mod faults;
mod links;
mod observing;
mod permissions;
mod tokens;
mod world;
