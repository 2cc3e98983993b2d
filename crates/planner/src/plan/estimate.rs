//! The value that says how long an apply takes.

/// How long an apply would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Estimate {
    /// In seconds; 0 where there is nothing to do.
    pub seconds: u64,
}
