"""AWS::IAM: roles, inline policies and managed policies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, required, tags

_PRINCIPALS: Final = {"Groups": "group", "Roles": "role", "Users": "user"}


class Role(Provisioner):
    """A role with its trust, its inline policies and the managed policies attached to it."""

    schema = Schema(
        type="AWS::IAM::Role",
        properties=frozenset(
            {
                "AssumeRolePolicyDocument",
                "Description",
                "ManagedPolicyArns",
                "MaxSessionDuration",
                "Path",
                "PermissionsBoundary",
                "Policies",
                "RoleName",
                "Tags",
            }
        ),
        create_only=frozenset({"Path", "RoleName"}),
        attributes=frozenset({"Arn", "RoleId"}),
        name="RoleName",
        naming=Naming(limit=64),
        tags="list",
    )

    def create(self, request: Request) -> str:
        """Create the role with its trust policy and tags."""
        request.call(
            "iam",
            "create_role",
            RoleName=request.name,
            AssumeRolePolicyDocument=json.dumps(required(request, "AssumeRolePolicyDocument")),
            **request.some("Description", "MaxSessionDuration", "Path", "PermissionsBoundary", "Tags"),
        )
        return request.name

    def complete(self, request: Request) -> None:
        """Put the inline policies and attach the managed ones."""
        self._grant(request)

    def update(self, request: Request) -> None:
        """Change trust, description, session duration, boundary, tags and policies."""
        role = request.physical_id
        if request.changed("AssumeRolePolicyDocument"):
            trust = json.dumps(required(request, "AssumeRolePolicyDocument"))
            request.call("iam", "update_assume_role_policy", RoleName=role, PolicyDocument=trust)
        if request.changed("Description", "MaxSessionDuration"):
            settings = {"Description": "", "MaxSessionDuration": 3600}
            settings |= request.some("Description", "MaxSessionDuration")
            request.call("iam", "update_role", RoleName=role, **settings)
        if request.changed("PermissionsBoundary"):
            self._bound(request)
        request.retag("iam", tag="tag_role", untag="untag_role", RoleName=role)
        self._grant(request)

    def delete(self, request: Request) -> None:
        """Take the role's policies away, then delete it. A policy that somebody else attached makes this fail."""
        role = request.physical_id
        for arn in request.properties.get("ManagedPolicyArns", []):
            request.drop("iam", "detach_role_policy", RoleName=role, PolicyArn=arn)
        for name in _inline(request.properties):
            request.drop("iam", "delete_role_policy", RoleName=role, PolicyName=name)
        request.call("iam", "delete_role", RoleName=role)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The role's ARN and unique id."""
        role = request.call("iam", "get_role", RoleName=request.physical_id)["Role"]
        return {"Arn": role["Arn"], "RoleId": role["RoleId"]}

    def read(self, request: Request) -> dict[str, Any]:
        """The role with its policies."""
        who = {"RoleName": request.physical_id}
        role = request.call("iam", "get_role", **who)["Role"]
        # What other resources, such as AWS::IAM::Policy, have put there is theirs.
        listed = request.call("iam", "list_role_policies", **who)["PolicyNames"]
        names = [name for name in listed if name in _inline(request.properties)]
        policies = [request.call("iam", "get_role_policy", **who, PolicyName=name) for name in names]
        found = request.call("iam", "list_attached_role_policies", **who)["AttachedPolicies"]
        attached = [policy["PolicyArn"] for policy in found]
        return {
            **role,
            "ManagedPolicyArns": [arn for arn in attached if arn in _arns(request.properties)],
            "PermissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "Policies": [{name: policy[name] for name in ("PolicyName", "PolicyDocument")} for policy in policies],
            "Tags": tags(role.get("Tags")),
        }

    def _bound(self, request: Request) -> None:
        boundary = request.some("PermissionsBoundary")
        method = "put_role_permissions_boundary" if boundary else "delete_role_permissions_boundary"
        request.call("iam", method, RoleName=request.physical_id, **boundary)

    def _grant(self, request: Request) -> None:
        role = request.physical_id
        wanted, had = _inline(request.properties), _inline(request.before)
        for name, document in wanted.items():
            if had.get(name) != document:
                policy = json.dumps(document)
                request.call("iam", "put_role_policy", RoleName=role, PolicyName=name, PolicyDocument=policy)
        for name in sorted(had.keys() - wanted.keys()):
            request.drop("iam", "delete_role_policy", RoleName=role, PolicyName=name)
        attached, was = _arns(request.properties), _arns(request.before)
        for arn in sorted(attached - was):
            request.call("iam", "attach_role_policy", RoleName=role, PolicyArn=arn)
        for arn in sorted(was - attached):
            request.drop("iam", "detach_role_policy", RoleName=role, PolicyArn=arn)


