"""The policies that resources have themselves: buckets, keys, queues, topics, functions, tables, secrets and roles."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from local.iam.evaluation import Held, ResourcePolicy
from local.iam.issued import Issued
from local.iam.kept import Kept
from local.moto.backends import backend

if TYPE_CHECKING:
    from local.services import Services


class ResourcePolicies:
    """Finds the policy of a resource as it is at this moment."""

    def __init__(self, services: Services, issued: Issued, kept: Kept) -> None:
        self._state, self._issued, self._kept = services.state, issued, kept
        self._account, self._region = services.account, services.region
        self._readers: Mapping[str, Callable[[str], str | None]] = {
            "dynamodb": self._of_table,
            "ecr": self._of_repository,
            "kms": self._of_key,
            "lambda": self._of_function,
            "s3": self._of_bucket,
            "sagemaker": self._of_package_group,
            "secretsmanager": self._of_secret,
            "sns": self._of_topic,
            "sqs": self._of_queue,
        }

    def of(self, action: str, arn: str) -> ResourcePolicy:
        """A resource's own policy, and how it counts for an action: a key's, and a role's trust, are needed."""
        prefix = action.partition(":")[0]
        owner = self._account if prefix == "s3" else _owner(arn) or self._account
        if action.startswith("sts:AssumeRole"):
            role = self._issued.find_role(arn)
            trust = Held(role.assume_role_policy_document, "resource", arn) if role is not None else None
            return ResourcePolicy(trust, owner, needed=True)
        read = self._readers.get(prefix)
        document = read(arn) if read is not None and arn != "*" else None
        held = Held(document, "resource", arn) if document else None
        return ResourcePolicy(held, owner, needed=prefix == "kms" and held is not None)

    def _of_bucket(self, arn: str) -> str | None:
        found = self._kept.bucket(arn.partition(":::")[2].partition("/")[0])
        if found is None or found.policy is None:
            return None
        return found.policy.decode() if isinstance(found.policy, bytes) else str(found.policy)

    def _of_key(self, arn: str) -> str | None:
        found = self._kept.key(arn) if ":key/" in arn else None
        if found is None:
            return None
        return _with_grants(found.policy, list(found.grants.values())) if found.grants else found.policy

    def _of_queue(self, arn: str) -> str | None:
        found = self._kept.queue(arn.rpartition(":")[2])
        return found.policy if found is not None and found.policy else None

    def _of_topic(self, arn: str) -> str | None:
        found = self._kept.topic(arn)
        return found.policy if found is not None else None

    def _of_secret(self, arn: str) -> str | None:
        return getattr(self._kept.secret(arn), "policy", None)

    def _of_table(self, arn: str) -> str | None:
        from moto.dynamodb.models import dynamodb_backends

        found = backend(dynamodb_backends, self._account, self._region).resource_policies.get(
            arn.partition("/index/")[0]
        )
        return found.policy_doc if found is not None else None

    def _of_repository(self, arn: str) -> str | None:
        from moto.ecr.models import ecr_backends

        found = backend(ecr_backends, self._account, self._region).repositories.get(arn.partition("repository/")[2])
        return found.policy if found is not None else None

    def _of_function(self, arn: str) -> str | None:
        name = arn.partition(":function:")[2].partition(":")[0]
        found = self._state.table("functions.entries").get(name) if name else None
        if found is None or not found.statements:
            return None
        return json.dumps({"Version": "2012-10-17", "Statement": list(found.statements.values())})

    def _of_package_group(self, arn: str) -> str | None:
        """The policy of a model package group, which speaks of its packages as well."""
        kind, _, rest = arn.partition(":sagemaker:")[2].partition("/")
        if not kind.endswith((":model-package", ":model-package-group")):
            return None
        name = rest.partition("/")[0].lower()
        group = f"arn:aws:sagemaker:{self._region}:{self._account}:model-package-group/{name}"
        found = self._state.table("sagemaker.ModelPackageGroup").get(group)
        return found.get("ResourcePolicy") if found is not None else None


def _owner(arn: str) -> str:
    fields = arn.split(":", 5)
    return fields[4] if len(fields) == 6 else ""


def _with_grants(document: str, grants: list[Any]) -> str:
    """A key's policy with what its grants allow (AWS KMS Developer Guide, "Grants in AWS KMS")."""
    policy = json.loads(document)
    statements = policy.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    granted = [
        {
            "Sid": f"grant/{grant.id}",
            "Effect": "Allow",
            "Principal": {"AWS": grant.grantee_principal},
            "Action": [f"kms:{operation}" for operation in grant.operations],
            "Resource": "*",
            "Condition": _constraint(grant.constraints or {}),
        }
        for grant in grants
    ]
    return json.dumps({**policy, "Statement": [*listed, *granted]})


def _constraint(constraints: Mapping[str, Any]) -> dict[str, Any]:
    context = constraints.get("EncryptionContextSubset") or constraints.get("EncryptionContextEquals") or {}
    return {"StringEquals": {f"kms:EncryptionContext:{name}": value for name, value in context.items()}}
