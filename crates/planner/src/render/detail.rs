//! Level of detail of a rendered plan.

/// Level of detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Counts, and guards that stop the plan.
    Summary,
    /// One line per change, with similar assignments folded, and the differences of changed permission sets.
    Changed,
    /// Every assignment on its own line, and new and deleted permission sets in full.
    Full,
}