class Policy(Provisioner):
    """An inline policy in one or more roles, users and groups."""

    schema = Schema(
        type="AWS::IAM::Policy",
        properties=frozenset({"Groups", "PolicyDocument", "PolicyName", "Roles", "Users"}),
        attributes=frozenset({"Id"}),
        naming=Naming(limit=128),
    )

    def create(self, request: Request) -> str:
        """Put the policy into everybody named."""
        self._put(request, _principals(request.properties))
        return request.name

    def update(self, request: Request) -> None:
        """Put the policy where it is wanted and take it from where it no longer is."""
        self._put(request, _principals(request.properties))
        renamed = request.changed("PolicyName")
        stale = _principals(request.before)
        self._delete(request.before, request, stale if renamed else stale - _principals(request.properties))

    def delete(self, request: Request) -> None:
        """Take the policy from everybody named."""
        self._delete(request.properties, request, _principals(request.properties))

    def attributes(self, request: Request) -> dict[str, Any]:
        """The policy's id."""
        return {"Id": request.physical_id}

    def read(self, request: Request) -> dict[str, Any]:
        """The policy as everybody named has it; who lacks it, or has it otherwise, is left out."""
        name, made = request.properties["PolicyName"], {"PolicyName": request.properties["PolicyName"]}
        held: dict[str, list[str]] = {}
        for kind, principal in sorted(_principals(request.properties)):
            place = {f"{kind.title()}Name": principal, "PolicyName": name}
            found = request.told("iam", f"get_{kind}_policy", **place)
            if found:
                held.setdefault(f"{kind.title()}s", []).append(principal)
                made["PolicyDocument"] = found["PolicyDocument"]
        return {**made, **held}

    def _put(self, request: Request, principals: Iterable[tuple[str, str]]) -> None:
        name, policy = required(request, "PolicyName"), json.dumps(required(request, "PolicyDocument"))
        for kind, principal in sorted(principals):
            parameters = {f"{kind.title()}Name": principal, "PolicyName": name, "PolicyDocument": policy}
            request.call("iam", f"put_{kind}_policy", **parameters)

    def _delete(self, properties: Mapping[str, Any], request: Request, principals: Iterable[tuple[str, str]]) -> None:
        for kind, principal in sorted(principals):
            parameters = {f"{kind.title()}Name": principal, "PolicyName": properties["PolicyName"]}
            request.drop("iam", f"delete_{kind}_policy", **parameters)


class ManagedPolicy(Provisioner):
    """A customer managed policy and its attachments."""

    schema = Schema(
        type="AWS::IAM::ManagedPolicy",
        properties=frozenset(
            {"Description", "Groups", "ManagedPolicyName", "Path", "PolicyDocument", "Roles", "Users"}
        ),
        create_only=frozenset({"Description", "ManagedPolicyName", "Path"}),
        attributes=frozenset({"PolicyArn", "PolicyId"}),
        name="ManagedPolicyName",
        naming=Naming(limit=128),
    )

    def create(self, request: Request) -> str:
        """Create the policy."""
        document = json.dumps(required(request, "PolicyDocument"))
        optional = request.some("Description", "Path")
        made = request.call("iam", "create_policy", PolicyName=request.name, PolicyDocument=document, **optional)
        return str(made["Policy"]["Arn"])

    def complete(self, request: Request) -> None:
        """Attach the policy."""
        self._attach(request)

    def update(self, request: Request) -> None:
        """Make a new default version of the policy and correct its attachments."""
        if request.changed("PolicyDocument"):
            self._drop_versions(request)
            document = json.dumps(required(request, "PolicyDocument"))
            request.call(
                "iam",
                "create_policy_version",
                PolicyArn=request.physical_id,
                PolicyDocument=document,
                SetAsDefault=True,
            )
        self._attach(request)

    def delete(self, request: Request) -> None:
        """Detach the policy and delete it with all its versions."""
        self._detach(request, _principals(request.properties))
        self._drop_versions(request)
        request.call("iam", "delete_policy", PolicyArn=request.physical_id)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The policy's ARN and unique id."""
        policy = request.call("iam", "get_policy", PolicyArn=request.physical_id)["Policy"]
        return {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"]}

    def read(self, request: Request) -> dict[str, Any]:
        """The policy in its default version, and who has it."""
        place = {"PolicyArn": request.physical_id}
        policy = request.call("iam", "get_policy", **place)["Policy"]
        version = request.call("iam", "get_policy_version", **place, VersionId=policy["DefaultVersionId"])
        held = request.call("iam", "list_entities_for_policy", **place)
        return {
            "Description": policy.get("Description", ""),
            "ManagedPolicyName": policy["PolicyName"],
            "Path": policy["Path"],
            "PolicyDocument": version["PolicyVersion"]["Document"],
            **{
                f"{kind}s": [one[f"{kind}Name"] for one in held[f"Policy{kind}s"]] for kind in ("Group", "Role", "User")
            },
        }

    def _attach(self, request: Request) -> None:
        wanted, had = _principals(request.properties), _principals(request.before)
        for kind, principal in sorted(wanted - had):
            place = {f"{kind.title()}Name": principal, "PolicyArn": request.physical_id}
            request.call("iam", f"attach_{kind}_policy", **place)
        self._detach(request, had - wanted)

    def _detach(self, request: Request, principals: Iterable[tuple[str, str]]) -> None:
        for kind, principal in sorted(principals):
            place = {f"{kind.title()}Name": principal, "PolicyArn": request.physical_id}
            request.drop("iam", f"detach_{kind}_policy", **place)

    def _drop_versions(self, request: Request) -> None:
        listed = request.call("iam", "list_policy_versions", PolicyArn=request.physical_id)
        for version in listed["Versions"]:
            if not version["IsDefaultVersion"]:
                stale = {"PolicyArn": request.physical_id, "VersionId": version["VersionId"]}
                request.call("iam", "delete_policy_version", **stale)


def _inline(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {policy["PolicyName"]: policy["PolicyDocument"] for policy in properties.get("Policies", [])}


def _arns(properties: Mapping[str, Any]) -> set[str]:
    return set(properties.get("ManagedPolicyArns", []))


def _principals(properties: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(kind, name) for member, kind in _PRINCIPALS.items() for name in properties.get(member, [])}


TYPES = (ManagedPolicy(), Policy(), Role())
