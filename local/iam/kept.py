"""What must be known of the account's resources to tell what a request wants: their full names and their keys.

Read from moto's own records, for the reason that `local.iam.issued` gives, and from the tables of what is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.iam.issued import Issued
from local.moto.backends import backend

if TYPE_CHECKING:
    from moto.kms.models import Key
    from moto.s3.models import FakeBucket, FakeKey

    from local.services import Services


class Kept:
    """Implements `local.iam.actions.Records`, which says what each of its methods is for."""

    def __init__(self, services: Services, issued: Issued) -> None:
        self._state, self._issued = services.state, issued
        self.account, self.region = services.account, services.region

    def key_arn(self, key: str) -> str | None:
        """See Records."""
        found = self.key(key)
        return str(found.arn) if found is not None else None

    def customers_key(self, named: str | None) -> str | None:
        """See Records."""
        # AWS's own keys let everybody of the account in through their service.
        if not named or "alias/aws/" in named:
            return None
        found = self.key(named)
        if found is None or any(alias.startswith("alias/aws/") for alias in list(found.aliases)):
            return None
        return str(found.arn)

    def key_aliases(self, arn: str) -> tuple[str, ...]:
        """The aliases of a key (condition key `kms:ResourceAliases`)."""
        found = self.key(arn) if ":key/" in arn else None
        return tuple(list(found.aliases)) if found is not None else ()

    def role_arn(self, name: str) -> str:
        """See Records."""
        role = self._issued.role_named(name)
        return str(role.arn) if role is not None else f"arn:aws:iam::{self.account}:role/{name}"

    def boundary(self, arn: str) -> str | None:
        """The ARN of the permissions boundary of a role."""
        role = self._issued.find_role(arn) if ":role/" in arn else None
        return (role.permissions_boundary_arn or None) if role is not None else None

    def user_arn(self, name: str) -> str:
        """See Records."""
        return self._issued.user_arn(name)

    def caller_arn(self, access_key_id: str) -> str:
        """See Records."""
        return self._issued.caller(access_key_id).identity

    def secret_arn(self, name: str) -> str:
        """See Records."""
        found = self.secret(name)
        place = f"arn:aws:secretsmanager:{self.region}:{self.account}:secret"
        return str(found.arn) if found is not None else name if name.startswith("arn:") else f"{place}:{name}"

    def stack_arn(self, name: str) -> str:
        """See Records."""
        if ":stack/" in name:
            return name
        place = f"arn:aws:cloudformation:{self.region}:{self.account}:stack"
        if ":changeSet/" in name:
            found = self._state.table("cloudformation.change_sets").get(name)
            return str(found[0]) if found is not None else f"{place}/*"
        # The last one of that name: those before it are deleted.
        stacks = reversed(list(self._state.table("cloudformation.stacks")))
        return next((arn for arn in stacks if arn.startswith(f"{place}/{name}/")), f"{place}/{name}/*")

    def object_key(self, bucket: str, key: str, version: str | None) -> str | None:
        """See Records."""
        found = self.bucket(bucket)
        kept = _object(found, key, version) if found is not None else None
        if kept is None or kept.encryption not in ("aws:kms", "aws:kms:dsse") or not kept.kms_key_id:
            return None
        return self.customers_key(kept.kms_key_id)

    def has_object(self, bucket: str, key: str, version: str | None) -> bool:
        """Whether a bucket has an object of that name, and of that version; a deleted one it has not."""
        found = self.bucket(bucket)
        return found is not None and _object(found, key, version) is not None

    def default_key(self, bucket: str) -> str | None:
        """See Records."""
        found = self.bucket(bucket)
        if found is None or not found.encryption:
            return None
        rule = found.encryption["Rule"]
        default = (rule[0] if isinstance(rule, list) else rule)["ApplyServerSideEncryptionByDefault"]
        return self.customers_key(default.get("KMSMasterKeyID"))

    def table_key(self, table: str) -> str | None:
        """See Records."""
        from moto.dynamodb.models import dynamodb_backends

        found = backend(dynamodb_backends, self.account, self.region).tables.get(table)
        return self.customers_key((found.sse_specification or {}).get("KMSMasterKeyId") if found else None)

    def queue_key(self, queue: str) -> str | None:
        """See Records."""
        return self.customers_key(getattr(self.queue(queue), "kms_master_key_id", None))

    def topic_key(self, topic: str) -> str | None:
        """See Records."""
        found = self.topic(topic)
        return self.customers_key(found.kms_master_key_id if found is not None else None)

    def secret_key(self, secret: str) -> str | None:
        """See Records."""
        return self.customers_key(getattr(self.secret(secret), "kms_key_id", None))

    def parameter_key(self, parameter: str) -> str | None:
        """See Records."""
        from moto.ssm.models import ssm_backends

        kept = backend(ssm_backends, self.account, self.region)._parameters
        # A slash at the beginning is part of a name, and not of its ARN.
        found = next((kept[name] for name in (f"/{parameter}", parameter) if name in kept), None)
        return self.customers_key(found[-1].keyid if found else None)

    def blob_key(self, blob: bytes) -> str | None:
        """See Records."""
        from moto.kms.utils import _deserialize_ciphertext_blob

        try:
            return self.key_arn(_deserialize_ciphertext_blob(ciphertext_blob=blob).key_id)
        except Exception:  # noqa: BLE001 - moto raises whatever the bytes lead it to
            return None

    def key(self, named: str) -> Key | None:
        """A key by id, ARN or alias."""
        from moto.kms.models import kms_backends

        keys = backend(kms_backends, self.account, self.region).keys
        if "alias/" in named:
            alias = "alias/" + named.partition("alias/")[2]
            return next((key for key in list(keys.values()) if alias in key.aliases), None)
        found: Key | None = keys.get(named.rpartition("/")[2])
        return found

    def bucket(self, name: str) -> FakeBucket | None:
        """A bucket by its name."""
        from moto.s3.models import s3_backends

        found: FakeBucket | None = backend(s3_backends, self.account, "aws").buckets.get(name)
        return found

    def queue(self, name: str) -> Any:
        """A queue by its name."""
        from moto.sqs.models import sqs_backends

        return backend(sqs_backends, self.account, self.region).queues.get(name)

    def topic(self, arn: str) -> Any:
        """A topic by its ARN."""
        from moto.sns.models import sns_backends

        return backend(sns_backends, self.account, self.region).topics.get(arn)

    def secret(self, name: str) -> Any:
        """A secret by its name or ARN."""
        from moto.secretsmanager.models import secretsmanager_backends

        return backend(secretsmanager_backends, self.account, self.region).secrets.get(name)


def _object(bucket: FakeBucket, key: str, version: str | None) -> FakeKey | None:
    from moto.s3.models import FakeKey

    versions = list(bucket.keys.getlist(key, default=[]))
    found = [each for each in versions if str(each.version_id) == version] if version else versions[-1:]
    return found[0] if found and isinstance(found[0], FakeKey) else None  # and not the marker of its deletion
