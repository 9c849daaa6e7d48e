"""What the requests of AWS Secrets Manager and of Systems Manager's parameters want, their keys included.

Source: AWS Secrets Manager User Guide, "Secret encryption and decryption"; AWS Systems Manager User Guide, "AWS KMS
encryption for Parameter Store SecureString parameters".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from local.iam.actions.tables import TABLES
from local.iam.actions.wanted import Records, Wanted, texts, with_key

if TYPE_CHECKING:
    from local.requests import Asked

_READING: Final = ("kms:Decrypt",)
_WRITING: Final = ("kms:GenerateDataKey", "kms:Decrypt")
_WRITES: Final = frozenset({"CreateSecret", "PutSecretValue", "UpdateSecret"})


def secrets(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of Secrets Manager wants."""
    params, action = asked.params, f"secretsmanager:{asked.operation}"
    if asked.operation == "BatchGetSecretValue":
        named = [records.secret_arn(str(name)) for name in params.get("SecretIdList", [])]
        opened = [each for arn in named for each in _opening(arn, records)]
        return [Wanted(action), *(Wanted("secretsmanager:GetSecretValue", (arn,)) for arn in named), *opened]
    keys = {
        f"secretsmanager:{name.lower()}": texts(value)
        for name, value in params.items()
        if isinstance(value, str | bool)
    }
    place = f"arn:aws:secretsmanager:{records.region}:{records.account}:secret"
    if asked.operation == "CreateSecret":
        # Six characters that nobody knows beforehand end the ARN.
        arn = f"{place}:{params.get('Name', '')}-??????"
    elif params.get("SecretId"):
        arn = records.secret_arn(str(params["SecretId"]))
    else:
        return [Wanted(action)]
    return [Wanted(action, (arn,), keys), *_key_of_secret(asked, arn, records)]


def parameters(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of Systems Manager wants."""
    wanted, params = TABLES["ssm"](asked, records), asked.params
    if asked.operation == "PutParameter" and params.get("Type") == "SecureString" and params.get("KeyId"):
        return [*wanted, *with_key("ssm", ["kms:Encrypt"], records.customers_key(str(params["KeyId"])), records)]
    if not params.get("WithDecryption"):
        return wanted
    names = (arn.partition(":parameter/")[2] for arn in wanted[0].resources)
    used = {key for name in names if (key := records.parameter_key(name))}
    return [*wanted, *(each for key in sorted(used) for each in with_key("ssm", _READING, key, records))]


def _key_of_secret(asked: Asked, arn: str, records: Records) -> list[Wanted]:
    if asked.operation == "GetSecretValue":
        return _opening(arn, records)
    if asked.operation not in _WRITES:
        return []
    given = asked.params.get("KmsKeyId")
    used = records.customers_key(str(given)) if given else records.secret_key(arn)
    return with_key("secretsmanager", _WRITING, used, records)


def _opening(arn: str, records: Records) -> list[Wanted]:
    return with_key("secretsmanager", _READING, records.secret_key(arn), records)
