"""Compares each request that the program sends to Graph with what Microsoft's own SDK builds for it.

Standard input: what `cargo run -p rolecall-entra --example requests` prints. Nothing is sent. Standard output: how many
requests were compared, by what they are for. A difference that EXCEPTIONS does not hold fails.
"""

import asyncio
import collections
import json
import re
import sys
import urllib.parse
from datetime import datetime
from uuid import UUID

from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.serialization import AdditionalDataHolder, Parsable
from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.application_templates.item.instantiate import instantiate_post_request_body as instantiate
from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.application import Application
from msgraph.generated.models.authentication_strength_policy import AuthenticationStrengthPolicy
from msgraph.generated.models.conditional_access_applications import ConditionalAccessApplications
from msgraph.generated.models.conditional_access_client_app import ConditionalAccessClientApp
from msgraph.generated.models.conditional_access_condition_set import ConditionalAccessConditionSet
from msgraph.generated.models.conditional_access_grant_control import ConditionalAccessGrantControl
from msgraph.generated.models.conditional_access_grant_controls import ConditionalAccessGrantControls
from msgraph.generated.models.conditional_access_policy import ConditionalAccessPolicy
from msgraph.generated.models.conditional_access_policy_state import ConditionalAccessPolicyState
from msgraph.generated.models.conditional_access_users import ConditionalAccessUsers
from msgraph.generated.models.group import Group
from msgraph.generated.models.organization import Organization
from msgraph.generated.models.provisioning_object_summary import ProvisioningObjectSummary
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.models.sign_in import SignIn
from msgraph.generated.models.synchronization_job import SynchronizationJob
from msgraph.generated.models.synchronization_job_application_parameters import SynchronizationJobApplicationParameters
from msgraph.generated.models.synchronization_job_restart_criteria import SynchronizationJobRestartCriteria
from msgraph.generated.models.synchronization_job_restart_scope import SynchronizationJobRestartScope
from msgraph.generated.models.synchronization_job_subject import SynchronizationJobSubject
from msgraph.generated.models.synchronization_linked_objects import SynchronizationLinkedObjects
from msgraph.generated.models.synchronization_secret import SynchronizationSecret
from msgraph.generated.models.synchronization_secret_key_string_value_pair import SynchronizationSecretKeyStringValuePair
from msgraph.generated.models.user import User
from msgraph.generated.models.web_application import WebApplication
from msgraph.generated.service_principals.item.add_token_signing_certificate import (
    add_token_signing_certificate_post_request_body as add_certificate,
)
from msgraph.generated.service_principals.item.synchronization.jobs.item.provision_on_demand import (
    provision_on_demand_post_request_body as on_demand,
)
from msgraph.generated.service_principals.item.synchronization.jobs.item.restart import (
    restart_post_request_body as restart,
)
from msgraph.generated.service_principals.item.synchronization.jobs.item.validate_credentials import (
    validate_credentials_post_request_body as validate,
)
from msgraph.generated.service_principals.item.synchronization.secrets import secrets_put_request_body as secrets
from msgraph_core.requests.batch_request_builder import BatchRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

# The SDK always writes the type of an entity that has a base type. Graph takes the one that the address implies.
TYPE = "the SDK writes the type that the address implies already"

# Where the program and the SDK may differ: request and place in its body, and why. Each is used, or the script fails.
EXCEPTIONS = {
    ("PATCH /applications/{}", "@odata.type"): TYPE,
    ("PATCH /servicePrincipals/{}", "@odata.type"): TYPE,
    ("POST /servicePrincipals/{}/appRoleAssignedTo", "@odata.type"): TYPE,
    ("POST /identity/conditionalAccess/policies", "@odata.type"): TYPE,
    ("PATCH /identity/conditionalAccess/policies/{}", "@odata.type"): TYPE,
    ("POST /servicePrincipals/{}/synchronization/jobs/{}/restart", "criteria.resetScope"): (
        "the SDK for Python reads an enumeration with flags and loses it when it writes one; the text is the "
        "combination with commas that the reference of synchronizationJobRestartCriteria names"
    ),
    ("GET /servicePrincipals/{}/synchronization/secrets", "method"): (
        "the SDK has no more than PUT for this property of synchronization; OData lets it be read, as manicminer/hamilton "
        "does, the client beneath Terraform's azuread provider"
    ),
}
used_exceptions = set()

