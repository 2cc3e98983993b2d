//! The table of all routes, with the permissions that Graph requires.

use std::fmt;

use crate::limits::Bucket;

/// The part of the configuration that needs a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// An `entra` node: the tenant and the groups.
    Directory,
    /// An `application` in it, with its assignments.
    Application,
    /// `create` in it.
    Create,
    /// `assign-groups`.
    AssignGroups,
    /// `unassign-group`.
    UnassignGroup,
    /// `saml`.
    Saml,
    /// `provisioning`.
    Provisioning,
    /// `require-mfa`.
    Mfa,
    /// The logs, which `doctor` reads.
    Logs,
}

/// A route of Microsoft Graph v1.0, or one outside of Graph that requires no permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The HTTP method, such as `GET`.
    pub method: &'static str,
    /// The path without the version, with parameters in braces, such as `/groups/{id}`.
    pub template: &'static str,
    /// The part of the configuration that needs it.
    pub part: Part,
    /// The application permissions that a plan (or `doctor`) requires for the route: the least in its reference page.
    /// Empty for routes that only an apply calls, and for those that require none.
    pub plan: &'static [&'static str],
    /// The application permissions that an apply requires in addition to those of a plan.
    /// `Application.ReadWrite.OwnedBy` suffices for an application that the caller created or owns; others require
    /// `Application.ReadWrite.All`, and `Synchronization.ReadWrite.All` for their synchronization.
    pub apply: &'static [&'static str],
    pub(crate) bucket: Bucket,
}

/// Displays the route as in statistics: `GET /groups/{id}`.
impl fmt::Display for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.template)
    }
}

/// A route that reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadRoute(pub(crate) &'static Route);

/// A route that changes something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChangeRoute(pub(crate) &'static Route);

macro_rules! routes {
    ($($(#[$doc:meta])* $kind:ident $name:ident = $method:literal $template:literal $part:ident $bucket:ident
        plan $plan:tt apply $apply:tt;)*) => {
        $($(#[$doc])* pub(crate) const $name: $kind = $kind(&Route {
            method: $method,
            template: $template,
            part: Part::$part,
            plan: &$plan,
            apply: &$apply,
            bucket: Bucket::$bucket,
        });)*

        /// All routes that this crate calls, except those for tokens.
        pub const ROUTES: &[Route] = &[$(*$name.0,)*];
    };
}

