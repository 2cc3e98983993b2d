//! Backoff before a retry.

use std::time::Duration;

use rolecall_applier::retry::Backoff;

/// Backoff after a throttle without `Retry-After`, as for conditional access.
pub(crate) const AFTER_THROTTLE: Backoff =
    Backoff { initial: Duration::from_secs(2), max: Duration::from_secs(60) };

/// Backoff while new objects are not visible on all replicas of the directory, and while another change is in
/// progress.
pub(crate) const WHILE_IT_SETTLES: Backoff =
    Backoff { initial: Duration::from_secs(1), max: Duration::from_secs(10) };

/// Upper bound of `Retry-After`, so that a wrong one does not block a pipeline for a day.
pub(crate) const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(900);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_doubles_up_to_its_bound() {
        let delays = [1, 2, 3, 6, 60].map(|attempts| AFTER_THROTTLE.after(attempts).as_secs());
        assert_eq!(delays, [2, 4, 8, 60, 60]);
    }
}
