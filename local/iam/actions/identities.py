"""What the requests of IAM and STS want.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access
Management" and "… for AWS Security Token Service".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from local.iam.actions.wanted import ANYTHING, Keys, Records, Wanted

if TYPE_CHECKING:
    from local.requests import Asked

_NEW: Final = {
    "CreateRole": ("role", "RoleName"),
    "CreateUser": ("user", "UserName"),
    "CreateGroup": ("group", "GroupName"),
    "CreatePolicy": ("policy", "PolicyName"),
    "CreateInstanceProfile": ("instance-profile", "InstanceProfileName"),
    "UploadServerCertificate": ("server-certificate", "ServerCertificateName"),
    "CreateVirtualMFADevice": ("mfa", "VirtualMFADeviceName"),
}
"""What is made under a path: the type in its ARN, and the member with its name."""
_BY_ARN: Final = (
    "PolicyArn",
    "OpenIDConnectProviderArn",
    "SAMLProviderArn",
    "PolicySourceArn",
    "Arn",
)
_OWN: Final = re.compile(
    r"(?!ListVirtual).*(AccessKeys?|LoginProfile|MFADevices?|Password|ServiceSpecificCredentials?|SigningCertificates?|SSHPublicKeys?)"
    r"|GetUser"
)
"""Operations that are about the caller when they name no user."""
_LISTS: Final = frozenset({"ListRoles", "ListUsers", "ListGroups", "ListPolicies", "ListInstanceProfiles"})


def identities(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of IAM wants."""
    return [Wanted(f"iam:{asked.operation}", _resources(asked, records), _keys(asked.params))]


def tokens(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of STS wants."""
    params = asked.params
    if asked.operation.startswith("AssumeRole") and params.get("RoleArn"):
        keys: Keys = {"sts:rolesessionname": (str(params.get("RoleSessionName", "")),)}
        for member, key in (("ExternalId", "sts:externalid"), ("SourceIdentity", "sts:sourceidentity")):
            if params.get(member):
                keys[key] = (str(params[member]),)
        return [Wanted(f"sts:{asked.operation}", (str(params["RoleArn"]),), keys)]
    if asked.operation == "GetFederationToken":
        user = f"arn:aws:sts::{records.account}:federated-user/{params.get('Name', '')}"
        return [Wanted("sts:GetFederationToken", (user,))]
    return [Wanted(f"sts:{asked.operation}")]


def _resources(asked: Asked, records: Records) -> tuple[str, ...]:
    params, place = asked.params, f"arn:aws:iam::{records.account}"
    if asked.operation in _LISTS:
        return ANYTHING
    if asked.operation in _NEW:
        kind, member = _NEW[asked.operation]
        return (f"{place}:{kind}{params.get('Path') or '/'}{params.get(member, '')}",)
    if asked.operation == "CreateServiceLinkedRole":
        return (f"{place}:role/aws-service-role/{params.get('AWSServiceName', '')}/*",)
    if params.get("GroupName"):
        return (f"{place}:group/{params['GroupName']}",)
    if params.get("InstanceProfileName"):
        return (f"{place}:instance-profile/{params['InstanceProfileName']}",)
    if params.get("RoleName"):
        return (records.role_arn(str(params["RoleName"])),)
    if params.get("UserName"):
        return (records.user_arn(str(params["UserName"])),)
    return _others(asked, records, place)


def _others(asked: Asked, records: Records, place: str) -> tuple[str, ...]:
    params = asked.params
    whole = next((str(params[member]) for member in _BY_ARN if params.get(member)), None)
    if whole:
        return (whole,)
    if params.get("ServerCertificateName"):
        return (f"{place}:server-certificate/{params['ServerCertificateName']}",)
    if params.get("SerialNumber") and asked.operation not in ("DeactivateMFADevice", "GetMFADevice"):
        return (str(params["SerialNumber"]),)
    if params.get("DeletionTaskId"):
        return (f"{place}:role/aws-service-role/*",)
    if asked.operation == "CreateOpenIDConnectProvider":
        return (f"{place}:oidc-provider/{str(params.get('Url', '')).removeprefix('https://')}",)
    if asked.operation == "CreateSAMLProvider":
        return (f"{place}:saml-provider/{params.get('Name', '')}",)
    if asked.operation == "GetAccessKeyLastUsed":
        return (f"{place}:user/*",)
    if _OWN.fullmatch(asked.operation):
        return (records.caller_arn(asked.access_key_id),)
    return ANYTHING


def _keys(params: Mapping[str, Any]) -> Keys:
    keys: Keys = {}
    for member, key in (
        ("AWSServiceName", "iam:awsservicename"),
        ("PermissionsBoundary", "iam:permissionsboundary"),
        ("PolicyArn", "iam:policyarn"),
    ):
        if params.get(member):
            keys[key] = (str(params[member]),)
    return keys
