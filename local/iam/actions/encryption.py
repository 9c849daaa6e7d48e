"""What the requests of AWS KMS want.

Source: AWS KMS Developer Guide, "AWS KMS permissions" and "Condition keys for AWS KMS".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from local.iam.actions.wanted import ANYTHING, Keys, Records, Wanted, texts

if TYPE_CHECKING:
    from local.requests import Asked

_KEYS: Final[Mapping[str, str]] = {
    "BypassPolicyLockoutSafetyCheck": "kms:bypasspolicylockoutsafetycheck",
    "EncryptionAlgorithm": "kms:encryptionalgorithm",
    "GranteePrincipal": "kms:granteeprincipal",
    "KeySpec": "kms:keyspec",
    "KeyUsage": "kms:keyusage",
    "MessageType": "kms:messagetype",
    "MultiRegion": "kms:multiregion",
    "Operations": "kms:grantoperations",
    "Origin": "kms:keyorigin",
    "PendingWindowInDays": "kms:schedulekeydeletionpendingwindowindays",
    "RetiringPrincipal": "kms:retiringprincipal",
    "SigningAlgorithm": "kms:signingalgorithm",
    "ValidTo": "kms:validto",
    "WrappingAlgorithm": "kms:wrappingalgorithm",
}


def encryption(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of KMS wants."""
    params, keys = asked.params, _keys(asked.params)
    action = f"kms:{asked.operation}"
    if asked.operation == "ReEncrypt":
        source = params.get("SourceKeyId")
        before = records.key_arn(str(source)) if source else records.blob_key(params.get("CiphertextBlob", b""))
        after = records.key_arn(str(params.get("DestinationKeyId", "")))
        return [Wanted("kms:ReEncryptFrom", _named(before), keys), Wanted("kms:ReEncryptTo", _named(after), keys)]
    if asked.operation in ("CreateAlias", "UpdateAlias", "DeleteAlias"):
        name = str(params.get("AliasName", ""))
        key = records.key_arn(str(params.get("TargetKeyId") or name))
        alias = f"arn:aws:kms:{records.region}:{records.account}:{name}"
        return [Wanted(action, (alias, *([key] if key else [])), keys)]
    if params.get("KeyId") and asked.operation != "ListAliases":
        return [Wanted(action, _named(records.key_arn(str(params["KeyId"])), records), keys)]
    if asked.operation == "Decrypt":
        return [Wanted(action, _named(records.blob_key(params.get("CiphertextBlob", b"")), records), keys)]
    if asked.operation == "RetireGrant":
        return [Wanted(action, _named(None, records), keys)]
    return [Wanted(action, ANYTHING, keys)]


def _named(key: str | None, records: Records | None = None) -> tuple[str, ...]:
    # A key that does not exist is nobody's: only a right to all keys lets a caller hear that.
    return (key,) if key else (f"arn:aws:kms:{records.region}:{records.account}:key/*" if records else "*",)


def _keys(params: Mapping[str, Any]) -> Keys:
    keys: Keys = {key: texts(params[member]) for member, key in _KEYS.items() if params.get(member) is not None}
    context = params.get("EncryptionContext") or params.get("DestinationEncryptionContext") or {}
    keys |= {f"kms:encryptioncontext:{name.lower()}": (str(value),) for name, value in context.items()}
    if context:
        keys["kms:encryptioncontextkeys"] = tuple(context)
    if "GranteePrincipal" in params:
        # Services grant for volumes and the like; nobody who calls by himself does.
        keys["kms:grantisforawsresource"] = ("false",)
    named = str(params.get("KeyId", ""))
    if "alias/" in named:
        keys["kms:requestalias"] = ("alias/" + named.partition("alias/")[2],)
    return keys
