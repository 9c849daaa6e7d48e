"""AWS::IAM: users, groups, access keys, instance profiles, and inline policies of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from local.cloudformation.names import Naming
from local.cloudformation.resources.provisioner import Provisioner, Request, Schema, required, tags

_HOLDER: Final = frozenset({"ManagedPolicyArns", "Path", "Policies"})


class _Holder(Provisioner):
    """Somebody who holds policies: a user or a group. `kind` is the word for it in the API's methods."""

    kind: str

    def create(self, request: Request) -> str:
        """Create it without its policies."""
        optional = request.some("Path", "PermissionsBoundary", "Tags")
        request.call("iam", f"create_{self.kind}", **{self._member: request.name}, **optional)
        return request.name

    def complete(self, request: Request) -> None:
        """Give it its policies."""
        self.grant(request)

    def update(self, request: Request) -> None:
        """Change path and policies."""
        if request.changed("Path"):
            path = request.properties.get("Path", "/")
            request.call("iam", f"update_{self.kind}", **self.who(request), NewPath=path)
        self.grant(request)

    def delete(self, request: Request) -> None:
        """Take its policies away, then delete it."""
        self.grant(request, wanted={})
        request.call("iam", f"delete_{self.kind}", **self.who(request))

    def attributes(self, request: Request) -> dict[str, Any]:
        """Its ARN."""
        return {"Arn": self.described(request)["Arn"]}

    def who(self, request: Request) -> dict[str, str]:
        """The member that names it in calls."""
        return {self._member: request.physical_id}

    def described(self, request: Request) -> dict[str, Any]:
        """What IAM says of it."""
        found: dict[str, Any] = request.call("iam", f"get_{self.kind}", **self.who(request))[self.kind.title()]
        return found

    def grant(self, request: Request, *, wanted: Mapping[str, Any] | None = None) -> None:
        """Put and take inline and managed policies until they are those that are wanted."""
        wanted = request.properties if wanted is None else wanted
        had = request.before or (request.properties if not wanted else {})
        documents, before = _inline(wanted), _inline(had)
        for name, document in documents.items():
            if before.get(name) != document:
                policy = {"PolicyName": name, "PolicyDocument": json.dumps(document)}
                request.call("iam", f"put_{self.kind}_policy", **self.who(request), **policy)
        for name in sorted(before.keys() - documents.keys()):
            request.drop("iam", f"delete_{self.kind}_policy", **self.who(request), PolicyName=name)
        arns, were = set(wanted.get("ManagedPolicyArns", [])), set(had.get("ManagedPolicyArns", []))
        for arn in sorted(arns - were):
            request.call("iam", f"attach_{self.kind}_policy", **self.who(request), PolicyArn=arn)
        for arn in sorted(were - arns):
            request.drop("iam", f"detach_{self.kind}_policy", **self.who(request), PolicyArn=arn)

    def read(self, request: Request) -> dict[str, Any]:
        """Path and policies."""
        who, described = self.who(request), self.described(request)
        # What other resources, such as AWS::IAM::Policy, have put there is theirs.
        listed = request.call("iam", f"list_{self.kind}_policies", **who)["PolicyNames"]
        names = [name for name in listed if name in _inline(request.properties)]
        policies = [request.call("iam", f"get_{self.kind}_policy", **who, PolicyName=name) for name in names]
        attached = request.call("iam", f"list_attached_{self.kind}_policies", **who)["AttachedPolicies"]
        own = request.properties.get("ManagedPolicyArns", [])
        return {
            self._member: described[self._member],
            "Path": described["Path"],
            "Policies": [{name: policy[name] for name in ("PolicyName", "PolicyDocument")} for policy in policies],
            "ManagedPolicyArns": [policy["PolicyArn"] for policy in attached if policy["PolicyArn"] in own],
        }

    @property
    def _member(self) -> str:
        return f"{self.kind.title()}Name"


