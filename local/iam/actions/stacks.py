"""What the requests of AWS CloudFormation want.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS CloudFormation".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from local.iam.actions.wanted import ANYTHING, Keys, Records, Wanted, texts

if TYPE_CHECKING:
    from local.requests import Asked

_KEYS: Final[Mapping[str, str]] = {
    "ChangeSetName": "cloudformation:changesetname",
    "ResourceTypes": "cloudformation:resourcetypes",
    "RoleARN": "cloudformation:rolearn",
    "StackPolicyURL": "cloudformation:stackpolicyurl",
    "TemplateURL": "cloudformation:templateurl",
}
_ALL_STACKS: Final = frozenset({"DescribeStacks", "DescribeStackEvents"})
"""Operations that, without a name, are about every stack."""
_NONE: Final = frozenset(
    {"DescribeStackDriftDetectionStatus", "ListExports", "ListImports", "ListStacks", "ValidateTemplate"}
    | {"CreateGeneratedTemplate", "CreateStackSet"}
)

_BRING_A_POLICY: Final = frozenset({"CreateStack", "UpdateStack"})
_POLICIES: Final = ("StackPolicyBody", "StackPolicyURL", "StackPolicyDuringUpdateBody", "StackPolicyDuringUpdateURL")
"""A stack policy that comes along asks for the right to set one."""


def stacks(asked: Asked, records: Records) -> list[Wanted]:
    """What a request of CloudFormation wants."""
    resources, keys = _resources(asked, records), _keys(asked.params)
    wanted = [Wanted(f"cloudformation:{asked.operation}", resources, keys)]
    if asked.operation in _BRING_A_POLICY and any(asked.params.get(member) for member in _POLICIES):
        wanted.append(Wanted("cloudformation:SetStackPolicy", resources, keys))
    return wanted


def _resources(asked: Asked, records: Records) -> tuple[str, ...]:
    params, place = asked.params, f"arn:aws:cloudformation:{records.region}:{records.account}"
    if asked.operation in _NONE:
        return ANYTHING
    if params.get("StackName"):
        return (records.stack_arn(str(params["StackName"])),)
    if str(params.get("ChangeSetName", "")).startswith("arn:"):
        return (records.stack_arn(str(params["ChangeSetName"])),)
    for member in ("StackSetName", "ResourceARN", "StackId"):
        if params.get(member):
            given = str(params[member])
            return (given if given.startswith("arn:") else f"{place}:stackset/{given}:*",)
    return (f"{place}:stack/*",) if asked.operation in _ALL_STACKS else ANYTHING


def _keys(params: Mapping[str, Any]) -> Keys:
    keys = {key: texts(params[member]) for member, key in _KEYS.items() if params.get(member)}
    if imported := params.get("ResourcesToImport"):
        keys["cloudformation:importresourcetypes"] = texts([resource.get("ResourceType", "") for resource in imported])
    return keys
