//! The adapter against the sandbox, in process and on virtual time.

mod executing;
mod interposed;
mod observing;
mod preflight;
mod strategies;
mod world;
