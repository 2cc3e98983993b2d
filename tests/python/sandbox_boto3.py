"""Calls every operation of `rolecall sandbox serve` through boto3 and looks at what botocore parses.

The endpoint comes from the environment, the world is examples/minimal's with more in it (see foreign_clients.rs).
Prints the operations that were called, as JSON: {"sso-admin": ["CreatePermissionSet", …], …}.
"""

import json
import time
from datetime import datetime

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# Throttles are part of the sandbox; a client that waits them out is part of the test.
CONFIG = Config(retries={"mode": "standard", "max_attempts": 10})
POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}]}'
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"

called = {}


def client(service):
    made = boto3.client(service, config=CONFIG)
    made.meta.events.register("before-call", lambda model, **_: called.setdefault(service, set()).add(model.name))
    return made


sso_admin = client("sso-admin")
identity_store = client("identitystore")
organizations = client("organizations")
sts = client("sts")


def refused(error_class, call, **arguments):
    """The call must fail with this modelled error, parsed as such."""
    try:
        call(**arguments)
    except error_class as error:
        assert error.response["Error"]["Message"], error.response
        assert error.response["ResponseMetadata"]["RequestId"], error.response
        return error.response
    raise AssertionError(f"{error_class.__name__} was expected of {arguments}")


def everything(of, operation, key, **arguments):
    """All pages, each of them small."""
    found = []
    pages = of.get_paginator(operation).paginate(PaginationConfig={"PageSize": 1}, **arguments)
    for page in pages:
        assert len(page[key]) <= 1, page
        found += page[key]
    return found


def settled(describe, key, **arguments):
    """The end of an asynchronous operation."""
    for _ in range(600):
        status = describe(**arguments)[key]
        if status["Status"] != "IN_PROGRESS":
            return status
        time.sleep(0.05)
    raise AssertionError(f"still in progress: {arguments}")


def check_sts():
    identity = sts.get_caller_identity()
    assert identity["Account"] == "205000000001", identity
    assert identity["Arn"].startswith("arn:aws:sts::205000000001:"), identity
    assert identity["UserId"], identity


def check_organizations():
    organization = organizations.describe_organization()["Organization"]
    assert organization["MasterAccountId"] == "205000000001", organization
    root = everything(organizations, "list_roots", "Roots")[0]["Id"]
    assert root == "r-min1", root

    accounts = everything(organizations, "list_accounts", "Accounts")
    assert [account["Name"] for account in accounts] == ["management", "test", "prod", "closed"], accounts
    by_name = {account["Name"]: account for account in accounts}
    assert by_name["prod"]["State"] == "ACTIVE" and by_name["closed"]["State"] == "SUSPENDED", by_name
    assert isinstance(by_name["prod"]["JoinedTimestamp"], datetime), by_name
    assert by_name["prod"]["Paths"] == ["o-minimal0001/r-min1/ou-min1-workloads/ou-min1-prod/322200000003/"], by_name

    units = everything(organizations, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=root)
    assert [unit["Name"] for unit in units] == ["Workloads"], units
    directly = everything(organizations, "list_accounts_for_parent", "Accounts", ParentId="ou-min1-prod")
    assert [account["Name"] for account in directly] == ["prod"], directly
    children = everything(organizations, "list_children", "Children", ParentId=root, ChildType="ACCOUNT")
    assert [child["Id"] for child in children] == ["205000000001", "333300000004"], children
    parents = everything_untouched(organizations, "list_parents", "Parents", ChildId="322200000003")
    assert parents == [{"Id": "ou-min1-prod", "Type": "ORGANIZATIONAL_UNIT"}], parents
    described = organizations.describe_account(AccountId="322200000003")["Account"]
    assert described == by_name["prod"], described
    described = organizations.describe_organizational_unit(OrganizationalUnitId="ou-min1-prod")["OrganizationalUnit"]
    assert described["Name"] == "Prod", described
    tags = everything_untouched(organizations, "list_tags_for_resource", "Tags", ResourceId="322200000003")
    assert tags == [{"Key": "domain", "Value": "shop"}], tags
    administrators = everything(
        organizations, "list_delegated_administrators", "DelegatedAdministrators", ServicePrincipal="sso.amazonaws.com"
    )
    assert administrators == [], administrators

    errors = organizations.exceptions
    refused(errors.ParentNotFoundException, organizations.list_accounts_for_parent, ParentId="ou-min1-nowhere0")
    refused(errors.AccountNotFoundException, organizations.describe_account, AccountId="999999999999")
    refused(errors.TargetNotFoundException, organizations.list_tags_for_resource, ResourceId="999999999999")


