//! How much of a plan is shown.

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Counts and what stops the plan.
    Summary,
    /// A line per change, many assignments that say one thing folded, and what differs in a changed set.
    Changed,
    /// Every assignment on its own line, and new and deleted sets whole.
    Full,
}
