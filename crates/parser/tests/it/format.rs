//! The formatter: what it does, and what it may never do.

mod cases;
mod documents;
mod generated;
mod oracle;
mod writer;
