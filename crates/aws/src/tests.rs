//! The adapter against the sandbox, in process and on virtual time.

mod executing;
mod incomplete;
mod interposed;
mod observing;
mod preflight;
mod strategies;
mod unlisted;
mod world;
