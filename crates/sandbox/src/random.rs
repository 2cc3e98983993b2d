//! Random ids and latencies.

use std::collections::HashSet;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rolecall_model::ObjectId;

/// The shortest latency of an asynchronous operation, unless the mean is less.
const LEAST_LATENCY: Duration = Duration::from_secs(5);

/// A source of ids and latencies. Request ids come from a separate stream, so that one more read does not change all
/// latencies.
#[derive(Debug)]
pub(crate) struct Source {
    requests: ChaCha8Rng,
    operations: ChaCha8Rng,
    /// The stream for objects of Entra ID and what is provisioned from it.
    directory: ChaCha8Rng,
    /// The ids that are in use. A world that another run with the same seed has changed holds the first ids of each
    /// stream already.
    used: HashSet<String>,
}

impl Source {
    pub(crate) fn new(seed: u64, used: HashSet<String>) -> Self {
        Self {
            used,
            requests: ChaCha8Rng::seed_from_u64(seed),
            operations: ChaCha8Rng::seed_from_u64(seed ^ 0x005b_ab1e),
            directory: ChaCha8Rng::seed_from_u64(seed ^ 0x00d1_4ec7),
        }
    }

    /// The id of a request's answer.
    pub(crate) fn request_id(&mut self) -> String {
        uuid(&mut self.requests)
    }

    /// The id of an asynchronous operation.
    pub(crate) fn operation_id(&mut self) -> String {
        uuid(&mut self.operations)
    }

    /// The sixteen digits at the end of a permission set's ARN.
    pub(crate) fn permission_set_id(&mut self) -> String {
        loop {
            let id = format!("{:016x}", self.operations.random::<u64>());
            if self.used.insert(id.clone()) {
                return id;
            }
        }
    }

    /// Returns a latency with this mean: the sum of two uniform random numbers between the least latency and its mirror image.
    pub(crate) fn latency(&mut self, mean: Duration) -> Duration {
        latency(&mut self.operations, mean)
    }

    /// Returns a latency in Entra ID, with the same distribution.
    pub(crate) fn directory_latency(&mut self, mean: Duration) -> Duration {
        latency(&mut self.directory, mean)
    }

    /// The id of an object of Entra.
    pub(crate) fn object_id(&mut self) -> ObjectId {
        self.unused_uuid().parse().expect("a UUID is an object id")
    }

    /// The id of something new in an Identity Store, `d-…`.
    pub(crate) fn store_id(&mut self, store: &str) -> String {
        format!("{}-{}", store.trim_start_matches("d-"), self.unused_uuid())
    }

    fn unused_uuid(&mut self) -> String {
        loop {
            let id = uuid(&mut self.directory);
            if self.used.insert(id.clone()) {
                return id;
            }
        }
    }
}

fn latency(source: &mut ChaCha8Rng, mean: Duration) -> Duration {
    let least = LEAST_LATENCY.min(mean);
    let spread = source.random::<f64>() + source.random::<f64>();
    least + (mean - least).mul_f64(spread)
}

/// A UUID that follows from what it is of.
pub(crate) fn uuid_of(parts: &[&[u8]]) -> String {
    uuid(&mut ChaCha8Rng::seed_from_u64(fingerprint(parts)))
}

/// A random UUID of version 4.
pub(crate) fn uuid(source: &mut ChaCha8Rng) -> String {
    let bits = (source.random::<u128>() & !(0xf000_c000 << 48)) | (0x4000_8000_u128 << 48);
    let text = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// Returns the FNV-1a hash, for checks and choices that must be the same in every run. It is not used for security.
pub(crate) fn fingerprint(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}
