//! The estimated duration of an apply.

/// Estimated duration of an apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Estimate {
    /// Seconds; 0 if there are no changes.
    pub seconds: u64,
}