routes! {
    ReadRoute LIST_ORGANIZATIONS = "GET" "/organization" Directory General
        plan ["Organization.Read.All"] apply [];
    ReadRoute LIST_GROUPS = "GET" "/groups" Directory Groups
        plan ["Group.ReadBasic.All"] apply [];
    ReadRoute GET_GROUP = "GET" "/groups/{id}" Directory Groups
        plan ["Group.ReadBasic.All"] apply [];
    /// Without a permission for users, Graph returns only their ids.
    ReadRoute LIST_MEMBERS = "GET" "/groups/{id}/members" Directory Groups
        plan ["GroupMember.ReadBasic.All", "User.ReadBasic.All"] apply [];
    /// Requires the permissions of the requests in the batch.
    ReadRoute BATCH = "POST" "/$batch" Directory General plan [] apply [];
    ReadRoute LIST_SERVICE_PRINCIPALS = "GET" "/servicePrincipals" Application General
        plan ["Application.Read.All"] apply [];
    ReadRoute GET_SERVICE_PRINCIPAL = "GET" "/servicePrincipals/{id}" Application General
        plan [] apply ["Application.Read.All"];
    ReadRoute LIST_APPLICATIONS = "GET" "/applications" Application General
        plan ["Application.Read.All"] apply [];
    ReadRoute GET_APPLICATION = "GET" "/applications/{id}" Application General
        plan [] apply ["Application.Read.All"];
    ReadRoute LIST_ASSIGNMENTS = "GET" "/servicePrincipals/{id}/appRoleAssignedTo" Application General
        plan ["Application.Read.All"] apply [];
    /// Outside of Graph, and public.
    ReadRoute GET_METADATA = "GET" "/{tenant}/federationmetadata/2007-06/federationmetadata.xml" Saml General
        plan [] apply [];
    ReadRoute LIST_JOBS = "GET" "/servicePrincipals/{id}/synchronization/jobs" Provisioning General
        plan ["Synchronization.Read.All"] apply [];
    ReadRoute GET_SCHEMA = "GET" "/servicePrincipals/{id}/synchronization/jobs/{jobId}/schema" Provisioning General
        plan ["Synchronization.Read.All"] apply [];
    /// Whether secrets are set. Graph returns each as `*`.
    ReadRoute LIST_SECRETS = "GET" "/servicePrincipals/{id}/synchronization/secrets" Provisioning General
        plan ["Synchronization.Read.All"] apply [];
    ReadRoute LIST_JOB_TEMPLATES = "GET" "/servicePrincipals/{id}/synchronization/templates" Provisioning General
        plan [] apply ["Synchronization.Read.All"];
    ReadRoute LIST_POLICIES = "GET" "/identity/conditionalAccess/policies" Mfa ConditionalAccess
        plan ["Policy.Read.All"] apply [];
    ReadRoute GET_POLICY = "GET" "/identity/conditionalAccess/policies/{id}" Mfa ConditionalAccess
        plan [] apply ["Policy.Read.All"];
    ReadRoute LIST_PROVISIONING_LOGS = "GET" "/auditLogs/provisioning" Logs AuditLogs
        plan ["ProvisioningLog.Read.All"] apply [];
    ReadRoute LIST_SIGN_INS = "GET" "/auditLogs/signIns" Logs AuditLogs
        plan ["AuditLog.Read.All"] apply [];

    ChangeRoute INSTANTIATE = "POST" "/applicationTemplates/{id}/instantiate" Create General
        plan [] apply ["Application.ReadWrite.OwnedBy"];
    ChangeRoute UPDATE_SERVICE_PRINCIPAL = "PATCH" "/servicePrincipals/{id}" Saml General
        plan [] apply ["Application.ReadWrite.OwnedBy"];
    ChangeRoute UPDATE_APPLICATION = "PATCH" "/applications/{id}" Saml General
        plan [] apply ["Application.ReadWrite.OwnedBy"];
    ChangeRoute ADD_CERTIFICATE = "POST" "/servicePrincipals/{id}/addTokenSigningCertificate" Saml General
        plan [] apply ["Application.ReadWrite.OwnedBy"];
    ChangeRoute ASSIGN = "POST" "/servicePrincipals/{id}/appRoleAssignedTo" AssignGroups General
        plan [] apply ["AppRoleAssignment.ReadWrite.All"];
    ChangeRoute UNASSIGN = "DELETE" "/servicePrincipals/{id}/appRoleAssignedTo/{assignmentId}" UnassignGroup General
        plan [] apply ["AppRoleAssignment.ReadWrite.All"];
    ChangeRoute CREATE_JOB = "POST" "/servicePrincipals/{id}/synchronization/jobs" Provisioning General
        plan [] apply ["Application.ReadWrite.OwnedBy"];
    ChangeRoute SET_SECRETS = "PUT" "/servicePrincipals/{id}/synchronization/secrets" Provisioning General
        plan [] apply ["Application.ReadWrite.OwnedBy"];
    ChangeRoute VALIDATE_CREDENTIALS =
        "POST" "/servicePrincipals/{id}/synchronization/jobs/{jobId}/validateCredentials" Provisioning General
        plan [] apply ["Application.ReadWrite.OwnedBy"];
    ChangeRoute START_JOB = "POST" "/servicePrincipals/{id}/synchronization/jobs/{jobId}/start" Provisioning General
        plan [] apply ["Application.ReadWrite.OwnedBy"];
    ChangeRoute RESTART_JOB = "POST" "/servicePrincipals/{id}/synchronization/jobs/{jobId}/restart" Provisioning General
        plan [] apply ["Application.ReadWrite.OwnedBy"];
    ChangeRoute PROVISION_ON_DEMAND =
        "POST" "/servicePrincipals/{id}/synchronization/jobs/{jobId}/provisionOnDemand" Provisioning OnDemand
        plan [] apply ["Application.ReadWrite.OwnedBy"];
    ChangeRoute CREATE_POLICY = "POST" "/identity/conditionalAccess/policies" Mfa ConditionalAccess
        plan [] apply ["Application.Read.All", "Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"];
    ChangeRoute UPDATE_POLICY = "PATCH" "/identity/conditionalAccess/policies/{id}" Mfa ConditionalAccess
        plan [] apply ["Application.Read.All", "Policy.Read.All", "Policy.ReadWrite.ConditionalAccess"];
}