def everything_untouched(of, operation, key, **arguments):
    """All pages of an operation that takes no page size."""
    return [one for page in of.get_paginator(operation).paginate(**arguments) for one in page[key]]


def check_identity_store():
    store = {"IdentityStoreId": "d-9067000001"}
    groups = everything(identity_store, "list_groups", "Groups", **store)
    assert sorted(group["DisplayName"] for group in groups) == ["developers", "operators"], groups
    operators = next(group for group in groups if group["DisplayName"] == "operators")
    external = operators["ExternalIds"][0]
    assert identity_store.describe_group(GroupId=operators["GroupId"], **store)["DisplayName"] == "operators"
    by_name = {"UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": "operators"}}
    for identifier in (by_name, {"ExternalId": external}):
        found = identity_store.get_group_id(AlternateIdentifier=identifier, **store)
        assert found["GroupId"] == operators["GroupId"], found

    users = everything(identity_store, "list_users", "Users", **store)
    assert [user["UserName"] for user in users] == ["jane@acme.example"], users
    jane = users[0]["UserId"]
    assert identity_store.describe_user(UserId=jane, **store)["UserName"] == "jane@acme.example"
    by_name = {"UniqueAttribute": {"AttributePath": "userName", "AttributeValue": "jane@acme.example"}}
    assert identity_store.get_user_id(AlternateIdentifier=by_name, **store)["UserId"] == jane

    missing = "9067000001-00000000-0000-4000-8000-000000000000"
    errors = identity_store.exceptions
    response = refused(errors.ResourceNotFoundException, identity_store.describe_group, GroupId=missing, **store)
    assert response["ResourceType"] == "GROUP" and response["ResourceId"] == missing, response
    refused(errors.ResourceNotFoundException, identity_store.describe_user, UserId=missing, **store)
    nobody = {"UniqueAttribute": {"AttributePath": "displayName", "AttributeValue": "nobody"}}
    refused(errors.ResourceNotFoundException, identity_store.get_group_id, AlternateIdentifier=nobody, **store)
    return operators["GroupId"], jane


def check_instance():
    instances = everything(sso_admin, "list_instances", "Instances")
    assert [one["Status"] for one in instances] == ["ACTIVE"], instances
    assert instances[0]["IdentityStoreId"] == "d-9067000001", instances
    arn = instances[0]["InstanceArn"]
    described = sso_admin.describe_instance(InstanceArn=arn)
    assert described["OwnerAccountId"] == "205000000001", described
    assert described["PrimaryRegion"] == "eu-west-1", described
    assert described["PermissionSetsEnabled"] is True, described
    regions = everything(sso_admin, "list_regions", "Regions", InstanceArn=arn)
    assert [region["RegionName"] for region in regions] == ["eu-west-1"], regions
    region = sso_admin.describe_region(InstanceArn=arn, RegionName="eu-west-1")
    assert region["Status"] == "ACTIVE" and region["IsPrimaryRegion"] is True, region
    return arn