adapter = GraphRequestAdapter(AnonymousAuthenticationProvider())
graph = GraphServiceClient(request_adapter=adapter)

ID = r"([^/?]+)"


def principal(of):
    return graph.service_principals.by_service_principal_id(of)


def job(of, which):
    return principal(of).synchronization.jobs.by_synchronization_job_id(which)


def policies():
    return graph.identity.conditional_access.policies


def member(one):
    return SynchronizationJobSubject(object_id=one["objectId"], object_type_name=one["objectTypeName"])


def subject(one):
    links = SynchronizationLinkedObjects(members=[member(each) for each in one["links"]["members"]])
    return SynchronizationJobSubject(
        object_id=one["objectId"], object_type_name=one["objectTypeName"], links=links
    )


def on_demand_body(body):
    return on_demand.ProvisionOnDemandPostRequestBody(
        parameters=[
            SynchronizationJobApplicationParameters(
                rule_id=one["ruleId"], subjects=[subject(each) for each in one["subjects"]]
            )
            for one in body["parameters"]
        ]
    )


def policy_body(body):
    conditions, controls = body["conditions"], body["grantControls"]
    users = conditions["users"]
    strength = controls.get("authenticationStrength")
    grant = ConditionalAccessGrantControls(
        operator=controls["operator"],
        built_in_controls=[ConditionalAccessGrantControl(one) for one in controls["builtInControls"]],
        authentication_strength=strength and AuthenticationStrengthPolicy(id=strength["id"]),
    )
    return ConditionalAccessPolicy(
        display_name=body["displayName"],
        state=ConditionalAccessPolicyState(body["state"]),
        conditions=ConditionalAccessConditionSet(
            applications=ConditionalAccessApplications(
                include_applications=conditions["applications"]["includeApplications"]
            ),
            client_app_types=[ConditionalAccessClientApp(one) for one in conditions["clientAppTypes"]],
            users=ConditionalAccessUsers(
                include_users=users["includeUsers"],
                include_groups=users["includeGroups"],
                exclude_users=users["excludeUsers"],
                exclude_groups=users["excludeGroups"],
            ),
        ),
        grant_controls=grant,
    )


def principal_body(body):
    fields = {
        "preferredSingleSignOnMode": "preferred_single_sign_on_mode",
        "preferredTokenSigningKeyThumbprint": "preferred_token_signing_key_thumbprint",
    }
    return ServicePrincipal(**{fields[name]: value for name, value in body.items()})


def restart_body(body):
    scope = [SynchronizationJobRestartScope(one) for one in body["criteria"]["resetScope"].split(", ")]
    return restart.RestartPostRequestBody(criteria=SynchronizationJobRestartCriteria(reset_scope=scope))


