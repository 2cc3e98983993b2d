//! Names of API calls.

use std::fmt;

/// An AWS service that is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The Identity Store: groups and users.
    IdentityStore,
    /// AWS Organizations.
    Organizations,
    /// The administration of IAM Identity Center.
    SsoAdmin,
    /// The Security Token Service.
    Sts,
}

/// An API call of a service. It displays as in statistics: `sso-admin:ListAccountAssignments`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Api {
    /// The service.
    pub service: Service,
    /// The operation, as AWS and CloudTrail spell it.
    pub operation: &'static str,
}

impl Api {
    pub(crate) const fn identity_store(operation: &'static str) -> Self {
        Self { service: Service::IdentityStore, operation }
    }

    pub(crate) const fn organizations(operation: &'static str) -> Self {
        Self { service: Service::Organizations, operation }
    }

    pub(crate) const fn sso_admin(operation: &'static str) -> Self {
        Self { service: Service::SsoAdmin, operation }
    }

    pub(crate) const fn sts(operation: &'static str) -> Self {
        Self { service: Service::Sts, operation }
    }

    /// Returns the IAM action that a policy must allow for the call, such as `sso:ListInstances`.
    pub fn iam_action(self) -> String {
        let prefix = match self.service {
            Service::IdentityStore => "identitystore",
            Service::Organizations => "organizations",
            Service::SsoAdmin => "sso",
            Service::Sts => "sts",
        };
        format!("{prefix}:{}", self.operation)
    }
}

impl fmt::Display for Api {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = match self.service {
            Service::IdentityStore => "identitystore",
            Service::Organizations => "organizations",
            Service::SsoAdmin => "sso-admin",
            Service::Sts => "sts",
        };
        write!(formatter, "{service}:{}", self.operation)
    }
}
