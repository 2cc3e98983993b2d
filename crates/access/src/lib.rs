//! Who has access to what, read from a snapshot.

pub mod profiles;
