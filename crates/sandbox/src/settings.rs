//! What can be set about a sandbox.

use std::time::Duration;

use crate::faults::FaultPlan;

/// How a sandbox behaves where AWS's behaviour is a matter of chance or of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What latencies, request ids and new ARNs are drawn from.
    pub seed: u64,
    /// How long creating or deleting an assignment takes on average. Single ones take from 5 s (or the mean, if that
    /// is less) to twice the mean less that. The default of 30 s is what a field report implies: 1,200 operations in
    /// 61 minutes, 10 at a time.
    pub assignment_latency_mean: Duration,
    /// How long provisioning a permission set takes on average, spread alike. Default 30 s.
    pub provision_latency_mean: Duration,
    /// How long a permission set stays in an account after its last assignment there has gone, spread alike. Until
    /// then it is listed as provisioned there, and cannot be deleted. Default 60 s.
    pub deprovision_latency_mean: Duration,
    /// How long it takes on average until attributes for access control are there after they were created, spread alike.
    /// Default 10 s, an assumption.
    pub access_control_latency_mean: Duration,
    /// The round trip of one request to the in-process client. Default 50 ms. A served sandbox adds nothing to what
    /// the network takes.
    pub request_latency: Duration,
    /// What the sandbox's calendar says at its start, in seconds since 1970. Default: the start of 2026.
    pub epoch_seconds: u64,
    /// Whether accounts come with `State` and `Paths`, as AWS's do. Endpoints without them exist. Default `true`.
    pub account_paths: bool,
    /// Whether some lists of Organizations have an empty page before they go on, as AWS reserves the right to.
    /// Default `true`.
    pub empty_pages: bool,
    /// What goes wrong, and when. Default: nothing.
    pub faults: FaultPlan,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            assignment_latency_mean: Duration::from_secs(30),
            provision_latency_mean: Duration::from_secs(30),
            deprovision_latency_mean: Duration::from_secs(60),
            access_control_latency_mean: Duration::from_secs(10),
            request_latency: Duration::from_millis(50),
            epoch_seconds: 1_767_225_600,
            account_paths: true,
            empty_pages: true,
            faults: FaultPlan::default(),
        }
    }
}