# The type of each body that is sent, and how a person who uses the SDK would make it.
BODIES = {
    "POST /applicationTemplates/{}/instantiate": (
        instantiate.InstantiatePostRequestBody,
        lambda body: instantiate.InstantiatePostRequestBody(display_name=body["displayName"]),
    ),
    "PATCH /servicePrincipals/{}": (ServicePrincipal, principal_body),
    "PATCH /applications/{}": (
        Application,
        lambda body: Application(
            identifier_uris=body["identifierUris"], web=WebApplication(redirect_uris=body["web"]["redirectUris"])
        ),
    ),
    "POST /servicePrincipals/{}/addTokenSigningCertificate": (
        add_certificate.AddTokenSigningCertificatePostRequestBody,
        lambda body: add_certificate.AddTokenSigningCertificatePostRequestBody(
            display_name=body["displayName"], end_date_time=datetime.fromisoformat(body["endDateTime"])
        ),
    ),
    "POST /servicePrincipals/{}/appRoleAssignedTo": (
        AppRoleAssignment,
        lambda body: AppRoleAssignment(
            principal_id=UUID(body["principalId"]),
            resource_id=UUID(body["resourceId"]),
            app_role_id=UUID(body["appRoleId"]),
        ),
    ),
    "POST /servicePrincipals/{}/synchronization/jobs": (
        SynchronizationJob,
        lambda body: SynchronizationJob(template_id=body["templateId"]),
    ),
    "PUT /servicePrincipals/{}/synchronization/secrets": (
        secrets.SecretsPutRequestBody,
        lambda body: secrets.SecretsPutRequestBody(
            value=[
                SynchronizationSecretKeyStringValuePair(key=SynchronizationSecret(one["key"]), value=one["value"])
                for one in body["value"]
            ]
        ),
    ),
    "POST /servicePrincipals/{}/synchronization/jobs/{}/validateCredentials": (
        validate.ValidateCredentialsPostRequestBody,
        lambda body: validate.ValidateCredentialsPostRequestBody(use_saved_credentials=body["useSavedCredentials"]),
    ),
    "POST /servicePrincipals/{}/synchronization/jobs/{}/restart": (restart.RestartPostRequestBody, restart_body),
    "POST /servicePrincipals/{}/synchronization/jobs/{}/provisionOnDemand": (
        on_demand.ProvisionOnDemandPostRequestBody,
        on_demand_body,
    ),
    "POST /identity/conditionalAccess/policies": (ConditionalAccessPolicy, policy_body),
    "PATCH /identity/conditionalAccess/policies/{}": (ConditionalAccessPolicy, policy_body),
}

# The builder of each path.
BUILDERS = {
    "/organization": lambda: graph.organization,
    "/groups": lambda: graph.groups,
    "/groups/{}": lambda group: graph.groups.by_group_id(group),
    "/groups/{}/members": lambda group: graph.groups.by_group_id(group).members,
    "/applicationTemplates/{}/instantiate": lambda of: graph.application_templates.by_application_template_id(
        of
    ).instantiate,
    "/servicePrincipals": lambda: graph.service_principals,
    "/servicePrincipals/{}": principal,
    "/servicePrincipals/{}/addTokenSigningCertificate": lambda of: principal(of).add_token_signing_certificate,
    "/servicePrincipals/{}/appRoleAssignedTo": lambda of: principal(of).app_role_assigned_to,
    "/servicePrincipals/{}/appRoleAssignedTo/{}": lambda of, assignment: principal(
        of
    ).app_role_assigned_to.by_app_role_assignment_id(assignment),
    "/servicePrincipals/{}/synchronization/jobs": lambda of: principal(of).synchronization.jobs,
    "/servicePrincipals/{}/synchronization/jobs/{}/schema": lambda of, which: job(of, which).schema,
    "/servicePrincipals/{}/synchronization/jobs/{}/start": lambda of, which: job(of, which).start,
    "/servicePrincipals/{}/synchronization/jobs/{}/restart": lambda of, which: job(of, which).restart,
    "/servicePrincipals/{}/synchronization/jobs/{}/validateCredentials": lambda of, which: job(
        of, which
    ).validate_credentials,
    "/servicePrincipals/{}/synchronization/jobs/{}/provisionOnDemand": lambda of, which: job(
        of, which
    ).provision_on_demand,
    "/servicePrincipals/{}/synchronization/secrets": lambda of: principal(of).synchronization.secrets,
    "/servicePrincipals/{}/synchronization/templates": lambda of: principal(of).synchronization.templates,
    "/applications": lambda: graph.applications,
    "/applications/{}": lambda of: graph.applications.by_application_id(of),
    "/identity/conditionalAccess/policies": policies,
    "/identity/conditionalAccess/policies/{}": lambda of: policies().by_conditional_access_policy_id(of),
    "/auditLogs/provisioning": lambda: graph.audit_logs.provisioning,
    "/auditLogs/signIns": lambda: graph.audit_logs.sign_ins,
}

OPTIONS = {
    "$filter": ("filter", str),
    "$select": ("select", lambda value: value.split(",")),
    "$top": ("top", int),
}


