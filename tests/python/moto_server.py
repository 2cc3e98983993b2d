"""Starts moto's server in this process, patched where moto falls short of AWS.

Prints one line, the port, and serves until its standard input closes, so it cannot outlive the test that started it.
What moto lacks or does otherwise than AWS is listed in the design notes; each patch below says which.
"""

import functools
import hashlib
import json
import sys
import uuid

from moto.core.responses import BaseResponse
from moto.core.utils import unix_time
from moto.organizations.models import FakeDelegatedAdministrator
from moto.server import ThreadedMotoServer
from moto.ssoadmin import models, responses
from moto.ssoadmin.exceptions import ConflictException, ResourceNotFoundException

Backend = models.SSOAdminBackend
Response = responses.SSOAdminResponse
AWS_DEFAULT_SESSION = "PT1H"


# --- Ids: AWS's are hexadecimal, moto's are any letters. ---

_instance_init = models.Instance.__init__


def instance_init(self, account_id, region):
    _instance_init(self, account_id, region)
    digits = hashlib.sha256(f"{account_id} {region}".encode()).hexdigest()
    self.identity_store_id = "d-" + digits[:10]
    self.instance_arn = "arn:aws:sso:::instance/ssoins-" + digits[:16]
    self.region = region


models.Instance.__init__ = instance_init


# --- Content type: AWS answers in JSON as `application/x-amz-json-1.1`, its JSON 1.1 protocol; moto says `text/html`. ---

_setup_class = BaseResponse.setup_class


def setup_class(self, request, *arguments, **named):
    _setup_class(self, request, *arguments, **named)
    if request.headers.get("X-Amz-Target"):
        self.response_headers["Content-Type"] = "application/x-amz-json-1.1"


BaseResponse.setup_class = setup_class


# --- The instance: moto has no DescribeInstance and no Regions. ---


def regions_of(instance):
    return [
        {
            "RegionName": instance.region,
            "Status": "ACTIVE",
            "AddedDate": instance.created_date,
            "IsPrimaryRegion": True,
        }
    ]


def instance_of(response):
    arn = response._get_param("InstanceArn")
    for instance in response.ssoadmin_backend.instances:
        if instance.instance_arn == arn:
            return instance
    raise ResourceNotFoundException(f"no instance {arn}")


def describe_instance(self):
    instance = instance_of(self)
    answer = {key: value for key, value in instance.to_json().items() if value is not None}
    answer["PrimaryRegion"] = instance.region
    answer["Regions"] = regions_of(instance)
    answer["PermissionSetsEnabled"] = True
    answer["EncryptionConfigurationDetails"] = {"KeyType": "AWS_OWNED_KMS_KEY", "EncryptionStatus": "ENABLED"}
    return json.dumps(answer)


def list_regions(self):
    return json.dumps({"Regions": regions_of(instance_of(self))})


def describe_region(self):
    return json.dumps(regions_of(instance_of(self))[0])


# --- Permission sets: the default session, no second set of a name, none deleted while assigned. ---

_create_permission_set = Backend.create_permission_set
_delete_permission_set = Backend.delete_permission_set


def create_permission_set(self, name, description, instance_arn, session_duration, relay_state, tags):
    if any(one.name == name and one.instance_arn == instance_arn for one in self.permission_sets):
        raise ConflictException(f"PermissionSet with name {name} already exists")
    if not str(session_duration).startswith("PT"):
        session_duration = AWS_DEFAULT_SESSION
    return _create_permission_set(self, name, description, instance_arn, session_duration, relay_state, tags or [])


def update_permission_set(self, instance_arn, permission_set_arn, description, session_duration, relay_state):
    """Like AWS, clears what it is not sent."""
    one = self._find_permission_set(instance_arn, permission_set_arn)
    one.description = description
    one.session_duration = session_duration if str(session_duration).startswith("PT") else AWS_DEFAULT_SESSION
    one.relay_state = relay_state
    return one.to_json(True)


def delete_permission_set(self, instance_arn, permission_set_arn):
    if any(row.permission_set_arn == permission_set_arn for row in self.account_assignments):
        raise ConflictException("PermissionSet has ApplicationProfile associated with it")
    return _delete_permission_set(self, instance_arn, permission_set_arn)


