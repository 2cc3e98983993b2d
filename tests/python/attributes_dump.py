"""Prints the attributes for access control that boto3 sees at the endpoint that the environment names, as JSON.

{"status": "ENABLED", "attributes": {key: source}}, or {"status": null} where they are off.
"""

import json

import boto3

sso_admin = boto3.client("sso-admin")


def main():
    instance = sso_admin.list_instances()["Instances"][0]["InstanceArn"]
    try:
        described = sso_admin.describe_instance_access_control_attribute_configuration(InstanceArn=instance)
    except sso_admin.exceptions.ResourceNotFoundException:
        print(json.dumps({"status": None}))
        return
    attributes = {}
    for one in described["InstanceAccessControlAttributeConfiguration"]["AccessControlAttributes"]:
        (attributes[one["Key"]],) = one["Value"]["Source"]
    print(json.dumps({"status": described["Status"], "attributes": attributes}))


if __name__ == "__main__":
    main()
