//! The supported routes.

use http::Method;

use super::ask::{Route, Run};
use super::limits::Family;
use super::wire::decode_segment;
use super::{
    applications, assignments, audit, conditional_access, directory, federation, on_demand, secrets,
    service_principals, synchronization, tokens,
};

macro_rules! routes {
    ($($name:literal $family:ident $cost:literal $run:ident $(($path:path))?,)*) => {
        const ROUTES: &[Route] = &[$(
            Route { name: $name, family: Family::$family, cost: $cost, run: Run::$run $(($path))? },
        )*];
    };
}

// The directory's costs are those of the table of resource units in Graph's throttling limits, rounded.
routes! {
    "GET /applicationTemplates" Directory 1 Graph(applications::list_templates),
    "GET /applications" Directory 2 Graph(applications::list),
    "GET /applications/{id}" Directory 1 Graph(applications::get),
    "GET /auditLogs/provisioning" AuditLogs 1 Graph(audit::list_provisioning),
    "GET /auditLogs/signIns" AuditLogs 1 Graph(audit::list_sign_ins),
    "GET /groups" Directory 2 Graph(directory::list_groups),
    "GET /groups/{id}" Directory 1 Graph(directory::get_group),
    "GET /groups/{id}/members" Directory 3 Graph(directory::list_members),
    "GET /groups/{id}/members/microsoft.graph.group" Directory 3 Graph(directory::list_member_groups),
    "GET /groups/{id}/members/microsoft.graph.user" Directory 3 Graph(directory::list_member_users),
    "GET /groups/{id}/transitiveMembers" Directory 5 Graph(directory::list_transitive_members),
    "GET /groups/{id}/transitiveMembers/microsoft.graph.group" Directory 5
        Graph(directory::list_transitive_groups),
    "GET /groups/{id}/transitiveMembers/microsoft.graph.user" Directory 5
        Graph(directory::list_transitive_users),
    "GET /identity/conditionalAccess/policies" ConditionalAccess 1 Graph(conditional_access::list),
    "GET /identity/conditionalAccess/policies/{id}" ConditionalAccess 1 Graph(conditional_access::get),
    "GET /organization" Directory 1 Graph(directory::list_organizations),
    "GET /policies/authenticationStrengthPolicies" ConditionalAccess 1
        Graph(conditional_access::list_strengths),
    "GET /policies/authenticationStrengthPolicies/{id}" ConditionalAccess 1
        Graph(conditional_access::get_strength),
    "GET /servicePrincipals" Directory 1 Graph(service_principals::list),
    "GET /servicePrincipals/{id}" Directory 1 Graph(service_principals::get),
    "GET /servicePrincipals/{id}/appRoleAssignedTo" Directory 2 Graph(assignments::list),
    "GET /servicePrincipals/{id}/synchronization/jobs" Unlimited 1 Graph(synchronization::list),
    "GET /servicePrincipals/{id}/synchronization/jobs/{jobId}" Unlimited 1 Graph(synchronization::get),
    "GET /servicePrincipals/{id}/synchronization/jobs/{jobId}/schema" Unlimited 1
        Graph(synchronization::get_schema),
    "GET /servicePrincipals/{id}/synchronization/secrets" Unlimited 1 Graph(secrets::get),
    "GET /servicePrincipals/{id}/synchronization/templates" Unlimited 1
        Graph(synchronization::list_templates),
    "GET /users" Directory 2 Graph(directory::list_users),
    "GET /users/{id}" Directory 1 Graph(directory::get_user),
    "GET /{tenant}/federationmetadata/2007-06/federationmetadata.xml" Unlimited 1 Open(federation::get),
    "DELETE /identity/conditionalAccess/policies/{id}" ConditionalAccess 1
        Graph(conditional_access::delete),
    "DELETE /servicePrincipals/{id}/appRoleAssignedTo/{assignmentId}" Directory 2
        Graph(assignments::delete),
    "PATCH /applications/{id}" Directory 2 Graph(applications::update),
    "PATCH /identity/conditionalAccess/policies/{id}" ConditionalAccess 1
        Graph(conditional_access::update),
    "PATCH /servicePrincipals/{id}" Directory 2 Graph(service_principals::update),
    "POST /$batch" Unlimited 1 Batch,
    "POST /applicationTemplates/{id}/instantiate" Directory 2 Graph(applications::instantiate),
    "POST /identity/conditionalAccess/policies" ConditionalAccess 1 Graph(conditional_access::create),
    "POST /servicePrincipals/{id}/addTokenSigningCertificate" Directory 2
        Graph(service_principals::add_certificate),
    "POST /servicePrincipals/{id}/appRoleAssignedTo" Directory 2 Graph(assignments::create),
    "POST /servicePrincipals/{id}/synchronization/jobs" Unlimited 1 Graph(synchronization::create),
    "POST /servicePrincipals/{id}/synchronization/jobs/{jobId}/pause" Unlimited 1
        Graph(synchronization::pause),
    "POST /servicePrincipals/{id}/synchronization/jobs/{jobId}/provisionOnDemand" OnDemand 1
        Graph(on_demand::provision),
    "POST /servicePrincipals/{id}/synchronization/jobs/{jobId}/restart" Unlimited 1
        Graph(synchronization::restart),
    "POST /servicePrincipals/{id}/synchronization/jobs/{jobId}/start" Unlimited 1
        Graph(synchronization::start),
    "POST /servicePrincipals/{id}/synchronization/jobs/{jobId}/validateCredentials" Unlimited 1
        Graph(secrets::validate),
    "POST /{tenant}/oauth2/v2.0/token" Unlimited 1 Open(tokens::issue),
    "PUT /servicePrincipals/{id}/synchronization/secrets" Unlimited 1 Graph(secrets::set),
}

