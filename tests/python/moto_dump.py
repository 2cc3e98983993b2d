"""Prints what boto3 sees at the endpoint that the environment names, by names, as JSON.

Assignments are asked for every pair of a permission set and an account, so nothing can hide.
"""

import json

import boto3
from botocore.exceptions import ClientError

organizations = boto3.client("organizations")
identity_store = boto3.client("identitystore")
sso_admin = boto3.client("sso-admin")


def pages(client, operation, key, **arguments):
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page[key]


def describe(instance, arn):
    at = {"InstanceArn": instance, "PermissionSetArn": arn}
    described = sso_admin.describe_permission_set(**at)["PermissionSet"]
    answer = {
        "session": described["SessionDuration"],
        "description": described.get("Description"),
        "relayState": described.get("RelayState"),
        "tags": {
            tag["Key"]: tag["Value"]
            for tag in sso_admin.list_tags_for_resource(InstanceArn=instance, ResourceArn=arn)["Tags"]
        },
        "managedPolicies": sorted(
            one["Arn"]
            for one in pages(sso_admin, "list_managed_policies_in_permission_set", "AttachedManagedPolicies", **at)
        ),
        "customerPolicies": sorted(
            one["Path"] + one["Name"]
            for one in pages(
                sso_admin,
                "list_customer_managed_policy_references_in_permission_set",
                "CustomerManagedPolicyReferences",
                **at,
            )
        ),
        "outdated": list(
            pages(
                sso_admin,
                "list_accounts_for_provisioned_permission_set",
                "AccountIds",
                ProvisioningStatus="LATEST_PERMISSION_SET_NOT_PROVISIONED",
                **at,
            )
        ),
    }
    inline = sso_admin.get_inline_policy_for_permission_set(**at)["InlinePolicy"]
    answer["inlinePolicy"] = json.loads(inline) if inline else None
    try:
        answer["boundary"] = sso_admin.get_permissions_boundary_for_permission_set(**at)["PermissionsBoundary"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        answer["boundary"] = None
    return described["Name"], answer


def main():
    instance = sso_admin.list_instances()["Instances"][0]
    arn, store = instance["InstanceArn"], instance["IdentityStoreId"]
    accounts = {one["Id"]: one["Name"] for one in pages(organizations, "list_accounts", "Accounts")}
    names = {
        one["GroupId"]: one["DisplayName"] for one in pages(identity_store, "list_groups", "Groups", IdentityStoreId=store)
    }
    names.update(
        {one["UserId"]: one["UserName"] for one in pages(identity_store, "list_users", "Users", IdentityStoreId=store)}
    )
    sets, rows = {}, []
    for permission_set in pages(sso_admin, "list_permission_sets", "PermissionSets", InstanceArn=arn):
        name, described = describe(arn, permission_set)
        assert name not in sets, f"two permission sets are called {name}"
        sets[name] = described
        for account, account_name in accounts.items():
            for row in pages(
                sso_admin,
                "list_account_assignments",
                "AccountAssignments",
                InstanceArn=arn,
                AccountId=account,
                PermissionSetArn=permission_set,
            ):
                rows.append([name, account_name, row["PrincipalType"], names.get(row["PrincipalId"], row["PrincipalId"])])
    print(json.dumps({"permissionSets": sets, "assignments": sorted(rows)}))


if __name__ == "__main__":
    main()
