"""What must be known of resources to judge a request: their own policies, their tags, the keys that encrypt them.

Read from moto's own records, for the reason that `local.iam.issued` gives; of the services that are ours, through
their API.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from local.iam.evaluation import Held, ResourcePolicy
from local.iam.issued import Issued

if TYPE_CHECKING:
    from moto.kms.models import Key
    from moto.s3.models import FakeBucket

    from local.services import Services

_NEEDED: Final = ("kms", "iam")
"""Services whose resources let nobody in without their own policy: keys, and roles that are to be assumed."""


class Kept:
    """The account's resources, as `local.iam.actions.Records` and the guard need them."""

    def __init__(self, services: Services, issued: Issued) -> None:
        self._services, self._issued = services, issued
        self.account, self.region = services.account, services.region
        self._policies: Mapping[str, Callable[[str], str | None]] = {
            "dynamodb": self._table_policy,
            "ecr": self._repository_policy,
            "kms": self._key_policy,
            "lambda": self._function_policy,
            "s3": self._bucket_policy,
            "sagemaker": self._group_policy,
            "secretsmanager": self._secret_policy,
            "sns": self._topic_policy,
            "sqs": self._queue_policy,
        }

    def policy(self, action: str, arn: str) -> ResourcePolicy:
        """A resource's own policy, as it counts for an action."""
        prefix = action.partition(":")[0]
        owner = self.account if prefix == "s3" else _owner(arn) or self.account
        if action.startswith("sts:AssumeRole"):
            role = self._issued.find_role(arn)
            trust = Held(role.assume_role_policy_document, "resource", arn) if role is not None else None
            return ResourcePolicy(trust, owner, needed=True)
        read = self._policies.get(prefix)
        document = read(arn) if read is not None and arn != "*" else None
        held = Held(document, "resource", arn) if document else None
        return ResourcePolicy(held, owner, needed=prefix == "kms" and held is not None)

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a resource; none for what does not exist or bears none."""
        with contextlib.suppress(ClientError, LookupError):
            return self._tags(arn)
        return {}

    def object_tags(self, params: Mapping[str, Any]) -> dict[str, str]:
        """The tags of the object that a request of S3 is about."""
        version = {"VersionId": params["VersionId"]} if params.get("VersionId") else {}
        with contextlib.suppress(ClientError, LookupError):
            found = self._services.client("s3").get_object_tagging(
                Bucket=params["Bucket"], Key=params["Key"], **version
            )
            return _pairs(found["TagSet"])
        return {}

    def key_arn(self, key: str) -> str | None:
        """See Records."""
        found = self._key(key)
        return str(found.arn) if found is not None else None

    def key_aliases(self, arn: str) -> tuple[str, ...]:
        """The aliases of a key (condition key `kms:ResourceAliases`)."""
        found = self._key(arn)
        return tuple(list(found.aliases)) if found is not None else ()

    def role_arn(self, name: str) -> str:
        """See Records."""
        role = self._issued.role_named(name)
        return str(role.arn) if role is not None else f"arn:aws:iam::{self.account}:role/{name}"

    def user_arn(self, name: str) -> str:
        """See Records."""
        return self._issued.user_arn(name)

    def caller_arn(self, access_key_id: str) -> str:
        """See Records."""
        return self._issued.caller(access_key_id).identity

    def secret_arn(self, name: str) -> str:
        """See Records."""
        from moto.secretsmanager.models import secretsmanager_backends

        found = secretsmanager_backends[self.account][self.region].secrets.get(name)
        place = f"arn:aws:secretsmanager:{self.region}:{self.account}:secret"
        return str(found.arn) if found is not None else name if name.startswith("arn:") else f"{place}:{name}"

    def stack_arn(self, name: str) -> str:
        """See Records."""
        place = f"arn:aws:cloudformation:{self.region}:{self.account}:stack"
        if ":stack/" in name:
            return name
        with contextlib.suppress(ClientError):
            client = self._services.client("cloudformation")
            if ":changeSet/" in name:
                return str(client.describe_change_set(ChangeSetName=name)["StackId"])
            return str(client.describe_stacks(StackName=name)["Stacks"][0]["StackId"])
        return f"{place}/*" if name.startswith("arn:") else f"{place}/{name}/*"

    def object_key(self, bucket: str, key: str, version: str | None) -> str | None:
        """See Records."""
        found = self._bucket(bucket)
        kept = self._object(found, key, version) if found is not None else None
        if kept is None or kept.encryption not in ("aws:kms", "aws:kms:dsse") or not kept.kms_key_id:
            return None
        return self.key_arn(kept.kms_key_id)

    def has_object(self, bucket: str, key: str) -> bool:
        """Whether a bucket has an object of that name."""
        found = self._bucket(bucket)
        return found is not None and key in found.keys

    def default_key(self, bucket: str) -> str | None:
        """See Records."""
        found = self._bucket(bucket)
        if found is None or not found.encryption:
            return None
        rule = found.encryption["Rule"]
        named = (rule[0] if isinstance(rule, list) else rule)["ApplyServerSideEncryptionByDefault"].get(
            "KMSMasterKeyID"
        )
        return self.key_arn(named) if named else None

    def table_key(self, table: str) -> str | None:
        """See Records."""
        from moto.dynamodb.models import dynamodb_backends

        found = dynamodb_backends[self.account][self.region].tables.get(table)
        return self._customers_key((found.sse_specification or {}).get("KMSMasterKeyId") if found else None)

    def queue_key(self, queue: str) -> str | None:
        """See Records."""
        found = self._queue(queue)
        return self._customers_key(getattr(found, "kms_master_key_id", None))

    def topic_key(self, topic: str) -> str | None:
        """See Records."""
        from moto.sns.models import sns_backends

        found = sns_backends[self.account][self.region].topics.get(topic)
        return self._customers_key(found.kms_master_key_id if found is not None else None)

    def blob_key(self, blob: bytes) -> str | None:
        """See Records."""
        from moto.kms.utils import _deserialize_ciphertext_blob

        try:
            return self.key_arn(_deserialize_ciphertext_blob(ciphertext_blob=blob).key_id)
        except Exception:  # noqa: BLE001 - moto raises whatever the bytes lead it to
            return None

    def _customers_key(self, named: str | None) -> str | None:
        # AWS's own keys let everybody of the account in through their service.
        if not named or "alias/aws/" in named:
            return None
        found = self._key(named)
        if found is None or any(alias.startswith("alias/aws/") for alias in list(found.aliases)):
            return None
        return str(found.arn)

    def _key(self, named: str) -> Key | None:
        from moto.kms.models import kms_backends

        keys = kms_backends[self.account][self.region].keys
        if "alias/" in named:
            alias = "alias/" + named.partition("alias/")[2]
            return next((key for key in list(keys.values()) if alias in key.aliases), None)
        return keys.get(named.rpartition("/")[2])

    def _bucket(self, name: str) -> FakeBucket | None:
        from moto.s3.models import s3_backends

        return s3_backends[self.account]["aws"].buckets.get(name)

    def _object(self, bucket: FakeBucket, key: str, version: str | None) -> Any:
        if version is None:
            return bucket.keys.get(key)
        return next((each for each in bucket.keys.getlist(key, default=[]) if str(each.version_id) == version), None)

    def _queue(self, name: str) -> Any:
        from moto.sqs.models import sqs_backends

        return sqs_backends[self.account][self.region].queues.get(name)

    def _bucket_policy(self, arn: str) -> str | None:
        found = self._bucket(arn.partition(":::")[2].partition("/")[0])
        if found is None or found.policy is None:
            return None
        return found.policy.decode() if isinstance(found.policy, bytes) else str(found.policy)

    def _key_policy(self, arn: str) -> str | None:
        found = self._key(arn) if ":key/" in arn else None
        if found is None:
            return None
        return _with_grants(found.policy, list(found.grants.values())) if found.grants else found.policy

    def _queue_policy(self, arn: str) -> str | None:
        found = self._queue(arn.rpartition(":")[2])
        return found.policy if found is not None and found.policy else None

    def _topic_policy(self, arn: str) -> str | None:
        from moto.sns.models import sns_backends

        found = sns_backends[self.account][self.region].topics.get(arn)
        return found.policy if found is not None else None

    def _table_policy(self, arn: str) -> str | None:
        from moto.dynamodb.models import dynamodb_backends

        found = dynamodb_backends[self.account][self.region].resource_policies.get(arn.partition("/index/")[0])
        return found.policy_doc if found is not None else None

    def _secret_policy(self, arn: str) -> str | None:
        from moto.secretsmanager.models import secretsmanager_backends

        found: Any = secretsmanager_backends[self.account][self.region].secrets.get(arn)
        return getattr(found, "policy", None)

    def _repository_policy(self, arn: str) -> str | None:
        from moto.ecr.models import ecr_backends

        found = ecr_backends[self.account][self.region].repositories.get(arn.partition("repository/")[2])
        return found.policy if found is not None else None

    def _function_policy(self, arn: str) -> str | None:
        if ":function:" not in arn:
            return None
        with contextlib.suppress(ClientError):
            return str(self._services.client("lambda").get_policy(FunctionName=arn)["Policy"])
        return None

    def _group_policy(self, arn: str) -> str | None:
        """The policy of a model package group, which speaks of its packages as well."""
        kind, _, rest = arn.partition(":sagemaker:")[2].partition("/")
        if not kind.endswith((":model-package", ":model-package-group")):
            return None
        group = f"arn:aws:sagemaker:{self.region}:{self.account}:model-package-group/{rest.partition('/')[0].lower()}"
        found = self._services.state.table("sagemaker.ModelPackageGroup").get(group)
        return found.get("ResourcePolicy") if found is not None else None

    def _tags(self, arn: str) -> dict[str, str]:
        service = arn.split(":")[2]
        client = self._services.client
        if service == "sagemaker":
            return dict(self._services.state.table("sagemaker.tags").get(arn, {}))
        if service == "s3":
            return _pairs(client("s3").get_bucket_tagging(Bucket=arn.partition(":::")[2].partition("/")[0])["TagSet"])
        if service == "lambda":
            return dict(client("lambda").list_tags(Resource=arn)["Tags"])
        if service == "kms":
            return _pairs(client("kms").list_resource_tags(KeyId=arn)["Tags"], key="TagKey", value="TagValue")
        if service == "dynamodb":
            return _pairs(client("dynamodb").list_tags_of_resource(ResourceArn=arn)["Tags"])
        return self._tags_elsewhere(arn, service)

    def _tags_elsewhere(self, arn: str, service: str) -> dict[str, str]:
        client = self._services.client
        if service == "iam" and ":role/" in arn:
            return _pairs(client("iam").list_role_tags(RoleName=arn.rpartition("/")[2])["Tags"])
        if service == "sqs":
            url = client("sqs").get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
            return dict(client("sqs").list_queue_tags(QueueUrl=url).get("Tags", {}))
        if service == "ssm":
            named = "/" + arn.partition(":parameter/")[2]
            given = client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=named)
            return _pairs(given["TagList"])
        if service == "cloudformation":
            return _pairs(client("cloudformation").describe_stacks(StackName=arn)["Stacks"][0].get("Tags", []))
        if service == "secretsmanager":
            return _pairs(client("secretsmanager").describe_secret(SecretId=arn).get("Tags", []))
        names = {"cloudwatch": "ResourceARN", "events": "ResourceARN", "sns": "ResourceArn", "logs": "resourceArn"}
        if service not in names:
            return {}
        given = client(service).list_tags_for_resource(**{names[service]: arn.partition(":log-stream:")[0]})
        tags = given.get("Tags", given.get("tags", []))
        return dict(tags) if isinstance(tags, dict) else _pairs(tags)


def _pairs(tags: Any, *, key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {str(tag[key]): str(tag[value]) for tag in tags}


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