class User(_Holder):
    """A user in its groups. Passwords for the console are refused: there is no console."""

    kind = "user"
    schema = Schema(
        type="AWS::IAM::User",
        properties=_HOLDER | {"Groups", "PermissionsBoundary", "Tags", "UserName"},
        create_only=frozenset({"UserName"}),
        attributes=frozenset({"Arn"}),
        name="UserName",
        naming=Naming(limit=64),
        tags="list",
    )

    def complete(self, request: Request) -> None:
        """Give it its policies and groups."""
        super().complete(request)
        self._join(request, request.properties)

    def update(self, request: Request) -> None:
        """Change path, boundary, policies, groups and tags."""
        super().update(request)
        if request.changed("PermissionsBoundary"):
            boundary = request.some("PermissionsBoundary")
            method = "put_user_permissions_boundary" if boundary else "delete_user_permissions_boundary"
            request.call("iam", method, **self.who(request), **boundary)
        self._join(request, request.properties)
        request.retag("iam", tag="tag_user", untag="untag_user", UserName=request.physical_id)

    def delete(self, request: Request) -> None:
        """Take its policies and groups away, then delete it."""
        for group in request.properties.get("Groups", []):
            request.drop("iam", "remove_user_from_group", **self.who(request), GroupName=group)
        super().delete(request)

    def read(self, request: Request) -> dict[str, Any]:
        """Path, policies, groups, boundary and tags."""
        described = self.described(request)
        groups = request.call("iam", "list_groups_for_user", **self.who(request))["Groups"]
        boundary = described.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        labels = tags(request.call("iam", "list_user_tags", **self.who(request))["Tags"])
        more = {"Groups": [group["GroupName"] for group in groups], "Tags": labels}
        return {**super().read(request), **more, **({"PermissionsBoundary": boundary} if boundary else {})}

    def _join(self, request: Request, wanted: Mapping[str, Any]) -> None:
        groups, were = set(wanted.get("Groups", [])), set(request.before.get("Groups", []))
        for group in sorted(groups - were):
            request.call("iam", "add_user_to_group", **self.who(request), GroupName=group)
        for group in sorted(were - groups):
            request.drop("iam", "remove_user_from_group", **self.who(request), GroupName=group)


class Group(_Holder):
    """A group of users."""

    kind = "group"
    schema = Schema(
        type="AWS::IAM::Group",
        properties=_HOLDER | {"GroupName"},
        create_only=frozenset({"GroupName"}),
        attributes=frozenset({"Arn"}),
        name="GroupName",
        naming=Naming(limit=128),
    )


class UserToGroupAddition(Provisioner):
    """Users in a group."""

    schema = Schema(
        type="AWS::IAM::UserToGroupAddition",
        properties=frozenset({"GroupName", "Users"}),
        attributes=frozenset({"Id"}),
        naming=Naming(limit=128),
    )

    def create(self, request: Request) -> str:
        """Add the users."""
        for user in required(request, "Users"):
            request.call("iam", "add_user_to_group", GroupName=required(request, "GroupName"), UserName=user)
        return request.name

    def update(self, request: Request) -> None:
        """Add who is new and remove who no longer is named."""
        moved = request.changed("GroupName")
        stale = set(request.before["Users"]) - (set() if moved else set(request.properties["Users"]))
        self.create(request)
        self._remove(request, request.before["GroupName"], stale)

    def delete(self, request: Request) -> None:
        """Remove the users."""
        self._remove(request, request.properties["GroupName"], set(request.properties["Users"]))

    def attributes(self, request: Request) -> dict[str, Any]:
        """The id."""
        return {"Id": request.physical_id}

    def read(self, request: Request) -> dict[str, Any]:
        """Those of the users who are in the group."""
        group = request.properties["GroupName"]
        users = {user["UserName"] for user in request.call("iam", "get_group", GroupName=group)["Users"]}
        return {"GroupName": group, "Users": [user for user in request.properties["Users"] if user in users]}

    def _remove(self, request: Request, group: str, users: set[str]) -> None:
        for user in sorted(users):
            request.drop("iam", "remove_user_from_group", GroupName=group, UserName=user)


