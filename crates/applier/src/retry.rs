//! How long a target waits before it asks a service again, and how it tells what befell a request.

use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How often a request is sent while the service or the connection fails: about half a minute in all.
pub const ATTEMPTS: u32 = 8;

/// A wait that doubles from one try to the next.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The wait after the first try.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
}

/// After a failure of the service or of the connection.
pub const AFTER_FAILURE: Backoff =
    Backoff { first: Duration::from_millis(250), most: Duration::from_secs(10) };

impl Backoff {
    /// The wait after the try of that number, counted from 1.
    #[must_use]
    pub fn after(self, tries: u32) -> Duration {
        self.first.saturating_mul(1 << (tries.clamp(1, 16) - 1)).min(self.most)
    }
}

/// Spreads waits, so that callers who were turned away together do not come back together. SplitMix64: good enough
/// for that, and the same seed gives the same waits.
#[derive(Debug)]
pub struct Jitter(Mutex<u64>);

impl Jitter {
    /// Waits that follow from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// Something between half of the wait and all of it.
    #[must_use]
    pub fn spread(&self, wait: Duration) -> Duration {
        wait.mul_f64(0.5 + 0.5 * self.part())
    }

    /// Something from nothing up to the wait.
    #[must_use]
    pub fn up_to(&self, wait: Duration) -> Duration {
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

/// The messages of an error and of its causes, in one line. The AWS SDK's own message is only "dispatch failure".
#[must_use]
pub fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        // The AWS SDK lists what it tried on lines of its own.
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
    fn a_wait_is_spread_over_its_upper_half() {
        let jitter = Jitter::new(1);
        for _ in 0..1_000 {
            let spread = jitter.spread(Duration::from_secs(2));
            assert!(Duration::from_secs(1) <= spread && spread <= Duration::from_secs(2), "{spread:?}");
        }
    }
}
