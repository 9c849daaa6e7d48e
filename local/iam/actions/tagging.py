"""The tags that a request brings or takes away, as policies see them.

Source: IAM User Guide, "Controlling access to AWS resources using tags".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from local.iam.actions.wanted import Keys

_MEMBERS: Final = ("Tags", "tags", "TagList")
_KEYS: Final = ("Key", "TagKey", "key")
_VALUES: Final = ("Value", "TagValue", "value")
_TAKEN: Final = ("TagKeys", "tagKeys", "TagKeyList")


def given_tags(params: Mapping[str, Any]) -> dict[str, str]:
    """The tags in a request, however its service spells them."""
    for member in _MEMBERS:
        value = params.get(member)
        if isinstance(value, dict):
            return {str(key): str(each) for key, each in value.items()}
        if isinstance(value, list):
            return dict(_pair(each) for each in value if isinstance(each, dict))
    return {}


def tag_keys(params: Mapping[str, Any]) -> Keys:
    """`aws:RequestTag/<key>` and `aws:TagKeys` of a request."""
    tags = given_tags(params)
    taken = [str(key) for member in _TAKEN for key in params.get(member) or []]
    if not tags and not taken:
        return {}
    keys: Keys = {f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items()}
    keys["aws:tagkeys"] = (*tags, *taken)
    return keys


def _pair(tag: Mapping[str, Any]) -> tuple[str, str]:
    key = next((str(tag[name]) for name in _KEYS if name in tag), "")
    return key, next((str(tag[name]) for name in _VALUES if name in tag), "")