class AccessKey(Provisioner):
    """A key of a user. The secret half is told once and kept by the stack alone."""

    schema = Schema(
        type="AWS::IAM::AccessKey",
        properties=frozenset({"Serial", "Status", "UserName"}),
        create_only=frozenset({"Serial", "UserName"}),
        attributes=frozenset({"Id", "SecretAccessKey"}),
        unread=frozenset({"Serial"}),
    )

    def create(self, request: Request) -> str:
        """Create the key."""
        made = request.call("iam", "create_access_key", UserName=required(request, "UserName"))["AccessKey"]
        request.notes["secret"] = made["SecretAccessKey"]
        return str(made["AccessKeyId"])

    def complete(self, request: Request) -> None:
        """Make it inactive if it is to be."""
        self.update(request)

    def update(self, request: Request) -> None:
        """Change its status."""
        if request.changed("Status"):
            status = request.properties.get("Status", "Active")
            request.call("iam", "update_access_key", **self._place(request), Status=status)

    def delete(self, request: Request) -> None:
        """Delete the key."""
        request.call("iam", "delete_access_key", **self._place(request))

    def attributes(self, request: Request) -> dict[str, Any]:
        """Both halves."""
        secret = request.notes.get("secret", request.known.get("SecretAccessKey"))
        return {"Id": request.physical_id, "SecretAccessKey": secret}

    def read(self, request: Request) -> dict[str, Any]:
        """Whose it is, and its status."""
        user = request.properties["UserName"]
        keys = request.call("iam", "list_access_keys", UserName=user)["AccessKeyMetadata"]
        mine = [key for key in keys if key["AccessKeyId"] == request.physical_id]
        return {"UserName": mine[0]["UserName"], "Status": mine[0]["Status"]} if mine else {}

    def _place(self, request: Request) -> dict[str, str]:
        return {"UserName": request.properties["UserName"], "AccessKeyId": request.physical_id}


class InstanceProfile(Provisioner):
    """A profile that lends its role to machines."""

    schema = Schema(
        type="AWS::IAM::InstanceProfile",
        properties=frozenset({"InstanceProfileName", "Path", "Roles"}),
        create_only=frozenset({"InstanceProfileName", "Path"}),
        attributes=frozenset({"Arn"}),
        name="InstanceProfileName",
        naming=Naming(limit=128),
    )

    def create(self, request: Request) -> str:
        """Create the profile."""
        request.call("iam", "create_instance_profile", InstanceProfileName=request.name, **request.some("Path"))
        return request.name

    def complete(self, request: Request) -> None:
        """Put the role in."""
        self.update(request)

    def update(self, request: Request) -> None:
        """Exchange the role."""
        profile = {"InstanceProfileName": request.physical_id}
        wanted, had = set(required(request, "Roles")), set(request.before.get("Roles", []))
        for role in sorted(had - wanted):
            request.drop("iam", "remove_role_from_instance_profile", **profile, RoleName=role)
        for role in sorted(wanted - had):
            request.call("iam", "add_role_to_instance_profile", **profile, RoleName=role)

    def delete(self, request: Request) -> None:
        """Take the role out and delete the profile."""
        profile = {"InstanceProfileName": request.physical_id}
        for role in request.properties.get("Roles", []):
            request.drop("iam", "remove_role_from_instance_profile", **profile, RoleName=role)
        request.call("iam", "delete_instance_profile", **profile)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The profile's ARN."""
        return {"Arn": self._described(request)["Arn"]}

    def read(self, request: Request) -> dict[str, Any]:
        """Name, path and role."""
        found = self._described(request)
        roles = [role["RoleName"] for role in found["Roles"]]
        return {"InstanceProfileName": found["InstanceProfileName"], "Path": found["Path"], "Roles": roles}

    def _described(self, request: Request) -> dict[str, Any]:
        profile = {"InstanceProfileName": request.physical_id}
        found: dict[str, Any] = request.call("iam", "get_instance_profile", **profile)["InstanceProfile"]
        return found


class RolePolicy(Provisioner):
    """An inline policy of one role."""

    schema = Schema(
        type="AWS::IAM::RolePolicy",
        properties=frozenset({"PolicyDocument", "PolicyName", "RoleName"}),
        create_only=frozenset({"PolicyName", "RoleName"}),
    )

    def create(self, request: Request) -> str:
        """Put the policy."""
        self.update(request)
        return f"{request.properties['PolicyName']}|{request.properties['RoleName']}"

    def update(self, request: Request) -> None:
        """Put the policy anew."""
        document = json.dumps(request.properties.get("PolicyDocument", {}))
        request.call("iam", "put_role_policy", **self._place(request), PolicyDocument=document)

    def delete(self, request: Request) -> None:
        """Take the policy away."""
        request.drop("iam", "delete_role_policy", **self._place(request))

    def read(self, request: Request) -> dict[str, Any]:
        """The policy."""
        found = request.call("iam", "get_role_policy", **self._place(request))
        return {name: found[name] for name in self.schema.properties}

    def _place(self, request: Request) -> dict[str, Any]:
        return {name: required(request, name) for name in ("PolicyName", "RoleName")}


def _inline(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {policy["PolicyName"]: policy["PolicyDocument"] for policy in properties.get("Policies", [])}


TYPES = (AccessKey(), Group(), InstanceProfile(), RolePolicy(), User(), UserToGroupAddition())
