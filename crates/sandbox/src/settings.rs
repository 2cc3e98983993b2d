//! The settings of a sandbox.

use std::time::Duration;

use crate::faults::FaultPlan;

/// The behavior of a sandbox where AWS's is random or depends on time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Random seed for latencies, request ids and new ARNs.
    pub seed: u64,
    /// Mean latency of creating or deleting an assignment. Single latencies range from 5 s (or the mean, if that is less)
    /// to twice the mean less that. The default of 30 s follows from a field report of 1,200 operations in 61 minutes, 10
    /// at a time.
    pub assignment_latency_mean: Duration,
    /// Mean latency of provisioning a permission set, with the same distribution. Default 30 s.
    pub provision_latency_mean: Duration,
    /// Mean time that a permission set stays provisioned in an account after its last assignment there is deleted, with the
    /// same distribution. Until then, it cannot be deleted. Default 60 s.
    pub deprovision_latency_mean: Duration,
    /// Mean time until new attributes for access control take effect, with the same distribution. Default 10 s, an
    /// assumption.
    pub access_control_latency_mean: Duration,
    /// Round-trip time of a request from the in-process client. Default 50 ms. A served sandbox adds none to that of the
    /// network.
    pub request_latency: Duration,
    /// The time at which the sandbox starts, in seconds since 1970. Default: the start of 2026. If a tenant's jobs or logs
    /// contain a later time, the sandbox starts then.
    pub epoch_seconds: u64,
    /// Whether accounts have `State` and `Paths`, as in AWS. Some AWS-compatible endpoints lack them. Default `true`.
    pub account_paths: bool,
    /// Whether some lists of Organizations contain an empty page, which AWS's documentation allows. Default `true`.
    pub empty_pages: bool,
    /// The token that Identity Center's SCIM endpoint accepts. Default `sandbox-scim-token`.
    pub scim_token: String,
    /// Mean time until a new application can be read, with the same distribution as AWS's latencies. Its service principal
    /// follows some seconds later. Default 10 s.
    pub appearance_latency_mean: Duration,
    /// Mean time until an object that is provisioned on demand is in the Identity Store, with the same distribution. Default
    /// 10 s.
    pub provisioning_latency_mean: Duration,
    /// Graph's page size if the client does not give one: 1 to 999 items. Default 100.
    pub graph_page_size: usize,
    /// The faults that occur. Default: none.
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
            scim_token: "sandbox-scim-token".to_owned(),
            appearance_latency_mean: Duration::from_secs(10),
            provisioning_latency_mean: Duration::from_secs(10),
            graph_page_size: 100,
            faults: FaultPlan::default(),
        }
    }
}