def check_attributes(instance):
    """Attributes for access control; the world has some."""
    at = {"InstanceArn": instance}

    def configuration(**sources):
        attributes = [{"Key": key, "Value": {"Source": [source]}} for key, source in sources.items()]
        return {"InstanceAccessControlAttributeConfiguration": {"AccessControlAttributes": attributes}, **at}

    errors = sso_admin.exceptions
    cost = configuration(costCenter="${path:enterprise.costCenter}")
    title = configuration(title="${path:title}")
    described = sso_admin.describe_instance_access_control_attribute_configuration(**at)
    wanted = cost["InstanceAccessControlAttributeConfiguration"]
    assert described["Status"] == "ENABLED", described
    assert described["InstanceAccessControlAttributeConfiguration"] == wanted, described
    refused(errors.ConflictException, sso_admin.create_instance_access_control_attribute_configuration, **title)
    refused(
        errors.ValidationException,
        sso_admin.update_instance_access_control_attribute_configuration,
        **configuration(title="no; source"),
    )
    sso_admin.update_instance_access_control_attribute_configuration(**title)
    described = sso_admin.describe_instance_access_control_attribute_configuration(**at)
    wanted = title["InstanceAccessControlAttributeConfiguration"]
    assert described["InstanceAccessControlAttributeConfiguration"] == wanted, described

    sso_admin.delete_instance_access_control_attribute_configuration(**at)
    for call, arguments in (
        (sso_admin.describe_instance_access_control_attribute_configuration, at),
        (sso_admin.update_instance_access_control_attribute_configuration, title),
        (sso_admin.delete_instance_access_control_attribute_configuration, at),
    ):
        refused(errors.ResourceNotFoundException, call, **arguments)
    sso_admin.create_instance_access_control_attribute_configuration(**cost)
    for _ in range(600):
        described = sso_admin.describe_instance_access_control_attribute_configuration(**at)
        if described["Status"] != "CREATION_IN_PROGRESS":
            break
        time.sleep(0.05)
    assert described["Status"] == "ENABLED", described


def check_permission_set(instance):
    created = sso_admin.create_permission_set(
        InstanceArn=instance,
        Name="Deploy",
        Description="Ship",
        SessionDuration="PT4H",
        RelayState="https://console.aws.amazon.com/",
        Tags=[{"Key": "owner", "Value": "shop"}],
    )["PermissionSet"]
    assert isinstance(created["CreatedDate"], datetime), created
    at = {"InstanceArn": instance, "PermissionSetArn": created["PermissionSetArn"]}
    errors = sso_admin.exceptions
    refused(errors.ConflictException, sso_admin.create_permission_set, InstanceArn=instance, Name="Deploy")
    refused(errors.ValidationException, sso_admin.create_permission_set, InstanceArn=instance, Name="No spaces")
    assert sso_admin.describe_permission_set(**at)["PermissionSet"]["SessionDuration"] == "PT4H"

    sso_admin.update_permission_set(Description="Ship it", SessionDuration="PT2H", **at)
    described = sso_admin.describe_permission_set(**at)["PermissionSet"]
    assert described["Description"] == "Ship it" and described["SessionDuration"] == "PT2H", described
    assert "RelayState" not in described, "an update clears what it is not sent"
    arns = everything(sso_admin, "list_permission_sets", "PermissionSets", InstanceArn=instance)
    assert created["PermissionSetArn"] in arns and len(arns) == 2, arns

    tagged = {"InstanceArn": instance, "ResourceArn": created["PermissionSetArn"]}
    sso_admin.tag_resource(Tags=[{"Key": "team", "Value": "a"}], **tagged)
    sso_admin.untag_resource(TagKeys=["owner"], **tagged)
    tags = everything_untouched(sso_admin, "list_tags_for_resource", "Tags", **tagged)
    assert tags == [{"Key": "team", "Value": "a"}], tags

    sso_admin.attach_managed_policy_to_permission_set(ManagedPolicyArn=READ_ONLY, **at)
    refused(
        errors.ConflictException, sso_admin.attach_managed_policy_to_permission_set, ManagedPolicyArn=READ_ONLY, **at
    )
    policies = everything(sso_admin, "list_managed_policies_in_permission_set", "AttachedManagedPolicies", **at)
    assert policies == [{"Name": "ReadOnlyAccess", "Arn": READ_ONLY}], policies
    sso_admin.detach_managed_policy_from_permission_set(ManagedPolicyArn=READ_ONLY, **at)
    refused(
        errors.ResourceNotFoundException,
        sso_admin.detach_managed_policy_from_permission_set,
        ManagedPolicyArn=READ_ONLY,
        **at,
    )

    reference = {"Name": "base", "Path": "/platform/"}
    sso_admin.attach_customer_managed_policy_reference_to_permission_set(CustomerManagedPolicyReference=reference, **at)
    references = everything(
        sso_admin,
        "list_customer_managed_policy_references_in_permission_set",
        "CustomerManagedPolicyReferences",
        **at,
    )
    assert references == [reference], references
    sso_admin.detach_customer_managed_policy_reference_from_permission_set(
        CustomerManagedPolicyReference=reference, **at
    )

    sso_admin.put_inline_policy_to_permission_set(InlinePolicy=POLICY, **at)
    inline = sso_admin.get_inline_policy_for_permission_set(**at)["InlinePolicy"]
    assert json.loads(inline) == json.loads(POLICY), inline
    sso_admin.delete_inline_policy_from_permission_set(**at)
    assert not sso_admin.get_inline_policy_for_permission_set(**at).get("InlinePolicy")

    refused(errors.ResourceNotFoundException, sso_admin.get_permissions_boundary_for_permission_set, **at)
    sso_admin.put_permissions_boundary_to_permission_set(PermissionsBoundary={"ManagedPolicyArn": READ_ONLY}, **at)
    boundary = sso_admin.get_permissions_boundary_for_permission_set(**at)["PermissionsBoundary"]
    assert boundary == {"ManagedPolicyArn": READ_ONLY}, boundary
    sso_admin.delete_permissions_boundary_from_permission_set(**at)
    return created["PermissionSetArn"]


