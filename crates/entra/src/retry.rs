//! How long to wait before asking again.

use std::time::Duration;

use rolecall_applier::retry::Backoff;

/// After a throttle that does not say when to come again, as those of conditional access do not.
pub(crate) const AFTER_THROTTLE: Backoff =
    Backoff { first: Duration::from_secs(2), most: Duration::from_secs(60) };

/// While the directory's replicas do not show yet what was just made, and while another change is in the way.
pub(crate) const WHILE_IT_SETTLES: Backoff =
    Backoff { first: Duration::from_secs(1), most: Duration::from_secs(10) };

/// The longest wait that a `Retry-After` is believed, so that a wrong one does not hang a pipeline for a day.
pub(crate) const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(900);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_doubles_up_to_its_bound() {
        let waits = [1, 2, 3, 6, 60].map(|tries| AFTER_THROTTLE.after(tries).as_secs());
        assert_eq!(waits, [2, 4, 8, 60, 60]);
    }
}