def set_to_json(self, include_creation_date=False):
    """Leaves out what is not set, as AWS does, where moto sends nulls."""
    answer = {"Name": self.name, "PermissionSetArn": self.permission_set_arn, "SessionDuration": self.session_duration}
    if self.description is not None:
        answer["Description"] = self.description
    if self.relay_state is not None:
        answer["RelayState"] = self.relay_state
    if include_creation_date:
        answer["CreatedDate"] = self.created_date
    return answer


def find_managed_policy(self, managed_policy_arn):
    """moto looks for the path of a managed policy under another key than that of its own data."""
    for name, policy in aws_managed_policies().items():
        if managed_policy_arn == f"arn:aws:iam::aws:policy{policy['Path']}{name}":
            return models.ManagedPolicy(managed_policy_arn, name)
    raise ResourceNotFoundException(f"Policy does not exist with ARN: {managed_policy_arn}")


@functools.cache
def aws_managed_policies():
    return json.loads(models.aws_managed_policies_data)


# --- Tags of permission sets: moto has none. ---


def tagged_set(response):
    backend = response.ssoadmin_backend
    return backend._find_permission_set(response._get_param("InstanceArn"), response._get_param("ResourceArn"))


def list_tags_for_resource(self):
    return json.dumps({"Tags": tagged_set(self).tags})


def tag_resource(self):
    one = tagged_set(self)
    tags = {tag["Key"]: tag["Value"] for tag in one.tags + self._get_param("Tags")}
    one.tags = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    return "{}"


def untag_resource(self):
    one = tagged_set(self)
    gone = self._get_param("TagKeys")
    one.tags = [tag for tag in one.tags if tag["Key"] not in gone]
    return "{}"


# --- The permissions boundary: moto has none. ---


def named_set(response):
    backend = response.ssoadmin_backend
    return backend._find_permission_set(response._get_param("InstanceArn"), response._get_param("PermissionSetArn"))


def put_permissions_boundary_to_permission_set(self):
    one = named_set(self)
    one.boundary = self._get_param("PermissionsBoundary")
    touch(one)
    return "{}"


def get_permissions_boundary_for_permission_set(self):
    boundary = getattr(named_set(self), "boundary", None)
    if boundary is None:
        raise ResourceNotFoundException("no permissions boundary")
    return json.dumps({"PermissionsBoundary": boundary})


def delete_permissions_boundary_from_permission_set(self):
    one = named_set(self)
    one.boundary = None
    touch(one)
    return "{}"


# --- Provisioning: moto ignores accounts and assignments; AWS follows both. ---


def touch(one):
    """The set differs now from what its accounts hold."""
    one.version = getattr(one, "version", 0) + 1


def provisioned(one):
    """Which version of the set each account holds."""
    if not hasattr(one, "held"):
        one.held = {}
    return one.held


def edits(name):
    original = getattr(Backend, name)

    def edit(self, instance_arn, permission_set_arn, *args, **kwargs):
        answer = original(self, instance_arn, permission_set_arn, *args, **kwargs)
        touch(self._find_permission_set(instance_arn, permission_set_arn))
        return answer

    return edit


_create_account_assignment = Backend.create_account_assignment
_delete_account_assignment = Backend.delete_account_assignment


def create_account_assignment(
    self, instance_arn, target_id, target_type, permission_set_arn, principal_type, principal_id
):
    """A new row provisions its account; a row that exists is not stored twice."""
    one = self._find_permission_set(instance_arn, permission_set_arn)
    key = (instance_arn, target_id, target_type, permission_set_arn, principal_type, principal_id)
    try:
        row = self._find_account(*key).to_json(include_creation_date=True, include_request_id=True)
    except ResourceNotFoundException:
        row = _create_account_assignment(self, *key)
    provisioned(one).setdefault(target_id, getattr(one, "version", 0))
    return row


def delete_account_assignment(
    self, instance_arn, target_id, target_type, permission_set_arn, principal_type, principal_id
):
    """The last row on an account takes the set out of it."""
    key = (instance_arn, target_id, target_type, permission_set_arn, principal_type, principal_id)
    row = _delete_account_assignment(self, *key)
    left = [
        other
        for other in self.account_assignments
        if other.permission_set_arn == permission_set_arn and other.target_id == target_id
    ]
    if not left:
        provisioned(self._find_permission_set(instance_arn, permission_set_arn)).pop(target_id, None)
    return row


provisions = []