def check_assignments(instance, permission_set, group, user):
    row = {
        "InstanceArn": instance,
        "TargetId": "322200000003",
        "TargetType": "AWS_ACCOUNT",
        "PermissionSetArn": permission_set,
        "PrincipalType": "GROUP",
        "PrincipalId": group,
    }
    started = sso_admin.create_account_assignment(**row)["AccountAssignmentCreationStatus"]
    assert started["Status"] == "IN_PROGRESS" and started["TargetId"] == "322200000003", started
    requests = everything(
        sso_admin,
        "list_account_assignment_creation_status",
        "AccountAssignmentsCreationStatus",
        InstanceArn=instance,
    )
    assert started["RequestId"] in [one["RequestId"] for one in requests], requests
    ended = settled(
        sso_admin.describe_account_assignment_creation_status,
        "AccountAssignmentCreationStatus",
        InstanceArn=instance,
        AccountAssignmentCreationRequestId=started["RequestId"],
    )
    assert ended["Status"] == "SUCCEEDED" and ended["PrincipalId"] == group, ended

    at = {"InstanceArn": instance, "PermissionSetArn": permission_set}
    rows = everything(sso_admin, "list_account_assignments", "AccountAssignments", AccountId="322200000003", **at)
    assert [(one["PrincipalType"], one["PrincipalId"]) for one in rows] == [("GROUP", group)], rows
    rows = everything(
        sso_admin,
        "list_account_assignments_for_principal",
        "AccountAssignments",
        InstanceArn=instance,
        PrincipalType="GROUP",
        PrincipalId=group,
    )
    assert ("322200000003", permission_set) in [(one["AccountId"], one["PermissionSetArn"]) for one in rows], rows
    accounts = everything(sso_admin, "list_accounts_for_provisioned_permission_set", "AccountIds", **at)
    assert accounts == ["322200000003"], accounts
    sets = everything(
        sso_admin,
        "list_permission_sets_provisioned_to_account",
        "PermissionSets",
        InstanceArn=instance,
        AccountId="322200000003",
    )
    assert permission_set in sets, sets

    check_provisioning(instance, permission_set)

    errors = sso_admin.exceptions
    refused(errors.ConflictException, sso_admin.delete_permission_set, **at)
    started = sso_admin.delete_account_assignment(**row)["AccountAssignmentDeletionStatus"]
    requests = everything(
        sso_admin,
        "list_account_assignment_deletion_status",
        "AccountAssignmentsDeletionStatus",
        InstanceArn=instance,
        Filter={"Status": "IN_PROGRESS"},
    )
    assert all(one["Status"] == "IN_PROGRESS" for one in requests), requests
    ended = settled(
        sso_admin.describe_account_assignment_deletion_status,
        "AccountAssignmentDeletionStatus",
        InstanceArn=instance,
        AccountAssignmentDeletionRequestId=started["RequestId"],
    )
    assert ended["Status"] == "SUCCEEDED", ended
    refused(errors.ResourceNotFoundException, sso_admin.delete_account_assignment, **row)
    assert user


