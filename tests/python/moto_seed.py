"""Builds the world that standard input describes in the endpoint that the environment names.

The form, every part optional:
{"accounts": [{"name", "unit": "Workloads/Prod", "tags": {}}], "groups": [name], "users": [name],
 "permissionSets": [{"name", "description", "session", "relayState", "tags", "managedPolicies", "inlinePolicy"}],
 "assignments": [[permission set, account, "GROUP" or "USER", principal]]}
Principals are display names and user names; one that does not exist is taken as a raw id, an orphan.
With "accounts", an organization is made for them. What is there already stays.
"""

import json
import sys

import boto3

organizations = boto3.client("organizations")
identity_store = boto3.client("identitystore")
sso_admin = boto3.client("sso-admin")


def unit_of(path, root, known):
    """The id of the unit of that path of names, made where it is missing."""
    parent = root
    walked = ""
    for name in path.split("/"):
        walked += "/" + name
        if walked not in known:
            answer = organizations.create_organizational_unit(ParentId=parent, Name=name)
            known[walked] = answer["OrganizationalUnit"]["Id"]
        parent = known[walked]
    return parent


def seed_accounts(accounts):
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    known = {}
    for account in accounts:
        tags = [{"Key": key, "Value": value} for key, value in account.get("tags", {}).items()]
        answer = organizations.create_account(
            AccountName=account["name"], Email=account["name"] + "@acme.example", Tags=tags
        )
        if "unit" in account:
            organizations.move_account(
                AccountId=answer["CreateAccountStatus"]["AccountId"],
                SourceParentId=root,
                DestinationParentId=unit_of(account["unit"], root, known),
            )


def seed_permission_set(instance, world):
    arguments = {"InstanceArn": instance, "Name": world["name"]}
    for key, parameter in (("description", "Description"), ("session", "SessionDuration"), ("relayState", "RelayState")):
        if key in world:
            arguments[parameter] = world[key]
    arguments["Tags"] = [{"Key": key, "Value": value} for key, value in world.get("tags", {}).items()]
    arn = sso_admin.create_permission_set(**arguments)["PermissionSet"]["PermissionSetArn"]
    for policy in world.get("managedPolicies", []):
        sso_admin.attach_managed_policy_to_permission_set(
            InstanceArn=instance, PermissionSetArn=arn, ManagedPolicyArn=policy
        )
    if "inlinePolicy" in world:
        sso_admin.put_inline_policy_to_permission_set(
            InstanceArn=instance, PermissionSetArn=arn, InlinePolicy=json.dumps(world["inlinePolicy"])
        )


def main():
    world = json.load(sys.stdin)
    if "accounts" in world:
        seed_accounts(world["accounts"])
    instance = sso_admin.list_instances()["Instances"][0]
    arn, store = instance["InstanceArn"], instance["IdentityStoreId"]
    for name in world.get("groups", []):
        identity_store.create_group(IdentityStoreId=store, DisplayName=name)
    for name in world.get("users", []):
        identity_store.create_user(
            IdentityStoreId=store, UserName=name, DisplayName=name, Name={"GivenName": "A", "FamilyName": "B"}
        )
    for one in world.get("permissionSets", []):
        seed_permission_set(arn, one)

    accounts = {one["Name"]: one["Id"] for page in pages(organizations, "list_accounts") for one in page["Accounts"]}
    principals = {}
    for page in pages(identity_store, "list_groups", IdentityStoreId=store):
        principals.update({("GROUP", one["DisplayName"]): one["GroupId"] for one in page["Groups"]})
    for page in pages(identity_store, "list_users", IdentityStoreId=store):
        principals.update({("USER", one["UserName"]): one["UserId"] for one in page["Users"]})
    sets = {}
    for page in pages(sso_admin, "list_permission_sets", InstanceArn=arn):
        for one in page["PermissionSets"]:
            described = sso_admin.describe_permission_set(InstanceArn=arn, PermissionSetArn=one)
            sets[described["PermissionSet"]["Name"]] = one
    for permission_set, account, kind, principal in world.get("assignments", []):
        sso_admin.create_account_assignment(
            InstanceArn=arn,
            TargetId=accounts[account],
            TargetType="AWS_ACCOUNT",
            PermissionSetArn=sets[permission_set],
            PrincipalType=kind,
            PrincipalId=principals.get((kind, principal), principal),
        )


def pages(client, operation, **arguments):
    return client.get_paginator(operation).paginate(**arguments)


if __name__ == "__main__":
    main()