# What a reading returns, for the properties that options name. Members are of any of these types.
RETURNED = {
    "/organization": [Organization],
    "/groups": [Group],
    "/groups/{}": [Group],
    "/groups/{}/members": [User, Group],
    "/servicePrincipals": [ServicePrincipal],
    "/servicePrincipals/{}": [ServicePrincipal],
    "/applications": [Application],
    "/applications/{}": [Application],
    "/identity/conditionalAccess/policies": [ConditionalAccessPolicy],
    "/identity/conditionalAccess/policies/{}": [ConditionalAccessPolicy],
    "/auditLogs/provisioning": [ProvisioningObjectSummary],
    "/auditLogs/signIns": [SignIn],
}


def check_properties(template, query):
    """The SDK takes any text for these, and Graph refuses a property that does not exist."""
    for option, value in query:
        named = value.split(",") if option == "$select" else re.findall(r"(\w+) (?:eq|gt|ge) ", value)
        assert named or option == "$top", f"{template}: {option}={value} names no property"
        for name in named:
            known = any(name in model().get_field_deserializers() for model in RETURNED[template])
            assert known, f"{template}: {option} names {name}, which is not there"


def find(path):
    """The template of a path, and what stands in its gaps."""
    for template in BUILDERS:
        matched = re.fullmatch(re.escape(template).replace(r"\{\}", ID), path)
        if matched:
            return template, matched.groups()
    raise AssertionError(f"the SDK is not asked for {path}")


def configured(builder, method, query):
    """A configuration with the query's options, in the class that the SDK has for them."""
    if not query:
        return None
    classes = [
        value
        for name, value in vars(type(builder)).items()
        if name.endswith(f"{method.capitalize()}QueryParameters")
    ]
    assert len(classes) == 1, f"the SDK knows no options for {method} here: {query}"
    options = {}
    for name, value in query:
        field, parse = OPTIONS[name]
        options[field] = parse(value)
    return RequestConfiguration(query_parameters=classes[0](**options))


def leftovers(value, at=""):
    """What a parsed body holds that its model does not know."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from leftovers(one, f"{at}[{number}]")
    if isinstance(value, AdditionalDataHolder) and value.additional_data:
        yield at, dict(value.additional_data)
    if isinstance(value, Parsable):
        for name in value.get_field_deserializers():
            field = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
            yield from leftovers(getattr(value, field, None), f"{at}.{name}")


def check_leftovers(template, model, body):
    node = JsonParseNodeFactory().get_root_parse_node("application/json", json.dumps(body).encode())
    left = list(leftovers(node.get_object_value(model)))
    assert not left, f"{template}: the SDK's models do not know {left}"


def differences(ours, theirs, at=""):
    """Where two JSON values differ. The order of a list counts."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            yield from differences(ours.get(name), theirs.get(name), f"{at}.{name}" if at else name)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, pair in enumerate(zip(ours, theirs)):
            yield from differences(*pair, f"{at}[{number}]")
    elif ours != theirs:
        yield at, (ours, theirs)


def normal(value):
    """Times in the one form: the SDK writes an offset where the program writes Z, and RFC 3339 takes them for one."""
    if isinstance(value, dict):
        return {name: normal(one) for name, one in value.items()}
    if isinstance(value, list):
        return [normal(one) for one in value]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)", value):
        return datetime.fromisoformat(value).isoformat()
    return value


def compare_bodies(name, ours, theirs):
    for at, (one, other) in differences(normal(ours), normal(theirs)):
        assert (name, at) in EXCEPTIONS, f"{name}: {at} is {one!r}; the SDK writes {other!r}"
        assert None in (one, other), f"{name}: {at} is {one!r}; the SDK writes {other!r}, and no exception is for that"
        used_exceptions.add((name, at))


async def native(information):
    """The request as the SDK would hand it to the network."""
    request = await adapter.convert_to_native_async(information)
    path = urllib.parse.unquote(request.url.raw_path.decode().partition("?")[0])
    query = urllib.parse.parse_qsl(request.url.query.decode(), keep_blank_values=True)
    body = json.loads(request.content) if request.content else None
    return {"method": request.method, "host": request.url.host, "path": path, "query": query, "body": body}