def check_provisioning(instance, permission_set):
    """An edit leaves accounts behind until the set is provisioned there."""
    at = {"InstanceArn": instance, "PermissionSetArn": permission_set}
    behind = {"ProvisioningStatus": "LATEST_PERMISSION_SET_NOT_PROVISIONED", **at}
    assert everything(sso_admin, "list_accounts_for_provisioned_permission_set", "AccountIds", **behind) == []
    sso_admin.put_inline_policy_to_permission_set(InlinePolicy=POLICY, **at)
    accounts = everything(sso_admin, "list_accounts_for_provisioned_permission_set", "AccountIds", **behind)
    assert accounts == ["322200000003"], accounts
    started = sso_admin.provision_permission_set(TargetType="AWS_ACCOUNT", TargetId="322200000003", **at)
    started = started["PermissionSetProvisioningStatus"]
    requests = everything(
        sso_admin,
        "list_permission_set_provisioning_status",
        "PermissionSetsProvisioningStatus",
        InstanceArn=instance,
    )
    assert started["RequestId"] in [one["RequestId"] for one in requests], requests
    ended = settled(
        sso_admin.describe_permission_set_provisioning_status,
        "PermissionSetProvisioningStatus",
        InstanceArn=instance,
        ProvisionPermissionSetRequestId=started["RequestId"],
    )
    assert ended["Status"] == "SUCCEEDED" and ended["PermissionSetArn"] == permission_set, ended
    assert everything(sso_admin, "list_accounts_for_provisioned_permission_set", "AccountIds", **behind) == []


def check_deletion(instance, permission_set):
    """A set that was just unassigned stays in its account for a while, and cannot be deleted until then."""
    at = {"InstanceArn": instance, "PermissionSetArn": permission_set}
    for _ in range(600):
        try:
            sso_admin.delete_permission_set(**at)
            break
        except sso_admin.exceptions.ConflictException:
            time.sleep(0.05)
    refused(sso_admin.exceptions.ResourceNotFoundException, sso_admin.describe_permission_set, **at)


def check_negative(instance, permission_set):
    errors = sso_admin.exceptions
    unknown = permission_set[:-16] + "0" * 16
    refused(
        errors.ResourceNotFoundException, sso_admin.describe_permission_set, InstanceArn=instance, PermissionSetArn=unknown
    )
    refused(errors.ValidationException, sso_admin.list_permission_sets, InstanceArn=instance, NextToken="nonsense")
    try:
        sso_admin.list_applications(InstanceArn=instance)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "UnknownOperationException", error.response
        called["sso-admin"].discard("ListApplications")
    else:
        raise AssertionError("the sandbox offers no applications")


def main():
    check_sts()
    check_organizations()
    group, user = check_identity_store()
    instance = check_instance()
    check_attributes(instance)
    permission_set = check_permission_set(instance)
    check_assignments(instance, permission_set, group, user)
    check_negative(instance, permission_set)
    check_deletion(instance, permission_set)
    print(json.dumps({service: sorted(names) for service, names in sorted(called.items())}))


if __name__ == "__main__":
    main()
