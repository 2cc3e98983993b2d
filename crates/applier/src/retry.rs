//! Backoff and jitter that targets share, and the text of errors with their causes.

use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Maximum number of attempts while the service or the connection fails: about half a minute in all.
pub const ATTEMPTS: u32 = 8;

/// An exponential backoff: the delay doubles from one attempt to the next.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The delay after the first attempt.
    pub initial: Duration,
    /// The longest delay.
    pub max: Duration,
}

/// Backoff after a failure of the service or of the connection.
pub const AFTER_FAILURE: Backoff =
    Backoff { initial: Duration::from_millis(250), max: Duration::from_secs(10) };

impl Backoff {
    /// Returns the delay after this attempt, counted from 1.
    #[must_use]
    pub fn after(self, attempts: u32) -> Duration {
        self.initial.saturating_mul(1 << (attempts.clamp(1, 16) - 1)).min(self.max)
    }
}

/// Randomizes delays, so that callers that were throttled together do not retry together. SplitMix64 is good enough
/// for that, and the same seed gives the same delays.
#[derive(Debug)]
pub struct Jitter(Mutex<u64>);

impl Jitter {
    /// Creates a source of delays that depend on the seed alone.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// Returns a random delay between half of `wait` and all of it.
    #[must_use]
    pub fn spread(&self, wait: Duration) -> Duration {
        wait.mul_f64(0.5 + 0.5 * self.part())
    }

    /// Returns a random delay between zero and `wait`.
    #[must_use]
    pub fn up_to(&self, wait: Duration) -> Duration {
        wait.mul_f64(self.part())
    }

    /// Returns a random number from 0 to 1.
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

/// Returns the messages of an error and of its causes on one line. The AWS SDK's own message is only "dispatch
/// failure".
#[must_use]
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        // The AWS SDK lists its attempts on separate lines.
        let text = error.to_string().lines().map(str::trim).collect::<Vec<_>>().join("; ");
        if !texts.iter().any(|before| before.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_spread_over_its_upper_half() {
        let jitter = Jitter::new(1);
        for _ in 0..1_000 {
            let spread = jitter.spread(Duration::from_secs(2));
            assert!(Duration::from_secs(1) <= spread && spread <= Duration::from_secs(2), "{spread:?}");
        }
    }
}
