//! How long to wait before asking again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often a request is sent while the service or the connection fails: about half a minute in all.
pub(crate) const ATTEMPTS: u32 = 8;

/// A wait that doubles from one try to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    first: Duration,
    most: Duration,
}

/// After a throttle that does not say when to come again, as those of conditional access do not.
pub(crate) const AFTER_THROTTLE: Backoff =
    Backoff { first: Duration::from_secs(2), most: Duration::from_secs(60) };

/// After a failure of the service or of the connection.
pub(crate) const AFTER_FAILURE: Backoff =
    Backoff { first: Duration::from_millis(250), most: Duration::from_secs(10) };

/// While the directory's replicas do not show yet what was just made, and while another change is in the way.
pub(crate) const WHILE_IT_SETTLES: Backoff =
    Backoff { first: Duration::from_secs(1), most: Duration::from_secs(10) };

/// The longest wait that a `Retry-After` is believed, so that a wrong one does not hang a pipeline for a day.
pub(crate) const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(900);

impl Backoff {
    /// The wait after the try of that number, counted from 1.
    pub(crate) fn after(self, tries: u32) -> Duration {
        self.first.saturating_mul(1 << (tries.clamp(1, 16) - 1)).min(self.most)
    }
}

/// Spreads waits, so that callers who were turned away together do not come back together. SplitMix64: good enough
/// for that, and the same seed gives the same waits.
#[derive(Debug)]
pub(crate) struct Jitter(Mutex<u64>);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// Something between half of the wait and all of it.
    pub(crate) fn spread(&self, wait: Duration) -> Duration {
        wait.mul_f64(0.5 + 0.5 * self.part())
    }

    /// Something from nothing up to the wait.
    pub(crate) fn up_to(&self, wait: Duration) -> Duration {
        wait.mul_f64(self.part())
    }

    /// From 0 to 1.
    fn part(&self) -> f64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = *state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        // 24 bits are exact in a float.
        (bits >> 40) as f64 / f64::from(1 << 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_doubles_up_to_its_bound_and_is_spread_over_its_upper_half() {
        let waits = [1, 2, 3, 6, 60].map(|tries| AFTER_THROTTLE.after(tries).as_secs());
        assert_eq!(waits, [2, 4, 8, 60, 60]);
        let jitter = Jitter::new(1);
        for _ in 0..1_000 {
            let spread = jitter.spread(Duration::from_secs(2));
            assert!(Duration::from_secs(1) <= spread && spread <= Duration::from_secs(2), "{spread:?}");
        }
    }
}