/// All routes that the sandbox offers, such as `GET /groups/{id}`, without Graph's version.
pub fn graph_routes() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().map(|route| route.name)
}

/// What became of looking for a route.
pub(crate) enum Found<'a> {
    /// The route, with the path without its version and the parameters in it.
    Route(&'static Route, &'a str, Vec<String>),
    /// The path is offered with other methods.
    OtherMethod,
    /// No route has the path.
    Nothing,
}

/// The route of a request.
pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Found<'a> {
    let versioned = path.strip_prefix("/v1.0").filter(|rest| rest.starts_with('/'));
    let mut is_known = false;
    for route in ROUTES {
        let is_open = matches!(route.run, Run::Open(_));
        let Some(path) = (if is_open { Some(path) } else { versioned }) else { continue };
        let Some((wanted, template)) = route.name.split_once(' ') else { continue };
        if let Some(parameters) = fit(template, path) {
            if wanted == method.as_str() {
                return Found::Route(route, path, parameters);
            }
            is_known = true;
        }
    }
    if is_known { Found::OtherMethod } else { Found::Nothing }
}

/// The parameters of a path that fits a template.
fn fit(template: &str, path: &str) -> Option<Vec<String>> {
    let mut parameters = Vec::new();
    let mut segments = path.trim_end_matches('/').split('/');
    for wanted in template.split('/') {
        let segment = segments.next()?;
        if wanted.starts_with('{') {
            if segment.is_empty() {
                return None;
            }
            parameters.push(decode_segment(segment));
        } else if !wanted.eq_ignore_ascii_case(segment) {
            return None;
        }
    }
    segments.next().is_none().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_the_route_whose_words_it_has() {
        let name = |method: Method, path: &str| match find(&method, path) {
            Found::Route(route, _, parameters) => format!("{} {parameters:?}", route.name),
            Found::OtherMethod => "other method".to_owned(),
            Found::Nothing => "nothing".to_owned(),
        };
        assert_eq!(name(Method::GET, "/v1.0/groups/a%20b/members"), "GET /groups/{id}/members [\"a b\"]");
        assert_eq!(name(Method::GET, "/v1.0/Groups"), "GET /groups []");
        assert_eq!(name(Method::PUT, "/v1.0/groups"), "other method");
        assert_eq!(name(Method::GET, "/v1.0/groups//members"), "nothing");
        assert_eq!(name(Method::GET, "/groups"), "nothing");
        assert_eq!(
            name(Method::POST, "/acme/oauth2/v2.0/token"),
            "POST /{tenant}/oauth2/v2.0/token [\"acme\"]"
        );
    }
}