def provision_permission_set(self):
    one = named_set(self)
    held = provisioned(one)
    version = getattr(one, "version", 0)
    if self._get_param("TargetType") == "AWS_ACCOUNT":
        held[self._get_param("TargetId")] = version
    else:
        held.update({account: version for account in held})
    status = {
        "CreatedDate": unix_time(),
        "PermissionSetArn": one.permission_set_arn,
        "RequestId": str(uuid.uuid4()),
        "Status": "SUCCEEDED",
    }
    if self._get_param("TargetType") == "AWS_ACCOUNT":
        status["AccountId"] = self._get_param("TargetId")
    provisions.append(status)
    return json.dumps({"PermissionSetProvisioningStatus": status})


def describe_permission_set_provisioning_status(self):
    wanted = self._get_param("ProvisionPermissionSetRequestId")
    for status in provisions:
        if status["RequestId"] == wanted:
            return json.dumps({"PermissionSetProvisioningStatus": status})
    raise ResourceNotFoundException(f"no request {wanted}")


def holds_wanted_version(response, one, account):
    held = provisioned(one).get(account)
    if held is None:
        return False
    wanted = response._get_param("ProvisioningStatus")
    latest = held == getattr(one, "version", 0)
    return wanted is None or (wanted == "LATEST_PERMISSION_SET_PROVISIONED") == latest


def list_accounts_for_provisioned_permission_set(self):
    one = named_set(self)
    accounts = [account for account in sorted(provisioned(one)) if holds_wanted_version(self, one, account)]
    return json.dumps({"AccountIds": accounts})


def list_permission_sets_provisioned_to_account(self):
    account = self._get_param("AccountId")
    sets = [
        one.permission_set_arn
        for one in self.ssoadmin_backend.permission_sets
        if holds_wanted_version(self, one, account)
    ]
    return json.dumps({"PermissionSets": sets})


# --- Status listings: moto has none, and everything in it is done at once. ---


def statuses(response, rows):
    wanted = (response._get_param("Filter") or {}).get("Status", "SUCCEEDED")
    if wanted != "SUCCEEDED":
        return []
    return [{"Status": "SUCCEEDED", "RequestId": request, "CreatedDate": created} for request, created in rows]


def list_account_assignment_creation_status(self):
    rows = [(row.request_id, row.created_date) for row in self.ssoadmin_backend.account_assignments]
    return json.dumps({"AccountAssignmentsCreationStatus": statuses(self, rows)})


def list_account_assignment_deletion_status(self):
    rows = [(row.request_id, row.created_date) for row in self.ssoadmin_backend.deleted_account_assignments]
    return json.dumps({"AccountAssignmentsDeletionStatus": statuses(self, rows)})


def list_permission_set_provisioning_status(self):
    rows = [(status["RequestId"], status["CreatedDate"]) for status in provisions]
    return json.dumps({"PermissionSetsProvisioningStatus": statuses(self, rows)})


def patch():
    for name in (
        "put_inline_policy_to_permission_set",
        "delete_inline_policy_from_permission_set",
        "attach_managed_policy_to_permission_set",
        "detach_managed_policy_from_permission_set",
        "attach_customer_managed_policy_reference_to_permission_set",
        "detach_customer_managed_policy_reference_from_permission_set",
    ):
        setattr(Backend, name, edits(name))
    Backend.update_permission_set = update_permission_set
    Backend.update_permission_set = edits("update_permission_set")
    Backend._find_managed_policy = find_managed_policy
    Backend.create_permission_set = create_permission_set
    Backend.delete_permission_set = delete_permission_set
    Backend.create_account_assignment = create_account_assignment
    Backend.delete_account_assignment = delete_account_assignment
    models.PermissionSet.to_json = set_to_json
    # The administrator of IAM Identity Center can be delegated; moto's list of such services lacks it.
    FakeDelegatedAdministrator.SUPPORTED_SERVICES.append("sso.amazonaws.com")
    for operation in (
        describe_instance,
        list_regions,
        describe_region,
        list_tags_for_resource,
        tag_resource,
        untag_resource,
        put_permissions_boundary_to_permission_set,
        get_permissions_boundary_for_permission_set,
        delete_permissions_boundary_from_permission_set,
        provision_permission_set,
        describe_permission_set_provisioning_status,
        list_accounts_for_provisioned_permission_set,
        list_permission_sets_provisioned_to_account,
        list_account_assignment_creation_status,
        list_account_assignment_deletion_status,
        list_permission_set_provisioning_status,
    ):
        setattr(Response, operation.__name__, operation)


def main():
    patch()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print(server.get_host_and_port()[1], flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