async def compare(request):
    """One request, but for batches. Returns its name and what the SDK makes of it."""
    method, query = request["method"], [tuple(pair) for pair in request["query"]]
    template, gaps = find(request["path"].removeprefix("/v1.0"))
    name, builder, body = f"{method} {template}", BUILDERS[template](*gaps), request["body"]
    if (name, "method") in EXCEPTIONS:
        used_exceptions.add((name, "method"))
        assert not hasattr(builder, f"to_{method.lower()}_request_information"), f"the SDK has {name} now"
        information = builder.to_put_request_information(BODIES[f"PUT {template}"][1]({"value": []}))
        theirs = await native(information)
        assert (theirs["host"], theirs["path"]) == (request["host"], request["path"]) and not query, request
        return name, information
    check_properties(template, query)
    build = getattr(builder, f"to_{method.lower()}_request_information")
    configuration = configured(builder, method, query)
    if body is None:
        assert name not in BODIES, f"{name} is sent without its body"
        information = build(configuration)
    else:
        model, make = BODIES[name]
        check_leftovers(name, model, body)
        information = build(make(body), configuration)
    theirs = await native(information)
    for part in ("method", "host", "path"):
        assert theirs[part] == request[part], f"{name}: {part} is {request[part]!r}; the SDK has {theirs[part]!r}"
    assert sorted(theirs["query"]) == sorted(query), f"{name}: {query}; the SDK has {theirs['query']}"
    compare_bodies(name, body, theirs["body"])
    return name, information


async def compare_batch(request):
    """A batch: what it holds, one by one, and how the SDK wraps that. Returns the names of what it holds."""
    assert request["query"] == [] and set(request["body"]) == {"requests"}, request
    names, items = [], {}
    for one in request["body"]["requests"]:
        assert set(one) == {"id", "method", "url"}, f"more in a batch than it needs: {one}"
        assert one["url"].startswith("/"), "Graph wants addresses relative to the version"
        path, _, query = one["url"].partition("?")
        # As a server decodes it, where "+" is no space.
        fields = [[urllib.parse.unquote(part) for part in pair.partition("=")[::2]] for pair in query.split("&") if query]
        name, information = await compare(
            {
                "method": one["method"],
                "host": request["host"],
                "path": "/v1.0" + urllib.parse.unquote(path),
                "query": fields,
                "body": None,
            }
        )
        names.append(name)
        # The SDK leaves it to the caller to make the address relative, as the batching page of Graph wants it. Of its
        # headers only Accept is left, which a batch has no use for.
        item = BatchRequestItem(information, one["id"])
        item.url, item.headers = one["url"], {}
        items[one["id"]] = item
    information = await BatchRequestBuilder(adapter).to_post_request_information(BatchRequestContent(items))
    information.path_parameters["baseurl"] = adapter.base_url.rstrip("/")
    theirs = await native(information)
    for part in ("method", "host", "path"):
        assert theirs[part] == request[part], f"batch: {part} is {request[part]!r}; the SDK has {theirs[part]!r}"
    for one in theirs["body"]["requests"]:
        # Nothing depends on another, and there are no headers: the SDK writes both all the same.
        assert not one.pop("headers", None) and not one.pop("depends_on", None), one
    compare_bodies("POST /$batch", request["body"], theirs["body"])
    return names


async def main():
    seen = collections.Counter()
    for line in sys.stdin:
        request = json.loads(line)
        if request["host"] == "login.microsoftonline.com":
            # The metadata document is not Graph's; saml_documents.py reads it.
            assert request["path"].endswith("/federationmetadata/2007-06/federationmetadata.xml"), request
            continue
        if request["path"] == "/v1.0/$batch":
            seen.update(await compare_batch(request))
            seen["POST /$batch"] += 1
            continue
        name, _ = await compare(request)
        seen[name] += 1
    unused = EXCEPTIONS.keys() - used_exceptions
    assert not unused, f"exceptions that nothing needs any more: {sorted(unused)}"
    print(json.dumps(sorted(seen)))


if __name__ == "__main__":
    asyncio.run(main())
